//! A client for the stream-json protocol of Claude Code: keeps the `claude` command line running as a child process.
//!
//! The crate sends prompts, receives messages and results, answers permission requests and hooks in the middle of a turn,
//! and interrupts turns. It is unofficial.
//!
//! ```no_run
//! # #[cfg(feature = "tokio")] {
//! use claude_duplex::Session;
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let claude = Session::builder().spawn_tokio()?;
//!     let answer = claude.prompt("What is in this folder?")?.await?;
//!     println!("{}", answer.text());
//!     Ok(())
//! }
//! # }
//! ```
//!
//! # Layers
//!
//! | Layer | Feature | Use |
//! |---|---|---|
//! | `Session`, `PromptHandle`, `Handlers` | `tokio`, `smol` (`session` for custom transports) | many tasks or threads share a session; the usual choice |
//! | `Driver` | `tokio`, `smol` (`driver` for custom transports) | one task reads every [`Action`], or a thread that blocks |
//! | [`Protocol`] | none | an event loop of your own, wasm, tests, replay |
//!
//! [`Protocol`] is a state machine without I/O, clock, threads, or randomness. The host passes in the bytes that the child
//! wrote, the current time, and commands such as prompts. It takes out the bytes to write and the actions that happened. The
//! same inputs always give the same actions and bytes, so a recorded session can be replayed. The other layers drive this
//! machine.
//!
//! ```text
//!   bytes of stdout and stderr,            prompt, cancel, interrupt,
//!   exit status, current time              request, respond, close, abort
//!               |                                     |
//!               v                                     v
//!  +----------------------------------------------------------------------+
//!  |                               Protocol                               |
//!  |  lines -> envelopes -> turns and prompts, requests in both directions |
//!  +------+------------------+------------------+------------------+------+
//!         |                  |                  |                  |
//!  poll_transmit()    poll_action()    poll_child_command()  poll_timeout()
//!  bytes to write     events           close stdin, kill     next deadline
//! ```
//!
//! # Guarantees
//!
//! They hold on every tested version of the CLI, from 1.0.128 to 2.1.332.
//!
//! * Each prompt gets its own outcome, exactly once ([`Action::PromptEnded`]), although the CLI merges prompts, folds them
//!   into running turns, and begins turns of its own. See [`guide::turns`].
//! * A tool runs only if a rule, a mode, or a response allows it. Requests that the host does not [handle](Config::handle) are
//!   denied. An allow returns the tool's input byte for byte. See [`guide::permissions`].
//! * No wait is endless: requests have deadlines, shutdown has [grace periods](ShutdownTimeouts), and the end of the child ends
//!   everything that is open. See [`guide::ending`].
//! * Memory is bounded: each buffer has a [limit](Limits) with a name.
//! * `Debug` output is truncated, and logs contain prompts, answers, and tool inputs only at the level `TRACE`.
//!
//! # A session without a process
//!
//! The feature `testing` has a mock CLI that runs in memory. This example needs neither a process nor an API key:
//!
//! ```
//! use claude_duplex::testing::{Script, Step, TestSession, ToolStep};
//! use claude_duplex::{Action, Config, Decision, IncomingKind, Seed};
//!
//! let script = Script::default().then([
//!     Step::from(ToolStep::bash("ls").requires_permission().returns("src")),
//!     Step::text("one folder"),
//! ]);
//! let config = Config::new(Seed::from_bytes([1; 16])).handle(IncomingKind::Permission);
//! let mut session = TestSession::new(config, script);
//! session.prompt("what is here?");
//! let answer = loop {
//!     match session.run_until(|action| {
//!         matches!(action, Action::IncomingRequest(_) | Action::PromptEnded { .. })
//!     }) {
//!         Action::IncomingRequest(request) => {
//!             session.respond(request.id(), Decision::allow());
//!         }
//!         Action::PromptEnded { result, .. } => {
//!             break result.and_then(|result| result.result_text());
//!         }
//!         _ => unreachable!(),
//!     }
//! };
//! assert_eq!(answer.as_deref(), Some("one folder"));
//! ```
//!
//! # Where to continue
//!
//! | Task | Page |
//! |---|---|
//! | allow and deny tools, hooks, questions | [`guide::permissions`] |
//! | tools of the host, as an MCP server | [`guide::mcp_servers`] |
//! | several prompts at once, interrupts, outcomes | [`guide::turns`] |
//! | streamed text, tools, stderr, the raw log | [`guide::showing`] |
//! | permission mode, model, session state | [`guide::state`] |
//! | resume, fork, compaction | [`guide::resuming`] |
//! | failures, limits, retries | [`guide::errors`] |
//! | the end of a session, and its causes | [`guide::ending`] |
//! | an event loop of your own, with or without async, or wasm | [`guide::embedding`] |
//! | a CLI on another machine, in a container, or in a sandbox | [`guide::beyond_one_machine`] |
//! | tests of a host | [`guide::testing`] |
//! | recordings, replay, problem reports | [`guide::journals`] |
//! | spans and events | the module `trace`, with the feature `tracing` |
//! | terms, the wire format | [`guide::glossary`], [`guide::wire`] |
//! | versions of the CLI, operating systems, time and memory | [`guide::cli_versions`], [`guide::platforms`], [`guide::performance`] |
//! | moving from another client | [`guide::from_claude_wrapper`], [`guide::from_claude_codes`], [`guide::from_official_sdks`] |
//! | messages of the CLI | [`message`] |
//! | requests of the CLI, and responses | [`incoming`] |
//! | requests of the host | [`request`] |
//! | command line and environment of the CLI | [`options`] |
//!
//! # Cargo features
//!
//! No feature is on by default. The last column is the number of crates in a program on Linux, this one included, build
//! dependencies excluded.
//!
//! | Feature | Adds | Crates |
//! |---|---|---|
//! | none | the core: `Protocol`, messages, requests, options, journals | 8 |
//! | `tokio` | `driver::tokio` and the handles, by tokio's `process` and `time` | 26 |
//! | `smol` | `driver::smol`, the handles, and blocking calls, by `async-io` and `async-process` | 34 |
//! | `session` | the handles, for custom transports; part of `tokio` and `smol` | 20 |
//! | `driver` | `Driver` and `Transport`, by `futures-lite`; random seeds, by `getrandom`; journals with one writer, by `rustix`; part of `session` | 20 |
//! | `testing` | `testing`, the mock CLI | 8 |
//! | `tracing` | `trace`, by `tracing` | 11 |
//!
//! # Platforms
//!
//! | | Core | Child processes |
//! |---|---|---|
//! | Linux, x86_64 | every test | every test, and the real CLI |
//! | Windows | unit tests and `pure`, under Wine | `transports` and `handles`, under Wine; never the real CLI |
//! | macOS | compiled, not run | compiled, not run |
//! | wasm | journals replay to the same bytes | none: the host carries the bytes |
//!
//! The minimum Rust version is 1.85. `Config::default` does not exist on wasm: the host brings a [`Seed`].
//!
//! # Out of scope
//!
//! * The Messages API: the program `claude` runs the model and the tools, and must be installed.
//! * One-shot calls: `claude --print` with a prompt needs no library.
//! * Sessions, settings, and logins on disk: they belong to the CLI.
//! * A sandbox: what is allowed runs with the rights of the child.

