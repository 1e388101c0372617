//! More than a pipe holds, in each direction.

use claude_duplex::{Action, Decision, Exit, Interrupt, Json, Message, Outcome, Prompt, WhenBusy};

use crate::child::Step;
use crate::session::Session;
use crate::stage::{Scenario, Stage, TERMINATED, hasty};

const INIT: &str = r#"{"type":"system","subtype":"init","session_id":"s"}"#;
const NOTE: &str = r#"{"type":"system","subtype":"note"}"#;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

pub(crate) const ALL: &[Scenario] = &[
    ("a_child_that_stops_reading_does_not_delay_the_end", a_child_that_stops_reading_does_not_delay_the_end),
    ("a_child_that_writes_before_it_reads_gets_all_input", a_child_that_writes_before_it_reads_gets_all_input),
    ("a_response_of_512_kib_reaches_a_child_that_writes", a_response_of_512_kib_reaches_a_child_that_writes),
    ("an_interrupt_is_sent_during_a_flood_of_output", an_interrupt_is_sent_during_a_flood_of_output),
    ("a_full_stderr_does_not_block_the_child", a_full_stderr_does_not_block_the_child),
    ("a_hundred_thousand_lines_arrive_in_order", a_hundred_thousand_lines_arrive_in_order),
    ("a_slow_reader_stops_reading_and_loses_nothing", a_slow_reader_stops_reading_and_loses_nothing),
];

fn a_child_that_stops_reading_does_not_delay_the_end(stage: &Stage) {
    let mut session = stage.child_with(&[say(r#"{"type":"system"}"#), Step::Hang], hasty);
    session.prompt(Prompt::text("x".repeat(20 * MIB)).when_busy(WhenBusy::Send));
    session.until_message();
    let end = session.close_and_end();
    assert!(matches!(session.outcomes()[..], [Outcome::Lost(_)]));
    assert_eq!((end.exit, end.cut_input), (TERMINATED, true));
}

fn a_child_that_writes_before_it_reads_gets_all_input(stage: &Stage) {
    // Neither side would move if reading waited for writing.
    let mut session = stage.child(&[
        say(INIT),
        Step::SayTimes(NOTE.to_owned(), 60_000),
        Step::Measure,
        say(r#"{"type":"result","subtype":"success","is_error":false,"terminal_reason":"completed"}"#),
        Step::Drain,
    ]);
    session.prompt(&*"x".repeat(20 * MIB));
    session.close_and_end();
    assert_eq!(session.messages().count(), 60_003);
    assert!(read_by_child(&session) > 20 * MIB);
    assert_eq!(session.outcomes(), [Outcome::Success]);
}

fn a_response_of_512_kib_reaches_a_child_that_writes(stage: &Stage) {
    // It writes far more than a pipe holds between its incoming request and its look at the answer.
    let incoming_requests = r#"{"type":"control_request","request_id":"a1","request":{"subtype":"can_use_tool","tool_name":"Bash","input":{}}}"#;
    let mut session = stage.child(&[
        Step::Read,
        say(INIT),
        say(incoming_requests),
        Step::SayTimes(NOTE.to_owned(), 60_000),
        Step::Measure,
        say(r#"{"type":"result","subtype":"success","is_error":false,"terminal_reason":"completed"}"#),
        Step::Drain,
    ]);
    session.prompt("hello");
    let incoming = session.until_request();
    let input = Json::parse(&format!("{{\"text\":\"{}\"}}", "y".repeat(512 * KIB))).unwrap();
    session.answer(incoming, Decision::allow_with(input)).unwrap();
    assert_eq!(session.close_and_end().exit, Some(Exit::Code(0)));
    assert!(read_by_child(&session) > 512 * KIB);
    assert_eq!(session.outcomes(), [Outcome::Success]);
}

fn an_interrupt_is_sent_during_a_flood_of_output(stage: &Stage) {
    // The flood never ends by itself. Each line is written whole, or not at all.
    let stopped =
        r#"{"type":"result","subtype":"error_during_execution","is_error":true,"terminal_reason":"aborted_streaming"}"#;
    let mut session = stage.child(&[
        Step::Read,
        say(INIT),
        Step::FloodUntilRead(NOTE.to_owned()),
        say(r#"{"type":"control_response","response":{"subtype":"success","request_id":"i1","response":{}}}"#),
        say(stopped),
        Step::Drain,
    ]);
    session.prompt("hello");
    for _ in 0..10_000 {
        session.until_message();
    }
    let request = session.interrupt(Interrupt::running().id("i1"));
    session.until(
        "its reply",
        |action| matches!(action, Action::ResponseReceived { request: of, response: Ok(_), .. } if *of == request),
    );
    session.close_and_end();
    assert_eq!(session.outcomes(), [Outcome::Interrupted]);
}

fn a_full_stderr_does_not_block_the_child(stage: &Stage) {
    let mut session = stage.child(&[Step::Complain(MIB, "end".to_owned()), say(r#"{"type":"system"}"#), Step::Exit(1)]);
    let end = session.end();
    assert_eq!((session.messages().count(), end.exit), (1, Some(Exit::Code(1))));
    assert!(end.stderr.ends_with("xxxend\n") && end.stderr.len() <= 16 * KIB, "{:?}", end.stderr);
}

fn a_hundred_thousand_lines_arrive_in_order(stage: &Stage) {
    let numbered = r#"{"type":"system","subtype":"note","number":&}"#;
    let mut session = stage.child(&[Step::Count(numbered.to_owned(), 100_000)]);
    session.end();
    let numbers = session.messages().map(|message| number(message, "number"));
    assert!(numbers.eq((0..100_000).map(Some)));
}

fn a_slow_reader_stops_reading_and_loses_nothing(stage: &Stage) {
    let steps = [Step::SayTimes(NOTE.to_owned(), 50_000)];
    let mut session = stage.child_with(&steps, |config| config.limits.unread = 1000);
    let mut held_back = 0;
    while session.next().is_some() {
        held_back += usize::from(!session.protocol().wants_read());
    }
    assert_eq!(session.messages().count(), 50_000);
    assert!(held_back > 0);
}

fn say(line: &str) -> Step {
    Step::Say(line.to_owned())
}

/// What the child counted.
fn read_by_child(session: &Session) -> usize {
    session.messages().find_map(|message| number(message, "bytes")).unwrap()
}

fn number(message: &Message, field: &str) -> Option<usize> {
    let value: serde_json::Value = message.decode().unwrap();
    value.get(field)?.as_u64().map(|number| number as usize)
}
