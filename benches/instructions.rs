//! Fixed jobs, for a machine that counts instructions: `.ci/instructions` runs each under callgrind and compares.
//! Unlike times, counts are the same on a busy machine.
//!
//! `cargo bench --bench instructions -- --job deltas` runs one, without it all.

#[allow(dead_code, reason = "another bench reads the rest")]
mod corpora;

use std::hint::black_box;
use std::process::ExitCode;

use claude_duplex::{Action, Config, Decision, IncomingKind, Message, Prompt, PromptId, Protocol, Seed, SessionTime};
use corpora::Writer;

const READ: usize = 64 * 1024;

const JOBS: [(&str, fn()); 9] = [
    ("mixed", mixed),
    ("deltas", deltas),
    ("long_line", long_line),
    ("turns", turns),
    ("asks", incoming_requests),
    ("delta_views", delta_views),
    ("assistant_views", assistant_views),
    ("tool_result_view", tool_result_view),
    ("image_view", image_view),
];

fn main() -> ExitCode {
    let mut words = std::env::args().skip_while(|word| word != "--job").skip(1);
    let wanted = words.next();
    let jobs = || JOBS.iter().filter(|(name, _)| wanted.as_deref().is_none_or(|wanted| wanted == *name));
    if jobs().count() == 0 {
        eprintln!("the jobs are {}", JOBS.map(|(name, _)| name).join(", "));
        return ExitCode::FAILURE;
    }
    for (name, job) in jobs() {
        job();
        println!("{name}");
    }
    ExitCode::SUCCESS
}

/// What is counted: callgrind collects within this function alone.
#[inline(never)]
fn measured<T>(job: &mut dyn FnMut() -> T) -> T {
    black_box(job())
}

/// A tenth of the mixed corpus of the other benches, without the longest line.
fn mixed() {
    let mut writer = Writer::new();
    let mut bytes = writer.init();
    (0..1000).for_each(|_| bytes.extend(writer.delta(300)));
    (0..50).for_each(|at| bytes.extend(writer.assistant(1000 + 20 * at)));
    (0..5).for_each(|_| bytes.extend(writer.tool_result(100_000)));
    bytes.extend(writer.result());
    assert_eq!(reported_events(&bytes), 1057);
}

fn deltas() {
    let mut writer = Writer::new();
    let bytes: Vec<u8> = (0..2000).flat_map(|_| writer.delta(300)).collect();
    assert_eq!(reported_events(&bytes), 2000);
}

fn long_line() {
    assert_eq!(reported_events(&Writer::new().image(2_000_000)), 1);
}

fn delta_views() {
    let mut writer = Writer::new();
    assert_eq!(viewed((0..2000).map(|_| writer.delta(300)).collect()), 2000);
}

fn assistant_views() {
    let mut writer = Writer::new();
    assert_eq!(viewed((0..500).map(|_| writer.assistant(1500)).collect()), 500);
}

fn tool_result_view() {
    assert_eq!(viewed(vec![Writer::new().tool_result(1_000_000)]), 1);
}

fn image_view() {
    assert_eq!(viewed(vec![Writer::new().image(5_000_000)]), 1);
}

/// How many of the lines have a view. What comes before it is not counted.
fn viewed(lines: Vec<Vec<u8>>) -> usize {
    let messages: Vec<_> = lines.iter().map(|line| Message::parse(line).expect("a message")).collect();
    measured(&mut || messages.iter().filter(|message| black_box(message.view()).is_ok()).count())
}

/// How many messages a session makes of the bytes.
fn reported_events(bytes: &[u8]) -> usize {
    let mut session = session();
    prompted(&mut session);
    measured(&mut || fed(&mut session, bytes))
}

fn turns() {
    let mut writer = Writer::new();
    let (init, assistant) = (writer.init(), writer.assistant(1000));
    let mut session = session();
    let ended = measured(&mut || {
        (0..200)
            .filter(|_| {
                let uuid = prompted(&mut session).uuid();
                let result =
                    format!("{{\"subtype\":\"success\",\"user_message_uuids\":[\"{uuid}\"],\"type\":\"result\"}}\n");
                session.receive(SessionTime::ZERO, &init);
                session.receive(SessionTime::ZERO, &assistant);
                session.receive(SessionTime::ZERO, result.as_bytes());
                let ended = |action: Action| matches!(action, Action::PromptEnded { .. });
                std::iter::from_fn(|| session.poll_action()).filter(|action| ended(action.clone())).count() == 1
            })
            .count()
    });
    assert_eq!(ended, 200);
}

fn incoming_requests() {
    let incoming = |number: usize| {
        format!(
            r#"{{"type":"control_request","request_id":"ff798b68-eed5-45f5-ab70-{number:012}","request":{{"subtype":"can_use_tool","tool_name":"Bash","input":{{"command":"ls","description":"look"}},"tool_use_id":"toolu_000003"}}}}"#
        ) + "\n"
    };
    let incoming_requests: Vec<_> = (0..200).map(incoming).collect();
    let mut session = session();
    let answered = measured(&mut || {
        incoming_requests
            .iter()
            .filter(|incoming| {
                session.receive(SessionTime::ZERO, incoming.as_bytes());
                let request = std::iter::from_fn(|| session.poll_action()).find_map(|action| match action {
                    Action::IncomingRequest(incoming) => Some(incoming.id()),
                    _ => None,
                });
                let answered = session.respond(SessionTime::ZERO, request.expect("it is asked"), Decision::deny("no"));
                sent(&mut session);
                answered.is_ok()
            })
            .count()
    });
    assert_eq!(answered, 200);
}

fn session() -> Protocol {
    Protocol::new(Config::new(Seed::from_bytes([1; 16])).handle(IncomingKind::Permission), SessionTime::ZERO)
}

fn prompted(session: &mut Protocol) -> PromptId {
    let prompt = session.prompt(SessionTime::ZERO, Prompt::text("go on")).expect("there is room");
    sent(session);
    prompt
}

fn sent(session: &mut Protocol) {
    session.sent(SessionTime::ZERO, session.poll_transmit().len());
}

fn fed(session: &mut Protocol, bytes: &[u8]) -> usize {
    let mut messages = 0;
    for read in bytes.chunks(READ) {
        session.receive(SessionTime::ZERO, black_box(read));
        while let Some(action) = session.poll_action() {
            messages += usize::from(matches!(black_box(&action), Action::Message { .. }));
        }
    }
    messages
}
