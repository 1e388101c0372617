//! The keeper itself: [`run`] keeps one CLI until it may end.

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
