//! Room for what is urgent, and no more memory than the limits say.

use claude_duplex::request::SetPermissionMode;
use claude_duplex::{
    Action, Config, Decision, Exit, IncomingKind, Interrupt, Json, Prompt, PromptId, Protocol, RefusedReason, Request,
    Seed, SessionTime, WhenBusy,
};
use serde_json::json;

const MIB: usize = 1024 * 1024;
const NOW: SessionTime = SessionTime::ZERO;

fn say(protocol: &mut Protocol, line: &serde_json::Value) -> Vec<Action> {
    protocol.receive(NOW, format!("{line}\n").as_bytes());
    std::iter::from_fn(|| protocol.poll_action()).collect()
}

fn sent(protocol: &mut Protocol) {
    protocol.sent(NOW, usize::MAX);
}

/// A session whose turn runs, and behind it a prompt that is longer than `Limits::unsent`.
fn behind_a_turn(long: usize) -> (Protocol, PromptId) {
    let mut protocol = Protocol::new(Config::new(Seed::from_bytes([6; 16])).handle(IncomingKind::Permission), NOW);
    let running = protocol.prompt(NOW, "run").unwrap();
    sent(&mut protocol);
    say(&mut protocol, &json!({ "type": "system", "subtype": "init", "session_id": "s" }));
    say(&mut protocol, &json!({ "type": "user", "uuid": running.uuid().to_string() }));
    protocol.prompt(NOW, Prompt::text("x".repeat(long))).expect("nothing waits");
    (protocol, running)
}

#[test]
fn a_long_queued_prompt_leaves_room_for_requests_and_responses() {
    let (mut protocol, running) = behind_a_turn(5 * MIB);
    assert_eq!(protocol.prompt(NOW, "third").unwrap_err().reason(), RefusedReason::Full);
    protocol.interrupt(NOW, Interrupt::prompt(running)).unwrap();
    protocol.interrupt(NOW, Interrupt::running()).unwrap();
    protocol.request(NOW, SetPermissionMode::new("plan")).unwrap();
    protocol.request(NOW, Request::new("interrupt")).unwrap();
    protocol.cancel(NOW, running).unwrap();
    let incoming = json!({ "type": "control_request", "request_id": "a",
        "request": { "subtype": "can_use_tool", "tool_name": "Bash", "input": {} } });
    let Some(Action::IncomingRequest(incoming)) = say(&mut protocol, &incoming).pop() else { panic!("not asked") };
    protocol.respond(NOW, incoming.id(), Decision::allow()).unwrap();
    protocol.interrupt(NOW, Interrupt::running().cancel_queued()).unwrap();
    assert!(protocol.prompt(NOW, "third").is_ok(), "the long one was cancelled");
}

/// What waits to be written is read in its order: an interrupt behind 5 MiB is late, and still better than none.
#[test]
fn a_long_prompt_in_the_output_leaves_room_for_interrupts() {
    let mut protocol = Protocol::new(Config::new(Seed::from_bytes([6; 16])), NOW);
    let prompt = protocol.prompt(NOW, Prompt::text("x".repeat(5 * MIB))).unwrap();
    assert_eq!(protocol.request(NOW, Request::new("mcp_status")).unwrap_err().reason(), RefusedReason::Full);
    protocol.interrupt(NOW, Interrupt::prompt(prompt)).unwrap();
    protocol.request(NOW, Request::new("cancel_async_message")).unwrap();
    sent(&mut protocol);
    assert_eq!(std::iter::from_fn(|| protocol.poll_action()).last(), Some(Action::CapacityAvailable));
    protocol.request(NOW, Request::new("mcp_status")).unwrap();
}

#[test]
fn open_requests_leave_room_for_interrupts_and_cancellations() {
    let mut config = Config::new(Seed::from_bytes([6; 16]));
    config.limits.open_requests = 2;
    let mut protocol = Protocol::new(config, NOW);
    let prompt = protocol.prompt(NOW, "run").unwrap();
    protocol.request(NOW, Request::new("mcp_status")).unwrap();
    protocol.request(NOW, Request::new("mcp_status")).unwrap();
    assert_eq!(protocol.request(NOW, Request::new("mcp_status")).unwrap_err().reason(), RefusedReason::Full);
    protocol.cancel(NOW, prompt).unwrap();
    protocol.interrupt(NOW, Interrupt::prompt(prompt)).unwrap();
    let uuid = Json::from_text(prompt.uuid().to_string());
    protocol.request(NOW, Request::new("cancel_async_message").field("message_uuid", uuid)).unwrap();
    assert_eq!(
        protocol.interrupt(NOW, Interrupt::running()).unwrap_err().reason(),
        RefusedReason::Full,
        "they have limits too"
    );
}

