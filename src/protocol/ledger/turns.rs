//! The turns that have begun and not ended, and how one ends.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::ids::TurnId;
use crate::base::time::SessionTime;
use crate::protocol::action::{Attribution, Outcome, TurnOrigin};
use crate::protocol::snapshot::form;
use crate::wire::facts::ResultFacts;

use super::generation::Generation;
use super::prompts::Entry;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Turn {
    pub(super) id: TurnId,
    pub(super) since: SessionTime,
    /// Its place in the order of what was written and what began.
    pub(super) order: u64,
    /// The place of the last result before it.
    pub(super) after: u64,
    #[serde(with = "form")]
    pub(super) origin: TurnOrigin,
    /// A prompt was echoed before `init`: a joined batch.
    pub(super) batch: bool,
    /// A prompt was echoed, or the model spoke, after `init`.
    pub(super) spoke: bool,
    /// A hook prevents it from going on.
    pub(super) prevented: bool,
    /// It runs a prompt that has ended already, by a rule that was wrong: it answers no other.
    pub(super) is_of_ended: bool,
    /// The model's last word calls no tool: the turn may be over, and its result held back.
    pub(super) rests: bool,
    pub(super) cut: Cut,
    /// That it takes long was told.
    pub(super) overdue: bool,
    /// Number of the model's calls of tools that have not returned, from 2.1.206 on.
    pub(super) tools: usize,
    /// The CLI is idle, and has not gone on since.
    pub(super) is_over: bool,
}

/// Whether a turn was cut off, as far as its lines say it: a turn whose result is held back has nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Cut {
    No,
    /// Something came that stops a turn, and this one may have been over.
    IfItGoesOn,
    Yes,
}

/// Whether something may have stopped the turn that a result ends: up to 2.1.90 the result does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stops {
    /// An interrupt of ours.
    pub(super) interrupt: bool,
    /// A prompt that is to run now, and waits.
    pub(super) now: bool,
}

impl Turn {
    pub(super) fn new(id: TurnId, since: SessionTime, order: u64, after: u64, origin: TurnOrigin) -> Self {
        let (batch, spoke, prevented, is_of_ended) = (false, false, false, false);
        let (rests, cut, overdue, tools, is_over) = (false, Cut::No, false, 0, false);
        Self {
            id,
            since,
            order,
            after,
            origin,
            batch,
            spoke,
            prevented,
            is_of_ended,
            rests,
            cut,
            overdue,
            tools,
            is_over,
        }
    }

    pub(super) fn is_own(&self) -> bool {
        matches!(self.origin, TurnOrigin::Own(_))
    }

    pub(super) fn mark_overdue(&mut self, now: SessionTime, wait: Duration) {
        self.overdue |= self.since.saturating_add(wait) <= now;
    }

    /// Something came that stops a running turn.
    pub(super) fn stop(&mut self) {
        if self.cut == Cut::No {
            self.cut = if self.rests { Cut::IfItGoesOn } else { Cut::Yes };
        }
    }

    /// It goes on, with a word of the model or the result of a tool.
    pub(super) fn go_on(&mut self, rests: bool) {
        self.rests = rests;
        if self.cut == Cut::IfItGoesOn {
            self.cut = Cut::Yes;
        }
    }

    /// How a prompt ended, and how sure that is, where the turn's own result is held back and another stands for it.
    pub(super) fn held(&self, entry: &Entry, result: Outcome) -> (Outcome, Attribution) {
        let outcome = match () {
            () if self.cut == Cut::Yes => Outcome::Interrupted,
            () if self.spoke => result,
            // Nothing was said, and nothing stopped it.
            () if entry.traits.slash && !self.batch => Outcome::Local,
            () => Outcome::Blocked,
        };
        (outcome, Attribution::Inferred)
    }

    /// How its prompts ended by its result, and how sure that is.
    pub(super) fn outcome(&self, facts: &ResultFacts, stops: Stops, known: Generation) -> (Outcome, Attribution) {
        let told = |outcome| (outcome, Attribution::Evidence);
        let inferred = |outcome| (outcome, Attribution::Inferred);
        let succeeded = facts.succeeded();
        match facts.terminal_reason.as_deref() {
            Some(reason) if reason.starts_with("aborted") => return told(Outcome::Interrupted),
            Some("tool_deferred") => return told(Outcome::Deferred),
            Some("hook_stopped") if succeeded => return told(Outcome::Blocked),
            Some(_) if succeeded => return told(Outcome::Success),
            Some(_) => return told(Outcome::Error),
            None => {}
        }
        let crashed = facts.subtype.as_deref() == Some("error_during_execution") && !known.tells_life;
        if crashed && stops.interrupt {
            told(Outcome::Interrupted)
        } else if crashed && stops.now {
            inferred(Outcome::Interrupted)
        } else if !succeeded {
            told(Outcome::Error)
        } else if self.prevented {
            told(Outcome::Blocked)
        } else if facts.ends_at_a_tool() {
            // A turn goes on after its tools, unless it makes way for a prompt, or a hook ends it (2.1.73).
            inferred(if stops.now { Outcome::Interrupted } else { Outcome::Blocked })
        } else if !self.spoke && !facts.has_text() && !known.tells_life {
            // Up to 2.1.205 nothing says that a hook refused the prompt; but that turn has no word in it.
            inferred(Outcome::Blocked)
        } else if facts.asked_nobody(known.tells_reason) && known.ranks {
            told(Outcome::Local)
        } else {
            told(Outcome::Success)
        }
    }

    /// How one of its prompts ended, where the turn ended so: a local command ends without a query. One that was joined to
    /// other prompts is plain text.
    pub(super) fn of_entry(
        &self,
        entry: &Entry,
        (outcome, attribution): (Outcome, Attribution),
        known: Generation,
    ) -> (Outcome, Attribution) {
        let attribution = if entry.guessed { Attribution::Inferred } else { attribution };
        let silent = known.echoes || !self.spoke;
        match outcome {
            Outcome::Blocked if self.is_command(entry) && !self.prevented && !self.spoke => {
                (Outcome::Local, attribution)
            }
            Outcome::Success if self.is_command(entry) && !entry.echoed && silent && !known.tells_life => {
                (Outcome::Local, Attribution::Inferred)
            }
            // Before 2.1.91 only a command is known to need no query.
            Outcome::Local if !known.tells_reason && !self.is_command(entry) => (Outcome::Success, attribution),
            outcome => (outcome, attribution),
        }
    }

    fn is_command(&self, entry: &Entry) -> bool {
        entry.traits.slash && !self.batch
    }
}
