//! What the CLI asks of the host, and what the host answers.
//!
//! An [`IncomingRequest`] is the line as it came; a view of its kind reads it, when asked for. An [`IncomingResponse`] is made by the types
//! here, which write what the CLI reads and nothing else, or raw.
//!
//! | Ask | its view | the typed answer |
//! |---|---|---|
//! | [`PermissionRequest`](IncomingKind::Permission) | [`IncomingRequest::permission`] | [`Decision`] |
//! | ... of the tool `AskUserQuestion` | [`PermissionRequest::questions`] | [`Questions::reply`] |
//! | [`HookRequest`](IncomingKind::Hook) | [`IncomingRequest::hook`] | [`hook::HookOutput`] |
//! | [`Mcp`](IncomingKind::Mcp) | [`IncomingRequest::mcp`] | [`mcp::McpResponse`], or a whole [`mcp::SdkMcpServer`] |
//! | [`ElicitationRequest`](IncomingKind::Elicitation) | [`IncomingRequest::elicitation`] | [`ElicitationResponse`] |
//! | [`DialogRequest`](IncomingKind::Dialog) | [`IncomingRequest::dialog`] | [`DialogResponse`] |

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

/// Something that the CLI asks. The tool, hook or server waits until it is answered or withdrawn.
///
/// It is a plain value: keep it, send it, answer it [by its id](crate::Protocol::respond) when the answer is there.
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
///     assert!(ask.hook().is_err(), "it is of another kind");
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
    /// Creates a request of a line, for tests of a host: a message that the CLI could write. It belongs to no session, so a
    /// response to it is [stale](crate::RespondError::Stale).
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
            return Err(DecodeError::other("the message is not a control request"));
        }
        let subtype = control::ask(message.as_bytes()).subtype.unwrap_or_default();
        let kind = IncomingKind::of_subtype(&subtype);
        Ok(Self { id: IncomingId::new(0, 0), kind, message, turn: None, prompt: None })
    }

    /// By which it is answered.
    #[must_use]
    pub fn id(&self) -> IncomingId {
        self.id
    }

    /// What it is about.
    #[must_use]
    pub fn kind(&self) -> IncomingKind {
        self.kind
    }

    /// The line as it came: a `control_request`.
    #[must_use]
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// The CLI's own id of it.
    #[must_use]
    pub fn request_id(&self) -> String {
        control::request_id(self.message.as_bytes()).unwrap_or_default()
    }

    /// Returns the turn that ran when the request came. A background task can make a request outside of turns.
    #[must_use]
    pub fn turn(&self) -> Option<TurnId> {
        self.turn
    }

    /// Returns the first prompt of that turn, if it was known when the request came. Before 2.1.206 the CLI names the prompt
    /// late.
    #[must_use]
    pub fn prompt(&self) -> Option<PromptId> {
        self.prompt
    }

    /// What a [`PermissionRequest`](IncomingKind::Permission) ask is about.
    ///
    /// # Errors
    /// Where it is of another kind, or lacks a tool name or an input.
    pub fn permission(&self) -> Result<PermissionRequest, DecodeError> {
        self.view(IncomingKind::Permission, "it is not a permission ask")
    }

    /// What a [`HookRequest`](IncomingKind::Hook) ask is about.
    ///
    /// # Errors
    /// Where it is of another kind, or lacks a callback id, an input or the event's name.
    pub fn hook(&self) -> Result<hook::HookRequest, DecodeError> {
        self.view(IncomingKind::Hook, "it is not a hook ask")
    }

    /// What an [`Mcp`](IncomingKind::Mcp) ask is about.
    ///
    /// # Errors
    /// Where it is of another kind, or lacks a server's name or a message.
    pub fn mcp(&self) -> Result<mcp::IncomingMcpMessage, DecodeError> {
        self.view(IncomingKind::Mcp, "it is not an MCP message")
    }

    /// What an [`ElicitationRequest`](IncomingKind::Elicitation) ask is about.
    ///
    /// # Errors
    /// Where it is of another kind, or lacks a server's name or a message.
    pub fn elicitation(&self) -> Result<ElicitationRequest, DecodeError> {
        self.view(IncomingKind::Elicitation, "it is not an elicitation")
    }

    /// What a [`DialogRequest`](IncomingKind::Dialog) ask is about.
    ///
    /// # Errors
    /// Where it is of another kind, or lacks a dialog kind.
    pub fn dialog(&self) -> Result<DialogRequest, DecodeError> {
        self.view(IncomingKind::Dialog, "it is not a dialog")
    }

    fn view<T: View>(&self, kind: IncomingKind, other: &str) -> Result<T, DecodeError> {
        if self.kind != kind {
            return Err(DecodeError::other(other));
        }
        control::ask_view(self.message.as_bytes())
    }
}
