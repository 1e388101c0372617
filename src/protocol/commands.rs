//! Effects of the host's commands.

use crate::base::ids::{IncomingId, PromptId, RequestId};
use crate::base::json::Json;
use crate::incoming::IncomingResponse;
use crate::outgoing::prompt::Prompt;
use crate::outgoing::prompt::WhenBusy;
use crate::outgoing::request::{Interrupt, Request};
use crate::protocol::Protocol;
use crate::protocol::capacity::Load;
use crate::protocol::error::{RefusedReason, RespondError, StaleIdError};
use crate::protocol::interrupt_targets::FollowUp;
use crate::protocol::ledger::{Place, Traits};
use crate::protocol::outgoing_requests::{self, About};
use crate::protocol::shutdown::Step;
use crate::wire::{control, outgoing};

impl Protocol {
    pub(super) fn take_prompt(&mut self, prompt: &Prompt) -> Result<PromptId, RefusedReason> {
        let busy = prompt.when_busy.unwrap_or(self.config.when_busy);
        if !self.shutdown.is_open() {
            return Err(RefusedReason::Closed);
        }
        if busy == WhenBusy::Reject && (self.ledger.is_busy() || self.ledger.first_queued().is_some()) {
            return Err(RefusedReason::Busy);
        }
        let id = self.ledger.next_id(prompt.uuid).ok_or(RefusedReason::Reused)?;
        let line = outgoing::user(&prompt.content, id.uuid(), &prompt.fields);
        self.check_room(Load::Prompt, line.len())?;
        let traits = Traits::of(prompt.is_slash_command(), &prompt.fields);
        self.ledger.accept(id, line, traits);
        if let Some(limit) = prompt.time_limit.or(self.config.timeouts.prompt) {
            self.time_limits.accept(id, limit);
        }
        self.silence.restart(self.now);
        if busy == WhenBusy::Send {
            self.write_prompt(id);
        }
        Ok(id)
    }

    pub(super) fn cancel_prompt(&mut self, prompt: PromptId) -> Result<(), StaleIdError> {
        match self.ledger.place(prompt).ok_or_else(|| self.stale())? {
            Place::Queued => self.ledger.cancel_unwritten(prompt, &mut self.actions),
            Place::Written => self.withdraw_prompt(prompt),
            Place::Taken => {}
        }
        Ok(())
    }

    pub(super) fn send_interrupt(&mut self, interrupt: &Interrupt) -> Result<RequestId, RefusedReason> {
        if !self.can_write() {
            return Err(RefusedReason::Closed);
        }
        let target = match interrupt.target {
            Some(prompt) => match self.ledger.place(prompt) {
                Some(Place::Written | Place::Taken) => Some(prompt),
                Some(Place::Queued) | None => return Err(RefusedReason::NotRunning),
            },
            None => self.ledger.running_prompt(),
        };
        let wire_id = self.wire_id(interrupt.id.as_deref());
        let line = interrupt_line(&wire_id, interrupt.cancel_queued);
        self.check_request(interrupt.id.as_deref(), Load::Stop, &line)?;
        if interrupt.cancel_queued {
            self.ledger.cancel_queued(&mut self.actions);
        }
        Ok(self.write_interrupt(target, wire_id, &line, true))
    }

    pub(super) fn send_request(&mut self, request: &Request) -> Result<RequestId, RefusedReason> {
        if !self.can_write() {
            return Err(RefusedReason::Closed);
        }
        let wire_id = self.wire_id(request.id.as_deref());
        let line = outgoing::request(&wire_id, &request.subtype, &request.fields);
        let mut about = About::of(request);
        let load = if about.stops() { Load::Stop } else { Load::Request };
        self.check_request(request.id.as_deref(), load, &line)?;
        if let About::Interrupt { written, .. } = &mut about {
            *written = self.ledger.interrupt_written();
        }
        self.has_hooks |= matches!(about, About::Initialize(_)) && control::registers_hooks(&request.fields);
        let id = self.open_request(wire_id, &line, about, true);
        if let Some(within) = request.timeout {
            self.requests.expect(id, self.now.saturating_add(within));
        }
        Ok(id)
    }

    pub(super) fn take_answer(&mut self, incoming: IncomingId, answer: &IncomingResponse) -> Result<(), RespondError> {
        let open = self.incoming.get(incoming).ok_or(RespondError::Stale)?;
        if !answer.is_response_to(open) {
            return Err(RespondError::Mismatch);
        }
        let kind = open.kind();
        let (line, verdict) = self.incoming.line(incoming, answer).ok_or(RespondError::Stale)?;
        if !self.fits(line.len()) {
            return Err(RespondError::Full);
        }
        self.incoming.answered(incoming, verdict, &mut self.actions);
        self.send(&line);
        self.silence.answered(self.now);
        if answer.interrupts(kind) {
            self.ledger.interrupt_acknowledged();
        }
        Ok(())
    }

