//! Any bytes as the CLI's output, in any cuts.

#![no_main]

#[path = "../bodies/bytes.rs"]
mod bytes;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bytes::body(data));
