//! Targets of the host's interrupts, until they are stopped.
//!
//! The CLI stops the running turn when it reads an interrupt. A prompt that is still in its queue then runs to
//! its end. Since 2.1.205 the acknowledgment lists the prompt in `still_queued` (`prompt_and_interrupt`). Before
//! 2.1.205 the next result shows the miss, because it ends another prompt. The session then cancels the prompt.
//! If that is too late, it interrupts again when a turn takes up the prompt.

use serde::{Deserialize, Serialize};

use crate::base::ids::{PromptId, Uuid};
use crate::wire::control::Receipt;

/// Maximum number of repeated interrupts for one target.
const TRIES: u8 = 3;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct InterruptTargets {
    targets: Vec<InterruptTarget>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct InterruptTarget {
    prompt: PromptId,
    step: Step,
    tries: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Step {
    /// The interrupt is not acknowledged.
    Interrupting,
    /// The interrupt was acknowledged, but the CLI does not report what it stopped. The next result will show it.
    Unsure,
    /// The interrupt missed the prompt, which is being cancelled.
    Withdrawing,
    /// The cancellation was too late. The prompt is interrupted again as soon as a turn takes it up.
    Waiting,
}

/// Next step for a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FollowUp {
    Withdraw(PromptId),
    Interrupt(PromptId),
    /// Nothing to do: the CLI has stopped the prompt, as far as it reports.
    Stopped(PromptId),
}

impl InterruptTargets {
    pub(crate) fn interrupting(&mut self, prompt: PromptId) {
        match self.find(prompt) {
            Some(target) => target.step = Step::Interrupting,
            None => self.targets.push(InterruptTarget { prompt, step: Step::Interrupting, tries: 0 }),
        }
    }

    /// Records that a prompt is being cancelled. If that is too late, the prompt is interrupted.
    pub(crate) fn withdrawing(&mut self, prompt: PromptId) {
        match self.find(prompt) {
            Some(target) => target.step = Step::Withdrawing,
            None => self.targets.push(InterruptTarget { prompt, step: Step::Withdrawing, tries: 0 }),
        }
    }

    /// Records the acknowledgment of an interrupt. `taken` is `true` if a turn is known to have the prompt.
    pub(crate) fn acknowledged(&mut self, prompt: PromptId, receipt: &Receipt<'_>, taken: bool) -> Option<FollowUp> {
        let target = self.find(prompt)?;
        match receipt.still_queues(prompt.uuid()) {
            Some(true) => {
                target.step = Step::Withdrawing;
                Some(FollowUp::Withdraw(prompt))
            }
            None if !taken => {
                target.step = Step::Unsure;
                None
            }
            listed => {
                let stopped = listed.is_some().then_some(FollowUp::Stopped(prompt));
                self.drop(prompt);
                stopped
            }
        }
    }

    /// Records a result. The interrupt did not stop prompts that are still open after it.
    pub(crate) fn missed(&mut self, is_open: impl Fn(PromptId) -> bool) -> Vec<FollowUp> {
        let unsure = self.targets.iter_mut().filter(|target| target.step == Step::Unsure && is_open(target.prompt));
        let withdraw = |target: &mut InterruptTarget| {
            target.step = Step::Withdrawing;
            FollowUp::Withdraw(target.prompt)
        };
        unsure.map(withdraw).collect()
    }

    /// Removes the target: the interrupt was refused, or got no response.
    pub(crate) fn drop(&mut self, prompt: PromptId) {
        self.targets.retain(|target| target.prompt != prompt);
    }

    /// Records the response to a cancellation.
    pub(crate) fn withdrawn(&mut self, uuid: Uuid, found: bool) {
        for target in
            self.targets.iter_mut().filter(|target| target.prompt.uuid() == uuid && target.step == Step::Withdrawing)
        {
            target.step = if found { Step::Withdrawing } else { Step::Waiting };
        }
    }

    /// Removes the targets whose prompts have ended.
    pub(crate) fn forget(&mut self, is_open: impl Fn(PromptId) -> bool) {
        self.targets.retain(|target| is_open(target.prompt));
    }

    /// Returns the next target that a turn has taken up after all. `taken` yields the prompts that turns have.
    /// Called after every line.
    pub(crate) fn due(&mut self, mut taken: impl Iterator<Item = PromptId>) -> Option<FollowUp> {
        self.targets.retain(|target| target.tries < TRIES);
        let waits = |target: &InterruptTarget| matches!(target.step, Step::Waiting | Step::Withdrawing);
        if !self.targets.iter().any(waits) {
            return None;
        }
        let late = |prompt| self.targets.iter().position(|target| target.prompt == prompt && waits(target));
        let at = taken.find_map(late)?;
        let target = &mut self.targets[at];
        target.tries += 1;
        target.step = Step::Interrupting;
        Some(FollowUp::Interrupt(target.prompt))
    }

    fn find(&mut self, prompt: PromptId) -> Option<&mut InterruptTarget> {
        self.targets.iter_mut().find(|target| target.prompt == prompt)
    }
}
