//! Queues and wakers of the handles. This module does not depend on the session.

pub(super) mod calls;
pub(super) mod event;
pub(super) mod feed;
pub(super) mod inbox;
mod last_text;
pub(super) mod mailbox;
pub(super) mod patience;
pub(super) mod ring;
pub(super) mod slot;
pub(super) mod withdrawal;
