//! The CLI's side of the protocol, to test a host without the CLI.
//!
//! * A [`Script`] defines the CLI's actions for each prompt, and which of six [versions](CliVersion) it imitates. The
//!   versions differ in ways that a host must handle.
//! * A [`MockCli`] executes a script as a state machine without I/O.
//! * A [`TestSession`] connects a mock CLI to a [`Protocol`](crate::Protocol) in memory. Its clock is virtual, so that a
//!   test of several minutes takes no time.
//! * A `TestRuntime` runs any number of mock CLIs as the children of real drivers (feature `driver`).
//! * [`serve_stdio`] turns a mock CLI into a program that replaces `claude`. `tools/peer` is such a program.
//!
//! # Example: a permission policy, tested without a process
//!
//! ```
//! use claude_duplex::testing::{CliVersion, Script, Step, TestSession, ToolStep};
//! use claude_duplex::{
//!     Action, Config, Decision, IncomingKind, IncomingRequest, Outcome, Seed,
//! };
//!
//! /// Denies commands that remove files.
//! fn decide(ask: &IncomingRequest) -> Decision {
//!     match ask.permission() {
//!         Ok(tool) if !tool.input.as_str().contains("rm ") => Decision::allow(),
//!         _ => Decision::deny("nothing is removed here"),
//!     }
//! }
//!
//! for &generation in CliVersion::ALL {
//!     let calls = [
//!         ToolStep::bash("ls").requires_permission(),
//!         ToolStep::bash("rm -r /").requires_permission(),
//!     ];
//!     let script =
//!         Script::new(generation).then([Step::tools(calls), Step::text("done")]);
//!     let mut pair = TestSession::new(
//!         Config::new(Seed::from_bytes([1; 16])).handle(IncomingKind::Permission),
//!         script,
//!     );
//!     pair.prompt("tidy up");
//!     let outcome = loop {
//!         match pair.run_until(|action| {
//!             matches!(
//!                 action,
//!                 Action::IncomingRequest(_) | Action::PromptEnded { .. }
//!             )
//!         }) {
//!             Action::IncomingRequest(ask) => pair.respond(ask.id(), decide(&ask)),
//!             Action::PromptEnded { outcome, .. } => break outcome,
//!             _ => unreachable!(),
//!         }
//!     };
//!     assert_eq!(outcome, Outcome::Success);
//!     let results = pair
//!         .cli_lines()
//!         .into_iter()
//!         .filter(|line| line.as_str().contains("tool_result"));
//!     let refused =
//!         results.map(|line| line.as_str().contains("nothing is removed here"));
//!     assert_eq!(refused.collect::<Vec<_>>(), [false, true]);
//! }
//! ```
//!
//! # Scope
//!
//! The mock CLI imitates the following:
//!
//! * the assignment of prompts to turns: queued, joined and folded prompts, priorities and slash commands
//! * echoes and other messages about prompts, turns of the CLI's own, and results that are held back
//! * permission requests, the rules of an allow, hooks, and MCP servers in the host
//! * interrupts, cancellations, and responses to control requests
//! * invalid lines that end the CLI, the end of the process, and its exit status
//!
//! `tests/pure/mock_cli` checks the mock CLI against recordings of the real CLI. The official SDKs run against it in
//! `tests/sdks`. The model, the tools, sessions on disk and `/compact` are not imitated. Text and numbers are invented.

mod args;
mod cli_version;
mod fault;
mod lines;
mod mock_cli;
mod process;
mod prompted;
mod script;
mod step;
#[cfg(feature = "driver")]
mod test_runtime;
mod test_session;

pub use cli_version::{CliVersion, ParseCliVersionError};
pub use fault::{Damage, Fault, ParseFaultError};
pub use mock_cli::MockCli;
pub use process::serve_stdio;
pub use prompted::steps_in;
pub use script::Script;
pub use step::{Step, ToolStep};
#[cfg(feature = "driver")]
pub use test_runtime::{InMemory, TestRuntime};
pub use test_session::TestSession;
