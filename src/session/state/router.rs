//! Routes the messages of turns to the handles of prompts.
//!
//! A message belongs to a turn from the start, but the turn's prompts may become known late. Therefore the
//! messages of a turn are kept, up to the limits of a handle, until its first prompt is known. Meanwhile they also go to the
//! prompt that the turn most likely runs: before 2.1.144 the parts of the answer precede the line that names the prompt.

use std::sync::Arc;

use crate::base::error::LostReason;
use crate::base::ids::{PromptId, TurnId};
use crate::base::time::SessionTime;
use crate::incoming::IncomingRequest;
use crate::message::Message;
use crate::protocol::action::{Action, Outcome, TurnOrigin};
use crate::protocol::end::SessionClosed;
use crate::session::declined::{self, DeclinedRequest, Declining};
use crate::session::prompt_end::{PromptEnd, Total};
use crate::session::waiting::calls::Calls;
use crate::session::waiting::mailbox::Mailbox;
use crate::session::waiting::patience::Waiting;
use crate::session::waiting::ring::{Ring, Room};
use crate::wire::kind::MessageKind;

#[derive(Debug)]
pub(super) struct Router {
    room: Room,
    /// The prompts that have not ended, in the order of their acceptance.
    prompts: Vec<Prompt>,
    turns: Vec<Running>,
    declining: Declining,
    /// The turn that ended last, whose prompts may end after it, and the requests that were declined in it.
    ended: Option<(TurnId, Vec<DeclinedRequest>)>,
    /// Prompts that ended because the session ends. Their handles get their end together with the session's.
    lost: Vec<(Arc<Mailbox>, PromptEnd)>,
    /// Cost of the process at the last result, and at the one before.
    totals: [Option<Total>; 2],
    /// UUID of the last result that was counted.
    counted: Option<String>,
}

#[derive(Debug)]
struct Prompt {
    id: PromptId,
    mailbox: Arc<Mailbox>,
    taken: bool,
}

impl Running {
    /// Records a request that was declined while the turn ran.
    fn note(&mut self, request: &DeclinedRequest) {
        declined::note(&mut self.declined, request);
    }
}

#[derive(Debug)]
struct Running {
    id: TurnId,
    takers: Vec<PromptId>,
    /// Messages that arrived before the turn's first prompt was known, if a prompt may become known.
    early: Option<Ring<Message>>,
    /// Prompt that gets the messages until the prompts of the turn are known.
    guess: Option<PromptId>,
    declined: Vec<DeclinedRequest>,
}

impl Router {
    pub(super) fn new(room: Room) -> Self {
        Self {
            room,
            prompts: Vec::new(),
            turns: Vec::new(),
            declining: Declining::default(),
            ended: None,
            lost: Vec::new(),
            totals: [None; 2],
            counted: None,
        }
    }

    pub(super) fn open(&mut self, id: PromptId) -> Arc<Mailbox> {
        let mailbox = Mailbox::new(self.room);
        self.prompts.push(Prompt { id, mailbox: Arc::clone(&mailbox), taken: false });
        mailbox
    }

    /// Restores the mailbox of a prompt, which gets the messages of its turn from now on.
    pub(super) fn resume(&mut self, id: PromptId, turn: Option<TurnId>) -> Arc<Mailbox> {
        let mailbox = self.open(id);
        if let Some(turn) = turn {
            self.prompts.iter_mut().filter(|prompt| prompt.id == id).for_each(|prompt| prompt.taken = true);
            self.turns.iter_mut().filter(|running| running.id == turn).for_each(|running| running.takers.push(id));
        }
        mailbox
    }

    /// Records an open request, which may be declined.
    pub(super) fn resume_incoming(&mut self, request: &IncomingRequest) {
        let _ = self.declining.follow(&Action::IncomingRequest(request.clone()));
    }

    /// Restores a running turn.
    pub(super) fn resume_turn(&mut self, id: TurnId) {
        let early = Some(Ring::new(self.room));
        self.turns.push(Running { id, takers: Vec::new(), early, guess: None, declined: Vec::new() });
    }

    /// Returns the next time when the session stops waiting for a reader of a prompt. Returns `None` if it waits for none.
    pub(super) fn waits(&self, waiting: Waiting) -> Option<SessionTime> {
        let hearers = self.turns.iter().flat_map(|turn| turn.takers.iter().chain(&turn.guess));
        let prompts = hearers.filter_map(|id| self.prompts.iter().find(|prompt| prompt.id == *id));
        prompts.filter_map(|prompt| prompt.mailbox.waits(waiting)).min()
    }

