//! How a turn of the model goes, from its begin to its result.

use claude_duplex::Outcome;
use serde_json::{Value, json};

use crate::generation::Generation;
use crate::lines::Seen;
use crate::model::{Kind, Model};

#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) own: bool,
    /// Those that began it.
    pub(crate) prompts: Vec<String>,
    pub(crate) folded: Vec<String>,
    /// The kind of its only prompt.
    pub(crate) kind: Kind,
    /// The last of its prompts, until it is echoed.
    pub(crate) echo: Option<String>,
    pub(crate) stage: Stage,
}

#[derive(Debug, Clone)]
pub(crate) enum Stage {
    /// A hook judges its prompts; there was no `init`.
    Hook,
    /// It begins; there was no `init`.
    Init,
    Streaming,
    Tool {
        ask: Option<String>,
        denied: bool,
    },
    /// It was interrupted, or makes way for another; its result is to come.
    Aborting {
        from: From,
        for_now: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    Start { echo: bool },
    Stream,
    Tool,
}

/// What its result says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    pub(crate) name: &'static str,
    pub(crate) subtype: &'static str,
    pub(crate) is_error: bool,
    pub(crate) reason: Option<&'static str>,
    pub(crate) outcome: Outcome,
}

impl End {
    const DONE: Self =
        Self { name: "ok", subtype: "success", is_error: false, reason: Some("completed"), outcome: Outcome::Success };
    /// A local command, or no query.
    const LOCAL: Self = Self { name: "ok(no-tr)", reason: None, ..Self::DONE };
    const BLOCKED: Self = Self { name: "ok(no-tr)", outcome: Outcome::Blocked, ..Self::LOCAL };
    pub(crate) const CRASH: Self = Self {
        name: "ede!(no-tr)",
        subtype: "error_during_execution",
        is_error: true,
        reason: None,
        outcome: Outcome::Error,
    };
}

impl Turn {
    pub(crate) fn is_atomic(&self) -> bool {
        matches!(self.kind, Kind::Local | Kind::Unknown | Kind::NoQuery)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &String> {
        self.prompts.iter().chain(&self.folded)
    }
}

impl Model {
    pub(crate) fn advance_turn(&mut self, choice: u8) -> bool {
        let Some(turn) = &self.turn else { return false };
        match turn.stage.clone() {
            Stage::Tool { ask: Some(_), .. } => return false,
            Stage::Hook => self.judged(choice),
            Stage::Init => self.begin(choice),
            Stage::Streaming => self.stream(choice),
            Stage::Tool { denied, .. } => self.tool(choice, denied),
            Stage::Aborting { from, for_now } => self.aborted(from, for_now),
        }
        true
    }

    fn init(&mut self) {
        self.introduced = true;
        self.inits += 1;
        let begun = self.turn.as_ref().map(|turn| turn.prompts.clone()).unwrap_or_default();
        begun.iter().for_each(|uuid| self.truth(uuid).turn = Some(self.inits));
        let init = json!({ "session_id": "s", "claude_code_version": self.generation.version() });
        let own = self.turn.as_ref().is_some_and(|turn| turn.own);
        self.out.system(if own { "I own" } else { "I" }, Seen::Init { own }, "init", &init);
    }

    fn echo_due(&mut self) {
        if let Some(uuid) = self.turn.as_mut().and_then(|turn| turn.echo.take()) {
            self.echo(&uuid);
        }
    }

    pub(crate) fn echo(&mut self, uuid: &str) {
        if self.replay {
            self.out.echo(uuid);
            self.truth(uuid).evidence = true;
        }
    }

    fn stage(&mut self, stage: Stage) {
        if let Some(turn) = &mut self.turn {
            turn.stage = stage;
        }
    }

    fn informational(&mut self) {
        let what = json!({ "level": "warning", "prevent_continuation": true });
        self.out.system("informational", Seen::Other, "informational", &what);
    }

    /// A hook says what becomes of the turn's prompts.
    fn judged(&mut self, choice: u8) {
        let modern = self.generation.tells_life();
        match choice % 6 {
            0..=3 => self.stage(Stage::Init),
            verdict => {
                self.init();
                if modern {
                    self.informational();
                    if verdict == 5 {
                        self.echo_due();
                    }
                }
                let joined = self.turn.as_ref().is_some_and(|turn| turn.prompts.len() > 1);
                self.reached.insert(if joined { "a blocked batch" } else { "a blocked prompt" });
                self.finish(End::BLOCKED);
            }
        }
    }

