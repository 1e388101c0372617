//! What each event says beside [what all say](crate::incoming::hook::HookInput).

pub(super) mod agents;
pub(super) mod places;
pub(super) mod session;
pub(super) mod tools;
