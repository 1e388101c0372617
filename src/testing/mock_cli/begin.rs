//! Start of a turn.

use std::collections::VecDeque;

use super::queue::{Notice, Queued};
use super::state::{About, Calls, Doing, Ending, Turn};
use super::{MockCli, Waiting};
use crate::base::json::Json;
use crate::base::time::SessionTime;
use crate::protocol::end::Exit;
use crate::testing::cli_version::{CliVersion, OwnTurn};
use crate::testing::fault::Fault;
use crate::testing::lines::ResultLine;
use crate::testing::step::{Kind, RequestStep, Step};

impl MockCli {
    /// Starts a turn with the first item of the queue.
    pub(super) fn begin(&mut self, time: SessionTime) {
        self.begins = None;
        let Some(next) = self.take_next() else { return self.leave_if_done() };
        let doomed = std::mem::take(&mut self.doomed);
        let (batch, steps) = match next {
            Err(_) if self.behavior.own_turn == OwnTurn::Dies => {
                return self.die("only prompt commands are supported in streaming mode");
            }
            Err(notice) => (Vec::new(), self.own_steps(&notice)),
            Ok(batch) => {
                let steps = self.batch_steps(&batch);
                (batch, steps)
            }
        };
        if let Some((_, joined)) = batch.split_last() {
            joined.iter().filter(|prompt| prompt.uuid.is_some()).for_each(|prompt| self.echo(prompt));
        }
        for prompt in batch.iter().filter(|prompt| !prompt.announced) {
            self.write_lifecycle(prompt.uuid.as_deref(), "started");
        }
        self.turns += 1;
        let own = batch.is_empty();
        let local = matches!(&*batch, [prompt] if self.runs_locally(prompt));
        let mut requests = self.greetings();
        if !local {
            let text = batch.last().map_or("a background task has ended", |prompt| &*prompt.text);
            requests.extend(self.hook_requests("UserPromptSubmit", None, &[("prompt", Json::from_text(text))]));
        }
        self.turn = Some(Turn {
            needs_echo: !own && (!local || self.behavior.echoes_commands),
            batch,
            folded: Vec::new(),
            own,
            local,
            steps,
            doing: Doing::Preparing { requests, open: false },
            calls: Calls::default(),
            denials: Vec::new(),
            at: time,
            since: time,
            requests: 0,
            answer_text: String::new(),
            calls_model_again: false,
            stopping: false,
            went_on: false,
            result_fields: Vec::new(),
            model_called: false,
            cut_at: None,
        });
        if doomed {
            self.abort(true);
        }
    }

    /// Sends the next request before the turn becomes visible. After the last one, opens the turn.
    pub(super) fn prepare(&mut self, mut requests: VecDeque<(About, RequestStep)>) {
        if self.initialize.is_some() {
            return self.set_doing(Doing::Preparing { requests, open: true });
        }
        match requests.pop_front() {
            Some((about, request)) => {
                self.set_doing(Doing::Preparing { requests, open: true });
                self.send_request(about, &request);
            }
            None => self.open_turn(),
        }
    }

    pub(super) fn open_turn(&mut self) {
        self.set_doing(Doing::Choosing);
        if self.turn.as_ref().is_some_and(|turn| turn.local) {
            return self.run_command();
        }
        self.write_init();
        if self.turn.as_ref().is_some_and(|turn| turn.batch.iter().any(|prompt| !prompt.queries)) {
            self.pay_echo();
            self.end_turn(Ending::Local);
        }
    }

    /// Returns `true` if the prompt is a slash command that the model does not see. 2.1.329 passes unknown slash commands
    /// to the model.
    fn runs_locally(&self, prompt: &Queued) -> bool {
        prompt.is_command() && (self.script.generation < CliVersion::V2_1_329 || prompt.is_known_command())
    }

    fn run_command(&mut self) {
        let Some(prompt) = self.turn.as_ref().and_then(|turn| turn.batch.first().cloned()) else { return };
        let clears = prompt.text == "/clear";
        if clears && self.behavior.writes_lifecycle {
            let line = self.writer.conversation_reset();
            self.write(&line);
        }
        if clears && self.script.generation >= CliVersion::V2_1_143 {
            self.writer.begin_session();
        }
        if clears && self.behavior.names_prompts {
            let line = self.writer.system("background_tasks_changed", &serde_json::json!({ "tasks": [] }));
            self.write(&line);
        }
        self.write_init();
        let has_output = match self.script.generation {
            CliVersion::V2_1_250 | CliVersion::V2_1_329 => !clears,
            CliVersion::V2_1_143 => prompt.is_known_command(),
            _ => prompt.is_known_command() && !clears,
        };
        if has_output && self.behavior.knows_priority {
            let id = self.writer.message_id();
            let block = Json::from(&serde_json::json!({ "type": "text", "text": "done" }));
            let line = self.writer.assistant(&id, &block, None, None);
            self.write(&line);
        } else if has_output {
            let output = Json::from_text("<local-command-stdout>done</local-command-stdout>");
            let line = self.writer.user(&output, None, None, true, 0);
            self.write(&line);
        }
        if prompt.is_known_command() {
            self.pay_echo();
        }
        self.end_turn(Ending::Local);
    }

