//! What a line costs, whatever it is filled with.

#![no_main]

#[path = "../bodies/costs.rs"]
mod costs;
#[path = "../../benches/counting/mod.rs"]
mod counting;
#[path = "../../tests/support/expensive_lines.rs"]
mod expensive_lines;

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

libfuzzer_sys::fuzz_target!(|data: &[u8]| costs::body(data));
