//! How a turn of the model ends: its result, if it has one, and what follows from it.

use claude_duplex::Outcome;
use serde_json::{Value, json};

use super::generation::Generation;
use super::lines::Seen;
use super::model::Model;

/// What its result says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    pub(crate) name: &'static str,
    pub(crate) subtype: &'static str,
    pub(crate) is_error: bool,
    pub(crate) reason: Option<&'static str>,
    /// How the model stopped last.
    pub(crate) stop: Option<&'static str>,
    pub(crate) text: &'static str,
    pub(crate) outcome: Outcome,
}

impl End {
    pub(crate) const DONE: Self = Self {
        name: "ok",
        subtype: "success",
        is_error: false,
        reason: Some("completed"),
        stop: Some("end_turn"),
        text: "done",
        outcome: Outcome::Success,
    };
    /// A local command.
    pub(crate) const LOCAL: Self =
        Self { name: "ok(no-tr)", reason: None, stop: None, outcome: Outcome::Local, ..Self::DONE };
    /// No query.
    pub(crate) const UNASKED: Self = Self { text: "", ..Self::LOCAL };
    pub(crate) const BLOCKED: Self = Self { outcome: Outcome::Blocked, ..Self::UNASKED };
    pub(crate) const CRASH: Self = Self {
        name: "ede!(no-tr)",
        subtype: "error_during_execution",
        is_error: true,
        reason: None,
        stop: None,
        text: "",
        outcome: Outcome::Error,
    };
}
impl Model {
    /// The turn is over: its result, if none is held back, and what follows from it.
    pub(crate) fn finish(&mut self, end: End) {
        let Some(turn) = self.turn.take() else { return };
        let over = if matches!(end.name, "ede" | "ok(aborted)" | "api_error!") { 'x' } else { 'c' };
        self.over(over, &turn.folded);
        let own: Vec<String> = turn.all().cloned().collect();
        if self.generation.holds_back() && self.agents > 0 {
            self.reached.insert("a result held back");
            for uuid in &own {
                let truth = self.truth(uuid);
                (truth.held, truth.inside) = (true, Some(end.outcome));
            }
            self.held.extend(own);
        } else {
            let mut named: Vec<String> = std::mem::take(&mut self.held);
            named.extend(own);
            self.result(end, turn.own, &named);
        }
        self.over(over, &turn.prompts);
        self.waited = !self.queue.is_empty();
        if self.doomed {
            self.turn = None;
            return self.die();
        }
        if !self.generation.reports_lifecycle() && (self.waited || self.notices > 0) {
            self.dequeue(1);
        }
    }

    pub(crate) fn over(&mut self, letter: char, prompts: &[String]) {
        if self.generation.reports_lifecycle() {
            let state = if letter == 'x' { "cancelled" } else { "completed" };
            prompts.iter().for_each(|uuid| self.out.life(letter, state, uuid));
        }
    }

    pub(crate) fn result(&mut self, end: End, own: bool, prompts: &[String]) {
        self.results += 1;
        self.reached.insert(match (own, prompts.len()) {
            (true, 0) => "an own turn",
            (true, _) => "an own turn that answers prompts",
            (false, 0 | 1) => "a turn of one prompt",
            (false, _) => "a turn of several prompts",
        });
        let uuid = format!("r-{}", self.results);
        let old = self.generation <= Generation::V2_1_73;
        let is_error = end.is_error && (!old || end.subtype == "success" || end.name == End::CRASH.name);
        let mut value = json!({ "type": "result", "uuid": uuid, "subtype": end.subtype, "is_error": is_error });
        if end.subtype == "success" {
            value["result"] = json!(end.text);
        }
        value["num_turns"] = json!(if end.reason.is_none() && self.generation.is_modern() { 0 } else { 2 });
        if self.generation >= Generation::V2_1_73 {
            value["stop_reason"] = json!(end.stop);
        }
        if self.generation.is_modern() {
            value["terminal_reason"] = end.reason.map_or(Value::Null, Value::from);
            if end.reason.is_none() {
                drop(value.as_object_mut().map(|value| value.remove("terminal_reason")));
            }
            if own {
                value["origin"] = json!({ "kind": "task-notification" });
            }
        }
        if self.generation.names() && !prompts.is_empty() && end.name != End::CRASH.name {
            let named: Vec<&String> = prompts.iter().take(64).collect();
            value["user_message_uuids"] = json!(named);
            prompts.iter().for_each(|uuid| self.truth(uuid).evidence = true);
        }
        let name = format!("R{}:{}{}", self.results, end.name, if own { " own" } else { "" });
        self.out.line(name, Seen::Result(uuid.clone()), &value);
        for prompt in prompts {
            let truth = self.truth(prompt);
            truth.result = Some(uuid.clone());
            truth.outcome = Some(end.outcome);
            truth.interrupted |= end.outcome == Outcome::Interrupted;
        }
    }

    /// 2.0.76, when a background task has ended: an error without `init`, and the end.
    pub(crate) fn die(&mut self) {
        self.reached.insert("a death of a task");
        self.result(End::CRASH, false, &[]);
        self.dead = true;
    }

    /// 2.1.250, interrupted while a hook judges: the same, in place of the turn.
    pub(crate) fn crash(&mut self) {
        let prompts = self.turn.take().map(|turn| turn.prompts).unwrap_or_default();
        self.reached.insert("a crash in a hook");
        self.result(End::CRASH, false, &prompts);
        self.dead = true;
    }
}
