//! Invariant 8, for what is refused: a command is refused as full until there is room for it, and no command ends the session.

use std::collections::HashSet;

use claude_duplex::{
    Action, CancelledReason, Input, Interrupt, LostReason, Outcome, Prompt, Protocol, RefusedReason, Request,
    RequestId, SessionTime,
};

use super::Case;

/// A command that may be refused.
#[derive(Clone)]
enum Command {
    Prompt(Prompt),
    Request(Request),
    Interrupt(Interrupt),
}

impl Command {
    fn of(input: &Input<'_>) -> Option<Self> {
        Some(match input {
            Input::Prompt(prompt) => Self::Prompt(prompt.clone()),
            Input::Request(request) => Self::Request(request.clone()),
            Input::Interrupt(interrupt) => Self::Interrupt(interrupt.clone()),
            _ => return None,
        })
    }

    /// The request that it became, if it is one, or why it was refused.
    fn give(self, protocol: &mut Protocol, now: SessionTime) -> Result<Option<RequestId>, RefusedReason> {
        match self {
            Self::Prompt(prompt) => protocol.prompt(now, prompt).map(|_| None).map_err(|refused| refused.reason()),
            Self::Request(request) => protocol.request(now, request).map(Some).map_err(|refused| refused.reason()),
            Self::Interrupt(interrupt) => {
                protocol.interrupt(now, interrupt).map(Some).map_err(|refused| refused.reason())
            }
        }
    }

    /// Whether it is an interrupt, for which the long prompts and many requests of a host leave room.
    fn is_interrupt(&self) -> bool {
        match self {
            Self::Interrupt(_) => true,
            Self::Request(request) => serde_json::to_value(request).is_ok_and(|text| text["subtype"] == "interrupt"),
            Self::Prompt(_) => false,
        }
    }
}

/// More than an interrupt of the input sequences has, in bytes.
const SHORT: usize = 300;

/// Counts the commands that were refused for want of room.
pub(crate) fn judge(case: &Case) -> usize {
    let mut protocol = case.sequence.begin();
    let limits = case.sequence.config.limits;
    let (mut refused, mut interrupts, mut judged) = (Vec::new(), HashSet::new(), 0);
    for (now, input) in &case.sequence.inputs {
        let command = Command::of(input);
        let waiting = protocol.poll_transmit().len();
        let given = match command.clone() {
            Some(command) => command.give(&mut protocol, *now),
            None => {
                protocol.apply(*now, input.clone());
                Ok(None)
            }
        };
        let reason = given.err();
        let actions: Vec<Action> = std::iter::from_fn(|| protocol.poll_action()).collect();
        let reported = actions.contains(&Action::CapacityAvailable);
        if matches!(input, Input::Respond(..) | Input::Cancel(_)) || command.is_some() {
            assert!(!actions.iter().any(is_aborted), "a command ends the session");
        }
        if let Some(command) = command {
            if command.is_interrupt() {
                let full = waiting + SHORT > limits.unsent_hard || interrupts.len() >= limits.open_requests.max(1);
                assert!(full || reason != Some(RefusedReason::Full), "there is no room for an interrupt");
                interrupts.extend(given.ok().flatten());
            }
            if matches!(reason, Some(RefusedReason::Full | RefusedReason::TooLong)) {
                assert!(actions.is_empty(), "a refusal changes nothing: {actions:?}");
                judged += 1;
            }
            if reason == Some(RefusedReason::Full) {
                refused.push(command);
            }
        }
        for action in &actions {
            if let Action::ResponseReceived { request, .. } = action {
                interrupts.remove(request);
            }
        }
        // More lines of one read may take the room again.
        if reported && !matches!(input, Input::Receive(_)) {
            let full =
                |command: &Command| command.clone().give(&mut protocol.clone(), *now) == Err(RefusedReason::Full);
            assert!(!refused.iter().all(full), "there is room for nothing that was refused");
        }
        if reported {
            refused.clear();
        }
    }
    judged
}

/// Whether it says that the session was ended at once.
fn is_aborted(action: &Action) -> bool {
    match action {
        Action::PromptEnded { outcome, .. } => *outcome == Outcome::Lost(LostReason::Aborted),
        Action::IncomingCancelled { reason, .. } => *reason == CancelledReason::Ended(LostReason::Aborted),
        _ => false,
    }
}
