//! What the CLI's lines say of prompts, read one by one: which are over by a line, and with which result.
//!
//! It knows what each line means, and no more: not in which order a CLI runs what it has, nor what a version leaves unsaid.
//! Where no line names a prompt it only knows what a guess may be at all.

use serde_json::Value;

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    prompts: Vec<Prompt>,
    /// Requests that were written: id on the wire, and the prompt that it withdraws, if it does that.
    requests: Vec<Request>,
    /// Turns that have begun, and not ended.
    turns: Vec<u64>,
    last_turn: u64,
    /// Counts what is written, and each `running`.
    order: usize,
    last_running: usize,
    /// A turn was ended without its result, and nothing has begun since.
    late: bool,
    /// A version in which results are held back, and one in which the end of each prompt is reported.
    holds: bool,
    reports: bool,
    /// The CLI says how far it is with each prompt.
    tells_life: bool,
    results: Vec<String>,
}

#[derive(Debug)]
struct Prompt {
    uuid: String,
    with: With,
    echoed: bool,
    announced: bool,
    completed: bool,
    /// The turn that took it last.
    turn: u64,
    written: usize,
    /// The CLI says, or may mean, that its turn is over.
    over: Option<Over>,
    /// It has ended for the host, and not for the CLI.
    given_up: bool,
}

/// How a line says that a turn is over.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Over {
    Certainly,
    /// By the receipt of an interrupt, if no tool runs.
    Perhaps,
}

#[derive(Debug)]
struct Request {
    id: String,
    withdraws: Option<String>,
    written: usize,
}

/// Who has a prompt, by the last line that says so.
#[derive(Debug, Clone, Copy, PartialEq)]
enum With {
    Host,
    /// The CLI, and no line has named it since it was written.
    Queue,
    /// The CLI has taken it up, and no turn has begun since.
    Due,
    Turn,
    /// Its turn is over, and the result names others.
    Forgotten,
    Nobody,
}

/// What a line says.
#[derive(Debug, Default, Clone)]
pub(crate) struct Effect {
    /// The prompts that are over by it, each with the `uuid` of its result, if it has one.
    pub(crate) over: Vec<(String, Option<String>)>,
    /// The prompts that may be over by it all the same, if it is said that this is a guess, and by which results.
    pub(crate) guesses: Vec<String>,
    pub(crate) by: Vec<String>,
    /// The prompts that the CLI may have read and not run.
    pub(crate) skipped: Vec<String>,
}

impl Ledger {
    pub(crate) fn accepted(&mut self, uuid: String) {
        let (with, over) = (With::Host, None);
        let (echoed, announced, completed, given_up) = (false, false, false, false);
        self.prompts.push(Prompt { uuid, with, echoed, announced, completed, turn: 0, written: 0, over, given_up });
    }

    /// A prompt was not stopped in time.
    pub(crate) fn give_up(&mut self, uuid: &str) {
        self.prompts.iter_mut().filter(|prompt| prompt.uuid == uuid).for_each(|prompt| prompt.given_up = true);
    }

    pub(crate) fn is_given_up(&self, uuid: &str) -> bool {
        self.prompts.iter().any(|prompt| prompt.uuid == uuid && prompt.given_up)
    }

    /// Whether a prompt's turn is over, and no result of it came.
    pub(crate) fn is_over(&self, uuid: &str) -> bool {
        let is_over = |prompt: &Prompt| prompt.over.is_some() || prompt.completed && prompt.with == With::Forgotten;
        let mut named = self.prompts.iter().filter(|prompt| prompt.uuid == uuid);
        named.any(is_over)
    }

    /// The open prompts whose turns are certainly over.
    pub(crate) fn missing(&self) -> impl Iterator<Item = &str> {
        let open = self.prompts.iter().filter(|prompt| prompt.with != With::Nobody);
        open.filter(|prompt| prompt.over == Some(Over::Certainly) && !prompt.given_up).map(|prompt| &*prompt.uuid)
    }

