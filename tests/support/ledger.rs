//! What the CLI's lines say of prompts, read one by one: which are over by a line, and with which result.
//!
//! It knows what each line means, and no more: not in which order a CLI runs what it has, nor what a version leaves unsaid.
//! Where no line names a prompt it only knows what a guess may be at all.

use serde_json::Value;

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    prompts: Vec<Prompt>,
    /// Requests that were written: id on the wire, and the prompt that it withdraws, if it does that.
    requests: Vec<(String, Option<String>)>,
    /// A turn has begun, and no result came since.
    running: bool,
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
pub(crate) struct Said {
    /// The prompts that are over by it, each with the `uuid` of its result, if it has one.
    pub(crate) over: Vec<(String, Option<String>)>,
    /// The prompts that may be over by it all the same, if it is said that this is a guess, and by which results.
    pub(crate) guesses: Vec<String>,
    pub(crate) by: Vec<String>,
    /// The prompt that the CLI may have read and not run.
    pub(crate) skipped: Option<String>,
}

impl Ledger {
    pub(crate) fn accepted(&mut self, uuid: String) {
        self.prompts.push(Prompt { uuid, with: With::Host, echoed: false, announced: false, completed: false });
    }

    /// A prompt is over for another reason than a line.
    pub(crate) fn over(&mut self, uuid: &str) {
        self.prompts.iter_mut().filter(|prompt| prompt.uuid == uuid).for_each(|prompt| prompt.with = With::Nobody);
    }

    /// A line that the session has written.
    pub(crate) fn wrote(&mut self, line: &Value) {
        match line["type"].as_str() {
            Some("user") => self.open(text(line, "uuid")).expect("it was accepted").with = With::Queue,
            Some("control_request") => {
                let withdrawn = line["request"]["message_uuid"].as_str().map(str::to_owned);
                if withdrawn.is_some() || line["request"]["subtype"] == "interrupt" {
                    self.requests.push((text(line, "request_id").to_owned(), withdrawn));
                }
            }
            _ => {}
        }
    }

    /// A line of the CLI.
    pub(crate) fn read(&mut self, line: &Value) -> Said {
        let kind = text(line, "type");
        if kind != "control_response" && !line["parent_tool_use_id"].is_null() {
            // What a subagent's line says is not said of what the host has prompted.
            return Said::default();
        }
        match (kind, text(line, "subtype")) {
            ("system", "init") => {
                self.running = true;
                self.due().for_each(|prompt| prompt.with = With::Turn);
            }
            ("system", "informational") if line["prevent_continuation"] == true => return self.prevented(),
            ("user", _) => return self.echo(text(line, "uuid")),
            ("command_lifecycle", _) => return self.lifecycle(text(line, "command_uuid"), text(line, "state")),
            ("control_response", _) => return self.response(&line["response"]),
            ("result", _) => return self.result(line),
            _ => {}
        }
        Said::default()
    }

    fn open(&mut self, uuid: &str) -> Option<&mut Prompt> {
        self.prompts.iter_mut().find(|prompt| prompt.uuid == uuid && prompt.with != With::Nobody)
    }

    fn due(&mut self) -> impl Iterator<Item = &mut Prompt> {
        self.prompts.iter_mut().filter(|prompt| prompt.with == With::Due)
    }

    /// The running turn, or the next one, has the prompt.
    fn take(&mut self, uuid: &str) -> Option<&mut Prompt> {
        let with = if self.running { With::Turn } else { With::Due };
        let prompt = self.open(uuid).filter(|prompt| prompt.with != With::Host)?;
        if prompt.with != With::Turn {
            prompt.with = with;
        }
        Some(prompt)
    }

    fn echo(&mut self, uuid: &str) -> Said {
        let skipped = self.unnamed().into_iter().find(|unnamed| unnamed == uuid && !self.running && !self.tells_life);
        if let Some(prompt) = self.take(uuid) {
            prompt.echoed = true;
            return Said { skipped, ..Said::default() };
        }
        // A prompt that has ended runs after all: its result was another's.
        Said { by: self.results.clone(), guesses: self.unnamed(), ..Said::default() }
    }

    fn lifecycle(&mut self, uuid: &str, state: &str) -> Said {
        let running = self.running;
        let Some(prompt) = self.open(uuid) else { return Said::default() };
        let (held, taken) = (prompt.with == With::Host, prompt.with == With::Turn);
        prompt.announced |= matches!(state, "queued" | "started");
        let announced = prompt.announced;
        prompt.completed |= state == "completed" && running && announced;
        self.tells_life |= !state.is_empty();
        match state {
            "started" => drop(self.take(uuid)),
            "completed" if running && announced => drop(self.take(uuid)),
            "discarded" | "refused" | "completed" if !held => return self.end(|prompt| prompt.uuid == uuid, None),
            "cancelled" if !held && !taken => return self.end(|prompt| prompt.uuid == uuid, None),
            _ => {}
        }
        Said::default()
    }

    /// Only one: a prompt that was to be folded into the turn.
    fn prevented(&mut self) -> Said {
        let unfolded = |prompt: &&Prompt| prompt.with == With::Turn && prompt.completed && !prompt.echoed;
        let unfolded = self.prompts.iter().find(unfolded).map(|prompt| prompt.uuid.clone());
        unfolded.map_or_else(Said::default, |uuid| self.end(|prompt| prompt.uuid == uuid, None))
    }

    fn response(&mut self, response: &Value) -> Said {
        let id = text(response, "request_id");
        let Some(at) = self.requests.iter().position(|(request, _)| request == id) else { return Said::default() };
        let (_, withdrawn) = self.requests.remove(at);
        if response["subtype"] != "success" {
            return Said::default();
        }
        let cancelled = match (withdrawn, &response["response"]["cancelled"]) {
            (Some(uuid), Value::Bool(true)) => vec![uuid],
            (None, Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        let waits = |with| matches!(with, With::Queue | With::Forgotten);
        self.end(|prompt| waits(prompt.with) && cancelled.contains(&prompt.uuid), None)
    }

    fn result(&mut self, line: &Value) -> Said {
        let uuid = text(line, "uuid").to_owned();
        let had_init = std::mem::replace(&mut self.running, true);
        self.due().for_each(|prompt| prompt.with = With::Turn);
        let list = |value: &Value| -> Option<Vec<String>> {
            Some(value.as_array()?.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        };
        let named = list(&line["user_message_uuids"]);
        let first = line["user_message_uuid"].as_str().map(str::to_owned);
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
        self.running = false;
        self.results.push(uuid.clone());
        Said { over, guesses, by: vec![uuid], skipped: None }
    }

    /// What a guess may end.
    fn unnamed(&self) -> Vec<String> {
        self.prompts.iter().filter(|prompt| prompt.with == With::Queue).map(|prompt| prompt.uuid.clone()).collect()
    }

    fn end(&mut self, which: impl Fn(&Prompt) -> bool, result: Option<&str>) -> Said {
        let over = self.prompts.iter_mut().filter(|prompt| prompt.with != With::Nobody && which(prompt));
        let over = over.map(|prompt| {
            prompt.with = With::Nobody;
            (prompt.uuid.clone(), result.map(str::to_owned))
        });
        Said { over: over.collect(), ..Said::default() }
    }
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

fn is_uuid(text: &str) -> bool {
    text.parse::<claude_duplex::Uuid>().is_ok()
}
