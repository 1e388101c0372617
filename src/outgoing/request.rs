//! Requests that the host sends to the CLI, with typed responses
//! ([wire reference, section 5](crate::guide::wire#5-outgoing-requests)).
//!
//! Each request has a type. [`TypedRequest::Response`] is the type of its response, in the module [`response`]. The
//! type of the request converts to a [`Request`]; [`Response::decode_as`] reads the response.
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
//! # Versions of the CLI
//!
//! "Seen since 2.1.143" in the documentation of a request means: the oldest recorded version that answers the request is
//! 2.1.143. `docs/protocol/requests.md` has a table of requests and recorded versions.
//!
//! Since 2.1.40 the CLI refuses a request that it does not know, with
//! [`RequestError::Refused`](crate::RequestError::Refused). Since 2.1.329 the error has the code `unsupported_request`.
//! Before 2.1.40 the CLI does not answer, and the request [times out](crate::Timeouts::request).
//!
//! # Requests without a type
//!
//! To send a request that this crate has no type for, use a [`Request`] with fields, or implement [`TypedRequest`].

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
pub mod response;
mod secrets;
pub(crate) mod sent;
mod session;
mod settings;
mod tasks;
mod usage;

pub use agents::AgentDefinition;
pub use context::{ContextDetail, GetContextUsage};
pub use files::{FileSuggestions, ReadFile, RewindFiles, SeedReadState};
pub use hooks::{GetHooksListing, HookMatcher, OnFailure};
pub use initialize::{Initialize, ManifestsOrigin, SdkMcpServerConfig, SdkMcpServerManifest};
pub use initialized::InitializeError;
pub use mcp::{
    McpMessage, McpPermissionMode, McpReconnect, McpServerConfig, McpServerKind, McpSetServers, McpStatus, McpToggle,
    SetMcpPermissionModeOverride,
};
pub use mcp_tools::{McpCall, McpReadResource};
pub use model::{ListModels, SetMaxThinkingTokens, SetModel};
pub use permissions::{ListPermissionRules, SetPermissionMode};
pub use plugins::{PluginConfig, PluginKind, RegisterRepoRoot, ReloadOutputStyles, ReloadPlugins, ReloadSkills};
pub use queue::CancelAsyncMessage;
pub use secrets::Secrets;
pub use session::{EndSession, GetBinaryVersion, RenameSession, RenamedBy, SetColor, SetHasSubscribers, SideQuestion};
pub use settings::{ApplyFlagSettings, GetSettings, SettingsFile, UpdateSettings};
pub use tasks::{BackgroundTasks, GetTaskOutput, StopTask};
pub use usage::{GetSessionCost, GetUsage};

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::queue::InterruptResponse;
use crate::base::error::DecodeError;
use crate::base::ids::PromptId;
use crate::base::json::Json;
use crate::base::text::Quoted;
use crate::message::{Fields, Message};
use crate::wire::fields;
use crate::wire::view::{FromJson, view};

/// A request whose response has a type.
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
    /// Subtype of the request on the wire.
    const SUBTYPE: &'static str;
    /// Type of a success response.
    type Response;

    /// Returns the fields beside the subtype.
    fn fields(&self) -> Fields;

    /// Reads the payload of a success response. `payload` is `{}` if the response has none.
    ///
    /// # Errors
    /// Returns an error if the payload lacks a required field.
    fn read(payload: &Json) -> Result<Self::Response, DecodeError>;

    /// Returns the paths of the fields of a response that its type does not name, e.g. `models[].supportsNew`.
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
    /// An acknowledgment: a response without fields. If the CLI sends fields nevertheless, `unknown_fields` contains them.
    pub struct Ack {}
}

/// A control request ([wire reference, section 5](crate::guide::wire#5-outgoing-requests)): a subtype and further fields.
/// Every [`TypedRequest`] converts to one.
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
    /// Creates a request with a subtype and no other fields. For an interrupt, which has a target, see [`Interrupt`].
    pub fn new(subtype: impl Into<String>) -> Self {
        Self { subtype: subtype.into(), fields: Vec::new(), id: None, timeout: None }
    }

    /// Creates an `initialize` request with no settings; see [`Initialize`].
    #[must_use]
    pub fn initialize() -> Self {
        Self::new("initialize")
    }

    /// Returns the subtype of the request on the wire.
    #[must_use]
    pub fn subtype(&self) -> &str {
        &self.subtype
    }

    /// Adds a field beside the subtype, or replaces one. The CLI ignores fields that it does not know.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Json>) -> Self {
        fields::set(&mut self.fields, name.into(), value.into());
        self
    }

    /// Sets the id of the request on the wire. By default the id is derived from the session's seed.
    ///
    /// The request is [refused](crate::RefusedReason::Reused) while a response to another request with the same id may still
    /// arrive: until that response arrives, or until 64 more requests have timed out.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets the timeout of the response. Overrides [`Timeouts`](crate::Timeouts).
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

