//! Interrupts and cancellations.

use serde_json::json;

use super::queue::Waiting;
use super::state::{Doing, Ending};
use super::{BEGIN, MockCli};
use crate::base::json::Json;
use crate::testing::cli_version::CliVersion;
use crate::testing::lines::Writer;

impl MockCli {
    /// Handles the `interrupt` request: cancels open requests, acknowledges the interrupt, and then ends the turn.
    pub(super) fn interrupt(&mut self, request_id: &str, cancel_queued: bool) {
        self.withdraw_all();
        self.kill_agents();
        let mut receipt = None;
        if self.behavior.gives_receipt {
            let cancelled = if cancel_queued { self.cancel_all() } else { Vec::new() };
            let queued: Vec<_> = self.queue.iter().filter_map(Waiting::prompt).collect();
            let still: Vec<_> = queued.iter().filter_map(|prompt| prompt.uuid.clone()).collect();
            receipt = Some(match cancel_queued {
                true => json!({ "still_queued": still, "cancelled": cancelled }),
                false => json!({ "still_queued": still }),
            });
        }
        self.write(&Writer::success(request_id, receipt.as_ref()));
        let now = self.now;
        if let Some(turn) = &mut self.turn {
            turn.cut_at.get_or_insert(now.saturating_add(BEGIN));
        } else if self.begins.is_some() {
            self.doomed |= !self.behavior.spares_the_imminent || self.is_announced() || self.latches_first();
        }
    }

    /// Returns `true` if the start of the next turn was reported.
    fn is_announced(&self) -> bool {
        self.queue.front().and_then(Waiting::prompt).is_some_and(|prompt| prompt.announced)
    }

    /// Returns `true` if an interrupt stops the first turn. 2.1.329 does so, although its receipt lists the prompt as
    /// queued.
    fn latches_first(&self) -> bool {
        self.turns == 0 && self.script.generation == CliVersion::V2_1_329 && !self.queue.is_empty()
    }

    /// Cancels all waiting prompts. Returns their uuids.
    fn cancel_all(&mut self) -> Vec<String> {
        let waits = |waiting: &Waiting| waiting.prompt().is_some_and(|prompt| !prompt.announced);
        let (prompts, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.queue).into_iter().partition(waits);
        self.queue = rest.into();
        let uuids: Vec<String> =
            prompts.iter().filter_map(Waiting::prompt).filter_map(|prompt| prompt.uuid.clone()).collect();
        for uuid in &uuids {
            self.write_lifecycle(Some(uuid), "cancelled");
        }
        uuids
    }

    /// Handles `cancel_async_message`: cancels a waiting prompt. Returns `false` if it was not waiting.
    pub(super) fn cancel(&mut self, uuid: &str) -> bool {
        let named = |waiting: &Waiting| waiting.prompt().and_then(|prompt| prompt.uuid.as_deref()) == Some(uuid);
        let Some(at) = self.queue.iter().position(named) else { return false };
        self.queue.remove(at);
        self.write_lifecycle(Some(uuid), "cancelled");
        true
    }

    /// Stops the running turn. `doomed` is set if the interrupt came before the turn started.
    pub(super) fn abort(&mut self, doomed: bool) {
        self.forget_open_requests();
        let unseen = matches!(self.turn.as_ref().map(|turn| &turn.doing), Some(Doing::Preparing { .. }));
        match self.script.generation {
            CliVersion::V2_1_250 if unseen && !doomed => return self.die("Request was aborted."),
            CliVersion::V2_1_329 if unseen && !doomed => self.open_turn(),
            _ => {
                if unseen {
                    self.open_turn();
                    self.call_model();
                }
                self.pay_echo();
            }
        }
        let tools = self.cut_off();
        let remark = match tools {
            true => "[Request interrupted by user for tool use]",
            false => "[Request interrupted by user]",
        };
        let content = Json::from(&json!([{ "type": "text", "text": remark }]));
        let line = self.writer.user(&content, None, None, false, 0);
        self.write(&line);
        self.end_turn(Ending::Interrupted { tools });
    }

    /// Replaces the running turn by a prompt with the priority `now`. The turn ends with a success.
    pub(super) fn abort_for_another(&mut self) {
        let now = self.now;
        if let Some(turn) = &mut self.turn {
            turn.at = turn.at.max(now);
        }
        self.withdraw_all();
        self.pay_echo();
        let tools = self.cut_off();
        self.end_turn(Ending::Replaced { tools });
    }

    /// Ends the current step of a turn. Returns `true` if it was calling tools.
    fn cut_off(&mut self) -> bool {
        match self.turn.as_ref().map(|turn| turn.doing.clone()) {
            Some(Doing::Calling) => {
                self.reject_calls();
                true
            }
            Some(Doing::Speaking(stream)) => {
                self.write_partial(&stream);
                false
            }
            _ => false,
        }
    }
}