    /// A turn was ended without a result.
    pub(crate) fn turn_ended(&mut self, turn: u64) {
        if self.turns.contains(&turn) {
            self.turns.retain(|open| *open != turn);
            self.late = true;
        }
    }

    /// A prompt is over for another reason than a line.
    pub(crate) fn over(&mut self, uuid: &str) {
        self.prompts.iter_mut().filter(|prompt| prompt.uuid == uuid).for_each(|prompt| prompt.with = With::Nobody);
    }

    /// A line that the session has written.
    pub(crate) fn wrote(&mut self, line: &Value) {
        match line["type"].as_str() {
            Some("user") => {
                self.order += 1;
                let written = self.order;
                let prompt = self.open(text(line, "uuid")).expect("it was accepted");
                (prompt.with, prompt.written) = (With::Queue, written);
            }
            Some("control_request") => {
                let withdrawn = line["request"]["message_uuid"].as_str().map(str::to_owned);
                if withdrawn.is_some() || line["request"]["subtype"] == "interrupt" {
                    self.order += 1;
                    let id = text(line, "request_id").to_owned();
                    self.requests.push(Request { id, withdraws: withdrawn, written: self.order });
                }
            }
            _ => {}
        }
    }

    /// A line of the CLI.
    pub(crate) fn read(&mut self, line: &Value) -> Effect {
        let kind = text(line, "type");
        if kind != "control_response" && !line["parent_tool_use_id"].is_null() {
            // What a subagent's line says is not said of what the host has prompted.
            return Effect::default();
        }
        match (kind, text(line, "subtype")) {
            ("system", "init") => {
                let version =
                    text(line, "claude_code_version").split('.').map(str::parse).collect::<Result<Vec<u32>, _>>();
                let version = version.unwrap_or_default();
                self.reports |= version >= vec![2, 1, 206];
                self.holds |= (vec![2, 1, 45]..vec![2, 1, 179]).contains(&version);
                self.goes_on();
                if self.turns.len() < 64 {
                    self.begin();
                }
            }
            ("system", "session_state_changed") => self.state(text(line, "state")),
            ("system", "informational") if line["prevent_continuation"] == true => return self.prevented(),
            ("user", _) => return self.echo(text(line, "uuid")),
            ("command_lifecycle", _) if line["state"].is_string() => {
                return self.lifecycle(text(line, "command_uuid"), text(line, "state"));
            }
            ("control_response", _) => return self.response(&line["response"]),
            ("result", _) => return self.result(line),
            _ => {}
        }
        Effect::default()
    }

    fn begin(&mut self) {
        self.last_turn += 1;
        let turn = self.last_turn;
        self.turns.push(turn);
        self.due().for_each(|prompt| (prompt.with, prompt.turn) = (With::Turn, turn));
    }

    /// Something begins: what was completed before is not of it.
    fn goes_on(&mut self) {
        self.late = false;
        let taken = |prompt: &&Prompt| prompt.with == With::Turn;
        let prompts = &self.prompts;
        self.turns.retain(|turn| {
            let mut of = prompts.iter().filter(taken).filter(|prompt| prompt.turn == *turn);
            of.clone().next().is_none() || !of.all(|prompt| prompt.completed)
        });
        for prompt in self.prompts.iter_mut().filter(|prompt| prompt.completed) {
            if matches!(prompt.with, With::Due | With::Turn) {
                prompt.with = With::Forgotten;
            }
        }
        self.prompts.iter_mut().for_each(|prompt| prompt.over = None);
    }

    fn state(&mut self, state: &str) {
        if state == "running" {
            self.order += 1;
            self.last_running = self.order;
            self.goes_on();
        } else if state == "idle" && (self.reports || self.tells_life) && !self.holds {
            let last_running = self.last_running;
            let written = self.prompts.iter_mut().filter(|prompt| prompt.with != With::Host);
            written
                .filter(|prompt| prompt.written < last_running)
                .for_each(|prompt| prompt.over = Some(Over::Certainly));
        }
    }

