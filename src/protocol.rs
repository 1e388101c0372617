//! The sans-I/O state machine: inputs and commands in, bytes and actions out.

pub(crate) mod action;
mod action_queue;
mod activity;
pub(crate) mod advice;
mod api;
mod background;
mod capacity;
mod commands;
pub(crate) mod config;
mod consequences;
pub(crate) mod deadline;
mod deadline_table;
pub(crate) mod end;
pub(crate) mod error;
mod form;
mod guard;
#[cfg(feature = "session")]
pub(crate) mod handed_out;
mod incoming_requests;
pub(crate) mod input;
mod interrupt_targets;
mod ledger;
mod line;
mod lines;
mod offsets;
mod outgoing_requests;
mod output;
pub(crate) mod raw;
mod raw_lines;
mod safe;
pub(crate) mod session_log;
mod shutdown;
mod silence;
mod snapshot;
mod stats;
mod status;
mod tail;
mod time_limits;
mod unread;

pub use offsets::Offsets;
pub use snapshot::{Snapshot, SnapshotError};
pub use stats::Stats;
pub use status::{Compaction, CompactionState, CompactionTrigger, SessionStatus};

use std::fmt;

use crate::base::ids::PromptId;
use crate::base::time::SessionTime;
use crate::protocol::action::CliSession;
use crate::protocol::config::Config;

use action_queue::Actions;
use activity::Activity;
use background::Background;
use capacity::Wanted;
use incoming_requests::IncomingRequests;
use interrupt_targets::InterruptTargets;
use ledger::Ledger;
use line::Lines;
use outgoing_requests::Requests;
use output::Output;
use shutdown::Shutdown;
use silence::Silence;
use tail::Tail;
use time_limits::TimeLimits;

/// State machine of one session with the CLI, without I/O, clock or randomness.
///
/// * *Inputs* report events outside of the session: [`receive`](Self::receive), [`eof`](Self::eof),
///   [`stderr`](Self::stderr), [`stderr_eof`](Self::stderr_eof), [`exited`](Self::exited), [`sent`](Self::sent),
///   [`send_failed`](Self::send_failed), [`handle_timeout`](Self::handle_timeout).
/// * *Commands* are requests of the host: [`prompt`](Self::prompt), [`cancel`](Self::cancel),
///   [`interrupt`](Self::interrupt), [`request`](Self::request), [`respond`](Self::respond),
///   [`close`](Self::close), [`close_now`](Self::close_now), [`abort`](Self::abort).
/// * *Polls* return work for the host: [`poll_transmit`](Self::poll_transmit) (bytes to write),
///   [`poll_action`](Self::poll_action) (events), [`poll_child_command`](Self::poll_child_command) (commands for
///   the child), [`poll_timeout`](Self::poll_timeout) (next deadline). They can be called in any order and any
///   number of times.
///
/// Time does not go back: an earlier time counts as the latest one. After the end, inputs have no effect and
/// commands are refused. [`guide::embedding`](crate::guide::embedding) describes when to call which method.
///
/// ```
/// use claude_duplex::{Action, Config, Outcome, Prompt, Protocol, Seed, SessionTime};
///
/// let mut protocol = Protocol::new(Config::new(Seed::random()), SessionTime::ZERO);
/// let prompt = protocol.prompt(SessionTime::ZERO, Prompt::text("hello")).unwrap();
/// let line = protocol.poll_transmit();
/// assert!(line.starts_with(b"{\"type\":\"user\""));
/// protocol.sent(SessionTime::ZERO, line.len());
///
/// let uuid = prompt.uuid();
/// let output = format!(
///     r#"{{"type":"system","subtype":"init","session_id":"s"}}
/// {{"type":"user","uuid":"{uuid}","message":{{"role":"user","content":"hello"}}}}
/// {{"type":"result","subtype":"success","is_error":false,"result":"hi"}}
/// "#
/// );
/// protocol.receive(SessionTime::ZERO, output.as_bytes());
///
/// let ended = std::iter::from_fn(|| protocol.poll_action()).any(|action| {
///     matches!(action, Action::PromptEnded { outcome: Outcome::Success, .. })
/// });
/// assert!(ended);
/// ```
#[derive(Clone)]
pub struct Protocol {
    config: Config,
    now: SessionTime,
    silence: Silence,
    lines: Lines,
    output: Output,
    actions: Actions,
    offsets: Offsets,
    ledger: Ledger,
    incoming: IncomingRequests,
    requests: Requests,
    interrupt_targets: InterruptTargets,
    time_limits: TimeLimits,
    background: Background,
    activity: Activity,
    shutdown: Shutdown,
    stderr: Tail,
    stderr_lines: Lines,
    rejected_tail: Tail,
    session: Option<CliSession>,
    status: SessionStatus,
    last_error: Option<String>,
    /// `true` if the last result is an error without a turn. Prompts that are lost with the session then have
    /// this reason.
    failed: bool,
    dialogs: Vec<String>,
    /// `true` if the host has registered hooks, or the CLI has called one.
    has_hooks: bool,
    counts: Stats,
    /// Commands that were refused as full since the last `CapacityAvailable`.
    wanted: Wanted,
    /// Prompts to cancel as soon as the limits allow it.
    withdrawals: Vec<PromptId>,
    /// `true` if something was pending since the last `Idle`.
    was_busy: bool,
    /// `true` if everything ended before the session did: later lines have no effect.
    settled: bool,
}

impl Protocol {
    /// Applies an input and its consequences. All inputs and commands pass through this method. Time does not go
    /// back. Returns `None`, without an effect, if the session has ended.
    fn enter<R>(&mut self, now: SessionTime, step: impl FnOnce(&mut Self) -> R) -> Option<R> {
        if self.is_closed() {
            return None;
        }
        self.now = self.now.max(now);
        let done = step(self);
        self.advance();
        Some(done)
    }
}

/// Shows the state of the session, without content of messages.
impl fmt::Debug for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Protocol")
            .field("session", &self.session)
            .field("now", &self.now)
            .field("step", &self.shutdown.step())
            .field("idle", &self.is_idle())
            .field("unsent", &self.unsent())
            .field("unread", &self.actions.bytes())
            .field("deadline", &self.poll_timeout())
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}
