//! What the host asks of the CLI itself.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::PromptId;
use crate::json::Json;
use crate::message::Message;
use crate::text::Quoted;

/// A control request (wire reference, section 5): a subtype and the fields beside it.
///
/// ```
/// use claude_duplex::{Json, Request};
///
/// let plan = Request::new("set_permission_mode").field("mode", Json::string("plan"));
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub(crate) subtype: String,
    pub(crate) fields: Vec<(String, Json)>,
    pub(crate) id: Option<String>,
}

impl Request {
    /// A request of that subtype. For an interrupt, which has a target, see [`Interrupt`].
    pub fn new(subtype: impl Into<String>) -> Self {
        Self { subtype: subtype.into(), fields: Vec::new(), id: None }
    }

    /// The `initialize` request. It may be sent at any time, by preference first; no prompt waits for its reply, and
    /// the CLI may ask while it is open.
    #[must_use]
    pub fn initialize() -> Self {
        Self::new("initialize")
    }

    /// Adds a field.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: Json) -> Self {
        self.fields.push((name.into(), value));
        self
    }

    /// Gives it an id on the wire in place of one from the session's seed.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("subtype", &Quoted(&self.subtype)).finish_non_exhaustive()
    }
}

/// What an [`interrupt`](crate::Protocol::interrupt) is meant to stop.
///
/// On the wire an interrupt has no target: one that comes late stops the next turn, and 2.1.210 and later let a prompt
/// that is still in the queue run to its end. Here it has one, and the session follows up until the target is stopped.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interrupt {
    pub(crate) aim: Option<PromptId>,
    pub(crate) cancel_queued: bool,
    pub(crate) id: Option<String>,
}

impl Interrupt {
    /// Stops what the CLI is doing: the running turn, or, where none runs yet, the oldest prompt that the CLI has.
    #[must_use]
    pub fn running() -> Self {
        Self { aim: None, cancel_queued: false, id: None }
    }

    /// Stops that prompt, which the CLI must have.
    #[must_use]
    pub fn prompt(prompt: PromptId) -> Self {
        Self { aim: Some(prompt), ..Self::running() }
    }

    /// Also withdraws the prompts that wait: those held back here, and those in the CLI's queue (from 2.1.250 on).
    #[must_use]
    pub fn cancel_queued(mut self) -> Self {
        self.cancel_queued = true;
        self
    }

    /// Gives it an id on the wire in place of one from the session's seed.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interrupt")
            .field("aim", &self.aim)
            .field("cancel_queued", &self.cancel_queued)
            .field("id", &self.id.as_deref().map(Quoted))
            .finish()
    }
}

/// A success reply to a [`Request`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub(crate) message: Message,
    pub(crate) payload: Option<Json>,
}

impl Reply {
    /// What the CLI answered; none for a plain acknowledgement.
    #[must_use]
    pub fn payload(&self) -> Option<&Json> {
        self.payload.as_ref()
    }

    /// The line as it came: a `control_response`.
    #[must_use]
    pub fn message(&self) -> &Message {
        &self.message
    }
}
