//! What the CLI asks of the host, and what the host answers.
//!
//! An [`Ask`] is the line as it came; a view of its kind reads it, when asked for. An [`Answer`] is made by the types
//! here, which write what the CLI reads and nothing else, or raw.
//!
//! | Ask | its view | the typed answer |
//! |---|---|---|
//! | [`Permission`](AskKind::Permission) | [`Ask::permission`] | [`Decision`] |
//! | ... of the tool `AskUserQuestion` | [`Permission::questions`] | [`Questions::reply`] |
//! | [`Hook`](AskKind::Hook) | [`Ask::hook`] | [`hook::Output`] |
//! | [`Mcp`](AskKind::Mcp) | [`Ask::mcp`] | [`mcp::McpAnswer`], or a whole [`mcp::Server`] |
//! | [`Elicitation`](AskKind::Elicitation) | [`Ask::elicitation`] | [`ElicitationAnswer`] |
//! | [`Dialog`](AskKind::Dialog) | [`Ask::dialog`] | [`DialogAnswer`] |

mod answer;
mod dialog;
mod elicitation;
pub mod hook;
mod kind;
pub mod mcp;
mod permission;
mod question;
mod update;

pub use answer::Answer;
pub use dialog::{Dialog, DialogAnswer};
pub use elicitation::{Elicitation, ElicitationAction, ElicitationAnswer, ElicitationMode};
pub use kind::{AskKind, AskKinds};
pub(crate) use permission::Payload;
pub use permission::{Classification, Decision, DecisionReason, MatchedAskRule, McpSource, Permission};
pub use question::{Choice, Question, QuestionReply, Questions, Unanswered, UnknownQuestion};
pub use update::{Change, Destination, PermissionUpdate, Rule, RuleBehavior};

use crate::error::DecodeError;
use crate::ids::AskId;
use crate::message::Message;
use crate::wire::control;
use crate::wire::view::View;

/// Something that the CLI asks. The tool, hook or server waits until it is answered or withdrawn.
///
/// It is a plain value: keep it, send it, answer it [by its id](crate::Protocol::answer) when the answer is there.
///
/// ```
/// use claude_duplex::testing::{Pair, Script, Step, Tool};
/// use claude_duplex::{Action, AskKind, Config, Decision, Seed};
///
/// let script = Script::default().then([Step::tools_at_once(["ls", "pwd"].map(|call| Tool::bash(call).asks()))]);
/// let mut pair = Pair::new(Config::new(Seed([1; 16])).own(AskKind::Permission), script);
/// pair.prompt("look around");
/// let mut open = Vec::new();
/// while open.len() < 2 {
///     let Action::Asked(ask) = pair.run_until(|action| matches!(action, Action::Asked(_))) else { unreachable!() };
///     assert_eq!(ask.permission()?.tool_name, "Bash");
///     assert!(ask.hook().is_err(), "it is of another kind");
///     open.push(ask);
/// }
/// for ask in open.iter().rev() {
///     pair.answer(ask.id(), Decision::allow()); // in any order
/// }
/// # Ok::<(), claude_duplex::DecodeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    pub(crate) id: AskId,
    pub(crate) kind: AskKind,
    pub(crate) message: Message,
}

impl Ask {
    /// By which it is answered.
    #[must_use]
    pub fn id(&self) -> AskId {
        self.id
    }

    /// What it is about.
    #[must_use]
    pub fn kind(&self) -> AskKind {
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

    /// What a [`Permission`](AskKind::Permission) ask is about.
    ///
    /// # Errors
    /// Where it is of another kind, or lacks a tool name or an input.
    pub fn permission(&self) -> Result<Permission, DecodeError> {
        self.view(AskKind::Permission, "it is not a permission ask")
    }

    /// What a [`Hook`](AskKind::Hook) ask is about.
    ///
    /// # Errors
    /// Where it is of another kind, or lacks a callback id, an input or the event's name.
    pub fn hook(&self) -> Result<hook::Hook, DecodeError> {
        self.view(AskKind::Hook, "it is not a hook ask")
    }

    /// What an [`Mcp`](AskKind::Mcp) ask is about.
    ///
    /// # Errors
    /// Where it is of another kind, or lacks a server's name or a message.
    pub fn mcp(&self) -> Result<mcp::McpMessage, DecodeError> {
        self.view(AskKind::Mcp, "it is not an MCP message")
    }

    /// What an [`Elicitation`](AskKind::Elicitation) ask is about.
    ///
    /// # Errors
    /// Where it is of another kind, or lacks a server's name or a message.
    pub fn elicitation(&self) -> Result<Elicitation, DecodeError> {
        self.view(AskKind::Elicitation, "it is not an elicitation")
    }

    /// What a [`Dialog`](AskKind::Dialog) ask is about.
    ///
    /// # Errors
    /// Where it is of another kind, or lacks a dialog kind.
    pub fn dialog(&self) -> Result<Dialog, DecodeError> {
        self.view(AskKind::Dialog, "it is not a dialog")
    }

    fn view<T: View>(&self, kind: AskKind, other: &str) -> Result<T, DecodeError> {
        if self.kind != kind {
            return Err(DecodeError::other(other));
        }
        control::ask_view(self.message.as_bytes())
    }
}
