//! Execution of a turn, step by step.

use super::MockCli;
use super::state::{About, Doing, Ending};
use crate::base::json::Json;
use crate::base::time::SessionTime;
use crate::testing::step::{Kind, Step};

impl MockCli {
    /// Runs the next step of the turn, which is due at `time`.
    pub(super) fn go_on(&mut self, time: SessionTime) {
        let Some(turn) = self.turn.as_mut() else { return };
        turn.at = time;
        if turn.cut_at.take().is_some() {
            return self.abort(false);
        }
        match std::mem::replace(&mut turn.doing, Doing::Choosing) {
            Doing::Preparing { requests, open: false } => self.prepare(requests),
            Doing::Choosing => self.choose(),
            Doing::Speaking(stream) => self.stream_answer(stream),
            Doing::Calling => self.call(),
            waiting => turn.doing = waiting,
        }
    }

    pub(super) fn set_doing(&mut self, doing: Doing) {
        if let Some(turn) = &mut self.turn {
            turn.doing = doing;
        }
    }

    fn choose(&mut self) {
        let Some(turn) = self.turn.as_mut() else { return };
        let Some(step) = turn.steps.pop_front() else {
            if std::mem::take(&mut turn.calls_model_again) {
                turn.steps.push_back(Step::text("done"));
                return;
            }
            return self.stop();
        };
        match step.0 {
            Kind::Text { .. } | Kind::Thinking(_) | Kind::Tools { .. } => {
                turn.steps.push_front(step);
                let stream = self.next_stream_step();
                self.set_doing(Doing::Speaking(stream));
            }
            Kind::Request(request) => {
                self.set_doing(Doing::WaitingForResponse);
                self.send_request(About::Step, &request);
            }
            Kind::Pause(time) => {
                turn.at = turn.at.saturating_add(time);
                self.call_model();
            }
            Kind::ApiError { status, message, retries } => self.fail(status, &message, retries),
            Kind::MaxTurns => self.end_turn(Ending::MaxTurns),
            Kind::Result(fields) => turn.result_fields.extend(fields),
            Kind::Raw(bytes) => self.write(&bytes),
            Kind::Nothing => {
                self.call_model();
                self.set_doing(Doing::Nothing);
            }
            Kind::Flood(messages) => {
                for number in 0..messages {
                    self.write_whole(&format!("flood {number}"));
                }
            }
            Kind::LongLine(bytes) => self.write_whole(&"x".repeat(bytes)),
            Kind::Die(exit) => self.leave(exit),
        }
    }

    /// Writes a message of the model that is not part of a stream.
    pub(super) fn write_whole(&mut self, text: &str) {
        self.pay_echo();
        let id = self.writer.message_id();
        let block = Json::from(&serde_json::json!({ "type": "text", "text": text }));
        let line = self.writer.assistant(&id, &block, None, None);
        self.write(&line);
    }

    /// Ends the turn with an error of the API, after all retries.
    fn fail(&mut self, status: u16, message: &str, retries: u32) {
        self.call_model();
        for attempt in 1..=retries {
            let fields = serde_json::json!({
                "attempt": attempt, "max_retries": retries, "retry_delay_ms": 0, "error_status": status,
            });
            let line = self.writer.system("api_retry", &fields);
            self.write(&line);
        }
        let text = format!("API Error: {status} {message}");
        self.write_whole(&text);
        if let Some(turn) = &mut self.turn {
            turn.answer_text = text;
        }
        self.end_turn(Ending::ApiError);
    }

    /// Calls the model, unless it was called already.
    pub(super) fn call_model(&mut self) {
        let model_called = self.turn.as_mut().is_none_or(|turn| std::mem::replace(&mut turn.model_called, true));
        if !model_called && self.script.partial && self.behavior.writes_request_status {
            let line = self.writer.system("status", &serde_json::json!({ "status": "requesting" }));
            self.write(&line);
        }
    }

    /// Writes the echo of the turn's last prompt, if it is pending.
    pub(super) fn pay_echo(&mut self) {
        let Some(turn) = self.turn.as_mut() else { return };
        if std::mem::take(&mut turn.needs_echo) {
            if let Some(prompt) = turn.batch.last().cloned() {
                self.echo(&prompt);
            }
        }
    }
}
