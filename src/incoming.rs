//! Incoming requests of the CLI, and the responses of the host.
//!
//! An [`IncomingRequest`] contains the line of the CLI, unchanged. The view of its kind is decoded on demand. An
//! [`IncomingResponse`] is created from one of the typed responses, which the CLI can always read, or from raw JSON.
//!
//! | Kind of request | View | Typed response |
//! |---|---|---|
//! | [`Permission`](IncomingKind::Permission) | [`IncomingRequest::permission`] | [`Decision`] |
//! | [`Permission`](IncomingKind::Permission) for the tool `AskUserQuestion` | [`PermissionRequest::questions`] | [`Questions::reply`] |
//! | [`Hook`](IncomingKind::Hook) | [`IncomingRequest::hook`] | [`hook::HookOutput`] |
//! | [`Mcp`](IncomingKind::Mcp) | [`IncomingRequest::mcp`] | [`mcp::McpResponse`], e.g. from an [`mcp::SdkMcpServer`] |
//! | [`Elicitation`](IncomingKind::Elicitation) | [`IncomingRequest::elicitation`] | [`ElicitationResponse`] |
//! | [`Dialog`](IncomingKind::Dialog) | [`IncomingRequest::dialog`] | [`DialogResponse`] |

mod decision;
mod dialog;
mod elicitation;
pub mod hook;
mod kind;
pub mod mcp;
mod permission;
mod question;
mod response;
mod response_to;
mod update;

pub(crate) use decision::Payload;
pub use decision::{Allow, Decision, Deny};
pub use dialog::{DialogRequest, DialogResponse};
pub use elicitation::{ElicitationAction, ElicitationMode, ElicitationRequest, ElicitationResponse};
pub use kind::{IncomingKind, IncomingKinds};
pub use permission::{Classification, DecisionReason, MatchedAskRule, McpSource, PermissionRequest};
pub use question::{Question, QuestionOption, QuestionResponse, Questions, UnansweredKind, UnknownQuestionError};
pub use response::{IncomingResponse, ResponseKind};
pub use response_to::ResponseTo;
pub use update::{PermissionChange, PermissionDestination, PermissionRule, PermissionUpdate, RuleBehavior};

use crate::base::error::DecodeError;
use crate::base::ids::{IncomingId, PromptId, TurnId};
use crate::message::Message;
use crate::wire::control;
use crate::wire::kind::MessageKind;
use crate::wire::view::View;

/// Request from the CLI to the host. The tool call, hook or MCP server waits until the host responds or the CLI
/// withdraws the request.
///
/// The request is a plain value: store it, send it to another task, and respond [by its id](crate::Protocol::respond)
/// at any time.
///
/// ```
/// use claude_duplex::testing::{Script, Step, TestSession, ToolStep};
/// use claude_duplex::{Action, Config, Decision, IncomingKind, Seed};
///
/// let script = Script::default().then([Step::tools_at_once(
///     ["ls", "pwd"].map(|call| ToolStep::bash(call).requires_permission()),
/// )]);
/// let mut pair = TestSession::new(
///     Config::new(Seed::from_bytes([1; 16])).handle(IncomingKind::Permission),
///     script,
/// );
/// pair.prompt("look around");
/// let mut open = Vec::new();
/// while open.len() < 2 {
///     let Action::IncomingRequest(ask) =
///         pair.run_until(|action| matches!(action, Action::IncomingRequest(_)))
///     else {
///         unreachable!()
///     };
///     assert_eq!(ask.permission()?.tool_name, "Bash");
///     assert!(ask.hook().is_err(), "not a hook");
///     open.push(ask);
/// }
/// for ask in open.iter().rev() {
///     pair.respond(ask.id(), Decision::allow()); // in any order
/// }
/// # Ok::<(), claude_duplex::DecodeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingRequest {
    pub(crate) id: IncomingId,
    pub(crate) kind: IncomingKind,
    pub(crate) message: Message,
    pub(crate) turn: Option<TurnId>,
    pub(crate) prompt: Option<PromptId>,
}

