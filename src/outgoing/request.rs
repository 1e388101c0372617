//! What the host asks of the CLI itself: requests with typed replies ([wire reference, section 5](crate::guide::wire#5-outgoing-requests)).
//!
//! There is a type for every request, whose [`Response`](TypedRequest::Response) says what may come back. It becomes a [`Request`] where
//! one is taken; the reply is read with [`Response::decode_as`].
//!
//! ```
//! use claude_duplex::request::{ListModels, SetModel};
//! use claude_duplex::{Action, Config, Protocol, Seed, SessionTime};
//!
//! let mut protocol = Protocol::new(Config::new(Seed::random()), SessionTime::ZERO);
//! protocol.request(SessionTime::ZERO, SetModel::new("opus")).unwrap();
//! let list = protocol.request(SessionTime::ZERO, ListModels::new()).unwrap();
//! while let Some(action) = protocol.poll_action() {
//!     if let Action::ResponseReceived { request, response: Ok(reply), .. } = action {
//!         if request == list {
//!             let models = reply.decode_as::<ListModels>().unwrap().models;
//!             println!("{} models", models.len());
//!         }
//!     }
//! }
//! ```
//!
//! What a CLI does not know it refuses, from 2.1.40 on ([`RequestError::Refused`](crate::RequestError::Refused), with the
//! code `unsupported_request` from 2.1.329 on); older ones never answer, and the request
//! [times out](crate::Timeouts::request). A request that the crate has no type for is a [`Request`] with fields, or a type
//! of the host's own that is a [`TypedRequest`].

mod agents;
mod context;
mod files;
mod hooks;
mod initialize;
mod initialized;
mod mcp;
mod mcp_tools;
mod model;
mod permissions;
mod plugins;
mod queue;
mod secrets;
pub(crate) mod sent;
mod session;
mod settings;
mod tasks;
mod usage;

pub use agents::*;
pub use context::*;
pub use files::*;
pub use hooks::*;
pub use initialize::*;
pub use initialized::*;
pub use mcp::*;
pub use mcp_tools::*;
pub use model::*;
pub use permissions::*;
pub use plugins::*;
pub use queue::*;
pub use secrets::*;
pub use session::*;
pub use settings::*;
pub use tasks::*;
pub use usage::*;

pub use crate::message::result::FastMode;
pub use crate::message::system::session::{Plugin, SlashCommand};

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::error::DecodeError;
use crate::base::ids::PromptId;
use crate::base::json::Json;
use crate::base::text::Quoted;
use crate::message::{Fields, Message};
use crate::wire::fields;
use crate::wire::view::{FromJson, view};

/// A request with a typed reply.
///
/// ```
/// use claude_duplex::message::Fields;
/// use claude_duplex::request::TypedRequest;
/// use claude_duplex::{DecodeError, Json, Request};
///
/// struct CountWords {
///     text: String,
/// }
///
/// impl TypedRequest for CountWords {
///     const SUBTYPE: &'static str = "count_words";
///     type Response = u64;
///
///     fn fields(&self) -> Fields {
///         [("text".to_owned(), Json::from_text(&self.text))].into_iter().collect()
///     }
///
///     fn read(payload: &Json) -> Result<u64, DecodeError> {
///         Ok(payload.decode()?)
///     }
/// }
///
/// let request = Request::from(CountWords { text: "one two".into() });
/// ```
pub trait TypedRequest {
    /// Its name on the wire.
    const SUBTYPE: &'static str;
    /// What a success reply says.
    type Response;

    /// The fields beside the subtype.
    fn fields(&self) -> Fields;

    /// Reads a success reply; `{}` where it has no payload.
    ///
    /// # Errors
    /// Where it lacks what must be there.
    fn read(payload: &Json) -> Result<Self::Response, DecodeError>;

    /// The paths of what a reply says and its type does not name, as `models[].supportsNew`.
    fn unknown_names(_reply: &Self::Response) -> Vec<String> {
        Vec::new()
    }
}

impl<C: TypedRequest> From<C> for Request {
    fn from(call: C) -> Self {
        Self { subtype: C::SUBTYPE.to_owned(), fields: call.fields().into_vec(), id: None, timeout: None }
    }
}

view! {
    /// An acknowledgement, which says nothing more; what is there nevertheless is in the rest.
    pub struct Ack {}
}

