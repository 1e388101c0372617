//! What a host is told of turns that did not go well, and of the session's state: plain causes, kinds, marks.

use std::time::Duration;

use claude_duplex::message::{FailureKind, ResetTime, Transcript};
use claude_duplex::options::PermissionMode;
use claude_duplex::testing::{Script, Step, TestSession};
use claude_duplex::{
    Action, CompactionState, CompactionTrigger, Config, Exit, Interrupt, Message, Outcome, Prompt, Protocol, Seed,
    SessionTime,
};
use serde_json::{Value, json};

/// A session of which the CLI's side is written by hand.
struct Host {
    protocol: Protocol,
    actions: Vec<Action>,
}

impl Host {
    fn of(version: &str) -> Self {
        let mut host = Self {
            protocol: Protocol::new(Config::new(Seed::from_bytes([1; 16])), SessionTime::ZERO),
            actions: Vec::new(),
        };
        host.prompt("/compact");
        let init = json!({ "type": "system", "subtype": "init", "session_id": "s", "model": "m", "permissionMode": "default",
            "claude_code_version": version });
        host.receive_lines(&[init]);
        host
    }

    fn prompt(&mut self, text: &str) {
        self.protocol.prompt(SessionTime::ZERO, Prompt::text(text)).unwrap();
        self.sent();
    }

    fn sent(&mut self) {
        let count = self.protocol.poll_transmit().len();
        self.protocol.sent(SessionTime::ZERO, count);
    }

    fn receive_lines(&mut self, lines: &[Value]) {
        for line in lines {
            self.protocol.receive(SessionTime::ZERO, format!("{line}\n").as_bytes());
        }
        self.sent();
        self.actions.extend(std::iter::from_fn(|| self.protocol.poll_action()));
    }

    fn outcome(&self) -> Outcome {
        let outcome = |action: &Action| match action {
            Action::PromptEnded { outcome, .. } => Some(*outcome),
            _ => None,
        };
        self.actions.iter().find_map(outcome).expect("the prompt has ended")
    }

    fn last_error(mut self) -> Option<String> {
        self.protocol.close(SessionTime::ZERO);
        self.protocol.eof(SessionTime::ZERO);
        self.protocol.stderr_eof(SessionTime::ZERO);
        self.protocol.exited(SessionTime::ZERO, Exit::Code(1));
        self.receive_lines(&[]);
        match self.actions.pop() {
            Some(Action::Closed(closed)) => closed.last_error,
            other => panic!("{other:?}"),
        }
    }
}

fn assistant(model: &str, text: &str) -> Value {
    json!({ "type": "assistant", "message": { "id": "m1", "model": model, "content": [{ "type": "text", "text": text }] } })
}

/// 2.1.88, interrupted: its result has no reason, and an error that is none for people.
#[test]
fn an_interrupted_prompt_has_a_plain_cause() {
    let mut host = Host::of("2.1.88");
    host.receive_lines(&[assistant("m", "working")]);
    host.protocol.interrupt(SessionTime::ZERO, Interrupt::running().id("i")).unwrap();
    host.receive_lines(&[
        json!({ "type": "control_response", "response": { "subtype": "success", "request_id": "i" } }),
        json!({ "type": "result", "subtype": "error_during_execution", "is_error": true,
            "errors": ["[ede_diagnostic] result_type=user last_content_type=n/a stop_reason=tool_use"] }),
    ]);
    assert_eq!(host.outcome(), Outcome::Interrupted);
    let Some(Action::PromptEnded { result: Some(result), .. }) =
        host.actions.iter().find(|action| matches!(action, Action::PromptEnded { .. }))
    else {
        panic!("it has a result")
    };
    let failure = result.result().unwrap().failure().unwrap();
    assert_eq!(failure.kind, FailureKind::Interrupted);
    assert!(!failure.message.contains("ede_diagnostic"), "{failure:?}");
    assert_eq!(host.last_error().as_deref(), Some("the turn was interrupted"));
}

#[test]
fn the_exit_after_an_interrupt_is_explained() {
    let slow = Step::text_in_parts("one two three", 3, Duration::from_secs(1));
    let mut pair = TestSession::new(
        Config::new(Seed::from_bytes([1; 16])),
        Script::default().include_partial_messages(true).then([slow]),
    );
    pair.prompt("count");
    pair.run_until(|action| matches!(action, Action::Message { message, .. } if message.delta().is_some()));
    pair.interrupt(Interrupt::running());
    pair.run_until(|action| matches!(action, Action::PromptEnded { .. }));
    let Some(Action::Closed(closed)) = pair.close().pop() else { panic!("it is closed") };
    assert_eq!(closed.exit, Some(Exit::Code(1)));
    let cause = closed.to_string();
    assert!(cause.contains("the last turn ended with an error: the turn was interrupted"), "{cause}");
}

/// A limit that 2.1.329 tells in the middle of a good turn, then in its result.
#[test]
fn a_rate_limit_is_reported_with_its_reset_time() {
    let failure = |lines: &[Value]| {
        let mut transcript = Transcript::new();
        for line in lines {
            transcript.add(&Message::parse(line.to_string().as_bytes()).unwrap());
        }
        transcript.failure()
    };
    let limit_text = "You've hit your session limit - resets 8:30am";
    let result = json!({ "type": "result", "subtype": "success", "is_error": true, "result": limit_text, "api_error_status": 429 });
    let cause = failure(&[assistant("m", limit_text), result.clone()]).unwrap();
    assert_eq!((cause.kind, cause.status), (FailureKind::RateLimit, Some(429)));
    assert_eq!(cause.resets_at, Some(ResetTime::Text("8:30am".into())));
    let event = json!({ "type": "rate_limit_event",
        "rate_limit_info": { "status": "rejected", "resetsAt": 1_760_000_000, "rateLimitType": "five_hour" } });
    assert_eq!(failure(&[event, result]).unwrap().resets_at, Some(ResetTime::Unix(1_760_000_000)));
    // Without a status there is the word of the message.
    let mut overloaded = assistant("<synthetic>", "try again");
    overloaded["error"] = "overloaded".into();
    let result = json!({ "type": "result", "subtype": "success", "is_error": true, "result": "try again" });
    assert_eq!(failure(&[overloaded, result]).unwrap().kind, FailureKind::Overloaded);
    let fine = json!({ "type": "result", "subtype": "success", "is_error": false, "result": "fine" });
    assert_eq!(failure(&[fine]), None);
}