    fn begin(&mut self, choice: u8) {
        self.init();
        let Some(turn) = &self.turn else { return };
        let (kind, own) = (turn.kind, turn.own);
        match kind {
            Kind::Local | Kind::Unknown => {
                match (self.generation, kind) {
                    (Generation::V2_1_250 | Generation::V2_1_329, Kind::Local) => {
                        self.out.assistant("A~");
                        self.echo_due();
                    }
                    (Generation::V2_1_250, _) | (Generation::V2_1_143, Kind::Local) => self.out.assistant("A~"),
                    (Generation::V2_1_143, _) | (_, Kind::Unknown) => {}
                    _ => self.out.user("user:stdout"),
                }
                self.finish(End::LOCAL);
            }
            Kind::NoQuery => {
                self.echo_due();
                self.finish(End::LOCAL);
            }
            _ if own && self.generation.names() && choice % 4 == 3 => self.finish(End::LOCAL),
            _ => {
                if self.generation.tells_life() && self.partial {
                    self.echo_due();
                }
                self.stage(Stage::Streaming);
            }
        }
    }

    fn stream(&mut self, choice: u8) {
        match choice % 10 {
            3 | 4 => self.out.line("~", Seen::Other, &json!({ "type": "stream_event", "event": {} })),
            5..=7 => {
                self.echo_due();
                self.out.assistant("tu");
                let asks = choice % 10 == 7;
                let ask = asks.then(|| self.ask());
                self.stage(Stage::Tool { ask, denied: false });
            }
            8 => {
                self.echo_due();
                self.out.assistant("A'API Error'~");
                let reason = if self.generation.tells_life() { "api_error" } else { "completed" };
                let end = End { name: "api_error!", is_error: true, reason: Some(reason), ..End::DONE };
                self.finish(End { outcome: Outcome::Error, ..end });
            }
            9 if self.task_ends() => {}
            _ => {
                self.echo_due();
                self.out.assistant("A");
                self.finish(End::DONE);
            }
        }
    }

    fn ask(&mut self) -> String {
        self.asks += 1;
        let id = format!("ask-{}", self.asks);
        let request = json!({ "subtype": "can_use_tool", "tool_name": "Bash", "input": {} });
        let value = json!({ "type": "control_request", "request_id": id, "request": request });
        self.out.line("ask", Seen::Other, &value);
        id
    }

    fn tool(&mut self, choice: u8, denied: bool) {
        match choice % 10 {
            5 | 6 if !denied => {
                let agent = choice % 10 == 6;
                let count = if agent { &mut self.agents } else { &mut self.tasks };
                *count = count.saturating_add(1);
                let name = if agent { "ts:agent" } else { "ts:shell" };
                self.out.system(name, Seen::Other, "task_started", &json!({ "task_id": "t", "task_type": "x" }));
                self.returned(choice);
            }
            7 => {
                self.out.user("tr");
                if self.generation.folds_into_failure() {
                    self.fold(choice);
                }
                let end = End { name: "max_turns", subtype: "error_max_turns", is_error: true, ..End::DONE };
                self.finish(End { reason: Some("max_turns"), outcome: Outcome::Error, ..end });
            }
            8 if self.task_ends() => {}
            9 => self.out.line("~", Seen::Other, &json!({ "type": "tool_progress" })),
            _ => self.returned(choice),
        }
    }

    fn returned(&mut self, choice: u8) {
        self.out.user("tr");
        self.fold(choice);
        self.stage(Stage::Streaming);
    }

    fn aborted(&mut self, from: From, for_now: bool) {
        match from {
            From::Start { echo } => {
                self.init();
                if echo {
                    self.echo_due();
                }
            }
            From::Stream => {
                self.echo_due();
                if self.generation.is_modern() {
                    self.out.assistant("A'part'");
                }
            }
            From::Tool => self.out.user("tr!"),
        }
        let reason = Some(if from == From::Tool { "aborted_tools" } else { "aborted_streaming" });
        let outcome = Outcome::Interrupted;
        if for_now {
            self.reached.insert("a prompt that is to run now");
            return self.finish(End { name: "ok(aborted)", reason, outcome, ..End::DONE });
        }
        self.out.user("u:INTR");
        self.finish(End { name: "ede", reason, outcome, ..End::CRASH });
    }

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
        if !self.generation.tells_life() && (self.waited || self.notices > 0) {
            self.dequeue(1);
        }
    }

    fn over(&mut self, letter: char, prompts: &[String]) {
        if self.generation.tells_life() {
            let state = if letter == 'x' { "cancelled" } else { "completed" };
            prompts.iter().for_each(|uuid| self.out.life(letter, state, uuid));
        }
    }

    fn result(&mut self, end: End, own: bool, prompts: &[String]) {
        self.results += 1;
        self.reached.insert(match (own, prompts.len()) {
            (true, 0) => "an own turn",
            (true, _) => "an own turn that answers prompts",
            (false, 0 | 1) => "a turn of one prompt",
            (false, _) => "a turn of several prompts",
        });
        let uuid = format!("r-{}", self.results);
        let old = self.generation <= Generation::V2_1_50;
        let is_error = end.is_error && (!old || end.subtype == "success" || end.name == End::CRASH.name);
        let mut value = json!({ "type": "result", "uuid": uuid, "subtype": end.subtype, "is_error": is_error });
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
        let own = own && self.generation.is_modern();
        self.out.line(name, Seen::Result { uuid: uuid.clone(), own }, &value);
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
