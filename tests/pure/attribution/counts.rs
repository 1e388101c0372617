//! What was judged, and what is known to be wrong.

/// How the prompts of many sequences were judged.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) cases: u64,
    pub(crate) prompts: u64,
    /// Answered by a result, by evidence.
    pub(crate) named: u64,
    /// Answered by a result, by a rule.
    pub(crate) inferred: u64,
    /// Cancelled, or blocked at a fold.
    pub(crate) without: u64,
    /// The CLI died first.
    pub(crate) lost: u64,
    /// Ended without their results, which were lost or came late.
    pub(crate) missing: u64,
    pub(crate) interrupted: u64,
    pub(crate) shared: u64,
    /// Aimed interrupts that were judged.
    pub(crate) interrupt_targets: u64,
    pub(crate) wrong: Wrong,
}

/// What is known to be told wrongly: nothing in the lines could have told it better.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// Those to which a rule gives another result than the true one.
    pub(crate) mistaken: u64,
    /// Those with the true result, of which a rule gives another outcome.
    pub(crate) otherwise: u64,
    /// Answered inside the CLI, but neither evidence nor a rule says so.
    pub(crate) untold: u64,
    /// Those that are said to have run in an earlier turn, one of which the result was held back.
    pub(crate) held_turns: u64,
    /// Sessions with a turn of a prompt that is said to be the CLI's own.
    pub(crate) misjudged: u64,
    /// What went wrong because a reply had come late.
    pub(crate) unheard: u64,
    /// Aimed interrupts after which the prompt ran to its end.
    pub(crate) targets_lost: u64,
    /// Sessions of which a prompt stayed open after all was over, behind one that nothing names.
    pub(crate) stuck: u64,
}

impl Wrong {
    /// Whether nothing is wrong more often than that.
    pub(crate) fn is_at_most(&self, known: &Self) -> bool {
        self.pairs(known).iter().all(|(seen, known)| seen <= known)
    }

    /// The same in so many times as many sequences.
    pub(crate) fn times(&self, times: u64) -> Self {
        let scale = |count: u64| count * times;
        Self {
            mistaken: scale(self.mistaken),
            otherwise: scale(self.otherwise),
            untold: scale(self.untold),
            held_turns: scale(self.held_turns),
            misjudged: scale(self.misjudged),
            unheard: scale(self.unheard),
            targets_lost: scale(self.targets_lost),
            stuck: scale(self.stuck),
        }
    }

    fn pairs(&self, known: &Self) -> [(u64, u64); 8] {
        let counts = |of: &Self| {
            [of.mistaken, of.otherwise, of.untold, of.held_turns, of.misjudged, of.unheard, of.targets_lost, of.stuck]
        };
        let (seen, known) = (counts(self), counts(known));
        std::array::from_fn(|at| (seen[at], known[at]))
    }
}
