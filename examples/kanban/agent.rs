//! An agent that works on a card: one session of the CLI in a worktree.

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use claude_duplex::incoming::hook::{HookOutput, PreToolUseOutput};
use claude_duplex::options::PermissionMode;
use claude_duplex::request::Initialize;
use claude_duplex::request::response::InitializeResponse;
use claude_duplex::{
    Action, Config, Handlers, Hook, LogChange, Options, Overflow, Prompt, PromptId, RefusedError, Session, SessionLog,
    Subscriber,
};
use tokio::sync::{Mutex, mpsc};

use super::approvals::{ApprovalService, permission};
use super::worktree;

/// Tools that only look: they run without an approval.
const LOOKS: [&str; 8] = ["Agent", "Glob", "Grep", "NotebookRead", "Read", "Task", "TodoWrite", "ToolSearch"];

/// Takes every line of the protocol: `<` and `>` say in which direction it went.
type RawLog = Box<dyn Write + Send>;

/// What a card asks of its agent.
pub(crate) struct Job<A> {
    /// Program and environment of the CLI.
    pub(crate) options: Options,
    pub(crate) worktree: PathBuf,
    /// Whether the agent plans first, and asks for the approval of its plan.
    pub(crate) plan: bool,
    pub(crate) approvals: Arc<A>,
    pub(crate) raw: RawLog,
}

/// Changes of an agent's log, in their order.
pub(crate) type Changes = mpsc::Receiver<LogChange>;

pub(crate) struct Agent {
    /// Handle for what leaves no mark in the log by itself: interrupts, and the end.
    pub(crate) claude: Session,
    log: Arc<Mutex<SessionLog>>,
    changes: mpsc::Sender<LogChange>,
}

impl Agent {
    /// Starts the agent. Changes of its log come from the receiver; the agent waits for a viewer that is slow.
    pub(crate) async fn start(job: Job<impl ApprovalService>) -> Result<(Self, Changes), Box<dyn Error>> {
        let options = job.options.current_dir(&job.worktree).include_partial_messages();
        let options = match job.plan {
            true => options.permission_mode(PermissionMode::Plan).allow_dangerously_skip_permissions(),
            false => options.permission_mode(PermissionMode::Default),
        };
        let mut config = Config::default();
        (config.stderr_lines, config.wire_lines) = (true, true);
        let mut builder = Session::builder().options(options).config(config);
        builder = builder.handlers(handlers(job.plan, job.approvals, job.worktree));
        let watch = builder.subscribe(1024, Overflow::Wait);
        let claude = builder.spawn_tokio()?;
        let (changes, viewer) = mpsc::channel(256);
        let log = Arc::new(Mutex::new(SessionLog::new()));
        tokio::spawn(keep(watch, Arc::clone(&log), changes.clone(), job.raw));
        // The hooks are in force when the CLI has said so. A CLI that cannot start says here why.
        claude.initialized().await.transpose()?;
        Ok((Self { claude, log, changes }, viewer))
    }

    /// Gives the agent something to do. While it works, what follows waits until it is done.
    pub(crate) async fn prompt(&self, text: String) -> Result<PromptId, RefusedError<Prompt>> {
        let id = self.claude.prompt(text.as_str())?.id();
        let mut log = self.log.lock().await;
        show(log.add_prompt(id, text), &self.changes).await;
        Ok(id)
    }
}

/// Finds out what can be chosen without a prompt: models, commands, subagents.
pub(crate) async fn discover(options: Options) -> Result<InitializeResponse, Box<dyn Error>> {
    let claude = Session::builder().options(options).spawn_tokio()?;
    let found = claude.call(Initialize::new()).await;
    claude.close();
    claude.wait_for_exit().await;
    Ok(found?)
}

fn handlers<A: ApprovalService>(plan: bool, approvals: Arc<A>, worktree: PathBuf) -> Handlers<'static> {
    Handlers::new()
        // Sends each tool that changes something to the approval service, whatever the settings of the user allow (since
        // 2.1.85; before, what they allow runs). A plan is approved as a whole.
        .hook(Hook::pre_tool_use(), move |call| {
            let may = plan || LOOKS.contains(&&*call.input.tool_name);
            std::future::ready(if may { HookOutput::new() } else { PreToolUseOutput::ask("the board decides").into() })
        })
        .permission(move |tool| permission(Arc::clone(&approvals), tool))
        .hook(Hook::stop(), move |call| {
            let worktree = worktree.clone();
            async move {
                // An agent that was sent on once is not sent on again: it would go round for ever.
                match worktree::changes(&worktree).await {
                    Ok(changes) if call.input.stop_hook_active != Some(true) && !changes.is_empty() => {
                        HookOutput::block(format!("Commit your changes first; git status says:\n{changes}"))
                    }
                    // A worktree that git cannot read is no reason to hold the agent.
                    _ => HookOutput::new(),
                }
            }
        })
}

/// Keeps the log and the raw log until the session is over.
async fn keep(mut watch: Subscriber, log: Arc<Mutex<SessionLog>>, viewer: mpsc::Sender<LogChange>, mut raw: RawLog) {
    while let Some(action) = watch.next().await {
        let mut log = log.lock().await;
        let changes = match action {
            Ok(Action::WireLine(line)) => {
                let Err(error) = writeln!(raw, "{line}") else { continue };
                raw = Box::new(io::sink());
                log.add_note(format!("the raw log ends here: {error}"))
            }
            Ok(action) => log.add(&action),
            // The viewer has taken nothing for `HandleLimits::reader_timeout`.
            Err(lagged) => log.add_note(lagged.to_string()),
        };
        show(changes, &viewer).await;
    }
}

/// Waits for a viewer that is slow. Without a viewer the log is kept all the same.
async fn show(changes: Vec<LogChange>, viewer: &mpsc::Sender<LogChange>) {
    for change in changes {
        let _ = viewer.send(change).await;
    }
}
