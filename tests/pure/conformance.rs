//! What the official SDKs' own tests pin down of the protocol, as cases 1 to 168 (wire reference, section 6.A).
//!
//! A test `case_042_...` shows case 42 here; a case that is not this crate's to show stands with its reason in
//! `NOT_APPLICABLE.md`.

mod complete;
mod exits;
mod framing;
mod hooks;
mod host;
mod initialize;
mod mcp;
mod messages;
mod mirror;
mod options;
mod permissions;
mod process;
mod prompts;
mod requests;
mod run_end;
mod withdrawals;
