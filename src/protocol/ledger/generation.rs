//! Known behavior of a CLI version, as far as the CLI's lines do not report it.

use serde::{Deserialize, Serialize};

/// Known behavior of a CLI version, as far as its turns do not show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Generation {
    /// `true` if the version was reported.
    pub(crate) is_known: bool,
    /// `true` if the CLI reports which turns are its own (`result.origin`).
    pub(crate) reports_origin: bool,
    /// `true` if the CLI joins the prompts that waited during a turn into one.
    pub(crate) joins: bool,
    /// `true` if the CLI runs nothing but prompts: the end of a background task is reported with the next
    /// prompt's turn.
    pub(crate) only_prompts: bool,
    /// `true` if the CLI holds results back while an agent runs in the background: a result then shows that none
    /// runs.
    pub(crate) holds_results: bool,
    /// `true` if the queue has priorities, and a prompt that is to run now aborts the running turn.
    pub(crate) ranks: bool,
    /// `true` if the CLI reports why a turn ended (`result.terminal_reason`). A turn without a query has no
    /// reason.
    pub(crate) reports_reason: bool,
    /// `true` if the CLI echoes the prompts that a turn takes up: it was started with `--replay-user-messages`.
    pub(crate) echoes: bool,
    /// `true` if the acknowledgment of an interrupt lists the prompts that are still queued, and the CLI reports
    /// the end of each prompt.
    pub(crate) lists_queued: bool,
    /// `true` if the CLI reports the progress of each prompt (`command_lifecycle`).
    pub(crate) reports_lifecycle: bool,
}

impl Generation {
    /// Returns the behavior of a version, e.g. `2.1.329`. 1.0.128 reports no version. A string that is not a
    /// version is ignored.
    ///
    /// Each first version was found between two recorded ones: `task_replay` of 2.1.30 and `turn_overlap_replay`
    /// of 2.1.50, `queue_no_uuid` of 2.1.84 and 2.1.85, `turn_overlap_replay` of 2.1.123 and 2.1.124. See
    /// `docs/cli-versions.md`.
    pub(crate) fn of(version: &str) -> Self {
        let mut parts = version.split(|c: char| !c.is_ascii_digit()).map(str::parse);
        let (Some(Ok(major)), Some(Ok(minor)), Some(Ok(patch))) = (parts.next(), parts.next(), parts.next()) else {
            return Self::default();
        };
        let version: [u32; 3] = [major, minor, patch];
        Self {
            is_known: true,
            only_prompts: version < [2, 1, 41],
            holds_results: ([2, 1, 45]..[2, 1, 179]).contains(&version),
            ranks: version >= [2, 1, 69],
            joins: version >= [2, 1, 85],
            reports_reason: version >= [2, 1, 91],
            reports_origin: version >= [2, 1, 124],
            lists_queued: version >= [2, 1, 206],
            ..Self::default()
        }
    }

    /// Adds the behavior of another version that the same session reports.
    pub(super) fn learn(&mut self, known: Self) {
        self.is_known |= known.is_known;
        self.reports_origin |= known.reports_origin;
        self.joins |= known.joins;
        self.only_prompts |= known.only_prompts;
        self.holds_results |= known.holds_results;
        self.ranks |= known.ranks;
        self.reports_reason |= known.reports_reason;
        self.lists_queued |= known.lists_queued;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_behavior_begins_at_its_version() {
        let habits = |version| {
            let known = Generation::of(version);
            (known.only_prompts, known.ranks, known.joins, known.reports_reason, known.reports_origin)
        };
        assert_eq!(habits("2.0.76"), (true, false, false, false, false));
        assert_eq!(habits("2.1.40"), (true, false, false, false, false));
        assert_eq!(habits("2.1.41"), (false, false, false, false, false));
        assert_eq!(habits("2.1.68"), (false, false, false, false, false));
        assert_eq!(habits("2.1.69"), (false, true, false, false, false));
        assert_eq!(habits("2.1.84"), (false, true, false, false, false));
        assert_eq!(habits("2.1.85"), (false, true, true, false, false));
        assert_eq!(habits("2.1.90"), (false, true, true, false, false));
        assert_eq!(habits("2.1.91"), (false, true, true, true, false));
        assert_eq!(habits("2.1.123"), (false, true, true, true, false));
        assert_eq!(habits("2.1.124"), (false, true, true, true, true));
        assert_eq!(habits("2.1.329-beta.1"), (false, true, true, true, true));
        assert_eq!(habits("3.0.0"), (false, true, true, true, true));
    }

    #[test]
    fn versions_that_hold_results_back_are_known() {
        let held =
            ["2.0.76", "2.1.44", "2.1.45", "2.1.178", "2.1.179"].map(|version| Generation::of(version).holds_results);
        assert_eq!(held, [false, false, true, true, false]);
    }

    #[test]
    fn an_unreadable_version_implies_nothing() {
        for text in ["", "2.1", "latest", "2.1.x", "2.1.4294967296"] {
            assert_eq!(Generation::of(text), Generation::default(), "{text:?}");
        }
    }
}
