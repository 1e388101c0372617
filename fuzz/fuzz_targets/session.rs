//! Arbitrary sequences of everything that can be said to a session, judged by every law.

#![no_main]

#[path = "../../tests/support/history/mod.rs"]
mod history;
#[path = "../../tests/support/laws/mod.rs"]
mod laws;
#[path = "../bodies/session.rs"]
mod session;

libfuzzer_sys::fuzz_target!(|data: &[u8]| session::body(data));
