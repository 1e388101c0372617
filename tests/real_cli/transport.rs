//! What carries the sessions: the one file of the suite that names a transport and its executor.

pub(crate) use async_io::{Timer, block_on};
pub(crate) use claude_duplex::smol::{Smol as Transport, spawn};
pub(crate) use smol::future::or;
