//! Activity of the CLI, as far as its lines show it, for reports of deadlines that have passed.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::time::SessionTime;
use crate::message::Message;
use crate::protocol::Protocol;
use crate::protocol::action::WaitReason;
use crate::protocol::deadline::Deadline;
use crate::protocol::form;
use crate::protocol::shutdown::Step;
use crate::wire::facts::{self, ApiRetry};
use crate::wire::kind::MessageKind;

/// Number of tool calls that are kept. A message of the CLI contains one call, and models seldom make ten calls
/// at once.
const CALLS: usize = 64;

/// Activity of the main thread.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Activity {
    /// Calls of tools without a result, oldest first.
    calls: Vec<Call>,
    retry: Option<(ApiRetry, SessionTime)>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Call {
    #[serde(with = "form")]
    id: Arc<str>,
    #[serde(with = "form")]
    name: Arc<str>,
    since: SessionTime,
}

impl Activity {
    /// Reads a message other than a `result`.
    fn observe(&mut self, now: SessionTime, message: &Message) {
        let (line, is_own) = (message.as_bytes(), !message.is_subagent());
        match message.kind() {
            MessageKind::Assistant => {
                self.retry = None;
                for (id, name) in facts::tool_calls(line).filter(|_| is_own) {
                    if self.calls.len() < CALLS && self.calls.iter().all(|call| *call.id != *id) {
                        self.calls.push(Call { id: id.into(), name: name.into(), since: now });
                    }
                }
            }
            MessageKind::StreamEvent => self.retry = None,
            MessageKind::User if is_own && !self.calls.is_empty() => {
                for id in facts::returned_calls(line) {
                    self.calls.retain(|call| *call.id != *id);
                }
            }
            MessageKind::System if message.subtype().as_deref() == Some("api_retry") => {
                self.retry = Some((facts::api_retry(line), now));
            }
            _ => {}
        }
    }

    /// Records the start of a turn, or the end of all turns: earlier activity has ended.
    fn begin(&mut self) {
        *self = Self::default();
    }

    fn reason(&self, now: SessionTime) -> Option<WaitReason> {
        if let Some((ApiRetry { attempt, max_retries, status }, since)) = self.retry {
            let age = now.saturating_duration_since(since);
            return Some(WaitReason::ApiRetry { attempt, max_attempts: max_retries, status, age });
        }
        let Call { id, name, since } = self.calls.first()?;
        Some(WaitReason::Tool { id: id.clone(), name: name.clone(), age: now.saturating_duration_since(*since) })
    }
}

impl Protocol {
    /// Records the activity that a message shows. It is only used for the reason of a deadline, so nothing is
    /// recorded if the host has set neither [`stall`](crate::Timeouts::stall) nor
    /// [`turn`](crate::Timeouts::turn).
    pub(super) fn note_activity(&mut self, message: &Message) {
        let timeouts = &self.config.timeouts;
        if timeouts.stall.is_none() && timeouts.turn.is_none() {
            return;
        }
        let is_own = !message.is_subagent();
        let begins = message.kind() == MessageKind::System && message.subtype().as_deref() == Some("init");
        if is_own && (message.kind() == MessageKind::Result || begins && self.ledger.current_turn().is_none()) {
            self.activity.begin();
        } else {
            self.activity.observe(self.now, message);
        }
    }

    /// Returns the reason why the session waits when this deadline passes.
    pub(super) fn wait_reason(&self, deadline: Deadline) -> WaitReason {
        let response = || self.requests.first().map(|request| WaitReason::Response { request });
        if let Some(incoming) = self.incoming.iter().next() {
            let of_host = WaitReason::HostResponse { incoming: incoming.id() };
            // A missing response of the host is never a stall; an open request of the host is.
            return if deadline == Deadline::Stall { response().unwrap_or(of_host) } else { of_host };
        }
        if self.ledger.misses_result() {
            return WaitReason::TurnResult;
        }
        if self.ledger.current_turn().is_some() {
            return self.activity.reason(self.now).unwrap_or(WaitReason::Model);
        }
        if !self.output.pending().is_empty() && self.shutdown.step() < Step::Exiting {
            return WaitReason::Stdin;
        }
        if self.ledger.is_busy() {
            return WaitReason::TurnStart;
        }
        let task = || WaitReason::BackgroundTask { id: self.background.first().map(Arc::from) };
        response().unwrap_or_else(task)
    }
}
