//! Invariant 8: what a session holds, and what it hands out at once, has limits.

use std::collections::{HashMap, HashSet};

use claude_duplex::{Action, Direction, Input, RejectedReason};

use super::Case;

pub(crate) fn judge(case: &Case) -> usize {
    let sequence = &case.sequence;
    let limits = sequence.config.limits;
    let mut protocol = sequence.begin();
    let (mut prompts, mut requests, mut stops, mut incoming_requests) =
        (HashSet::new(), HashSet::new(), HashSet::new(), HashMap::new());
    for (now, input) in &sequence.inputs {
        match input.clone() {
            Input::Respond(incoming, answer) => {
                if protocol.respond(*now, incoming, answer).is_ok() {
                    incoming_requests.remove(&incoming);
                }
            }
            Input::Prompt(prompt) => prompts.extend(protocol.prompt(*now, prompt)),
            Input::Request(request) => {
                let text = serde_json::to_value(&request).expect("a request is plain data");
                let of = if text["subtype"] == "interrupt" { &mut stops } else { &mut requests };
                of.extend(protocol.request(*now, request));
            }
            Input::Interrupt(interrupt) => stops.extend(protocol.interrupt(*now, interrupt)),
            input => protocol.apply(*now, input),
        }
        assert!(protocol.poll_transmit().len() <= limits.unsent_hard);
        // A byte that is no UTF-8 is shown as a character of three.
        assert!(protocol.stderr_tail().len() <= limits.stderr_tail.saturating_mul(3));
        while let Some(action) = protocol.poll_action() {
            match action {
                Action::IncomingRequest(incoming) => {
                    incoming_requests.insert(incoming.id(), incoming.message().as_bytes().len());
                }
                Action::IncomingCancelled { id: incoming, .. } => drop(incoming_requests.remove(&incoming)),
                Action::PromptEnded { prompt, .. } => drop(prompts.remove(&prompt)),
                Action::ResponseReceived { request, .. } => drop(requests.remove(&request) || stops.remove(&request)),
                Action::RejectedLine(rejected) => {
                    assert!(rejected.head.len() <= limits.rejected_head);
                    assert!(rejected.reason == RejectedReason::TooLong || rejected.length <= limits.line as u64);
                }
                Action::DamagedLine(line) => {
                    assert!(line.dropped.len() <= limits.rejected_head && line.length <= limits.line as u64);
                }
                // A byte that is not UTF-8 is shown as a character of three.
                Action::Closed(closed) => assert!(closed.rejected_tail.len() <= limits.rejected_tail.saturating_mul(3)),
                Action::StderrLine(line) => assert!(line.text.len() <= limits.stderr_line.saturating_mul(3)),
                Action::WireLine(line) if line.direction == Direction::Received => {
                    assert!(line.bytes.len() <= limits.line && line.bytes.len() as u64 <= line.length);
                }
                Action::Message { message, .. } => assert!(message.as_bytes().len() <= limits.line),
                _ => {}
            }
        }
        assert!(prompts.len() <= limits.open_prompts.max(1));
        assert!(requests.len().max(stops.len()) <= limits.open_requests.max(1));
        assert!(incoming_requests.len() <= limits.open_incoming);
        assert!(incoming_requests.values().sum::<usize>() <= limits.open_incoming_bytes);
    }
    sequence.inputs.len()
}
