//! Arbitrary values of options, prompts, requests and answers.

#![no_main]

#[path = "../bodies/options.rs"]
mod options;

libfuzzer_sys::fuzz_target!(|data: &[u8]| options::body(data));
