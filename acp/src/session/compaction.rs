//! Compactions of the context, for clients that show them.

use agent_client_protocol::v1::schema::{CompactionId, CompactionStatus, CompactionUpdate, SessionUpdate};
use claude_duplex::{Compaction, CompactionState};

/// Compaction that was shown last.
#[derive(Debug, Default)]
pub(super) struct Compactions {
    state: Option<CompactionState>,
    count: u64,
}

impl Compactions {
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
