//! Counts of subagents.

use std::collections::BTreeMap;

use crate::wire::view::view;

view! {
    /// The subagents of a process, counted. From 2.1.250.
    pub struct SubagentStats {
        may {
            /// How their start was asked for.
            requested: SubagentsRequested,
            /// By whom they were killed.
            killed: SubagentsKilled,
            /// Why others were not started.
            refused: SubagentsRefused,
            /// Number of each kind.
            by_type: BTreeMap<String, u64>,
        }
        or_default {
            /// Number that were started.
            spawned: u64,
            /// Number that were started in the background.
            started_in_background: u64,
            /// Depth to which they were nested.
            max_depth: u64,
            /// Number that subagents started.
            spawned_by_subagents: u64,
            /// Number that completed.
            completed: u64,
            /// Number that failed.
            failed: u64,
        }
    }

    /// How the start of subagents was asked for.
    pub struct SubagentsRequested {
        or_default {
            /// In the background.
            background: u64,
            /// In the foreground.
            foreground: u64,
            /// Without a word about it.
            unset: u64,
        }
    }

    /// By whom subagents were killed.
    pub struct SubagentsKilled {
        or_default {
            /// By the agent above.
            parent: u64,
            /// By the user.
            user: u64,
            /// By the CLI.
            system: u64,
        }
    }

    /// Why subagents were not started.
    pub struct SubagentsRefused {
        or_default {
            /// Nested too deep.
            depth_limit: u64,
            /// Too many at once.
            concurrency_limit: u64,
            /// No budget was left.
            budget: u64,
        }
    }
}
