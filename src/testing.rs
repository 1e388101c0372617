//! The CLI's side of the protocol, to test a host without the CLI.

mod fault;
mod generation;
mod lines;
mod pair;
mod peer;
mod process;
mod prompted;
mod script;
mod step;

pub use fault::{BadFault, Fault};
pub use generation::{BadGeneration, Generation};
pub use pair::Pair;
pub use peer::Peer;
pub use process::serve_stdio;
pub use prompted::steps_in;
pub use script::Script;
pub use step::{Step, Tool};
