//! Any line as a message of the CLI, in every typed view.

#![no_main]

#[path = "../bodies/decode.rs"]
mod decode;
#[path = "../../tests/support/slow_scan.rs"]
mod slow_scan;

libfuzzer_sys::fuzz_target!(|data: &[u8]| decode::body(data));
