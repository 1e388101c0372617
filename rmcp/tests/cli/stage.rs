//! Environment of one trial: the program, its directory, and sessions whose messages are recorded.

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use claude_duplex::testing::{CliVersion, Script, serve_stdio, steps_in};
use claude_duplex::{
    Action, Config, ContentBlock, Direction, Message, MessageKind, Options, Overflow, PromptEnd, Seed, Session,
    SessionBuilder,
};
use libtest_mimic::Failed;
use serde_json::Value;

use crate::api::Api;
use crate::cli::Cli;
use crate::namespace::Sealed;
use crate::place::Place;
use crate::services::office::{Notes, noted};
use crate::trials::Body;
use crate::version::Version;

/// Makes this program the mock CLI.
const MOCK: &str = "CLAUDE_DUPLEX_RMCP_MOCK";

/// Time limit of a trial, long enough for a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

pub(crate) type Trial = Result<(), Box<dyn std::error::Error + Send + Sync>>;

pub(crate) enum Program {
    Mock,
    Real(Sealed, Cli, Version),
}

pub(crate) struct Case {
    program: Program,
    place: Place,
    api: Api,
}

/// Plays the CLI, if this process was started for that.
pub(crate) fn mock() -> Option<ExitCode> {
    std::env::var_os(MOCK)?;
    let script = Script::new(CliVersion::default()).answering(|prompt| steps_in(prompt, false));
    Some(serve_stdio(script.args(std::env::args().skip(1))))
}

/// Runs a trial on a tokio runtime of its own; afterwards no task may be left there.
pub(crate) fn run(case: Case, body: Body) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let case = Arc::new(case);
    let ended = runtime.block_on(async {
        match tokio::time::timeout(LIMIT, body(Arc::clone(&case))).await {
            Ok(ended) => ended.map_err(|error| error.to_string()),
            Err(_) => Err(format!("not done after {LIMIT:?}")),
        }?;
        let metrics = tokio::runtime::Handle::current().metrics();
        let none_left = until(|| metrics.num_alive_tasks() == 0);
        tokio::time::timeout(Duration::from_secs(30), none_left).await.map_err(|_| "tasks are left".to_owned())
    });
    case.place.kill();
    runtime.shutdown_background();
    Ok(ended?)
}

/// Polls until a condition holds.
pub(crate) async fn until(holds: impl Fn() -> bool) {
    while !holds() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until something was noted.
pub(crate) async fn until_noted(notes: &Notes, what: &str) {
    until(|| noted(notes, what)).await;
}

impl Case {
    pub(crate) fn new(program: Program) -> Result<Self, String> {
        let place = Place::new().map_err(|error| error.to_string())?;
        Ok(Self { program, place, api: Api::start().map_err(|error| error.to_string())? })
    }

    pub(crate) fn is_mock(&self) -> bool {
        matches!(self.program, Program::Mock)
    }

    /// Returns whether the CLI is older than that version.
    pub(crate) fn is_before(&self, first: &str) -> bool {
        match &self.program {
            Program::Mock => false,
            Program::Real(_, _, version) => *version < first.parse().expect("a version"),
        }
    }

    /// Returns a builder whose CLI runs tools without permission requests.
    pub(crate) fn builder(&self) -> SessionBuilder {
        let program: OsString = match &self.program {
            Program::Mock => std::env::current_exe().expect("a test is a program").into(),
            Program::Real(_, cli, _) => cli.named().into(),
        };
        let mut options = Options::new().program(program).current_dir(self.place.cwd()).env_clear();
        for (name, value) in self.place.environment(&self.api.url()) {
            options = options.env(name, value);
        }
        if self.is_mock() {
            options = options.env(MOCK, "1");
        }
        let mut config = Config::new(Seed::random());
        config.wire_lines = true;
        Session::builder().options(options.dangerously_skip_permissions()).config(config)
    }
}

/// Session, with all messages of its CLI.
pub(crate) struct Scene {
    pub(crate) claude: Session,
    actions: Arc<Mutex<Vec<Action>>>,
}

impl Scene {
    /// Starts the session as a task of this runtime.
    pub(crate) fn start(mut builder: SessionBuilder) -> Result<Self, claude_duplex::SpawnError> {
        let mut watch = builder.subscribe(100_000, Overflow::Oldest);
        let claude = builder.spawn_tokio()?;
        let actions = Arc::<Mutex<Vec<Action>>>::default();
        let note = Arc::clone(&actions);
        drop(tokio::spawn(async move {
            while let Some(action) = watch.next().await {
                note.lock().unwrap().extend(action);
            }
        }));
        Ok(Self { claude, actions })
    }

    /// Sends a prompt, and waits for its end. Its messages have arrived here too: another task collects them.
    pub(crate) async fn prompt(&self, text: String) -> Result<PromptEnd, Box<dyn std::error::Error + Send + Sync>> {
        let end = self.claude.prompt(text)?.finish().await;
        let is_end = |action: &Action| matches!(action, Action::PromptEnded { prompt, .. } if *prompt == end.prompt);
        until(|| self.actions.lock().unwrap().iter().any(is_end)).await;
        Ok(end)
    }

    /// Ends the session.
    pub(crate) async fn close(&self) {
        self.claude.close_now();
        self.claude.wait_for_exit().await;
    }

    /// Returns the texts of all tool results.
    pub(crate) fn results(&self) -> String {
        let actions = self.actions.lock().unwrap();
        let messages = actions.iter().filter_map(|action| match action {
            Action::Message { message, .. } if message.kind() == MessageKind::User => Some(message),
            _ => None,
        });
        let blocks = messages.filter_map(|message| Message::content(message).ok()).flatten();
        let results = blocks.filter_map(|block| match block {
            ContentBlock::ToolResult(result) => Some(result.text().into_owned()),
            _ => None,
        });
        results.collect::<Vec<_>>().join("\n")
    }

    /// Returns the JSON-RPC messages in that direction.
    pub(crate) fn rpc(&self, direction: Direction) -> Vec<Value> {
        let lines = self.values(direction).into_iter();
        lines
            .filter(|line| line["request"]["subtype"] == "mcp_message")
            .map(|line| line["request"]["message"].clone())
            .collect()
    }

    /// Returns the number of messages of that method that have come from the CLI.
    pub(crate) fn count(&self, method: &str) -> usize {
        self.rpc(Direction::Received).iter().filter(|message| message["method"] == method).count()
    }

    /// Returns the number of messages of services that the CLI has acknowledged.
    pub(crate) fn acknowledged(&self) -> usize {
        let of_services = |line: &&Value| line["request"]["subtype"] == "mcp_message";
        let (sent, received) = (self.values(Direction::Sent), self.values(Direction::Received));
        let acknowledged = |request: &Value| {
            let response = |line: &Value| line["response"]["request_id"] == request["request_id"];
            received.iter().any(|line| response(line) && line["response"]["subtype"] == "success")
        };
        sent.iter().filter(of_services).filter(|request| acknowledged(request)).count()
    }

    fn values(&self, direction: Direction) -> Vec<Value> {
        let actions = self.actions.lock().unwrap();
        let lines = actions.iter().filter_map(|action| match action {
            Action::WireLine(line) if line.direction == direction => serde_json::from_slice(&line.bytes).ok(),
            _ => None,
        });
        lines.collect()
    }
}
