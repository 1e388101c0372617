//! What `examples/kanban.rs` does with a CLI, scripted so that the mock CLI and the real one with a scripted model do the same.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use claude_duplex::{
    CloseReason, Interrupt, LogChange, LogContent, LogEntry, Options, Outcome, PromptState, ToolState,
};
use serde_json::{Value, json};

use crate::kanban::agent::{Agent, Changes, Job, discover};
use crate::kanban::approvals::{Board, Verdict};
use crate::kanban::worktree;

type Done = Result<(), Box<dyn Error>>;

/// Long for a busy machine: a scenario takes seconds.
const LIMIT: Duration = Duration::from_secs(60);

/// A CLI, and a directory for what it works on.
pub(crate) struct Stage {
    pub(crate) options: Options,
    pub(crate) directory: PathBuf,
}

/// A card and what its viewer has seen.
struct Card {
    agent: Agent,
    changes: Changes,
    board: Arc<Board>,
    entries: BTreeMap<u64, LogEntry>,
    raw: RawLog,
    worktree: PathBuf,
}

#[derive(Clone, Default)]
struct RawLog(Arc<Mutex<Vec<u8>>>);

impl RawLog {
    fn lines(&self) -> Vec<String> {
        String::from_utf8_lossy(&self.0.lock().unwrap()).lines().map(str::to_owned).collect()
    }
}

impl Write for RawLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A prompt with the answers of the model.
fn script(steps: &[Value]) -> String {
    json!({ "steps": steps }).to_string()
}

fn bash(command: &str) -> Value {
    json!({ "tool": "Bash", "input": { "command": command, "description": "a command" } })
}

fn git(directory: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org"];
    let status = Command::new("git").args(identity).args(arguments).current_dir(directory).status();
    assert!(status.expect("git is installed").success(), "{arguments:?}");
}

impl Stage {
    async fn card(&self, plan: bool, patience: Duration) -> Result<Card, Box<dyn Error>> {
        let repository = self.directory.join("repository");
        std::fs::create_dir(&repository)?;
        git(&repository, &["init", "--quiet"]);
        git(&repository, &["commit", "--quiet", "--allow-empty", "--message", "nothing yet"]);
        let worktree = worktree::create(&repository, self.directory.join("card"), "card").await?;
        let (board, raw) = (Arc::new(Board::new(patience)), RawLog::default());
        let (agent, changes) = Agent::start(Job {
            options: self.options.clone(),
            worktree: worktree.clone(),
            plan,
            approvals: Arc::clone(&board),
            raw: Box::new(raw.clone()),
        })
        .await?;
        Ok(Card { agent, changes, board, entries: BTreeMap::new(), raw, worktree })
    }
}

impl Card {
    /// Follows the log until an entry is as wanted.
    async fn until<T>(&mut self, what: &str, wanted: impl Fn(&LogContent) -> Option<T>) -> Result<T, Box<dyn Error>> {
        loop {
            if let Some(found) = self.entries.values().find_map(|entry| wanted(&entry.content)) {
                return Ok(found);
            }
            let change = tokio::time::timeout(LIMIT, self.changes.recv()).await;
            match change {
                Ok(Some(change)) => self.apply(change),
                Ok(None) | Err(_) => {
                    return Err(format!("no {what}: {:#?} {:#?}", self.entries, self.raw.lines()).into());
                }
            }
        }
    }

    /// Keeps the entries. What is added has the next number, and what is changed or removed is there.
    fn apply(&mut self, change: LogChange) {
        match change {
            LogChange::Add(entry) => {
                assert!(self.entries.keys().all(|number| *number < entry.number));
                self.entries.insert(entry.number, entry);
            }
            LogChange::Append { number, text: more, .. } => match &mut self.entries.get_mut(&number).unwrap().content {
                LogContent::Text { text, .. } | LogContent::Thinking { text, .. } => text.push_str(&more),
                other => panic!("{other:?} has no text that grows"),
            },
            LogChange::Replace(entry) => assert!(self.entries.insert(entry.number, entry).is_some()),
            LogChange::Remove { number, .. } => assert!(self.entries.remove(&number).is_some()),
            _ => {}
        }
    }

    /// Id of the approval that is open.
    async fn approval(&mut self) -> Result<String, Box<dyn Error>> {
        let open = |content: &LogContent| match content {
            LogContent::ToolCall { state: ToolState::AwaitingPermission { request_id, .. }, .. } => {
                Some(request_id.clone())
            }
            _ => None,
        };
        self.until("approval", open).await
    }

    /// Waits for the end of the prompt whose text contains that.
    async fn ended(&mut self, wanted: &str) -> Result<Outcome, Box<dyn Error>> {
        let ended = |content: &LogContent| match content {
            LogContent::Prompt { text, state: PromptState::Ended { outcome, .. }, .. } if text.contains(wanted) => {
                Some(*outcome)
            }
            _ => None,
        };
        self.until("end of the prompt", ended).await
    }

