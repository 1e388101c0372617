//! The CLI's side of the protocol, to test a host without the CLI.
//!
//! A [`Script`] says what the CLI does for each prompt, and which of six [generations](Generation) it is: what a host must
//! cope with differs from one to the next. A [`Peer`] plays it as a pure machine. A [`Pair`] joins that with a
//! [`Protocol`](crate::Protocol) in memory, under a clock of its own, so that a test of minutes takes none; a
//! `World` has any number of them as the children of real drivers (feature `driver`); and [`serve_stdio`] makes it a program that can be started in place of `claude` (`examples/peer.rs` is one).
//!
//! # A permission policy, tested without a process
//!
//! ```
//! use claude_duplex::testing::{Generation, Pair, Script, Step, Tool};
//! use claude_duplex::{Action, Ask, AskKind, Config, Decision, Outcome, Seed};
//!
//! /// The policy: nothing is removed.
//! fn decide(ask: &Ask) -> Decision {
//!     match ask.permission() {
//!         Ok(tool) if !tool.input.as_str().contains("rm ") => Decision::allow(),
//!         _ => Decision::deny("nothing is removed here"),
//!     }
//! }
//!
//! for &generation in Generation::ALL {
//!     let calls = [Tool::bash("ls").asks(), Tool::bash("rm -r /").asks()];
//!     let script = Script::new(generation).then([Step::tools(calls), Step::text("done")]);
//!     let mut pair = Pair::new(Config::new(Seed([1; 16])).own(AskKind::Permission), script);
//!     pair.prompt("tidy up");
//!     let outcome = loop {
//!         match pair.run_until(|action| matches!(action, Action::Asked(_) | Action::PromptEnded { .. })) {
//!             Action::Asked(ask) => pair.answer(ask.id(), decide(&ask)),
//!             Action::PromptEnded { outcome, .. } => break outcome,
//!             _ => unreachable!(),
//!         }
//!     };
//!     assert_eq!(outcome, Outcome::Success);
//!     let results = pair.cli_lines().into_iter().filter(|line| line.as_str().contains("tool_result"));
//!     let refused = results.map(|line| line.as_str().contains("nothing is removed here"));
//!     assert_eq!(refused.collect::<Vec<_>>(), [false, true]);
//! }
//! ```
//!
//! # What is imitated
//!
//! Which turn takes which prompts (queued, joined, folded, priorities, slash commands), when they are echoed and what else
//! is told of them, permission prompts and the rules that an allow takes with it, hooks, MCP servers in the host,
//! interrupts, withdrawals, turns of the CLI's own, results that are held back, the replies to control requests, lines at
//! which the CLI gives up, the end and its exit status. `tests/pure/peer` holds the peer to recordings of the real CLI, and in
//! `tests/sdks` the official SDKs take it for theirs. Not imitated are the model, the tools, sessions on disk, and `/compact`;
//! texts and numbers are invented.

mod args;
mod fault;
mod generation;
mod lines;
mod pair;
mod peer;
mod process;
mod prompted;
mod script;
mod step;
#[cfg(feature = "driver")]
mod world;

pub use fault::{BadFault, Damage, Fault};
pub use generation::{BadGeneration, Generation};
pub use pair::Pair;
pub use peer::Peer;
pub use process::serve_stdio;
pub use prompted::steps_in;
pub use script::Script;
pub use step::{Step, Tool};
#[cfg(feature = "driver")]
pub use world::{InMemory, World};
