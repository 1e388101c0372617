//! When stdin may be closed: cases 104 to 139.
//!
//! The SDKs close stdin by a policy of their own when an input source is used up. Here the host says `close`, and the
//! session waits for what is still owed: the running turn, or all that `Idle` counts.

use std::time::Duration;

use claude_duplex::{
    Action, ChildCommand, CloseReason, CloseWhen, Config, Deadline, Decision, Exit, IncomingKind, Timeouts,
};
use serde_json::json;

use super::host::{Host, SECOND, assistant, config, init, messages, outcome, state, success, task_started};

const PERMISSION_REQUEST: &str = r#"{"type":"control_request","request_id":"ask-1","request":{"subtype":"can_use_tool","tool_name":"Bash","input":{"command":"ls"},"tool_use_id":"toolu_1"}}"#;

fn owning() -> Config {
    config().handle(IncomingKind::Permission).handle(IncomingKind::Hook)
}

/// A host that waits for all that is owed before it closes stdin.
fn patient() -> Config {
    let mut config = owning();
    config.close_when = CloseWhen::Idle;
    config
}

/// A session whose first turn runs.
fn in_a_turn(config: Config) -> Host {
    let mut host = Host::with(config);
    host.prompt("go");
    host.receive_line(init());
    host
}

fn ended(id: &str) -> String {
    json!({ "type": "system", "subtype": "task_notification", "task_id": id, "status": "completed" }).to_string()
}

fn updated(id: &str, status: &str) -> String {
    json!({ "type": "system", "subtype": "task_updated", "task_id": id, "patch": { "status": status } }).to_string()
}

fn idles(actions: &[Action]) -> usize {
    actions.iter().filter(|action| matches!(action, Action::Idle)).count()
}

#[test]
fn case_104_without_open_work_stdin_is_closed_at_once() {
    let mut host = Host::new();
    host.close();
    assert!(host.closes_stdin());
}

#[test]
fn case_105_while_a_turn_runs_stdin_stays_open() {
    let mut host = in_a_turn(owning());
    host.close();
    assert_eq!(host.orders(), []);
    host.receive_line(&assistant("working"));
    assert_eq!(host.orders(), []);
    host.receive_line(success());
    assert!(host.closes_stdin());
}

#[test]
fn case_106_a_turn_may_take_longer_than_a_minute() {
    let mut host = in_a_turn(owning());
    host.close();
    host.waits(100 * SECOND);
    assert_eq!(host.orders(), []);
    let mut longest = owning();
    longest.timeouts.shutdown.turn = Timeouts::LONGEST_GRACE;
    let mut host = in_a_turn(longest);
    host.close();
    host.waits(3599 * SECOND);
    assert_eq!(host.orders(), []);
}

#[test]
fn case_107_a_permission_request_is_served_after_the_close() {
    let mut host = in_a_turn(owning());
    host.close();
    let actions = host.receive_line(PERMISSION_REQUEST);
    let [Action::IncomingRequest(incoming)] = &actions[..] else { panic!("{actions:?}") };
    host.protocol.respond(host.now, incoming.id(), Decision::allow()).expect("it is open");
    let written = host.written();
    assert_eq!(written[0]["response"]["response"]["behavior"], "allow");
    assert_eq!(host.orders(), []);
    host.receive_line(success());
    assert!(host.closes_stdin());
}

/// No SDK does it, and both lose the answer: an incoming request that is open when the result comes keeps stdin open.
#[test]
fn an_open_incoming_request_keeps_stdin_open() {
    let mut host = in_a_turn(owning());
    let actions = host.receive_line(PERMISSION_REQUEST);
    let [Action::IncomingRequest(incoming)] = &actions[..] else { panic!("{actions:?}") };
    host.close();
    host.receive_line(success());
    assert_eq!(host.orders(), []);
    host.protocol.respond(host.now, incoming.id(), Decision::deny("no")).expect("it is open");
    assert_eq!(host.orders(), [], "the answer is not yet with the CLI");
    assert_eq!(host.written().len(), 1);
    assert!(host.closes_stdin());
}

#[test]
fn case_110_a_running_agent_keeps_stdin_open_until_its_turn_ends() {
    for over in [ended("agent"), updated("agent", "failed")] {
        let mut host = in_a_turn(patient());
        host.receive_line(&task_started("agent", "local_agent"));
        host.close();
        host.receive_line(success());
        assert_eq!(host.orders(), []);
        host.receive_line(&over);
        assert_eq!(host.orders(), [], "the CLI will tell the model of it");
        host.receive_line(init());
        host.receive_line(success());
        assert!(host.closes_stdin());
    }
}