    /// State of the last call of a tool, and its output.
    fn tool(&self, name: &str) -> Option<(&ToolState, String)> {
        let mut calls = self.entries.values().filter_map(|entry| match &entry.content {
            LogContent::ToolCall { call, state, .. } if call.name == name => Some((&**call, state)),
            _ => None,
        });
        let (call, state) = calls.next_back()?;
        let output = call.result.as_ref().map(|result| result.text().into_owned());
        Some((state, output.unwrap_or_default()))
    }

    /// Whether the last call of the tool is in that state, and its output contains the text.
    fn tool_is(&self, name: &str, wanted: &ToolState, text: &str) -> bool {
        self.tool(name).is_some_and(|(state, output)| state == wanted && output.contains(text))
    }

    fn answers(&self) -> Vec<&str> {
        let answers = self.entries.values().filter_map(|entry| match &entry.content {
            LogContent::Text { text, .. } => Some(text.as_str()),
            _ => None,
        });
        answers.collect()
    }

    /// Ends the session in order, and sees the log to its end.
    async fn close(&mut self) -> Done {
        self.agent.claude.close();
        let end = |content: &LogContent| match content {
            LogContent::Closed { end, .. } => Some(end.reason),
            _ => None,
        };
        assert_eq!(self.until("end", end).await?, CloseReason::Closed);
        assert!(self.agent.claude.wait_for_exit().await.exit.is_some());
        Ok(())
    }
}

/// A tool runs once it is approved, and the agent does not stop before its changes are committed.
pub(crate) async fn approved(stage: &Stage) -> Done {
    let mut card = stage.card(false, LIMIT).await?;
    std::fs::write(card.worktree.join("notes.txt"), "to be committed")?;
    let steps = [bash("touch made.txt; echo made"), json!({ "text": "all is made", "chunks": 3 })];
    card.agent.prompt(script(&steps)).await?;
    let id = card.approval().await?;
    let first = &card.entries.first_key_value().expect("the prompt").1.content;
    assert!(matches!(first, LogContent::Prompt { state: PromptState::Running, .. }), "{first:?}");
    card.board.settle(&id, Verdict::Approved)?;
    assert_eq!(card.ended("all is made").await?, Outcome::Success);
    assert!(card.tool_is("Bash", &ToolState::Succeeded, "made"), "{:?}", card.tool("Bash"));
    assert!(card.answers().contains(&"all is made"), "{:?}", card.answers());
    let blocked = |line: &String| line.starts_with("> ") && line.contains("Commit your changes first");
    let lines = card.raw.lines();
    assert_eq!(lines.iter().filter(|line| blocked(line)).count(), 1, "{lines:#?}");
    assert!(lines.iter().any(|line| line.starts_with("< ") && line.contains("\"result\"")), "{lines:#?}");
    assert!(card.board.settle(&id, Verdict::Approved).is_err(), "it was decided");
    card.close().await
}

/// A tool that is denied does not run, and the model reads why.
pub(crate) async fn denied(stage: &Stage) -> Done {
    let mut card = stage.card(false, LIMIT).await?;
    card.agent.prompt(script(&[bash("touch made.txt"), json!({ "text": "then not" })])).await?;
    let id = card.approval().await?;
    card.board.settle(&id, Verdict::Denied("not on this card".into()))?;
    assert_eq!(card.ended("then not").await?, Outcome::Success);
    assert!(card.tool_is("Bash", &ToolState::Refused, ""), "{:?}", card.tool("Bash"));
    assert!(!card.worktree.join("made.txt").exists());
    let reported = card.raw.lines().iter().any(|line| line.starts_with("< ") && line.contains("not on this card"));
    assert!(reported, "{:#?}", card.raw.lines());
    card.close().await
}

/// What nobody approves in time is denied, and ends the turn.
pub(crate) async fn not_in_time(stage: &Stage) -> Done {
    let mut card = stage.card(false, Duration::from_millis(50)).await?;
    card.agent.prompt(script(&[bash("touch made.txt"), json!({ "text": "never said" })])).await?;
    assert_eq!(card.ended("made.txt").await?, Outcome::Interrupted);
    assert!(card.tool_is("Bash", &ToolState::Refused, ""), "{:?}", card.tool("Bash"));
    assert!(!card.worktree.join("made.txt").exists() && !card.answers().contains(&"never said"));
    card.close().await
}

/// An interrupt takes the open approval back; what follows up is done.
pub(crate) async fn interrupted(stage: &Stage) -> Done {
    let mut card = stage.card(false, LIMIT).await?;
    card.agent.prompt(script(&[bash("touch made.txt"), json!({ "text": "never said" })])).await?;
    let id = card.approval().await?;
    card.agent.prompt(script(&[json!({ "text": "something else" })])).await?;
    card.agent.claude.interrupt(Interrupt::running())?.await?;
    assert_eq!(card.ended("made.txt").await?, Outcome::Interrupted);
    assert!(card.tool_is("Bash", &ToolState::Refused, ""), "{:?}", card.tool("Bash"));
    assert!(card.board.settle(&id, Verdict::Approved).is_err(), "the service has cancelled it");
    assert_eq!(card.ended("something else").await?, Outcome::Success);
    assert!(card.answers().contains(&"something else") && !card.worktree.join("made.txt").exists());
    card.close().await
}