    fn batch_steps(&mut self, batch: &[Queued]) -> VecDeque<Step> {
        let mut steps: Vec<Step> = batch.iter().filter_map(|prompt| prompt.steps.clone()).flatten().collect();
        if batch.iter().all(|prompt| prompt.steps.is_none()) {
            let text: Vec<&str> = batch.iter().map(|prompt| &*prompt.text).collect();
            steps = self.script.respond(&text.join("\n"));
            if steps.is_empty() {
                steps.push(Step::text("ok"));
            }
        }
        if self.turns == 0 {
            self.spoil(&mut steps);
        }
        if self.script.has(&Fault::Silent) {
            steps.insert(0, Step::nothing());
        }
        steps.into()
    }

    /// Adds faults of the first turn after its first message.
    fn spoil(&self, steps: &mut Vec<Step>) {
        let first = steps.iter().position(|step| !matches!(step.0, Kind::Text { .. } | Kind::Thinking(_)));
        let at = first.unwrap_or(steps.len());
        let fault = self.script.faults.iter().find_map(|fault| match fault {
            Fault::Die(exit) => Some(Step::die(*exit)),
            Fault::Flood(messages) => Some(Step::flood(*messages)),
            Fault::LongLine(bytes) => Some(Step::long_line(*bytes)),
            _ => None,
        });
        if let Some(step) = fault {
            steps.insert(at, step);
        }
    }

    fn own_steps(&mut self, notice: &Notice) -> VecDeque<Step> {
        if !notice.reported {
            self.write_notice(&notice.task);
        }
        match &*notice.own {
            [] => VecDeque::from([Step::text("the task has ended")]),
            own => own.to_vec().into(),
        }
    }

    /// Writes an error result without a turn, and exits.
    ///
    /// This happens on 2.0.76 at the end of a background task, and on 2.1.250 if it is interrupted while a hook delays a
    /// turn. It also happens if the session to resume does not exist.
    pub(super) fn die(&mut self, error: &str) {
        self.results += 1;
        let uuid = self.writer.uuid();
        let line = self.writer.result(&ResultLine {
            subtype: "error_during_execution",
            is_error: true,
            reason: None,
            result: None,
            errors: Some(&[error]),
            milliseconds: 0,
            requests: 0,
            denials: &[],
            own: false,
            prompts: Vec::new(),
            queued: self.queue.len(),
            number: self.results - 1,
            uuid: &uuid,
            fields: &[],
        });
        self.write(&line);
        self.leave(Exit::Code(1));
    }

    /// Adds waiting prompts and notices to the turn after a tool returned.
    pub(super) fn fold(&mut self) {
        let most = self.script.max_turns;
        if let Some(turn) = self.turn.as_mut().filter(|turn| most.is_some_and(|most| turn.requests >= most)) {
            turn.steps = VecDeque::from([Step::max_turns()]);
        }
        let ends = |turn: &Turn| matches!(turn.steps.front(), Some(Step(Kind::MaxTurns)));
        if self.turn.as_ref().is_some_and(ends) && !self.behavior.folds_at_max_turns {
            return;
        }
        let mut started = Vec::new();
        for waiting in self.take_folded() {
            match waiting {
                Waiting::Notice(notice) => {
                    if !notice.reported {
                        self.write_notice(&notice.task);
                    }
                }
                Waiting::Prompt(mut prompt) => {
                    self.echo(&prompt);
                    started.extend(prompt.uuid.clone());
                    let steps = prompt.steps.take().unwrap_or_else(|| self.script.respond(&prompt.text));
                    if let Some(turn) = &mut self.turn {
                        turn.calls_model_again = self.behavior.calls_model_after_fold;
                        turn.steps.extend(steps);
                        turn.folded.push(prompt);
                    }
                }
            }
        }
        for uuid in started {
            self.write_lifecycle(Some(&uuid), "started");
        }
    }
}
