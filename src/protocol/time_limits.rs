//! Time limits of prompts. A prompt whose limit has passed is interrupted, and given up if it does not end.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::ids::PromptId;
use crate::base::time::SessionTime;
use crate::protocol::Protocol;
use crate::protocol::config::Timeouts;
use crate::protocol::ledger::Place;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct TimeLimits(Vec<TimeLimit>);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct TimeLimit {
    prompt: PromptId,
    limit: Duration,
    step: Step,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Step {
    /// The prompt is not written yet.
    Queued,
    /// The prompt is written; its limit passes at this time.
    Running(SessionTime),
    /// The prompt was interrupted or cancelled. At `until` the session stops waiting for its end.
    Stopping {
        until: SessionTime,
        /// Time when the CLI reported that it neither runs nor keeps the prompt.
        stopped: Option<SessionTime>,
    },
}

/// Step that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Stop(PromptId),
    GiveUp(PromptId, Option<SessionTime>),
}

impl TimeLimits {
    pub(crate) fn accept(&mut self, prompt: PromptId, limit: Duration) {
        self.0.push(TimeLimit { prompt, limit, step: Step::Queued });
    }

    pub(crate) fn written(&mut self, now: SessionTime, prompt: PromptId) {
        for limit in self.0.iter_mut().filter(|limit| limit.prompt == prompt) {
            limit.step = Step::Running(now.saturating_add(limit.limit));
        }
    }

    /// Records the acknowledgment of an interrupt that does not list the prompt as queued. The CLI has the grace
    /// period to report how the prompt ended.
    pub(crate) fn stopped(&mut self, now: SessionTime, prompt: PromptId, grace: Duration) {
        for limit in self.0.iter_mut().filter(|limit| limit.prompt == prompt) {
            if let Step::Stopping { until, stopped: stopped @ None } = &mut limit.step {
                (*until, *stopped) = (now.saturating_add(grace), Some(now));
            }
        }
    }

    /// Forgets the prompts that have ended.
    pub(crate) fn forget(&mut self, is_open: impl Fn(PromptId) -> bool) {
        self.0.retain(|limit| is_open(limit.prompt));
    }

    pub(crate) fn next_due(&self) -> Option<SessionTime> {
        self.0.iter().filter_map(TimeLimit::due).min()
    }

    /// Takes the next step that is due.
    fn take_due(&mut self, now: SessionTime, grace: Duration) -> Option<Due> {
        let at = self.0.iter().position(|limit| limit.due().is_some_and(|due| due <= now))?;
        let TimeLimit { prompt, step, .. } = self.0[at];
        if let Step::Stopping { stopped, .. } = step {
            self.0.remove(at);
            return Some(Due::GiveUp(prompt, stopped));
        }
        self.0[at].step = Step::Stopping { until: now.saturating_add(grace), stopped: None };
        Some(Due::Stop(prompt))
    }
}

impl TimeLimit {
    fn due(&self) -> Option<SessionTime> {
        match self.step {
            Step::Queued => None,
            Step::Running(until) | Step::Stopping { until, .. } => Some(until),
        }
    }
}

impl Protocol {
    pub(super) fn prompt_grace(&self) -> Duration {
        self.config.timeouts.prompt_grace.min(Timeouts::LONGEST_GRACE)
    }

    /// Interrupts the prompts whose limit has passed, and gives up those that did not end.
    pub(super) fn enforce_time_limits(&mut self) {
        while let Some(due) = self.time_limits.take_due(self.now, self.prompt_grace()) {
            match due {
                Due::Stop(prompt) => self.stop(prompt),
                Due::GiveUp(prompt, stopped) => {
                    // A CLI that has stopped the prompt, and has written nothing since, has forgotten the
                    // prompt.
                    let is_silent = |stopped| self.silence.last_received() <= stopped && self.incoming.is_empty();
                    self.ledger.give_up(prompt, stopped.is_some_and(is_silent), &mut self.actions);
                }
            }
        }
    }

    /// Interrupts a prompt, or cancels it while another one runs: an interrupt would stop the other one.
    fn stop(&mut self, prompt: PromptId) {
        let place = self.ledger.place(prompt);
        self.ledger.time_passed(prompt);
        if place == Some(Place::Written) && self.ledger.running_prompt() != Some(prompt) {
            self.interrupt_targets.withdrawing(prompt);
            self.withdraw_prompt(prompt);
        } else if place.is_some() {
            self.interrupt_again(prompt);
        }
    }
}
