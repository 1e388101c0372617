//! Sessions of the `claude` command line that outlive their host.
//!
//! A **keeper** is one small process for one CLI process. It owns the CLI's pipes, keeps the CLI's output in memory and in
//! bounded files, and serves hosts over a Unix socket: bytes by offset, in both directions. It does not interpret the bytes, so it
//! needs no update when the CLI's protocol changes. If the host dies, the CLI continues. The next host attaches at the offsets
//! in its journal, and continues the session.
//!
//! ```text
//!  host (ends, comes back)          keeper (one process per session)         CLI
//!  driver + journal    <-- Unix socket, offsets -->   files + pipes  <-->  stdin/stdout/stderr
//! ```
//!
//! * [`Launch`] starts a keeper with its CLI; the program `claude-duplex-keeper` does the same from a shell.
//! * [`Attach`] connects to a keeper. [`frame`] is the protocol, for other clients.
//! * `transport` (feature `transport`, `smol` or `tokio`) runs a session with the drivers of `claude-duplex`. `guide` shows how
//!   a host continues after a restart; `examples/survive.rs` is a program.
//! * [`Place`] is the directory with the sessions of a user.
//!
//! The keeper runs on Linux and on other Unix systems; `README.md` lists what differs there. On other systems this crate is
//! empty.
#![cfg(unix)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod attach;
pub mod commands;
mod credentials;
mod error;
pub mod frame;
pub mod keep;
/// Guide: a host that continues its session after a restart.
#[cfg(feature = "smol")]
#[doc = include_str!("guide.md")]
pub mod guide {}
mod launch;
mod place;
mod policy;
mod stop;
mod token;
#[cfg(feature = "transport")]
pub mod transport;

pub use attach::{Attach, Attached, Connection};
pub use error::{AttachError, KeeperError, PlaceError};
pub use launch::{Launch, Launched};
pub use place::{Place, SessionId, SessionState};
pub use policy::{Limits, Policy};
pub use token::Token;
