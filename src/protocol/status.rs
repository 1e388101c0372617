//! State of a session, as the CLI last reported it.

use std::fmt;
use std::sync::Arc;

use crate::base::text::Quoted;
use crate::message::Message;
use crate::options::PermissionMode;
use crate::wire::facts::{Init, name};
use crate::wire::scan::raw::Raw;

/// Maximum length of an error text, in bytes.
const LONGEST_ERROR: usize = 4096;

/// State of a session, as the CLI last reported it.
///
/// `system/init` reports the id, model and permission mode at the beginning of each turn. `system/status` reports
/// a new permission mode at once (since 2.0.76). A new model is reported by the next `init`. `/clear` and a fork
/// change the id.
///
/// ```
/// use claude_duplex::options::PermissionMode;
/// use claude_duplex::{Config, Protocol, Seed, SessionTime};
///
/// let mut protocol = Protocol::new(Config::new(Seed::random()), SessionTime::ZERO);
/// protocol.receive(
///     SessionTime::ZERO,
///     br#"{"type":"system","subtype":"init","session_id":"s","model":"m"}
/// {"type":"system","subtype":"status","status":null,"permissionMode":"plan"}
/// "#,
/// );
/// let state = protocol.status();
/// assert_eq!(state.session_id.as_deref(), Some("s"));
/// assert_eq!(state.model.as_deref(), Some("m"));
/// assert_eq!(state.permission_mode, Some(PermissionMode::Plan));
/// ```
#[derive(Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct SessionStatus {
    /// Id of the session, by which it can be resumed; `None` before the first turn.
    pub session_id: Option<Arc<str>>,
    /// Model of the main thread.
    pub model: Option<Arc<str>>,
    /// Current permission mode.
    pub permission_mode: Option<PermissionMode>,
    /// The last compaction, or the running one.
    pub compaction: Option<Compaction>,
}

/// A compaction of the conversation: a summary replaces the messages.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Compaction {
    /// Progress of the compaction.
    pub state: CompactionState,
    /// Cause of the compaction. Known after it has succeeded.
    pub trigger: Option<CompactionTrigger>,
    /// Tokens of the conversation before the compaction. Known after it has succeeded.
    pub tokens_before: Option<u64>,
    /// Tokens of the conversation after the compaction. Since 2.1.143.
    pub tokens_after: Option<u64>,
    /// Reason of the failure, at most 4,096 bytes. Since 2.1.329.
    pub error: Option<Arc<str>>,
}

/// Progress of a compaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CompactionState {
    /// The CLI is writing the summary.
    Running,
    /// The summary has replaced the conversation.
    Succeeded,
    /// The conversation is unchanged.
    Failed,
    /// The CLI stopped without reporting how the compaction ended. CLI versions 2.1.63 to 2.1.104 do so if a compaction
    /// fails.
    Unknown,
}

/// Cause of a compaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CompactionTrigger {
    /// The user's command `/compact`.
    Manual,
    /// The CLI itself, because the context was nearly full.
    Automatic,
}

impl SessionStatus {
    /// Reads a `system` message other than `init`. Returns `true` if the message reports that a compaction
    /// failed.
    pub(super) fn observe(&mut self, subtype: &str, message: &Message) -> bool {
        let line = Raw::line(message.as_bytes());
        match subtype {
            "status" => self.status(line),
            "compact_boundary" => {
                self.compacted(line);
                false
            }
            _ => false,
        }
    }

    /// Reads the state that `system/init` reports.
    pub(super) fn init(&mut self, init: &Init) {
        let kept = |name: &Option<String>| name.as_deref().map(Arc::from);
        self.session_id = kept(&init.session_id).or(self.session_id.take());
        self.model = kept(&init.model).or(self.model.take());
        self.set_mode(init.permission_mode.as_deref());
    }

    fn status(&mut self, line: Raw<'_>) -> bool {
        let (mut status, mut result, mut error) = (None, None, None);
        for (key, value) in line.members() {
            if key.is("permissionMode") {
                self.set_mode(name(value).as_deref());
            } else if key.is("status") {
                status = name(value);
            } else if key.is("compact_result") {
                result = name(value);
            } else if key.is("compact_error") {
                error = value.text().map(|text| text.start(LONGEST_ERROR));
            }
        }
        if status.as_deref() == Some("compacting") {
            self.compaction = Some(Compaction::new(CompactionState::Running));
            return false;
        }
        let running = self.compaction.as_ref().is_some_and(|compaction| compaction.state == CompactionState::Running);
        let ended = match result.as_deref() {
            Some("success") => CompactionState::Succeeded,
            Some(_) => CompactionState::Failed,
            None if running => CompactionState::Unknown,
            None => return false,
        };
        let mut compaction = Compaction::new(ended);
        compaction.error = error.map(Arc::from);
        self.compaction = Some(compaction);
        ended == CompactionState::Failed
    }

    /// Records the error of a local command. Before 2.1.143 nothing else reports that a compaction failed.
    pub(super) fn command_failed(&mut self) {
        let compaction = self.compaction.as_mut();
        if let Some(compaction) = compaction.filter(|compaction| compaction.state == CompactionState::Unknown) {
            compaction.state = CompactionState::Failed;
        }
    }

    fn compacted(&mut self, line: Raw<'_>) {
        let mut compaction = Compaction::new(CompactionState::Succeeded);
        if let Some(metadata) = line.get("compact_metadata") {
            compaction.trigger = match metadata.get("trigger").and_then(name).as_deref() {
                Some("manual") => Some(CompactionTrigger::Manual),
                Some("auto") => Some(CompactionTrigger::Automatic),
                _ => None,
            };
            let number = |key| metadata.get(key).and_then(Raw::number);
            (compaction.tokens_before, compaction.tokens_after) = (number("pre_tokens"), number("post_tokens"));
        }
        self.compaction = Some(compaction);
    }

    fn set_mode(&mut self, mode: Option<&str>) {
        self.permission_mode = mode.map(PermissionMode::from).or(self.permission_mode.take());
    }
}

impl Compaction {
    fn new(state: CompactionState) -> Self {
        Self { state, trigger: None, tokens_before: None, tokens_after: None, error: None }
    }
}

impl fmt::Debug for SessionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionStatus")
            .field("session_id", &self.session_id.as_deref().map(Quoted))
            .field("model", &self.model.as_deref().map(Quoted))
            .field("permission_mode", &self.permission_mode.as_ref().map(|mode| Quoted(mode.as_str())))
            .field("compaction", &self.compaction)
            .finish()
    }
}

impl fmt::Debug for Compaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compaction")
            .field("state", &self.state)
            .field("trigger", &self.trigger)
            .field("tokens_before", &self.tokens_before)
            .field("tokens_after", &self.tokens_after)
            .field("error", &self.error.as_deref().map(Quoted))
            .finish()
    }
}
