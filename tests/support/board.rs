//! What `examples/kanban.rs` does with a CLI, scripted so that the mock CLI and the real one with a scripted model do the same.

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use claude_duplex::{Interrupt, Options, Outcome};
use serde_json::{Value, json};

use crate::kanban::agent::{Agent, Changes, Job, discover};
use crate::kanban::approvals::{Board, Verdict};
use crate::kanban::log::{Change, Entry, Kind, State};
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
    entries: Vec<Option<Entry>>,
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
        Ok(Card { agent, changes, board, entries: Vec::new(), raw, worktree })
    }
}

impl Card {
    /// Follows the log until an entry is as wanted.
    async fn until<T>(&mut self, what: &str, wanted: impl Fn(&Entry) -> Option<T>) -> Result<T, Box<dyn Error>> {
        loop {
            if let Some(found) = self.entries.iter().flatten().find_map(&wanted) {
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

    /// Keeps the entries. What is added has the next number, and what is replaced or removed is there.
    fn apply(&mut self, change: Change) {
        match change {
            Change::Add(at, entry) => {
                assert_eq!(at, self.entries.len());
                self.entries.push(Some(entry));
            }
            Change::Replace(at, entry) => {
                assert_eq!(self.entries[at].as_ref().map(|old| &old.kind), Some(&entry.kind));
                self.entries[at] = Some(entry);
            }
            Change::Remove(at) => assert!(self.entries[at].take().is_some()),
        }
    }

    /// Id of the approval that is open.
    async fn approval(&mut self) -> Result<String, Box<dyn Error>> {
        let open = |entry: &Entry| match &entry.state {
            State::AwaitsApproval(id) => Some(id.clone()),
            _ => None,
        };
        self.until("approval", open).await
    }

    /// Waits for the end of the prompt whose text contains that.
    async fn ended(&mut self, text: &str) -> Result<Outcome, Box<dyn Error>> {
        let ended = |entry: &Entry| match entry.state {
            State::Ended(outcome, _) if entry.text.contains(text) => Some(outcome),
            _ => None,
        };
        self.until("end of the prompt", ended).await
    }

    /// State of the last call of a tool.
    fn tool(&self, name: &str) -> Option<&State> {
        let mut calls = self.entries.iter().flatten().filter(|entry| entry.kind == Kind::Tool(name.to_owned()));
        calls.next_back().map(|entry| &entry.state)
    }

    fn answers(&self) -> Vec<&str> {
        let answers = self.entries.iter().flatten().filter(|entry| entry.kind == Kind::Answer);
        answers.map(|entry| &*entry.text).collect()
    }

    /// Ends the session in order, and sees the log to its end.
    async fn close(&mut self) -> Done {
        self.agent.claude.close();
        self.until("end", |entry| (entry.text.starts_with("closed by the host")).then_some(())).await?;
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
    assert!(matches!(card.entries[0].as_ref().map(|entry| &entry.state), Some(State::Running)));
    card.board.settle(&id, Verdict::Approved)?;
    assert_eq!(card.ended("all is made").await?, Outcome::Success);
    assert!(
        matches!(card.tool("Bash"), Some(State::Succeeded(output)) if output.contains("made")),
        "{:?}",
        card.tool("Bash")
    );
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
    assert_eq!(card.tool("Bash"), Some(&State::Refused));
    assert!(!card.worktree.join("made.txt").exists());
    let told = card.raw.lines().iter().any(|line| line.starts_with("< ") && line.contains("not on this card"));
    assert!(told, "{:#?}", card.raw.lines());
    card.close().await
}

/// What nobody approves in time is denied, and ends the turn.
pub(crate) async fn not_in_time(stage: &Stage) -> Done {
    let mut card = stage.card(false, Duration::from_millis(50)).await?;
    card.agent.prompt(script(&[bash("touch made.txt"), json!({ "text": "never said" })])).await?;
    assert_eq!(card.ended("made.txt").await?, Outcome::Interrupted);
    assert_eq!(card.tool("Bash"), Some(&State::Refused));
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
    assert_eq!(card.tool("Bash"), Some(&State::Refused));
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
    assert!(
        matches!(card.tool("Bash"), Some(State::Succeeded(output)) if output.contains("carried out")),
        "{:?}",
        card.tool("Bash")
    );
    card.close().await
}

/// The user answers the questions of the model.
pub(crate) async fn asked(stage: &Stage) -> Done {
    let mut card = stage.card(false, LIMIT).await?;
    let choices =
        json!([{ "label": "Red", "description": "as blood" }, { "label": "Blue", "description": "as the sky" }]);
    let question = json!({ "question": "Which color?", "header": "Color", "options": choices, "multiSelect": false });
    let ask = json!({ "tool": "AskUserQuestion", "input": { "questions": [question] } });
    card.agent.prompt(script(&[ask, json!({ "text": "so be it" })])).await?;
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
    card.until("running tool", |entry| {
        (entry.kind == Kind::Tool("Bash".into()) && entry.state == State::Running).then_some(())
    })
    .await?;
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
