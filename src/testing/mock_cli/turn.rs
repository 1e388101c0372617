//! Execution of a turn, step by step.

use std::collections::VecDeque;

use super::MockCli;
use super::asks::About;
use super::calls::Calls;
use super::ending::Ending;
use super::queue::Queued;
use super::speech::Speech;
use crate::base::json::Json;
use crate::base::time::SessionTime;
use crate::testing::step::{AskStep, Kind, Step};

#[derive(Debug, Clone)]
pub(super) struct Turn {
    /// Prompts that the turn started with. Empty if the CLI started the turn by itself.
    pub(super) batch: Vec<Queued>,
    pub(super) folded: Vec<Queued>,
    pub(super) own: bool,
    /// `true` if the turn is a slash command, which the model does not see.
    pub(super) local: bool,
    pub(super) steps: VecDeque<Step>,
    pub(super) doing: Doing,
    /// Tool calls of the model's last message.
    pub(super) calls: Calls,
    /// Tool calls that were denied.
    pub(super) denials: Vec<Json>,
    /// Time of the next step.
    pub(super) at: SessionTime,
    pub(super) since: SessionTime,
    /// Number of calls of the model.
    pub(super) requests: u32,
    /// Last text of the model.
    pub(super) said: String,
    /// `true` if the echo of the last prompt is pending.
    pub(super) owes_echo: bool,
    /// `true` if the model is called once more for folded prompts.
    pub(super) asks_again: bool,
    /// `true` after the `Stop` hooks were called.
    pub(super) stopping: bool,
    /// `true` if a `Stop` hook has made the model continue.
    pub(super) went_on: bool,
    /// Fields of the script for the result.
    pub(super) result_fields: Vec<(String, Json)>,
    /// `true` if the model was called, and has not started its response.
    pub(super) asked: bool,
    /// Time of the abort, after an interrupt was acknowledged.
    pub(super) cut_at: Option<SessionTime>,
}

#[derive(Debug, Clone)]
pub(super) enum Doing {
    /// Requests to the host before the turn becomes visible.
    Preparing {
        asks: VecDeque<(About, AskStep)>,
        open: bool,
    },
    Choosing,
    Speaking(Speech),
    Calling,
    /// An incoming request of the script, or a hook, is open.
    Asking,
    Nothing,
}

impl Turn {
    pub(super) fn due(&self) -> Option<SessionTime> {
        if self.cut_at.is_some() {
            return self.cut_at;
        }
        match &self.doing {
            Doing::Preparing { open: false, .. } | Doing::Choosing | Doing::Speaking(_) => Some(self.at),
            Doing::Calling => self.calls.due(self.at),
            Doing::Preparing { open: true, .. } | Doing::Asking | Doing::Nothing => None,
        }
    }

    pub(super) fn prompts(&self) -> impl Iterator<Item = &Queued> {
        self.batch.iter().chain(&self.folded)
    }
}

impl MockCli {
    /// Runs the next step of the turn, which is due at `time`.
    pub(super) fn go_on(&mut self, time: SessionTime) {
        let Some(turn) = self.turn.as_mut() else { return };
        turn.at = time;
        if turn.cut_at.take().is_some() {
            return self.abort(false);
        }
        match std::mem::replace(&mut turn.doing, Doing::Choosing) {
            Doing::Preparing { asks, open: false } => self.prepare(asks),
            Doing::Choosing => self.choose(),
            Doing::Speaking(speech) => self.speak(speech),
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
            if std::mem::take(&mut turn.asks_again) {
                turn.steps.push_back(Step::text("done"));
                return;
            }
            return self.stop();
        };
        match step.0 {
            Kind::Text { .. } | Kind::Thinking(_) | Kind::Tools { .. } => {
                turn.steps.push_front(step);
                let speech = self.next_speech();
                self.set_doing(Doing::Speaking(speech));
            }
            Kind::Ask(ask) => {
                self.set_doing(Doing::Asking);
                self.ask(About::Step, &ask);
            }
            Kind::Pause(time) => {
                turn.at = turn.at.saturating_add(time);
                self.ask_model();
            }
            Kind::ApiError { status, message, retries } => self.fail(status, &message, retries),
            Kind::MaxTurns => self.end_turn(Ending::MaxTurns),
            Kind::Result(fields) => turn.result_fields.extend(fields),
            Kind::Raw(bytes) => self.write(&bytes),
            Kind::Nothing => {
                self.ask_model();
                self.set_doing(Doing::Nothing);
            }
            Kind::Flood(messages) => {
                for number in 0..messages {
                    self.say_whole(&format!("flood {number}"));
                }
            }
            Kind::LongLine(bytes) => self.say_whole(&"x".repeat(bytes)),
            Kind::Die(exit) => self.leave(exit),
        }
    }

    /// Writes a message of the model that is not part of a stream.
    pub(super) fn say_whole(&mut self, text: &str) {
        self.pay_echo();
        let id = self.writer.message_id();
        let block = Json::from(&serde_json::json!({ "type": "text", "text": text }));
        let line = self.writer.assistant(&id, &block, None, None);
        self.write(&line);
    }

    /// Ends the turn with an error of the API, after all retries.
    fn fail(&mut self, status: u16, message: &str, retries: u32) {
        self.ask_model();
        for attempt in 1..=retries {
            let fields = serde_json::json!({
                "attempt": attempt, "max_retries": retries, "retry_delay_ms": 0, "error_status": status,
            });
            let line = self.writer.system("api_retry", &fields);
            self.write(&line);
        }
        let text = format!("API Error: {status} {message}");
        self.say_whole(&text);
        if let Some(turn) = &mut self.turn {
            turn.said = text;
        }
        self.end_turn(Ending::ApiError);
    }

    /// Calls the model, unless it was called already.
    pub(super) fn ask_model(&mut self) {
        let asked = self.turn.as_mut().is_none_or(|turn| std::mem::replace(&mut turn.asked, true));
        if !asked && self.script.partial && self.habits.tells_requests {
            let line = self.writer.system("status", &serde_json::json!({ "status": "requesting" }));
            self.write(&line);
        }
    }

    /// Writes the echo of the turn's last prompt, if it is pending.
    pub(super) fn pay_echo(&mut self) {
        let Some(turn) = self.turn.as_mut() else { return };
        if std::mem::take(&mut turn.owes_echo) {
            if let Some(prompt) = turn.batch.last().cloned() {
                self.echo(&prompt);
            }
        }
    }
}
