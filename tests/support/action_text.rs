//! Actions as text that leaves nothing out, so that what two processes saw can be compared.

use claude_duplex::{Action, Journal, Message};

/// One line for each action, with the CLI's whole line or text where it holds one.
pub(crate) fn of<'a>(actions: impl IntoIterator<Item = &'a Action>) -> String {
    let lines = actions.into_iter().map(|action| match (message(action), action) {
        (Some(message), _) => format!("{action:?} {}\n", message.as_bytes().escape_ascii()),
        (None, Action::Closed(closed)) => {
            format!("{action:?} {:?} {:?} {:?}\n", closed.stderr, closed.rejected_tail, closed.last_error)
        }
        (None, Action::RejectedLine(rejected)) => format!("{action:?} {}\n", rejected.head.escape_ascii()),
        (None, Action::DamagedLine(line)) => format!("{action:?} {}\n", line.dropped.escape_ascii()),
        (None, Action::ResponseReceived { response: Err(error), .. }) => format!("{action:?} {error}\n"),
        (None, Action::Session(session)) => format!("{action:?} {} {:?}\n", session.id, session.capabilities),
        _ => format!("{action:?}\n"),
    });
    lines.collect()
}

/// All that follows from a journal: the actions between what is written, asked of the child and waited for.
#[allow(dead_code, reason = "not every test compares all of it")]
pub(crate) fn of_replay(journal: &Journal) -> String {
    let steps = journal.replay().enumerate().map(|(at, step)| {
        let (output, children) = (step.output.escape_ascii(), step.children);
        let head = format!("input {at}: {output} {children:?} {} {:?}\n", step.unsent, step.deadline);
        head + &of(&step.actions)
    });
    steps.collect()
}

fn message(action: &Action) -> Option<&Message> {
    match action {
        Action::Message { message, .. }
        | Action::IncomingDeclined { message, .. }
        | Action::UnmatchedResponse(message) => Some(message),
        Action::TurnEnded { result, .. } | Action::PromptEnded { result, .. } => result.as_ref(),
        Action::ResponseReceived { response: reply, .. } => reply.as_ref().ok().map(|reply| reply.message()),
        Action::IncomingRequest(incoming) => Some(incoming.message()),
        _ => None,
    }
}