/// A plan that is approved is carried out without a further approval.
pub(crate) async fn planned(stage: &Stage) -> Done {
    let mut card = stage.card(true, LIMIT).await?;
    let plan = json!({ "tool": "ExitPlanMode", "input": { "plan": "Make it." } });
    card.agent.prompt(script(&[plan, bash("echo carried out"), json!({ "text": "as planned" })])).await?;
    let id = card.approval().await?;
    card.board.settle(&id, Verdict::Approved)?;
    assert_eq!(card.ended("as planned").await?, Outcome::Success);
    assert!(card.tool_is("Bash", &ToolState::Succeeded, "carried out"), "{:?}", card.tool("Bash"));
    card.close().await
}

/// A CLI without the flag that a plan needs says so, and the agent does not start.
#[allow(dead_code, reason = "the mock CLI is never so old")]
pub(crate) async fn plans_not(stage: &Stage) -> Done {
    let error = stage.card(true, LIMIT).await.err().expect("it cannot start");
    assert!(error.to_string().contains("unknown option '--allow-dangerously-skip-permissions'"), "{error}");
    Ok(())
}

/// A CLI that has no tool for questions asks nobody, and tells the model.
#[allow(dead_code, reason = "the mock CLI is never so old")]
pub(crate) async fn asks_nobody(stage: &Stage) -> Done {
    let mut card = stage.card(false, LIMIT).await?;
    let incoming = json!({ "tool": "AskUserQuestion", "input": { "questions": [] } });
    card.agent.prompt(script(&[incoming, json!({ "text": "so be it" })])).await?;
    assert_eq!(card.ended("so be it").await?, Outcome::Success);
    assert!(card.tool_is("AskUserQuestion", &ToolState::Failed, ""), "{:?}", card.tool("AskUserQuestion"));
    card.close().await
}

/// The user answers the questions of the model.
pub(crate) async fn question_answered(stage: &Stage) -> Done {
    let mut card = stage.card(false, LIMIT).await?;
    let choices =
        json!([{ "label": "Red", "description": "as blood" }, { "label": "Blue", "description": "as the sky" }]);
    let question = json!({ "question": "Which color?", "header": "Color", "options": choices, "multiSelect": false });
    let incoming = json!({ "tool": "AskUserQuestion", "input": { "questions": [question] } });
    card.agent.prompt(script(&[incoming, json!({ "text": "so be it" })])).await?;
    let id = card.approval().await?;
    card.board.settle(&id, Verdict::Answers(vec!["Blue".into()]))?;
    assert_eq!(card.ended("so be it").await?, Outcome::Success);
    let sent = r#""answers":{"Which color?":"Blue"}"#;
    assert!(
        card.raw.lines().iter().any(|line| line.starts_with("> ") && line.contains(sent)),
        "{:#?}",
        card.raw.lines()
    );
    card.close().await
}

/// A running agent ends within seconds.
pub(crate) async fn stopped(stage: &Stage) -> Done {
    let mut card = stage.card(false, LIMIT).await?;
    card.agent.prompt(script(&[bash("touch runs.txt; sleep 300")])).await?;
    let id = card.approval().await?;
    card.board.settle(&id, Verdict::Approved)?;
    let runs = |content: &LogContent| match content {
        LogContent::ToolCall { call, state: ToolState::Running, .. } if call.name == "Bash" => Some(()),
        _ => None,
    };
    card.until("running tool", runs).await?;
    card.agent.claude.close_now();
    let closed = tokio::time::timeout(LIMIT, card.agent.claude.wait_for_exit()).await?;
    assert!(closed.exit.is_some(), "{closed:?}");
    assert_eq!(card.ended("sleep 300").await?, Outcome::Interrupted);
    Ok(())
}

/// What can be chosen is found without a prompt.
pub(crate) async fn discovered(stage: &Stage) -> Done {
    let found = discover(stage.options.clone().current_dir(&stage.directory)).await?;
    assert!(found.models.iter().flatten().any(|model| model.value == "default"), "{:?}", found.models);
    assert!(found.commands.iter().flatten().any(|command| command.name == "compact"), "{:?}", found.commands);
    Ok(())
}

/// A CLI that cannot start is an error with the reason.
pub(crate) async fn broken(directory: PathBuf) -> Done {
    let dies = Options::new().program("sh").global_arg("-c").global_arg("echo Invalid API key >&2; exit 1");
    for (options, reason) in [(Options::new().program("/nowhere/claude"), "/nowhere/claude"), (dies, "Invalid API key")]
    {
        let (approvals, worktree) = (Arc::new(Board::new(LIMIT)), directory.clone());
        let job = Job { options, worktree, plan: false, approvals, raw: Box::new(io::sink()) };
        let error = Agent::start(job).await.err().expect("it cannot start");
        assert!(error.to_string().contains(reason), "{error}");
    }
    Ok(())
}
