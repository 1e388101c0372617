//! The queue of what happened, and how much of it is unread.

use std::collections::VecDeque;

use crate::action::Action;

/// What an action without content is counted as, in bytes.
const FLAT: usize = 64;
/// For how many actions the queue keeps its memory when it is empty: a stream in reads of 64 KiB has fewer in each. What
/// is idle keeps none.
const KEPT: usize = 256;
/// A queue for so few is given back at once. What the allocator hands out next was just used; what each of many sessions
/// keeps for itself is far away when it is needed (with 10,000 sessions, half the cost of a message).
const SMALL: usize = 8;

#[derive(Debug, Clone, Default)]
pub(crate) struct Actions {
    /// The head, if it came while nothing waited: a read that brings one action needs no queue.
    first: Option<Action>,
    queue: VecDeque<Action>,
    bytes: usize,
}

impl Actions {
    pub(crate) fn push(&mut self, action: Action) {
        self.bytes += weight(&action);
        if self.first.is_none() && self.queue.is_empty() {
            self.first = Some(action);
        } else {
            self.queue.push_back(action);
        }
    }

    pub(crate) fn pop(&mut self) -> Option<Action> {
        let action = self.first.take().or_else(|| self.queue.pop_front())?;
        self.bytes -= weight(&action);
        if self.queue.is_empty() && self.queue.capacity() > 0 {
            // From the start again: the memory that was used last is the nearest.
            self.queue.clear();
            let is_over = matches!(action, Action::Idle | Action::Closed(_));
            let is_small = self.queue.capacity() <= SMALL;
            self.queue.shrink_to(if is_over || is_small { 0 } else { KEPT });
        }
        Some(action)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// A result is counted with the message that carries it; turns and prompts hold handles on it.
fn weight(action: &Action) -> usize {
    FLAT + match action {
        Action::Message { message, .. } | Action::Declined { message, .. } | Action::Stray(message) => {
            message.as_bytes().len()
        }
        Action::Asked(ask) => ask.message().as_bytes().len(),
        Action::Replied { reply: Ok(reply), .. } => 2 * reply.message().as_bytes().len(),
        Action::Rejected(rejected) => rejected.head.len(),
        _ => 0,
    }
}
