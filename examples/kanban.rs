//! The protocol layer of a kanban board on which agents work on the cards, with a board for the terminal.
//!
//!     cargo run --example kanban --features tokio -- [--plan] REPOSITORY TASK
//!
//! `kanban/agent.rs` starts a session in a git worktree and keeps its log, `kanban/approvals.rs` lets the user decide about its
//! tools. Each change of the log is printed; the commands are `approve ID`, `deny ID WHY`, `answer ID ANSWER;ANSWER`,
//! `interrupt`, `stop`, and `close`. `close`, like the end of the input, lets the agent finish its turn. Every other line is a
//! prompt for the agent. The CLI is the `claude` in `PATH`, or the program in `CLAUDE_BIN`.

#[path = "kanban/agent.rs"]
pub(crate) mod agent;
#[path = "kanban/approvals.rs"]
pub(crate) mod approvals;
#[path = "kanban/worktree.rs"]
pub(crate) mod worktree;

use std::error::Error;
use std::io::{Write, stdin, stdout};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use claude_duplex::{Interrupt, Options};
use tokio::sync::mpsc;

use agent::{Agent, Job};
use approvals::{Board, Verdict};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let plan = arguments.first().is_some_and(|first| first == "--plan");
    let [repository, task] = &arguments[usize::from(plan)..] else {
        return Err("usage: kanban [--plan] REPOSITORY TASK".into());
    };
    let options = Options::new().program(std::env::var_os("CLAUDE_BIN").unwrap_or_else(|| "claude".into()));
    let found = agent::discover(options.clone()).await?;
    let models = found.models.iter().flatten().map(|model| format!("model {}", model.value));
    let commands = found.commands.iter().flatten().map(|command| format!("command /{}", command.name));
    models.chain(commands).try_for_each(|line| writeln!(stdout(), "{line}"))?;

    let name = format!("kanban-{}", std::process::id());
    let worktree = worktree::create(Path::new(repository), std::env::temp_dir().join(&name), &name).await?;
    writeln!(stdout(), "worktree {}", worktree.display())?;
    let raw = Box::new(std::fs::File::create(worktree.with_extension("raw"))?);
    let board = Arc::new(Board::new(Duration::from_secs(600)));
    let job = Job { options, worktree, plan, approvals: Arc::clone(&board), raw };
    let (agent, mut changes) = Agent::start(job).await?;
    agent.prompt(task.clone()).await?;
    let show = async {
        while let Some(change) = changes.recv().await {
            writeln!(stdout(), "{change:?}")?;
        }
        Ok(())
    };
    tokio::try_join!(show, obey(agent, board)).map(drop)
}

/// Does what is typed until the session is over.
async fn obey(agent: Agent, board: Arc<Board>) -> Result<(), Box<dyn Error>> {
    let mut typed = type_ahead();
    loop {
        let line = tokio::select! {
            _ = agent.claude.wait_for_exit() => return Ok(()),
            Some(line) = typed.recv() => line,
        };
        let (command, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let (id, words) = rest.split_once(' ').unwrap_or((rest, ""));
        let done: Result<(), Box<dyn Error>> = async {
            match command {
                "approve" => board.settle(id, Verdict::Approved)?,
                "deny" => board.settle(id, Verdict::Denied(words.to_owned()))?,
                "answer" => board.settle(id, Verdict::Answers(words.split(';').map(str::to_owned).collect()))?,
                "interrupt" => drop(agent.claude.interrupt(Interrupt::running())?.await?),
                "close" => agent.claude.close(),
                "stop" => agent.claude.close_now(),
                _ => drop(agent.prompt(line.clone()).await?),
            }
            Ok(())
        }
        .await;
        if let Err(error) = done {
            eprintln!("error: {error}");
        }
    }
}

/// Lines come from a thread: a terminal cannot be waited for otherwise.
fn type_ahead() -> mpsc::Receiver<String> {
    let (tell, typed) = mpsc::channel(16);
    std::thread::spawn(move || {
        let mut lines = stdin().lines().map_while(Result::ok).chain(["close".to_owned()]);
        lines.try_for_each(|line| tell.blocking_send(line))
    });
    typed
}
