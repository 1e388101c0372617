//! Compactions of the context, for clients that show them.

use agent_client_protocol::Error;
use agent_client_protocol::v1::schema::{CompactionId, CompactionStatus, CompactionUpdate, SessionUpdate};
use claude_duplex::message::System;
use claude_duplex::message::system::session::{Activity, Status};
use claude_duplex::{Compaction, CompactionState, Message, MessageKind};

use super::Session;
use crate::options;

/// Compaction that the CLI reported last.
///
/// The state is read from each message: several compactions can be in one chunk of output, and the actions that the next agent
/// gets again are behind the state of the session.
#[derive(Debug, Default)]
pub(super) struct Compactions(Option<Last>);

#[derive(Debug)]
struct Last {
    id: CompactionId,
    state: CompactionState,
    /// Its `compact_boundary` was reported. The next one belongs to another compaction.
    has_boundary: bool,
}

impl Compactions {
    /// Returns the update for a message that reports the start or the end of a compaction.
    pub(super) fn message(&mut self, message: &Message) -> Option<SessionUpdate> {
        // Every message of the CLI comes by here: only these two are decoded.
        if message.kind() != MessageKind::System || !matches!(&*message.subtype()?, "status" | "compact_boundary") {
            return None;
        }
        match message.system().ok()? {
            System::Status(status) => self.status(message, status),
            System::CompactBoundary(_) => {
                let is_over = |last: &Last| last.has_boundary || last.state == CompactionState::Failed;
                let is_new = self.0.as_ref().is_none_or(is_over);
                let last = if is_new { self.begin(id(message)) } else { self.0.as_mut()? };
                last.has_boundary = true;
                last.change(CompactionState::Succeeded, None)
            }
            _ => None,
        }
    }

    fn status(&mut self, message: &Message, status: Status) -> Option<SessionUpdate> {
        let is_running = self.is_running();
        if status.status == Some(Activity::Compacting) {
            // The CLI reports the progress in the same way.
            return if is_running { None } else { Some(self.begin(id(message)).update(None)) };
        }
        let state = match status.compact_result.as_deref() {
            Some("success") => CompactionState::Succeeded,
            Some(_) => CompactionState::Failed,
            None if is_running => CompactionState::Unknown,
            None => return None,
        };
        // The start is unknown if the client of another agent was shown it.
        let last = if self.0.is_none() { self.begin(id(message)) } else { self.0.as_mut()? };
        last.change(state, status.compact_error)
    }

    /// Returns the update for a failure that no message of the compaction reports: old versions report the error of the command.
    pub(super) fn settle(&mut self, compaction: Option<&Compaction>) -> Option<SessionUpdate> {
        let last = self.0.as_mut().filter(|last| last.state == CompactionState::Unknown)?;
        let is_failed = compaction?.state == CompactionState::Failed;
        if is_failed { last.change(CompactionState::Failed, None) } else { None }
    }

    /// Returns the update for a running compaction that the client was not shown, at the end of the messages that the last agent has
    /// left.
    #[cfg(unix)]
    pub(super) fn resume(&mut self, compaction: Option<&Compaction>, is_shown: bool) -> Option<SessionUpdate> {
        if self.0.is_none() && compaction?.state == CompactionState::Running {
            return Some(self.begin(CompactionId::new(options::new_id())).update(None));
        }
        let running = self.0.as_ref().filter(|last| !is_shown && last.state == CompactionState::Running);
        running.map(|last| last.update(None))
    }

    /// Returns the update for a compaction whose CLI has ended.
    pub(super) fn lose(&mut self, error: &Error) -> Option<SessionUpdate> {
        let last = self.0.take().filter(|last| last.state == CompactionState::Running);
        last?.change(CompactionState::Failed, Some(error.message.clone()))
    }

    fn is_running(&self) -> bool {
        self.0.as_ref().is_some_and(|last| last.state == CompactionState::Running)
    }

    fn begin(&mut self, id: CompactionId) -> &mut Last {
        self.0.insert(Last { id, state: CompactionState::Running, has_boundary: false })
    }
}

impl Last {
    fn change(&mut self, state: CompactionState, error: Option<String>) -> Option<SessionUpdate> {
        let known = self.status();
        self.state = state;
        if self.status() == known { None } else { Some(self.update(error)) }
    }

    fn status(&self) -> CompactionStatus {
        match self.state {
            CompactionState::Running => CompactionStatus::InProgress,
            CompactionState::Failed => CompactionStatus::Failed,
            _ => CompactionStatus::Completed,
        }
    }

    fn update(&self, error: Option<String>) -> SessionUpdate {
        let update = CompactionUpdate::new(self.id.clone(), self.status());
        SessionUpdate::CompactionUpdate(match error {
            Some(error) => update.error(error),
            None => update,
        })
    }
}

/// Returns the id of a compaction that a message is the first to report: that of the message, which is the same for each agent.
fn id(message: &Message) -> CompactionId {
    CompactionId::new(message.uuid().map_or_else(options::new_id, |id| id.into_owned()))
}

impl Session {
    /// Returns the update for a message that reports the start or the end of a compaction, if the client can show compactions.
    pub(super) fn compaction(&mut self, message: &Message) -> Option<SessionUpdate> {
        if self.abilities.compactions { self.compactions.message(message) } else { None }
    }

    /// Shows the failure of a compaction that no message reports.
    pub(super) fn settle_compaction(&mut self) {
        let Some(claude) = &self.claude else { return };
        let update = self.compactions.settle(claude.protocol().status().compaction.as_ref());
        self.show_compaction(update);
    }

    /// Shows a running compaction to a client that has taken up the session, unless it was shown with the running turn.
    #[cfg(unix)]
    pub(super) fn resume_compaction(&mut self, is_shown: bool) {
        let Some(claude) = &self.claude else { return };
        let update = self.compactions.resume(claude.protocol().status().compaction.as_ref(), is_shown);
        self.show_compaction(update);
    }

    /// Ends a compaction whose CLI has ended.
    pub(super) fn lose_compaction(&mut self, error: &Error) {
        let update = self.compactions.lose(error);
        self.show_compaction(update);
    }

    fn show_compaction(&self, update: Option<SessionUpdate>) {
        if let (Some(update), true) = (update, self.abilities.compactions) {
            self.client.update(update);
        }
    }
}
