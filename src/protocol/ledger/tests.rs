//! Evidence about prompts in single lines.

use crate::protocol::action::{Action, Attribution, Outcome};
use crate::{
    Config, Interrupt, Json, LostReason, Priority, Prompt, PromptId, Protocol, Seed, SessionTime, TurnId, WhenBusy,
};

/// End of a prompt: its turn, its outcome, `true` if a rule inferred it, and the `uuid` of its result.
type End = (Option<u64>, Outcome, bool, Option<String>);

struct Host {
    protocol: Protocol,
    told: Vec<Action>,
}

impl Host {
    fn new() -> Self {
        let mut config = Config::new(Seed::from_bytes([3; 16]));
        config.when_busy = WhenBusy::Send;
        Self { protocol: Protocol::new(config, SessionTime::ZERO), told: Vec::new() }
    }

    fn prompt(&mut self, prompt: impl Into<Prompt>) -> PromptId {
        let prompt = self.protocol.prompt(SessionTime::ZERO, prompt).expect("there is room");
        self.written();
        prompt
    }

    fn written(&mut self) {
        let pending = self.protocol.poll_transmit().len();
        self.protocol.sent(SessionTime::ZERO, pending);
    }

    /// Interrupts, with an acknowledgment of the CLI.
    fn interrupt(&mut self) {
        self.protocol.interrupt(SessionTime::ZERO, Interrupt::running().id("i")).expect("there is room");
        self.written();
        self.hears(r#"{"type":"control_response","response":{"subtype":"success","request_id":"i"}}"#);
    }

    fn hears(&mut self, line: &str) {
        self.protocol.receive(SessionTime::ZERO, format!("{line}\n").as_bytes());
        self.told.extend(std::iter::from_fn(|| self.protocol.poll_action()));
    }

    fn init(&mut self, version: &str) {
        self.hears(&format!(r#"{{"type":"system","subtype":"init","claude_code_version":"{version}"}}"#));
    }

    fn echo(&mut self, prompt: PromptId) {
        self.hears(&format!(r#"{{"type":"user","uuid":"{}","message":{{}}}}"#, prompt.uuid()));
    }

    fn life(&mut self, prompt: PromptId, state: &str) {
        let uuid = prompt.uuid();
        self.hears(&format!(r#"{{"type":"command_lifecycle","command_uuid":"{uuid}","state":"{state}"}}"#));
    }

    fn result(&mut self, uuid: &str, fields: &str) {
        self.hears(&format!(r#"{{"type":"result","uuid":"{uuid}",{fields}}}"#));
    }

    fn end(&self, wanted: PromptId) -> Option<End> {
        self.told.iter().find_map(|action| match action {
            Action::PromptEnded { prompt, turn, outcome, attribution, result } if *prompt == wanted => {
                let result = result.as_ref().and_then(|result| result.uuid()).map(|uuid| uuid.into_owned());
                Some((turn.map(TurnId::number), *outcome, *attribution == Attribution::Inferred, result))
            }
            _ => None,
        })
    }

    fn taken(&self, wanted: PromptId) -> Vec<u64> {
        let taken = self.told.iter().filter_map(|action| match action {
            Action::PromptTaken { prompt, turn } if *prompt == wanted => Some(turn.number()),
            _ => None,
        });
        taken.collect()
    }
}

const SUCCESS: &str = r#""subtype":"success","is_error":false,"result":"ok""#;
const CRASH: &str = r#""subtype":"error_during_execution","is_error":false"#;

fn end(turn: u64, outcome: Outcome, inferred: bool, result: &str) -> Option<End> {
    Some((Some(turn), outcome, inferred, Some(result.to_owned())))
}

#[test]
fn an_interrupt_while_idle_does_not_explain_a_later_error() {
    let mut host = Host::new();
    host.interrupt();
    let prompt = host.prompt("hello");
    host.init("2.1.50");
    host.echo(prompt);
    host.result("r1", CRASH);
    assert_eq!(host.end(prompt), end(1, Outcome::Error, false, "r1"));
}

#[test]
fn an_interrupt_before_a_prompt_does_not_explain_its_error() {
    let mut host = Host::new();
    host.protocol.interrupt(SessionTime::ZERO, Interrupt::running().id("i")).expect("there is room");
    let prompt = host.prompt("hello");
    host.hears(r#"{"type":"control_response","response":{"subtype":"success","request_id":"i"}}"#);
    host.init("2.1.50");
    host.echo(prompt);
    host.result("r1", CRASH);
    assert_eq!(host.end(prompt), end(1, Outcome::Error, false, "r1"));
}

#[test]
fn an_interrupt_explains_the_error_of_a_running_or_queued_prompt() {
    for in_turn in [true, false] {
        let mut host = Host::new();
        let prompt = host.prompt("hello");
        if in_turn {
            host.init("2.1.50");
        }
        host.interrupt();
        if !in_turn {
            host.init("2.1.50");
        }
        host.echo(prompt);
        host.result("r1", CRASH);
        assert_eq!(host.end(prompt), end(1, Outcome::Interrupted, false, "r1"), "{in_turn}");
    }
}

#[test]
fn a_prompt_ends_in_the_turn_that_took_it_last() {
    let mut host = Host::new();
    let (first, second) = (host.prompt("one"), host.prompt("two"));
    host.init("2.1.329");
    host.echo(first);
    host.echo(second);
    host.result("r1", &format!(r#"{SUCCESS},"user_message_uuids":["{}"]"#, first.uuid()));
    assert_eq!((host.taken(second), host.end(second)), (vec![1], None));
    host.hears(r#"{"type":"keep_alive"}"#);
    host.protocol.eof(SessionTime::ZERO);
    host.told.extend(std::iter::from_fn(|| host.protocol.poll_action()));
    assert_eq!(host.end(second), Some((Some(1), Outcome::Lost(LostReason::Eof), false, None)));
}

#[test]
fn a_late_echo_leaves_a_prompt_in_its_turn() {
    let mut host = Host::new();
    let (first, second) = (host.prompt("one"), host.prompt("two"));
    host.init("2.1.329");
    host.echo(first);
    host.echo(second);
    host.result("r1", &format!(r#"{SUCCESS},"user_message_uuids":["{}"]"#, first.uuid()));
    host.echo(second);
    host.protocol.eof(SessionTime::ZERO);
    host.hears("");
    assert_eq!(host.end(second), Some((Some(1), Outcome::Lost(LostReason::Eof), false, None)));
}

#[test]
fn a_result_that_names_a_prompt_ends_only_that_prompt() {
    let mut host = Host::new();
    let (first, second) = (host.prompt("one"), host.prompt("two"));
    host.init("2.1.250");
    host.result("r1", &format!(r#"{SUCCESS},"terminal_reason":"completed","user_message_uuid":"{}""#, second.uuid()));
    assert_eq!(host.end(first), None);
    assert_eq!(host.end(second), end(1, Outcome::Success, false, "r1"));
}

#[test]
fn a_discarded_or_refused_prompt_ends_at_once() {
    for (state, outcome) in [("discarded", Outcome::Cancelled), ("refused", Outcome::Error)] {
        let mut host = Host::new();
        let prompt = host.prompt("hello");
        host.life(prompt, "queued");
        host.life(prompt, state);
        assert_eq!(host.end(prompt), Some((None, outcome, false, None)), "{state}");
    }
}

#[test]
fn a_hook_that_stops_a_turn_at_a_tool_blocks_its_prompt() {
    for (version, fields, inferred) in
        [("2.1.332", r#""terminal_reason":"hook_stopped""#, false), ("2.1.73", r#""stop_reason":"tool_use""#, true)]
    {
        let mut host = Host::new();
        let prompt = host.prompt("hello");
        host.init(version);
        host.echo(prompt);
        host.result("r1", &format!(r#""subtype":"success","is_error":false,"result":"",{fields}"#));
        assert_eq!(host.end(prompt), end(1, Outcome::Blocked, inferred, "r1"), "{version}");
    }
}

/// On 2.1.73 a prompt with the priority `Later` was taken before another prompt arrived, which the rule puts first.
#[test]
fn a_line_that_contradicts_a_rule_corrects_it() {
    let mut host = Host::new();
    let running = host.prompt("one");
    host.init("2.1.73");
    host.echo(running);
    let later = host.prompt(Prompt::text("two").priority(Priority::Later));
    let next = host.prompt("three");
    let last = host.prompt("four");
    host.result("r1", &format!(r#"{SUCCESS},"stop_reason":"end_turn""#));
    host.init("2.1.73");
    host.result("r2", r#""subtype":"success","is_error":false,"result":"","stop_reason":null"#);
    assert_eq!(host.end(next), end(2, Outcome::Blocked, true, "r2"), "by the rule");
    host.init("2.1.73");
    host.echo(next);
    assert_eq!(host.end(last), end(2, Outcome::Blocked, true, "r2"), "of the others, the rule's first");
    host.result("r3", &format!(r#"{SUCCESS},"stop_reason":"end_turn""#));
    assert_eq!(host.end(later), None, "the turn of what was echoed answers nobody else");
    host.init("2.1.73");
    host.echo(later);
    host.result("r4", &format!(r#"{SUCCESS},"stop_reason":"end_turn""#));
    assert_eq!(host.end(later), end(4, Outcome::Success, false, "r4"));
}

/// The result of `/compact` has no text, as that of a prompt that a hook refused (`compact_queued` of 2.1.73).
#[test]
fn the_output_of_a_local_command_shows_that_its_turn_runs_a_command() {
    let mut host = Host::new();
    let running = host.prompt("one");
    host.init("2.1.73");
    host.echo(running);
    let (command, after) = (host.prompt("/compact"), host.prompt("two"));
    host.result("r1", &format!(r#"{SUCCESS},"stop_reason":"end_turn""#));
    host.init("2.1.73");
    host.hears(r#"{"type":"user","message":{"role":"user","content":"<local-command-stdout>Compacted </local-command-stdout>"},"uuid":"0be32da0-ce75-4aea-b277-9fa85626a1c8"}"#);
    host.result("r2", r#""subtype":"success","is_error":false,"result":"","stop_reason":null"#);
    assert_eq!((host.end(command), host.end(after)), (end(2, Outcome::Local, true, "r2"), None));
    host.init("2.1.73");
    host.echo(after);
    host.result("r3", &format!(r#"{SUCCESS},"stop_reason":"end_turn""#));
    assert_eq!(host.end(after), end(3, Outcome::Success, false, "r3"));
}

#[test]
fn a_prompt_with_a_known_uuid_ends_at_once() {
    let mut host = Host::new();
    let prompt = host.prompt("hello");
    host.echo(prompt);
    assert_eq!(host.end(prompt), Some((None, Outcome::Duplicate, false, None)), "echoed as it is read, and not run");
    // What could not be read may have been the `init` of its turn.
    let mut host = Host::new();
    let prompt = host.prompt("hello");
    host.hears("npm warn {");
    host.echo(prompt);
    host.result("r1", SUCCESS);
    assert_eq!(host.end(prompt), end(1, Outcome::Success, false, "r1"));
    // With a word of it, from 2.1.206: whatever runs meanwhile.
    let mut host = Host::new();
    let (running, seen) = (host.prompt("one"), host.prompt("two"));
    host.life(running, "queued");
    host.life(running, "started");
    host.init("2.1.332");
    host.echo(seen);
    host.life(seen, "completed");
    assert_eq!((host.end(running), host.end(seen).map(|(_, outcome, ..)| outcome)), (None, Some(Outcome::Duplicate)));
}

/// Also when the lines concern a prompt that has ended for the host, or one of another host.
#[test]
fn a_cli_that_reports_the_progress_of_any_prompt_leaves_no_result_to_guess() {
    const OTHER: &str =
        r#"{"type":"command_lifecycle","command_uuid":"00000000-0000-4000-8000-0000000000a1","state":"queued"}"#;
    for reports in [false, true] {
        let mut host = Host::new();
        if reports {
            host.hears(OTHER);
        }
        let prompt = host.prompt("hello");
        host.init("2.1.100");
        host.result("r1", SUCCESS);
        let guessed = end(1, Outcome::Success, true, "r1");
        assert_eq!(host.end(prompt), guessed.filter(|_| !reports), "{reports}");
    }
}

/// The lines that announced the prompt are missing: another program has damaged them, or it only seems so.
#[test]
fn a_prompt_in_a_turn_does_not_end_as_a_duplicate() {
    for is_rejected in [true, false] {
        let mut host = Host::new();
        let prompt = host.prompt("hello");
        if is_rejected {
            host.hears("npm warn {");
        } else {
            host.init("2.1.332");
            host.echo(prompt);
        }
        host.life(prompt, "completed");
        assert_eq!(host.end(prompt), None, "{is_rejected}");
        host.result("r1", &format!(r#"{SUCCESS},"user_message_uuids":["{}"]"#, prompt.uuid()));
        assert_eq!(host.end(prompt), end(1, Outcome::Success, false, "r1"), "{is_rejected}");
    }
    // What was rejected before it was written did not announce it.
    let mut host = Host::new();
    host.hears("npm warn {");
    let prompt = host.prompt("hello");
    host.life(prompt, "completed");
    assert_eq!(host.end(prompt), Some((None, Outcome::Duplicate, false, None)));
}

#[test]
fn the_echo_of_a_merged_prompt_ends_no_prompt() {
    let mut host = Host::new();
    let running = host.prompt("one");
    host.init("2.1.143");
    host.echo(running);
    let (first, second) = (host.prompt("two"), host.prompt("three"));
    let done = format!(r#"{SUCCESS},"terminal_reason":"completed""#);
    host.result("r1", &done);
    host.echo(first);
    host.init("2.1.143");
    host.echo(second);
    host.result("r2", &done);
    assert_eq!([host.end(first), host.end(second)], [(); 2].map(|()| end(2, Outcome::Success, false, "r2")));
}

#[test]
fn a_success_without_init_ends_the_oldest_prompt() {
    const HEARD: &str = "00000000-0000-4000-8000-0000000000a1";
    let mut host = Host::new();
    let (first, second) = (host.prompt("one"), host.prompt("two"));
    host.hears(r#"{"type":"assistant","message":{"content":[]}}"#);
    host.result(HEARD, r#""subtype":"success","is_error":false,"result":"""#);
    assert_eq!((host.end(first), host.end(second)), (end(1, Outcome::Success, true, HEARD), None));
    host.result(HEARD, SUCCESS);
    assert_eq!(host.end(second), None, "that result was heard before");
    host.hears(r#"{"type":"system","subtype":"task_notification","task_id":"t"}"#);
    host.result("r2", SUCCESS);
    assert_eq!(host.end(second), None, "it may be the CLI's own");
    host.result("r3", r#""subtype":"success","is_error":false,"result":"ok","origin":{"kind":"task-notification"}"#);
    assert_eq!(host.end(second), None, "it is the CLI's own");
    host.result("r4", CRASH);
    assert_eq!(host.end(second), None, "a failed start answers nobody");
    host.result("r5", SUCCESS);
    assert_eq!(host.end(second), end(5, Outcome::Success, true, "r5"));
}

#[test]
fn a_result_without_a_subtype_is_read_by_its_other_fields() {
    for (fields, outcome) in [
        (r#""is_error":false,"result":"hi""#, Outcome::Success),
        (r#""is_error":true,"result":"no""#, Outcome::Error),
        (r#""duration_ms":1"#, Outcome::Error),
    ] {
        let mut host = Host::new();
        let prompt = host.prompt("hello");
        host.init("2.1.143");
        host.echo(prompt);
        host.result("r1", fields);
        assert_eq!(host.end(prompt), end(1, outcome, false, "r1"), "{fields}");
    }
}

#[test]
fn the_rank_of_a_prompt_is_its_priority() {
    use super::Rank;
    let rank = |prompt: Prompt| Rank::of(&prompt.fields);
    assert_eq!(rank(Prompt::text("a")), Rank::Next);
    assert_eq!(rank(Prompt::text("a").priority(Priority::Now)), Rank::Now);
    assert_eq!(rank(Prompt::text("a").priority(Priority::Later)), Rank::Later);
    assert_eq!(rank(Prompt::text("a").field("priority", Json::from_text("soon"))), Rank::Next);
    assert_eq!(rank(Prompt::text("a").field("priority", Json::parse("1").unwrap())), Rank::Next);
}
