//! The CLI's side as a state machine. Its inputs are time and the host's bytes, its output the CLI's bytes.

mod begin;
mod calls;
mod clock;
mod ending;
mod hooks;
mod input;
mod interrupt;
mod open_requests;
mod queue;
mod requests;
mod rules;
mod servers;
mod state;
mod stream;
mod tasks;
mod turn;

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::time::Duration;

use super::cli_version::Behavior;
use super::fault::Fault;
use super::lines::Writer;
use super::script::Script;
use crate::base::time::SessionTime;
use crate::protocol::end::Exit;

use hooks::Hook;
use queue::{Queued, Waiting};
use rules::Rule;
use servers::Server;
use state::{OpenRequest, Turn};
use tasks::Task;

/// Time from the arrival of a prompt at an idle CLI to its turn. Lines that were written together with the prompt are read
/// first.
const BEGIN: Duration = Duration::from_millis(1);

/// Capacity of a pipe in bytes: the maximum of unread output after the process has exited.
const PIPE: usize = 64 * 1024;

/// The CLI's side of a session as a state machine without clock, I/O and randomness.
///
/// It is used like a [`Protocol`](crate::Protocol). Inputs are [`receive`](Self::receive), [`eof`](Self::eof),
/// [`sent`](Self::sent) and [`terminate`](Self::terminate), each with the current time. Outputs are polled. A
/// [`TestSession`](super::TestSession) connects it to a host; [`serve_stdio`](super::serve_stdio) runs it as a process.
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
    behavior: Behavior,
    writer: Writer,
    now: SessionTime,
    /// Start of the line that is being received.
    line: Vec<u8>,
    output: Vec<u8>,
    written: usize,
    stderr: Vec<u8>,
    stdin: Stdin,
    queue: VecDeque<Waiting>,
    /// Time at the start of the next turn.
    begins: Option<SessionTime>,
    /// `true` if the next turn was interrupted.
    doomed: bool,
    turn: Option<Turn>,
    open_requests: Vec<OpenRequest>,
    tasks: Vec<Task>,
    hooks: Vec<Hook>,
    /// MCP servers in the host.
    servers: Vec<Server>,
    /// Number of tool calls that were sent to the servers.
    served: u64,
    /// Id of the `initialize` request that waits for a server.
    initialize: Option<String>,
    seen: HashSet<String>,
    arrived: usize,
    turns: u32,
    results: u32,
    /// Prompts of turns whose result is held back.
    held: Vec<Queued>,
    /// Uuid of the result that answered each prompt.
    answered: HashMap<String, String>,
    /// `true` if the last result was an error.
    failed: bool,
    mode: String,
    /// Rules that allow calls without a permission request.
    rules: Vec<Rule>,
    /// `true` after the stream broke, as the fault requires.
    broke: bool,
    /// `true` while the response is not streamed.
    muted: bool,
    leaves: Option<SessionTime>,
    exit: Option<Exit>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stdin {
    Open,
    /// The pipe has ended.
    Ended,
    /// The pipe is open, but the CLI no longer reads it.
    Unread,
    /// The mock CLI has closed the pipe.
    Closed,
}

/// Shows the state of the mock CLI, without content.
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
    /// Creates a CLI that was started at `now`.
    #[must_use]
    pub fn new(script: Script, now: SessionTime) -> Self {
        let mut peer = Self {
            behavior: script.generation.behavior(),
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
            open_requests: Vec::new(),
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

    // Inputs of the machine.

    /// Handles bytes from the host, in chunks of any size.
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

    /// Handles the end of stdin: the CLI finishes running and waiting turns, and then exits. Has no effect if the CLI no
    /// longer reads stdin.
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
        self.fail_open_requests();
        self.leave_if_done();
        self.run();
    }

    /// Reports that `count` bytes of [`poll_transmit`](Self::poll_transmit) were taken.
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

    /// Terminates the CLI, like SIGTERM. It exits at once with status 143, without a result.
    pub fn terminate(&mut self, now: SessionTime) {
        self.enter(now);
        if !self.script.has(&Fault::IgnoreTerminate) {
            self.leave(Exit::Code(143));
        }
    }

    /// Kills the CLI, like SIGKILL.
    pub fn kill(&mut self, now: SessionTime) {
        self.enter(now);
        self.leave(Exit::Signal(9));
    }

    /// Handles all events that are due at `now`.
    pub fn handle_timeout(&mut self, now: SessionTime) {
        self.enter(now);
    }

    // Outputs of the machine.

    /// Returns the pending output on stdout. Report with [`sent`](Self::sent) how much of it was taken.
    #[must_use]
    pub fn poll_transmit(&self) -> &[u8] {
        &self.output[self.written..]
    }

    /// Returns the output on stderr since the last call.
    pub fn poll_stderr(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.stderr)
    }

    /// Returns the exit of the CLI, once it has exited and all its output was taken.
    #[must_use]
    pub fn poll_exit(&self) -> Option<Exit> {
        self.exit.filter(|_| self.poll_transmit().is_empty())
    }

    /// Returns the time to call [`handle_timeout`](Self::handle_timeout).
    #[must_use]
    pub fn poll_timeout(&self) -> Option<SessionTime> {
        self.next_time()
    }

    /// Returns `true` if the CLI reads its stdin.
    #[must_use]
    pub fn wants_read(&self) -> bool {
        self.exit.is_none() && self.stdin == Stdin::Open
    }

    /// Returns `true` if the CLI accepts no more input: it has exited, or closed its stdin.
    #[must_use]
    pub fn refuses_input(&self) -> bool {
        self.exit.is_some() || self.stdin == Stdin::Closed
    }

    /// Returns `true` if stdout stays open after the exit ([`Fault::Grandchild`]).
    #[must_use]
    pub fn leaves_output_open(&self) -> bool {
        self.script.has(&Fault::Grandchild)
    }

    /// Returns the uuid of the `result` that answered the prompt with this uuid. Tests compare it with the host's
    /// attribution.
    #[must_use]
    pub fn answered_by(&self, prompt: &str) -> Option<&str> {
        self.answered.get(prompt).map(String::as_str)
    }
}
