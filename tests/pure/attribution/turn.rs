//! How a turn of the model goes, from its begin to its result.

use claude_duplex::Outcome;
use serde_json::json;

use super::ending::End;
use super::generation::Generation;
use super::lines::Seen;
use super::model::{Kind, Model};

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
        incoming: Option<String>,
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
            Stage::Tool { incoming: Some(_), .. } => return false,
            Stage::Hook => self.judged(choice),
            Stage::Init => self.begin(choice),
            Stage::Streaming => self.stream(choice),
            Stage::Tool { denied, .. } => self.tool(choice, denied),
            Stage::Aborting { from, for_now } => self.aborted(from, for_now),
        }
        true
    }

    pub(crate) fn init(&mut self) {
        self.introduced = true;
        self.inits += 1;
        let begun = self.turn.as_ref().map(|turn| turn.prompts.clone()).unwrap_or_default();
        begun.iter().for_each(|uuid| self.truth(uuid).turn = Some(self.inits));
        let init = json!({ "session_id": "s", "claude_code_version": self.generation.version() });
        let own = self.turn.as_ref().is_some_and(|turn| turn.own);
        let agents = self.agents > 0 && self.inits % 2 == 1;
        self.out.system(if own { "I own" } else { "I" }, Seen::Init { own }, "init", &init);
        if agents {
            self.out.subagent();
        }
    }

    pub(crate) fn echo_due(&mut self) {
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

    pub(crate) fn stage(&mut self, stage: Stage) {
        if let Some(turn) = &mut self.turn {
            turn.stage = stage;
        }
    }

    pub(crate) fn informational(&mut self) {
        let what = json!({ "level": "warning", "prevent_continuation": true });
        self.out.system("informational", Seen::Other, "informational", &what);
    }

    /// A hook says what becomes of the turn's prompts.
    pub(crate) fn judged(&mut self, choice: u8) {
        let modern = self.generation.reports_lifecycle();
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

    pub(crate) fn begin(&mut self, choice: u8) {
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
                    (Generation::V2_1_250, _) | (Generation::V2_1_73 | Generation::V2_1_143, Kind::Local) => {
                        self.out.assistant("A~")
                    }
                    (Generation::V2_1_143, _) | (_, Kind::Unknown) => {}
                    _ => self.out.user("user:stdout"),
                }
                self.finish(End::LOCAL);
            }
            Kind::NoQuery => {
                self.echo_due();
                self.finish(End::UNASKED);
            }
            _ if own && self.generation.names() && choice % 4 == 3 => self.finish(End::UNASKED),
            _ => {
                if self.generation.reports_lifecycle() && self.partial {
                    self.echo_due();
                }
                self.stage(Stage::Streaming);
            }
        }
    }

    pub(crate) fn stream(&mut self, choice: u8) {
        match choice % 10 {
            3 | 4 => self.out.line("~", Seen::Other, &json!({ "type": "stream_event", "event": {} })),
            5..=7 => {
                self.echo_due();
                self.out.assistant("tu");
                let needs_permission = choice % 10 == 7;
                let incoming = needs_permission.then(|| self.incoming());
                self.stage(Stage::Tool { incoming, denied: false });
            }
            8 => {
                self.echo_due();
                self.out.assistant("A'API Error'~");
                let reason = if self.generation.reports_lifecycle() { "api_error" } else { "completed" };
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

    pub(crate) fn incoming(&mut self) -> String {
        self.incoming_count += 1;
        let id = format!("ask-{}", self.incoming_count);
        let request = json!({ "subtype": "can_use_tool", "tool_name": "Bash", "input": {} });
        let value = json!({ "type": "control_request", "request_id": id, "request": request });
        self.out.line("ask", Seen::Other, &value);
        id
    }

    pub(crate) fn tool(&mut self, choice: u8, denied: bool) {
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

    pub(crate) fn returned(&mut self, choice: u8) {
        self.out.user("tr");
        self.fold(choice);
        self.stage(Stage::Streaming);
    }

    pub(crate) fn aborted(&mut self, from: From, for_now: bool) {
        match from {
            From::Start { echo } => {
                self.init();
                if echo {
                    self.echo_due();
                }
            }
            // What is due is echoed with the first whole message, and this turn has none.
            From::Stream if for_now && self.generation == Generation::V2_1_73 => {}
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
            let end = End { name: "ok(aborted)", text: "", stop: Some("tool_use"), reason, outcome, ..End::DONE };
            return self.finish(match from {
                From::Tool => end,
                _ if self.generation.reports_only_the_stop() => End { name: "ede", reason, outcome, ..End::CRASH },
                _ => End { stop: None, ..end },
            });
        }
        self.out.user("u:INTR");
        self.finish(End { name: "ede", reason, outcome, ..End::CRASH });
    }
}
