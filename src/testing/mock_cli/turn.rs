//! A turn, step by step.

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
    /// The prompts that it began with; none where the CLI began it by itself.
    pub(super) batch: Vec<Queued>,
    pub(super) folded: Vec<Queued>,
    pub(super) own: bool,
    /// It is a slash command, which the model never sees.
    pub(super) local: bool,
    pub(super) steps: VecDeque<Step>,
    pub(super) doing: Doing,
    /// The tool calls of the model's last message.
    pub(super) calls: Calls,
    /// The calls that were not permitted.
    pub(super) denials: Vec<Json>,
    /// When it goes on.
    pub(super) at: SessionTime,
    pub(super) since: SessionTime,
    /// How often the model was asked.
    pub(super) requests: u32,
    /// The last text of the model.
    pub(super) said: String,
    /// The last prompt's echo is still to come.
    pub(super) owes_echo: bool,
    /// The model is asked once more for what was folded.
    pub(super) asks_again: bool,
    /// What is asked at the end was asked.
    pub(super) stopping: bool,
    /// A `Stop` hook has sent the model on.
    pub(super) went_on: bool,
    /// Fields that the script gives the result.
    pub(super) result_fields: Vec<(String, Json)>,
    /// The model was asked, and has not begun to answer.
    pub(super) asked: bool,
    /// When it is cut off: an interrupt was acknowledged.
    pub(super) cut_at: Option<SessionTime>,
}

#[derive(Debug, Clone)]
pub(super) enum Doing {
    /// What is asked before the turn is seen.
    Preparing {
        asks: VecDeque<(About, AskStep)>,
        open: bool,
    },
    Choosing,
    Speaking(Speech),
    Calling,
    /// An incoming request of the script's own, or a hook, is open.
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
    /// The turn does the next thing, at the instant at which it is due.
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

    /// A message of the model outside of its stream.
    pub(super) fn say_whole(&mut self, text: &str) {
        self.pay_echo();
        let id = self.writer.message_id();
        let block = Json::from(&serde_json::json!({ "type": "text", "text": text }));
        let line = self.writer.assistant(&id, &block, None, None);
        self.write(&line);
    }

    /// The model's service fails for good.
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

    /// The model is asked, if it was not yet.
    pub(super) fn ask_model(&mut self) {
        let asked = self.turn.as_mut().is_none_or(|turn| std::mem::replace(&mut turn.asked, true));
        if !asked && self.script.partial && self.habits.tells_requests {
            let line = self.writer.system("status", &serde_json::json!({ "status": "requesting" }));
            self.write(&line);
        }
    }

    /// The echo of the turn's last prompt, if it is still to come.
    pub(super) fn pay_echo(&mut self) {
        let Some(turn) = self.turn.as_mut() else { return };
        if std::mem::take(&mut turn.owes_echo) {
            if let Some(prompt) = turn.batch.last().cloned() {
                self.echo(&prompt);
            }
        }
    }
}
