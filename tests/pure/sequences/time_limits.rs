//! `Prompt::time_limit`: a prompt ends in time, whatever the CLI does, and what follows is not mistaken for its end.

use std::time::Duration;

use claude_duplex::testing::{CliVersion, Fault, Script, Step, TestSession, ToolStep};
use claude_duplex::{
    Action, Config, Deadline, Decision, IncomingKind, Outcome, Prompt, PromptId, Protocol, Seed, SessionTime, WhenBusy,
};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(5);
const STOPPED: Option<Outcome> = Some(Outcome::TimedOut { stopped: true });
const NOT_STOPPED: Option<Outcome> = Some(Outcome::TimedOut { stopped: false });

fn at(seconds: u64) -> SessionTime {
    SessionTime::from(Duration::from_secs(seconds))
}

fn config() -> Config {
    Config::new(Seed::from_bytes([2; 16])).handle(IncomingKind::Permission)
}

fn limited(text: &str) -> Prompt {
    Prompt::text(text).time_limit(LIMIT)
}

fn outcome(actions: &[Action], wanted: PromptId) -> Option<Outcome> {
    actions.iter().find_map(|action| match action {
        Action::PromptEnded { prompt, outcome, .. } if *prompt == wanted => Some(*outcome),
        _ => None,
    })
}

/// A session without a CLI: its lines are said by hand.
struct Host {
    protocol: Protocol,
    actions: Vec<Action>,
}

