//! A driver on a transport that fails, stalls, ends and is interrupted at any point.

#![no_main]

#[path = "../../tests/support/sequence/mod.rs"]
mod sequence;
#[path = "../../tests/support/slow_scan.rs"]
mod slow_scan;
#[path = "../../tests/support/invariants/mod.rs"]
mod invariants;
#[path = "../../tests/support/written.rs"]
mod written;
#[path = "../bodies/driver.rs"]
mod driver;

libfuzzer_sys::fuzz_target!(|data: &[u8]| driver::body(data));