#![forbid(unsafe_code)]
// Which feature an item needs, said beside it.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[deny(clippy::disallowed_types, clippy::disallowed_methods)]
mod base;
#[cfg(feature = "driver")]
pub mod driver;
pub mod guide;
#[deny(clippy::disallowed_types, clippy::disallowed_methods)]
pub mod incoming;
pub mod journal;
#[deny(clippy::disallowed_types, clippy::disallowed_methods)]
pub mod message;
#[deny(clippy::disallowed_types, clippy::disallowed_methods)]
pub mod options;
#[deny(clippy::disallowed_types, clippy::disallowed_methods)]
mod outgoing;
#[deny(clippy::disallowed_types, clippy::disallowed_methods)]
mod protocol;
#[cfg(any(test, fuzzing))]
mod reference;
#[cfg(feature = "session")]
mod session;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "tracing")]
pub mod trace;
#[deny(clippy::disallowed_types, clippy::disallowed_methods)]
mod wire;

#[cfg(fuzzing)]
#[doc(hidden)]
pub use reference::agree as views_agree;

pub use base::error::{DecodeError, JsonError, LostReason, ParseUuidError, RejectedReason, RequestError};
pub use base::ids::{IncomingId, PromptId, RequestId, Seed, TurnId, Uuid};
pub use base::json::Json;
pub use base::time::SessionTime;
#[cfg(feature = "driver")]
pub use driver::{Driver, ResumeError, SpawnError, Transport};
pub use incoming::{
    Allow, Decision, Deny, IncomingKind, IncomingKinds, IncomingRequest, IncomingResponse, PermissionRequest,
    ResponseKind,
};
pub use journal::{Journal, Recorder};
pub use message::{ContentBlock, Message, StreamDelta, TurnResult};
pub use options::{Invocation, Options, OptionsError};
pub use outgoing::prompt::{Block, Priority, Prompt, WhenBusy};
pub use outgoing::request;
pub use outgoing::request::{Interrupt, Request, Response};
pub use protocol::action::{
    Action, Attribution, CancelledReason, CliSession, DamagedLine, DeclinedReason, Outcome, RejectedLine, TurnOrigin,
    WaitReason,
};
pub use protocol::advice::{Advice, SettingsError};
pub use protocol::config::{CloseWhen, Config, Limits, ShutdownTimeouts, Timeouts, TransportKind, UnknownIncoming};
pub use protocol::deadline::Deadline;
pub use protocol::end::{ChildCommand, CloseReason, Exit, SessionClosed};
pub use protocol::error::{RefusedError, RefusedReason, RespondError, StaleIdError};
pub use protocol::input::Input;
pub use protocol::raw::{Direction, StderrLine, WireLine};
pub use protocol::session_log::{LogChange, LogContent, LogEntry, PromptState, SessionLog, ToolState};
pub use protocol::{
    Compaction, CompactionState, CompactionTrigger, Offsets, Protocol, SessionStatus, Snapshot, SnapshotError, Stats,
};
#[cfg(feature = "session")]
pub use session::{
    Answer, CallError, DeclinedRequest, HandleLimits, Handler, HandlerFn, HandlerRequest, Handlers, Hook,
    IncomingError, IncomingRequests, Lagged, LocalHandlers, McpClient, McpConnection, McpService, OpenRequests,
    Overflow, PendingAnswer, PendingResponse, PromptEnd, PromptError, PromptHandle, Responder, ResumedSession, Runner,
    SdkMcpCalls, Session, SessionBuilder, SessionError, Subscriber, WhenDropped, handler_fn,
};
#[cfg(feature = "tracing")]
pub use trace::Tracer;
pub use wire::kind::MessageKind;

/// The README, whose code has to compile.
#[cfg(all(doctest, feature = "smol"))]
#[doc = include_str!("../README.md")]
pub struct Readme;
