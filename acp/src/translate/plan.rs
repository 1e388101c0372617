//! Plan: the tasks that the model has set itself.

use std::collections::BTreeMap;

use agent_client_protocol::v1::schema::{Plan, PlanEntry, PlanEntryPriority, PlanEntryStatus};
use claude_duplex::Json;
use claude_duplex::message::{TodoStatus, ToolInput};
use serde::Deserialize;

/// Maximum number of tasks.
const MOST: usize = 1000;

/// Tasks of a session: `TodoWrite` lists them all, `TaskCreate` and `TaskUpdate` change one.
#[derive(Debug, Default)]
pub(super) struct Tasks(BTreeMap<u64, PlanEntry>);

#[derive(Deserialize)]
struct Created {
    subject: String,
}

#[derive(Deserialize)]
struct Updated {
    #[serde(rename = "taskId")]
    id: Json,
    subject: Option<String>,
    status: Option<String>,
}

/// Returns `true` if calls of the tool are shown as the plan, and not as calls.
pub(super) fn is_plan(tool: &str) -> bool {
    matches!(tool, "TodoWrite" | "TaskCreate" | "TaskUpdate" | "TaskList" | "TaskGet")
}

impl Tasks {
    /// Updates the plan for a call that has begun. Returns the plan if it has changed.
    pub(super) fn called(&mut self, tool: &str, input: &Json) -> Option<Plan> {
        match ToolInput::parse(tool, input) {
            Ok(ToolInput::TodoWrite(list)) => {
                let entries = list.todos.into_iter().take(MOST).map(|todo| {
                    let status = match todo.status {
                        TodoStatus::Completed => PlanEntryStatus::Completed,
                        TodoStatus::InProgress => PlanEntryStatus::InProgress,
                        _ => PlanEntryStatus::Pending,
                    };
                    PlanEntry::new(todo.content, PlanEntryPriority::Medium, status)
                });
                Some(Plan::new(entries.collect()))
            }
            _ if tool == "TaskUpdate" => self.update(input.decode().ok()?),
            _ => None,
        }
    }

    /// Updates the plan for a call that succeeded. Only the result contains the number of a new task.
    pub(super) fn succeeded(&mut self, tool: &str, input: &Json, result: &str) -> Option<Plan> {
        if tool != "TaskCreate" || self.0.len() >= MOST {
            return None;
        }
        let created: Created = input.decode().ok()?;
        let digits = result.split_once('#')?.1;
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let entry = PlanEntry::new(created.subject, PlanEntryPriority::Medium, PlanEntryStatus::Pending);
        self.0.insert(digits[..end].parse().ok()?, entry);
        Some(self.plan())
    }

    fn update(&mut self, update: Updated) -> Option<Plan> {
        let id = update.id.text().map_or_else(|| update.id.as_str().parse(), |text| text.parse()).ok()?;
        let task = self.0.get_mut(&id)?;
        if let Some(subject) = update.subject {
            task.content = subject;
        }
        match update.status.as_deref() {
            Some("completed") => task.status = PlanEntryStatus::Completed,
            Some("in_progress") => task.status = PlanEntryStatus::InProgress,
            Some("pending") => task.status = PlanEntryStatus::Pending,
            Some("deleted") => drop(self.0.remove(&id)),
            _ => {}
        }
        Some(self.plan())
    }

    fn plan(&self) -> Plan {
        Plan::new(self.0.values().cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entries(plan: Option<Plan>) -> Vec<(String, PlanEntryStatus)> {
        plan.expect("a plan").entries.into_iter().map(|entry| (entry.content, entry.status)).collect()
    }

    #[test]
    fn a_list_is_the_whole_plan() {
        let todos = json!({ "todos": [
            { "content": "a", "status": "completed", "activeForm": "doing a" },
            { "content": "b", "status": "in_progress", "activeForm": "doing b" },
            { "content": "c", "status": "new word" },
        ] });
        let plan = Tasks::default().called("TodoWrite", &Json::from(&todos));
        let expected =
            [("a", PlanEntryStatus::Completed), ("b", PlanEntryStatus::InProgress), ("c", PlanEntryStatus::Pending)];
        assert_eq!(entries(plan), expected.map(|(text, status)| (text.to_owned(), status)));
    }

    #[test]
    fn tasks_are_changed_one_by_one() {
        let mut tasks = Tasks::default();
        let json = |value: serde_json::Value| Json::from(&value);
        assert_eq!(tasks.called("TaskCreate", &json(json!({ "subject": "a" }))), None);
        tasks.succeeded("TaskCreate", &json(json!({ "subject": "a" })), "Task #1 created successfully: a");
        tasks.succeeded("TaskCreate", &json(json!({ "subject": "b" })), "Task #2 created successfully: b");
        let plan = tasks.called("TaskUpdate", &json(json!({ "taskId": "2", "status": "in_progress", "subject": "B" })));
        let expected = [("a", PlanEntryStatus::Pending), ("B", PlanEntryStatus::InProgress)];
        assert_eq!(entries(plan), expected.map(|(text, status)| (text.to_owned(), status)));
        assert_eq!(entries(tasks.called("TaskUpdate", &json(json!({ "taskId": 1, "status": "deleted" })))).len(), 1);
        assert_eq!(tasks.called("TaskUpdate", &json(json!({ "taskId": "9", "status": "deleted" }))), None);
    }
}
