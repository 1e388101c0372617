//! Prompts whose turn is over without a `result`: they end as lost after a grace period, where the CLI's words can be
//! relied on, and their results may still come, late.

use std::time::Duration;

use claude_duplex::testing::{CliVersion, Fault, Script, Step, TestSession};
use claude_duplex::{
    Action, Config, Deadline, Decision, IncomingKind, Interrupt, LostReason, Outcome, Prompt, PromptId, Protocol, Seed,
    SessionTime, WhenBusy,
};
use serde_json::{Value, json};

const LOST: Option<Outcome> = Some(Outcome::Lost(LostReason::NoResult));
const SUCCESS: Option<Outcome> = Some(Outcome::Success);

fn at(seconds: u64) -> SessionTime {
    SessionTime::from(Duration::from_secs(seconds))
}

/// A session without a CLI: its lines are written by hand.
struct Host {
    protocol: Protocol,
    actions: Vec<Action>,
}

impl Host {
    fn new() -> Self {
        Self::with(Config::new(Seed::from_bytes([2; 16])).handle(IncomingKind::Permission))
    }

    fn with(config: Config) -> Self {
        Self { protocol: Protocol::new(config, SessionTime::ZERO), actions: Vec::new() }
    }

    /// One with a prompt whose turn runs on that version.
    fn in_turn(version: &str) -> (Self, PromptId) {
        let mut host = Self::new();
        let prompt = host.prompt("hello");
        if version >= "2.1.206" {
            host.receive_line(0, &life(prompt, "queued"));
            host.receive_line(0, &life(prompt, "started"));
        }
        host.receive_line(0, &init(version));
        host.receive_line(0, &echo(prompt));
        (host, prompt)
    }

    fn prompt(&mut self, text: &str) -> PromptId {
        self.protocol.prompt(self.protocol.now(), Prompt::text(text).when_busy(WhenBusy::Send)).expect("there is room")
    }

    fn interrupt(&mut self) {
        self.protocol.interrupt(self.protocol.now(), Interrupt::running().id("i")).expect("there is room");
    }

    fn receive_line(&mut self, seconds: u64, line: &Value) {
        self.protocol.receive(at(seconds), format!("{line}\n").as_bytes());
        self.poll();
    }

    fn waits(&mut self, seconds: u64) {
        self.protocol.handle_timeout(at(seconds));
        self.poll();
    }

    fn poll(&mut self) {
        self.actions.extend(std::iter::from_fn(|| self.protocol.poll_action()));
    }

    fn outcome(&self, wanted: PromptId) -> Option<Outcome> {
        outcome(&self.actions, wanted)
    }

    /// Checks that a prompt is given up at that second and not before.
    fn is_lost_at(&mut self, seconds: u64, prompt: PromptId) {
        assert_eq!(self.protocol.poll_timeout(), Some((at(seconds), Deadline::Result)));
        self.waits(seconds - 1);
        assert_eq!(self.outcome(prompt), None);
        self.waits(seconds);
        assert_eq!(self.outcome(prompt), LOST);
    }

    /// Checks that a prompt stays open, however long the CLI is silent.
    fn stays_open(&mut self, prompt: PromptId) {
        assert_eq!(self.protocol.poll_timeout(), None);
        self.waits(3000);
        assert_eq!(self.outcome(prompt), None);
    }
}

fn outcome(actions: &[Action], wanted: PromptId) -> Option<Outcome> {
    actions.iter().find_map(|action| match action {
        Action::PromptEnded { prompt, outcome, .. } if *prompt == wanted => Some(*outcome),
        _ => None,
    })
}

fn init(version: &str) -> Value {
    json!({ "type": "system", "subtype": "init", "session_id": "s", "claude_code_version": version })
}

fn echo(prompt: PromptId) -> Value {
    json!({ "type": "user", "uuid": prompt.uuid().to_string(), "message": {} })
}

fn life(prompt: PromptId, state: &str) -> Value {
    json!({ "type": "command_lifecycle", "command_uuid": prompt.uuid().to_string(), "state": state })
}

fn state(state: &str) -> Value {
    json!({ "type": "system", "subtype": "session_state_changed", "state": state })
}

