//! Tests of the mock CLI: its behavior as each version, compared with recordings, and the purity of its state machine.

mod behavior;
mod faults;
mod invariants;
mod purity;
mod recordings;
mod rules;
mod scenarios;
mod servers;
