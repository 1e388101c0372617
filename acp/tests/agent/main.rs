//! The agent as a program, with a client that speaks plain JSON-RPC and the mock CLI as `claude`.

mod client;
#[cfg(target_os = "linux")]
mod endings;
mod permissions;
mod questions;
mod sessions;
mod turns;
mod updates;