fn blocks(kind: &str, block: &str) -> Value {
    json!({ "type": kind, "message": { "content": [{ "type": block }] } })
}

fn result(uuid: &str) -> Value {
    json!({ "type": "result", "subtype": "success", "is_error": false, "result": "done", "uuid": uuid })
}

fn receipt(response: Value) -> Value {
    json!({ "type": "control_response", "response": { "subtype": "success", "request_id": "i", "response": response } })
}

/// The CLI writes `cancelled` right behind the result of an interrupted turn. If that line is damaged, nothing else says that the
/// turn is over.
#[test]
fn a_prompt_cancelled_during_its_turn_is_lost_after_the_grace_period() {
    let (mut host, prompt) = Host::in_turn("2.1.329");
    host.protocol.receive(at(1), b"{\"type\":\"result\",\"subtype\":\"error_du\n");
    host.receive_line(1, &life(prompt, "cancelled"));
    host.is_lost_at(11, prompt);

    // The CLI goes on with a prompt of which no end is known either.
    let (mut host, prompt) = Host::in_turn("2.1.329");
    let next = host.prompt("next");
    host.receive_line(1, &life(prompt, "cancelled"));
    host.receive_line(1, &life(next, "started"));
    host.receive_line(1, &init("2.1.329"));
    host.receive_line(2, &result("00000000-0000-4000-8000-0000000000a1"));
    host.waits(12);
    assert_eq!((host.outcome(prompt), host.outcome(next)), (LOST, SUCCESS));

    // The result that follows counts.
    let (mut host, prompt) = Host::in_turn("2.1.329");
    host.receive_line(1, &life(prompt, "cancelled"));
    let aborted = json!({ "type": "result", "subtype": "error_during_execution", "terminal_reason": "aborted_tools" });
    host.receive_line(1, &aborted);
    assert_eq!(host.outcome(prompt), Some(Outcome::Interrupted));
}

#[test]
fn a_completed_prompt_without_a_result_is_lost_after_the_grace_period() {
    let (mut host, prompt) = Host::in_turn("2.1.220");
    let next = host.protocol.prompt(at(0), "next").unwrap();
    host.receive_line(1, &life(prompt, "completed"));
    // Each line restarts it, but for a `keep_alive`.
    host.receive_line(5, &blocks("assistant", "text"));
    host.receive_line(6, &json!({ "type": "keep_alive" }));
    host.is_lost_at(15, prompt);
    assert!(host.actions.iter().any(|action| matches!(action, Action::TurnEnded { result: None, .. })));
    // The queued prompt is written, and the late result is not its.
    assert!(String::from_utf8_lossy(host.protocol.poll_transmit()).contains(&next.uuid().to_string()));
    host.receive_line(16, &result("00000000-0000-4000-8000-0000000000a1"));
    assert_eq!(host.outcome(next), None);
    host.receive_line(17, &life(next, "started"));
    host.receive_line(17, &init("2.1.220"));
    host.receive_line(18, &result("00000000-0000-4000-8000-0000000000a2"));
    assert_eq!(host.outcome(next), SUCCESS);
    assert!(host.protocol.is_idle());
}

/// A program that stands in for the CLI, and gives neither `command_lifecycle` nor echoes.
#[test]
fn a_late_result_does_not_end_the_next_prompt() {
    let mut host = Host::new();
    let prompt = host.prompt("hello");
    host.receive_line(0, &init("2.1.220"));
    host.receive_line(0, &blocks("assistant", "text"));
    host.interrupt();
    host.receive_line(1, &receipt(json!({ "still_queued": [] })));
    let next = host.protocol.prompt(at(1), "next").unwrap();
    host.is_lost_at(11, prompt);
    assert!(String::from_utf8_lossy(host.protocol.poll_transmit()).contains(&next.uuid().to_string()));
    host.receive_line(12, &result("00000000-0000-4000-8000-0000000000a1"));
    assert_eq!(host.outcome(next), None, "absorbed");
    // One result, and no second.
    host.receive_line(13, &result("00000000-0000-4000-8000-0000000000a2"));
    assert_eq!(host.outcome(next), SUCCESS);
}

