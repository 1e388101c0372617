//! Invariant 6, of the orders to the child: each at most once and in their order, and no signal reaches a stranger.
//!
//! What the host does in the end is tried too: it aborts twice, right after the exit and once more later.

use claude_duplex::{ChildCommand, Input, Protocol, TransportKind};

use super::Case;
use crate::sequence::Sequence;

/// Counts the orders.
pub(crate) fn judge(case: &Case) -> usize {
    let mut judged = judge_one(&case.drained, false);
    judged += judge_one(&case.drained, true);
    for (at, (now, input)) in case.sequence.inputs.iter().enumerate() {
        if matches!(input, Input::Exited(_) | Input::Close | Input::CloseNow | Input::Eof) {
            let mut aborted = case.drained.clone();
            aborted.inputs.insert(at + 1, (*now, Input::Abort));
            judged += judge_one(&aborted, false) + judge_one(&aborted, true);
        }
    }
    judged
}

/// `late` fetches the orders only now and then, as a host that is busy does.
fn judge_one(sequence: &Sequence, late: bool) -> usize {
    let (is_process, kill_group) = (sequence.config.transport == TransportKind::Process, sequence.config.kill_group);
    let mut protocol = sequence.begin();
    let mut given: Vec<ChildCommand> = Vec::new();
    // How many orders were fetched when the exit was told, and whether a kill was among them.
    let mut exited: Option<(usize, bool)> = None;
    let mut is_unread = false;
    for (at, (now, input)) in sequence.inputs.iter().enumerate() {
        let (unsent, was_killed) = (protocol.poll_transmit().len(), is_killed(&protocol));
        let (is_exit, was_closed) = (matches!(input, Input::Exited(_)), protocol.is_closed());
        protocol.apply(*now, input.clone());
        // Only a child that does not read is killed by what it writes, or before it was asked to terminate.
        is_unread |= match input {
            Input::Receive(_) | Input::CloseNow => !was_killed && is_killed(&protocol),
            Input::Timeout => unsent > 0 && protocol.poll_transmit().is_empty(),
            _ => false,
        };
        if is_exit && !was_closed && exited.is_none() {
            exited = Some((given.len(), given.contains(&ChildCommand::Kill)));
        }
        if !late || at % 5 == 0 || at + 1 == sequence.inputs.len() {
            given.extend(std::iter::from_fn(|| protocol.poll_child_command()));
        }
    }
    assert!(given.is_sorted() && given.windows(2).all(|pair| pair[0] != pair[1]), "{given:?}");
    assert!(given.contains(&ChildCommand::CloseStdin), "stdin is never closed");
    let signals = |orders: &[ChildCommand]| -> Vec<ChildCommand> {
        orders.iter().copied().filter(|order| *order != ChildCommand::CloseStdin).collect()
    };
    if !is_process {
        assert_eq!(signals(&given), [], "two streams take no signals");
    } else if let Some((before, was_killed)) = exited {
        let expected: &[ChildCommand] = if kill_group && !was_killed { &[ChildCommand::Kill] } else { &[] };
        assert_eq!(signals(&given[before..]), expected, "after the exit");
    } else {
        // Nobody said that it ended: it was asked to, and then made to; an abort makes it at once, and so does a close if it
        // does not read its input.
        let is_aborted = sequence.inputs.iter().any(|(_, input)| *input == Input::Abort);
        let killed = given.last() == Some(&ChildCommand::Kill);
        assert!(killed && (is_aborted || is_unread || is_overrun(sequence) || given.len() == 3), "{given:?}");
    }
    given.len()
}

/// Whether an order to kill waits.
fn is_killed(protocol: &Protocol) -> bool {
    let mut protocol = protocol.clone();
    std::iter::from_fn(|| protocol.poll_child_command()).any(|order| order == ChildCommand::Kill)
}

/// Whether too much waited to be written.
fn is_overrun(sequence: &Sequence) -> bool {
    let is_overrun = |closed: &claude_duplex::SessionClosed| closed.reason == claude_duplex::CloseReason::Overrun;
    let actions = sequence.play().actions;
    actions.iter().any(|action| matches!(action, claude_duplex::Action::Closed(closed) if is_overrun(closed)))
}
