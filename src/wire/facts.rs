//! What the ledger reads in a line: which turn it opens or closes, and for whom.

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
    origin: Option<OriginFields>,
    #[serde(default, deserialize_with = "lenient")]
    user_message_uuids: Option<First<NAMED_READ>>,
}

#[derive(Debug, Deserialize)]
struct OriginFields {
    kind: String,
}

impl ResultFacts {
    /// What started the turn, where the CLI says that it was not a prompt of a host.
    pub(crate) fn own_origin(&self) -> Option<&str> {
        self.origin.as_ref().map(|origin| origin.kind.as_str()).filter(|kind| *kind != "human")
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
