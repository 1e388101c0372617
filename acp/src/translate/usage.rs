//! Size of the context, and cost of the session.

use agent_client_protocol::v1::schema::{Cost, SessionUpdate, UsageUpdate};
use claude_duplex::Message;

/// Default size of the context window, in tokens, for models that do not report it.
const WINDOW: u64 = 200_000;

/// Size of the context after the last response of the model.
#[derive(Debug, Default)]
pub(super) struct ContextUsage {
    tokens: Option<u64>,
}

impl ContextUsage {
    /// Stores the number of tokens that a response of the model reports.
    pub(super) fn assistant(&mut self, message: &Message) {
        if message.is_subagent() {
            return;
        }
        let Ok(assistant) = message.assistant() else { return };
        if !assistant.is_synthetic() {
            let tokens = assistant.message.usage.and_then(|usage| usage.context_tokens());
            self.tokens = tokens.filter(|tokens| *tokens > 0).or(self.tokens);
        }
    }

    /// Returns the update after a turn.
    pub(super) fn result(&mut self, message: &Message) -> Option<SessionUpdate> {
        let result = message.result().ok()?;
        let models = result.model_usage.unwrap_or_default();
        let size = models.values().filter_map(|model| model.context_window).max().unwrap_or(WINDOW);
        let cost = result.total_cost_usd.map(|amount| Cost::new(amount, "USD"));
        Some(SessionUpdate::UsageUpdate(UsageUpdate::new(self.tokens?, size).cost(cost)))
    }
}
