//! What the CLI still does, or will do, beyond turns and prompts.

use serde::{Deserialize, Serialize};

use crate::wire::facts::SystemFacts;

/// How many background tasks are kept; more count as none.
const TASKS: usize = 1024;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Background {
    tasks: Vec<String>,
    /// The tasks that have ended and of which the model was not told: the CLI does that in a turn of its own for each, or
    /// as a tool returns.
    untold: Vec<String>,
    /// The CLI's own word (`session_state_changed`), where it gives one.
    running: Option<bool>,
}

/// What else goes on as something is told of a task.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meanwhile {
    pub(crate) in_turn: bool,
    /// An interrupt is not acknowledged. It stops the agents of an idle session too, and the model is not told.
    pub(crate) interrupting: bool,
    /// The CLI says which turns are its own.
    pub(crate) tells_origin: bool,
}

impl Background {
    /// Whether work goes on that will end in a turn. The CLI's own word counts; else the agents and workflows that were
    /// started and not ended, and those of which the model is still to be told. Shells and monitors may never end and are
    /// not waited for.
    pub(crate) fn is_running(&self) -> bool {
        self.running.unwrap_or(!self.tasks.is_empty() || !self.untold.is_empty())
    }

    /// Returns the task that began first of those that run. If none runs, the one that ended first and is still to be reported to
    /// the model.
    pub(crate) fn first(&self) -> Option<&str> {
        self.tasks.first().or(self.untold.first()).map(String::as_str)
    }

    /// A turn begins, or ends, and its origin is not told: it may be the one that an agent ends in.
    pub(crate) fn turned(&mut self) {
        self.untold.clear();
    }

    /// A turn of the CLI's own is over: one of those that have ended is told.
    pub(crate) fn told_one(&mut self) {
        if !self.untold.is_empty() {
            self.untold.remove(0);
        }
    }

    /// A tool returned to the model, which is told with it of all that have ended.
    pub(crate) fn told_all(&mut self) {
        self.untold.clear();
    }

    /// No agent runs, whatever was told of them: 2.1.50 tells the start of one that a turn waited for, and not its end
    /// (`subagent` of 2.1.50).
    pub(crate) fn none_runs(&mut self) {
        self.tasks.clear();
    }

    pub(crate) fn observe(&mut self, subtype: &str, facts: SystemFacts<'_>, meanwhile: Meanwhile) {
        match subtype {
            "session_state_changed" => self.running = facts.state.map(|state| state != "idle").or(self.running),
            "task_started" if facts.task_type.as_deref().is_some_and(is_awaited) => {
                if let Some(task) = facts.task_id {
                    self.add(task);
                }
            }
            "task_notification" => self.ended(facts.task_id.as_deref(), facts.status.as_deref(), meanwhile),
            "task_updated" => {
                if matches!(facts.status.as_deref(), Some("completed" | "failed" | "stopped" | "killed")) {
                    self.ended(facts.task_id.as_deref(), facts.status.as_deref(), meanwhile);
                }
            }
            "background_tasks_changed" => {
                let awaited = facts.tasks().filter(|task| task.task_type.as_deref().is_some_and(is_awaited));
                let ids = awaited.filter_map(|task| task.task_id);
                let before = std::mem::replace(&mut self.tasks, ids.take(TASKS).collect());
                // The list can come before the line that says how a task ended (`own_agent` of 2.1.278).
                if meanwhile.owes_a_turn() && !meanwhile.interrupting {
                    let gone = before.into_iter().filter(|task| !self.tasks.contains(task));
                    self.untold.extend(gone.take(TASKS.saturating_sub(self.untold.len())));
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, task: String) {
        if self.tasks.len() < TASKS && !self.tasks.contains(&task) {
            self.tasks.push(task);
        }
    }

    fn ended(&mut self, task: Option<&str>, status: Option<&str>, meanwhile: Meanwhile) {
        let known = self.tasks.iter().position(|known| Some(known.as_str()) == task);
        let known = known.map(|at| self.tasks.remove(at));
        if matches!(status, Some("stopped" | "killed")) && meanwhile.interrupting {
            // `agent_stopped` of 2.1.332; of one that `stop_task` stops the model is told (`stop_task` of 2.1.332).
            self.untold.retain(|untold| Some(untold.as_str()) != task);
        } else if self.untold.len() < TASKS && meanwhile.owes_a_turn() {
            self.untold.extend(known);
        }
    }
}

impl Meanwhile {
    /// Whether the CLI owes a turn for what ends now. Where it does not say which turns are its own, only what ends
    /// between two turns is known to have one.
    fn owes_a_turn(self) -> bool {
        self.tells_origin || !self.in_turn
    }
}

fn is_awaited(task_type: &str) -> bool {
    matches!(task_type, "local_agent" | "local_workflow")
}
