//! MCP servers in the host: their handshake, and calls of their tools.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::MockCli;
use super::state::{About, Doing};
use crate::base::json::Json;
use crate::testing::cli_version::CliVersion;
use crate::testing::step::{Kind, RequestStep, Step, ToolStep};

/// An MCP server in the host.
#[derive(Debug, Clone)]
pub(super) struct Server {
    pub(super) name: String,
    stage: Stage,
    tools: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    New,
    /// The server was sent the MCP request `initialize`.
    Introduced,
    Connected,
}

impl Server {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), stage: Stage::New, tools: Vec::new() }
    }
}

impl MockCli {
    /// Adds the servers that `initialize` names. The response to the `initialize` with this id may have to wait for them.
    pub(super) fn meet_servers(&mut self, id: &str, names: &Value) {
        for name in names.as_array().into_iter().flatten().filter_map(Value::as_str) {
            if self.servers.iter().all(|server| server.name != name) {
                self.servers.push(Server::new(name));
            }
        }
        let met = self.servers.iter().all(|server| server.stage != Stage::New);
        if met || !self.behavior.greets_mcp_at_initialize {
            return self.introduce(id);
        }
        self.initialize = Some(id.to_owned());
        for at in 0..self.servers.len() {
            if self.servers[at].stage == Stage::New {
                self.servers[at].stage = Stage::Introduced;
                let request = self.greeting(at, "initialize");
                self.send_request(About::Introduction, &request);
            }
        }
    }

    /// Returns the messages of the handshake before a turn, the first one after servers were named.
    pub(super) fn greetings(&mut self) -> VecDeque<(About, RequestStep)> {
        let mut open_requests = VecDeque::new();
        for at in 0..self.servers.len() {
            let methods: &[&str] = match self.servers[at].stage {
                Stage::New => &["initialize", "notifications/initialized", "tools/list"],
                Stage::Introduced => &["notifications/initialized", "tools/list"],
                Stage::Connected => &[],
            };
            open_requests.extend(methods.iter().map(|method| (About::Greeting(at), self.greeting(at, method))));
            self.servers[at].stage = Stage::Connected;
        }
        open_requests
    }

    fn greeting(&self, at: usize, method: &str) -> RequestStep {
        let mut message = json!({ "method": method, "jsonrpc": "2.0" });
        if !method.starts_with("notifications/") {
            message["id"] = Value::from(u8::from(method != "initialize"));
        }
        if method == "initialize" {
            let version = self.script.generation.version();
            message["params"] = json!({
                "protocolVersion": "2025-11-25", "capabilities": {},
                "clientInfo": { "name": "claude-code", "version": version },
            });
        }
        message_to(&self.servers[at].name, &message)
    }

    /// Handles the response of a server to the MCP request `initialize`, or its absence. The response to the host's
    /// `initialize` waits for the last server, and a prompt that arrived in the meantime waits for this response.
    pub(super) fn introduced(&mut self) {
        if self.open_requests.iter().any(|request| matches!(request.about, About::Introduction)) {
            return;
        }
        if let Some(id) = self.initialize.take() {
            self.introduce(&id);
            if let Some(Doing::Preparing { open, .. }) = self.turn.as_mut().map(|turn| &mut turn.doing) {
                // The turn may also wait for an incoming request of its own.
                *open &= !self.open_requests.is_empty();
            }
        }
    }

    /// Handles the response of a server to a message before a turn.
    pub(super) fn greeted(&mut self, at: usize, outcome: &Result<Value, String>) {
        if let Some(tools) =
            outcome.as_ref().ok().and_then(|outcome| outcome["mcp_response"]["result"]["tools"].as_array())
        {
            let names = tools.iter().filter_map(|tool| tool["name"].as_str());
            self.servers[at].tools = names.map(str::to_owned).collect();
        }
        self.prepared();
    }

    pub(super) fn write_init(&mut self) {
        let newest = self.script.generation == CliVersion::V2_1_329;
        let entry = |server: &Server| match newest {
            true => json!({ "name": server.name, "status": "connected", "source": "sdk" }),
            false => json!({ "name": server.name, "status": "connected" }),
        };
        let servers: Vec<Value> = self.servers.iter().map(entry).collect();
        let of = |server: &Server| -> Vec<String> {
            server.tools.iter().map(|tool| format!("mcp__{}__{tool}", server.name)).collect()
        };
        let tools: Vec<String> = self.servers.iter().flat_map(of).collect();
        let line = self.writer.init(&self.mode, &servers, &tools);
        self.write_damaged(&line);
    }

    /// Sends a call to the server that has the tool. Returns `false` if no server in the host has it.
    pub(super) fn call_server(&mut self, at: usize, id: &str, tool: &ToolStep) -> bool {
        let Some((server, name)) = tool.name.strip_prefix("mcp__").and_then(|name| name.split_once("__")) else {
            return false;
        };
        if self.servers.iter().all(|known| known.name != server) {
            return false;
        }
        let number = 2 + self.served;
        self.served += 1;
        let mut meta = json!({ "claudecode/toolUseId": id });
        if self.script.generation > CliVersion::V2_0_76 {
            meta["progressToken"] = Value::from(number);
        }
        let arguments: Value = tool.input.decode().unwrap_or_default();
        let params = json!({ "name": name, "arguments": arguments, "_meta": meta });
        let message = json!({ "method": "tools/call", "params": params, "jsonrpc": "2.0", "id": number });
        self.send_request(About::Served(at), &message_to(server, &message));
        true
    }

    /// Handles the result of a call that a server ran, or its failure.
    pub(super) fn served(&mut self, at: usize, outcome: &Result<Value, String>) {
        let result =
            outcome.as_ref().ok().map(|outcome| &outcome["mcp_response"]["result"]).filter(|result| !result.is_null());
        match result {
            Some(result) if result["isError"] != true => self.give(at, Json::from(&result["content"]), false),
            failed => {
                let text = failed.and_then(|result| result["content"][0]["text"].as_str());
                self.give_text(at, text.unwrap_or("the server gave no result"), true);
            }
        }
        self.after_call(at);
    }
}

/// Returns the incoming request with a message to a server.
fn message_to(server: &str, message: &Value) -> RequestStep {
    match Step::mcp(server, Json::from(message)).0 {
        Kind::Request(request) => request,
        _ => unreachable!("a message to a server is a control request"),
    }
}
