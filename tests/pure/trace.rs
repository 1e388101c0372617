//! What the feature `tracing` tells, to whom, and what it never does.

mod capture;
mod levels;
mod privacy;
mod scenarios;
mod spans;
mod table;
mod unpolled;