    fn open(&mut self, uuid: &str) -> Option<&mut Prompt> {
        self.prompts.iter_mut().find(|prompt| prompt.uuid == uuid && prompt.with != With::Nobody)
    }

    fn due(&mut self) -> impl Iterator<Item = &mut Prompt> {
        self.prompts.iter_mut().filter(|prompt| prompt.with == With::Due)
    }

    /// The running turn, or the next one, has the prompt.
    fn take(&mut self, uuid: &str) -> Option<&mut Prompt> {
        let running = self.turns.last().copied();
        self.late &= self.open(uuid).is_none_or(|prompt| prompt.with == With::Host);
        let prompt = self.open(uuid).filter(|prompt| prompt.with != With::Host)?;
        match running {
            _ if prompt.with == With::Turn => {}
            Some(turn) => (prompt.with, prompt.turn) = (With::Turn, turn),
            None => prompt.with = With::Due,
        }
        Some(prompt)
    }

    fn echo(&mut self, uuid: &str) -> Effect {
        let skipped = self
            .unnamed()
            .into_iter()
            .filter(|unnamed| unnamed == uuid && self.turns.is_empty() && !self.tells_life)
            .collect();
        if let Some(prompt) = self.take(uuid) {
            prompt.echoed = true;
            if !prompt.given_up {
                return Effect { skipped, ..Effect::default() };
            }
        }
        // A prompt that has ended runs after all: its result was another's.
        Effect { by: self.results.clone(), guesses: self.unnamed(), ..Effect::default() }
    }

    fn lifecycle(&mut self, uuid: &str, state: &str) -> Effect {
        if state == "started" {
            self.goes_on();
        }
        self.tells_life |= is_uuid(uuid);
        let running = !self.turns.is_empty();
        let Some(prompt) = self.open(uuid) else { return Effect::default() };
        let (held, taken) = (prompt.with == With::Host, prompt.with == With::Turn);
        let forgotten = prompt.with == With::Forgotten;
        prompt.announced |= matches!(state, "queued" | "started");
        let announced = prompt.announced;
        match state {
            "started" => drop(self.take(uuid)),
            "completed" if !held => {
                let prompt = self.open(uuid).expect("it is open");
                (prompt.completed, prompt.over) = (true, Some(Over::Certainly));
                if running || !forgotten {
                    self.take(uuid);
                }
                return Effect { skipped: Vec::from_iter((!announced).then(|| uuid.to_owned())), ..Effect::default() };
            }
            "cancelled" if taken => {
                let prompt = self.open(uuid).expect("it is open");
                (prompt.completed, prompt.over) = (true, Some(Over::Certainly));
            }
            "discarded" | "refused" if !held => return self.end(|prompt| prompt.uuid == uuid, None),
            "cancelled" if !held && !taken => return self.end(|prompt| prompt.uuid == uuid, None),
            _ => {}
        }
        Effect::default()
    }

    /// Only one: a prompt that was to be folded into the turn.
    fn prevented(&mut self) -> Effect {
        let unfolded = |prompt: &&Prompt| prompt.with == With::Turn && prompt.completed && !prompt.echoed;
        let unfolded = self.prompts.iter().find(unfolded).map(|prompt| prompt.uuid.clone());
        unfolded.map_or_else(Effect::default, |uuid| self.end(|prompt| prompt.uuid == uuid, None))
    }

