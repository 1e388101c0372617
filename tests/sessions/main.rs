//! Handles on sessions with scripted children: in memory, where time passes only when nothing else happens, and a few as
//! real processes.

mod asks;
mod commands;
mod drops;
mod limits;
#[cfg(feature = "smol")]
mod processes;
mod rig;
mod serving;
mod subscribers;
mod turns;
