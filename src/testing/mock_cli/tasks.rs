//! Background tasks, and the effects of their ends.

use serde_json::json;

use super::queue::{Notice, Waiting};
use super::{BEGIN, MockCli};
use crate::base::json::Json;
use crate::base::time::SessionTime;
use crate::testing::cli_version::{CliVersion, OwnTurn};
use crate::testing::step::{Step, TaskKind, ToolStep};

#[derive(Debug, Clone)]
pub(super) struct Task {
    id: String,
    tool_use: String,
    pub(super) kind: TaskKind,
    pub(super) ends: SessionTime,
    own: Vec<Step>,
    /// `true` after the start of the task was reported.
    reported: bool,
}

impl MockCli {
    /// Starts the background task of a tool call. Returns the immediate output of the call.
    pub(super) fn start_task(&mut self, tool_use: &str, tool: &ToolStep) -> String {
        let Some(background) = tool.background.clone() else { return String::new() };
        let id = self.writer.task_id();
        let ends = self.turn_time().saturating_add(background.takes);
        self.tasks.push(Task {
            id: id.clone(),
            tool_use: tool_use.to_owned(),
            kind: background.kind,
            ends,
            own: background.own,
            reported: false,
        });
        if self.script.generation > CliVersion::V2_1_50 {
            self.list_tasks();
            self.write_starts();
        }
        format!("Command running in background with ID: {id}")
    }

    /// Reports `task_started`: together with the tool call, or at the end of the turn (2.1.50).
    pub(super) fn write_starts(&mut self) {
        if self.behavior.own_turn != OwnTurn::Runs {
            return;
        }
        for at in 0..self.tasks.len() {
            let task = &mut self.tasks[at];
            if !std::mem::replace(&mut task.reported, true) {
                let fields = json!({
                    "task_id": task.id, "tool_use_id": task.tool_use, "task_type": task.kind.wire_name(),
                    "description": "in the background",
                });
                let line = self.writer.system("task_started", &fields);
                self.write(&line);
            }
        }
    }

    fn list_tasks(&mut self) {
        if self.behavior.lists_tasks {
            let listed = self.tasks.iter().map(|task| {
                json!({ "task_id": task.id, "task_type": task.kind.wire_name(), "description": "in the background" })
            });
            let fields = json!({ "tasks": listed.collect::<Vec<_>>() });
            let line = self.writer.system("background_tasks_changed", &fields);
            self.write(&line);
        }
    }

    pub(super) fn agents_run(&self) -> bool {
        self.tasks.iter().any(|task| task.kind == TaskKind::Agent)
    }

    /// Ends the first of the tasks that are due.
    pub(super) fn end_task(&mut self, time: SessionTime) {
        let Some(at) = self.tasks.iter().position(|task| task.ends <= time) else { return };
        let task = self.tasks.remove(at);
        if self.behavior.own_turn == OwnTurn::Never {
            return self.leave_if_done();
        }
        if task.kind == TaskKind::Agent && self.behavior.writes_tasks_at_once {
            let id = self.writer.message_id();
            let block = Json::from(&json!({ "type": "text", "text": "looked" }));
            let line = self.writer.assistant(&id, &block, Some(&task.tool_use), None);
            self.write(&line);
        }
        self.report_end(&task, "completed");
        self.queue.push_back(Waiting::Notice(Notice {
            task: task.id,
            own: task.own,
            reported: self.behavior.writes_tasks_at_once,
        }));
        // 2.0.76 only checks its queue when a prompt arrives or a turn ends, and then ends with an error.
        let idle = self.turn.is_none() && self.begins.is_none();
        if idle && self.behavior.own_turn == OwnTurn::Runs {
            self.write_state("running");
            self.begins = Some(time.saturating_add(BEGIN));
        }
    }

    fn report_end(&mut self, task: &Task, status: &str) {
        if self.script.generation == CliVersion::V2_1_250 {
            self.list_tasks();
        }
        if self.behavior.writes_task_updates {
            let fields = json!({ "task_id": task.id, "patch": { "status": status, "end_time": 0 } });
            let line = self.writer.system("task_updated", &fields);
            self.write(&line);
        }
        if self.behavior.writes_tasks_at_once {
            self.write_notice(&task.id);
        }
        if self.script.generation > CliVersion::V2_1_250 {
            self.list_tasks();
        }
    }

    pub(super) fn write_notice(&mut self, task: &str) {
        if self.behavior.own_turn == OwnTurn::Runs {
            let fields =
                json!({ "task_id": task, "status": "completed", "output_file": "", "summary": "it has ended" });
            let line = self.writer.system("task_notification", &fields);
            self.write(&line);
        }
    }

    /// Kills the subagents in the background, because of an interrupt (since 2.1.250).
    pub(super) fn kill_agents(&mut self) {
        if !self.behavior.gives_receipt {
            return;
        }
        while let Some(at) = self.tasks.iter().position(|task| task.kind == TaskKind::Agent) {
            let task = self.tasks.remove(at);
            self.report_end(&task, "killed");
        }
    }
}
