//! The CLI's side of the protocol, to test a host without the CLI.
//!
//! A [`Script`] says what the CLI does for each prompt, and which of six [generations](CliVersion) it is: what a host must
//! cope with differs from one to the next. A [`MockCli`] plays it as a pure machine. A [`TestSession`] joins that with a
//! [`Protocol`](crate::Protocol) in memory, under a clock of its own, so that a test of minutes takes none; a
//! `TestRuntime` has any number of them as the children of real drivers (feature `driver`); and [`serve_stdio`] makes it a program that can be started in place of `claude` (`tools/peer` is one).
//!
//! # A permission policy, tested without a process
//!
//! ```
//! use claude_duplex::testing::{CliVersion, Script, Step, TestSession, ToolStep};
//! use claude_duplex::{
//!     Action, Config, Decision, IncomingKind, IncomingRequest, Outcome, Seed,
//! };
//!
//! /// The policy: nothing is removed.
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
//! # What is imitated
//!
//! Which turn takes which prompts (queued, joined, folded, priorities, slash commands), when they are echoed and what else
//! is told of them, permission prompts and the rules that an allow takes with it, hooks, MCP servers in the host,
//! interrupts, withdrawals, turns of the CLI's own, results that are held back, the replies to control requests, lines at
//! which the CLI gives up, the end and its exit status. `tests/pure/mock_cli` holds the mock CLI to recordings of the real CLI, and in
//! `tests/sdks` the official SDKs take it for theirs. Not imitated are the model, the tools, sessions on disk, and `/compact`;
//! texts and numbers are invented.

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
