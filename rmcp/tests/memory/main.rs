//! Services of the SDK, called by the mock CLI in memory.

#[path = "../services/mod.rs"]
mod services;

mod calls;
mod failures;
mod stage;
