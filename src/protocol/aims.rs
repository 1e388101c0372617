//! What our interrupts are meant to stop, until it is stopped.
//!
//! The CLI stops whatever runs when it reads an interrupt. From 2.1.250 on, a prompt that is still in its queue then is
//! listed in the receipt's `still_queued` and runs to its end (`prompt_and_interrupt`): it is withdrawn, or, if that is
//! too late, interrupted again when a turn takes it.

use crate::ids::{PromptId, Uuid};
use crate::wire::control::Receipt;

/// How often one aim is interrupted again.
const TRIES: u8 = 3;

#[derive(Debug, Clone, Default)]
pub(crate) struct Aims {
    aims: Vec<Aim>,
}

#[derive(Debug, Clone)]
struct Aim {
    prompt: PromptId,
    step: Step,
    tries: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The interrupt is not acknowledged.
    Interrupting,
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
}

impl Aims {
    pub(crate) fn interrupting(&mut self, prompt: PromptId) {
        match self.find(prompt) {
            Some(aim) => aim.step = Step::Interrupting,
            None => self.aims.push(Aim { prompt, step: Step::Interrupting, tries: 0 }),
        }
    }

    /// The interrupt was acknowledged.
    pub(crate) fn acknowledged(&mut self, prompt: PromptId, receipt: &Receipt) -> Option<FollowUp> {
        let uuid = prompt.uuid().to_string();
        let missed = receipt.still_queued.iter().flatten().any(|queued| queued.eq_ignore_ascii_case(&uuid));
        let aim = self.find(prompt)?;
        if !missed {
            self.drop(prompt);
            return None;
        }
        aim.step = Step::Withdrawing;
        Some(FollowUp::Withdraw(prompt))
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

    /// The next aim that a turn has taken after all; forgets those that are over.
    pub(crate) fn due(
        &mut self,
        is_open: impl Fn(PromptId) -> bool,
        is_taken: impl Fn(PromptId) -> bool,
    ) -> Option<FollowUp> {
        self.aims.retain(|aim| is_open(aim.prompt) && aim.tries < TRIES);
        let aim = self.aims.iter_mut().find(|aim| aim.step == Step::Waiting && is_taken(aim.prompt))?;
        aim.tries += 1;
        aim.step = Step::Interrupting;
        Some(FollowUp::Interrupt(aim.prompt))
    }

    fn find(&mut self, prompt: PromptId) -> Option<&mut Aim> {
        self.aims.iter_mut().find(|aim| aim.prompt == prompt)
    }
}
