//! A host and a CLI in memory.

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

/// How many things may happen before a test is thought to go round in circles.
const STEPS: usize = 1_000_000;

/// A [`Protocol`] and a [`MockCli`] that are joined in memory, under a clock of their own: nothing waits, and the same calls
/// give the same actions.
///
/// ```
/// use claude_duplex::testing::{TestSession, Script};
/// use claude_duplex::{Action, Config, Outcome, Seed};
///
/// let mut pair = TestSession::new(Config::new(Seed::random()), Script::default());
/// let prompt = pair.prompt("hello");
/// let ended = pair.run_until(|action| matches!(action, Action::PromptEnded { .. }));
/// assert!(matches!(ended, Action::PromptEnded { prompt: of, outcome: Outcome::Success, .. } if of == prompt));
/// ```
#[derive(Clone)]
pub struct TestSession {
    /// The host's side, for all that has no method here.
    pub host: Protocol,
    /// The CLI's side.
    pub peer: MockCli,
    now: SessionTime,
    actions: VecDeque<Action>,
    seen: VecDeque<String>,
    /// Where bytes are cut, if they are.
    cuts: Option<u64>,
    written: Vec<u8>,
    read: Vec<u8>,
    is_closed: bool,
    input_refused: bool,
}

impl TestSession {
    /// A session of that host with that CLI.
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

    /// Cuts the bytes of both sides at random places, which the seed decides.
    #[must_use]
    pub fn cut_by(mut self, seed: u64) -> Self {
        self.cuts = Some(seed);
        self
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> SessionTime {
        self.now
    }

    // Commands of the host.

    /// Gives the CLI a prompt.
    ///
    /// # Panics
    /// Where the host refuses it.
    pub fn prompt(&mut self, prompt: impl Into<Prompt>) -> PromptId {
        let given = self.host.prompt(self.now, prompt.into());
        given.unwrap_or_else(|refused| panic!("the prompt was refused: {}", refused.reason()))
    }

    /// Interrupts.
    ///
    /// # Panics
    /// Where the host refuses it.
    pub fn interrupt(&mut self, interrupt: Interrupt) -> RequestId {
        let sent = self.host.interrupt(self.now, interrupt);
        sent.unwrap_or_else(|refused| panic!("the interrupt was refused: {}", refused.reason()))
    }

    /// Asks something of the CLI.
    ///
    /// # Panics
    /// Where the host refuses it.
    pub fn request(&mut self, request: impl Into<Request>) -> RequestId {
        let sent = self.host.request(self.now, request);
        sent.unwrap_or_else(|refused| panic!("the request was refused: {}", refused.reason()))
    }

    /// Answers an incoming request of the CLI.
    ///
    /// # Panics
    /// Where the incoming request is over, or the answer does not fit it.
    pub fn respond(&mut self, ask: crate::base::ids::IncomingId, answer: impl Into<crate::incoming::IncomingResponse>) {
        let answered = self.host.respond(self.now, ask, answer.into());
        answered.unwrap_or_else(|error| panic!("the answer was refused: {error}"));
    }

    /// Closes the session in order, and runs it to its end. What happened meanwhile.
    pub fn close(&mut self) -> Vec<Action> {
        self.host.close(self.now);
        self.run_until_idle()
    }

    // Time.

    /// Runs until something happens; what happened before it is passed over.
    ///
    /// # Panics
    /// Where nothing more will happen.
    pub fn run_until(&mut self, mut wanted: impl FnMut(&Action) -> bool) -> Action {
        for _ in 0..STEPS {
            while let Some(action) = self.next_action() {
                if wanted(&action) {
                    return action;
                }
            }
            if !self.step(None) && self.actions.is_empty() {
                panic!("it never came, and nothing more will happen{}", self.shown());
            }
        }
        panic!("it goes round in circles{}", self.shown());
    }

    /// Runs until nothing more will happen by itself: every timer has run out, or the session waits for the test. All
    /// that happened.
    ///
    /// # Panics
    /// Where it never comes to rest.
    pub fn run_until_idle(&mut self) -> Vec<Action> {
        let mut actions = Vec::new();
        for _ in 0..STEPS {
            let did = self.step(None);
            actions.extend(std::iter::from_fn(|| self.next_action()));
            if !did {
                return actions;
            }
        }
        panic!("it goes round in circles{}", self.shown());
    }

    /// Lets so much time pass. What happened meanwhile is kept for the next `run`.
    ///
    /// # Panics
    /// Where it never comes to rest.
    pub fn advance(&mut self, time: Duration) {
        let until = self.now.saturating_add(time);
        for _ in 0..STEPS {
            if !self.step(Some(until)) {
                self.now = until;
                return;
            }
        }
        panic!("it goes round in circles{}", self.shown());
    }

    /// What happened in [`advance`](Self::advance) and was not taken yet.
    pub fn take_actions(&mut self) -> Vec<Action> {
        std::iter::from_fn(|| self.next_action()).collect()
    }

    // What was said.

    /// The lines that the host has written so far and the CLI has read.
    #[must_use]
    pub fn host_lines(&self) -> Vec<Json> {
        lines(&self.written)
    }

    /// The lines that the CLI has written so far and the host has read, but for those that are not JSON.
    #[must_use]
    pub fn cli_lines(&self) -> Vec<Json> {
        lines(&self.read)
    }
}

/// How it stands, without what was said.
impl fmt::Debug for TestSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestSession").field("host", &self.host).field("peer", &self.peer).finish_non_exhaustive()
    }
}

fn lines(bytes: &[u8]) -> Vec<Json> {
    let text = String::from_utf8_lossy(bytes);
    text.lines().filter_map(|line| Json::parse(line).ok()).collect()
}
