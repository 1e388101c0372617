//! Many sessions in one thread, many turns in one session, small reads, and the longest lists: what must not grow does not.
//!
//! `cargo bench --bench scale` prints a line for each: its name, the value, the limit.

mod clock;
#[allow(dead_code, reason = "another bench reads the rest")]
mod corpora;
mod counting;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use claude_duplex::{Action, Config, Outcome, Prompt, PromptId, Protocol, Seed, SessionTime, WhenBusy};
use corpora::Writer;
use serde::de::IgnoredAny;

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

const KIB: usize = 1024;
const READ: usize = 64 * KIB;

/// Of each kind, alternating; odd, for the median.
const RUNS: usize = 15;

fn main() -> ExitCode {
    let measured =
        [idle_heap(), sessions(1000, 1.3), sessions(10_000, 2.0), reads(), turns_cost(), turns_heap(), names()];
    let mut held = true;
    for (name, value, limit) in measured {
        println!("{name} {value:.2} {limit}");
        if value > limit {
            eprintln!("{name} is over its limit");
            held = false;
        }
    }
    if held { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

type Measured = (String, f64, f64);

/// Bytes on the heap for each session that waits for its next prompt, after a turn with some of everything.
fn idle_heap() -> Measured {
    const SESSIONS: usize = 500;
    let mut writer = Writer::new();
    let mut turn = writer.init();
    (0..300).for_each(|_| turn.extend(writer.delta(300)));
    (0..20).for_each(|at| turn.extend(writer.assistant(1000 + 50 * at)));
    (0..3).for_each(|_| turn.extend(writer.tool_result(100_000)));
    turn.extend(writer.result());
    let (sessions, counted) = counting::counted(|| {
        let session = |number: usize| {
            let mut session = session(number);
            let prompt = prompted(&mut session);
            assert_eq!(fed(&mut session, &turn, READ), 325);
            assert!(session.is_idle(), "{prompt} is over");
            session
        };
        (0..SESSIONS).map(session).collect::<Vec<_>>()
    });
    let in_place = sessions.capacity() * size_of::<Protocol>();
    let held = counted.held - isize::try_from(in_place).expect("a few MiB");
    drop(sessions);
    ("idle_heap_bytes".into(), held as f64 / SESSIONS as f64, 8.0 * KIB as f64)
}

/// A message's cost in one of many sessions, over its cost in a single one. Each read is of another session, and brings
/// one line: nothing of a session is at hand when its turn comes.
fn sessions(count: usize, limit: f64) -> Measured {
    const MESSAGES: usize = 200_000;
    let mut writer = Writer::new();
    let init = writer.init();
    let lines: Vec<_> = (0..64).map(|_| writer.delta(300)).collect();
    let begun = |count: usize| -> Vec<Protocol> {
        let begin = |number| {
            let mut session = session(number);
            prompted(&mut session);
            fed(&mut session, &init, READ);
            session
        };
        (0..count).map(begin).collect()
    };
    let (mut one, mut many) = (begun(1), begun(count));
    let run = |sessions: &mut [Protocol]| {
        let mut messages = 0;
        clock::timed(|| {
            for round in 0..MESSAGES / sessions.len() {
                let line = &lines[round % lines.len()];
                messages += sessions.iter_mut().map(|session| fed(session, line, READ)).sum::<usize>();
            }
            messages
        })
    };
    let (one, many) = alternating(|| run(&mut one), || run(&mut many), MESSAGES);
    (format!("cost_{count}_sessions_over_1"), many / one, limit)
}

/// The cost of the same bytes in reads of 1 KiB, over that in reads of 64 KiB.
fn reads() -> Measured {
    let corpus = corpora::mixed();
    let run = |read: usize| {
        let mut session = session(1);
        prompted(&mut session);
        clock::timed(|| fed(&mut session, &corpus.bytes, read))
    };
    let (large, small) = alternating(|| run(READ), || run(KIB), corpus.lines);
    ("cost_1KiB_reads_over_64KiB".into(), small / large, 1.3)
}

/// The cost of the last of 100,000 turns over that of the first ones.
fn turns_cost() -> Measured {
    const TURNS: usize = 100_000;
    const PART: usize = 1000;
    let mut session = session(1);
    let parts: Vec<_> = (0..TURNS / PART).map(|_| turns(&mut session, PART)).collect();
    let tenth = parts.len() / 10;
    let (first, last) = (parts[1..=tenth].to_vec(), parts[parts.len() - tenth..].to_vec());
    ("cost_of_turn_100000_over_first".into(), clock::median(last) / clock::median(first), 1.3)
}

/// Bytes on the heap that 100,000 turns leave behind, after the first 1,000.
fn turns_heap() -> Measured {
    let mut session = session(1);
    turns(&mut session, 1000);
    let (_, counted) = counting::counted(|| turns(&mut session, 99_000));
    ("heap_bytes_of_99000_turns".into(), counted.held as f64, 256.0)
}

/// So many turns, each with a prompt that it takes, echoes, answers and names.
fn turns(session: &mut Protocol, count: usize) -> Duration {
    let mut writer = Writer::new();
    let (init, delta, assistant) = (writer.init(), writer.delta(300), writer.assistant(1000));
    let mut taken = Duration::ZERO;
    for _ in 0..count {
        let prompt = prompted(session);
        let uuid = prompt.uuid();
        let echo = format!(r#"{{"type":"user","message":{{"role":"user","content":"go on"}},"uuid":"{uuid}"}}"#);
        let result =
            format!(r#"{{"subtype":"success","is_error":false,"user_message_uuids":["{uuid}"],"type":"result"}}"#);
        let turn = [&init[..], echo.as_bytes(), b"\n", &delta, &assistant, result.as_bytes(), b"\n"].concat();
        let (_, spent) = clock::timed(|| session.receive(SessionTime::ZERO, &turn));
        taken += spent;
        let ended = std::iter::from_fn(|| session.poll_action()).find(|action| match action {
            Action::PromptEnded { prompt: ended, outcome, .. } => *ended == prompt && *outcome == Outcome::Success,
            _ => false,
        });
        assert!(ended.is_some(), "{prompt} is answered");
        while session.poll_action().is_some() {}
    }
    taken
}

/// A result that names a million and a half prompts while a thousand are open, over `serde_json` skipping over it.
fn names() -> Measured {
    const NAMED: usize = 1_500_000;
    let uuids: Vec<_> = (0..NAMED).map(|number| format!("\"0c110000-0000-4000-a000-{number:012x}\"")).collect();
    let list = uuids.join(",");
    let result = format!("{{\"type\":\"result\",\"subtype\":\"success\",\"user_message_uuids\":[{list}]}}\n");
    let init = Writer::new().init();
    let ours = || {
        let mut config = Config::new(Seed::from_bytes([1; 16]));
        config.when_busy = WhenBusy::Send;
        let mut session = Protocol::new(config, SessionTime::ZERO);
        for _ in 0..1000 {
            prompted(&mut session);
        }
        fed(&mut session, &init, READ);
        clock::timed(|| fed(&mut session, result.as_bytes(), READ))
    };
    let theirs = || clock::timed(|| usize::from(serde_json::from_str::<IgnoredAny>(black_box(&result)).is_ok()));
    let (theirs, ours) = alternating(theirs, ours, 1);
    ("result_naming_1500000_over_ignored_any".into(), ours / theirs, 10.0)
}

// Sessions.

fn session(number: usize) -> Protocol {
    Protocol::new(Config::new(Seed::from_bytes((number as u128).to_le_bytes())), SessionTime::ZERO)
}

/// Gives a prompt, and takes it to the CLI.
fn prompted(session: &mut Protocol) -> PromptId {
    let prompt = session.prompt(SessionTime::ZERO, Prompt::text("go on")).expect("there is room");
    session.sent(SessionTime::ZERO, session.poll_transmit().len());
    prompt
}

/// Gives the bytes in such reads, and takes what happened. How many messages there were.
fn fed(session: &mut Protocol, bytes: &[u8], read: usize) -> usize {
    let mut messages = 0;
    for read in bytes.chunks(read) {
        session.receive(SessionTime::ZERO, black_box(read));
        while let Some(action) = session.poll_action() {
            messages += usize::from(matches!(black_box(&action), Action::Message { .. }));
        }
    }
    messages
}

/// The median times of two jobs, of which each is to give `expected`; the first run of each warms up.
fn alternating(
    mut a: impl FnMut() -> (usize, Duration),
    mut b: impl FnMut() -> (usize, Duration),
    expected: usize,
) -> (f64, f64) {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for run in 0..=RUNS {
        for (job, times) in [(&mut a as &mut dyn FnMut() -> _, &mut first), (&mut b, &mut second)] {
            let (count, taken) = job();
            assert_eq!(count, expected);
            if run > 0 {
                times.push(taken);
            }
        }
    }
    (clock::median(first), clock::median(second))
}
