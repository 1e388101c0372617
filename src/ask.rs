//! What the CLI asks of the host, and what the host answers.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::DecodeError;
use crate::ids::AskId;
use crate::json::Json;
use crate::message::Message;
use crate::text::{Few, Quoted};
use crate::wire::control::{self, PermissionFields};

/// The kinds of asks (wire reference, section 1.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum AskKind {
    /// `can_use_tool`: may this tool run?
    Permission,
    /// `hook_callback`: a hook that the host registered in `initialize`.
    Hook,
    /// `mcp_message`: a message for an MCP server that lives in the host.
    Mcp,
    /// `elicitation`: an MCP server asks the user for something.
    Elicitation,
    /// `request_user_dialog`: a dialog of a kind that the host declared in `initialize`.
    Dialog,
    /// One that this version of the crate does not know.
    Unknown,
}

impl AskKind {
    /// Every kind that has a name of its own.
    pub const KNOWN: [AskKind; 5] =
        [AskKind::Permission, AskKind::Hook, AskKind::Mcp, AskKind::Elicitation, AskKind::Dialog];

    pub(crate) fn of_subtype(subtype: &str) -> Self {
        match subtype {
            "can_use_tool" => Self::Permission,
            "hook_callback" => Self::Hook,
            "mcp_message" => Self::Mcp,
            "elicitation" => Self::Elicitation,
            "request_user_dialog" => Self::Dialog,
            _ => Self::Unknown,
        }
    }
}

impl fmt::Display for AskKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Permission => "can_use_tool",
            Self::Hook => "hook_callback",
            Self::Mcp => "mcp_message",
            Self::Elicitation => "elicitation",
            Self::Dialog => "request_user_dialog",
            Self::Unknown => "unknown",
        })
    }
}

/// A set of [`AskKind`]s.
///
/// ```
/// use claude_duplex::{AskKind, AskKinds};
///
/// let mut kinds: AskKinds = [AskKind::Permission, AskKind::Hook].into_iter().collect();
/// assert_eq!(kinds, AskKinds::NONE.with(AskKind::Permission).with(AskKind::Hook));
/// kinds.extend([AskKind::Mcp]);
/// assert!(kinds.contains(AskKind::Mcp) && !kinds.contains(AskKind::Dialog));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AskKinds(u8);

impl AskKinds {
    /// No kind.
    pub const NONE: AskKinds = AskKinds(0);
    /// Every kind.
    pub const ALL: AskKinds = AskKinds(u8::MAX);

    /// This set and one kind more.
    #[must_use]
    pub const fn with(self, kind: AskKind) -> Self {
        Self(self.0 | 1 << kind as u8)
    }

    /// Whether the kind is in the set.
    #[must_use]
    pub const fn contains(self, kind: AskKind) -> bool {
        self.0 & 1 << kind as u8 != 0
    }
}

impl Extend<AskKind> for AskKinds {
    fn extend<I: IntoIterator<Item = AskKind>>(&mut self, kinds: I) {
        *self = kinds.into_iter().fold(*self, Self::with);
    }
}

impl FromIterator<AskKind> for AskKinds {
    fn from_iter<I: IntoIterator<Item = AskKind>>(kinds: I) -> Self {
        kinds.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for AskKinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = AskKind::KNOWN.into_iter().chain([AskKind::Unknown]);
        f.debug_set().entries(kinds.filter(|kind| self.contains(*kind))).finish()
    }
}

/// Something that the CLI asks. The tool, hook or server waits until it is answered or withdrawn.
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
        if self.kind != AskKind::Permission {
            return Err(DecodeError::other("it is not a permission ask"));
        }
        control::permission(self.message.as_bytes()).map(Permission)
    }
}

/// A tool that wants to run (`can_use_tool`).
#[derive(Clone, PartialEq, Eq)]
pub struct Permission(PermissionFields);

impl Permission {
    /// The tool's name, as `Bash`.
    #[must_use]
    pub fn tool_name(&self) -> &str {
        &self.0.tool_name
    }

    /// The tool's input: a JSON object, byte for byte as the CLI wrote it.
    #[must_use]
    pub fn input(&self) -> &Json {
        &self.0.input
    }

    /// Joins the ask with the `tool_use` block of the assistant's message. 1.0.128 sends none.
    #[must_use]
    pub fn tool_use_id(&self) -> Option<&str> {
        self.0.tool_use_id.as_deref()
    }

