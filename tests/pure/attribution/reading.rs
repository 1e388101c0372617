//! What the model makes of a line that it reads.

use claude_duplex::Outcome;
use serde_json::{Value, json};

use super::generation::Generation;
use super::lines::{Seen, short};
use super::model::{Kind, Model, Queued, Truth};
use super::turn::{From, Stage, Turn};

impl Model {
    /// A line of the host, and its short name.
    pub(crate) fn read(&mut self, line: &Value) -> String {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let request = &line["request"];
        let id = text(&line["request_id"]);
        match (line["type"].as_str(), request["subtype"].as_str()) {
            (Some("user"), _) => {
                let uuid = text(&line["uuid"]);
                let kind = self.kind(line);
                self.arrive(&uuid, kind);
                format!("P{} {kind:?}", short(&uuid))
            }
            (_, Some("interrupt")) => {
                let all = request["cancel_queued"] == true;
                self.interrupt(&id, all);
                format!("INT{}", if all { "+cq" } else { "" })
            }
            (_, Some("cancel_async_message")) => {
                let uuid = text(&request["message_uuid"]);
                self.withdraw(&id, &uuid);
                format!("CAN{}", short(&uuid))
            }
            (Some("control_response"), _) => {
                let answer = &line["response"]["response"];
                self.answered(answer["behavior"] == "allow", answer["interrupt"] == true);
                format!("answer {}", if answer["interrupt"] == true { "deny+int" } else { "plain" })
            }
            _ => "?".into(),
        }
    }

    /// What a prompt is to this generation.
    pub(crate) fn kind(&self, line: &Value) -> Kind {
        match (line["message"]["content"].as_str(), line["priority"].as_str()) {
            (Some("/context"), _) => Kind::Local,
            (Some(text), _) if text.starts_with('/') => Kind::Unknown,
            (_, Some("later")) if self.generation.ranks() => Kind::Later,
            (_, Some("now")) if self.generation.ranks() => Kind::Now,
            _ if line["shouldQuery"] == false && self.generation.is_modern() => Kind::NoQuery,
            _ => Kind::Plain,
        }
    }

    pub(crate) fn arrive(&mut self, uuid: &str, kind: Kind) {
        if self.dead {
            return;
        }
        if self.generation.reports_lifecycle() {
            self.out.life('q', "queued", uuid);
        }
        if self.turn.as_ref().is_some_and(|turn| turn.own && matches!(turn.stage, Stage::Init)) {
            self.reached.insert("a prompt as an own turn begins");
        }
        if kind == Kind::Now {
            self.abort(true);
        }
        self.queue.push_back(Queued { uuid: uuid.into(), kind });
        if !self.generation.reports_lifecycle() && self.turn.is_none() {
            self.dequeue(1);
        }
    }

    pub(crate) fn interrupt(&mut self, id: &str, cancel_queued: bool) {
        if self.dead {
            return;
        }
        let mut receipt = json!({});
        let late = |truth: &&mut Truth| truth.late_withdrawal;
        for truth in self.truths.values_mut().filter(late) {
            truth.chased = true;
            if truth.missed && truth.outcome.is_none() {
                self.reached.insert("an interrupt that had missed, again");
            }
        }
        let mut shown = String::new();
        self.withdraw_incoming();
        if self.generation.reports_lifecycle() {
            for _ in 0..std::mem::take(&mut self.agents) {
                self.out.system("tn:stopped", Seen::Other, "task_notification", &json!({ "status": "stopped" }));
            }
            if cancel_queued {
                let cancelled: Vec<String> = self.queue.drain(..).map(|queued| queued.uuid).collect();
                cancelled.iter().for_each(|uuid| self.cancelled(uuid));
                receipt["cancelled"] = json!(cancelled);
            }
            let left: Vec<String> = self.queue.iter().map(|queued| queued.uuid.clone()).collect();
            left.iter().for_each(|uuid| self.truth(uuid).missed = true);
            shown = format!("{:?}", left.iter().map(|uuid| short(uuid)).collect::<Vec<_>>());
            receipt["still_queued"] = json!(left);
        }
        let payload = self.generation.reports_lifecycle().then_some(&receipt);
        self.out.response(format!("<INT:ok{shown}"), id, payload);
        self.reached.insert(match &self.turn {
            None if !self.introduced => "an interrupt before the first turn",
            None => "an interrupt at idle",
            Some(turn) if turn.own => "an interrupt of an own turn",
            Some(turn) if !turn.folded.is_empty() => "an interrupt after a fold",
            Some(turn) => match turn.stage {
                Stage::Hook => "an interrupt in a hook",
                Stage::Init => "an interrupt before init",
                Stage::Streaming => "an interrupt of a stream",
                Stage::Tool { .. } => "an interrupt of a tool",
                Stage::Aborting { .. } => "a second interrupt",
            },
        });
        self.abort_first |= self.generation.names() && !self.introduced && !self.queue.is_empty();
        self.abort(false);
    }

