//! The laws of the design, each judged over the same arbitrary histories.

mod answers;
#[path = "../support/history.rs"]
mod history;
mod pending;
#[path = "../support/settle.rs"]
mod settle;
mod stdin;

use std::borrow::Cow;
use std::collections::HashSet;

use arbitrary::Unstructured;
use claude_duplex::{Action, Answer, AskId, Closed, Decision, Input, Protocol, Time};
use history::{History, Trace};
use serde_json::Value;
use settle::Settled;

/// How many histories each law is judged over.
const CASES: u64 = 1000;

/// Bytes that look random and are the same each time.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    };
    std::iter::repeat_with(|| next().to_le_bytes()).flatten().take(length).collect()
}

fn histories() -> impl Iterator<Item = (u64, History)> {
    (0..CASES).filter_map(|seed| {
        let bytes = noise(seed, 100 + (seed as usize % 20) * 60);
        history::history(&mut Unstructured::new(&bytes)).ok().map(|history| (seed, history))
    })
}

#[test]
fn the_histories_reach_what_the_laws_are_about() {
    let mut seen = HashSet::new();
    let mut ends = HashSet::new();
    for (_, history) in histories() {
        for action in history.play().actions {
            let name = format!("{action:?}");
            let name = name.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned();
            if let Action::PromptEnded { outcome, .. } = &action {
                ends.insert(format!("{outcome:?}"));
            }
            seen.insert(name);
        }
    }
    for expected in [
        "Session",
        "TurnStarted",
        "PromptTaken",
        "Message",
        "TurnEnded",
        "PromptEnded",
        "Replied",
        "Asked",
        "Declined",
        "Withdrawn",
        "Rejected",
        "Stray",
        "Stalled",
        "Idle",
        "Room",
        "Closed",
    ] {
        assert!(seen.contains(expected), "no history reaches {expected}; there are {seen:?}");
    }
    for expected in ["Success", "Error", "Interrupted", "Cancelled", "Blocked", "Lost(Eof)", "Lost(Aborted)"] {
        assert!(ends.contains(expected), "no prompt ends as {expected}; they end as {ends:?}");
    }
}

#[test]
fn law_1_cuts_between_bytes_change_nothing() {
    for (seed, history) in histories() {
        let whole = history.play();
        let cuts = noise(seed + 1_000_000, 64);
        let mut cut = history.clone();
        cut.inputs =
            history.inputs.iter().enumerate().flat_map(|(at, input)| split(input, cuts[at % cuts.len()])).collect();
        let cut = cut.play();
        assert_eq!(whole.actions, cut.actions, "seed {seed}");
        assert_eq!(whole.written, cut.written, "seed {seed}");
        assert_eq!(whole.children, cut.children, "seed {seed}");
        assert_eq!(whole.states.last(), cut.states.last(), "seed {seed}");
    }
}

