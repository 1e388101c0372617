//! Services of `rmcp` 3.

mod bridge;
mod generation;
mod guarded;
mod pending;
mod server;
mod transport;

/// The SDK, in the version that this module serves.
pub use rmcp;
pub use server::RmcpServer;
