//! State of a turn: its steps, its tool calls, the message of the model, and the requests to the host.

use std::collections::VecDeque;
use std::time::Duration;

use super::queue::Queued;
use crate::base::json::Json;
use crate::base::time::SessionTime;
use crate::testing::step::{RequestStep, Step, ToolStep};

#[derive(Debug, Clone)]
pub(super) struct Turn {
    /// Prompts that the turn started with. Empty if the CLI started the turn by itself.
    pub(super) batch: Vec<Queued>,
    pub(super) folded: Vec<Queued>,
    pub(super) own: bool,
    /// `true` if the turn is a slash command, which the model does not see.
    pub(super) local: bool,
    pub(super) steps: VecDeque<Step>,
    pub(super) doing: Doing,
    /// Tool calls of the model's last message.
    pub(super) calls: Calls,
    /// Tool calls that were denied.
    pub(super) denials: Vec<Json>,
    /// Time of the next step.
    pub(super) at: SessionTime,
    pub(super) since: SessionTime,
    /// Number of calls of the model.
    pub(super) requests: u32,
    /// Last text of the model.
    pub(super) answer_text: String,
    /// `true` if the echo of the last prompt is pending.
    pub(super) needs_echo: bool,
    /// `true` if the model is called once more for folded prompts.
    pub(super) calls_model_again: bool,
    /// `true` after the `Stop` hooks were called.
    pub(super) stopping: bool,
    /// `true` if a `Stop` hook has made the model continue.
    pub(super) went_on: bool,
    /// Fields of the script for the result.
    pub(super) result_fields: Vec<(String, Json)>,
    /// `true` if the model was called, and has not started its response.
    pub(super) model_called: bool,
    /// Time of the abort, after an interrupt was acknowledged.
    pub(super) cut_at: Option<SessionTime>,
}

#[derive(Debug, Clone)]
pub(super) enum Doing {
    /// Requests to the host before the turn becomes visible.
    Preparing {
        requests: VecDeque<(About, RequestStep)>,
        open: bool,
    },
    Choosing,
    Speaking(Stream),
    Calling,
    /// An incoming request of the script, or a hook, is open.
    WaitingForResponse,
    Nothing,
}

impl Turn {
    pub(super) fn due(&self) -> Option<SessionTime> {
        if self.cut_at.is_some() {
            return self.cut_at;
        }
        match &self.doing {
            Doing::Preparing { open: false, .. } | Doing::Choosing | Doing::Speaking(_) => Some(self.at),
            Doing::Calling => self.calls.due(self.at),
            Doing::Preparing { open: true, .. } | Doing::WaitingForResponse | Doing::Nothing => None,
        }
    }

    pub(super) fn prompts(&self) -> impl Iterator<Item = &Queued> {
        self.batch.iter().chain(&self.folded)
    }
}

/// Cause of the end of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Done,
    /// A slash command, or a prompt that requests no answer.
    Local,
    /// A hook refused the prompt.
    Blocked,
    ApiError,
    MaxTurns,
    Interrupted {
        tools: bool,
    },
    Replaced {
        tools: bool,
    },
}

impl Ending {
    pub(super) fn aborts(self) -> Option<&'static str> {
        match self {
            Self::Interrupted { tools } | Self::Replaced { tools } => {
                Some(if tools { "aborted_tools" } else { "aborted_streaming" })
            }
            _ => None,
        }
    }
}

/// Tool calls of one message of the model.
#[derive(Debug, Clone, Default)]
pub(super) struct Calls {
    pub(super) calls: Vec<Call>,
    at_once: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) id: String,
    pub(super) tool: ToolStep,
    pub(super) state: CallState,
    /// Strongest decision of the hooks before the tool so far.
    pub(super) verdict: Verdict,
    /// Output of the call, and `true` if the output is an error.
    pub(super) output: Option<(Json, bool)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallState {
    Waiting,
    /// Number of hook calls that are open before the tool runs, or after it.
    Before(usize),
    PermissionRequested,
    Running(SessionTime),
    /// A server in the host runs the call.
    Served,
    After(usize),
    Done,
}

impl Calls {
    pub(super) fn new(at_once: bool) -> Self {
        Self { calls: Vec::new(), at_once }
    }

    /// Returns the time of the next event.
    pub(super) fn due(&self, now: SessionTime) -> Option<SessionTime> {
        let startable = self.startable().is_some() || self.is_over();
        let running = self.calls.iter().filter_map(|call| match call.state {
            CallState::Running(until) => Some(until),
            _ => None,
        });
        running.chain(startable.then_some(now)).min()
    }

    /// Returns the next call that may start.
    pub(super) fn startable(&self) -> Option<usize> {
        let next = self.calls.iter().position(|call| call.state == CallState::Waiting)?;
        let earlier_are_over = self.calls[..next].iter().all(|call| call.state == CallState::Done);
        (self.at_once || earlier_are_over).then_some(next)
    }

    pub(super) fn is_over(&self) -> bool {
        self.calls.iter().all(|call| call.state == CallState::Done)
    }
}

/// Decision of the host about a permission request.
#[derive(Debug)]
pub(super) enum Decided {
    Allowed(Option<Json>),
    Denied { message: String, interrupts: bool },
}

/// Decision of a hook. A later variant is stronger: of several hooks of one event, it decides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    None,
    Granted,
    /// The host is asked, even about a call that needs no permission.
    Asks,
    Refused(String),
}

#[derive(Debug, Clone)]
pub(super) struct Stream {
    pub(super) id: String,
    pub(super) blocks: VecDeque<Block>,
    /// Number of parts of the stream so far.
    pub(super) parts: usize,
    pub(super) muted: bool,
    pub(super) index: usize,
    /// `true` after the model was called.
    pub(super) model_called: bool,
    /// `true` after the response has started.
    pub(super) opened: bool,
    /// `true` while a block is incomplete.
    pub(super) in_block: bool,
    /// Text of the block so far.
    pub(super) so_far: String,
    /// `Some` if the message calls tools: `true` if they run concurrently.
    pub(super) at_once: Option<bool>,
}

#[derive(Debug, Clone)]
pub(super) enum Block {
    Text { parts: VecDeque<String>, every: Duration },
    Thinking(String),
    Tool { id: String, tool: ToolStep },
}

impl Stream {
    /// Returns `true` if the stream has started and not ended.
    pub(super) fn is_open(&self) -> bool {
        self.opened
    }
}

#[derive(Debug, Clone)]
pub(super) struct OpenRequest {
    pub(super) request_id: String,
    pub(super) about: About,
    pub(super) withdrawn_at: Option<SessionTime>,
}

/// Subject of an incoming request. The number is that of a tool call.
#[derive(Debug, Clone)]
pub(super) enum About {
    /// A `UserPromptSubmit` hook.
    Submit,
    /// The MCP request `initialize` to a server in the host. The response to the host's `initialize` waits for the server's
    /// response.
    Introduction,
    /// A handshake message before a turn, to the server with this number.
    Greeting(usize),
    Step,
    BeforeTool(usize),
    Permission(usize),
    Served(usize),
    AfterTool(usize),
    AtStop,
}
