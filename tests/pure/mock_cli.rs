//! The mock CLI: what it does as each generation, held to what was recorded, and that it is pure.

mod behavior;
mod faults;
mod invariants;
mod purity;
mod recordings;
mod rules;
mod scenarios;
mod servers;
