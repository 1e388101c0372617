//! The CLI's side as a machine: the host's bytes and the time in, the CLI's bytes out.

mod asks;
mod begin;
mod calls;
mod clock;
mod ending;
mod hooks;
mod input;
mod interrupt;
mod queue;
mod requests;
mod rules;
mod servers;
mod speech;
mod tasks;
mod turn;

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::time::Duration;

use super::cli_version::Habits;
use super::fault::Fault;
use super::lines::Writer;
use super::script::Script;
use crate::base::time::SessionTime;
use crate::protocol::end::Exit;

use asks::OpenAsk;
use hooks::Hook;
use queue::{Queued, Waiting};
use rules::Rule;
use servers::Server;
use tasks::Task;
use turn::Turn;

/// From a prompt's arrival at an idle CLI to its turn: what is written together with it is read before.
const BEGIN: Duration = Duration::from_millis(1);

/// What a pipe holds, and so what is left of unread output when a process is gone.
const PIPE: usize = 64 * 1024;

/// The CLI's side of a session as a pure machine: no clock, no I/O, no randomness.
///
/// It is spoken to as a [`Protocol`](crate::Protocol) is: facts in ([`receive`](Self::receive), [`eof`](Self::eof),
/// [`sent`](Self::sent), [`terminate`](Self::terminate)), polls out, and time in every input. A [`TestSession`](super::TestSession)
/// joins it with a host; [`serve_stdio`](super::serve_stdio) makes it a process.
///
/// ```
/// use claude_duplex::SessionTime;
/// use claude_duplex::testing::{CliVersion, MockCli, Script};
///
/// let mut peer = MockCli::new(Script::new(CliVersion::V2_1_143), SessionTime::ZERO);
/// peer.receive(
///     SessionTime::ZERO,
///     b"{\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":\"hello\"}}\n",
/// );
/// while let Some(due) = peer.poll_timeout() {
///     peer.handle_timeout(due);
/// }
/// assert!(peer.poll_transmit().ends_with(b"\n"));
/// ```
#[derive(Clone)]
pub struct MockCli {
    script: Script,
    habits: Habits,
    writer: Writer,
    now: SessionTime,
    /// The line that is arriving.
    line: Vec<u8>,
    output: Vec<u8>,
    written: usize,
    stderr: Vec<u8>,
    stdin: Stdin,
    queue: VecDeque<Waiting>,
    /// When the head of the queue becomes a turn.
    begins: Option<SessionTime>,
    /// The turn that is about to begin was interrupted.
    doomed: bool,
    turn: Option<Turn>,
    asks: Vec<OpenAsk>,
    tasks: Vec<Task>,
    hooks: Vec<Hook>,
    /// MCP servers in the host.
    servers: Vec<Server>,
    /// How many calls they were sent.
    served: u64,
    /// The `initialize` that waits for a server.
    initialize: Option<String>,
    seen: HashSet<String>,
    arrived: usize,
    turns: u32,
    results: u32,
    /// Prompts of turns whose result is held back.
    held: Vec<Queued>,
    /// Which result answered which prompt.
    answered: HashMap<String, String>,
    /// The last result was an error.
    failed: bool,
    mode: String,
    /// What is allowed without asking.
    rules: Vec<Rule>,
    /// The stream has broken, as the fault says.
    broke: bool,
    /// The answer is not streamed.
    muted: bool,
    leaves: Option<SessionTime>,
    exit: Option<Exit>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stdin {
    Open,
    /// It has ended.
    Ended,
    /// It is open, and nobody reads it any more.
    Unread,
    /// The mock CLI has closed it.
    Closed,
}

/// How it stands, without what was said.
impl fmt::Debug for MockCli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockCli")
            .field("script", &self.script)
            .field("now", &self.now)
            .field("stdin", &self.stdin)
            .field("turn", &self.turn.is_some())
            .field("queue", &self.queue.len())
            .field("unsent", &self.output.len())
            .field("deadline", &self.poll_timeout())
            .field("exit", &self.exit)
            .finish_non_exhaustive()
    }
}

