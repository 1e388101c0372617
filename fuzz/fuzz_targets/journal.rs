//! Any bytes as a journal.

#![no_main]

#[path = "../../tests/support/history/mod.rs"]
mod history;
#[path = "../bodies/journal.rs"]
mod journal;
#[path = "../../tests/support/laws/mod.rs"]
mod laws;

libfuzzer_sys::fuzz_target!(|data: &[u8]| journal::body(data));
