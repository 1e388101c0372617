//! Sessions with mock CLIs and services in one thread, whose time passes only when nothing else happens.

use std::future::Future;
use std::time::Duration;

use claude_duplex::testing::{Script, TestRuntime};
use claude_duplex::{Action, Config, Direction, Overflow, PromptEnd, Seed, Session, SessionBuilder, Subscriber};
use serde_json::{Value, json};
use tokio::runtime::Handle;

/// Time limit of a test, by the paused clock.
const LIMIT: Duration = Duration::from_secs(600);

/// Runs a test on a tokio runtime whose clock is paused: it passes when all tasks wait, and the clock of the mock CLIs with it.
/// Afterwards no task may be left.
pub(crate) fn run<F: Future>(test: impl FnOnce(TestRuntime) -> F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let world = TestRuntime::new();
        let clock = tokio::spawn({
            let world = world.clone();
            async move {
                loop {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    world.pass_time();
                }
            }
        });
        let output = tokio::time::timeout(LIMIT, test(world)).await.expect("the test hangs");
        clock.abort();
        let none_left = async {
            while Handle::current().metrics().num_alive_tasks() > 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        assert!(tokio::time::timeout(Duration::from_secs(10), none_left).await.is_ok(), "tasks are left");
        output
    })
}

/// Returns a builder whose sessions are the same in each run.
pub(crate) fn builder() -> SessionBuilder {
    Session::builder().config(Config::new(Seed::from_bytes([7; 16])))
}

/// Session that runs, with all messages of its CLI.
pub(crate) struct Scene {
    pub(crate) claude: Session,
    watch: Subscriber,
    lines: Vec<Value>,
}

/// Opens a session, and runs it as a task.
pub(crate) fn open(world: &TestRuntime, script: Script, builder: SessionBuilder) -> Scene {
    let mut config = Config::new(Seed::from_bytes([7; 16]));
    config.wire_lines = true;
    let mut builder = builder.config(config);
    let watch = builder.subscribe(100_000, Overflow::Oldest);
    let (claude, runner) = builder.open_on(world.start(script));
    drop(tokio::spawn(runner));
    Scene { claude, watch, lines: Vec::new() }
}

impl Scene {
    /// Sends a prompt, and waits for its end.
    pub(crate) async fn prompt(&self, text: &str) -> PromptEnd {
        self.claude.prompt(text).unwrap().finish().await
    }

    /// Ends the session, and returns every line of the protocol, in both directions.
    pub(crate) async fn close(mut self) -> Vec<Value> {
        self.claude.close_now();
        while let Some(action) = self.watch.next().await {
            if let Ok(Action::WireLine(line)) = action {
                let value = serde_json::from_slice::<Value>(&line.bytes);
                // Some versions echo the responses of the host.
                let is_echo =
                    |value: &Value| line.direction == Direction::Received && value["type"] == "control_response";
                self.lines.extend(value.into_iter().filter(|value| !is_echo(value)));
            }
        }
        self.lines
    }
}

/// Returns the JSON-RPC messages from the CLI to a server, each with the response.
pub(crate) fn calls(lines: &[Value], server: &str) -> Vec<(Value, Value)> {
    let requests = lines.iter().filter(|line| line["request"]["subtype"] == "mcp_message");
    let incoming =
        requests.filter(|line| line["request"]["server_name"] == server && line["request_id"] != Value::Null);
    incoming
        .map(|line| {
            let mut responses = lines.iter().filter(|other| {
                other["type"] == "control_response" && other["response"]["request_id"] == line["request_id"]
            });
            let response = responses.next().map(|response| response["response"].clone());
            assert!(responses.next().is_none(), "two responses to {line}");
            (line["request"]["message"].clone(), response.unwrap_or(Value::Null))
        })
        .collect()
}

/// Returns a line by which the CLI sends a message to a server without waiting for the response.
pub(crate) fn mcp_message(id: &str, server: &str, message: &Value) -> String {
    let request = json!({ "subtype": "mcp_message", "server_name": server, "message": message });
    format!("{}\n", json!({ "type": "control_request", "request_id": id, "request": request }))
}
