//! Agent that a test plays by itself, so that it ends at an exact point.

use std::fmt::Write;
use std::fs;
use std::time::Duration;

use async_io::Timer;
use claude_duplex::journal::JournalFile;
use claude_duplex::options::Options;
use claude_duplex::request::Initialize;
use claude_duplex::{Action, Config, Driver, IncomingKind, Message, Seed};
use claude_duplex_keeper::frame::{FromKeeper, Stream};
use claude_duplex_keeper::transport::smol::{SmolKept, attach};
use claude_duplex_keeper::{Attach, Launch, Place, SessionId};
use futures_lite::future::or;
use serde_json::Value;

use super::{User, keeper_name};
use crate::client::mock_cli;

/// Id of the session.
pub(crate) const SESSION: &str = "11111111-2222-4333-8444-555555555555";

/// Time limit of each wait, long enough for a busy machine.
const LONG: Duration = Duration::from_secs(60);

/// Session in a keeper, without an agent.
pub(crate) struct KeptSession {
    pub(crate) user: User,
    place: Place,
    id: SessionId,
    /// Lines of the CLI that were read.
    lines: Vec<String>,
}

/// Agent that records a session, and acknowledges nothing by itself: the next agent gets all actions again.
pub(crate) struct LastAgent {
    pub(crate) session: KeptSession,
    pub(crate) driver: Driver<SmolKept>,
}

impl LastAgent {
    /// Starts the mock CLI in a keeper.
    pub(crate) fn start(name: &str) -> Self {
        let options = Options::new().program(mock_cli()).session_id(SESSION);
        let options = options.host_permission_prompts().include_partial_messages();
        let mut agent =
            Self::launch(name, |place| Launch::from_options(place, &options).expect("the options are valid"));
        agent.driver.request(Initialize::new()).expect("there is room");
        agent
    }

    /// Starts a program in a keeper that writes these lines, and then reads its stdin to the end.
    pub(crate) fn with_output(name: &str, lines: &[Value]) -> Self {
        Self::with_outputs(name, lines, &[])
    }

    /// Starts a program in a keeper that writes lines, and others when it has read a line.
    pub(crate) fn with_outputs(name: &str, first: &[Value], then: &[Value]) -> Self {
        let echo = |line: &Value| format!("echo '{line}'\n");
        let mut text: String = first.iter().map(echo).collect();
        if !then.is_empty() {
            text += "read line\n";
            text.extend(then.iter().map(echo));
        }
        Self::launch(name, |place| Launch::new(place, "/bin/sh").args(["-c".to_owned(), text + "cat >/dev/null"]))
    }

    fn launch(name: &str, launch: impl FnOnce(Place) -> Launch) -> Self {
        let user = User::new(name);
        let place = Place::new(&user.keepers.0);
        let id = SessionId::parse(&keeper_name(SESSION)).expect("an id");
        let launch = launch(place.clone()).id(id.clone()).keeper(env!("CARGO_BIN_EXE_claude-duplex-acp"));
        launch.start().expect("the keeper starts");
        let transport = async_io::block_on(attach(&Attach::controller(), &place, &id)).expect("the keeper is there");
        let journal = JournalFile::create(place.session(&id).join("acp.journal")).expect("a journal");
        let config = Config::new(Seed::random()).handle(IncomingKind::Permission).handle(IncomingKind::Elicitation);
        let driver = Driver::new(config, transport).record_required(journal);
        Self { session: KeptSession { user, place, id, lines: Vec::new() }, driver }
    }

    /// Handles actions up to one that fits.
    pub(crate) fn until(&mut self, fits: impl Fn(&Action) -> bool) {
        let (driver, lines) = (&mut self.driver, &mut self.session.lines);
        let handled = async {
            while let Some(action) = driver.next().await {
                if let Action::Message { message, .. } = &action {
                    lines.push(message.line().into_owned());
                }
                if fits(&action) {
                    return;
                }
            }
            panic!("the session has ended: {lines:#?}");
        };
        async_io::block_on(or(handled, async {
            Timer::after(LONG).await;
            panic!("the action does not come");
        }));
    }

    /// Sends a prompt, and handles actions up to its end.
    pub(crate) fn prompt(&mut self, text: &str) {
        let sent = self.driver.prompt(text).expect("there is room");
        self.until(|action| matches!(action, Action::PromptEnded { prompt, .. } if *prompt == sent));
    }

    /// Acknowledges all actions that were handled.
    pub(crate) fn acknowledge(&mut self) {
        self.driver.acknowledge(self.driver.action_number());
    }

    /// Writes the notes for the next agent.
    pub(crate) fn note(&self, notes: &Value) {
        let path = self.session.place.session(&self.session.id).join("acp.json");
        fs::write(path, notes.to_string()).expect("the directory is ours");
    }

    /// Ends, without a word to the keeper.
    pub(crate) fn die(self) -> KeptSession {
        self.session
    }
}

impl KeptSession {
    /// Reads the output of the CLI up to a line that fits.
    pub(crate) fn watch(&mut self, fits: impl Fn(&Message) -> bool) {
        let observer = Attach::observer().window(u64::MAX);
        let mut observer = observer.connect(&self.place, &self.id).expect("the keeper is there");
        observer.socket.set_read_timeout(Some(LONG)).expect("a socket");
        let (mut bytes, mut known) = (Vec::new(), 0);
        loop {
            let frame = observer.receive(|frame| {
                if let FromKeeper::Output { stream: Stream::Stdout, bytes: part, .. } = frame {
                    bytes.extend_from_slice(part);
                }
            });
            assert!(frame.expect("the keeper is there").is_some(), "the keeper has ended");
            while let Some(length) = bytes[known..].iter().position(|byte| *byte == b'\n') {
                let line = &bytes[known..known + length];
                known += length + 1;
                self.lines.push(String::from_utf8_lossy(line).into_owned());
                if Message::parse(line).is_ok_and(|message| fits(&message)) {
                    return;
                }
            }
        }
    }

    /// Writes the messages that were read as the history on disk, each once.
    pub(crate) fn save_history(&self) {
        let project = self.user.config.0.join("projects").join("-tmp");
        fs::create_dir_all(&project).expect("a directory");
        let mut history = String::new();
        for line in &self.lines {
            let is_kept = line.contains(r#""type":"assistant""#) || line.contains(r#""type":"user""#);
            if is_kept && !history.contains(line) {
                writeln!(history, "{line}").expect("it is in memory");
            }
        }
        fs::write(project.join(format!("{SESSION}.jsonl")), history).expect("a file");
    }
}
