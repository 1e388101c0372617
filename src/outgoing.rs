//! What the host sends to the CLI: prompts and control requests.

pub(crate) mod prompt;
pub mod request;