impl MockCli {
    /// A CLI that was started at `now`.
    #[must_use]
    pub fn new(script: Script, now: SessionTime) -> Self {
        let mut peer = Self {
            habits: script.generation.habits(),
            writer: Writer::new(script.generation),
            now,
            line: Vec::new(),
            output: Vec::new(),
            written: 0,
            stderr: Vec::new(),
            stdin: Stdin::Open,
            queue: VecDeque::new(),
            begins: None,
            doomed: false,
            turn: None,
            asks: Vec::new(),
            tasks: Vec::new(),
            hooks: Vec::new(),
            servers: script.servers.iter().map(|name| Server::new(name)).collect(),
            served: 0,
            initialize: None,
            seen: HashSet::new(),
            arrived: 0,
            turns: 0,
            results: 0,
            held: Vec::new(),
            answered: HashMap::new(),
            failed: false,
            mode: "default".to_owned(),
            rules: Vec::new(),
            broke: false,
            muted: false,
            leaves: None,
            exit: None,
            script,
        };
        for fault in peer.script.faults.clone() {
            match fault {
                Fault::Stderr(bytes) => peer.stderr.extend(b"noise\n".iter().cycle().take(bytes)),
                Fault::Exit { code, message } => {
                    peer.stderr.extend_from_slice(message.as_bytes());
                    peer.stderr.push(b'\n');
                    peer.leave(Exit::Code(code));
                }
                Fault::UnknownFlag(flag) => {
                    peer.stderr.extend_from_slice(format!("error: unknown option '{flag}'\n").as_bytes());
                    peer.leave(Exit::Code(1));
                }
                Fault::BadResume(session) => peer.fail_resume(&session),
                _ => {}
            }
        }
        peer
    }

    // Facts.

    /// Bytes of the host, in any cuts.
    pub fn receive(&mut self, now: SessionTime, bytes: &[u8]) {
        self.enter(now);
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.exit.is_some() || self.stdin != Stdin::Open {
                return;
            }
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                let mut line = std::mem::take(&mut self.line);
                line.pop();
                self.host_line(&line);
                self.run();
            }
        }
    }

    /// The host has closed stdin: what runs and waits is done, then the process ends. One that reads no more does not
    /// notice.
    pub fn eof(&mut self, now: SessionTime) {
        self.enter(now);
        if self.exit.is_some() || self.stdin != Stdin::Open {
            return;
        }
        let last = std::mem::take(&mut self.line);
        if !last.is_empty() {
            self.host_line(&last);
        }
        self.stdin = Stdin::Ended;
        self.fail_asks();
        self.leave_if_done();
        self.run();
    }

    /// `count` bytes of [`poll_transmit`](Self::poll_transmit) were taken.
    pub fn sent(&mut self, now: SessionTime, count: usize) {
        self.enter(now);
        self.written = self.output.len().min(self.written + count);
        if self.written == self.output.len() {
            self.output.clear();
            self.written = 0;
        } else if self.written > self.output.len() / 2 {
            self.output.drain(..self.written);
            self.written = 0;
        }
    }

    /// It is asked to end, as by SIGTERM: it does so at once, with the status 143 and without a result.
    pub fn terminate(&mut self, now: SessionTime) {
        self.enter(now);
        if !self.script.has(&Fault::IgnoreTerminate) {
            self.leave(Exit::Code(143));
        }
    }

    /// It is ended, as by SIGKILL.
    pub fn kill(&mut self, now: SessionTime) {
        self.enter(now);
        self.leave(Exit::Signal(9));
    }

    /// It is `now`.
    pub fn handle_timeout(&mut self, now: SessionTime) {
        self.enter(now);
    }

    // Polls.

    /// What it writes to stdout; tell [`sent`](Self::sent) how much of it was taken.
    #[must_use]
    pub fn poll_transmit(&self) -> &[u8] {
        &self.output[self.written..]
    }

    /// What it has written to stderr since the last call.
    pub fn poll_stderr(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.stderr)
    }

    /// How it ended, once it has and its output was taken.
    #[must_use]
    pub fn poll_exit(&self) -> Option<Exit> {
        self.exit.filter(|_| self.poll_transmit().is_empty())
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<SessionTime> {
        self.next_time()
    }

    /// Whether it reads its stdin.
    #[must_use]
    pub fn wants_read(&self) -> bool {
        self.exit.is_none() && self.stdin == Stdin::Open
    }

    /// Whether nothing can be written to it any more: it has ended, or closed its stdin.
    #[must_use]
    pub fn refuses_input(&self) -> bool {
        self.exit.is_some() || self.stdin == Stdin::Closed
    }

    /// Whether its stdout stays open when it has ended ([`Fault::Grandchild`]).
    #[must_use]
    pub fn leaves_output_open(&self) -> bool {
        self.script.has(&Fault::Grandchild)
    }

    /// The uuid of the `result` that answered the prompt of that uuid: what a host has to find out.
    #[must_use]
    pub fn answered_by(&self, prompt: &str) -> Option<&str> {
        self.answered.get(prompt).map(String::as_str)
    }
}
