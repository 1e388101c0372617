//! A session with the real CLI without the library: lines written and read as they are.
//!
//! The library answers a hook that guards something with a refusal wherever the host fails. What the CLI makes of an error, or
//! of no answer, can therefore be seen only without it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use claude_duplex::Message;
use claude_duplex::incoming::hook::HookEvent;
use serde_json::{Value, json};

use crate::script::texts;
use crate::traffic;
use crate::watch::Case;

/// Time that the CLI gives a hook, in seconds.
const HOOK_TIMEOUT: u64 = 3;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Response to a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// None: the CLI gives the hook up after its timeout.
    Nothing,
    Error,
    /// An output that says nothing.
    Empty,
    /// The [`HookEvent::refusal`].
    Refusal,
}

/// A session with a hook of one event.
pub(crate) struct Raw<'c> {
    case: &'c Case,
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    requests: u64,
    event: HookEvent,
    /// Response to the hook from now on.
    pub(crate) way: Way,
    /// Ids of the hook's requests that were seen and not withdrawn.
    pub(crate) open_ids: Vec<Value>,
    /// Hook requests that were seen since the last [`forget`](Self::forget).
    pub(crate) incoming_count: usize,
}

impl<'c> Raw<'c> {
    /// Starts the CLI with these arguments beside those of every session, and registers a hook of that event.
    pub(crate) fn start(case: &'c Case, event: HookEvent, arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(&case.cli.program);
        command.args(&case.cli.script).args(["--print", "--verbose"]);
        command.args(["--output-format", "stream-json", "--input-format", "stream-json"]).args(arguments);
        command.env_clear().envs(case.environment()).current_dir(case.place.cwd());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().ok_or("no stdout")?);
        let mut raw = Self {
            case,
            child,
            stdin,
            stdout,
            requests: 0,
            event,
            way: Way::Empty,
            open_ids: Vec::new(),
            incoming_count: 0,
        };
        let hook = json!([{ "matcher": null, "hookCallbackIds": ["guard"], "timeout": HOOK_TIMEOUT }]);
        let hooks = json!({ raw.event.as_str(): hook });
        let reply = raw.request(json!({ "subtype": "initialize", "hooks": hooks }))?;
        assert_eq!(reply["subtype"], "success", "{reply}");
        Ok(raw)
    }

    pub(crate) fn write(&mut self, line: &Value) -> Result<()> {
        let stdin = self.stdin.as_mut().ok_or("stdin is closed")?;
        Ok(stdin.write_all(format!("{line}\n").as_bytes())?)
    }

    pub(crate) fn prompt(&mut self, text: &str) -> Result<()> {
        let message = json!({ "role": "user", "content": text });
        self.write(&json!({ "type": "user", "message": message, "parent_tool_use_id": null }))
    }

    /// Sends a prompt and waits for the result of its turn.
    pub(crate) fn turn(&mut self, text: &str) -> Result<Value> {
        self.prompt(text)?;
        self.until("a result", |line| (line["type"] == "result").then(|| line.clone()))
    }

    /// Sends a prompt and returns the results of the tools in its turn, as text.
    pub(crate) fn results(&mut self, text: &str) -> Result<String> {
        self.prompt(text)?;
        let mut results = String::new();
        loop {
            let line = self.next("a result")?;
            match line["type"].as_str() {
                Some("result") => return Ok(results),
                Some("user") => results.extend(texts(&line["message"]["content"])),
                _ => {}
            }
        }
    }

    /// Makes a request and waits for its `response`.
    pub(crate) fn request(&mut self, request: Value) -> Result<Value> {
        self.requests += 1;
        let id = format!("raw-{}", self.requests);
        self.write(&json!({ "type": "control_request", "request_id": id, "request": request }))?;
        let reply = |line: &Value| {
            let response = &line["response"];
            (line["type"] == "control_response" && response["request_id"] == *id).then(|| response.clone())
        };
        self.until("the reply", reply)
    }

    pub(crate) fn respond(&mut self, request_id: &Value, payload: &Value) -> Result<()> {
        let response = json!({ "subtype": "success", "request_id": request_id, "response": payload });
        self.write(&json!({ "type": "control_response", "response": response }))
    }

    /// Forgets the hook requests so far.
    pub(crate) fn forget(&mut self) {
        self.open_ids.clear();
        self.incoming_count = 0;
    }

    /// Returns the first thing that `pick` wants of the lines from now on; the hook is answered on the way.
    pub(crate) fn until<T>(&mut self, what: &str, mut pick: impl FnMut(&Value) -> Option<T>) -> Result<T> {
        loop {
            let line = self.next(what)?;
            if let Some(picked) = pick(&line) {
                return Ok(picked);
            }
        }
    }

    /// Returns the next line; the hook is answered if the line is its request.
    pub(crate) fn next(&mut self, what: &str) -> Result<Value> {
        let mut text = String::new();
        if self.stdout.read_line(&mut text)? == 0 {
            return Err(format!("the CLI ended before {what}").into());
        }
        self.case.seen.line(&text);
        if let Ok(message) = Message::parse(text.trim_end().as_bytes()) {
            traffic::message(self.case.name, &message);
        }
        let line: Value = serde_json::from_str(&text)?;
        if line["type"] == "control_cancel_request" {
            self.open_ids.retain(|open_ids| *open_ids != line["request_id"]);
        }
        if line["request"]["subtype"] == "hook_callback" {
            self.incoming_count += 1;
            self.open_ids.push(line["request_id"].clone());
            self.answer(&line["request_id"])?;
        }
        Ok(line)
    }

    fn answer(&mut self, request_id: &Value) -> Result<()> {
        match self.way {
            Way::Nothing => Ok(()),
            Way::Error => {
                let response = json!({ "subtype": "error", "request_id": request_id, "error": "it broke" });
                self.write(&json!({ "type": "control_response", "response": response }))
            }
            Way::Empty => self.respond(request_id, &json!({})),
            Way::Refusal => {
                let refusal = self.event.refusal("not here").ok_or("it guards nothing")?;
                self.respond(request_id, &serde_json::to_value(refusal)?)
            }
        }
    }

    /// Closes stdin and waits for the CLI's end.
    pub(crate) fn close(mut self) -> Result<()> {
        self.stdin = None;
        while self.next("its end").is_ok() {}
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Raw<'_> {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
