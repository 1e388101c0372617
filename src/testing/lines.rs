//! Lines of the mock CLI. They are written key by key, since the order of keys is imitated too.

use serde::Serialize;
use serde_json::{Value, json};

use super::cli_version::{Behavior, CliVersion};
use crate::base::json::Json;

/// Number of the first session. `/clear` starts a session with another number.
const SESSION: u64 = 0x5e55_1000;

/// A line that is being written.
#[derive(Debug)]
pub(super) struct Line {
    text: String,
    /// Values of the script by key, which replace the values that are put.
    own: Vec<(String, Json)>,
}

impl Line {
    pub(super) fn new(kind: &str) -> Self {
        Self::untyped().put("type", kind)
    }

    /// Creates an object whose `type` is not its first key.
    pub(super) fn untyped() -> Self {
        Self::with(&[])
    }

    /// Creates an object with values of the script. They replace the values that are put, or follow them.
    fn with(own: &[(String, Json)]) -> Self {
        Self { text: "{".to_owned(), own: own.to_vec() }
    }

    /// Puts the values of the script that no key has used.
    fn rest(mut self) -> Self {
        let own = std::mem::take(&mut self.own);
        own.into_iter().fold(self, |line, (key, value)| line.put(&key, value))
    }

    pub(super) fn put(mut self, key: &str, value: impl Serialize) -> Self {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        let value = match self.own.iter().position(|(own, _)| own == key) {
            Some(at) => self.own.remove(at).1.as_str().to_owned(),
            None => serde_json::to_string(&value).unwrap_or_else(|_| "null".to_owned()),
        };
        self.text.push_str(&format!("\"{key}\":{value}"));
        self
    }

    pub(super) fn put_some(self, key: &str, value: Option<impl Serialize>) -> Self {
        match value {
            Some(value) => self.put(key, value),
            None => self,
        }
    }

    pub(super) fn put_if(self, condition: bool, key: &str, value: impl Serialize) -> Self {
        if condition { self.put(key, value) } else { self }
    }

    pub(super) fn end(mut self) -> Vec<u8> {
        self.text.push_str("}\n");
        self.text.into_bytes()
    }

    /// Returns the object without its line end.
    pub(super) fn object(mut self) -> Json {
        self.text.push('}');
        Json::parse(&self.text).unwrap_or_else(|_| Json::from_text(""))
    }
}

/// Writes the lines of one session. Each line has a unique uuid.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    generation: CliVersion,
    pub(super) behavior: Behavior,
    session: u64,
    ids: u64,
}

/// End of a turn, in the form of its `result`.
#[derive(Debug)]
pub(super) struct ResultLine<'a> {
    pub(super) subtype: &'a str,
    pub(super) is_error: bool,
    pub(super) reason: Option<&'a str>,
    pub(super) result: Option<&'a str>,
    pub(super) errors: Option<&'a [&'a str]>,
    pub(super) milliseconds: u128,
    pub(super) requests: u32,
    pub(super) denials: &'a [Json],
    pub(super) own: bool,
    pub(super) prompts: Vec<&'a str>,
    pub(super) queued: usize,
    pub(super) number: u32,
    pub(super) uuid: &'a str,
    /// Fields of the script, which replace fields with the same name or follow all others.
    pub(super) fields: &'a [(String, Json)],
}

impl Writer {
    pub(super) fn new(generation: CliVersion) -> Self {
        Self { generation, behavior: generation.behavior(), session: SESSION, ids: 0 }
    }

    fn next(&mut self) -> u64 {
        self.ids += 1;
        self.ids
    }

    pub(super) fn uuid(&mut self) -> String {
        format!("0c11{:04x}-0000-4000-a000-{:012x}", self.session & 0xffff, self.next())
    }

    pub(super) fn message_id(&mut self) -> String {
        format!("msg_{:06}", self.next())
    }

    pub(super) fn tool_id(&mut self) -> String {
        format!("toolu_{:06}", self.next())
    }

    pub(super) fn task_id(&mut self) -> String {
        format!("b{:06x}", self.next())
    }

