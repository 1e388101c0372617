//! Any line as a message of the CLI, in every typed view, and each view as the slow reference reads it.

#![no_main]

#[path = "../bodies/decode.rs"]
mod decode;
#[path = "../../tests/support/slow_scan.rs"]
mod slow_scan;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    claude_duplex::views_agree(data);
    decode::body(data);
});
