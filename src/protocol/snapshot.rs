//! What the session is set to, as the CLI said last.

use std::fmt;
use std::sync::Arc;

use crate::message::system::session::{Activity, CompactBoundary, Init, Status};
use crate::message::{Message, System, View};
use crate::options::PermissionMode;
use crate::text::Quoted;

/// Longest name that is kept, in bytes.
const LONGEST_NAME: usize = 256;
/// Longest error text that is kept, in characters.
const LONGEST_ERROR: usize = 4096;

/// State of a session as the CLI reported it last.
///
/// `system/init` reports id, model and permission mode at the beginning of each turn. `system/status` reports a new permission mode at once
/// (since 2.0.76); a new model is reported by the next `init`. `/clear` and a fork change the id.
///
/// ```
/// use claude_duplex::options::PermissionMode;
/// use claude_duplex::{Config, Protocol, Seed, Time};
///
/// let mut protocol = Protocol::new(Config::new(Seed([7; 16])), Time::ZERO);
/// protocol.receive(Time::ZERO, br#"{"type":"system","subtype":"init","session_id":"s","model":"m"}
/// {"type":"system","subtype":"status","status":null,"permissionMode":"plan"}
/// "#);
/// let state = protocol.snapshot();
/// assert_eq!(state.session_id.as_deref(), Some("s"));
/// assert_eq!(state.model.as_deref(), Some("m"));
/// assert_eq!(state.permission_mode, Some(PermissionMode::Plan));
/// ```
#[derive(Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct SessionSnapshot {
    /// Id of the session, by which it can be resumed; `None` before the first turn.
    pub session_id: Option<Arc<str>>,
    /// Model of the main thread.
    pub model: Option<Arc<str>>,
    /// Permission mode.
    pub permission_mode: Option<PermissionMode>,
    /// The last compaction, or the one that runs.
    pub compaction: Option<Compaction>,
}

/// A compaction of the conversation: what was said is replaced by a summary.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Compaction {
    /// How far the compaction is.
    pub state: CompactionState,
    /// What started it; known once it has succeeded.
    pub trigger: Option<CompactionTrigger>,
    /// Tokens of the conversation before it; known once it has succeeded.
    pub tokens_before: Option<u64>,
    /// Tokens of the conversation after it (since 2.1.143).
    pub tokens_after: Option<u64>,
    /// Reason of a failure (since 2.1.329), at most 4,096 characters.
    pub error: Option<Arc<str>>,
}

/// How far a compaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CompactionState {
    /// The summary is being written.
    Running,
    /// The conversation was replaced.
    Succeeded,
    /// The conversation is as it was.
    Failed,
    /// The CLI stopped without saying how the compaction ended, as versions before 2.1.143 do if it fails.
    Unknown,
}

/// What started a compaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CompactionTrigger {
    /// The command `/compact`.
    Manual,
    /// The CLI itself, because the context was nearly full.
    Automatic,
}

impl SessionSnapshot {
    /// Takes a `system` message. Returns whether it says that a compaction failed.
    pub(super) fn observe(&mut self, subtype: &str, message: &Message) -> bool {
        if !matches!(subtype, "init" | "status" | "compact_boundary") {
            return false;
        }
        match message.view() {
            Ok(View::System(System::Init(init))) => self.init(init),
            Ok(View::System(System::Status(status))) => return self.status(status),
            Ok(View::System(System::CompactBoundary(boundary))) => self.compacted(boundary),
            _ => {}
        }
        false
    }

    fn init(&mut self, init: Init) {
        let name = |name: Option<String>| name.filter(|name| name.len() <= LONGEST_NAME).map(Arc::from);
        self.session_id = name(init.session_id).or(self.session_id.take());
        self.model = name(init.model).or(self.model.take());
        self.set_mode(init.permission_mode);
    }

    fn status(&mut self, status: Status) -> bool {
        self.set_mode(status.permission_mode);
        if status.status == Some(Activity::Compacting) {
            self.compaction = Some(Compaction::new(CompactionState::Running));
            return false;
        }
        let running = self.compaction.as_ref().is_some_and(|compaction| compaction.state == CompactionState::Running);
        let ended = match status.compact_result.as_deref() {
            Some("success") => CompactionState::Succeeded,
            Some(_) => CompactionState::Failed,
            None if running => CompactionState::Unknown,
            None => return false,
        };
        let mut compaction = Compaction::new(ended);
        let error: Option<String> = status.compact_error.map(|error| error.chars().take(LONGEST_ERROR).collect());
        compaction.error = error.map(Arc::from);
        self.compaction = Some(compaction);
        ended == CompactionState::Failed
    }

    /// Takes the error of a local command. Before 2.1.143 nothing else says that a compaction failed.
    pub(super) fn command_failed(&mut self) {
        let compaction = self.compaction.as_mut();
        if let Some(compaction) = compaction.filter(|compaction| compaction.state == CompactionState::Unknown) {
            compaction.state = CompactionState::Failed;
        }
    }

    fn compacted(&mut self, boundary: CompactBoundary) {
        let mut compaction = Compaction::new(CompactionState::Succeeded);
        if let Some(metadata) = boundary.compact_metadata {
            compaction.trigger = match metadata.trigger.as_deref() {
                Some("manual") => Some(CompactionTrigger::Manual),
                Some("auto") => Some(CompactionTrigger::Automatic),
                _ => None,
            };
            (compaction.tokens_before, compaction.tokens_after) = (metadata.pre_tokens, metadata.post_tokens);
        }
        self.compaction = Some(compaction);
    }

    fn set_mode(&mut self, mode: Option<PermissionMode>) {
        let fits = |mode: &PermissionMode| mode.as_str().len() <= LONGEST_NAME;
        self.permission_mode = mode.filter(fits).or(self.permission_mode.take());
    }
}

impl Compaction {
    fn new(state: CompactionState) -> Self {
        Self { state, trigger: None, tokens_before: None, tokens_after: None, error: None }
    }
}

impl fmt::Debug for SessionSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionSnapshot")
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
