//! Handles on sessions with scripted children in memory, where time passes only when nothing else happens. What runs on
//! every runtime, with processes too, is in `tests/hosts/handles`.

mod builder;
mod commands;
mod drops;
mod ends;
mod errors;
mod fixture;
mod handlers;
mod incoming;
mod limits;
mod mcp;
mod open_requests;
mod readers;
mod refusals;
mod serving;
mod subscribers;
mod turns;
