//! Inputs of the specific events, in addition to the [common input](crate::incoming::hook::HookInput).

pub(super) mod agents;
pub(super) mod places;
pub(super) mod session;
pub(super) mod tools;
