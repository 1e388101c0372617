//! Stdin: nothing is written to it once it is to be closed, and nobody is told of an answer that is not written.

use claude_duplex::{Action, Answer, AskId, ChildAction, Protocol, Time};
use serde_json::Value;

use crate::{drain, histories};

#[test]
fn law_3_no_byte_follows_the_close_of_stdin() {
    let mut closed = 0;
    for (seed, mut history) in histories() {
        drain(&mut history);
        let mut protocol = Protocol::new(history.config.clone(), Time::ZERO);
        let (mut is_closed, mut asks) = (false, Vec::<AskId>::new());
        for (now, input) in &history.inputs {
            protocol.apply(*now, input.clone());
            is_closed |= std::iter::from_fn(|| protocol.poll_child()).any(|order| order == ChildAction::CloseStdin);
            while let Some(action) = protocol.poll_action() {
                match action {
                    Action::Asked(ask) => asks.push(ask.id()),
                    Action::Withdrawn { ask, .. } => asks.retain(|open| *open != ask),
                    _ => {}
                }
            }
            if !is_closed {
                continue;
            }
            closed += 1;
            assert_eq!(protocol.poll_transmit(), b"", "seed {seed}: after {input:?}");
            for ask in &asks {
                let answer = Answer::Error { message: "late".into() };
                assert!(protocol.clone().answer(*now, *ask, answer).is_err(), "seed {seed}: {ask} is still open");
            }
        }
    }
    assert!(closed > 1000, "few histories go on after the close of stdin: {closed} inputs");
}

/// Every ask is answered at every moment of its life, in a session of its own.
#[test]
fn law_5_an_answer_that_is_taken_is_on_its_way() {
    let (mut taken, mut refused) = (0, 0);
    for (seed, history) in histories() {
        let mut protocol = Protocol::new(history.config.clone(), Time::ZERO);
        let mut asked = Vec::new();
        for (now, input) in &history.inputs {
            protocol.apply(*now, input.clone());
            while let Some(action) = protocol.poll_action() {
                if let Action::Asked(ask) = action {
                    asked.push(ask);
                }
            }
            for (ask, length) in asked.iter().flat_map(|ask| [(ask, 2), (ask, 3000)]) {
                let mut protocol = protocol.clone();
                let before = protocol.poll_transmit().len();
                let answer = Answer::Error { message: "n".repeat(length) };
                if protocol.answer(*now, ask.id(), answer).is_err() {
                    refused += 1;
                    continue;
                }
                let added = protocol.poll_transmit().get(before..).unwrap_or_default();
                assert!(answers(added, &ask.request_id()), "seed {seed}: the answer to {} is nowhere", ask.id());
                taken += 1;
            }
        }
    }
    assert!(taken > 1000 && refused > 1000, "few answers are judged: {taken} taken, {refused} refused");
}

/// Whether a whole line of the output is a response to that request.
fn answers(output: &[u8], request_id: &str) -> bool {
    output.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n")).any(|line| {
        serde_json::from_slice::<Value>(line).is_ok_and(|line| line["response"]["request_id"] == request_id)
    })
}
