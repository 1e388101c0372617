//! `WaitReason`: what the session waits for as a stall is reported.

use std::time::Duration;

use claude_duplex::testing::{CliVersion, Fault, Script, Step, TestSession, ToolStep};
use claude_duplex::{
    Action, Config, Deadline, IncomingKind, Interrupt, Protocol, Request, Seed, SessionTime, WaitReason,
};
use serde_json::{Value, json};

use crate::play::{Event, Player};
use crate::recorded::{name, recordings};
use crate::recording::{Recorded, What};

fn at(seconds: u64) -> SessionTime {
    SessionTime::from(Duration::from_secs(seconds))
}

fn config() -> Config {
    let mut config = Config::new(Seed::from_bytes([3; 16])).handle(IncomingKind::Permission);
    config.timeouts.stall = Some(Duration::from_secs(5));
    (config.timeouts.request, config.timeouts.interrupt, config.timeouts.missing_result) = (None, None, None);
    config
}

fn receive(protocol: &mut Protocol, now: u64, lines: &[Value]) {
    for line in lines {
        protocol.receive(at(now), format!("{line}\n").as_bytes());
    }
    while protocol.poll_action().is_some() {}
}

/// Waits for the report of a stall, and returns its reason.
fn stall(protocol: &mut Protocol) -> WaitReason {
    let (due, deadline) = protocol.poll_timeout().expect("a stall is due");
    assert_eq!(deadline, Deadline::Stall);
    protocol.handle_timeout(due);
    let reported = std::iter::from_fn(|| protocol.poll_action()).find_map(|action| match action {
        Action::DeadlineExceeded { deadline: Deadline::Stall, reason, .. } => Some(reason),
        _ => None,
    });
    reported.expect("the stall is reported")
}

fn init() -> Value {
    json!({ "type": "system", "subtype": "init", "session_id": "s", "claude_code_version": "2.1.332" })
}

fn call(id: &str, name: &str) -> Value {
    let block = json!({ "type": "tool_use", "id": id, "name": name, "input": { "type": "tool_result" } });
    json!({ "type": "assistant", "message": { "content": [{ "type": "text", "text": "\"tool_use\"" }, block] } })
}

fn returned(id: &str) -> Value {
    json!({ "type": "user", "message": { "content": [{ "type": "tool_result", "tool_use_id": id }] } })
}

fn of_subagent(mut line: Value) -> Value {
    line["parent_tool_use_id"] = "toolu_0".into();
    line
}

fn retry(attempt: u64) -> Value {
    json!({ "type": "system", "subtype": "api_retry", "attempt": attempt, "max_retries": 10, "error_status": 529 })
}

/// Plays lines at second 1 in a session whose prompt was written at second 0.
fn reason_after(lines: &[Value]) -> WaitReason {
    let mut protocol = Protocol::new(config(), SessionTime::ZERO);
    protocol.prompt(SessionTime::ZERO, "hello").unwrap();
    let length = protocol.poll_transmit().len();
    protocol.sent(SessionTime::ZERO, length);
    receive(&mut protocol, 1, lines);
    stall(&mut protocol)
}

#[test]
fn a_stall_reports_the_reason_of_the_received_lines() {
    let five = Duration::from_secs(5);
    let bash = WaitReason::tool("a", "Bash", five);
    let result = || json!({ "type": "result", "subtype": "success", "result": "done" });
    for (lines, expected) in [
        (vec![], WaitReason::TurnStart),
        (vec![init()], WaitReason::Model),
        (vec![init(), call("a", "Bash")], bash.clone()),
        (vec![init(), call("a", "Bash"), call("b", "Read")], bash.clone()),
        (vec![init(), call("a", "Bash"), call("b", "Read"), returned("a")], WaitReason::tool("b", "Read", five)),
        (vec![init(), call("a", "Bash"), returned("a")], WaitReason::Model),
        (vec![init(), call("a", "Bash"), of_subagent(returned("a"))], bash.clone()),
        (vec![init(), call("a", "Bash"), of_subagent(call("b", "Read"))], bash),
        // The call of a turn that is over, or that was lost with its result, is none of the next turn.
        (vec![init(), call("a", "Bash"), result(), init()], WaitReason::Model),
        (vec![call("a", "Bash"), init()], WaitReason::Model),
        (vec![init(), json!({ "type": "stream_event", "event": {} })], WaitReason::Model),
    ] {
        assert_eq!(reason_after(&lines), expected, "after {lines:?}");
    }
}

