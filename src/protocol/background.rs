//! Work of the CLI in addition to turns and prompts.

use serde::{Deserialize, Serialize};

use crate::wire::facts::SystemFacts;

/// Maximum number of background tasks that are kept. Further tasks are not counted.
const TASKS: usize = 1024;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Background {
    tasks: Vec<String>,
    /// Tasks that have ended, and whose end was not reported to the model yet. The CLI reports each in a turn of
    /// its own, or when a tool returns.
    unnotified: Vec<String>,
    /// Value reported by the CLI (`session_state_changed`), if it reports one.
    running: Option<bool>,
}

/// State of the session while the CLI reports on a task.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meanwhile {
    pub(crate) in_turn: bool,
    /// `true` if an interrupt is not acknowledged. An interrupt also stops the agents of an idle session, without
    /// a report to the model.
    pub(crate) interrupting: bool,
    /// `true` if the CLI reports which turns are its own.
    pub(crate) reports_origin: bool,
}

impl Background {
    /// Returns `true` if work continues that will end in a turn. The value reported by the CLI takes precedence.
    /// Otherwise the agents and workflows count that have not ended, or whose end was not reported to the model.
    /// Shells and monitors may never end and do not count.
    pub(crate) fn is_running(&self) -> bool {
        self.running.unwrap_or(!self.tasks.is_empty() || !self.unnotified.is_empty())
    }

    /// Returns the running task that began first. If none runs, returns the task that ended first among those
    /// whose end was not reported to the model.
    pub(crate) fn first(&self) -> Option<&str> {
        self.tasks.first().or(self.unnotified.first()).map(String::as_str)
    }

    /// Records the start or end of a turn whose origin is unknown: it may be the turn that reports the end of an
    /// agent.
    pub(crate) fn turned(&mut self) {
        self.unnotified.clear();
    }

    /// Records the end of a turn of the CLI's own, which reported the end of one task.
    pub(crate) fn notified_of_one(&mut self) {
        if !self.unnotified.is_empty() {
            self.unnotified.remove(0);
        }
    }

    /// Records that a tool returned to the model, which also reports the ends of all tasks.
    pub(crate) fn notified_of_all(&mut self) {
        self.unnotified.clear();
    }

    /// Records that no agent runs, whatever was reported. 2.1.50 reports the start of an agent that a turn waited
    /// for, but not its end (`subagent` of 2.1.50).
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
                // The list can precede the line that reports how a task ended (`own_agent` of 2.1.278).
                if meanwhile.expects_turn() && !meanwhile.interrupting {
                    let gone = before.into_iter().filter(|task| !self.tasks.contains(task));
                    self.unnotified.extend(gone.take(TASKS.saturating_sub(self.unnotified.len())));
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
            // `agent_stopped` of 2.1.332. The end of a task that `stop_task` stops is reported to the model
            // (`stop_task` of 2.1.332).
            self.unnotified.retain(|unnotified| Some(unnotified.as_str()) != task);
        } else if self.unnotified.len() < TASKS && meanwhile.expects_turn() {
            self.unnotified.extend(known);
        }
    }
}

impl Meanwhile {
    /// Returns `true` if the CLI will begin a turn for a task that ends now. If the CLI does not report which
    /// turns are its own, this is known only for tasks that end between two turns.
    fn expects_turn(self) -> bool {
        self.reports_origin || !self.in_turn
    }
}

fn is_awaited(task_type: &str) -> bool {
    matches!(task_type, "local_agent" | "local_workflow")
}