    pub(super) fn can_write(&self) -> bool {
        self.shutdown.step() <= Step::Finishing && !self.settled
    }

    /// Checks the id that the host wants, which must not be in use or have the session's own form. Then checks
    /// the limits.
    fn check_request(&mut self, wanted: Option<&str>, load: Load, line: &[u8]) -> Result<(), RefusedReason> {
        let own = |id: &str| outgoing_requests::is_own_wire_id(self.config.seed.tag(), id);
        if wanted.is_some_and(|id| own(id) || self.requests.is_used(id)) {
            return Err(RefusedReason::Reused);
        }
        self.check_room(load, line.len())
    }

    fn open_request(&mut self, wire_id: String, line: &[u8], about: About, for_host: bool) -> RequestId {
        let session = self.config.seed.tag();
        let id = self.requests.open(self.now, session, wire_id, about, for_host, &self.config.timeouts);
        self.send(line);
        if for_host {
            self.silence.restart(self.now);
        }
        id
    }

    /// Returns the wire id of the next request: the wanted one, or one of the session's own.
    fn wire_id(&self, wanted: Option<&str>) -> String {
        wanted.map_or_else(|| self.requests.next_wire_id(self.config.seed.tag()), str::to_owned)
    }

    pub(super) fn write_prompt(&mut self, prompt: PromptId) {
        if let Some(line) = self.ledger.write(prompt) {
            self.send(&line);
            self.time_limits.written(self.now, prompt);
        }
    }

    fn write_interrupt(&mut self, target: Option<PromptId>, wire_id: String, line: &[u8], for_host: bool) -> RequestId {
        let written = self.ledger.interrupt_written();
        let id = self.open_request(wire_id, line, About::Interrupt { target, written }, for_host);
        if let Some(prompt) = target {
            self.interrupt_targets.interrupting(prompt);
        }
        id
    }

    pub(super) fn withdraw_prompt(&mut self, prompt: PromptId) {
        let about = About::Cancel(Some(prompt.uuid()));
        if !self.can_write() || self.requests.is_about(&about) {
            return;
        }
        if !self.fits_follow_up() {
            if !self.withdrawals.contains(&prompt) {
                self.withdrawals.push(prompt);
            }
            return;
        }
        let wire_id = self.wire_id(None);
        let uuid = Json::from_text(prompt.uuid().to_string());
        let line = outgoing::request(&wire_id, "cancel_async_message", &[("message_uuid".to_owned(), uuid)]);
        self.open_request(wire_id, &line, about, false);
    }

    /// Cancels the prompts that had to wait for the limits, if the limits allow it now.
    pub(super) fn withdraw_late(&mut self) {
        if self.withdrawals.is_empty() || !self.fits_follow_up() {
            return;
        }
        for prompt in std::mem::take(&mut self.withdrawals) {
            if self.ledger.place(prompt).is_some() {
                self.withdraw_prompt(prompt);
            }
        }
    }

    pub(super) fn next_follow_up(&mut self) -> Option<FollowUp> {
        let ledger = &self.ledger;
        if self.actions.prompts_ended() {
            self.interrupt_targets.forget(|prompt| ledger.place(prompt).is_some());
            self.time_limits.forget(|prompt| ledger.place(prompt).is_some());
        }
        if !self.fits_follow_up() {
            return None;
        }
        self.interrupt_targets.due(ledger.taken())
    }

    pub(super) fn follow_up(&mut self, follow_up: Option<FollowUp>) {
        match follow_up {
            Some(FollowUp::Withdraw(prompt)) => self.withdraw_prompt(prompt),
            Some(FollowUp::Interrupt(prompt)) => self.interrupt_again(prompt),
            Some(FollowUp::Stopped(prompt)) => self.time_limits.stopped(self.now, prompt, self.prompt_grace()),
            None => {}
        }
    }

    /// Interrupts the turn on the session's own initiative.
    pub(super) fn interrupt_all(&mut self) {
        let (target, wire_id) = (self.ledger.running_prompt(), self.wire_id(None));
        let line = interrupt_line(&wire_id, false);
        self.write_interrupt(target, wire_id, &line, false);
    }

    /// Interrupts a prompt again on the session's own initiative.
    pub(super) fn interrupt_again(&mut self, prompt: PromptId) {
        if self.can_write() && self.fits_follow_up() {
            let wire_id = self.wire_id(None);
            let line = interrupt_line(&wire_id, false);
            self.write_interrupt(Some(prompt), wire_id, &line, false);
        }
    }
}

fn interrupt_line(wire_id: &str, cancel_queued: bool) -> Vec<u8> {
    let fields = cancel_queued.then(|| ("cancel_queued".to_owned(), Json::from(&serde_json::Value::Bool(true))));
    outgoing::request(wire_id, "interrupt", fields.as_slice())
}
