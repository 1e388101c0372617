//! Spans and events of the `tracing` crate, for whoever operates a host (feature `tracing`).
//!
//! A driver traces its session by itself. A host with a loop of its own feeds a [`Tracer`] with what it tells the session
//! and what the session tells it, as it would a [`Recorder`](crate::Recorder):
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
//! Whoever has a subscriber chooses by the target, `claude_duplex`, and the level: in the words of `tracing-subscriber`,
//! `claude_duplex=warn` for what went wrong, `info` for when sessions begin and end as well, `debug` for all that happens.
//!
//! # What is never told
//!
//! Prompts, answers, what the model says, what goes into tools and comes out of them, the texts of errors, and stderr are
//! *contents*. They are in one event alone, `content`, which is of the level `TRACE`, and there they are cut after
//! [`LONGEST_CONTENT`] bytes and marked as cut. All other events and the spans hold ids, lengths, and names: of tools, of
//! hook events, of MCP servers, of requests, and the words that the protocol has for kinds and causes. What the CLI gives as
//! a name is cut after 120 bytes, and what could disturb a terminal is escaped. The fields of requests, which may be keys,
//! and the environment of the child are in none.
//!
//! **At the level `TRACE` a log is as private as the session itself.**
//!
//! # Spans
//!
//! Both have the level `WARN`, that of the loudest events, so that whoever sees an event sees whose it is. A session's span
//! is a child of the span that is entered where the session is made, a turn's of its session's. They are never entered by
//! this crate: what belongs to them names them, in whatever task or thread it happens.
//!
//! | Span | Field | |
//! |---|---|---|
//! | `session` | `tag` | what all its ids carry ([`Seed::tag`](crate::Seed::tag)) |
//! | | `pid` | the child's process id, where that is known |
//! | | `session_id` | the CLI's id of the session, once it has said so; recorded anew when it changes |
//! | | `cli_version` | the CLI's version, likewise |
//! | `turn` | `turn` | its number ([`TurnId::number`](crate::TurnId::number)) |
//! | | `origin` | what started it: `prompt`, `unknown`, or a word of the CLI as `task-notification` |
//! | | `prompts` | the numbers of the prompts that it took, as `1,2`; recorded anew with each |
//! | | `result` | the `subtype` of the `result` that ended it, if one did |
//! | | `outcome` | how its prompts ended: `success`, `error`, `interrupted`, `cancelled`, `blocked`, `lost` |
//!
//! # Events
//!
//! An [action](crate::Action) is told under the turn that it names, else under the one that runs, else under the session.
//! What is told to the session stands under the session. Numbers are those of the ids, lengths are in bytes.
//!
//! | Event | Level | Fields |
//! |---|---|---|
//! | `session started` | INFO | |
//! | `advice` | WARN | `advice` (a sentence) |
//! | `session introduced` | INFO | `session_id`, `cli_version`, `capabilities` (how many) |
//! | `session closed` | INFO; WARN where it ended by itself or not in full | `reason`, `exit`, `stderr`, `rejected_tail`, `last_error` (lengths), `cut_input`, `output_held` |
//! | `session dropped` | INFO | |
//! | `close waits for the running turn` | INFO | `at_most_s` (seconds, of `ShutdownTimeouts::turn`) |
//! | `turn started` | DEBUG | `turn`, `origin` |
//! | `turn ended` | DEBUG; WARN without a result | `turn`, `origin`, `result` |
//! | `prompt taken` | DEBUG | `prompt`, `turn` |
//! | `prompt ended` | DEBUG; WARN for `error` and `lost` | `prompt`, `turn`, `outcome`, `lost` (why), `result` |
//! | `message` | DEBUG; TRACE for a `stream_event` | `kind`, `subtype`, `subagent`, `tools` (that it calls; the first 16), `length` |
//! | `replied` | DEBUG; WARN without an answer | `request`, `reply` (`success`, `refused`, `timed out`, `failed`, `lost`), `code`, `lost` (why), `length` |
//! | `asked` | DEBUG | `incoming`, `kind`, `about`, `length` |
//! | `declined` | WARN; DEBUG for a dialog that was not declared, and at the end | `kind`, `about`, `reason`, `length` |
//! | `answered` | DEBUG; WARN for `declined` | `incoming`, `verdict` |
//! | `withdrawn` | DEBUG | `incoming`, `reason` |
//! | `rejected` | WARN | `reason`, `length`, `result_due`, `declined` |
//! | `damaged line` | WARN | `length`, `dropped` (length), `messages` (how many) |
//! | `stray` | DEBUG | `kind`, `length` |
//! | `stalled` | WARN | `deadline`, `reason` (what the session waits for, e.g. `tool`), `tool` |
//! | `idle` | DEBUG | |
//! | `room` | DEBUG | |
//! | `close stdin` | DEBUG | |
//! | `terminate` | WARN | |
//! | `kill` | WARN; DEBUG after its exit | |
//! | `prompt` | DEBUG | `length` |
//! | `prompt accepted` | DEBUG | `prompt`, `uuid` |
//! | `cancel` | DEBUG | `prompt` |
//! | `interrupt` | DEBUG | `prompt` (that it is aimed at), `cancel_queued` |
//! | `request` | DEBUG | `subtype` |
//! | `request accepted` | DEBUG | `request` |
//! | `answer` | DEBUG | `incoming`, `answer` |
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
//! `about` is the tool of a permission incoming request, the event of a hook, the server of an MCP message or elicitation, the kind of a
//! dialog.
//!
//! # What it costs
//!
//! Without the feature nothing. With it and without a subscriber, or with one that wants nothing of this level, a look at one
//! number for each event: 1 or 2 % of a line's way through the session (`benches/tracing.rs`).

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