#[test]
fn a_synthetic_answer_is_marked() {
    let marked = |lines: &[Value]| {
        let mut transcript = Transcript::new();
        for line in lines {
            transcript.add(&Message::parse(line.to_string().as_bytes()).unwrap());
        }
        transcript.is_synthetic()
    };
    let synthetic = assistant("<synthetic>", "No response requested.");
    assert!(marked(std::slice::from_ref(&synthetic)));
    assert!(!marked(&[assistant("m", "an answer"), synthetic.clone()]));
    assert!(!marked(&[]));
    let message = Message::parse(synthetic.to_string().as_bytes()).unwrap();
    assert!(message.assistant().unwrap().is_synthetic());
}

/// `defer` of 2.1.332.
#[test]
fn a_deferred_call_is_an_outcome() {
    let mut host = Host::of("2.1.332");
    host.receive_lines(&[
        assistant("m", "I run it"),
        json!({ "type": "result", "subtype": "success", "is_error": false, "result": "", "terminal_reason": "tool_deferred",
            "deferred_tool_use": { "id": "t", "name": "Bash", "input": {} } }),
    ]);
    assert_eq!(host.outcome(), Outcome::Deferred);
}

/// `compact_fail` and `compact_ok` of 2.1.332.
#[test]
fn a_failed_compaction_is_no_success() {
    let status = |fields: Value| {
        let mut line = json!({ "type": "system", "subtype": "status", "status": null });
        line.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        line
    };
    let done = json!({ "type": "result", "subtype": "success", "is_error": false, "result": "" });
    let mut host = Host::of("2.1.332");
    host.receive_lines(&[status(json!({ "status": "compacting" }))]);
    let state = |host: &Host| host.protocol.status().compaction.clone().map(|compaction| compaction.state);
    assert_eq!(state(&host), Some(CompactionState::Running));
    host.receive_lines(&[
        status(json!({ "compact_result": "failed", "compact_error": "Error during compaction: API Error: 400" })),
        done.clone(),
    ]);
    assert_eq!((host.outcome(), state(&host)), (Outcome::Error, Some(CompactionState::Failed)));
    let compaction = host.protocol.status().compaction.clone().unwrap();
    assert_eq!(compaction.error.as_deref(), Some("Error during compaction: API Error: 400"));

    let mut host = Host::of("2.1.332");
    host.receive_lines(&[
        status(json!({ "status": "compacting" })),
        status(json!({ "compact_result": "success" })),
        json!({ "type": "system", "subtype": "compact_boundary",
            "compact_metadata": { "trigger": "manual", "pre_tokens": 30, "post_tokens": 25 } }),
        done,
    ]);
    assert_eq!((host.outcome(), state(&host)), (Outcome::Local, Some(CompactionState::Succeeded)));
    let compaction = host.protocol.status().compaction.clone().unwrap();
    assert_eq!((compaction.trigger, compaction.tokens_before), (Some(CompactionTrigger::Manual), Some(30)));
}

/// `compact_fail` of 2.1.50: the error is the command's output.
#[test]
fn before_2_1_143_a_failed_compaction_is_read_from_the_command_output() {
    let mut host = Host::of("2.1.50");
    let status = |status: Value| json!({ "type": "system", "subtype": "status", "status": status });
    host.receive_lines(&[
        status(json!("compacting")),
        status(Value::Null),
        json!({ "type": "user", "message": { "role": "user",
            "content": "<local-command-stderr>Error: Error during compaction: Error: API Error: 400</local-command-stderr>" } }),
        json!({ "type": "result", "subtype": "success", "is_error": false, "result": "" }),
    ]);
    assert_eq!(host.outcome(), Outcome::Error);
    assert_eq!(host.protocol.status().compaction.clone().unwrap().state, CompactionState::Failed);
}

#[test]
fn the_session_status_follows_the_messages() {
    let mut host = Host::of("2.1.332");
    let state = host.protocol.status().clone();
    assert_eq!((state.session_id.as_deref(), state.model.as_deref()), (Some("s"), Some("m")));
    assert_eq!(state.permission_mode, Some(PermissionMode::Default));
    // `mode` of 2.1.332: the mode is told at once, the model by the next turn.
    host.receive_lines(&[json!({ "type": "system", "subtype": "status", "status": null, "permissionMode": "plan" })]);
    assert_eq!(host.protocol.status().permission_mode, Some(PermissionMode::Plan));
    host.receive_lines(&[json!({ "type": "system", "subtype": "init", "session_id": "s2", "model": "other" })]);
    let state = host.protocol.status().clone();
    assert_eq!((state.session_id.as_deref(), state.model.as_deref()), (Some("s2"), Some("other")));
    assert_eq!(state.permission_mode, Some(PermissionMode::Plan));
    // A subagent's lines are not the session's.
    host.receive_lines(&[json!({ "type": "system", "subtype": "init", "model": "x", "parent_tool_use_id": "t" })]);
    assert_eq!(host.protocol.status().model.as_deref(), Some("other"));
}
