//! Invariant 9, at the end of stdin, which the CLI up to 2.1.206 takes for an answer without objection: where a close reaches it by
//! time, every open request of the CLI has its response, every hook an answer that the CLI has read, and a turn that hooks
//! may guard was interrupted.

use claude_duplex::{Action, CancelledReason, ChildCommand, Deadline, IncomingId, IncomingKind, Input, TransportKind};
use serde_json::Value;

use super::Case;

/// Counts the requests and turns at the end of stdin.
pub(crate) fn judge(case: &Case) -> usize {
    let mut protocol = case.drained.begin();
    let (mut still_open, mut harmless) = (Vec::<(IncomingId, String)>::new(), Vec::new());
    // What was written, and how much of it before the close: a turn may be told later than the interrupt that stops it.
    let (mut output, mut before) = (Vec::new(), None);
    let (mut hooks, mut turns) = (false, 0);
    for (now, input) in &case.drained.inputs {
        let (unsent, next) = (protocol.poll_transmit().len(), protocol.poll_timeout());
        if let Input::Sent(count) = input {
            let pending = protocol.poll_transmit();
            output.extend_from_slice(&pending[..*count.min(&pending.len())]);
        }
        if matches!(input, Input::Close | Input::CloseNow) {
            before.get_or_insert(output.len());
        }
        match input {
            Input::Request(request) => {
                let registers = serde_json::to_string(request).expect("plain data").contains("hookCallbackIds");
                hooks |= protocol.request(*now, request.clone()).is_ok() && registers;
            }
            input => protocol.apply(*now, input.clone()),
        }
        while let Some(action) = protocol.poll_action() {
            match action {
                Action::IncomingRequest(incoming) => {
                    still_open.push((incoming.id(), incoming.request_id()));
                    harmless.extend((incoming.kind() != IncomingKind::Hook).then_some(incoming.id()));
                }
                // If the CLI does not read this answer, it takes the end of stdin for a refusal.
                Action::IncomingAnswered { id: incoming, .. } if harmless.contains(&incoming) => {
                    still_open.retain(|(open, _)| *open != incoming)
                }
                Action::IncomingCancelled { id: incoming, reason: CancelledReason::Cli, .. } => {
                    still_open.retain(|(open, _)| *open != incoming)
                }
                Action::TurnStarted { .. } => turns += 1,
                Action::TurnEnded { .. } => turns -= 1,
                _ => {}
            }
        }
        let orders: Vec<ChildCommand> = std::iter::from_fn(|| protocol.poll_child_command()).collect();
        if orders.contains(&ChildCommand::CloseStdin) {
            let by_time = matches!(input, Input::Timeout | Input::Sent(_));
            // Two streams cannot be killed.
            let is_killed = orders.contains(&ChildCommand::Kill)
                || case.drained.config.transport == TransportKind::Streams && *input == Input::Timeout && unsent > 0;
            if !by_time || is_killed || protocol.is_closed() {
                return 0;
            }
            let lines = |output: &[u8]| -> Vec<Value> {
                output.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
            };
            let responses = lines(&output);
            let of = |id: &str| responses.iter().filter(|line| line["response"]["request_id"] == id).count();
            for (_, id) in &still_open {
                let requests = still_open.iter().filter(|(_, other)| other == id).count();
                assert!(of(id) >= requests, "{id} was asked {requests} times and has {} responses", of(id));
            }
            // Before its grace has passed, a close waits for no turn that is taken to be over.
            let is_late = *input == Input::Timeout && next.is_some_and(|(_, due)| due == Deadline::Shutdown);
            let is_guarded = turns > 0 && hooks && is_late;
            let is_interrupt = |line: &Value| line["request"]["subtype"] == "interrupt";
            assert!(
                !is_guarded || lines(&output[before.unwrap_or(0)..]).iter().any(is_interrupt),
                "the turn goes on unguarded"
            );
            return still_open.len() + usize::from(is_guarded);
        }
    }
    0
}