    fn response(&mut self, response: &Value) -> Effect {
        let id = text(response, "request_id");
        let Some(at) = self.requests.iter().position(|request| request.id == id) else { return Effect::default() };
        let request = self.requests.remove(at);
        if response["subtype"] != "success" {
            return Effect::default();
        }
        let queued = response["response"]["still_queued"].as_array().filter(|_| request.withdraws.is_none());
        if let Some(queued) = queued.filter(|_| !self.holds && (self.reports || self.tells_life)) {
            let written = |prompt: &&mut Prompt| prompt.with != With::Host && prompt.written < request.written;
            for prompt in self.prompts.iter_mut().filter(written) {
                if prompt.over != Some(Over::Certainly) {
                    let is_queued = queued.iter().any(|uuid| uuid.as_str() == Some(&prompt.uuid));
                    prompt.over = Some(Over::Perhaps).filter(|_| !is_queued);
                }
            }
        }
        let cancelled = match (request.withdraws, &response["response"]["cancelled"]) {
            (Some(uuid), Value::Bool(true)) => vec![uuid],
            (None, Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        let waits = |with| matches!(with, With::Queue | With::Forgotten);
        self.end(|prompt| waits(prompt.with) && cancelled.contains(&prompt.uuid), None)
    }

    fn result(&mut self, line: &Value) -> Effect {
        let uuid = text(line, "uuid").to_owned();
        let list = |value: &Value| -> Option<Vec<String>> {
            Some(value.as_array()?.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        };
        let named = list(&line["user_message_uuids"]);
        let first = line["user_message_uuid"].as_str().map(str::to_owned);
        let names = named.iter().flatten().chain(&first).any(|uuid| {
            self.prompts.iter().any(|prompt| prompt.uuid == *uuid && !matches!(prompt.with, With::Host | With::Nobody))
        });
        if std::mem::take(&mut self.late) && self.turns.is_empty() && !names {
            // It is the result of a turn that was ended without one.
            return Effect::default();
        }
        let had_init = !self.turns.is_empty();
        if !had_init {
            self.begin();
        }
        for uuid in named.iter().flatten().chain(first.iter().filter(|_| named.is_none())) {
            self.take(uuid);
        }
        let is_unsaid = named.is_none() && first.is_none_or(|first| !is_uuid(&first));
        let may_be_guessed = is_unsaid && (had_init || line["subtype"] == "success") && !self.tells_life;
        let guesses = if may_be_guessed { self.unnamed() } else { Vec::new() };
        // A list of 64 may be cut.
        let only = named.filter(|named| named.len() < 64);
        let is_answered =
            |prompt: &Prompt| prompt.with == With::Turn && only.as_ref().is_none_or(|only| only.contains(&prompt.uuid));
        let over = self.end(is_answered, Some(&uuid)).over;
        let left = self.prompts.iter_mut().filter(|prompt| prompt.with == With::Turn);
        left.for_each(|prompt| prompt.with = With::Forgotten);
        let left = self.prompts.iter_mut().filter(|prompt| prompt.with == With::Forgotten && prompt.completed);
        left.for_each(|prompt| prompt.over = Some(Over::Certainly));
        self.turns.clear();
        self.results.push(uuid.clone());
        Effect { over, guesses, by: vec![uuid], skipped: Vec::new() }
    }

    /// What a guess may end.
    fn unnamed(&self) -> Vec<String> {
        self.prompts.iter().filter(|prompt| prompt.with == With::Queue).map(|prompt| prompt.uuid.clone()).collect()
    }

    fn end(&mut self, which: impl Fn(&Prompt) -> bool, result: Option<&str>) -> Effect {
        let over = self.prompts.iter_mut().filter(|prompt| prompt.with != With::Nobody && which(prompt));
        let over = over.map(|prompt| {
            prompt.with = With::Nobody;
            (prompt.uuid.clone(), result.map(str::to_owned))
        });
        Effect { over: over.collect(), ..Effect::default() }
    }
}

/// Returns whether a line may say anything of prompts.
pub(crate) fn is_evidence(line: &Value) -> bool {
    matches!(text(line, "type"), "system" | "user" | "command_lifecycle" | "control_response" | "result")
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

fn is_uuid(text: &str) -> bool {
    text.parse::<claude_duplex::Uuid>().is_ok()
}
