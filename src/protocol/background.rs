//! What the CLI still does, or will do, beyond turns and prompts.

use crate::wire::facts::SystemFacts;

/// How many background tasks are kept; more count as none.
const TASKS: usize = 1024;

#[derive(Debug, Clone, Default)]
pub(crate) struct Background {
    tasks: Vec<String>,
    /// A task has ended between two turns: the CLI will tell the model, in a turn of its own.
    owes_turn: bool,
    /// The CLI's own word (`session_state_changed`), where it gives one.
    running: Option<bool>,
}

impl Background {
    /// Whether work goes on that will end in a turn. The CLI's own word counts; else the agents and workflows that were
    /// started and not ended. Shells and monitors may never end and are not waited for.
    pub(crate) fn is_running(&self) -> bool {
        self.running.unwrap_or(!self.tasks.is_empty() || self.owes_turn)
    }

    /// A turn begins, or ends.
    pub(crate) fn turned(&mut self) {
        self.owes_turn = false;
    }

    /// No agent runs, whatever was told of them: 2.1.50 tells the start of one that a turn waited for, and not its end
    /// (`subagent` of 2.1.50).
    pub(crate) fn none_runs(&mut self) {
        self.tasks.clear();
    }

    pub(crate) fn observe(&mut self, subtype: &str, facts: SystemFacts<'_>, in_turn: bool) {
        match subtype {
            "session_state_changed" => self.running = facts.state.map(|state| state != "idle").or(self.running),
            "task_started" if facts.task_type.as_deref().is_some_and(is_awaited) => {
                if let Some(task) = facts.task_id {
                    self.add(task);
                }
            }
            "task_notification" => self.remove(facts.task_id, in_turn),
            "task_updated" => {
                if matches!(facts.status.as_deref(), Some("completed" | "failed" | "stopped" | "killed")) {
                    self.remove(facts.task_id, in_turn);
                }
            }
            "background_tasks_changed" => {
                let awaited = facts.tasks().filter(|task| task.task_type.as_deref().is_some_and(is_awaited));
                self.tasks = awaited.filter_map(|task| task.task_id).take(TASKS).collect();
            }
            _ => {}
        }
    }

    fn add(&mut self, task: String) {
        if self.tasks.len() < TASKS && !self.tasks.contains(&task) {
            self.tasks.push(task);
        }
    }

    fn remove(&mut self, task: Option<String>, in_turn: bool) {
        let before = self.tasks.len();
        self.tasks.retain(|known| Some(known) != task.as_ref());
        self.owes_turn |= self.tasks.len() < before && !in_turn;
    }
}

fn is_awaited(task_type: &str) -> bool {
    matches!(task_type, "local_agent" | "local_workflow")
}
