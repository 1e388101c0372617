//! The `claude` command line, held open as a long-lived child: prompts in, messages and results out, permission
//! prompts and hooks in mid-turn, interrupts, requests both ways.
//!
//! The crate is a state machine without I/O, [`Protocol`]: it is told what happened (bytes, the end of a pipe, an exit,
//! the time) and what the host wants (a prompt, an interrupt, an answer), and it says what is to be done (write these
//! bytes, this turn ended so, decide this permission, kill the child). It has no clock, no threads and no randomness,
//! so it runs in every runtime and event loop, on any target, and a session can be replayed to the last byte.
//!
//! ```text
//!     bytes, ends, stderr, exit, time            prompt, cancel, interrupt, request, answer, close, abort
//!                  |                                                     |
//!                  v                                                     v
//!  +----------------------------------------------------------------------------------------------+
//!  |  Protocol     line -> envelope -> ledger (turns, prompts) / requests / asks / shutdown       |
//!  +--------+----------------------+---------------------------+------------------------+---------+
//!           |                      |                           |                        |
//!    poll_transmit():       poll_action():              poll_child_command():            poll_timeout():
//!    write these bytes      this happened               close stdin,             call handle_timeout
//!                                                       terminate, kill          then
//! ```
//!
//! What it takes care of, on every tested version of the CLI, from 1.0.128 to 2.1.332:
//!
//! * **Every prompt gets its own outcome**, once: [`Action::PromptEnded`]. The CLI merges prompts, folds them into
//!   running turns, starts turns of its own, and says which is which differently in each generation.
//! * **Nothing is granted that nobody gave**: an incoming request that the host does not [own](Config::handle) is declined in the way that
//!   is safe for its kind; an allow sends the tool's input back byte for byte.
//! * **Nothing hangs**: requests have deadlines, the end has [graces](ShutdownTimeouts), a dead child settles everything.
//! * **Nothing grows without bound**: every kind of memory has a [limit](Limits) with a name.
//! * **Nothing is lost to a bug report**: a [journal] records a session, and replays it to the same actions and bytes.
//! * **Nothing that was said is in a log**: what is printed of a value is cut and marked, and the feature `tracing` tells
//!   contents at the level `TRACE` alone.
//!
//! # A first look
//!
//! A session with the mock CLI of the feature `testing`, in memory: no process, no key. `cargo run --example chat
//! --features smol` is the same with the real one, where it is installed.
//!
//! ```
//! use claude_duplex::testing::{Script, Step, TestSession, ToolStep};
//! use claude_duplex::{Action, Config, Decision, IncomingKind, Seed};
//!
//! let script = Script::default().then([
//!     Step::from(ToolStep::bash("ls").requires_permission().returns("src")),
//!     Step::text("one folder"),
//! ]);
//! let mut pair = TestSession::new(
//!     Config::new(Seed::from_bytes([1; 16])).handle(IncomingKind::Permission),
//!     script,
//! );
//! pair.prompt("what is here?");
//! let answer = loop {
//!     match pair.run_until(|action| {
//!         matches!(action, Action::IncomingRequest(_) | Action::PromptEnded { .. })
//!     }) {
//!         Action::IncomingRequest(ask) => pair.respond(ask.id(), Decision::allow()),
//!         Action::PromptEnded { result, .. } => {
//!             break result.and_then(|result| result.result_text());
//!         }
//!         _ => unreachable!(),
//!     }
//! };
//! assert_eq!(answer.as_deref(), Some("one folder"));
//! ```
//!
//! # Where to read on
//!
//! | You want | Read |
//! |---|---|
//! | a loop of your own, with or without async, or wasm | [`guide::embedding`] |
//! | to decide what the CLI may do: permissions, hooks, questions | [`guide::permissions`] |
//! | tools of your own, as an MCP server in the host | [`guide::mcp_servers`] |
//! | several prompts at once, interrupts, what each outcome means | [`guide::turns`] |
//! | a session's end, in order or not | [`guide::ending`] |
//! | to test your host | [`guide::testing`] |
//! | to record, to look, to report a bug | [`guide::journals`] |
//! | to operate it: spans and events | feature `tracing`, the module `trace` |
//! | to look up a term, or a line of the wire format | [`guide::glossary`], [`guide::wire`] |
//! | to move here | [`guide::from_claude_wrapper`], [`guide::from_claude_codes`], [`guide::from_official_sdks`] |
//! | what a line says | [`message`]; what is asked: [`incoming`]; what you can ask: [`request`]; how it is started: [`options`] |
//!
//! # Why without I/O
//!
//! Every client of the CLI has to know the same things: which result answers which prompt, what is still owed when the child
//! dies, what an interrupt hit. None of that needs a socket or a runtime, so none of it has one here. What is told in the same
//! order gives the same actions, so a bug is a file that replays, a test of an hour takes a millisecond, and the invariants of a
//! session (each thing settled once, nothing granted by neglect, an end that always comes) are tested on arbitrary input sequences.
//! The drivers are thin, and yours can be as thin: the loop below is all of it.
//!
//! # What it is not
//!
//! * Not a client of the Messages API: the program `claude` runs the model's tools, and has to be there.
//! * Not for one-shot calls: `claude --print` with a prompt needs no library.
//! * No reader of sessions, settings or logins on disk: those are the CLI's.
//! * No sandbox: what is allowed runs with the rights of the child. The crate sees to it that nothing is allowed that nobody
//!   allowed, by a rule, a mode or an answer.
//! * Not tried everywhere: all was run on Linux on x86_64, the core in wasm too; for Windows it was compiled and never run, for
//!   macOS it was checked by the compiler. The real CLI was run offline, with a scripted model. The README says what else is not
//!   verified.
//! * Not made by Anthropic.
//!
//! # Which part for whom
//!
//! | You have | You take |
//! |---|---|
//! | an event loop, a runtime, a wasm host | the default features: [`Protocol`], [`Options`], and the loop below |
//! | smol, or any executor | feature `smol`: a `Driver` that is the loop, on children: `smol::spawn` |
//! | tokio | feature `tokio`: the same `Driver`, on tokio's children: `tokio::spawn` |
//! | no runtime, and a thread to wait on | feature `smol`: `Driver::next_blocking` |
//! | a CLI elsewhere: a socket, a container, SSH | `smol::over`, `tokio::over`: any two byte streams |
//! | a child that is already there | `smol::adopt`, `tokio::adopt` |
//! | many tasks or threads on one session | feature `session` besides: `Session`, `PromptHandle`, `IncomingRequests`, `Subscriber`; `Session::builder` |
//! | something else | feature `driver`: a `Transport` of your own |
//!
//! # Cargo features
//!
//! None is on by default. Crates are those of a build on Linux, this one counted, those that only run at build time not.
//!
//! | Feature | It adds | Crates |
//! |---|---|---|
//! | none | the core | 8 |
//! | `driver` | `Driver` and `Transport`, by `futures-lite`; random seeds, by `getrandom` | 17 |
//! | `smol` | `smol`, and blocking calls, by `async-io` and `async-process` | 34 |
//! | `tokio` | `tokio`, by tokio's `process` and `time` | 25 |
//! | `session` | handles on a driver, by `event-listener` | 18 |
//! | `testing` | `testing`, a mock CLI | 8 |
//! | `tracing` | `trace`, spans and events for operators, by `tracing` | 11 |
//!
//! # Platforms
//!
//! | | Core | Children |
//! |---|---|---|
//! | Linux | run: every test | run: every test, and the real CLI |
//! | macOS | checked by the compiler, never linked or run | the same: groups and signals are those of POSIX, as on Linux |
//! | Windows | compiled, never run | compiled, never run: a child has no group, and is killed where it would be asked to end |
//! | wasm | run: journals replay to the same bytes; the module imports nothing | none: the host carries the bytes |
//!
//! The core has nothing in it that is of a system. On wasm there is no `Config::default`: a host brings a [`Seed`]. Rust 1.85 is
//! the oldest that is tried.
//!
//! # The run loop
//!
//! The whole of it with the standard library alone, as proof that nothing else is needed (`examples/run_loop.rs`):
//!
//! ```no_run
#![doc = include_str!("../examples/run_loop.rs")]
//! ```

