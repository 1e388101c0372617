//! A host and a mock CLI, connected in memory.

mod carry;

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use super::mock_cli::MockCli;
use super::script::Script;
use crate::base::ids::{PromptId, RequestId};
use crate::base::json::Json;
use crate::base::time::SessionTime;
use crate::outgoing::prompt::Prompt;
use crate::outgoing::request::{Interrupt, Request};
use crate::protocol::Protocol;
use crate::protocol::action::Action;
use crate::protocol::config::Config;

/// Maximum number of steps. Exceeding it means that the test does not terminate.
const STEPS: usize = 1_000_000;

/// A [`Protocol`] and a [`MockCli`] that are connected in memory, on a virtual clock. Waiting takes no time, and the same
/// calls produce the same actions.
///
/// ```
/// use claude_duplex::testing::{TestSession, Script};
/// use claude_duplex::{Action, Config, Outcome, Seed};
///
/// let config = Config::new(Seed::from_bytes([1; 16]));
/// let mut pair = TestSession::new(config, Script::default());
/// let prompt = pair.prompt("hello");
/// let ended = pair.run_until(|action| matches!(action, Action::PromptEnded { .. }));
/// let Action::PromptEnded { prompt: id, outcome, .. } = ended else { unreachable!() };
/// assert_eq!((id, outcome), (prompt, Outcome::Success));
/// ```
#[derive(Clone)]
pub struct TestSession {
    /// State machine of the host, for calls that have no method here.
    pub host: Protocol,
    /// State machine of the mock CLI.
    pub peer: MockCli,
    now: SessionTime,
    actions: VecDeque<Action>,
    seen: VecDeque<String>,
    /// State of the random chunk sizes, if bytes are split into chunks.
    cuts: Option<u64>,
    written: Vec<u8>,
    read: Vec<u8>,
    is_closed: bool,
    input_refused: bool,
}

impl TestSession {
    /// Creates a session of a host and a mock CLI.
    #[must_use]
    pub fn new(config: Config, script: Script) -> Self {
        Self {
            host: Protocol::new(config, SessionTime::ZERO),
            peer: MockCli::new(script, SessionTime::ZERO),
            now: SessionTime::ZERO,
            actions: VecDeque::new(),
            seen: VecDeque::new(),
            cuts: None,
            written: Vec::new(),
            read: Vec::new(),
            is_closed: false,
            input_refused: false,
        }
    }

    /// Splits the bytes of both sides into chunks of random size, derived from `seed`.
    #[must_use]
    pub fn cut_by(mut self, seed: u64) -> Self {
        self.cuts = Some(seed);
        self
    }

    /// Returns the current time.
    #[must_use]
    pub fn now(&self) -> SessionTime {
        self.now
    }

    // Commands of the host.

    /// Sends a prompt.
    ///
    /// # Panics
    ///
    /// Panics if the host refuses the prompt.
    pub fn prompt(&mut self, prompt: impl Into<Prompt>) -> PromptId {
        let given = self.host.prompt(self.now, prompt.into());
        given.unwrap_or_else(|refused| panic!("the prompt was refused: {}", refused.reason()))
    }

    /// Sends an interrupt.
    ///
    /// # Panics
    ///
    /// Panics if the host refuses the interrupt.
    pub fn interrupt(&mut self, interrupt: Interrupt) -> RequestId {
        let sent = self.host.interrupt(self.now, interrupt);
        sent.unwrap_or_else(|refused| panic!("the interrupt was refused: {}", refused.reason()))
    }

    /// Sends a control request.
    ///
    /// # Panics
    ///
    /// Panics if the host refuses the request.
    pub fn request(&mut self, request: impl Into<Request>) -> RequestId {
        let sent = self.host.request(self.now, request);
        sent.unwrap_or_else(|refused| panic!("the request was refused: {}", refused.reason()))
    }

    /// Responds to an incoming request.
    ///
    /// # Panics
    ///
    /// Panics if the incoming request has ended, or the response has the wrong type.
    pub fn respond(
        &mut self,
        incoming: crate::base::ids::IncomingId,
        answer: impl Into<crate::incoming::IncomingResponse>,
    ) {
        let answered = self.host.respond(self.now, incoming, answer.into());
        answered.unwrap_or_else(|error| panic!("the response was refused: {error}"));
    }

    /// Closes the session gracefully, and runs it until it ends. Returns all actions in this time.
    pub fn close(&mut self) -> Vec<Action> {
        self.host.close(self.now);
        self.run_until_idle()
    }

    // Time.

    /// Runs until an action matches, and returns this action. Earlier actions are dropped.
    ///
    /// # Panics
    ///
    /// Panics if no action matches and no further event is due.
    pub fn run_until(&mut self, mut wanted: impl FnMut(&Action) -> bool) -> Action {
        for _ in 0..STEPS {
            while let Some(action) = self.next_action() {
                if wanted(&action) {
                    return action;
                }
            }
            if !self.step(None) && self.actions.is_empty() {
                panic!("no action matches, and no further event is due{}", self.shown());
            }
        }
        panic!("the session does not become idle{}", self.shown());
    }

    /// Runs until no further event is due: all timers have expired, or the session waits for the test. Returns all actions
    /// in this time.
    ///
    /// # Panics
    ///
    /// Panics if the session does not become idle.
    pub fn run_until_idle(&mut self) -> Vec<Action> {
        let mut actions = Vec::new();
        for _ in 0..STEPS {
            let did = self.step(None);
            actions.extend(std::iter::from_fn(|| self.next_action()));
            if !did {
                return actions;
            }
        }
        panic!("the session does not become idle{}", self.shown());
    }

    /// Lets time pass. The actions in this time are kept for the next `run` method.
    ///
    /// # Panics
    ///
    /// Panics if the session does not become idle.
    pub fn advance(&mut self, time: Duration) {
        let until = self.now.saturating_add(time);
        for _ in 0..STEPS {
            if !self.step(Some(until)) {
                self.now = until;
                return;
            }
        }
        panic!("the session does not become idle{}", self.shown());
    }

    /// Returns the actions of [`advance`](Self::advance) that have not been taken yet.
    pub fn take_actions(&mut self) -> Vec<Action> {
        std::iter::from_fn(|| self.next_action()).collect()
    }

    // Transcript of both sides.

    /// Returns the lines that the host has written and the CLI has read.
    #[must_use]
    pub fn host_lines(&self) -> Vec<Json> {
        lines(&self.written)
    }

    /// Returns the lines that the CLI has written and the host has read, without those that are not JSON.
    #[must_use]
    pub fn cli_lines(&self) -> Vec<Json> {
        lines(&self.read)
    }
}

/// Shows the state of both sides, without content.
impl fmt::Debug for TestSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestSession").field("host", &self.host).field("peer", &self.peer).finish_non_exhaustive()
    }
}

fn lines(bytes: &[u8]) -> Vec<Json> {
    let text = String::from_utf8_lossy(bytes);
    text.lines().filter_map(|line| Json::parse(line).ok()).collect()
}
