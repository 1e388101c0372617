//! The ledger once more, slow and obvious: who gets which result, by the rules at the top of `src/protocol/ledger.rs`.
//!
//! It knows nothing of outcomes, actions and limits, and keeps every prompt of which it ever heard.

use serde_json::Value;

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    prompts: Vec<Prompt>,
    turns: Vec<Turn>,
    /// Requests that were written: id on the wire, and the prompt that it withdraws, if it does that.
    requests: Vec<(String, Option<String>)>,
    clock: u64,
    last_result: u64,
    task_ended: bool,
    only_prompts: bool,
    tells_origin: bool,
    joins: bool,
    echoes: bool,
    tells_life: bool,
}

#[derive(Debug)]
struct Prompt {
    uuid: String,
    slash: bool,
    stage: Stage,
    echoed: bool,
    completed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Stage {
    Held,
    Written(u64),
    /// Named, with no turn running.
    Due,
    /// By the turn that began then.
    Taken(u64),
    Over,
}

#[derive(Debug)]
struct Turn {
    begun: u64,
    own: bool,
    batch: bool,
    spoke: bool,
}

/// The prompts that are over by a line, each with the `uuid` of its result, if it has one.
pub(crate) type Over = Vec<(String, Option<String>)>;

impl Ledger {
    pub(crate) fn accepted(&mut self, uuid: String, slash: bool) {
        self.prompts.push(Prompt { uuid, slash, stage: Stage::Held, echoed: false, completed: false });
    }

    /// A prompt is over for another reason than a line.
    pub(crate) fn over(&mut self, uuid: &str) {
        self.prompts.iter_mut().filter(|prompt| prompt.uuid == uuid).for_each(|prompt| prompt.stage = Stage::Over);
    }

    /// A line that the session has written.
    pub(crate) fn wrote(&mut self, line: &Value) {
        match line["type"].as_str() {
            Some("user") => {
                self.clock += 1;
                let now = self.clock;
                let prompt = self.open(text(line, "uuid")).expect("it was accepted");
                prompt.stage = Stage::Written(now);
            }
            Some("control_request") => {
                let withdrawn = line["request"]["message_uuid"].as_str().map(str::to_owned);
                if withdrawn.is_some() || line["request"]["subtype"] == "interrupt" {
                    self.requests.push((text(line, "request_id").to_owned(), withdrawn));
                }
            }
            _ => {}
        }
    }

    /// A line of the CLI. Says which prompts are over by it.
    pub(crate) fn read(&mut self, line: &Value) -> Over {
        let main = line["parent_tool_use_id"].is_null();
        match (text(line, "type"), text(line, "subtype")) {
            ("system", "init") => self.init(line),
            ("system", "task_notification") => self.task_ended = true,
            ("system", "informational") if line["prevent_continuation"] == true => return self.prevented(),
            ("user", _) if main => self.echo(text(line, "uuid")),
            ("assistant", _) if main => self.spoke(),
            ("command_lifecycle", _) => return self.lifecycle(text(line, "command_uuid"), text(line, "state")),
            ("control_response", _) => return self.response(&line["response"]),
            ("result", _) => return self.result(line),
            _ => {}
        }
        Over::new()
    }

    fn open(&mut self, uuid: &str) -> Option<&mut Prompt> {
        self.prompts.iter_mut().find(|prompt| prompt.uuid == uuid && prompt.stage != Stage::Over)
    }

    fn begin(&mut self, own: bool, batch: bool) {
        self.clock += 1;
        self.turns.push(Turn { begun: self.clock, own, batch, spoke: false });
        let due = self.prompts.iter_mut().filter(|prompt| prompt.stage == Stage::Due);
        due.for_each(|prompt| prompt.stage = Stage::Taken(self.clock));
    }

    /// The running turn, or the next one, has the prompt. Whether there is such a prompt.
    fn take(&mut self, uuid: &str) -> bool {
        let running = self.turns.last().map(|turn| turn.begun);
        let Some(prompt) = self.open(uuid).filter(|prompt| prompt.stage != Stage::Held) else { return false };
        if !matches!(prompt.stage, Stage::Taken(_)) {
            prompt.stage = running.map_or(Stage::Due, Stage::Taken);
        }
        true
    }

    fn spoke(&mut self) {
        self.task_ended = false;
        self.turns.last_mut().into_iter().for_each(|turn| turn.spoke = true);
    }

    fn init(&mut self, line: &Value) {
        let version = text(line, "claude_code_version").split('.').map(|part| part.parse().ok());
        if let Some(version) = version.collect::<Option<Vec<u32>>>().filter(|version| version.len() == 3) {
            self.only_prompts |= version < vec![2, 1, 41];
            self.joins |= version >= vec![2, 1, 85];
            self.tells_origin |= version >= vec![2, 1, 124];
        }
        let due = || self.prompts.iter().filter(|prompt| prompt.stage == Stage::Due);
        let own = self.task_ended && !self.only_prompts && due().count() == 0;
        let batch = due().any(|prompt| prompt.echoed);
        self.task_ended = false;
        if self.turns.len() < 64 {
            self.begin(own, batch);
        }
    }

