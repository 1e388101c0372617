//! The versions of the CLI that were recorded, and in what they differ.

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Generation {
    V1_0_128,
    V2_0_76,
    V2_1_50,
    V2_1_73,
    V2_1_143,
    V2_1_250,
    V2_1_329,
}

impl Generation {
    pub(crate) const ALL: [Self; 7] =
        [Self::V1_0_128, Self::V2_0_76, Self::V2_1_50, Self::V2_1_73, Self::V2_1_143, Self::V2_1_250, Self::V2_1_329];

    /// What `system/init` says; 1.0.128 gives none.
    pub(crate) fn version(self) -> Option<&'static str> {
        let versions = ["2.0.76", "2.1.50", "2.1.73", "2.1.143", "2.1.250", "2.1.329"];
        (self as usize).checked_sub(1).map(|at| versions[at])
    }

    /// Prompts that wait when a turn ends become one turn.
    pub(crate) fn joins(self) -> bool {
        self >= Self::V2_1_143
    }

    /// `command_lifecycle`. From then on a prompt that comes to an idle CLI is not taken at once, and an interrupt leaves
    /// it in the queue; and slash commands and other priorities are turns of their own.
    pub(crate) fn reports_lifecycle(self) -> bool {
        self >= Self::V2_1_250
    }

    /// `user_message_uuids`.
    pub(crate) fn names(self) -> bool {
        self >= Self::V2_1_329
    }

    /// `priority`: the queue is in its order, what is for later waits at a fold, and what is to run now aborts.
    pub(crate) fn ranks(self) -> bool {
        self >= Self::V2_1_73
    }

    /// A result says how the model stopped, and nothing else says why the turn ended.
    pub(crate) fn reports_only_the_stop(self) -> bool {
        self == Self::V2_1_73
    }

    /// `origin` and `terminal_reason`; slash commands wait at a fold; `shouldQuery`.
    pub(crate) fn is_modern(self) -> bool {
        self >= Self::V2_1_143
    }

    /// A turn that ends while a background agent runs has no result of its own.
    pub(crate) fn holds_back(self) -> bool {
        matches!(self, Self::V2_1_50 | Self::V2_1_73 | Self::V2_1_143)
    }

    pub(crate) fn has_own_turns(self) -> bool {
        self >= Self::V2_1_50
    }

    /// A background task that has ended is the end of the process, at the next chance.
    pub(crate) fn dies_of_tasks(self) -> bool {
        self == Self::V2_0_76
    }

    /// At the turns that end with `error_max_turns`, what waits at the tool is folded all the same.
    pub(crate) fn folds_into_failure(self) -> bool {
        self.holds_back()
    }
}