#[test]
fn case_111_one_terminal_frame_ends_a_task() {
    let mut host = in_a_turn(patient());
    for line in [
        task_started("agent", "local_agent"),
        task_started("agent", "local_agent"),
        updated("agent", "running"),
        r#"{"type":"system","subtype":"task_notification"}"#.to_owned(),
        r#"{"type":"system","subtype":"task_started","task_type":"local_agent"}"#.to_owned(),
        ended("another"),
    ] {
        host.receive_line(&line);
    }
    assert_eq!(idles(&host.receive_line(success())), 0);
    host.receive_line(init());
    host.receive_line(&ended("agent"));
    host.receive_line(&updated("agent", "completed"));
    assert_eq!(idles(&host.receive_line(success())), 1, "and that turn tells the model of it");
}

#[test]
fn case_112_shells_monitors_and_teammates_are_not_waited_for() {
    for kind in ["local_bash", "monitor_mcp", "monitor_ws", "in_process_teammate", "mcp_task", "new"] {
        let mut host = in_a_turn(patient());
        host.receive_line(&task_started("t", kind));
        host.receive_line(r#"{"type":"system","subtype":"task_started","task_id":"u"}"#);
        assert_eq!(idles(&host.receive_line(success())), 1, "{kind}");
    }
}

#[test]
fn case_114_a_shell_that_never_ends_does_not_hold_stdin_open() {
    let mut host = in_a_turn(patient());
    host.receive_line(&task_started("shell", "local_bash"));
    host.close();
    host.receive_line(success());
    assert!(host.closes_stdin());
}

#[test]
fn case_115_if_the_cli_reports_its_state_idle_ends_the_run() {
    let mut host = in_a_turn(patient());
    host.receive_line(&state("running"));
    host.receive_line(&task_started("agent", "local_agent"));
    host.receive_line(&ended("agent"));
    host.close();
    assert_eq!(idles(&host.receive_line(success())), 0);
    assert_eq!(host.orders(), []);
    assert_eq!(idles(&host.receive_line(&state("idle"))), 1);
    assert!(host.closes_stdin());
}

/// Nothing is hidden here: who asked for the frames and who did not, both get them, and the mark stays readable.
#[test]
fn case_116_both_kinds_of_state_frames_count_and_are_delivered() {
    for line in
        [state("running"), r#"{"type":"system","subtype":"session_state_changed","state":"running"}"#.to_owned()]
    {
        let mut host = in_a_turn(patient());
        assert_eq!(messages(&host.receive_line(&line)).len(), 1);
        assert_eq!(idles(&host.receive_line(success())), 0);
        assert_eq!(idles(&host.receive_line(&state("idle"))), 1);
    }
}

#[test]
fn case_117_without_reported_state_the_result_ends_the_run() {
    let mut host = in_a_turn(patient());
    assert_eq!(idles(&host.receive_line(success())), 1);
}

#[test]
fn case_118_idle_just_before_the_result_leaves_the_end_to_the_result() {
    let mut host = in_a_turn(patient());
    host.receive_line(&state("running"));
    host.close();
    assert_eq!(idles(&host.receive_line(&state("idle"))), 0);
    assert_eq!(host.orders(), []);
    assert_eq!(idles(&host.receive_line(success())), 1);
    assert!(host.closes_stdin());
}

#[test]
fn case_119_idle_before_any_result_does_not_end_the_run() {
    let mut host = Host::with(patient());
    host.prompt("go");
    assert_eq!(idles(&host.receive_line(&state("idle"))), 0);
    host.close();
    assert_eq!(host.orders(), []);
}

#[test]
fn case_121_a_close_after_several_prompts_waits_for_idle() {
    let mut config = patient();
    config.when_busy = claude_duplex::WhenBusy::Send;
    let mut host = Host::with(config);
    let (one, two) = (host.prompt("one"), host.prompt("two"));
    host.close();
    let mut actions = host.receive_line(&state("running"));
    for _ in [one, two] {
        actions.extend(host.receive_line(init()));
        actions.extend(host.receive_line(success()));
        assert_eq!(host.orders(), []);
    }
    assert!(outcome(&actions, one).is_some() && outcome(&actions, two).is_some());
    host.receive_line(&state("idle"));
    assert!(host.closes_stdin());
}

#[test]
fn case_122_a_later_prompt_needs_its_own_result_and_idle() {
    let mut host = in_a_turn(patient());
    host.receive_line(&state("running"));
    host.receive_line(success());
    assert_eq!(idles(&host.receive_line(&state("idle"))), 1);
    host.prompt("more");
    host.close();
    host.receive_line(&state("idle"));
    assert_eq!(host.orders(), [], "an idle that was late is none of this prompt");
    host.receive_line(&state("running"));
    host.receive_line(init());
    host.receive_line(success());
    assert_eq!(host.orders(), []);
    host.receive_line(&state("idle"));
    assert!(host.closes_stdin());
}

#[test]
fn case_123_running_after_idle_is_waited_for_again() {
    for again in ["running", "requires_action"] {
        let mut host = in_a_turn(patient());
        host.receive_line(success());
        host.receive_line(&state("idle"));
        host.receive_line(&state(again));
        host.close();
        assert_eq!(host.orders(), [], "{again}");
        assert_eq!(idles(&host.receive_line(&state("idle"))), 1, "{again}");
        assert!(host.closes_stdin(), "{again}");
    }
}

#[test]
fn case_124_a_run_that_is_never_idle_ends_once_after_the_grace_period() {
    let mut host = in_a_turn(patient());
    host.receive_line(&state("running"));
    host.receive_line(success());
    host.close();
    assert_eq!(host.times_out(), Some(Deadline::Shutdown));
    assert!(host.closes_stdin());
    host.receive_line(&state("idle"));
    assert_eq!(host.orders(), []);
}

#[test]
fn case_131_a_huge_grace_period_is_limited_to_the_maximum() {
    let mut config = patient();
    config.timeouts.shutdown.turn = Duration::MAX;
    let mut host = in_a_turn(config);
    host.close();
    host.waits(Timeouts::LONGEST_GRACE);
    assert!(host.closes_stdin());
}

#[test]
fn case_133_after_stdin_is_closed_the_run_does_not_reopen() {
    let mut host = in_a_turn(patient());
    host.close();
    host.receive_line(success());
    assert!(host.closes_stdin());
    host.receive_line(&state("running"));
    host.receive_line(init());
    assert_eq!(host.written(), Vec::<serde_json::Value>::new());
    assert_eq!(host.times_out(), Some(Deadline::Shutdown));
    assert_eq!(host.orders(), [ChildCommand::Terminate]);
}

/// A subagent comes back after the first result, and the turn that it causes asks a hook of the host.
#[test]
fn case_135_a_turn_that_follows_the_first_result_is_served() {
    let mut host = in_a_turn(patient());
    host.receive_line(&state("running"));
    host.receive_line(&task_started("agent", "local_agent"));
    host.close();
    host.receive_line(success());
    host.receive_line(&ended("agent"));
    host.receive_line(init());
    let incoming = r#"{"type":"control_request","request_id":"hook-1","request":{"subtype":"hook_callback","callback_id":"hook_0","input":{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{}}}}"#;
    let actions = host.receive_line(incoming);
    let [Action::IncomingRequest(incoming)] = &actions[..] else { panic!("{actions:?}") };
    let nothing = claude_duplex::Json::parse("{}").expect("JSON");
    host.protocol.respond(host.now, incoming.id(), claude_duplex::IncomingResponse::Raw(nothing)).expect("it is open");
    assert_eq!(host.written()[0]["response"]["request_id"], "hook-1");
    host.receive_line(success());
    assert_eq!(host.orders(), []);
    host.receive_line(&state("idle"));
    assert!(host.closes_stdin());
}

#[test]
fn case_136_state_frames_are_delivered() {
    let actions = in_a_turn(config()).receive_line(&state("requires_action"));
    let [message] = messages(&actions)[..] else { panic!("{actions:?}") };
    assert_eq!(message.subtype().as_deref(), Some("session_state_changed"));
}

#[test]
fn case_137_the_grace_period_ends_a_session_that_is_never_idle() {
    let mut host = in_a_turn(patient());
    host.receive_line(&state("running"));
    host.close();
    host.times_out();
    assert!(host.closes_stdin());
    assert_eq!(host.exits(Exit::Code(0)).reason, CloseReason::Closed);
}

#[test]
fn case_138_messages_are_delivered_while_a_close_waits() {
    let mut host = in_a_turn(owning());
    host.close();
    assert!((0..1000).all(|_| messages(&host.receive_line(&assistant("word"))).len() == 1));
    assert_eq!(host.orders(), []);
}

#[test]
fn case_139_the_result_is_the_last_message_of_its_prompt() {
    let mut host = Host::new();
    let prompt = host.prompt("go");
    host.receive_line(init());
    let actions = host.receives(format!("{}\n{}\n{}\n", assistant("a"), success(), assistant("late")).as_bytes());
    let at = |wanted: &dyn Fn(&Action) -> bool| actions.iter().position(wanted);
    let result = at(&|action| matches!(action, Action::Message { message, .. } if message.result().is_ok()));
    let ended = at(&|action| matches!(action, Action::PromptEnded { prompt: of, .. } if *of == prompt));
    let late = actions.len() - 1;
    assert!(matches!(&actions[late], Action::Message { turn: None, .. }), "{actions:?}");
    assert!(result < ended && ended < Some(late), "{actions:?}");
}