    fn echo(&mut self, uuid: &str) {
        if self.take(uuid) {
            self.spoke();
            self.echoes = true;
            self.open(uuid).expect("it was taken").echoed = true;
        }
    }

    fn lifecycle(&mut self, uuid: &str, state: &str) -> Over {
        let running = !self.turns.is_empty();
        let Some(prompt) = self.open(uuid) else { return Over::new() };
        let (held, taken) = (prompt.stage == Stage::Held, matches!(prompt.stage, Stage::Taken(_)));
        prompt.completed |= state == "completed" && running;
        self.tells_life |= matches!(state, "queued" | "started" | "completed" | "cancelled" | "new");
        match state {
            "started" => drop(self.take(uuid)),
            "completed" if running => drop(self.take(uuid)),
            "completed" | "cancelled" if !held && !taken => return self.end(|prompt| prompt.uuid == uuid, None),
            "completed" if !held => return self.end(|prompt| prompt.uuid == uuid, None),
            _ => {}
        }
        Over::new()
    }

    /// Only one: a prompt that was to be folded into the turn.
    fn prevented(&mut self) -> Over {
        let unfolded = |prompt: &&Prompt| matches!(prompt.stage, Stage::Taken(_)) && prompt.completed && !prompt.echoed;
        let Some(uuid) = self.prompts.iter().find(unfolded).map(|prompt| prompt.uuid.clone()) else {
            return Over::new();
        };
        self.end(|prompt| prompt.uuid == uuid, None)
    }

    fn response(&mut self, response: &Value) -> Over {
        let id = text(response, "request_id");
        let Some(at) = self.requests.iter().position(|(request, _)| request == id) else { return Over::new() };
        let (_, withdrawn) = self.requests.remove(at);
        if response["subtype"] != "success" {
            return Over::new();
        }
        let cancelled = match (withdrawn, &response["response"]["cancelled"]) {
            (Some(uuid), Value::Bool(true)) => vec![uuid],
            (None, Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        self.end(|prompt| matches!(prompt.stage, Stage::Written(_)) && cancelled.contains(&prompt.uuid), None)
    }

    fn result(&mut self, line: &Value) -> Over {
        let had_init = !self.turns.is_empty();
        if !had_init {
            self.begin(false, false);
        }
        let own = line["origin"]["kind"].as_str().is_some_and(|kind| kind != "human");
        self.tells_origin |= own;
        if let Some(turn) = self.turns.last_mut().filter(|_| self.tells_origin) {
            turn.own = own;
        }
        let named: Option<Vec<&str>> =
            line["user_message_uuids"].as_array().map(|list| list.iter().filter_map(Value::as_str).collect());
        match &named {
            Some(named) => named.iter().for_each(|uuid| {
                self.take(uuid);
            }),
            None if had_init && !self.tells_life => self.guess(),
            None => {}
        }
        // A list of 64 may be cut.
        let only = named.filter(|named| named.len() < 64);
        let over = self.end(
            |prompt| {
                matches!(prompt.stage, Stage::Due | Stage::Taken(_))
                    && only.as_ref().is_none_or(|only| only.contains(&prompt.uuid.as_str()))
            },
            Some(text(line, "uuid")),
        );
        let left = self.prompts.iter_mut().filter(|prompt| matches!(prompt.stage, Stage::Due | Stage::Taken(_)));
        left.for_each(|prompt| prompt.stage = Stage::Written(u64::MAX));
        self.turns.clear();
        self.task_ended = false;
        self.clock += 1;
        self.last_result = self.clock;
        over
    }

    /// What is left where nothing names a prompt.
    fn guess(&mut self) {
        for turn in &self.turns {
            let took = self.prompts.iter().any(|prompt| prompt.stage == Stage::Taken(turn.begun));
            let blocked_batch = turn.batch && !turn.spoke;
            if !blocked_batch && (took || turn.own) {
                continue;
            }
            let before = |prompt: &&mut Prompt, end| matches!(prompt.stage, Stage::Written(at) if at < end);
            let mut waiting = self.prompts.iter_mut().filter(|prompt| before(prompt, turn.begun));
            let Some(first) = waiting.next() else { continue };
            let joins = self.joins && !self.echoes && turn.spoke && !first.slash && before(&first, self.last_result);
            first.stage = Stage::Taken(turn.begun);
            for next in waiting.take_while(|next| joins && before(next, self.last_result)) {
                next.stage = Stage::Taken(turn.begun);
            }
        }
    }

    fn end(&mut self, which: impl Fn(&Prompt) -> bool, result: Option<&str>) -> Over {
        let over = self.prompts.iter_mut().filter(|prompt| prompt.stage != Stage::Over && which(prompt));
        over.map(|prompt| {
            prompt.stage = Stage::Over;
            (prompt.uuid.clone(), result.map(str::to_owned))
        })
        .collect()
    }
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}
