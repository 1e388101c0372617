//! The agent as a program, with a client that speaks plain JSON-RPC and the mock CLI as `claude`.

mod client;
mod elicitations;
#[cfg(target_os = "linux")]
mod endings;
#[cfg(target_os = "linux")]
mod kept;
mod malformed;
#[cfg(unix)]
mod mcp_servers;
mod permissions;
#[cfg(target_os = "linux")]
mod processes;
mod questions;
mod sessions;
#[cfg(target_os = "linux")]
mod stalled;
mod turns;
mod updates;
#[cfg(feature = "protocol-v2")]
mod v2;