/// After how many bytes a content is cut.
pub const LONGEST_CONTENT: usize = 2048;

/// The target of all spans and events.
pub const TARGET: &str = "claude_duplex";

/// An event under a span that it names, of one level or of one of two.
macro_rules! tell {
    ($level:ident, $parent:expr, $($event:tt)+) => {
        tracing::event!(target: $crate::trace::TARGET, parent: $parent, tracing::Level::$level, $($event)+)
    };
    ($level:ident if $condition:expr, else $other:ident, $parent:expr, $($event:tt)+) => {
        if $condition {
            $crate::trace::tell!($level, $parent, $($event)+)
        } else {
            $crate::trace::tell!($other, $parent, $($event)+)
        }
    };
}

use tell;

/// Traces one session: see [`trace`](crate::trace) for what it tells, and for an example.
///
/// It holds the spans, and ends them with the session's [end](crate::Action::Closed), or when it is dropped.
pub struct Tracer {
    session: Span,
    turns: Turns,
    /// Longest time that a close waits for the running turn.
    turn_grace: Duration,
    exited: bool,
    closed: bool,
}

impl Tracer {
    /// Begins the trace of a session of that `config`, whose child has that process id, under the span that is entered now.
    #[must_use]
    pub fn new(config: &Config, process_id: Option<u32>) -> Self {
        let tag = config.seed.tag();
        let session =
            warn_span!(target: TARGET, "session", tag, pid = process_id, session_id = Empty, cli_version = Empty);
        tell!(INFO, &session, "session started");
        let turn_grace = config.timeouts.shutdown.turn;
        Self { session, turns: Turns::default(), turn_grace, exited: false, closed: false }
    }

    /// One that tells nothing.
    #[cfg(feature = "session")]
    pub(crate) fn none() -> Self {
        let turn_grace = Duration::ZERO;
        Self { session: Span::none(), turns: Turns::default(), turn_grace, exited: false, closed: true }
    }

    /// The session's span, for what the host does with it; a disabled one once the session is over.
    #[must_use]
    pub fn session(&self) -> &Span {
        &self.session
    }

    /// The span of a turn that runs, for what the host does in it.
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
            tell!(INFO, &self.session, "session dropped");
        }
    }
}

impl fmt::Debug for Tracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracer").field("session", &self.session).field("closed", &self.closed).finish_non_exhaustive()
    }
}
