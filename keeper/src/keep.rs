//! The keeper: [`run`] starts a CLI and keeps its session until the session ends.

mod child;
mod client;
mod clients;
mod ending;
mod exec;
mod keeper;
mod newest;
mod serve;
mod spool;
mod stdin;

pub(crate) use exec::EXEC;
pub use exec::exec;
pub use keeper::{Command, Keep, run};
