//! The peer: what it does as each generation, held to what was recorded, and that it is pure.

mod faults;
mod laws;
mod purity;
mod recordings;
mod scenarios;
mod servers;