#[test]
fn the_next_turn_does_not_wait_for_a_lost_result() {
    let (mut host, prompt) = Host::in_turn("2.1.220");
    host.receive_line(1, &life(prompt, "completed"));
    host.is_lost_at(11, prompt);
    let next = host.prompt("next");
    host.receive_line(12, &init("2.1.220"));
    host.receive_line(12, &echo(next));
    host.receive_line(13, &result("00000000-0000-4000-8000-0000000000a1"));
    assert_eq!(host.outcome(next), SUCCESS);
}

#[test]
fn a_new_turn_cancels_the_end_of_a_missing_result() {
    for begins in [init("2.1.220"), state("running"), json!(null)] {
        let (mut host, prompt) = Host::in_turn("2.1.220");
        host.receive_line(1, &life(prompt, "completed"));
        let begins = if begins.is_null() { life(prompt, "started") } else { begins };
        host.receive_line(2, &begins);
        host.waits(60);
        assert_eq!(host.outcome(prompt), None, "{begins}");
        let named = json!({ "type": "result", "subtype": "success", "is_error": false, "result": "done",
            "user_message_uuids": [prompt.uuid().to_string()] });
        host.receive_line(61, &named);
        assert_eq!(host.outcome(prompt), SUCCESS, "{begins}");
    }
}

/// The result of a second turn names the second prompt; the first was completed before it.
#[test]
fn a_completed_prompt_that_no_later_result_names_is_lost() {
    for named in [true, false] {
        let (mut host, first) = Host::in_turn("2.1.220");
        host.receive_line(1, &life(first, "completed"));
        let second = host.prompt("two");
        host.receive_line(2, &life(second, "queued"));
        host.receive_line(2, &life(second, "started"));
        host.receive_line(2, &init("2.1.220"));
        let mut result = result("00000000-0000-4000-8000-0000000000a1");
        if named {
            result["user_message_uuids"] = json!([second.uuid().to_string()]);
        }
        host.receive_line(3, &result);
        assert_eq!((host.outcome(first), host.outcome(second)), (None, SUCCESS), "{named}");
        host.is_lost_at(13, first);
    }
}

/// The `init` of its turn was lost.
#[test]
fn a_result_within_the_grace_period_counts() {
    let mut host = Host::new();
    let prompt = host.prompt("hello");
    for lifecycle in ["queued", "started", "completed"] {
        host.receive_line(0, &life(prompt, lifecycle));
    }
    assert_eq!(host.outcome(prompt), None);
    host.receive_line(1, &result("00000000-0000-4000-8000-0000000000a1"));
    assert_eq!(host.outcome(prompt), SUCCESS);
    assert_eq!(host.protocol.poll_timeout(), None);
}

#[test]
fn a_fold_blocked_by_a_hook_stays_blocked() {
    let (mut host, prompt) = Host::in_turn("2.1.329");
    let fold = host.prompt("fold");
    host.receive_line(1, &life(fold, "queued"));
    host.receive_line(2, &life(fold, "completed"));
    host.receive_line(2, &json!({ "type": "system", "subtype": "informational", "prevent_continuation": true }));
    assert_eq!(host.outcome(fold), Some(Outcome::Blocked));
    host.stays_open(prompt);
}

#[test]
fn idle_ends_prompts_that_were_written_before_it() {
    let mut host = Host::new();
    let prompt = host.prompt("hello");
    host.receive_line(0, &state("running"));
    host.receive_line(0, &init("2.1.329"));
    let later = host.prompt("later");
    host.receive_line(1, &state("idle"));
    host.is_lost_at(11, prompt);
    assert_eq!(host.outcome(later), None, "the CLI may not have read it");
    host.stays_open(later);
}

