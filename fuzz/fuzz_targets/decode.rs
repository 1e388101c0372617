//! Any line as a message of the CLI, in every typed view.

#![no_main]

#[path = "../bodies/decode.rs"]
mod decode;

libfuzzer_sys::fuzz_target!(|data: &[u8]| decode::body(data));
