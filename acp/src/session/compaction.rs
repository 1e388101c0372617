//! Compactions of the context, for clients that show them.

use agent_client_protocol::v1::schema::{CompactionId, CompactionStatus, CompactionUpdate, SessionUpdate};
use claude_duplex::{Compaction, CompactionState};

use super::Session;

/// Compaction that was shown last.
#[derive(Debug, Default)]
pub(super) struct Compactions {
    state: Option<CompactionState>,
    count: u64,
}

impl Compactions {
    /// Takes over the state of a session that another agent has opened. A compaction that has ended is not shown again.
    #[cfg(unix)]
    pub(super) fn resumed(&mut self, compaction: Option<&Compaction>) {
        let state = compaction.map(|compaction| compaction.state);
        self.state = state.filter(|state| *state != CompactionState::Running);
    }

    /// Returns the update for a compaction that has begun or ended since the last call.
    pub(super) fn changed(&mut self, compaction: Option<&Compaction>) -> Option<SessionUpdate> {
        let compaction = compaction?;
        let begun = compaction.state == CompactionState::Running;
        if self.state.replace(compaction.state) == Some(compaction.state) {
            return None;
        }
        self.count += u64::from(begun);
        let status = match compaction.state {
            CompactionState::Running => CompactionStatus::InProgress,
            CompactionState::Failed => CompactionStatus::Failed,
            _ => CompactionStatus::Completed,
        };
        let error = compaction.error.as_deref().map(str::to_owned);
        let update = CompactionUpdate::new(CompactionId::new(self.count.to_string()), status);
        Some(SessionUpdate::CompactionUpdate(match error {
            Some(error) => update.error(error),
            None => update,
        }))
    }
}

impl Session {
    /// Shows a compaction that has begun or ended, if the client can show compactions.
    pub(super) fn show_compaction(&mut self) {
        let Some(claude) = self.claude.as_ref().filter(|_| self.abilities.compactions) else { return };
        let update = self.compactions.changed(claude.protocol().status().compaction.as_ref());
        update.into_iter().for_each(|update| self.client.update(update));
    }
}