#[test]
fn an_acknowledged_interrupt_ends_prompts_that_it_does_not_list() {
    let (mut host, prompt) = Host::in_turn("2.1.250");
    let queued = host.prompt("queued");
    host.interrupt();
    let after = host.prompt("after");
    host.receive_line(1, &receipt(json!({ "still_queued": [queued.uuid().to_string()] })));
    host.is_lost_at(11, prompt);
    host.waits(60);
    assert_eq!((host.outcome(queued), host.outcome(after)), (None, None));

    // A tool that runs may delay it.
    let (mut host, prompt) = Host::in_turn("2.1.250");
    host.receive_line(1, &blocks("assistant", "tool_use"));
    host.interrupt();
    host.receive_line(2, &receipt(json!({ "still_queued": [] })));
    assert_eq!(host.protocol.poll_timeout(), None);
    host.receive_line(100, &blocks("user", "tool_result"));
    host.is_lost_at(110, prompt);
}

#[test]
fn an_open_incoming_request_delays_the_end_of_a_missing_result() {
    let (mut host, prompt) = Host::in_turn("2.1.250");
    host.interrupt();
    host.receive_line(1, &receipt(json!({ "still_queued": [] })));
    let incoming = json!({ "type": "control_request", "request_id": "r",
        "request": { "subtype": "can_use_tool", "tool_name": "Bash", "input": {} } });
    host.receive_line(2, &incoming);
    assert_eq!(host.protocol.poll_timeout(), None);
    let open = host.protocol.open_incoming().next().expect("it is open").id();
    host.protocol.respond(at(50), open, Decision::deny("no")).unwrap();
    host.is_lost_at(60, prompt);
}

#[test]
fn on_older_versions_only_a_time_limit_ends_a_prompt_without_a_result() {
    for version in ["1.0.128", "2.0.76", "2.1.50", "2.1.143", "2.1.178", "2.1.205"] {
        let (mut host, prompt) = Host::in_turn(version);
        host.receive_line(1, &state("running"));
        host.receive_line(1, &state("idle"));
        host.interrupt();
        host.receive_line(2, &receipt(json!({ "still_queued": [] })));
        host.stays_open(prompt);
    }
    // Receipts without the list prove nothing.
    let (mut host, prompt) = Host::in_turn("2.1.250");
    host.interrupt();
    host.receive_line(2, &receipt(json!({})));
    host.stays_open(prompt);
}

#[test]
fn the_grace_period_of_a_missing_result_is_a_setting() {
    for grace in [None, Some(Duration::from_secs(3))] {
        let mut config = Config::new(Seed::from_bytes([2; 16]));
        config.timeouts.missing_result = grace;
        let mut host = Host::with(config);
        let prompt = host.prompt("hello");
        for lifecycle in ["queued", "started", "completed"] {
            host.receive_line(1, &life(prompt, lifecycle));
        }
        match grace {
            None => host.stays_open(prompt),
            Some(_) => host.is_lost_at(4, prompt),
        }
    }
}

#[test]
fn prompts_end_if_the_mock_cli_omits_the_result() {
    for &generation in CliVersion::ALL {
        for fault in [Fault::NoResult, Fault::IdleWithoutResult] {
            let script =
                Script::new(generation).session_state_messages(true).fault(fault.clone()).then([Step::text("all")]);
            let mut pair = TestSession::new(Config::new(Seed::from_bytes([2; 16])), script.then([Step::text("more")]));
            let (prompt, next) = (pair.prompt("one"), pair.prompt("two"));
            pair.advance(Duration::from_secs(20));
            let actions = pair.take_actions();
            let ends = generation >= CliVersion::V2_1_250 && fault == Fault::IdleWithoutResult;
            let expected = if ends { (LOST, SUCCESS) } else { (None, None) };
            let seen = (outcome(&actions, prompt), outcome(&actions, next));
            assert_eq!(seen, expected, "{generation:?}, {fault:?}");
        }
    }
}

#[test]
fn an_idle_cli_that_never_ran_leaves_no_recurring_deadline() {
    let (mut host, prompt) = Host::in_turn("2.1.329");
    host.receive_line(1, &json!({ "type": "system", "subtype": "session_state_changed", "state": "idle" }));
    host.waits(60);
    let due = host.protocol.poll_timeout();
    assert!(due.is_none_or(|(due, _)| due > at(60)), "{due:?}");
    assert_eq!(host.outcome(prompt), None);
    host.receive_line(61, &json!({ "type": "result", "subtype": "success", "is_error": false, "result": "done" }));
    assert_eq!(host.outcome(prompt), SUCCESS);
}
