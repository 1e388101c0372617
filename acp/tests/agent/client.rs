//! A client of the agent: a test writes each of its messages.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Time limit of each wait without a message of the agent, long enough for a busy machine.
const LONG: Duration = Duration::from_secs(60);

pub(crate) struct Agent {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<Value>,
    next: u64,
    gate: Arc<Gate>,
    /// All messages of the agent, in order.
    pub(crate) received: Vec<Value>,
}

/// Gate between the agent and the client, which is shut while the client does not read.
#[derive(Default)]
struct Gate {
    is_shut: Mutex<bool>,
    changed: Condvar,
}

impl Gate {
    fn pass(&self) {
        let shut = self.is_shut.lock().expect("the gate");
        drop(self.changed.wait_while(shut, |shut| *shut).expect("the gate"));
    }

    fn set(&self, shut: bool) {
        *self.is_shut.lock().expect("the gate") = shut;
        self.changed.notify_all();
    }
}

/// Settings with which an agent is started.
pub(crate) struct Setup<'a> {
    pub(crate) agent: &'a [&'a str],
    pub(crate) cli: &'a [&'a str],
    pub(crate) env: &'a [(&'a str, &'a str)],
    pub(crate) capabilities: Value,
}

impl Default for Setup<'_> {
    fn default() -> Self {
        Self { agent: &[], cli: &[], env: &[], capabilities: json!({}) }
    }
}

/// Returns the mock CLI, which is built as an example beside the agent.
pub(crate) fn mock_cli() -> PathBuf {
    let agent = PathBuf::from(env!("CARGO_BIN_EXE_claude-duplex-acp"));
    let name = format!("acp_mock_cli{}", std::env::consts::EXE_SUFFIX);
    let path = agent.parent().expect("a directory").join("examples").join(name);
    assert!(path.is_file(), "{} is missing: `cargo test -p claude-duplex-acp` builds it", path.display());
    path
}

impl Agent {
    /// Starts an agent and initializes the connection.
    pub(crate) fn start(setup: &Setup<'_>) -> Self {
        let mut agent = Self::spawn(setup);
        let capabilities = setup.capabilities.clone();
        let id = agent.request("initialize", json!({ "protocolVersion": 1, "clientCapabilities": capabilities }));
        assert_eq!(agent.response(id)["result"]["protocolVersion"], 1);
        agent
    }

