//! Any bytes as a journal.

#![no_main]

#[path = "../../tests/support/sequence/mod.rs"]
mod sequence;
#[path = "../bodies/journal.rs"]
mod journal;
#[path = "../../tests/support/slow_scan.rs"]
mod slow_scan;
#[path = "../../tests/support/invariants/mod.rs"]
mod invariants;

libfuzzer_sys::fuzz_target!(|data: &[u8]| journal::body(data));