/// The input in parts of `size` bytes, an empty one among them, if it is bytes.
fn split(input: &(Time, Input<'static>), size: u8) -> Vec<(Time, Input<'static>)> {
    let part = |bytes: &[u8]| (input.0, Input::Receive(Cow::Owned(bytes.to_vec())));
    match &input.1 {
        Input::Receive(bytes) => bytes.chunks(usize::from(size % 16) + 1).map(part).chain([part(&[])]).collect(),
        _ => vec![input.clone()],
    }
}

#[test]
fn law_2_nothing_depends_on_what_was_read() {
    for (seed, history) in histories() {
        let read = history.play();
        let mut protocol = Protocol::new(history.config.clone(), Time::ZERO);
        let mut unread = Trace::default();
        for (now, input) in &history.inputs {
            let before = (protocol.poll_transmit().to_vec(), protocol.poll_timeout(), protocol.wants_read());
            let after = (protocol.poll_transmit().to_vec(), protocol.poll_timeout(), protocol.wants_read());
            assert_eq!(before, after, "seed {seed}");
            unread.apply(&mut protocol, *now, input.clone());
        }
        unread.actions.extend(std::iter::from_fn(|| protocol.poll_action()));
        assert_eq!(read, unread, "seed {seed}");
        assert_eq!(protocol.poll_action(), None);
    }
}

#[test]
fn law_3_output_is_whole_lines_of_json() {
    for (seed, mut history) in histories() {
        drain(&mut history);
        let trace = history.play();
        let lines: Vec<&[u8]> = trace.written.split_inclusive(|byte| *byte == b'\n').collect();
        for (at, line) in lines.iter().enumerate() {
            let whole = line.ends_with(b"\n");
            assert!(whole || at + 1 == lines.len(), "seed {seed}");
            if whole {
                let object: Result<serde_json::Map<String, Value>, _> = serde_json::from_slice(line);
                assert!(object.is_ok(), "seed {seed}: {}", String::from_utf8_lossy(line));
                assert!(!line[..line.len() - 1].iter().any(|byte| matches!(byte, b'\n' | b'\r')), "seed {seed}");
            }
        }
        let cut = lines.last().is_some_and(|line| !line.ends_with(b"\n"));
        let closed = closed(&trace.actions).expect("a drained history is closed");
        assert_eq!(closed.cut_input, cut, "seed {seed}");
    }
}

#[test]
fn law_4_a_history_that_was_written_and_read_back_gives_the_same() {
    for (seed, history) in histories() {
        let text = serde_json::to_string(&(&history.config, &history.inputs)).expect("inputs are plain data");
        let (config, inputs) = serde_json::from_str(&text).expect("what was written can be read");
        let again = History { config, inputs };
        assert_eq!(history.inputs, again.inputs, "seed {seed}");
        assert_eq!(history.play(), again.play(), "seed {seed}");
    }
}

#[test]
fn law_5_everything_is_settled_once() {
    for (seed, mut history) in histories() {
        drain(&mut history);
        let mut protocol = Protocol::new(history.config.clone(), Time::ZERO);
        let mut settled = Settled::default();
        for (now, input) in &history.inputs {
            settled.input(&mut protocol, *now, input.clone());
        }
        assert!(protocol.is_closed(), "seed {seed}");
        settled.finish().unwrap_or_else(|why| panic!("seed {seed}: {why}\n{history:#?}"));
    }
}

#[test]
fn law_6_a_close_ends_without_help() {
    for (seed, history) in histories() {
        let mut protocol = replayed(&history);
        protocol.close(protocol.now());
        let mut steps = 0;
        while let Some((due, _)) = protocol.poll_timeout() {
            steps += 1;
            assert!(steps < 40, "seed {seed}: it goes on");
            protocol.handle_timeout(due);
        }
        assert!(protocol.is_closed(), "seed {seed}");
        let actions: Vec<Action> = std::iter::from_fn(|| protocol.poll_action()).collect();
        assert!(matches!(actions.last(), Some(Action::Closed(_))) || closed(&history.play().actions).is_some());
    }
}

#[test]
fn law_7_time_does_not_go_back_and_early_is_nothing() {
    for (seed, history) in histories() {
        let mut backwards = history.clone();
        for (at, (now, _)) in backwards.inputs.iter_mut().enumerate() {
            if at % 3 == 2 {
                *now = Time::ZERO;
            }
        }
        let mut clamped = backwards.clone();
        let mut latest = Time::ZERO;
        for (now, _) in &mut clamped.inputs {
            latest = latest.max(*now);
            *now = latest;
        }
        assert_eq!(backwards.play(), clamped.play(), "seed {seed}");

        let mut protocol = replayed(&history);
        if let Some((due, _)) = protocol.poll_timeout() {
            while protocol.poll_action().is_some() {}
            let early = Time::from_nanos(due.as_nanos().saturating_sub(1));
            let before = (protocol.poll_transmit().to_vec(), protocol.poll_timeout());
            if early >= protocol.now() {
                protocol.handle_timeout(early);
                assert_eq!(before, (protocol.poll_transmit().to_vec(), protocol.poll_timeout()), "seed {seed}");
                assert_eq!(protocol.poll_action(), None, "seed {seed}");
            }
        }
    }
}

#[test]
fn law_8_what_is_held_has_limits() {
    for (seed, history) in histories() {
        let limits = history.config.limits;
        let mut protocol = Protocol::new(history.config.clone(), Time::ZERO);
        let mut open_asks: HashSet<AskId> = HashSet::new();
        for (now, input) in &history.inputs {
            if let Input::Answer(ask, answer) = input {
                if protocol.answer(*now, *ask, answer.clone()).is_ok() {
                    open_asks.remove(ask);
                }
            } else {
                protocol.apply(*now, input.clone());
            }
            assert!(protocol.poll_transmit().len() <= limits.unsent_hard, "seed {seed}");
            assert!(protocol.stderr_tail().len() <= limits.stderr_tail, "seed {seed}");
            while let Some(action) = protocol.poll_action() {
                match action {
                    Action::Asked(ask) => drop(open_asks.insert(ask.id())),
                    Action::Withdrawn { ask, .. } => drop(open_asks.remove(&ask)),
                    Action::Rejected(rejected) => assert!(rejected.head.len() <= limits.rejected_head),
                    Action::Message { message, .. } => assert!(message.as_bytes().len() <= limits.line),
                    _ => {}
                }
            }
            assert!(open_asks.len() <= limits.open_asks, "seed {seed}");
        }
    }
}

#[test]
fn law_9_nothing_is_granted_that_nobody_gave() {
    for (seed, mut history) in histories() {
        drain(&mut history);
        let mut protocol = Protocol::new(history.config.clone(), Time::ZERO);
        let mut trace = Trace::default();
        let mut asked: Vec<(AskId, String)> = Vec::new();
        let mut granted: HashSet<String> = HashSet::new();
        for (now, input) in &history.inputs {
            if let Input::Answer(ask, answer @ (Answer::Permission(Decision::Allow { .. }) | Answer::Raw(_))) = input {
                if protocol.clone().answer(*now, *ask, answer.clone()).is_ok() {
                    granted.extend(asked.iter().filter(|(id, _)| id == ask).map(|(_, wire)| wire.clone()));
                }
            }
            trace.apply(&mut protocol, *now, input.clone());
            while let Some(action) = protocol.poll_action() {
                if let Action::Asked(ask) = action {
                    asked.push((ask.id(), ask.request_id()));
                }
            }
        }
        for line in trace.written.split(|byte| *byte == b'\n') {
            let Ok(line) = serde_json::from_slice::<Value>(line) else { continue };
            if line["response"]["response"]["behavior"] == "allow" {
                let id = line["response"]["request_id"].as_str().unwrap_or_default();
                assert!(granted.contains(id), "seed {seed}: {id} was granted by nobody");
            }
        }
    }
}

#[test]
fn law_10_any_bytes_and_any_commands_are_borne() {
    for seed in 0..CASES {
        let bytes = noise(seed ^ 0xabcd, 4096);
        let mut protocol = Protocol::new(claude_duplex::Config::new(claude_duplex::Seed([3; 16])), Time::ZERO);
        for chunk in bytes.chunks(1 + seed as usize % 97) {
            protocol.receive(Time::ZERO, chunk);
        }
        protocol.eof(Time::ZERO);
        while protocol.poll_action().is_some() {}
    }
}

/// Appends what brings a history to its end: all output is sent, and every deadline passes.
fn drain(history: &mut History) {
    let mut protocol = replayed(history);
    let mut say = |protocol: &mut Protocol, now: Time, input: Input<'static>| {
        protocol.apply(now, input.clone());
        history.inputs.push((now, input));
    };
    let mut steps = 0;
    let now = protocol.now();
    say(&mut protocol, now, Input::Close);
    while !protocol.is_closed() {
        steps += 1;
        assert!(steps < 100, "the end does not come");
        let now = protocol.now();
        match (protocol.poll_transmit().len(), protocol.poll_timeout()) {
            (0, Some((due, _))) => say(&mut protocol, due, Input::Timeout),
            (0, None) => panic!("it is not closed and waits for nothing"),
            (pending, _) => say(&mut protocol, now, Input::Sent(pending)),
        }
    }
}

fn replayed(history: &History) -> Protocol {
    let mut protocol = Protocol::new(history.config.clone(), Time::ZERO);
    for (now, input) in &history.inputs {
        protocol.apply(*now, input.clone());
        while protocol.poll_action().is_some() {}
    }
    protocol
}

fn closed(actions: &[Action]) -> Option<&Closed> {
    actions.iter().find_map(|action| match action {
        Action::Closed(closed) => Some(closed),
        _ => None,
    })
}
