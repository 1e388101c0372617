//! Arbitrary sequences of everything that can be said to a session, judged by every invariant.

#![no_main]

#[path = "../../tests/support/sequence/mod.rs"]
mod sequence;
#[path = "../../tests/support/slow_scan.rs"]
mod slow_scan;
#[path = "../../tests/support/invariants/mod.rs"]
mod invariants;
#[path = "../bodies/session.rs"]
mod session;

libfuzzer_sys::fuzz_target!(|data: &[u8]| session::body(data));
