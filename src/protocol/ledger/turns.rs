//! Turns that have begun and not ended, and the outcomes of their prompts.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::ids::TurnId;
use crate::base::time::SessionTime;
use crate::protocol::action::{Attribution, Outcome, TurnOrigin};
use crate::protocol::form;
use crate::wire::facts::ResultFacts;

use super::generation::Generation;
use super::prompts::Entry;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Turn {
    pub(super) id: TurnId,
    pub(super) since: SessionTime,
    /// Place of the turn in the order of writes and starts.
    pub(super) order: u64,
    /// Place of the last result before the turn.
    pub(super) after: u64,
    #[serde(with = "form")]
    pub(super) origin: TurnOrigin,
    /// `true` if a prompt was echoed before `init`: a joined batch.
    pub(super) batch: bool,
    /// `true` if a prompt was echoed, or the model responded, after `init`.
    pub(super) spoke: bool,
    /// `true` if a hook prevents the turn from continuing.
    pub(super) prevented: bool,
    /// `true` if the turn runs a prompt that a wrong rule has already ended. The turn answers no other prompt.
    pub(super) is_of_ended: bool,
    /// `true` if the model's last message calls no tool: the turn may have ended, and its result may be held
    /// back.
    pub(super) rests: bool,
    pub(super) cut: Cut,
    /// `true` if the length of the turn was already reported.
    pub(super) overdue: bool,
    /// Number of the model's tool calls that have not returned. Since 2.1.206.
    pub(super) tools: usize,
    /// `true` if the CLI is idle, and has not continued since.
    pub(super) is_over: bool,
}

/// Interruption of a turn, as far as the CLI's lines show it. A turn whose result is held back has no other
/// evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Cut {
    No,
    /// Something arrived that stops a running turn, but this turn may already have ended.
    IfItGoesOn,
    Yes,
}

/// Possible causes of the end of a turn. Before 2.1.91 the result does not report the cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stops {
    /// `true` if the host sent an interrupt.
    pub(super) interrupt: bool,
    /// `true` if a prompt waits that is to run now.
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

    /// Records an event that stops a running turn.
    pub(super) fn stop(&mut self) {
        if self.cut == Cut::No {
            self.cut = if self.rests { Cut::IfItGoesOn } else { Cut::Yes };
        }
    }

    /// Records that the turn continues, by a message of the model or the result of a tool.
    pub(super) fn go_on(&mut self, rests: bool) {
        self.rests = rests;
        if self.cut == Cut::IfItGoesOn {
            self.cut = Cut::Yes;
        }
    }

    /// Returns the outcome of a prompt, and its confidence, if the turn's own result is held back and another
    /// result replaces it.
    pub(super) fn held(&self, entry: &Entry, result: Outcome) -> (Outcome, Attribution) {
        let outcome = match () {
            () if self.cut == Cut::Yes => Outcome::Interrupted,
            () if self.spoke => result,
            // No message arrived, and nothing stopped the turn.
            () if entry.traits.slash && !self.batch => Outcome::Local,
            () => Outcome::Blocked,
        };
        (outcome, Attribution::Inferred)
    }

    /// Returns the outcome of the turn's prompts according to its result, and the confidence.
    pub(super) fn outcome(&self, facts: &ResultFacts, stops: Stops, known: Generation) -> (Outcome, Attribution) {
        let reported = |outcome| (outcome, Attribution::Evidence);
        let inferred = |outcome| (outcome, Attribution::Inferred);
        let succeeded = facts.succeeded();
        match facts.terminal_reason.as_deref() {
            Some(reason) if reason.starts_with("aborted") => return reported(Outcome::Interrupted),
            Some("tool_deferred") => return reported(Outcome::Deferred),
            Some("hook_stopped") if succeeded => return reported(Outcome::Blocked),
            Some(_) if succeeded => return reported(Outcome::Success),
            Some(_) => return reported(Outcome::Error),
            None => {}
        }
        let crashed = facts.subtype.as_deref() == Some("error_during_execution") && !known.reports_lifecycle;
        if crashed && stops.interrupt {
            reported(Outcome::Interrupted)
        } else if crashed && stops.now {
            inferred(Outcome::Interrupted)
        } else if !succeeded {
            reported(Outcome::Error)
        } else if self.prevented {
            reported(Outcome::Blocked)
        } else if facts.ends_at_a_tool() {
            // A turn continues after its tools, unless it gives way to a prompt, or a hook ends it (2.1.73).
            inferred(if stops.now { Outcome::Interrupted } else { Outcome::Blocked })
        } else if !self.spoke && !facts.has_text() && !known.reports_lifecycle {
            // Before 2.1.206 the CLI does not report that a hook refused the prompt, but such a turn contains no
            // message.
            inferred(Outcome::Blocked)
        } else if facts.skipped_the_model(known.reports_reason) && known.ranks {
            reported(Outcome::Local)
        } else {
            reported(Outcome::Success)
        }
    }

    /// Returns the outcome of one of the turn's prompts, given the outcome of the turn. A local command ends
    /// without a query. A prompt that was joined to other prompts is plain text.
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
            Outcome::Success if self.is_command(entry) && !entry.echoed && silent && !known.reports_lifecycle => {
                (Outcome::Local, Attribution::Inferred)
            }
            // Before 2.1.91 only commands are known to need no query.
            Outcome::Local if !known.reports_reason && !self.is_command(entry) => (Outcome::Success, attribution),
            outcome => (outcome, attribution),
        }
    }

    fn is_command(&self, entry: &Entry) -> bool {
        entry.traits.slash && !self.batch
    }
}