    /// Applies the effects of an action on turns and prompts.
    pub(super) fn route(&mut self, action: &Action, calls: &mut Calls) {
        if let Some(request) = self.declining.follow(action) {
            self.turns.iter_mut().for_each(|turn| turn.note(&request));
        }
        if let Action::Message { message, .. } = action {
            self.count(message);
        }
        match action {
            Action::TurnStarted { turn, origin } => self.started(*turn, origin),
            Action::PromptTaken { prompt, turn } => self.taken(*prompt, *turn, calls),
            Action::Message { turn: Some(turn), message } => self.message(*turn, message, calls),
            Action::TurnEnded { turn, result, .. } => {
                if let Some(at) = self.turns.iter().position(|running| running.id == *turn) {
                    let Running { id, guess, declined, .. } = self.turns.remove(at);
                    self.ended = Some((id, declined));
                    // If the session ends first, the prompt is certain if it is the only one.
                    let is_sure = result.is_none() && self.prompts.len() == 1;
                    guess.iter().filter(|_| !is_sure).for_each(|guess| self.retract(*guess));
                }
            }
            Action::PromptEnded { prompt, turn, outcome, attribution, result } => {
                let Some(at) = self.prompts.iter().position(|open| open.id == *prompt) else { return };
                let mailbox = self.prompts.remove(at).mailbox;
                let running = self.turns.iter().map(|running| (running.id, &running.declined));
                let ended = self.ended.iter().map(|(id, declined)| (*id, declined));
                let declined = running.chain(ended).find(|(id, _)| Some(*id) == *turn);
                let declined = declined.map(|(_, declined)| declined.clone()).unwrap_or_default();
                let end = PromptEnd {
                    prompt: *prompt,
                    turn: *turn,
                    outcome: *outcome,
                    attribution: *attribution,
                    result: result.clone(),
                    partial: String::new(),
                    messages: Vec::new(),
                    omitted: 0,
                    closed: None,
                    declined,
                    total_before: self.totals[1],
                };
                match outcome {
                    Outcome::Lost(reason) if *reason != LostReason::NoResult => self.lost.push((mailbox, end)),
                    _ => calls.wake(mailbox.end(end)),
                }
            }
            Action::Closed(closed) => self.end(Some(closed), calls),
            _ => {}
        }
    }

    /// Ends the prompts that were lost, with the session's end if it is known.
    pub(super) fn end(&mut self, closed: Option<&SessionClosed>, calls: &mut Calls) {
        for (mailbox, mut end) in std::mem::take(&mut self.lost) {
            end.closed = closed.cloned();
            calls.wake(mailbox.end(end));
        }
    }

    /// Records the cost of the process at a result. A repeated line counts once.
    fn count(&mut self, message: &Message) {
        if message.kind() != MessageKind::Result || message.is_subagent() {
            return;
        }
        let uuid = message.uuid().map(|uuid| uuid.into_owned());
        if uuid.is_none() || uuid != self.counted {
            self.totals = [Total::of(message), self.totals[0]];
            self.counted = uuid;
        }
    }

    fn started(&mut self, id: TurnId, origin: &TurnOrigin) {
        let waiting = self.prompts.iter().find(|prompt| !prompt.taken).map(|prompt| prompt.id);
        let early = waiting.map(|_| Ring::new(self.room));
        let guess = waiting.filter(|_| *origin == TurnOrigin::Prompt);
        self.turns.push(Running { id, takers: Vec::new(), early, guess, declined: Vec::new() });
    }

    fn taken(&mut self, id: PromptId, turn: TurnId, calls: &mut Calls) {
        let Some(prompt) = self.prompts.iter_mut().find(|prompt| prompt.id == id) else { return };
        prompt.taken = true;
        let mailbox = Arc::clone(&prompt.mailbox);
        let Some(running) = self.turns.iter_mut().find(|running| running.id == turn) else { return };
        running.takers.push(id);
        if running.guess == Some(id) {
            running.guess = None;
            return;
        }
        let wrong = running.guess.take();
        if let Some(early) = &running.early {
            calls.wake(mailbox.lag(early.missed()));
            for message in early.iter() {
                calls.wake(mailbox.push(message));
            }
        }
        wrong.iter().for_each(|wrong| self.retract(*wrong));
    }

    fn message(&mut self, turn: TurnId, message: &Message, calls: &mut Calls) {
        let Some(running) = self.turns.iter_mut().find(|running| running.id == turn) else { return };
        if running.takers.is_empty() {
            if let Some(early) = &mut running.early {
                early.push(message.clone());
            }
        } else {
            running.early = None;
        }
        for id in running.takers.iter().chain(&running.guess) {
            if let Some(prompt) = self.prompts.iter().find(|prompt| prompt.id == *id) {
                calls.wake(prompt.mailbox.push(message));
            }
        }
    }

    fn retract(&self, id: PromptId) {
        if let Some(prompt) = self.prompts.iter().find(|prompt| prompt.id == id) {
            prompt.mailbox.retract();
        }
    }
}