/// Target of an [`interrupt`](crate::Protocol::interrupt).
///
/// On the wire an interrupt has no target: a late one stops the next turn. Since 2.1.210, a prompt that is still in the CLI's
/// queue also runs to its end. This crate adds the target, and repeats the interrupt until the target has stopped.
///
/// ```
/// use claude_duplex::testing::{TestSession, Script, Step};
/// use claude_duplex::{Action, Config, Interrupt, Outcome, Seed};
///
/// let script = Script::default().then([Step::nothing()]);
/// let mut pair = TestSession::new(Config::new(Seed::random()), script);
/// pair.prompt("do not stop");
/// pair.run_until(|action| matches!(action, Action::PromptTaken { .. }));
/// let request = pair.interrupt(Interrupt::running().cancel_queued());
/// pair.run_until(|action| match action {
///     Action::ResponseReceived { request: id, response, .. } => {
///         *id == request && response.is_ok()
///     }
///     _ => false,
/// });
/// let ended = pair.run_until(|action| matches!(action, Action::PromptEnded { .. }));
/// assert!(matches!(ended, Action::PromptEnded { outcome: Outcome::Interrupted, .. }));
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interrupt {
    pub(crate) target: Option<PromptId>,
    pub(crate) cancel_queued: bool,
    pub(crate) id: Option<String>,
}

impl Interrupt {
    /// Stops the running turn. If no turn runs yet, stops the oldest prompt that the CLI has received.
    #[must_use]
    pub fn running() -> Self {
        Self { target: None, cancel_queued: false, id: None }
    }

    /// Stops one prompt, which must have been written to the CLI.
    #[must_use]
    pub fn prompt(prompt: PromptId) -> Self {
        Self { target: Some(prompt), ..Self::running() }
    }

    /// Also withdraws queued prompts: those queued by this crate, and since 2.1.250 those in the CLI's queue.
    #[must_use]
    pub fn cancel_queued(mut self) -> Self {
        self.cancel_queued = true;
        self
    }

    /// Sets the id of the interrupt on the wire. By default the id is derived from the session's seed.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interrupt")
            .field("target", &self.target)
            .field("cancel_queued", &self.cancel_queued)
            .field("id", &self.id.as_deref().map(Quoted))
            .finish()
    }
}

/// Success response to a [`Request`].
///
/// ```
/// use claude_duplex::request::SetModel;
/// use claude_duplex::testing::{CliVersion, TestSession, Script};
/// use claude_duplex::{Action, Config, Request, RequestError, Seed};
///
/// let script = Script::new(CliVersion::V2_0_76);
/// let mut pair = TestSession::new(Config::new(Seed::random()), script);
/// pair.request(SetModel::new("opus"));
/// pair.request(Request::new("of_a_later_version"));
/// let mut replies = pair.run_until_idle().into_iter().filter_map(|action| match action {
///     Action::ResponseReceived { response, .. } => Some(response),
///     _ => None,
/// });
/// let known = replies.next().unwrap()?;
/// known.decode_as::<SetModel>()?;
/// // Since 2.1.40 the CLI refuses the unknown request instead.
/// assert_eq!(replies.next(), Some(Err(RequestError::TimedOut)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub(crate) message: Message,
    pub(crate) payload: Option<Json>,
}

impl Response {
    /// Returns the payload of the response, or `None` for a plain acknowledgment.
    #[must_use]
    pub fn payload(&self) -> Option<&Json> {
        self.payload.as_ref()
    }

    /// Decodes the payload as the response to a request of type `C`. A missing payload is read as an empty object.
    ///
    /// # Errors
    /// Returns an error if the payload lacks a required field. The payload itself stays available.
    pub fn decode_as<C: TypedRequest>(&self) -> Result<C::Response, DecodeError> {
        C::read(&self.object())
    }

    /// Decodes the payload as the response to an [`interrupt`](crate::Protocol::interrupt). Before 2.1.205, the response is
    /// empty.
    ///
    /// # Errors
    /// Returns an error if the payload is not an object.
    pub fn interrupted(&self) -> Result<InterruptResponse, DecodeError> {
        InterruptResponse::from_json(&self.object())
    }

    fn object(&self) -> Json {
        match &self.payload {
            Some(payload) if payload.as_str() != "null" => payload.clone(),
            _ => Json::of_checked("{}", true),
        }
    }

    /// Returns the received line, a `control_response`.
    #[must_use]
    pub fn message(&self) -> &Message {
        &self.message
    }
}