    pub(super) fn session_id(&self) -> String {
        format!("{:08x}-0000-4000-8000-000000000000", self.session)
    }

    /// Starts another session, after `/clear`.
    pub(super) fn begin_session(&mut self) {
        self.session += 1;
    }

    /// Returns the message about `/clear`, sent before the other session starts. The conversation's new id differs from
    /// that of the session.
    pub(super) fn conversation_reset(&mut self) -> Vec<u8> {
        let line = Line::new("conversation_reset").put("session_id", self.session_id()).put("trigger", "clear");
        let conversation = self.uuid();
        self.ends(line.put("new_conversation_id", conversation))
    }

    fn ends(&mut self, line: Line) -> Vec<u8> {
        let uuid = self.uuid();
        line.put("uuid", uuid).end()
    }

    pub(super) fn system(&mut self, subtype: &str, fields: &Value) -> Vec<u8> {
        let mut line = Line::new("system").put("subtype", subtype);
        for (key, value) in fields.as_object().into_iter().flatten() {
            line = line.put(key, value);
        }
        let line = line.put("session_id", self.session_id());
        self.ends(line)
    }

    pub(super) fn init(&mut self, mode: &str, servers: &[Value], served: &[String]) -> Vec<u8> {
        let tools: Vec<&str> =
            ["Task", "Bash", "Edit", "Read", "Write"].into_iter().chain(served.iter().map(|name| &**name)).collect();
        let capabilities = ["interrupt_receipt_v1", "interrupt_cancel_queued_v1", "msg_lifecycle_v1"];
        let line = Line::new("system")
            .put("subtype", "init")
            .put("cwd", "/home/user/project")
            .put("session_id", self.session_id())
            .put("tools", tools)
            .put("mcp_servers", servers)
            .put("model", "claude-script")
            .put("permissionMode", mode)
            .put("slash_commands", ["clear", "compact", "context"])
            .put("apiKeySource", "none")
            .put_if(self.generation > CliVersion::V1_0_128, "claude_code_version", self.generation.version())
            .put("output_style", "default")
            .put_if(self.behavior.gives_receipt, "capabilities", capabilities);
        self.ends(line)
    }

    pub(super) fn life(&mut self, prompt: &str, state: &str) -> Vec<u8> {
        let line = Line::new("command_lifecycle").put("command_uuid", prompt).put("state", state);
        let uuid = self.uuid();
        line.put("uuid", uuid).put("session_id", self.session_id()).end()
    }

    /// Returns a `user` line of the CLI: the echo of a prompt, the result of a tool, or a remark.
    pub(super) fn user(
        &mut self,
        content: &Json,
        uuid: Option<&str>,
        parent: Option<&str>,
        replay: bool,
        padding: usize,
    ) -> Vec<u8> {
        let message = Line::untyped().put("role", "user").put("content", content).object();
        let uuid = uuid.map_or_else(|| self.uuid(), str::to_owned);
        Line::new("user")
            .put("message", message)
            .put("session_id", self.session_id())
            .put("parent_tool_use_id", parent)
            .put("uuid", uuid)
            .put_if(padding > 0, "padding", "x".repeat(padding))
            .put_if(replay && self.behavior.marks_echoes, "isReplay", true)
            .end()
    }

    pub(super) fn tool_result(&mut self, tool_use: &str, output: &Json, is_error: bool) -> Vec<u8> {
        // The content blocks of a server are passed unchanged. `is_error` is left out if they report no error.
        let says = is_error || !output.as_str().starts_with('[');
        let mut block = json!({ "tool_use_id": tool_use, "type": "tool_result", "content": output });
        if says {
            block["is_error"] = is_error.into();
        }
        self.user(&Json::from(&json!([block])), None, None, false, 0)
    }

