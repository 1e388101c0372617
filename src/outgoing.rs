//! Outgoing side of the protocol: prompts and control requests that the host sends.

pub(crate) mod prompt;
pub mod request;