    /// An open permission request is withdrawn.
    pub(crate) fn withdraw_incoming(&mut self) {
        if let Some(Stage::Tool { incoming: Some(incoming), .. }) = self.turn.as_ref().map(|turn| &turn.stage) {
            let value = json!({ "type": "control_cancel_request", "request_id": incoming });
            self.out.line("withdraw", Seen::Other, &value);
        }
    }

    /// Stops the running turn, by an interrupt or for a prompt that is to run now.
    pub(crate) fn abort(&mut self, for_now: bool) {
        let Some(turn) = &mut self.turn else { return };
        let from = match &turn.stage {
            Stage::Aborting { .. } => return,
            Stage::Hook | Stage::Init if for_now || turn.is_atomic() => return,
            Stage::Hook if self.generation == Generation::V2_1_250 => return self.crash(),
            Stage::Hook => From::Start { echo: !self.generation.names() },
            Stage::Init => From::Start { echo: true },
            Stage::Streaming => From::Stream,
            Stage::Tool { .. } => From::Tool,
        };
        if for_now {
            self.withdraw_incoming();
        }
        let Some(turn) = &mut self.turn else { return };
        turn.stage = Stage::Aborting { from, for_now };
        let stopped: Vec<String> = turn.all().cloned().collect();
        stopped.iter().for_each(|uuid| self.truth(uuid).interrupted = true);
    }

    pub(crate) fn withdraw(&mut self, id: &str, uuid: &str) {
        if self.dead || self.generation < Generation::V2_1_50 {
            return;
        }
        let running = self.turn.as_ref().is_some_and(|turn| turn.all().any(|taken| taken == uuid));
        let truth = self.truth(uuid);
        truth.withdrawal = true;
        truth.late_withdrawal |= running;
        if self.generation == Generation::V2_1_50 {
            let response =
                json!({ "subtype": "error", "request_id": id, "error": "Unsupported control request subtype" });
            return self.out.line(
                "<CAN:error",
                Seen::Other,
                &json!({ "type": "control_response", "response": response }),
            );
        }
        let at = self.queue.iter().position(|queued| queued.uuid == uuid);
        if let Some(at) = at {
            self.queue.remove(at);
            self.cancelled(uuid);
        }
        self.out.response(format!("<CAN:{}", at.is_some()), id, Some(&json!({ "cancelled": at.is_some() })));
    }

    pub(crate) fn cancelled(&mut self, uuid: &str) {
        if self.generation.reports_lifecycle() {
            self.out.life('x', "cancelled", uuid);
        }
        let truth = self.truth(uuid);
        truth.outcome = Some(Outcome::Cancelled);
        truth.evidence = true;
    }

    /// A permission was answered; a late answer is ignored.
    pub(crate) fn answered(&mut self, allow: bool, interrupt: bool) {
        let Some(Turn { stage: Stage::Tool { incoming, denied }, .. }) = &mut self.turn else { return };
        if incoming.take().is_some() {
            *denied = !allow;
            if interrupt {
                self.reached.insert("a deny with interrupt");
                self.abort(false);
            }
        }
    }
}