/// A control request ([wire reference, section 5](crate::guide::wire#5-outgoing-requests)): a subtype and the fields beside it. Every [`TypedRequest`] becomes one.
///
/// ```
/// use claude_duplex::request::SetPermissionMode;
/// use claude_duplex::{Json, Request};
///
/// let raw =
///     Request::new("set_permission_mode").field("mode", Json::from_text("plan"));
/// assert_eq!(raw, Request::from(SetPermissionMode::new("plan")));
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub(crate) subtype: String,
    pub(crate) fields: Vec<(String, Json)>,
    pub(crate) id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) timeout: Option<Duration>,
}

impl Request {
    /// A request of that subtype. For an interrupt, which has a target, see [`Interrupt`].
    pub fn new(subtype: impl Into<String>) -> Self {
        Self { subtype: subtype.into(), fields: Vec::new(), id: None, timeout: None }
    }

    /// An `initialize` that asks for nothing; see [`Initialize`].
    #[must_use]
    pub fn initialize() -> Self {
        Self::new("initialize")
    }

    /// Its name on the wire.
    #[must_use]
    pub fn subtype(&self) -> &str {
        &self.subtype
    }

    /// Adds a field beside the subtype, or replaces one. What the CLI does not know it passes over.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Json>) -> Self {
        fields::set(&mut self.fields, name.into(), value.into());
        self
    }

    /// Gives it an id on the wire in place of one from the session's seed. While a reply to another request of that id may
    /// still come, it is [refused](crate::RefusedReason::Reused): until the reply is there, or 64 more requests have timed out.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Waits so long for the reply, in place of what [`Timeouts`](crate::Timeouts) says.
    #[must_use]
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout = Some(time);
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
///
/// ```
/// use claude_duplex::testing::{TestSession, Script, Step};
/// use claude_duplex::{Action, Config, Interrupt, Outcome, Seed};
///
/// let mut pair = TestSession::new(Config::new(Seed::random()), Script::default().then([Step::nothing()]));
/// pair.prompt("think for ever");
/// pair.run_until(|action| matches!(action, Action::PromptTaken { .. }));
/// let request = pair.interrupt(Interrupt::running().cancel_queued());
/// let replied = pair.run_until(|action| matches!(action, Action::ResponseReceived { .. }));
/// assert!(matches!(replied, Action::ResponseReceived { request: of, response: Ok(_), .. } if of == request));
/// let ended = pair.run_until(|action| matches!(action, Action::PromptEnded { .. }));
/// assert!(matches!(ended, Action::PromptEnded { outcome: Outcome::Interrupted, .. }));
/// ```
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
///
/// ```
/// use claude_duplex::request::SetModel;
/// use claude_duplex::testing::{CliVersion, TestSession, Script};
/// use claude_duplex::{Action, Config, Request, RequestError, Seed};
///
/// let mut pair = TestSession::new(Config::new(Seed::random()), Script::new(CliVersion::V2_0_76));
/// pair.request(SetModel::new("opus"));
/// pair.request(Request::new("of_a_later_version"));
/// let mut replies = pair.run_until_idle().into_iter().filter_map(|action| match action {
///     Action::ResponseReceived { response, .. } => Some(response),
///     _ => None,
/// });
/// let known = replies.next().unwrap()?;
/// known.decode_as::<SetModel>()?;
/// assert_eq!(replies.next(), Some(Err(RequestError::TimedOut))); // up to 2.1.39; a later CLI refuses it
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub(crate) message: Message,
    pub(crate) payload: Option<Json>,
}

impl Response {
    /// What the CLI answered; none for a plain acknowledgement.
    #[must_use]
    pub fn payload(&self) -> Option<&Json> {
        self.payload.as_ref()
    }

    /// What the CLI answered to a request of that type. One without payload is read as an empty object.
    ///
    /// # Errors
    /// Where it lacks what that reply must have; the payload itself is unharmed.
    pub fn decode_as<C: TypedRequest>(&self) -> Result<C::Response, DecodeError> {
        C::read(&self.object())
    }

    /// What the CLI answered to an [`interrupt`](crate::Protocol::interrupt). Up to 2.1.204 it says nothing.
    ///
    /// # Errors
    /// Where the payload is no object.
    pub fn interrupted(&self) -> Result<InterruptResponse, DecodeError> {
        InterruptResponse::from_json(&self.object())
    }

    fn object(&self) -> Json {
        match &self.payload {
            Some(payload) if payload.as_str() != "null" => payload.clone(),
            _ => Json::of_checked("{}", true),
        }
    }

    /// The line as it came: a `control_response`.
    #[must_use]
    pub fn message(&self) -> &Message {
        &self.message
    }
}
