//! What the host's commands do.

use crate::ask::Answer;
use crate::config::Busy;
use crate::error::{AnswerError, Stale, WhyRefused};
use crate::ids::{AskId, PromptId, RequestId};
use crate::json::Json;
use crate::prompt::Prompt;
use crate::protocol::Protocol;
use crate::protocol::aims::FollowUp;
use crate::protocol::ledger::Place;
use crate::protocol::requests::About;
use crate::protocol::shutdown::Step;
use crate::request::{Interrupt, Request};
use crate::wire::{control, outgoing};

impl Protocol {
    pub(super) fn take_prompt(&mut self, prompt: &Prompt) -> Result<PromptId, WhyRefused> {
        let busy = prompt.busy.unwrap_or(self.config.busy);
        if !self.shutdown.is_open() {
            return Err(WhyRefused::Closed);
        }
        if busy == Busy::Refuse && (self.ledger.is_busy() || self.ledger.first_queued().is_some()) {
            return Err(WhyRefused::Busy);
        }
        let id = self.ledger.next_id(prompt.uuid).ok_or(WhyRefused::Reused)?;
        let line = outgoing::user(&prompt.content, id.uuid(), &prompt.fields);
        self.check_room(line.len(), self.ledger.open_prompts() < self.config.limits.open_prompts)?;
        self.ledger.accept(id, line, is_slash_command(&prompt.content));
        if busy == Busy::Send {
            self.write_prompt(id);
        }
        Ok(id)
    }

    pub(super) fn cancel_prompt(&mut self, prompt: PromptId) -> Result<(), Stale> {
        match self.ledger.place(prompt).ok_or(Stale)? {
            Place::Queued => self.ledger.cancel_unwritten(prompt, &mut self.actions),
            Place::Written => self.withdraw_prompt(prompt),
            Place::Taken => {}
        }
        Ok(())
    }

    pub(super) fn send_interrupt(&mut self, interrupt: &Interrupt) -> Result<RequestId, WhyRefused> {
        if !self.can_write() {
            return Err(WhyRefused::Closed);
        }
        let aim = match interrupt.aim {
            Some(prompt) => match self.ledger.place(prompt) {
                Some(Place::Written | Place::Taken) => Some(prompt),
                Some(Place::Queued) | None => return Err(WhyRefused::NotRunning),
            },
            None => self.ledger.running_prompt(),
        };
        self.check_request(interrupt.id.as_deref())?;
        if interrupt.cancel_queued {
            self.ledger.cancel_queued(&mut self.actions);
        }
        Ok(self.write_interrupt(aim, interrupt.cancel_queued, interrupt.id.clone(), true))
    }

    pub(super) fn send_request(&mut self, request: &Request) -> Result<RequestId, WhyRefused> {
        if !self.can_write() {
            return Err(WhyRefused::Closed);
        }
        self.check_request(request.id.as_deref())?;
        let about = match About::of(request) {
            About::Interrupt(_) => {
                self.ledger.interrupt_written();
                About::Interrupt(None)
            }
            about => about,
        };
        if about == About::Initialize {
            let object = serde_json::Map::from_iter(
                request.fields.iter().filter_map(|(name, value)| Some((name.clone(), value.decode().ok()?))),
            );
            self.dialogs = control::declared_dialogs(&Json::from(&serde_json::Value::Object(object)));
        }
        let session = self.config.seed.tag();
        let (id, wire_id) =
            self.requests.open(self.now, session, request.id.clone(), about, true, &self.config.timeouts);
        if let Some(within) = request.within {
            self.requests.expect(id, self.now.after(within));
        }
        self.write_request(&wire_id, &request.subtype, &request.fields);
        Ok(id)
    }