#[test]
fn capacity_is_reported_after_a_refused_request_despite_a_queued_prompt() {
    let mut config = Config::new(Seed::from_bytes([6; 16]));
    config.limits.open_requests = 1;
    let mut protocol = Protocol::new(config, NOW);
    protocol.prompt(NOW, "run").unwrap();
    protocol.prompt(NOW, Prompt::text("x".repeat(3 * MIB))).unwrap();
    protocol.request(NOW, Request::new("mcp_status").id("r")).unwrap();
    sent(&mut protocol);
    assert_eq!(protocol.request(NOW, Request::new("mcp_status")).unwrap_err().reason(), RefusedReason::Full);
    let reply = json!({ "type": "control_response", "response": { "subtype": "success", "request_id": "r" } });
    assert!(say(&mut protocol, &reply).contains(&Action::CapacityAvailable));
}

/// Each by itself fits into what may wait, and together they do not.
#[test]
fn responses_and_cancellations_never_exceed_the_hard_limit() {
    let mut config = Config::new(Seed::from_bytes([6; 16])).handle(IncomingKind::Permission);
    (config.limits.unsent, config.limits.unsent_hard) = (1000, 1000);
    let mut protocol = Protocol::new(config, NOW);
    let running = protocol.prompt(NOW, "run").unwrap();
    let incoming = json!({ "type": "control_request", "request_id": "a",
        "request": { "subtype": "can_use_tool", "tool_name": "Bash", "input": {} } });
    let Some(Action::IncomingRequest(incoming)) = say(&mut protocol, &incoming).pop() else { panic!("not asked") };
    sent(&mut protocol);
    let queued = protocol.prompt(NOW, Prompt::text("q".repeat(600))).unwrap();
    protocol.respond(NOW, incoming.id(), Decision::deny("no".repeat(400))).unwrap();
    // The cancellation does not fit now, and the queued prompt not when its turn has come.
    protocol.cancel(NOW, running).unwrap();
    let written = |protocol: &Protocol, part: &str| String::from_utf8_lossy(protocol.poll_transmit()).contains(part);
    assert!(!written(&protocol, "cancel_async_message"));
    say(&mut protocol, &json!({ "type": "system", "subtype": "init", "session_id": "s" }));
    let actions = say(&mut protocol, &json!({ "type": "result", "subtype": "success" }));
    assert!(actions.iter().any(|action| matches!(action, Action::PromptEnded { .. })), "{actions:?}");
    assert!(!written(&protocol, "qqq"));
    sent(&mut protocol);
    assert!(written(&protocol, &queued.uuid().to_string()), "there is room for it");
    assert!(!protocol.is_closed());
}

#[test]
fn a_cancellation_without_room_is_written_later() {
    let mut config = Config::new(Seed::from_bytes([6; 16]));
    (config.limits.unsent, config.limits.unsent_hard) = (1000, 1000);
    let mut protocol = Protocol::new(config, NOW);
    let prompts = [300, 100]
        .map(|length| protocol.prompt(NOW, Prompt::text("x".repeat(length)).when_busy(WhenBusy::Send)).unwrap());
    prompts.iter().for_each(|prompt| protocol.cancel(NOW, *prompt).unwrap());
    let cancelled =
        |protocol: &Protocol| String::from_utf8_lossy(protocol.poll_transmit()).matches("cancel_async_message").count();
    assert_eq!(cancelled(&protocol), 0);
    sent(&mut protocol);
    assert_eq!(cancelled(&protocol), 2);
}

#[test]
fn output_after_the_exit_is_limited() {
    let mut config = Config::new(Seed::from_bytes([6; 16]));
    config.limits.unread_after_exit = 2 * MIB;
    let mut protocol = Protocol::new(config, NOW);
    let line = format!("{}\n", json!({ "type": "system", "subtype": "noise", "text": "x".repeat(60_000) }));
    let fill = |protocol: &mut Protocol| {
        std::iter::from_fn(|| {
            protocol.wants_read().then(|| protocol.receive(NOW, line.as_bytes())).map(|()| line.len())
        })
        .sum::<usize>()
    };
    let before = fill(&mut protocol);
    assert!((MIB..MIB + 2 * line.len()).contains(&before), "{before}");
    protocol.exited(NOW, Exit::Code(0));
    // What the pipe of a child has is read although the host lags behind.
    let after = fill(&mut protocol);
    assert!((MIB - 2 * line.len()..MIB + 2 * line.len()).contains(&after), "{after}");
    assert!(protocol.poll_action().is_some());
    assert!(protocol.wants_read(), "there is room again");
    let (due, _) = protocol.poll_timeout().expect("the pipes have a grace");
    protocol.handle_timeout(due);
    let Some(Action::Closed(closed)) = std::iter::from_fn(|| protocol.poll_action()).last() else { panic!("open") };
    assert!(closed.output_held, "what was not read is told");
}