    /// The subagent that asks, if it is one.
    #[must_use]
    pub fn agent_id(&self) -> Option<&str> {
        self.0.agent_id.as_deref()
    }

    /// What the tool is about to do, in the words of the model.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// Rules that the CLI offers to remember; one goes back byte for byte by [`Decision::and_remember`].
    #[must_use]
    pub fn suggestions(&self) -> &[Json] {
        &self.0.permission_suggestions
    }
}

impl fmt::Debug for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permission")
            .field("tool_name", &Quoted(&self.0.tool_name))
            .field("input", &self.0.input)
            .field("tool_use_id", &self.tool_use_id().map(Quoted))
            .field("agent_id", &self.agent_id().map(Quoted))
            .field("description", &self.description().map(Quoted))
            .field("suggestions", &Few(self.suggestions()))
            .finish()
    }
}

/// What is said to an [`Ask`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Answer {
    /// To a [`Permission`](AskKind::Permission) ask.
    Permission(Decision),
    /// To an ask of any kind: the success payload as it stands.
    Raw(Json),
    /// To an ask of any kind: an error. A permission is refused by it, and a guarding hook blocks.
    Error {
        /// What went wrong, for the model or a log.
        message: String,
    },
}

/// May the tool run?
///
/// ```
/// use claude_duplex::{Answer, Decision};
///
/// let answer = Answer::from(Decision::deny("not on a Friday"));
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Decision {
    /// It may.
    Allow {
        /// Another input in place of the tool's own, a JSON object. `None` sends the original back byte for byte:
        /// versions up to 2.1.206 refuse an allow without input.
        input: Option<Json>,
        /// Permission updates to take with it (wire reference, section 4.2).
        remember: Vec<Json>,
    },
    /// It may not.
    Deny {
        /// Why, for the model.
        message: String,
        /// Whether the turn ends with it.
        interrupt: bool,
    },
}

impl Decision {
    /// The tool runs with its own input.
    #[must_use]
    pub fn allow() -> Self {
        Self::Allow { input: None, remember: Vec::new() }
    }

    /// The tool runs with `input`, a JSON object, in place of its own.
    #[must_use]
    pub fn allow_with(input: Json) -> Self {
        Self::Allow { input: Some(input), remember: Vec::new() }
    }

    /// The tool does not run; the model is told why.
    pub fn deny(message: impl Into<String>) -> Self {
        Self::Deny { message: message.into(), interrupt: false }
    }

    /// Takes a [suggestion](Permission::suggestions), or an update of the host's own, with an allow.
    #[must_use]
    pub fn and_remember(mut self, update: Json) -> Self {
        if let Self::Allow { remember, .. } = &mut self {
            remember.push(update);
        }
        self
    }

    /// Ends the turn with a deny.
    #[must_use]
    pub fn and_interrupt(mut self) -> Self {
        if let Self::Deny { interrupt, .. } = &mut self {
            *interrupt = true;
        }
        self
    }
}

impl fmt::Debug for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow { input, remember } => {
                f.debug_struct("Allow").field("input", input).field("remember", &Few(remember)).finish()
            }
            Self::Deny { message, interrupt } => {
                f.debug_struct("Deny").field("message", &Quoted(message)).field("interrupt", interrupt).finish()
            }
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Permission(decision) => f.debug_tuple("Permission").field(decision).finish(),
            Self::Raw(payload) => f.debug_tuple("Raw").field(payload).finish(),
            Self::Error { message } => f.debug_struct("Error").field("message", &Quoted(message)).finish(),
        }
    }
}

impl From<Decision> for Answer {
    fn from(decision: Decision) -> Self {
        Self::Permission(decision)
    }
}

impl Answer {
    /// Whether it is a deny that ends the turn.
    pub(crate) fn interrupts(&self, kind: AskKind) -> bool {
        #[derive(Deserialize)]
        struct Deny {
            behavior: String,
            #[serde(default)]
            interrupt: bool,
        }
        match self {
            Self::Permission(Decision::Deny { interrupt, .. }) => *interrupt,
            Self::Raw(payload) if kind == AskKind::Permission => {
                payload.decode::<Deny>().is_ok_and(|deny| deny.behavior == "deny" && deny.interrupt)
            }
            _ => false,
        }
    }

    /// Whether it can be said to an ask of that kind.
    #[must_use]
    pub fn fits(&self, kind: AskKind) -> bool {
        match self {
            Self::Permission(_) => kind == AskKind::Permission,
            Self::Raw(_) | Self::Error { .. } => true,
        }
    }
}