    /// Starts an agent on the mock CLI, unless the setup names another.
    pub(crate) fn spawn(setup: &Setup<'_>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_claude-duplex-acp"));
        if !setup.agent.contains(&"--claude") {
            command.arg("--claude").arg(mock_cli());
        }
        command.args(setup.agent).arg("--").args(setup.cli).envs(setup.env.iter().copied());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the agent can be started");
        let (sender, lines) = channel();
        let stdout = child.stdout.take().expect("stdout");
        let gate = Arc::<Gate>::default();
        let reading = Arc::clone(&gate);
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                reading.pass();
                let value = serde_json::from_str(&line).expect("each line is JSON");
                if sender.send(value).is_err() {
                    break;
                }
            }
        });
        let stdin = child.stdin.take();
        Self { child, stdin, lines, next: 0, gate, received: Vec::new() }
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Reads no more, until [`read_on`](Self::read_on).
    #[cfg(target_os = "linux")]
    pub(crate) fn stop_reading(&mut self) {
        self.gate.set(true);
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn read_on(&mut self) {
        self.gate.set(false);
    }

    /// Writes bytes. Fails if the agent has gone.
    pub(crate) fn write_bytes(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stdin.as_mut().expect("stdin is open").write_all(bytes)
    }

    /// Takes stdin out, to write to it from another thread.
    #[cfg(target_os = "linux")]
    pub(crate) fn take_stdin(&mut self) -> ChildStdin {
        self.stdin.take().expect("stdin is open")
    }

    pub(crate) fn write(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("stdin is open");
        stdin.write_all(format!("{line}\n").as_bytes()).expect("the agent reads");
    }

    pub(crate) fn request(&mut self, method: &str, params: Value) -> u64 {
        self.next += 1;
        let id = self.next;
        self.write(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string());
        id
    }

    pub(crate) fn notify(&mut self, method: &str, params: Value) {
        self.write(&json!({ "jsonrpc": "2.0", "method": method, "params": params }).to_string());
    }

    /// Responds to a request of the agent.
    pub(crate) fn respond(&mut self, request: &Value, result: Value) {
        self.write(&json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }).to_string());
    }

    /// Chooses an option of a permission request by its kind.
    pub(crate) fn choose(&mut self, request: &Value, kind: &str) {
        let options = request["params"]["options"].as_array().expect("options");
        let option = options.iter().find(|option| option["kind"] == kind).expect("an option of that kind");
        let id = option["optionId"].clone();
        self.respond(request, json!({ "outcome": { "outcome": "selected", "optionId": id } }));
    }

    /// Waits for a message that fits, at or after a position among the messages.
    pub(crate) fn until(&mut self, mut from: usize, what: &str, fits: impl Fn(&Value) -> bool) -> usize {
        loop {
            if let Some(at) = self.received[from..].iter().position(&fits) {
                return from + at;
            }
            from = self.received.len();
            match self.lines.recv_timeout(LONG) {
                Ok(line) => self.received.push(line),
                Err(RecvTimeoutError::Timeout) => panic!("{what} does not come; received: {:#?}", self.received),
                Err(RecvTimeoutError::Disconnected) => panic!("the agent has ended; received: {:#?}", self.received),
            }
        }
    }

    /// Waits for the response to a request.
    pub(crate) fn response(&mut self, id: u64) -> Value {
        let at = self.response_at(id);
        self.received[at].clone()
    }

    /// Waits for the response to a request, and returns its position.
    pub(crate) fn response_at(&mut self, id: u64) -> usize {
        self.until(0, &format!("the response to {id}"), |received| {
            received["id"] == id && received.get("method").is_none()
        })
    }

    /// Waits for the next request of the agent after a position.
    pub(crate) fn next_request(&mut self, from: usize) -> (usize, Value) {
        let at =
            self.until(from, "a request", |received| received.get("method").is_some() && received.get("id").is_some());
        (at, self.received[at].clone())
    }

    /// Waits for an update of a kind after a position.
    pub(crate) fn update(&mut self, from: usize, kind: &str) -> (usize, Value) {
        let at = self.until(from, kind, |received| received["params"]["update"]["sessionUpdate"] == kind);
        (at, self.received[at]["params"]["update"].clone())
    }

    /// Opens a session and returns its id.
    pub(crate) fn session(&mut self) -> String {
        let id = self.request("session/new", json!({ "cwd": std::env::temp_dir(), "mcpServers": [] }));
        let response = self.response(id);
        response["result"]["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {response}")).to_owned()
    }

    pub(crate) fn prompt(&mut self, session: &str, text: &str) -> u64 {
        self.request("session/prompt", json!({ "sessionId": session, "prompt": [{ "type": "text", "text": text }] }))
    }

    pub(crate) fn cancel(&mut self, session: &str) {
        self.notify("session/cancel", json!({ "sessionId": session }));
    }

    /// Returns the text of the model within a range of the messages.
    pub(crate) fn text(&self, from: usize, to: usize) -> String {
        let chunks = self.received[from..to].iter().map(|received| &received["params"]["update"]);
        let chunks = chunks.filter(|update| update["sessionUpdate"] == "agent_message_chunk");
        chunks.filter_map(|update| update["content"]["text"].as_str()).collect()
    }

    /// Closes stdin and waits for the end.
    pub(crate) fn finish(mut self) -> Option<i32> {
        self.stdin = None;
        self.exit()
    }

    /// Waits for the end.
    pub(crate) fn exit(&mut self) -> Option<i32> {
        let end = Instant::now() + LONG;
        loop {
            if let Some(status) = self.child.try_wait().expect("the agent is a child") {
                return status.code();
            }
            assert!(Instant::now() < end, "the agent does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("the agent is a child");
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.gate.set(false);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns a script for the mock CLI as a prompt.
pub(crate) fn script(steps: Value) -> String {
    json!({ "steps": steps }).to_string()
}

/// Directory that is removed at the end of a test.
pub(crate) struct Directory(pub(crate) PathBuf);

impl Directory {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("claude-duplex-acp-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().expect("Unicode")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Returns the last state of each tool call: the announcement, with all updates applied.
pub(crate) fn calls(received: &[Value]) -> HashMap<String, Value> {
    let mut calls: HashMap<String, Value> = HashMap::new();
    for update in received.iter().map(|received| &received["params"]["update"]) {
        if !matches!(update["sessionUpdate"].as_str(), Some("tool_call" | "tool_call_update")) {
            continue;
        }
        let id = update["toolCallId"].as_str().expect("an id").to_owned();
        let call = calls.entry(id).or_insert_with(|| json!({}));
        for (name, value) in update.as_object().expect("an object") {
            call[name] = value.clone();
        }
    }
    calls
}