    pub(super) fn take_answer(&mut self, ask: AskId, answer: &Answer) -> Result<(), AnswerError> {
        let open = self.asks.get(ask).ok_or(AnswerError::Stale)?;
        answer.check(open)?;
        let kind = open.kind();
        let (line, verdict) = self.asks.line(ask, answer).ok_or(AnswerError::Stale)?;
        if self.output.pending().len() + line.len() > self.config.limits.unsent_hard {
            return Err(AnswerError::Full);
        }
        self.asks.answered(ask, verdict, &mut self.actions);
        self.output.push(&line);
        if answer.interrupts(kind) {
            self.ledger.interrupt_acknowledged();
        }
        Ok(())
    }

    pub(super) fn can_write(&self) -> bool {
        self.shutdown.step() <= Step::Finishing && !self.settled
    }

    pub(super) fn unsent(&self) -> usize {
        self.output.pending().len() + self.ledger.queued_bytes()
    }

    fn check_room(&mut self, more: usize, counted: bool) -> Result<(), WhyRefused> {
        let unsent = self.unsent();
        if !counted || unsent > 0 && unsent + more > self.config.limits.unsent {
            self.wants_room = true;
            return Err(WhyRefused::Full);
        }
        Ok(())
    }

    fn check_request(&mut self, wire_id: Option<&str>) -> Result<(), WhyRefused> {
        if wire_id.is_some_and(|id| self.requests.is_open(id)) {
            return Err(WhyRefused::Reused);
        }
        self.check_room(0, self.requests.len() < self.config.limits.open_requests)
    }

    pub(super) fn write_prompt(&mut self, prompt: PromptId) {
        if let Some(line) = self.ledger.write(prompt) {
            self.output.push(&line);
        }
    }

    fn write_interrupt(
        &mut self,
        aim: Option<PromptId>,
        cancel_queued: bool,
        wanted: Option<String>,
        for_host: bool,
    ) -> RequestId {
        let fields = cancel_queued.then(|| ("cancel_queued".to_owned(), Json::from(&serde_json::Value::Bool(true))));
        let session = self.config.seed.tag();
        let about = About::Interrupt(aim);
        let (id, wire_id) = self.requests.open(self.now, session, wanted, about, for_host, &self.config.timeouts);
        self.write_request(&wire_id, "interrupt", fields.as_slice());
        self.ledger.interrupt_written();
        if let Some(prompt) = aim {
            self.aims.interrupting(prompt);
        }
        id
    }

    fn withdraw_prompt(&mut self, prompt: PromptId) {
        let about = About::Cancel(Some(prompt.uuid()));
        if !self.can_write() || self.requests.is_about(&about) {
            return;
        }
        let session = self.config.seed.tag();
        let (_, wire_id) = self.requests.open(self.now, session, None, about, false, &self.config.timeouts);
        let uuid = Json::string(prompt.uuid().to_string());
        self.write_request(&wire_id, "cancel_async_message", &[("message_uuid".to_owned(), uuid)]);
    }

    pub(super) fn next_follow_up(&mut self) -> Option<FollowUp> {
        let ledger = &self.ledger;
        let open = |prompt| ledger.place(prompt).is_some();
        let taken = |prompt| ledger.place(prompt) == Some(Place::Taken);
        self.aims.due(open, taken)
    }

    pub(super) fn follow_up(&mut self, follow_up: Option<FollowUp>) {
        match follow_up {
            Some(FollowUp::Withdraw(prompt)) => self.withdraw_prompt(prompt),
            Some(FollowUp::Interrupt(prompt)) if self.can_write() => {
                self.write_interrupt(Some(prompt), false, None, false);
            }
            Some(FollowUp::Interrupt(_)) | None => {}
        }
    }
}

/// Whether a prompt is a slash command: a text, or a first text block, that begins with a slash.
fn is_slash_command(content: &Json) -> bool {
    #[derive(serde::Deserialize)]
    struct Block {
        #[serde(default)]
        text: String,
    }
    let text = content.as_str();
    text.starts_with("\"/")
        || text.starts_with('[')
            && content
                .decode::<Vec<Block>>()
                .is_ok_and(|blocks| blocks.first().is_some_and(|block| block.text.starts_with('/')))
}
