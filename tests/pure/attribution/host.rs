//! What the host does.

use std::time::Duration;

use claude_duplex::{Decision, Deny, IncomingResponse, Input, Interrupt, Json, Prompt, PromptId, WhenBusy};

use super::script::Step;
use super::world::World;

impl World {
    pub(crate) fn step(&mut self, step: Step) {
        match step {
            Step::Prompt { kind, busy } => self.prompt(kind, busy),
            Step::Cancel(pick) => {
                if let Some(prompt) = self.pick(pick) {
                    let done = self.protocol.cancel(self.now, prompt).is_ok();
                    self.cancelled.insert(prompt);
                    self.note(format!("host: cancel {} {done}", prompt.number()));
                }
            }
            Step::Interrupt { target, cancel_queued } => self.interrupt(target, cancel_queued),
            Step::Answer { incoming, how } => self.answer(usize::from(incoming), how),
            Step::Send(count) => self.send(count.into()),
            Step::Read => drop(self.read()),
            Step::Run(choice) => drop(self.run(choice)),
            Step::Deliver(count) => self.deliver(count.into()),
            Step::Flush => self.flush(),
            Step::Wait(seconds) => {
                self.was_slow |= !self.model.out.is_empty() || self.model.turn.is_some();
                self.wait(seconds.into());
            }
            Step::Die(keep) => {
                if !self.model.dead {
                    let keep = self.model.out.len() * usize::from(keep) / 255;
                    self.lost_output |= keep < self.model.out.len();
                    self.model.out.cut(keep);
                    self.model.dead = true;
                    self.note(format!("KILLED, {keep} bytes are left"));
                }
            }
        }
        self.observe();
        if self.prompt_pipes {
            self.flush();
        }
    }

    pub(crate) fn note(&mut self, what: String) {
        self.log.push(what);
    }

    pub(crate) fn pick(&self, pick: u8) -> Option<PromptId> {
        // The latest are the most interesting.
        let back = usize::from(pick % 4) + 1;
        self.prompts.len().checked_sub(back).map(|at| self.prompts[at])
    }

    pub(crate) fn prompt(&mut self, kind: u8, busy: u8) {
        let text = match kind % 16 {
            0 | 1 => "/context",
            2 => "/nosuch",
            _ => "hello",
        };
        let prompt = Prompt::text(text);
        let prompt = match kind % 16 {
            3 | 4 => prompt.field("priority", Json::from_text("later")),
            5 if !self.queue_only => prompt.field("priority", Json::from_text("now")),
            6 => prompt.field("shouldQuery", Json::parse("false").expect("a JSON value")),
            _ => prompt,
        };
        let busy = match busy % 8 {
            0..=2 => WhenBusy::Queue,
            3 => WhenBusy::Reject,
            _ if self.queue_only => WhenBusy::Queue,
            _ => WhenBusy::Send,
        };
        let what = format!(
            "prompt {text} {} {busy:?}",
            ["", "later", "now", "noquery"][usize::from(match kind % 16 {
                3 | 4 => 1u8,
                5 if !self.queue_only => 2,
                6 => 3,
                _ => 0,
            })]
        );
        match self.protocol.prompt(self.now, prompt.when_busy(busy)) {
            Ok(id) => {
                self.prompts.push(id);
                self.note(format!("host: {} = {what}", id.number()));
            }
            Err(refused) => self.note(format!("host: {what} refused: {:?}", refused.reason())),
        }
    }

    pub(crate) fn wait(&mut self, seconds: u64) {
        self.now = self.now.saturating_add(Duration::from_secs(seconds));
        self.note(format!("{seconds} s pass"));
        self.protocol.apply(self.now, Input::Timeout);
        self.observe();
    }

    pub(crate) fn interrupt(&mut self, target: Option<u8>, cancel_queued: bool) {
        let target = target.and_then(|target| self.pick(target));
        let interrupt = target.map_or_else(Interrupt::running, Interrupt::prompt);
        let interrupt = if cancel_queued { interrupt.cancel_queued() } else { interrupt };
        let done = self.protocol.interrupt(self.now, interrupt).is_ok();
        let what = target.map_or("what runs".into(), |prompt| prompt.number().to_string());
        self.note(format!("host: interrupt {what}{} {done}", if cancel_queued { "+cq" } else { "" }));
        self.targeted.extend(target.filter(|_| done));
        if let Some(prompt) = target.filter(|_| done && self.prompt_pipes) {
            let inside = self.model.truth(&prompt.uuid().to_string());
            if inside.outcome.is_none() && !inside.held {
                (inside.missed, inside.withdrawal) = (false, false);
                self.interrupt_targets.insert(prompt);
            }
        }
    }

    pub(crate) fn answer(&mut self, pick: usize, how: u8) {
        let Some(incoming) = self.open_incoming.get(pick % self.open_incoming.len().max(1)).copied() else { return };
        let decision = match how % 4 {
            0 => Decision::deny("no"),
            1 => Deny::new("no").and_interrupt().into(),
            _ => Decision::allow(),
        };
        let shown = ["deny", "deny+int", "allow", "allow"][usize::from(how % 4)];
        let done = self.protocol.answer(self.now, incoming, IncomingResponse::from(decision)).is_ok();
        self.open_incoming.retain(|open| *open != incoming);
        self.note(format!("host: {shown} {incoming} {done}"));
    }
}
