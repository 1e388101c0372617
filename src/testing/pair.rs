//! A host and a CLI in memory.

use std::collections::VecDeque;
use std::time::Duration;

use super::peer::Peer;
use super::script::Script;
use crate::action::Action;
use crate::config::Config;
use crate::end::ChildAction;
use crate::ids::{PromptId, RequestId};
use crate::json::Json;
use crate::prompt::Prompt;
use crate::protocol::Protocol;
use crate::request::{Interrupt, Request};
use crate::time::Time;

/// How many things may happen before a test is thought to go round in circles.
const STEPS: usize = 1_000_000;

/// How many of the last actions are shown then.
const SHOWN: usize = 20;

/// A [`Protocol`] and a [`Peer`] that are joined in memory, under a clock of their own: nothing waits, and the same calls
/// give the same actions.
///
/// ```
/// use claude_duplex::testing::{Pair, Script};
/// use claude_duplex::{Action, Config, Outcome, Seed};
///
/// let mut pair = Pair::new(Config::new(Seed([1; 16])), Script::default());
/// let prompt = pair.prompt("hello");
/// let ended = pair.run_until(|action| matches!(action, Action::PromptEnded { .. }));
/// assert!(matches!(ended, Action::PromptEnded { prompt: of, outcome: Outcome::Success, .. } if of == prompt));
/// ```
#[derive(Debug, Clone)]
pub struct Pair {
    /// The host's side, for all that has no method here.
    pub host: Protocol,
    /// The CLI's side.
    pub peer: Peer,
    now: Time,
    actions: VecDeque<Action>,
    seen: VecDeque<String>,
    /// Where bytes are cut, if they are.
    cuts: Option<u64>,
    written: Vec<u8>,
    read: Vec<u8>,
    is_closed: bool,
    input_refused: bool,
}

impl Pair {
    /// A session of that host with that CLI.
    #[must_use]
    pub fn new(config: Config, script: Script) -> Self {
        Self {
            host: Protocol::new(config, Time::ZERO),
            peer: Peer::new(script, Time::ZERO),
            now: Time::ZERO,
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
    pub fn now(&self) -> Time {
        self.now
    }

    // Commands of the host.

    /// Gives the CLI a prompt.
    ///
    /// # Panics
    /// Where the host refuses it.
    pub fn prompt(&mut self, prompt: impl Into<Prompt>) -> PromptId {
        let given = self.host.prompt(self.now, prompt.into());
        given.unwrap_or_else(|refused| panic!("the prompt was refused: {}", refused.why))
    }

    /// Interrupts.
    ///
    /// # Panics
    /// Where the host refuses it.
    pub fn interrupt(&mut self, interrupt: Interrupt) -> RequestId {
        let sent = self.host.interrupt(self.now, interrupt);
        sent.unwrap_or_else(|refused| panic!("the interrupt was refused: {}", refused.why))
    }

    /// Asks something of the CLI.
    ///
    /// # Panics
    /// Where the host refuses it.
    pub fn request(&mut self, request: Request) -> RequestId {
        let sent = self.host.request(self.now, request);
        sent.unwrap_or_else(|refused| panic!("the request was refused: {}", refused.why))
    }

    /// Answers an ask of the CLI.
    ///
    /// # Panics
    /// Where the ask is over, or the answer does not fit it.
    pub fn answer(&mut self, ask: crate::AskId, answer: impl Into<crate::Answer>) {
        let answered = self.host.answer(self.now, ask, answer.into());
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
        let until = self.now.after(time);
        for _ in 0..STEPS {
            if !self.step(Some(until)) {
                self.now = until;
                return;
            }
        }
        panic!("it goes round in circles{}", self.shown());
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

    // Within.

    fn next_action(&mut self) -> Option<Action> {
        let action = self.actions.pop_front()?;
        if self.seen.len() == SHOWN {
            self.seen.pop_front();
        }
        self.seen.push_back(format!("{action:?}"));
        Some(action)
    }

    fn shown(&self) -> String {
        let seen: Vec<&str> = self.seen.iter().map(String::as_str).collect();
        format!("; at {:?}, the last actions:\n{}", self.now, seen.join("\n"))
    }

    /// Does one thing, or lets time pass until the next. Whether there was anything.
    fn step(&mut self, until: Option<Time>) -> bool {
        let did = self.to_peer() || self.orders() || self.to_host() || self.ends() || self.pass_time(until);
        self.actions.extend(std::iter::from_fn(|| self.host.poll_action()));
        did
    }

    fn to_peer(&mut self) -> bool {
        let waiting = self.host.poll_transmit().len();
        if waiting > 0 && self.peer.refuses_input() && !self.input_refused {
            self.input_refused = true;
            self.host.send_failed(self.now);
            return true;
        }
        if waiting == 0 || !self.peer.wants_read() {
            return false;
        }
        let count = self.cut(waiting);
        let bytes = self.host.poll_transmit()[..count].to_vec();
        self.host.sent(self.now, count);
        self.written.extend_from_slice(&bytes);
        self.peer.receive(self.now, &bytes);
        true
    }

    fn orders(&mut self) -> bool {
        let Some(order) = self.host.poll_child() else { return false };
        match order {
            ChildAction::CloseStdin => self.peer.eof(self.now),
            ChildAction::Terminate => self.peer.terminate(self.now),
            ChildAction::Kill => self.peer.kill(self.now),
        }
        true
    }

    fn to_host(&mut self) -> bool {
        let noise = self.peer.poll_stderr();
        if !noise.is_empty() {
            self.host.stderr(self.now, &noise);
            return true;
        }
        let waiting = self.peer.poll_transmit().len();
        if waiting == 0 {
            return false;
        }
        let count = self.cut(waiting);
        let bytes = self.peer.poll_transmit()[..count].to_vec();
        self.peer.sent(self.now, count);
        self.read.extend_from_slice(&bytes);
        self.host.receive(self.now, &bytes);
        true
    }

    fn ends(&mut self) -> bool {
        let Some(exit) = self.peer.poll_exit().filter(|_| !self.is_closed) else { return false };
        self.is_closed = true;
        if !self.peer.leaves_output_open() {
            self.host.stderr_eof(self.now);
            self.host.eof(self.now);
        }
        self.host.exited(self.now, exit);
        true
    }

    fn pass_time(&mut self, until: Option<Time>) -> bool {
        let host = self.host.poll_timeout().map(|(due, _)| due);
        let peer = self.peer.poll_timeout();
        let due = [host, peer].into_iter().flatten().min();
        let Some(due) = due.filter(|due| until.is_none_or(|until| *due <= until)) else { return false };
        self.now = self.now.max(due);
        // A host reads before it looks at its clock, so the CLI goes first.
        if peer.is_some_and(|peer| peer <= self.now) {
            self.peer.handle_timeout(self.now);
        } else {
            self.host.handle_timeout(self.now);
        }
        true
    }

    /// How much of so many bytes goes over at once.
    fn cut(&mut self, bytes: usize) -> usize {
        let Some(state) = &mut self.cuts else { return bytes };
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let most = if mixed & 7 == 0 { bytes } else { bytes.min(96) };
        1 + usize::try_from(mixed >> 16).unwrap_or(0) % most
    }
}

fn lines(bytes: &[u8]) -> Vec<Json> {
    let text = String::from_utf8_lossy(bytes);
    text.lines().filter_map(|line| Json::parse(line).ok()).collect()
}
