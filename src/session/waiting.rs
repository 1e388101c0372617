//! Queues and wakers of the handles. This module does not depend on the session.

pub(super) mod calls;
pub(super) mod event;
pub(super) mod feed;
pub(super) mod inbox;
pub(super) mod mailbox;
pub(super) mod patience;
pub(super) mod ring;
mod said;
pub(super) mod slot;
pub(super) mod withdrawal;
