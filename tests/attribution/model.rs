//! A model of the CLI, from what it was seen to do: what it reads, and what it keeps. [`turn`](crate::turn) says how a
//! turn goes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use claude_duplex::Outcome;
use serde_json::{Value, json};

use crate::generation::Generation;
use crate::lines::{Out, Seen, short};
use crate::script::Script;
use crate::turn::{From, Stage, Turn};

/// What became of a prompt inside the CLI.
#[derive(Debug, Clone, Default)]
pub(crate) struct Truth {
    /// The `uuid` of the result that answers it.
    pub(crate) result: Option<String>,
    /// How it ended; none while it runs, and for ever where the CLI died first.
    pub(crate) outcome: Option<Outcome>,
    /// A line named it, no later than its end.
    pub(crate) evidence: bool,
    /// A turn that had it was aborted.
    pub(crate) interrupted: bool,
    /// It ran as a local command, or without a query: nothing that could be interrupted.
    pub(crate) atomic: bool,
    pub(crate) slash: bool,
    /// Its turn is over, and its result is held back.
    pub(crate) held: bool,
    /// An interrupt left it in the queue.
    pub(crate) missed: bool,
    /// `cancel_async_message` came for it.
    pub(crate) withdrawal: bool,
    /// ... while its turn ran.
    pub(crate) late_withdrawal: bool,
    /// An interrupt came after that.
    pub(crate) chased: bool,
    /// Its turn, by the number of its `init`.
    pub(crate) turn: Option<u64>,
    /// How its own turn ended, where its result was held back.
    pub(crate) inside: Option<Outcome>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    /// `/context`
    Local,
    /// A slash command that the CLI does not know.
    Unknown,
    Later,
    Now,
    NoQuery,
}

#[derive(Debug, Clone)]
pub(crate) struct Queued {
    pub(crate) uuid: String,
    pub(crate) kind: Kind,
}

#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) generation: Generation,
    /// `UserPromptSubmit` hooks judge every prompt.
    pub(crate) hooks: bool,
    /// `--include-partial-messages`
    pub(crate) partial: bool,
    /// `--replay-user-messages`
    pub(crate) replay: bool,
    pub(crate) out: Out,
    pub(crate) queue: VecDeque<Queued>,
    /// Background tasks that have ended and will have a turn of their own.
    pub(crate) notices: u8,
    pub(crate) turn: Option<Turn>,
    pub(crate) tasks: u8,
    pub(crate) agents: u8,
    pub(crate) held: Vec<String>,
    pub(crate) doomed: bool,
    pub(crate) dead: bool,
    pub(crate) introduced: bool,
    /// An interrupt came before the first turn (2.1.329 says that the prompt is still queued, and yet aborts it).
    pub(crate) abort_first: bool,
    /// A turn has ended since the queue was empty: what waits is joined.
    pub(crate) waited: bool,
    pub(crate) results: u32,
    pub(crate) inits: u64,
    /// What has happened in it, by name.
    pub(crate) reached: BTreeSet<&'static str>,
    pub(crate) asks: u32,
    pub(crate) truths: BTreeMap<String, Truth>,
}

impl Model {
    pub(crate) fn new(generation: Generation, script: &Script) -> Self {
        Self {
            generation,
            hooks: script.hooks,
            partial: script.partial,
            replay: script.replay,
            out: Out::default(),
            queue: VecDeque::new(),
            notices: 0,
            turn: None,
            tasks: 0,
            agents: 0,
            held: Vec::new(),
            doomed: false,
            dead: false,
            introduced: false,
            abort_first: false,
            waited: false,
            results: 0,
            inits: 0,
            reached: BTreeSet::new(),
            asks: 0,
            truths: BTreeMap::new(),
        }
    }

    pub(crate) fn truth(&mut self, uuid: &str) -> &mut Truth {
        self.truths.entry(uuid.to_owned()).or_default()
    }

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
    fn kind(&self, line: &Value) -> Kind {
        match (line["message"]["content"].as_str(), line["priority"].as_str()) {
            (Some("/context"), _) => Kind::Local,
            (Some(text), _) if text.starts_with('/') => Kind::Unknown,
            (_, Some("later")) if self.generation.is_modern() => Kind::Later,
            (_, Some("now")) if self.generation.is_modern() => Kind::Now,
            _ if line["shouldQuery"] == false && self.generation.is_modern() => Kind::NoQuery,
            _ => Kind::Plain,
        }
    }

