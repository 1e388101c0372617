//! What the ledger reads in a line: which turn it opens or closes, and for whom.

use std::fmt;

use serde::Deserialize;

use crate::ids::Uuid;
use crate::wire::first::First;
use crate::wire::{decode, lenient};

/// The most prompts that a result names (wire reference, section 1.4); a list of so many may be cut.
const NAMED: usize = 64;
/// How many of them are read. What a longer list names beyond is found out like what a cut one leaves out.
const NAMED_READ: usize = 4 * NAMED;
/// How many capabilities are kept; the CLI has a dozen.
const CAPABILITIES: usize = 256;

/// A `system/init`: a turn begins.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Init {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) session_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) claude_code_version: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) capabilities: Option<First<CAPABILITIES>>,
}

pub(crate) fn init(line: &[u8]) -> Init {
    decode(line).unwrap_or_default()
}

/// A `command_lifecycle`: how far the CLI is with a prompt.
#[derive(Debug)]
pub(crate) struct Lifecycle {
    pub(crate) uuid: Uuid,
    pub(crate) state: CommandState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CommandState {
    Queued,
    Started,
    Completed,
    Cancelled,
    /// The session ended while it waited.
    Discarded,
    Refused,
    #[serde(other)]
    Other,
}

pub(crate) fn lifecycle(line: &[u8]) -> Option<Lifecycle> {
    #[derive(Deserialize)]
    struct Body {
        command_uuid: String,
        state: CommandState,
    }
    let body: Body = decode(line).ok()?;
    Some(Lifecycle { uuid: body.command_uuid.parse().ok()?, state: body.state })
}

/// A `result`: a turn ends.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ResultFacts {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) subtype: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) is_error: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) terminal_reason: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) stop_reason: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) num_turns: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    result: Option<Text>,
    #[serde(default, deserialize_with = "lenient")]
    user_message_uuid: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    origin: Option<OriginFields>,
    #[serde(default, deserialize_with = "lenient")]
    user_message_uuids: Option<First<NAMED_READ>>,
}

#[derive(Debug, Deserialize)]
struct OriginFields {
    kind: String,
}

/// A text of which only the length matters: it is not kept.
#[derive(Debug)]
struct Text {
    is_empty: bool,
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Length;
        impl serde::de::Visitor<'_> for Length {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E>(self, text: &str) -> Result<Text, E> {
                Ok(Text { is_empty: text.is_empty() })
            }
        }
        deserializer.deserialize_str(Length)
    }
}

impl ResultFacts {
    /// What started the turn, where the CLI says that it was not a prompt of a host.
    pub(crate) fn own_origin(&self) -> Option<&str> {
        self.origin.as_ref().map(|origin| origin.kind.as_str()).filter(|kind| *kind != "human")
    }

    /// Whether its turn went well. A result without a subtype, which no CLI gives, is read for what it has.
    pub(crate) fn succeeded(&self) -> bool {
        match self.subtype.as_deref() {
            Some(subtype) => subtype == "success" && self.is_error != Some(true),
            None => self.result.is_some() && self.is_error != Some(true),
        }
    }

    /// Whether it has a text that is not empty.
    pub(crate) fn has_text(&self) -> bool {
        self.result.as_ref().is_some_and(|text| !text.is_empty)
    }

    /// Whether the turn ended as a tool had returned, without a further word of the model.
    pub(crate) fn ends_at_a_tool(&self) -> bool {
        self.stop_reason.as_deref() == Some("tool_use") && !self.has_text()
    }

    /// Whether no model was asked in its turn: what it counts says so, or, before 2.1.91, that no answer was stopped.
    pub(crate) fn asked_nobody(&self, counts_turns: bool) -> bool {
        if counts_turns { self.num_turns == Some(0) } else { self.stop_reason.is_none() }
    }

    /// Whether its turn may have been stopped by something other than its own end.
    pub(crate) fn may_be_aborted(&self) -> bool {
        let reason = self.terminal_reason.as_deref();
        let crashed = || self.subtype.as_deref() == Some("error_during_execution") || self.ends_at_a_tool();
        reason.map_or_else(crashed, |reason| reason.starts_with("aborted"))
    }

    /// A prompt that it answers, where the CLI names one alone, as 2.1.250 does. It may answer more.
    pub(crate) fn answers_first(&self) -> Option<Uuid> {
        self.user_message_uuid.as_ref()?.parse().ok()
    }

    /// The prompts that it answers, where the CLI says so (from 2.1.259 on).
    pub(crate) fn answers(&self) -> Option<Vec<Uuid>> {
        let named = self.user_message_uuids.as_ref()?;
        Some(named.0.iter().filter_map(|uuid| uuid.parse().ok()).collect())
    }

    /// Whether the list of answered prompts may be cut.
    pub(crate) fn answers_may_be_cut(&self) -> bool {
        self.user_message_uuids.as_ref().is_some_and(|named| named.0.len() >= NAMED)
    }
}

pub(crate) fn result(line: &[u8]) -> ResultFacts {
    decode(line).unwrap_or_default()
}

/// Whether an `assistant` or `user` line has a content block of that type. Within a text the quotes would be escaped.
pub(crate) fn has_block(line: &[u8], block: &str) -> bool {
    memchr::memmem::find(line, format!("\"{block}\"").as_bytes()).is_some()
}

/// A `system` message about background work or the state of the session.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct SystemFacts {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) task_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) task_type: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) state: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) status: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) patch: Option<TaskPatch>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) tasks: Option<Vec<ListedTask>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct TaskPatch {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) status: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ListedTask {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) task_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) task_type: Option<String>,
}

pub(crate) fn system(line: &[u8]) -> SystemFacts {
    decode(line).unwrap_or_default()
}

/// Whether a `system/informational` says that a hook keeps a prompt from going on.
pub(crate) fn prevents(line: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Body {
        #[serde(default, deserialize_with = "lenient")]
        prevent_continuation: Option<bool>,
    }
    decode::<Body>(line).is_ok_and(|body| body.prevent_continuation == Some(true))
}