#[test]
fn an_api_retry_is_the_wait_reason_until_the_model_responds() {
    let reason = reason_after(&[init(), retry(2)]);
    assert_eq!(
        reason.to_string(),
        "a repeated request to the API (2 of 10), which failed with HTTP status 529, for 5 s"
    );
    for spoke in [call("a", "Bash"), json!({ "type": "stream_event", "event": {} })] {
        assert_ne!(reason_after(&[init(), retry(2), spoke]).as_str(), "api_retry");
    }
    let unknown = json!({ "type": "system", "subtype": "api_retry", "error_status": null });
    assert_eq!(reason_after(&[init(), unknown]).to_string(), "a repeated request to the API, for 5 s");
}

#[test]
fn outside_of_a_turn_the_open_request_is_the_wait_reason() {
    let mut protocol = Protocol::new(config(), SessionTime::ZERO);
    protocol.prompt(SessionTime::ZERO, "hello").unwrap();
    assert_eq!(stall(&mut protocol), WaitReason::Stdin, "nothing of it was written");

    let mut protocol = Protocol::new(config(), SessionTime::ZERO);
    let request = protocol.request(SessionTime::ZERO, Request::new("mcp_status")).unwrap();
    let length = protocol.poll_transmit().len();
    protocol.sent(SessionTime::ZERO, length);
    assert_eq!(stall(&mut protocol), WaitReason::response(request));

    // A prompt that is held back by an interrupt waits for its response.
    let mut protocol = Protocol::new(config(), SessionTime::ZERO);
    let interrupt = protocol.interrupt(SessionTime::ZERO, Interrupt::running()).unwrap();
    protocol.prompt(SessionTime::ZERO, "hello").unwrap();
    let length = protocol.poll_transmit().len();
    protocol.sent(SessionTime::ZERO, length);
    assert_eq!(stall(&mut protocol), WaitReason::response(interrupt));
}

#[test]
fn a_missing_result_is_the_wait_reason() {
    let mut protocol = Protocol::new(config(), SessionTime::ZERO);
    let prompt = protocol.prompt(SessionTime::ZERO, "hello").unwrap();
    let lifecycle = |state| json!({ "type": "command_lifecycle", "command_uuid": prompt.uuid(), "state": state });
    receive(&mut protocol, 1, &[lifecycle("started"), init(), lifecycle("completed")]);
    assert_eq!(stall(&mut protocol), WaitReason::TurnResult);
}

/// While the host owes a response, a turn that takes long waits for it, and a stall is reported only if the CLI owes one too.
#[test]
fn a_pending_host_response_is_the_wait_reason_of_a_long_turn() {
    let mut config = config();
    config.timeouts.turn = Some(Duration::from_secs(3));
    let mut protocol = Protocol::new(config, SessionTime::ZERO);
    protocol.prompt(SessionTime::ZERO, "hello").unwrap();
    let incoming = json!({ "type": "control_request", "request_id": "r",
        "request": { "subtype": "can_use_tool", "tool_name": "Bash", "input": {} } });
    receive(&mut protocol, 1, &[init(), call("a", "Bash"), incoming]);
    let incoming = protocol.open_incoming().next().expect("a request").id();
    protocol.handle_timeout(at(4));
    let reported = protocol.poll_action();
    let reason = WaitReason::host_response(incoming);
    assert!(
        matches!(reported, Some(Action::DeadlineExceeded { deadline: Deadline::Turn, reason: of, .. }) if of == reason)
    );
    let request = protocol.request(at(4), Request::new("mcp_status")).unwrap();
    assert_eq!(stall(&mut protocol), WaitReason::response(request));
}

