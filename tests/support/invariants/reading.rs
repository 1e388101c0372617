//! Invariant 8, of reading: stdout is read exactly while few actions are unread, also once the child has exited.

use std::collections::VecDeque;

use claude_duplex::{Action, Input, RequestError};

use super::Case;

/// Judges a host that reads some of its actions now and then. Counts how often it was told not to read stdout.
pub(crate) fn judge(case: &Case) -> usize {
    let sequence = &case.sequence;
    let limits = sequence.config.limits;
    let (mut protocol, mut twin) = (sequence.begin(), sequence.begin());
    let (mut unread, mut exited, mut judged) = (VecDeque::<Action>::new(), false, 0);
    // The seed says when it reads, and how much.
    let reads = sequence.config.seed.as_bytes().iter().cycle();
    for ((now, input), reads) in sequence.inputs.iter().zip(reads) {
        exited |= matches!(input, Input::Exited(_)) && !protocol.is_closed();
        protocol.apply(*now, input.clone());
        twin.apply(*now, input.clone());
        unread.extend(std::iter::from_fn(|| twin.poll_action()));
        let limit = if exited { limits.unread.max(limits.unread_after_exit) } else { limits.unread };
        for at in 0..=(if reads % 32 == 0 { reads / 8 } else { 0 }) {
            if at > 0 {
                assert_eq!(protocol.poll_action(), unread.pop_front());
            }
            let (least, most) = unread.iter().map(held).fold((0, 0), |sum, held| (sum.0 + held.0, sum.1 + held.1));
            if protocol.wants_read() {
                assert!(least <= limit, "at least {least} bytes are unread of {limit}, and it is read");
            } else {
                assert!(most > limit, "at most {most} bytes are unread of {limit}, and it is not read");
                judged += 1;
            }
        }
    }
    judged
}

/// What an action holds at least: the line that it carries. And at most: a fixed part, and what was taken out of the line.
fn held(action: &Action) -> (usize, usize) {
    let lines = match action {
        Action::Message { message, .. }
        | Action::IncomingDeclined { message, .. }
        | Action::UnmatchedResponse(message) => message.as_bytes().len(),
        Action::IncomingRequest(incoming) => incoming.message().as_bytes().len(),
        Action::ResponseReceived { response: Ok(reply), .. } => reply.message().as_bytes().len(),
        Action::ResponseReceived { response: Err(RequestError::Refused { message, .. }), .. } => message.len(),
        Action::RejectedLine(rejected) => rejected.head.len(),
        Action::DamagedLine(line) => line.dropped.len(),
        Action::StderrLine(line) => line.text.len(),
        Action::WireLine(line) => line.bytes.len(),
        Action::Closed(closed) => closed.rejected_tail.len(),
        _ => 0,
    };
    let more = match action {
        Action::Session(_) | Action::Closed(_) | Action::TurnStarted { .. } | Action::TurnEnded { .. } => 1000,
        _ => 100,
    };
    (lines, 2 * lines + more)
}
