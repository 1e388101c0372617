//! What our interrupts are meant to stop, until it is stopped.
//!
//! The CLI stops whatever runs when it reads an interrupt. A prompt that is still in its queue then runs to its end: from
//! 2.1.205 on the receipt lists it in `still_queued` (`prompt_and_interrupt`), before that the next result shows it, by
//! ending another prompt. It is withdrawn, or, if that is too late, interrupted again when a turn takes it.

use serde::{Deserialize, Serialize};

use crate::base::ids::{PromptId, Uuid};
use crate::wire::control::Receipt;

/// How often one aim is interrupted again.
const TRIES: u8 = 3;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Aims {
    aims: Vec<Aim>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Aim {
    prompt: PromptId,
    step: Step,
    tries: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Step {
    /// The interrupt is not acknowledged.
    Interrupting,
    /// It was, and the CLI does not say what it stopped: the next result will.
    Unsure,
    /// It missed; the prompt is being withdrawn.
    Withdrawing,
    /// That was too late; the prompt is interrupted again as soon as a turn has it.
    Waiting,
}

/// What is to be done about an aim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FollowUp {
    Withdraw(PromptId),
    Interrupt(PromptId),
    /// Nothing: the CLI has stopped it, as far as it says.
    Stopped(PromptId),
}

impl Aims {
    pub(crate) fn interrupting(&mut self, prompt: PromptId) {
        match self.find(prompt) {
            Some(aim) => aim.step = Step::Interrupting,
            None => self.aims.push(Aim { prompt, step: Step::Interrupting, tries: 0 }),
        }
    }

    /// The prompt is being withdrawn; if that is too late, it is interrupted.
    pub(crate) fn withdrawing(&mut self, prompt: PromptId) {
        match self.find(prompt) {
            Some(aim) => aim.step = Step::Withdrawing,
            None => self.aims.push(Aim { prompt, step: Step::Withdrawing, tries: 0 }),
        }
    }

    /// The interrupt was acknowledged; `taken` is whether a turn is known to have the prompt.
    pub(crate) fn acknowledged(&mut self, prompt: PromptId, receipt: &Receipt<'_>, taken: bool) -> Option<FollowUp> {
        let aim = self.find(prompt)?;
        match receipt.still_queues(prompt.uuid()) {
            Some(true) => {
                aim.step = Step::Withdrawing;
                Some(FollowUp::Withdraw(prompt))
            }
            None if !taken => {
                aim.step = Step::Unsure;
                None
            }
            listed => {
                let stopped = listed.is_some().then_some(FollowUp::Stopped(prompt));
                self.drop(prompt);
                stopped
            }
        }
    }

    /// A result came: a prompt that is open after it was not what the interrupt stopped.
    pub(crate) fn missed(&mut self, is_open: impl Fn(PromptId) -> bool) -> Vec<FollowUp> {
        let unsure = self.aims.iter_mut().filter(|aim| aim.step == Step::Unsure && is_open(aim.prompt));
        let withdraw = |aim: &mut Aim| {
            aim.step = Step::Withdrawing;
            FollowUp::Withdraw(aim.prompt)
        };
        unsure.map(withdraw).collect()
    }

    /// The interrupt was refused, or not answered.
    pub(crate) fn drop(&mut self, prompt: PromptId) {
        self.aims.retain(|aim| aim.prompt != prompt);
    }

    /// A withdrawal was answered.
    pub(crate) fn withdrawn(&mut self, uuid: Uuid, found: bool) {
        for aim in self.aims.iter_mut().filter(|aim| aim.prompt.uuid() == uuid && aim.step == Step::Withdrawing) {
            aim.step = if found { Step::Withdrawing } else { Step::Waiting };
        }
    }

    /// Forgets the aims whose prompts are over.
    pub(crate) fn forget(&mut self, is_open: impl Fn(PromptId) -> bool) {
        self.aims.retain(|aim| is_open(aim.prompt));
    }

    /// The next aim that a turn has taken after all; `taken` are the prompts that turns have. This is asked after every line.
    pub(crate) fn due(&mut self, mut taken: impl Iterator<Item = PromptId>) -> Option<FollowUp> {
        self.aims.retain(|aim| aim.tries < TRIES);
        let waits = |aim: &Aim| matches!(aim.step, Step::Waiting | Step::Withdrawing);
        if !self.aims.iter().any(waits) {
            return None;
        }
        let late = |prompt| self.aims.iter().position(|aim| aim.prompt == prompt && waits(aim));
        let at = taken.find_map(late)?;
        let aim = &mut self.aims[at];
        aim.tries += 1;
        aim.step = Step::Interrupting;
        Some(FollowUp::Interrupt(aim.prompt))
    }

    fn find(&mut self, prompt: PromptId) -> Option<&mut Aim> {
        self.aims.iter_mut().find(|aim| aim.prompt == prompt)
    }
}
