//! Spans and events of the `tracing` crate, for operators of a host (feature `tracing`).
//!
//! A driver traces its session by itself. A host with its own loop passes the inputs and actions of its session to a
//! [`Tracer`], as it would to a [`Recorder`](crate::Recorder):
//!
//! ```
//! use claude_duplex::{Config, Input, Prompt, Protocol, Seed, SessionTime, Tracer};
//!
//! let config = Config::new(Seed::from_bytes([1; 16]));
//! let mut tracer = Tracer::new(&config, None);
//! let mut session = Protocol::new(config, SessionTime::ZERO);
//!
//! let prompt = Prompt::text("hello");
//! tracer.input(&Input::Prompt(prompt.clone()));
//! match session.prompt(SessionTime::ZERO, prompt) {
//!     Ok(prompt) => tracer.prompt_accepted(prompt),
//!     Err(refused) => tracer.command_refused(&refused),
//! }
//! let input = Input::Receive(
//!     b"{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"s\"}\n".into(),
//! );
//! tracer.input(&input);
//! session.apply(SessionTime::ZERO, input);
//! while let Some(order) = session.poll_child_command() {
//!     tracer.child_command(order);
//! }
//! while let Some(action) = session.poll_action() {
//!     tracer.action(&action);
//! }
//! ```
//!
//! A subscriber filters by the target `claude_duplex` and the level. With `tracing-subscriber`, `claude_duplex=warn` selects
//! failures, `info` also selects the start and end of sessions, and `debug` selects all events.
//!
//! # Private content
//!
//! Prompts, answers, output of the model, inputs and results of tools, texts of errors, and stderr are *content*. Only the
//! event `content` of the level `TRACE` contains them, truncated and marked after [`LONGEST_CONTENT`] bytes. All other events
//! and the spans contain ids, lengths, and names: of tools, of hook events, of MCP servers, of requests, and the names of
//! kinds and causes in the protocol. Names from the CLI are truncated after 120 bytes, and characters that could disturb a
//! terminal are escaped. No event contains the fields of requests, which may be keys, or the environment of the child.
//!
//! **At the level `TRACE` a log is as private as the session itself.**
//!
//! # Spans
//!
//! Both spans have the level `WARN`, the highest of the events, so that a subscriber that sees an event also sees its span.
//! The span of a session is a child of the span that is entered when the session is created. The span of a turn is a child of
//! its session's span. This crate never enters a span: each event names its span explicitly, in whatever task or thread it
//! occurs.
//!
//! | Span | Field | |
//! |---|---|---|
//! | `session` | `tag` | tag that all its ids contain ([`Seed::tag`](crate::Seed::tag)) |
//! | | `pid` | process id of the child, if it is known |
//! | | `session_id` | session id of the CLI, once it is known; recorded again when it changes |
//! | | `cli_version` | version of the CLI, once it is known; recorded again when it changes |
//! | `turn` | `turn` | number of the turn ([`TurnId::number`](crate::TurnId::number)) |
//! | | `origin` | origin of the turn: `prompt`, `unknown`, or a name of the CLI, e.g. `task-notification` |
//! | | `prompts` | numbers of the prompts that the turn took, e.g. `1,2`; recorded again with each |
//! | | `result` | the `subtype` of the `result` that ended it, if one did |
//! | | `outcome` | outcome of its prompts: `success`, `error`, `interrupted`, `cancelled`, `blocked`, `lost` |
//!
//! # Events
//!
//! The span of an [action](crate::Action) is that of its turn, or else of the running turn, or else of the session. The span
//! of inputs is that of the session. Numbers are those of the ids, lengths are in bytes.
//!
//! | Event | Level | Fields |
//! |---|---|---|
//! | `session started` | INFO | |
//! | `advice` | WARN | `advice` (a sentence) |
//! | `session introduced` | INFO | `session_id`, `cli_version`, `capabilities` (how many) |
//! | `session closed` | INFO; WARN if the host did not end it, or if its end is incomplete | `reason`, `exit`, `stderr`, `rejected_tail`, `last_error` (lengths), `cut_input`, `output_held` |
//! | `session dropped` | INFO | |
//! | `close waits for the running turn` | INFO | `at_most_s` (seconds, of `ShutdownTimeouts::turn`) |
//! | `turn started` | DEBUG | `turn`, `origin` |
//! | `turn ended` | DEBUG; WARN without a result | `turn`, `origin`, `result` |
//! | `prompt taken` | DEBUG | `prompt`, `turn` |
//! | `prompt ended` | DEBUG; WARN for `error` and `lost` | `prompt`, `turn`, `outcome`, `lost` (the reason), `result` |
//! | `message` | DEBUG; TRACE for a `stream_event` | `kind`, `subtype`, `subagent`, `tools` (the first 16 that it calls), `length` |
//! | `response received` | DEBUG; WARN without a response | `request`, `result` (`success`, `refused`, `timed out`, `too long`, `failed`, `lost`), `code`, `lost` (the reason), `length` |
//! | `incoming request` | DEBUG | `incoming`, `kind`, `about`, `length` |
//! | `incoming declined` | WARN; DEBUG for a dialog that was not declared, and at the end | `kind`, `about`, `reason`, `length` |
//! | `incoming answered` | DEBUG; WARN for `declined` | `incoming`, `response` |
//! | `incoming cancelled` | DEBUG | `incoming`, `reason` |
//! | `rejected line` | WARN | `reason`, `length`, `result_due`, `declined` |
//! | `damaged line` | WARN | `length`, `dropped` (length), `messages` (how many) |
//! | `unmatched response` | DEBUG | `kind`, `length` |
//! | `deadline exceeded` | WARN | `deadline`, `reason` (what the session waits for, e.g. `tool`), `tool` |
//! | `idle` | DEBUG | |
//! | `capacity available` | DEBUG | |
//! | `close stdin` | DEBUG | |
//! | `terminate` | WARN | |
//! | `kill` | WARN; DEBUG after its exit | |
//! | `prompt` | DEBUG | `length` |
//! | `prompt accepted` | DEBUG | `prompt`, `uuid` |
//! | `cancel` | DEBUG | `prompt` |
//! | `interrupt` | DEBUG | `prompt` (that it is aimed at), `cancel_queued` |
//! | `request` | DEBUG | `subtype` |
//! | `request accepted` | DEBUG | `request` |
//! | `respond` | DEBUG | `incoming`, `response` |
//! | `refused` | DEBUG | `reason` |
//! | `close` | DEBUG | |
//! | `abort` | DEBUG | |
//! | `stdout` | TRACE | `length` |
//! | `stdout ended` | DEBUG | |
//! | `stderr` | DEBUG | `length` |
//! | `stderr ended` | DEBUG | |
//! | `exited` | DEBUG | `exit` |
//! | `stdin` | TRACE | `length` |
//! | `stdin failed` | DEBUG | |
//! | `timeout` | TRACE | |
//! | `content` | TRACE | `of` (the event that it belongs to, which comes just before), `length`, `content` |
//!
//! The field `about` contains the tool of a permission request, the event of a hook, or the kind of a dialog. For MCP messages
//! and elicitations, it contains the server.
//!
//! # Cost
//!
//! Without the feature, tracing has no cost. With the feature, and without a subscriber for the level, each event costs one
//! comparison of a number: 1 to 2 % of the time that a session spends on a line (`benches/tracing.rs`).

