//! A host that is fed by hand: lines of the CLI in, actions and lines of ours out.

use std::time::Duration;

use claude_duplex::{
    Action, ChildCommand, Config, Deadline, Exit, IncomingKinds, IncomingRequest, IncomingResponse, Message, Outcome,
    PromptId, Protocol, Seed, SessionClosed, SessionTime,
};
use serde_json::Value;

pub(crate) const SECOND: Duration = Duration::from_secs(1);

pub(crate) struct Host {
    pub(crate) protocol: Protocol,
    pub(crate) now: SessionTime,
}

pub(crate) fn config() -> Config {
    Config::new(Seed::from_bytes([7; 16]))
}

/// Settings of a host that owns every incoming request.
pub(crate) fn owner() -> Config {
    let mut config = config();
    config.handled = IncomingKinds::ALL;
    config
}

impl Host {
    pub(crate) fn new() -> Self {
        Self::with(config())
    }

    pub(crate) fn with(config: Config) -> Self {
        Self { protocol: Protocol::new(config, SessionTime::ZERO), now: SessionTime::ZERO }
    }

    /// Gives a prompt, which the CLI reads at once.
    pub(crate) fn prompt(&mut self, text: &str) -> PromptId {
        let prompt = self.protocol.prompt(self.now, text).expect("the prompt is taken");
        self.written();
        prompt
    }

    /// The CLI says a line; what that sets in motion.
    pub(crate) fn receive_line(&mut self, line: &str) -> Vec<Action> {
        self.receives(format!("{line}\n").as_bytes())
    }

    pub(crate) fn receives(&mut self, bytes: &[u8]) -> Vec<Action> {
        self.protocol.receive(self.now, bytes);
        self.actions()
    }

    /// The CLI asks something that the host owns.
    pub(crate) fn request_from_cli(&mut self, id: &str, request: Value) -> IncomingRequest {
        self.actions();
        let actions = self.receive_request(id, request);
        match <[Action; 1]>::try_from(actions) {
            Ok([Action::IncomingRequest(incoming)]) => incoming,
            other => panic!("it was not asked: {other:?}"),
        }
    }

    /// The CLI asks something; what that sets in motion.
    pub(crate) fn receive_request(&mut self, id: &str, request: Value) -> Vec<Action> {
        self.receive_line(
            &serde_json::json!({ "type": "control_request", "request_id": id, "request": request }).to_string(),
        )
    }

    /// The `response` that an answer is written as.
    pub(crate) fn answers(&mut self, incoming: &IncomingRequest, answer: impl Into<IncomingResponse>) -> Value {
        self.protocol.respond(self.now, incoming.id(), answer.into()).expect("the answer is taken");
        let mut lines = self.written();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(lines[0]["type"], "control_response");
        assert_eq!(lines[0]["response"]["request_id"], incoming.request_id().as_str());
        lines[0]["response"].take()
    }

    /// The payload of a success that an answer is written as.
    pub(crate) fn payload(&mut self, incoming: &IncomingRequest, answer: impl Into<IncomingResponse>) -> Value {
        let mut response = self.answers(incoming, answer);
        assert_eq!(response["subtype"], "success", "{response}");
        response["response"].take()
    }

    pub(crate) fn actions(&mut self) -> Vec<Action> {
        std::iter::from_fn(|| self.protocol.poll_action()).collect()
    }

    /// The lines that were written since the last time. Each is a whole one.
    pub(crate) fn written(&mut self) -> Vec<Value> {
        let bytes = self.protocol.poll_transmit().to_vec();
        self.protocol.sent(self.now, bytes.len());
        assert!(bytes.is_empty() || bytes.ends_with(b"\n"), "a line is cut: {}", String::from_utf8_lossy(&bytes));
        bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(parsed).collect()
    }

    pub(crate) fn close(&mut self) {
        self.protocol.close(self.now);
    }

    /// What is to be done to the child now.
    pub(crate) fn orders(&mut self) -> Vec<ChildCommand> {
        std::iter::from_fn(|| self.protocol.poll_child_command()).collect()
    }

    /// Lets the time pass until the next deadline, and past it.
    pub(crate) fn times_out(&mut self) -> Option<Deadline> {
        let (at, deadline) = self.protocol.poll_timeout()?;
        self.now = at;
        self.protocol.handle_timeout(at);
        Some(deadline)
    }

    pub(crate) fn waits(&mut self, time: Duration) {
        self.now = self.now.saturating_add(time);
        self.protocol.handle_timeout(self.now);
    }

    /// The child ends: its pipes, and then it.
    pub(crate) fn exits(&mut self, exit: Exit) -> SessionClosed {
        self.protocol.eof(self.now);
        self.protocol.stderr_eof(self.now);
        self.protocol.exited(self.now, exit);
        match self.actions().pop() {
            Some(Action::Closed(closed)) => closed,
            last => panic!("the session is not over: {last:?}"),
        }
    }

    /// Whether stdin was just closed, and nothing worse was done.
    pub(crate) fn closes_stdin(&mut self) -> bool {
        self.orders() == [ChildCommand::CloseStdin]
    }
}

fn parsed(line: &[u8]) -> Value {
    serde_json::from_slice(line).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(line)))
}

pub(crate) fn init() -> &'static str {
    r#"{"type":"system","subtype":"init","session_id":"s","claude_code_version":"2.1.329","tools":[]}"#
}

pub(crate) fn assistant(text: &str) -> String {
    let content = serde_json::json!([{ "type": "text", "text": text }]);
    serde_json::json!({ "type": "assistant", "message": { "content": content }, "parent_tool_use_id": null })
        .to_string()
}

pub(crate) fn success() -> &'static str {
    r#"{"type":"result","subtype":"success","is_error":false,"result":"done"}"#
}

pub(crate) fn state(state: &str) -> String {
    serde_json::json!({ "type": "system", "subtype": "session_state_changed", "state": state, "sdk_host_only": true })
        .to_string()
}

pub(crate) fn task_started(id: &str, kind: &str) -> String {
    serde_json::json!({ "type": "system", "subtype": "task_started", "task_id": id, "task_type": kind }).to_string()
}

pub(crate) fn messages(actions: &[Action]) -> Vec<&Message> {
    let messages = actions.iter().filter_map(|action| match action {
        Action::Message { message, .. } => Some(message),
        _ => None,
    });
    messages.collect()
}

pub(crate) fn outcome(actions: &[Action], wanted: PromptId) -> Option<Outcome> {
    actions.iter().find_map(|action| match action {
        Action::PromptEnded { prompt, outcome, .. } if *prompt == wanted => Some(*outcome),
        _ => None,
    })
}
