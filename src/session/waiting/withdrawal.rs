//! Whether an ask was withdrawn.

use std::sync::OnceLock;

use event_listener::{Event, EventListener};

use crate::action::WhyWithdrawn;

#[derive(Default)]
pub(in crate::session) struct Withdrawal {
    why: OnceLock<WhyWithdrawn>,
    told: Event,
}

impl Withdrawal {
    /// It was; [`notify`](Self::notify) tells it.
    pub(in crate::session) fn set(&self, why: WhyWithdrawn) {
        let _ = self.why.set(why);
    }

    pub(in crate::session) fn is_told(&self) -> bool {
        self.why.get().is_some()
    }

    pub(in crate::session) fn listen(&self) -> EventListener {
        self.told.listen()
    }

    pub(in crate::session) async fn wait(&self) -> WhyWithdrawn {
        loop {
            let listener = self.listen();
            if let Some(why) = self.why.get() {
                return *why;
            }
            listener.await;
        }
    }

    /// Wakes those who wait, once why is known.
    pub(in crate::session) fn notify(&self) {
        self.told.notify(usize::MAX);
    }
}