/// The mock CLI of each version that reports what it does.
#[test]
fn the_mock_cli_stalls_for_the_scripted_reason() {
    let minute = Duration::from_secs(60);
    let reason = |script: Script| {
        let mut session = TestSession::new(config(), script);
        session.prompt("go on");
        let stalled = session.run_until(|action| matches!(action, Action::DeadlineExceeded { .. }));
        let Action::DeadlineExceeded { reason, .. } = stalled else { unreachable!("it was awaited") };
        reason
    };
    for version in [CliVersion::V2_0_76, CliVersion::V2_1_143, CliVersion::V2_1_329] {
        let script = || Script::new(version);
        let slow_tool = Step::from(ToolStep::bash("make").duration(minute).returns("done"));
        let WaitReason::Tool { name, age, .. } = reason(script().then([Step::text("I build."), slow_tool])) else {
            panic!("{version:?}: not a tool")
        };
        assert_eq!((&*name, age.as_secs()), ("Bash", 5), "{version:?}");
        assert_eq!(reason(script().then([Step::pause(minute), Step::text("done")])), WaitReason::Model, "{version:?}");
        assert_eq!(reason(script().fault(Fault::Silent)), WaitReason::Model, "{version:?}");
    }
    let own = vec![Step::text("it is done")];
    let agent = Script::new(CliVersion::V2_1_329).then([Step::background_agent(minute, own), Step::text("wait")]);
    let reason = reason(agent);
    assert!(matches!(&reason, WaitReason::BackgroundTask { id: Some(_), .. }), "{reason:?}");
}

/// The reasons in recordings of the real CLI are those that a plain reading of the lines gives.
#[test]
fn recordings_stall_for_the_reason_of_their_lines() {
    let mut judged = std::collections::BTreeMap::new();
    for (path, lines) in recordings() {
        let stall = |config: &mut Config| config.timeouts.stall = Some(Duration::from_millis(150));
        let played = Player::with(stall).play(&lines);
        for (time, event) in &played.events {
            let Event::Action(Action::DeadlineExceeded { reason, .. }) = event else { continue };
            if !matches!(reason, WaitReason::Model | WaitReason::Tool { .. } | WaitReason::ApiRetry { .. }) {
                continue;
            }
            let read = lines.iter().filter(|line| line.time() <= *time);
            let expected = plain_reading(read);
            let delivered = match reason {
                WaitReason::Tool { name, .. } => format!("tool {name}"),
                reason => reason.as_str().to_owned(),
            };
            assert_eq!(delivered, expected, "{} at {time:?}", name(&path));
            *judged.entry(reason.as_str()).or_insert(0) += 1;
        }
    }
    println!("{judged:?}");
    assert!(judged["model"] > 50 && judged["tool"] > 50 && judged["api_retry"] > 5, "{judged:?}");
}

fn plain_reading<'l>(lines: impl Iterator<Item = &'l Recorded>) -> String {
    let (mut calls, mut retries): (Vec<(Value, String)>, bool) = (Vec::new(), false);
    let mut turns = 0;
    for line in lines {
        let What::Out(bytes) = &line.what else { continue };
        let Ok(line) = serde_json::from_slice::<Value>(bytes) else { continue };
        let is_own = line["parent_tool_use_id"].is_null();
        let blocks = line["message"]["content"].as_array().cloned().unwrap_or_default();
        match (line["type"].as_str().unwrap_or_default(), line["subtype"].as_str()) {
            ("result", _) if is_own => (calls, retries, turns) = (Vec::new(), false, 0),
            ("system", Some("init")) if is_own => {
                if turns == 0 {
                    (calls, retries) = (Vec::new(), false);
                }
                turns += 1;
            }
            ("system", Some("api_retry")) => retries = true,
            ("stream_event", _) => retries = false,
            ("assistant", _) => {
                retries = false;
                let called = blocks.iter().filter(|block| block["type"] == "tool_use" && is_own);
                calls.extend(called.map(|block| (block["id"].clone(), block["name"].as_str().unwrap().to_owned())));
            }
            ("user", _) if is_own => {
                for block in blocks.iter().filter(|block| block["type"] == "tool_result") {
                    calls.retain(|(id, _)| *id != block["tool_use_id"]);
                }
            }
            _ => {}
        }
    }
    match calls.first() {
        _ if retries => "api_retry".to_owned(),
        Some((_, name)) => format!("tool {name}"),
        None => "model".to_owned(),
    }
}
