//! Counts of subagents in a process.

use std::collections::BTreeMap;

use crate::wire::view::view;

view! {
    /// Counts of subagents of a process. Since 2.1.250.
    pub struct SubagentStats {
        may {
            /// Numbers of requested starts, by kind of request.
            requested: SubagentsRequested,
            /// Numbers of killed subagents, by who killed them.
            killed: SubagentsKilled,
            /// Numbers of refused starts, by reason.
            refused: SubagentsRefused,
            /// Number of subagents of each type.
            by_type: BTreeMap<String, u64>,
        }
        or_default {
            /// Number of started subagents.
            spawned: u64,
            /// Number of subagents started in the background.
            started_in_background: u64,
            /// Greatest nesting depth of subagents.
            max_depth: u64,
            /// Number of subagents started by other subagents.
            spawned_by_subagents: u64,
            /// Number of completed subagents.
            completed: u64,
            /// Number of failed subagents.
            failed: u64,
        }
    }

    /// Numbers of requested starts of subagents, by kind of request.
    pub struct SubagentsRequested {
        or_default {
            /// Number of requests to start in the background.
            background: u64,
            /// Number of requests for the foreground.
            foreground: u64,
            /// Number of requests that specify neither the foreground nor the background.
            unset: u64,
        }
    }

    /// Numbers of killed subagents, by who killed them.
    pub struct SubagentsKilled {
        or_default {
            /// Number killed by the parent agent.
            parent: u64,
            /// Number killed by the user.
            user: u64,
            /// Number killed by the CLI.
            system: u64,
        }
    }

    /// Numbers of refused starts of subagents, by reason.
    pub struct SubagentsRefused {
        or_default {
            /// Number refused because the nesting was too deep.
            depth_limit: u64,
            /// Number refused because too many subagents were running.
            concurrency_limit: u64,
            /// Number refused because the budget was used up.
            budget: u64,
        }
    }
}