    pub(super) fn assistant(&mut self, id: &str, block: &Json, parent: Option<&str>, stop: Option<&str>) -> Vec<u8> {
        let message = Line::untyped()
            .put("id", id)
            .put("type", "message")
            .put("role", "assistant")
            .put("model", "claude-script")
            .put("content", [block])
            .put("stop_reason", stop)
            .put("stop_sequence", None::<&str>)
            .put("usage", usage())
            .object();
        let line = Line::new("assistant")
            .put("message", message)
            .put("parent_tool_use_id", parent)
            .put("session_id", self.session_id());
        self.ends(line)
    }

    pub(super) fn stream(&mut self, event: &Value) -> Vec<u8> {
        let line = Line::new("stream_event")
            .put("event", event)
            .put("session_id", self.session_id())
            .put("parent_tool_use_id", None::<&str>);
        self.ends(line)
    }

    /// Returns the end of a broken stream. 2.1.329 reports the blocks that will not be completed.
    pub(super) fn stream_broke(&mut self, message: &str, from_block: usize) -> Vec<u8> {
        let marks = self.generation >= CliVersion::V2_1_329;
        let line = Line::new("stream_event")
            .put("event", json!({ "type": "message_stop" }))
            .put("session_id", self.session_id())
            .put("parent_tool_use_id", None::<&str>)
            .put_if(marks, "api_message_id", message)
            .put_if(marks, "abandoned_blocks", json!({ "api_message_id": message, "from_block_index": from_block }));
        self.ends(line)
    }

    pub(super) fn request(&mut self, request_id: &str, subtype: &str, fields: &[(String, Json)]) -> Vec<u8> {
        let mut request = Line::untyped().put("subtype", subtype);
        for (name, value) in fields {
            request = request.put(name, value);
        }
        Line::new("control_request").put("request_id", request_id).put("request", request.object()).end()
    }

    pub(super) fn withdrawal(request_id: &str) -> Vec<u8> {
        Line::new("control_cancel_request").put("request_id", request_id).end()
    }

    pub(super) fn success(request_id: &str, payload: Option<&Value>) -> Vec<u8> {
        let response = Line::untyped().put("subtype", "success").put("request_id", request_id);
        let response = response.put_some("response", payload).object();
        Line::new("control_response").put("response", response).end()
    }

    pub(super) fn error(request_id: &str, message: &str, code: Option<&str>) -> Vec<u8> {
        let response = Line::untyped().put("subtype", "error").put("request_id", request_id).put("error", message);
        let response = response.put_some("error_code", code).object();
        Line::new("control_response").put("response", response).end()
    }

    pub(super) fn result(&mut self, result: &ResultLine<'_>) -> Vec<u8> {
        let behavior = self.behavior;
        let names = behavior.names_prompts && !result.prompts.is_empty();
        let line = Line::with(result.fields);
        let line = if behavior.type_first {
            line.put("type", "result").put("subtype", result.subtype).put("is_error", result.is_error)
        } else {
            line
        };
        let line = line
            .put("duration_api_ms", result.milliseconds)
            .put("num_turns", result.requests)
            .put_some("result", result.result)
            .put("session_id", self.session_id())
            .put("total_cost_usd", 0)
            .put("usage", usage())
            .put("modelUsage", json!({}))
            .put("permission_denials", result.denials)
            .put_some("terminal_reason", result.reason.filter(|_| behavior.gives_reason));
        let line = if behavior.type_first {
            line
        } else {
            line.put("is_error", result.is_error).put("subtype", result.subtype).put("type", "result")
        };
        let line = line
            .put("duration_ms", result.milliseconds)
            .put_some("errors", result.errors.filter(|_| self.generation > CliVersion::V1_0_128))
            .put_if(behavior.names_origin && result.own, "origin", json!({ "kind": "task-notification" }))
            .put_if(names, "user_message_uuid", result.prompts.last())
            .put_if(names, "user_message_uuids", &result.prompts)
            .put_if(behavior.names_prompts, "queued_turn_count", result.queued)
            .put_if(behavior.names_prompts, "result_index", result.number);
        line.put("uuid", result.uuid).rest().end()
    }
}

fn usage() -> Value {
    json!({ "input_tokens": 10, "output_tokens": 20 })
}
