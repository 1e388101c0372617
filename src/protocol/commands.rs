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
use crate::wire::outgoing;

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
        self.check_room(line.len(), line.len(), self.takes_prompts())?;
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
        let wire_id = self.wire_id(interrupt.id.as_deref());
        let line = interrupt_line(&wire_id, interrupt.cancel_queued);
        self.check_request(&wire_id, &line)?;
        if interrupt.cancel_queued {
            self.ledger.cancel_queued(&mut self.actions);
        }
        Ok(self.write_interrupt(aim, wire_id, &line, true))
    }

    pub(super) fn send_request(&mut self, request: &Request) -> Result<RequestId, WhyRefused> {
        if !self.can_write() {
            return Err(WhyRefused::Closed);
        }
        let wire_id = self.wire_id(request.id.as_deref());
        let line = outgoing::request(&wire_id, &request.subtype, &request.fields);
        self.check_request(&wire_id, &line)?;
        let about = match About::of(request) {
            About::Interrupt(_) => {
                self.ledger.interrupt_written();
                About::Interrupt(None)
            }
            about => about,
        };
        let id = self.open_request(wire_id, &line, about, true);
        if let Some(within) = request.within {
            self.requests.expect(id, self.now.after(within));
        }
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

    /// Whether a line of the host's may wait to be written; so many of its bytes count towards
    /// [`Limits::unsent`](crate::Limits::unsent). What the host gives never exceeds what ends the session.
    fn check_room(&mut self, line: usize, counting: usize, counted: bool) -> Result<(), WhyRefused> {
        let (limits, unsent) = (&self.config.limits, self.unsent());
        if line > limits.unsent_hard {
            return Err(WhyRefused::TooLong);
        }
        let too_much = unsent > 0 && unsent + counting > limits.unsent;
        let overrun = unsent + line > limits.unsent_hard;
        if !counted || too_much || overrun {
            let wanted = if overrun { line } else { counting };
            self.wants_room = Some(self.wants_room.map_or(wanted, |least| least.min(wanted)));
            return Err(WhyRefused::Full);
        }
        Ok(())
    }

    fn check_request(&mut self, wire_id: &str, line: &[u8]) -> Result<(), WhyRefused> {
        if self.requests.is_open(wire_id) {
            return Err(WhyRefused::Reused);
        }
        self.check_room(line.len(), 0, self.takes_requests())
    }

    /// Whether the limit on prompts leaves room for one; refused for ever, a host would wait for ever.
    pub(super) fn takes_prompts(&self) -> bool {
        self.ledger.open_prompts() < self.config.limits.open_prompts.max(1)
    }

    /// The same of requests.
    pub(super) fn takes_requests(&self) -> bool {
        self.requests.len() < self.config.limits.open_requests.max(1)
    }

    fn open_request(&mut self, wire_id: String, line: &[u8], about: About, for_host: bool) -> RequestId {
        let session = self.config.seed.tag();
        let id = self.requests.open(self.now, session, wire_id, about, for_host, &self.config.timeouts);
        self.output.push(line);
        id
    }

    /// The id on the wire of the next request: the one that is wanted, or one of the session's own.
    fn wire_id(&self, wanted: Option<&str>) -> String {
        wanted.map_or_else(|| self.requests.next_wire_id(self.config.seed.tag()), str::to_owned)
    }

    pub(super) fn write_prompt(&mut self, prompt: PromptId) {
        if let Some(line) = self.ledger.write(prompt) {
            self.output.push(&line);
        }
    }

    fn write_interrupt(&mut self, aim: Option<PromptId>, wire_id: String, line: &[u8], for_host: bool) -> RequestId {
        let id = self.open_request(wire_id, line, About::Interrupt(aim), for_host);
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
        let wire_id = self.wire_id(None);
        let uuid = Json::string(prompt.uuid().to_string());
        let line = outgoing::request(&wire_id, "cancel_async_message", &[("message_uuid".to_owned(), uuid)]);
        self.open_request(wire_id, &line, about, false);
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
                let wire_id = self.wire_id(None);
                let line = interrupt_line(&wire_id, false);
                self.write_interrupt(Some(prompt), wire_id, &line, false);
            }
            Some(FollowUp::Interrupt(_)) | None => {}
        }
    }
}

fn interrupt_line(wire_id: &str, cancel_queued: bool) -> Vec<u8> {
    let fields = cancel_queued.then(|| ("cancel_queued".to_owned(), Json::from(&serde_json::Value::Bool(true))));
    outgoing::request(wire_id, "interrupt", fields.as_slice())
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