impl Host {
    fn new() -> Self {
        Self { protocol: Protocol::new(config(), SessionTime::ZERO), actions: Vec::new() }
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

    /// The ids of the interrupts that were written.
    fn interrupts(&self) -> Vec<String> {
        let lines = self.protocol.poll_transmit().split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let lines = lines.map(|line| serde_json::from_slice::<Value>(line).expect("a line"));
        let interrupts = lines.filter(|line| line["request"]["subtype"] == "interrupt");
        interrupts.map(|line| line["request_id"].as_str().expect("an id").to_owned()).collect()
    }

    fn is_written(&self, prompt: PromptId) -> bool {
        String::from_utf8_lossy(self.protocol.poll_transmit()).contains(&prompt.uuid().to_string())
    }
}

fn init(version: &str) -> Value {
    json!({ "type": "system", "subtype": "init", "session_id": "s", "claude_code_version": version })
}

fn echo(prompt: PromptId) -> Value {
    json!({ "type": "user", "uuid": prompt.uuid().to_string() })
}

fn result() -> Value {
    json!({ "type": "result", "subtype": "success", "is_error": false, "result": "done" })
}

fn receipt(id: &str, response: Value) -> Value {
    json!({ "type": "control_response", "response": { "subtype": "success", "request_id": id, "response": response } })
}

#[test]
fn a_slow_turn_is_stopped_and_the_session_continues() {
    for &generation in CliVersion::ALL {
        let script = Script::new(generation).then([Step::text_in_parts("long", 4, 10 * LIMIT)]);
        let mut pair = TestSession::new(config(), script);
        let (slow, next) = (pair.prompt(limited("one")), pair.prompt(limited("two")));
        let actions = pair.run_until_idle();
        assert_eq!(outcome(&actions, slow), STOPPED, "{generation:?}");
        assert_eq!(outcome(&actions, next), Some(Outcome::Success), "{generation:?}: queued, it has its own time");
        let has_result = |action: &Action| matches!(action, Action::PromptEnded { result: Some(_), .. });
        assert!(actions.iter().any(has_result), "{generation:?}");
    }
}

#[test]
fn messages_and_responses_do_not_move_the_time_limit() {
    let call = || Step::from(ToolStep::bash("ls").requires_permission().duration(Duration::from_secs(2)));
    let script = Script::default().then([call(), call(), call(), call(), Step::text("done")]);
    let mut pair = TestSession::new(config(), script);
    let prompt = pair.prompt(limited("go"));
    loop {
        match pair.run_until(|action| matches!(action, Action::IncomingRequest(_) | Action::PromptEnded { .. })) {
            Action::IncomingRequest(incoming) => pair.respond(incoming.id(), Decision::allow()),
            ended => break assert_eq!(outcome(&[ended], prompt), STOPPED),
        };
    }
    assert!(pair.now() < at(7), "{:?}", pair.now());
}

/// The final text came, the interrupt is acknowledged, and no result follows.
#[test]
fn a_stopped_turn_without_a_result_ends_after_the_grace_period() {
    let mut host = Host::new();
    let prompt = host.protocol.prompt(at(0), limited("hello")).unwrap();
    let next = host.protocol.prompt(at(0), "next").unwrap();
    host.receive_line(1, &init("2.1.220"));
    host.receive_line(1, &echo(prompt));
    host.receive_line(
        2,
        &json!({ "type": "assistant", "message": { "content": [{ "type": "text", "text": "all" }] } }),
    );
    assert_eq!(host.protocol.poll_timeout(), Some((at(5), Deadline::Prompt)));
    host.waits(5);
    let [id] = &host.interrupts()[..] else { panic!("not interrupted once") };
    host.receive_line(7, &receipt(id, json!({ "still_queued": [] })));
    assert_eq!(host.protocol.poll_timeout(), Some((at(17), Deadline::Prompt)), "the grace begins with the receipt");
    assert!(!host.is_written(next));
    host.waits(17);
    assert_eq!(outcome(&host.actions, prompt), STOPPED);
    assert!(host.actions.iter().any(|action| matches!(action, Action::TurnEnded { result: None, .. })));
    assert!(host.is_written(next), "the session can be used");
    host.receive_line(18, &init("2.1.220"));
    host.receive_line(18, &echo(next));
    host.receive_line(19, &result());
    assert_eq!(outcome(&host.actions, next), Some(Outcome::Success));
}

/// Without a list in the receipt, or with words after it, the turn may go on: nothing is written into it.
#[test]
fn a_prompt_that_may_still_run_ends_in_time_and_keeps_its_capacity() {
    for (version, response, word) in [
        ("2.1.143", json!({}), None),
        ("2.1.220", json!({ "still_queued": [] }), Some(9)),
        ("2.1.220", Value::Null, None),
    ] {
        let mut host = Host::new();
        let prompt = host.protocol.prompt(at(0), limited("hello")).unwrap();
        let next = host.protocol.prompt(at(0), "next").unwrap();
        host.receive_line(1, &init(version));
        host.receive_line(1, &echo(prompt));
        host.waits(5);
        let ids = host.interrupts();
        if !response.is_null() {
            host.receive_line(6, &receipt(&ids[0], response));
        }
        if let Some(seconds) = word {
            host.receive_line(seconds, &json!({ "type": "assistant", "message": { "content": [] } }));
        }
        host.waits(16);
        assert_eq!(outcome(&host.actions, prompt), NOT_STOPPED, "{version}");
        assert!(!host.is_written(next) && !host.protocol.is_idle(), "{version}");
        assert!(host.protocol.cancel(at(16), prompt).is_err(), "it is over");
        // Its result comes after all: it is nobody's, and what waited is written.
        host.receive_line(20, &result());
        assert!(host.is_written(next), "{version}");
        host.receive_line(21, &init(version));
        host.receive_line(21, &echo(next));
        host.receive_line(22, &result());
        assert_eq!(outcome(&host.actions, next), Some(Outcome::Success), "{version}");
        let ends = host.actions.iter().filter(|action| matches!(action, Action::PromptEnded { .. })).count();
        assert_eq!(ends, 2, "{version}: each prompt ends once");
    }
}

#[test]
fn a_silent_cli_does_not_delay_a_time_limit() {
    let mut host = Host::new();
    let prompt = host.protocol.prompt(at(0), limited("hello?")).unwrap();
    host.waits(5);
    assert_eq!(host.interrupts().len(), 1);
    host.waits(14);
    assert_eq!(outcome(&host.actions, prompt), None);
    host.waits(15);
    assert_eq!(outcome(&host.actions, prompt), NOT_STOPPED);

    let mut pair = TestSession::new(config(), Script::default().fault(Fault::Silent));
    let prompt = pair.prompt(limited("hello?"));
    let ended = pair.run_until(|action| matches!(action, Action::PromptEnded { .. }));
    assert!(outcome(&[ended], prompt).is_some() && pair.now() <= at(15));
    assert!(matches!(pair.close().last(), Some(Action::Closed(_))));
}

#[test]
fn a_success_within_the_grace_period_counts() {
    let mut host = Host::new();
    let prompt = host.protocol.prompt(at(0), limited("hello")).unwrap();
    host.receive_line(1, &init("2.1.329"));
    host.receive_line(1, &echo(prompt));
    host.waits(5);
    host.receive_line(6, &json!({ "type": "assistant", "message": { "content": [] } }));
    host.receive_line(
        6,
        &json!({ "type": "result", "subtype": "success", "is_error": false, "terminal_reason": "completed" }),
    );
    assert_eq!(outcome(&host.actions, prompt), Some(Outcome::Success));
    assert!(host.protocol.poll_timeout().is_none_or(|(_, reason)| reason != Deadline::Prompt));
}

/// An interrupt stops what runs, whatever waits: the prompt that waits is withdrawn.
#[test]
fn a_time_limit_withdraws_a_queued_prompt_and_the_turn_continues() {
    for generation in [CliVersion::V2_1_250, CliVersion::V2_1_329] {
        let script = Script::new(generation).then([Step::text_in_parts("long", 4, LIMIT)]);
        let mut pair = TestSession::new(config(), script);
        let running = pair.prompt("one");
        pair.run_until(|action| matches!(action, Action::PromptTaken { .. }));
        let waiting = pair.prompt(Prompt::text("two").when_busy(WhenBusy::Send).time_limit(LIMIT / 2));
        let actions = pair.run_until_idle();
        assert_eq!(outcome(&actions, waiting), STOPPED, "{generation:?}");
        assert_eq!(outcome(&actions, running), Some(Outcome::Success), "{generation:?}");
    }
}

#[test]
fn the_session_time_limit_applies_to_prompts_without_one() {
    let mut config = config();
    config.timeouts.prompt = Some(LIMIT);
    let mut protocol = Protocol::new(config, SessionTime::ZERO);
    protocol.prompt(at(0), "x").unwrap();
    assert_eq!(protocol.poll_timeout(), Some((at(5), Deadline::Prompt)));
    protocol.prompt(at(0), Prompt::text("y").when_busy(WhenBusy::Send).time_limit(LIMIT / 5)).unwrap();
    assert_eq!(protocol.poll_timeout(), Some((at(1), Deadline::Prompt)));
}

#[test]
fn a_time_limit_survives_a_round_trip_of_the_prompt() {
    let prompt = limited("x");
    let text = serde_json::to_string(&prompt).unwrap();
    assert_eq!(serde_json::from_str::<Prompt>(&text).unwrap(), prompt);
    assert!(!serde_json::to_string(&Prompt::text("x")).unwrap().contains("time_limit"));
}

/// All prompts end as the session is given up, and with them their time limits.
#[test]
fn an_abort_does_not_wait_for_time_limits() {
    let mut config = config();
    config.limits.unsent_hard = 200;
    let mut protocol = Protocol::new(config, SessionTime::ZERO);
    protocol.prompt(at(0), limited("hello")).unwrap();
    assert_eq!(protocol.poll_timeout(), Some((at(5), Deadline::Prompt)));
    // The interrupt of the close is more than may wait.
    protocol.close_now(at(4));
    assert_eq!(protocol.poll_timeout().map(|(_, deadline)| deadline), Some(Deadline::Shutdown));
}
