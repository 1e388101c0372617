//! What waits for the handles, and who is to be woken for it. Nothing here knows of a session.

pub(super) mod calls;
pub(super) mod feed;
pub(super) mod inbox;
pub(super) mod mailbox;
pub(super) mod patience;
pub(super) mod ring;
mod said;
pub(super) mod slot;
pub(super) mod withdrawal;