mod actions;
mod inputs;
mod shown;
mod turns;

use std::fmt;
use std::time::Duration;

use tracing::field::Empty;
use tracing::{Span, warn_span};

use crate::base::ids::TurnId;
use crate::protocol::config::Config;
use turns::Turns;

/// Number of bytes after which content is truncated.
pub const LONGEST_CONTENT: usize = 2048;

/// The target of all spans and events.
pub const TARGET: &str = "claude_duplex";

/// Emits an event with an explicit span, at one level or at one of two.
macro_rules! emit {
    ($level:ident, $parent:expr, $($event:tt)+) => {
        tracing::event!(target: $crate::trace::TARGET, parent: $parent, tracing::Level::$level, $($event)+)
    };
    ($level:ident if $condition:expr, else $other:ident, $parent:expr, $($event:tt)+) => {
        if $condition {
            $crate::trace::emit!($level, $parent, $($event)+)
        } else {
            $crate::trace::emit!($other, $parent, $($event)+)
        }
    };
}

use emit;

/// Tracer of one session. [`trace`](crate::trace) lists its events and has an example.
///
/// A tracer holds the spans, and ends them with the [end](crate::Action::Closed) of the session, or when it is dropped.
pub struct Tracer {
    session: Span,
    turns: Turns,
    /// Longest time that a close waits for the running turn.
    turn_grace: Duration,
    exited: bool,
    closed: bool,
}

impl Tracer {
    /// Begins the trace of a session with this `config` and this process id of the child. The session's span is a child of
    /// the current span.
    #[must_use]
    pub fn new(config: &Config, process_id: Option<u32>) -> Self {
        let tag = config.seed.tag();
        let session =
            warn_span!(target: TARGET, "session", tag, pid = process_id, session_id = Empty, cli_version = Empty);
        emit!(INFO, &session, "session started");
        let turn_grace = config.timeouts.shutdown.turn;
        Self { session, turns: Turns::default(), turn_grace, exited: false, closed: false }
    }

    /// Creates a tracer that emits nothing.
    #[cfg(feature = "session")]
    pub(crate) fn none() -> Self {
        let turn_grace = Duration::ZERO;
        Self { session: Span::none(), turns: Turns::default(), turn_grace, exited: false, closed: true }
    }

    /// Returns the span of the session, for events of the host; a disabled span once the session has ended.
    #[must_use]
    pub fn session(&self) -> &Span {
        &self.session
    }

    /// Returns the span of a running turn, for events of the host.
    #[must_use]
    pub fn turn(&self, turn: TurnId) -> Option<&Span> {
        self.turns.get(turn)
    }

    fn end(&mut self) {
        self.closed = true;
        self.turns = Turns::default();
        self.session = Span::none();
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        if !self.closed {
            emit!(INFO, &self.session, "session dropped");
        }
    }
}

impl fmt::Debug for Tracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracer").field("session", &self.session).field("closed", &self.closed).finish_non_exhaustive()
    }
}
