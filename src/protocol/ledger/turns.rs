//! The turns that have begun and not ended, and how one ends.

use std::time::Duration;

use crate::action::{Origin, Outcome};
use crate::ids::TurnId;
use crate::time::Time;
use crate::wire::facts::ResultFacts;

#[derive(Debug, Clone)]
pub(super) struct Turn {
    pub(super) id: TurnId,
    pub(super) since: Time,
    /// Its place in the order of what was written and what began.
    pub(super) order: u64,
    pub(super) origin: Origin,
    /// A prompt was echoed before `init`: a joined batch.
    pub(super) batch: bool,
    /// A prompt was echoed, or the model spoke, after `init`.
    pub(super) spoke: bool,
    /// A hook prevents it from going on.
    pub(super) prevented: bool,
    /// That it takes long was told.
    pub(super) overdue: bool,
}

/// Whether an interrupt of ours may have caused the next `error_during_execution`: up to 2.1.90 the result does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    None,
    /// Written. A success that comes before its acknowledgement is of an older turn, out of a backlog.
    Written,
    /// Acknowledged: it concerns the next result or none.
    Acknowledged,
}

/// What a version is known to do, as far as its turns cannot be told otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Generation {
    /// It says which turns are its own (`result.origin`).
    pub(crate) tells_origin: bool,
    /// It joins the prompts that waited while a turn ran into one.
    pub(crate) joins: bool,
    /// It runs nothing but prompts: the end of a background task is told with the next prompt's turn.
    pub(crate) only_prompts: bool,
    /// It holds results back while an agent runs in the background: a result says that none does.
    pub(crate) holds_results: bool,
    /// It echoes the prompts that a turn takes: it was started with `--replay-user-messages`.
    pub(crate) echoes: bool,
    /// It says how far it is with each prompt (`command_lifecycle`).
    pub(crate) tells_life: bool,
}

impl Generation {
    /// By its version, as `2.1.329`. 1.0.128 gives none, and what is no version says nothing.
    ///
    /// Each first version was found between two recorded ones: `task_replay` of 2.1.30 and `turn_overlap_replay` of 2.1.50,
    /// `queue_no_uuid` of 2.1.84 and 2.1.85, `turn_overlap_replay` of 2.1.123 and 2.1.124; see `docs/cli-versions.md`.
    pub(crate) fn of(version: &str) -> Self {
        let mut parts = version.split(|c: char| !c.is_ascii_digit()).map(str::parse);
        let (Some(Ok(major)), Some(Ok(minor)), Some(Ok(patch))) = (parts.next(), parts.next(), parts.next()) else {
            return Self::default();
        };
        let version: [u32; 3] = [major, minor, patch];
        Self {
            only_prompts: version < [2, 1, 41],
            holds_results: ([2, 1, 45]..[2, 1, 179]).contains(&version),
            joins: version >= [2, 1, 85],
            tells_origin: version >= [2, 1, 124],
            ..Self::default()
        }
    }
}

impl Turn {
    pub(super) fn is_own(&self) -> bool {
        matches!(self.origin, Origin::Own(_))
    }

    pub(super) fn mark_overdue(&mut self, now: Time, wait: Duration) {
        self.overdue |= self.since.after(wait) <= now;
    }

    /// How its prompts ended.
    pub(super) fn outcome(&self, facts: &ResultFacts, stop: Stop, generation: Generation) -> Outcome {
        let reason = facts.terminal_reason.as_deref();
        let subtype = facts.subtype.as_deref().unwrap_or_default();
        let stopped = subtype == "error_during_execution" && stop != Stop::None && !generation.tells_life;
        if reason.map_or(stopped, |reason| reason.starts_with("aborted")) {
            Outcome::Interrupted
        } else if reason == Some("tool_deferred") {
            Outcome::Deferred
        } else if facts.is_error == Some(true) || subtype != "success" {
            Outcome::Error
        } else if reason.is_none() && (self.prevented || !self.spoke && !generation.tells_life) {
            // Up to 2.1.143 nothing says that a hook refused the prompt; but that turn has no word in it.
            Outcome::Blocked
        } else {
            Outcome::Success
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_habit_begins_at_its_version() {
        let habits = |version| {
            let known = Generation::of(version);
            (known.only_prompts, known.joins, known.tells_origin)
        };
        assert_eq!(habits("2.0.76"), (true, false, false));
        assert_eq!(habits("2.1.40"), (true, false, false));
        assert_eq!(habits("2.1.41"), (false, false, false));
        assert_eq!(habits("2.1.84"), (false, false, false));
        assert_eq!(habits("2.1.85"), (false, true, false));
        assert_eq!(habits("2.1.123"), (false, true, false));
        assert_eq!(habits("2.1.124"), (false, true, true));
        assert_eq!(habits("2.1.329-beta.1"), (false, true, true));
        assert_eq!(habits("3.0.0"), (false, true, true));
    }

    #[test]
    fn results_are_held_back_for_a_while() {
        let held =
            ["2.0.76", "2.1.44", "2.1.45", "2.1.178", "2.1.179"].map(|version| Generation::of(version).holds_results);
        assert_eq!(held, [false, false, true, true, false]);
    }

    #[test]
    fn what_is_no_version_says_nothing() {
        for text in ["", "2.1", "latest", "2.1.x", "2.1.4294967296"] {
            assert_eq!(Generation::of(text), Generation::default(), "{text:?}");
        }
    }
}