impl IncomingRequest {
    /// Creates a request from a message, for tests of a host.
    ///
    /// The request does not belong to a session, so a response to it is [stale](crate::RespondError::Stale).
    ///
    /// ```
    /// use claude_duplex::{IncomingKind, IncomingRequest, Message};
    ///
    /// let line = r#"{"type":"control_request","request_id":"r","request":
    ///     {"subtype":"can_use_tool","tool_name":"Bash","input":{"command":"ls"}}}"#;
    /// let request = IncomingRequest::from_message(Message::parse(line.as_bytes())?)?;
    /// assert_eq!(request.kind(), IncomingKind::Permission);
    /// assert_eq!(request.permission()?.tool_name, "Bash");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`DecodeError`] if the message is not a `control_request`.
    pub fn from_message(message: Message) -> Result<Self, DecodeError> {
        if message.kind() != MessageKind::ControlRequest {
            return Err(DecodeError::other(format!(
                "the message has the type `{}`, not `control_request`",
                message.type_name()
            )));
        }
        let subtype = control::incoming(message.as_bytes()).subtype.unwrap_or_default();
        let kind = IncomingKind::of_subtype(&subtype);
        Ok(Self { id: IncomingId::new(0, 0), kind, message, turn: None, prompt: None })
    }

    /// Returns the id with which the host responds.
    #[must_use]
    pub fn id(&self) -> IncomingId {
        self.id
    }

    /// Returns the kind of the request.
    #[must_use]
    pub fn kind(&self) -> IncomingKind {
        self.kind
    }

    /// Returns the `control_request` message, unchanged.
    #[must_use]
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// Returns the `request_id` that the CLI assigned.
    #[must_use]
    pub fn request_id(&self) -> String {
        control::request_id(self.message.as_bytes()).unwrap_or_default()
    }

    /// Returns the turn that was running when the request arrived. Requests of background tasks can arrive between
    /// turns.
    #[must_use]
    pub fn turn(&self) -> Option<TurnId> {
        self.turn
    }

    /// Returns the first prompt of that turn, if it was known when the request arrived. Before 2.1.206 the CLI often
    /// reports the prompt later.
    #[must_use]
    pub fn prompt(&self) -> Option<PromptId> {
        self.prompt
    }

    /// Decodes a [permission request](IncomingKind::Permission).
    ///
    /// # Errors
    /// [`DecodeError`] if the request is of another kind, or has no tool name or input.
    pub fn permission(&self) -> Result<PermissionRequest, DecodeError> {
        self.view(IncomingKind::Permission)
    }

    /// Decodes a [hook request](IncomingKind::Hook).
    ///
    /// # Errors
    /// [`DecodeError`] if the request is of another kind, or has no callback id, input or event name.
    pub fn hook(&self) -> Result<hook::HookRequest, DecodeError> {
        self.view(IncomingKind::Hook)
    }

    /// Decodes a [message for an MCP server](IncomingKind::Mcp) of the host.
    ///
    /// # Errors
    /// [`DecodeError`] if the request is of another kind, or has no server name or message.
    pub fn mcp(&self) -> Result<mcp::IncomingMcpMessage, DecodeError> {
        self.view(IncomingKind::Mcp)
    }

    /// Decodes an [elicitation](IncomingKind::Elicitation).
    ///
    /// # Errors
    /// [`DecodeError`] if the request is of another kind, or has no server name or message.
    pub fn elicitation(&self) -> Result<ElicitationRequest, DecodeError> {
        self.view(IncomingKind::Elicitation)
    }

    /// Decodes a [dialog](IncomingKind::Dialog).
    ///
    /// # Errors
    /// [`DecodeError`] if the request is of another kind, or has no dialog kind.
    pub fn dialog(&self) -> Result<DialogRequest, DecodeError> {
        self.view(IncomingKind::Dialog)
    }

    fn view<T: View>(&self, kind: IncomingKind) -> Result<T, DecodeError> {
        if self.kind != kind {
            return Err(DecodeError::other(format!("the request is of the kind `{}`, not `{kind}`", self.kind)));
        }
        control::incoming_view(self.message.as_bytes())
    }
}