    fn arrive(&mut self, uuid: &str, kind: Kind) {
        if self.dead {
            return;
        }
        self.truth(uuid).slash = matches!(kind, Kind::Local | Kind::Unknown);
        if self.generation.tells_life() {
            self.out.life('q', "queued", uuid);
        }
        if self.turn.as_ref().is_some_and(|turn| turn.own && matches!(turn.stage, Stage::Init)) {
            self.reached.insert("a prompt as an own turn begins");
        }
        if kind == Kind::Now {
            self.abort(true);
        }
        self.queue.push_back(Queued { uuid: uuid.into(), kind });
        if !self.generation.tells_life() && self.turn.is_none() {
            self.dequeue(1);
        }
    }

    fn interrupt(&mut self, id: &str, cancel_queued: bool) {
        if self.dead {
            return;
        }
        let mut receipt = json!({});
        self.truths.values_mut().for_each(|truth| truth.chased |= truth.late_withdrawal);
        let mut shown = String::new();
        self.withdraw_ask();
        if self.generation.tells_life() {
            for _ in 0..std::mem::take(&mut self.agents) {
                self.out.system("tn:stopped", Seen::TaskEnded, "task_notification", &json!({ "status": "stopped" }));
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
        let payload = self.generation.tells_life().then_some(&receipt);
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

    /// An open permission ask is withdrawn.
    fn withdraw_ask(&mut self) {
        if let Some(Stage::Tool { ask: Some(ask), .. }) = self.turn.as_ref().map(|turn| &turn.stage) {
            let value = json!({ "type": "control_cancel_request", "request_id": ask });
            self.out.line("withdraw", Seen::Other, &value);
        }
    }

    /// Stops the running turn, by an interrupt or for a prompt that is to run now.
    fn abort(&mut self, for_now: bool) {
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
            self.withdraw_ask();
        }
        let Some(turn) = &mut self.turn else { return };
        turn.stage = Stage::Aborting { from, for_now };
        let stopped: Vec<String> = turn.all().cloned().collect();
        stopped.iter().for_each(|uuid| self.truth(uuid).interrupted = true);
    }

    fn withdraw(&mut self, id: &str, uuid: &str) {
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

    fn cancelled(&mut self, uuid: &str) {
        if self.generation.tells_life() {
            self.out.life('x', "cancelled", uuid);
        }
        let truth = self.truth(uuid);
        truth.outcome = Some(Outcome::Cancelled);
        truth.evidence = true;
    }

    /// A permission was answered; a late answer is ignored.
    fn answered(&mut self, allow: bool, interrupt: bool) {
        let Some(Turn { stage: Stage::Tool { ask, denied }, .. }) = &mut self.turn else { return };
        if ask.take().is_some() {
            *denied = !allow;
            if interrupt {
                self.reached.insert("a deny with interrupt");
                self.abort(false);
            }
        }
    }

    /// One step of what goes on inside. Whether there was anything to do.
    pub(crate) fn advance(&mut self, choice: u8) -> bool {
        if self.dead {
            return false;
        }
        if self.agents > 0 && choice / 8 % 8 == 7 {
            self.out.subagent();
        }
        if self.turn.is_some() {
            return self.advance_turn(choice);
        }
        if !self.queue.is_empty() || self.notices > 0 {
            self.dequeue(choice);
            return true;
        }
        let ended = self.generation > Generation::V1_0_128 && self.task_ends();
        if ended && !self.generation.tells_life() && self.notices > 0 {
            self.dequeue(0);
        }
        ended
    }

    /// A background task or agent ends, if there is one.
    pub(crate) fn task_ends(&mut self) -> bool {
        let left = if self.agents > 0 { &mut self.agents } else { &mut self.tasks };
        if *left == 0 {
            return false;
        }
        *left -= 1;
        if self.generation.dies_of_tasks() {
            self.doomed = true;
        }
        if self.generation.has_own_turns() {
            self.notices += 1;
        }
        if self.generation.tells_life() {
            self.notice();
        }
        true
    }

    pub(crate) fn notice(&mut self) {
        self.out.system("tn", Seen::TaskEnded, "task_notification", &json!({ "status": "completed", "task_id": "t" }));
    }
}
