//! What the model is to say, written into the prompt itself: builders for tests, and the reading side for the API.
//!
//! A script is one line of JSON, `{"steps":[..]}`; step by step it answers the requests that follow it. The CLI hands a
//! prompt on in several dresses (a message of its own, joined to others, folded into a tool's result or into a `system`
//! message), so every line of every text is looked at, and the newest script counts. It goes on through prompts without a
//! script, as it has to answer the turns that the CLI starts itself; when it is over the answer is "done". Without any
//! script it is "ok".

use serde_json::{Map, Value, json};

/// Stands in a script for half a surrogate pair, which no Rust string can hold; it leaves the API as `\ud83d`.
pub(crate) const HALF_EMOJI: char = '\u{e000}';

/// The prompt that makes the model answer with these steps, one for each request.
pub(crate) fn script(steps: impl IntoIterator<Item = Step>) -> String {
    let steps: Vec<Value> = steps.into_iter().map(|step| Value::Object(step.0)).collect();
    json!({ "steps": steps }).to_string()
}

/// One answer of the model, or one failure.
#[derive(Clone, Debug, Default)]
pub(crate) struct Step(Map<String, Value>);

/// The model says this.
pub(crate) fn text(text: impl Into<String>) -> Step {
    Step::default().text(text)
}

/// The model thinks this first.
pub(crate) fn think(thought: impl Into<String>) -> Step {
    Step::default().with("think", thought.into())
}

/// The model calls a tool.
pub(crate) fn tool(name: &str, input: Value) -> Step {
    Step::default().tool(name, input)
}

/// The API answers with an error.
pub(crate) fn status(code: u16) -> Step {
    Step::default().with("status", code)
}

/// The API takes the request and sends nothing, until it is shut down.
pub(crate) fn silent() -> Step {
    Step::default().with("silent", true)
}

impl Step {
    pub(crate) fn text(self, text: impl Into<String>) -> Self {
        self.with("text", text.into())
    }

    /// After the text. Again for several in one answer.
    pub(crate) fn tool(mut self, name: &str, input: Value) -> Self {
        let call = json!({ "tool": name, "input": input });
        match self.0.get_mut("tools").and_then(Value::as_array_mut) {
            Some(tools) => tools.push(call),
            None => self = self.with("tools", json!([call])),
        }
        self
    }

    /// The text is said this often, in one answer.
    pub(crate) fn repeat(self, count: usize) -> Self {
        self.with("repeat", count)
    }

    /// The text comes in this many pieces.
    pub(crate) fn chunks(self, count: usize) -> Self {
        self.with("chunks", count)
    }

    /// After each chunk. A hold is the better way where the test can see what it waits for.
    pub(crate) fn delay_ms(self, delay: u64) -> Self {
        self.with("delay_ms", delay)
    }

    /// Stops after the first chunk (an error: before it is sent) until the test releases the name.
    pub(crate) fn hold(self, name: &str) -> Self {
        self.with("hold", name)
    }

    /// Drops the connection after this many chunks.
    pub(crate) fn cut(self, chunks: usize) -> Self {
        self.with("cut", chunks)
    }

    /// Sends an `error` event after this many chunks, and ends the stream.
    pub(crate) fn breaks(self, chunks: usize) -> Self {
        self.with("breaks", chunks)
    }

    /// The error's body.
    pub(crate) fn error(self, kind: &str, message: &str) -> Self {
        self.with("body", json!({ "type": "error", "error": { "type": kind, "message": message } }))
    }

    /// The reason why the model stops, e.g. `max_tokens`.
    pub(crate) fn stop(self, reason: &str) -> Self {
        self.with("stop", reason)
    }

    /// A failure (`status`, `cut`, `breaks`, `silent`) happens this often, then the next step counts. Otherwise for ever.
    pub(crate) fn times(self, count: u64) -> Self {
        self.with("times", count)
    }

    fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    pub(crate) fn value(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    pub(crate) fn number(&self, key: &str) -> Option<u64> {
        self.value(key)?.as_u64()
    }

    pub(crate) fn string(&self, key: &str) -> Option<&str> {
        self.value(key)?.as_str()
    }

    /// The tools that this step calls, with their input.
    pub(crate) fn calls(&self) -> Vec<(&str, &Value)> {
        let single = self.string("tool").zip(self.value("input"));
        let several = self.value("tools").and_then(calls).unwrap_or_default();
        single.into_iter().chain(several).collect()
    }

    /// The CLI asks again after one of these, with the same messages.
    fn is_failure(&self) -> bool {
        ["status", "cut", "breaks", "silent"].iter().any(|key| self.0.contains_key(*key))
    }

    fn parse(step: &Value) -> Result<Self, String> {
        let Value::Object(step) = step else {
            return Err(format!("not a step: {step}"));
        };
        for (key, value) in step {
            let right = match key.as_str() {
                "text" | "think" | "hold" | "tool" | "stop" => value.is_string(),
                "repeat" | "chunks" | "delay_ms" | "status" | "cut" | "breaks" | "times" => value.is_u64(),
                "tools" => calls(value).is_some(),
                "silent" => value == true,
                "input" | "body" => value.is_object(),
                _ => false,
            };
            if !right {
                return Err(format!("a step has no {key:?}: {value}"));
            }
        }
        Ok(Self(step.clone()))
    }
}

/// The newest script of a conversation, and how far it has come.
pub(crate) struct Running {
    /// Tells two uses of one script in a conversation apart.
    key: String,
    steps: Vec<Step>,
    answered: usize,
}

impl Running {
    /// `None` without a script; an error where there is one that nobody can follow.
    pub(crate) fn find(messages: &[Value]) -> Result<Option<Self>, String> {
        let mut running: Option<Self> = None;
        for (at, message) in messages.iter().enumerate() {
            if message["role"] == "assistant" {
                if let Some(running) = &mut running {
                    running.answered += 1;
                }
                continue;
            }
            for text in texts(&message["content"]) {
                for line in text.lines() {
                    if let Some(steps) = steps_in(line) {
                        running = Some(Self {
                            key: format!("{at} {line}"),
                            steps: steps.iter().map(Step::parse).collect::<Result<_, _>>()?,
                            answered: 0,
                        });
                    }
                }
            }
        }
        Ok(running)
    }

    /// The step that answers now. `fail` is asked with a failure's key and its number of times, and says whether it fails again.
    pub(crate) fn next(&self, mut fail: impl FnMut(String, u64) -> bool) -> Option<(usize, &Step)> {
        let mut answered = self.answered;
        for (at, step) in self.steps.iter().enumerate() {
            if step.is_failure() {
                let times = step.number("times").unwrap_or(u64::MAX);
                // Failures behind the answered steps were over before those were given.
                if answered == 0 && fail(format!("{at} {}", self.key), times) {
                    return Some((at, step));
                }
            } else if answered == 0 {
                return Some((at, step));
            } else {
                answered -= 1;
            }
        }
        None
    }
}

fn calls(tools: &Value) -> Option<Vec<(&str, &Value)>> {
    let mut calls = Vec::new();
    for call in tools.as_array()? {
        calls.push((call["tool"].as_str()?, call.get("input")?));
    }
    Some(calls)
}

fn steps_in(line: &str) -> Option<Vec<Value>> {
    let line = line.trim();
    if !line.starts_with('{') || !line.contains("\"steps\"") {
        return None;
    }
    match serde_json::from_str::<Value>(line).ok()?["steps"].take() {
        Value::Array(steps) => Some(steps),
        _ => None,
    }
}

/// All text in a message's content, that of tool results included.
pub(crate) fn texts(content: &Value) -> Vec<&str> {
    match content {
        Value::String(text) => vec![text],
        Value::Array(blocks) => blocks
            .iter()
            .flat_map(|block| match block["type"].as_str() {
                Some("text") => block["text"].as_str().into_iter().collect(),
                Some("tool_result") => texts(&block["content"]),
                _ => Vec::new(),
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// JSON with half an emoji for each stand-in.
pub(crate) fn with_halves(json: &Value) -> String {
    json.to_string().replace(HALF_EMOJI, "\\ud83d")
}