#![forbid(unsafe_code)]
// Which feature an item needs, said beside it.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod base;
#[cfg(feature = "driver")]
pub mod driver;
pub mod guide;
pub mod incoming;
pub mod journal;
pub mod message;
pub mod options;
mod outgoing;
mod protocol;
#[cfg(any(test, fuzzing))]
mod reference;
#[cfg(feature = "session")]
mod session;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "tracing")]
pub mod trace;
mod wire;

#[cfg(fuzzing)]
#[doc(hidden)]
pub use reference::agree as views_agree;

pub use base::error::{DecodeError, JsonError, LostReason, ParseUuidError, RejectedReason, RequestError};
pub use base::ids::{IncomingId, PromptId, RequestId, Seed, TurnId, Uuid};
pub use base::json::Json;
pub use base::time::SessionTime;
#[cfg(any(feature = "smol", feature = "tokio"))]
pub use driver::SpawnError;
#[cfg(feature = "driver")]
pub use driver::{Driver, Transport};
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
pub use protocol::{Compaction, CompactionState, CompactionTrigger, Protocol, SessionSnapshot, Stats};
#[cfg(feature = "session")]
pub use session::{
    Answer, CallError, DeclinedRequest, HandleLimits, Handler, HandlerFn, HandlerRequest, Handlers, Hook,
    IncomingError, IncomingRequests, Lagged, LocalHandlers, McpClient, McpConnection, McpService, Overflow,
    PendingAnswer, PendingResponse, PromptEnd, PromptError, PromptHandle, Responder, Runner, SdkMcpCalls, Session,
    SessionBuilder, Subscriber, WhenDropped, handler_fn,
};
#[cfg(feature = "tracing")]
pub use trace::Tracer;
pub use wire::kind::MessageKind;

/// The README, whose code has to compile.
#[cfg(all(doctest, feature = "smol"))]
#[doc = include_str!("../README.md")]
pub struct Readme;
