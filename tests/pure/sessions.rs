//! Handles on sessions with scripted children in memory, where time passes only when nothing else happens. What runs on
//! every runtime, with processes too, is in `tests/hosts/handles`.

mod asks;
mod builder;
mod commands;
mod drops;
mod ends;
mod errors;
mod limits;
mod mcp;
mod open_requests;
mod own;
mod readers;
mod rig;
mod serving;
mod subscribers;
mod switch;
mod turns;
