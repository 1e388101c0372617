//! Arbitrary calls on the handles of a session.

#![no_main]

#[path = "../../tests/support/written.rs"]
mod written;
#[path = "../bodies/host.rs"]
mod host;

libfuzzer_sys::fuzz_target!(|data: &[u8]| host::body(data));
