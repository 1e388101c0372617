//! What the host asks of the CLI.

use std::time::Duration;

use serde_json::{Value, json};

use super::Peer;
use super::asks::{About, Hook, greeting};
use super::turn::Doing;
use crate::testing::fault::Fault;
use crate::testing::generation::{Generation, Unknown};
use crate::testing::lines::Writer;

/// The subtypes that the oldest generations know.
const OLD: [&str; 7] = [
    "initialize",
    "interrupt",
    "set_permission_mode",
    "set_model",
    "set_max_thinking_tokens",
    "mcp_status",
    "mcp_set_servers",
];

/// Those that came later and are acknowledged without more.
const KNOWN: [&str; 22] = [
    "get_context_usage",
    "get_settings",
    "get_session_cost",
    "list_models",
    "get_usage",
    "get_binary_version",
    "get_hooks_listing",
    "list_permission_rules",
    "reload_plugins",
    "reload_skills",
    "file_suggestions",
    "stop_task",
    "rename_session",
    "apply_flag_settings",
    "seed_read_state",
    "background_tasks",
    "set_has_subscribers",
    "mcp_message",
    "mcp_call",
    "mcp_read_resource",
    "side_question",
    "generate_session_title",
];

/// Those that fail for want of what they are about.
const FAILING: [&str; 5] = ["rewind_files", "mcp_reconnect", "mcp_toggle", "read_file", "get_task_output"];

const MODES: [&str; 6] = ["default", "acceptEdits", "bypassPermissions", "plan", "dontAsk", "auto"];

impl Peer {
    pub(super) fn request(&mut self, id: &str, request: &str) {
        let request: Value = serde_json::from_str(request).unwrap_or_default();
        let subtype = request["subtype"].as_str().unwrap_or_default();
        if !self.knows(subtype) {
            return self.unknown_request(id, subtype);
        }
        match subtype {
            "initialize" => self.initialize(id, &request),
            "interrupt" => self.interrupt(id, request["cancel_queued"] == true),
            "cancel_async_message" => {
                let cancelled = self.cancel(request["message_uuid"].as_str().unwrap_or_default());
                self.acknowledge(id, Some(&json!({ "cancelled": cancelled })));
            }
            "set_permission_mode" => self.set_mode(id, request["mode"].as_str().unwrap_or_default()),
            "set_model" if self.habits.gives_receipt => {
                let model = request["model"].as_str().unwrap_or("claude-script");
                self.acknowledge(id, Some(&json!({ "model": model })));
            }
            "mcp_status" => {
                let servers: Vec<_> =
                    self.known_servers.iter().map(|name| json!({ "name": name, "status": "connected" })).collect();
                self.acknowledge(id, Some(&json!({ "mcpServers": servers })));
            }
            "mcp_set_servers" => self.acknowledge(id, Some(&json!({ "added": [], "removed": [], "errors": {} }))),
            "stop_task" | "background_tasks" => self.acknowledge(id, Some(&json!({}))),
            _ if FAILING.contains(&subtype) => {
                self.write(&Writer::error(id, &format!("{subtype}: the script has nothing of the kind"), None));
            }
            _ => self.acknowledge(id, None),
        }
    }

    fn knows(&self, subtype: &str) -> bool {
        let generation = self.script.generation;
        match subtype {
            "set_max_thinking_tokens" => generation > Generation::V1_0_128,
            "cancel_async_message" => self.habits.cancels_prompts,
            "rewind_files" => generation > Generation::V1_0_128,
            _ if OLD.contains(&subtype) => true,
            _ if KNOWN.contains(&subtype) || FAILING.contains(&subtype) => generation > Generation::V2_0_76,
            _ => false,
        }
    }

    fn unknown_request(&mut self, id: &str, subtype: &str) {
        let message = format!("Unsupported control request subtype: {subtype}");
        match self.habits.unknown_request {
            Unknown::Silence => {}
            Unknown::Error => self.write(&Writer::error(id, &message, None)),
            Unknown::ErrorWithCode => self.write(&Writer::error(id, &message, Some("unsupported_request"))),
        }
    }

    fn acknowledge(&mut self, id: &str, payload: Option<&Value>) {
        self.write(&Writer::success(id, payload));
    }

    fn set_mode(&mut self, id: &str, mode: &str) {
        if self.habits.checks_mode && !MODES.contains(&mode) {
            let code = (self.script.generation > Generation::V2_1_250).then_some("invalid_mode");
            return self.write(&Writer::error(id, "Cannot set permission mode: no such mode", code));
        }
        mode.clone_into(&mut self.mode);
        self.acknowledge(id, Some(&json!({ "mode": mode })));
        if self.habits.answers_mode_twice {
            self.acknowledge(id, None);
        }
        if self.script.generation == Generation::V2_1_329 {
            self.tell_mode();
        }
    }

    /// The host introduces itself: its hooks, its MCP servers.
    fn initialize(&mut self, id: &str, request: &Value) {
        self.hooks.clear();
        for (event, matchers) in request["hooks"].as_object().into_iter().flatten() {
            for matcher in matchers.as_array().into_iter().flatten() {
                let timeout = matcher["timeout"].as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                for callback in matcher["hookCallbackIds"].as_array().into_iter().flatten() {
                    self.hooks.push(Hook {
                        event: event.clone(),
                        matcher: matcher["matcher"].as_str().map(str::to_owned),
                        callback: callback.as_str().unwrap_or_default().to_owned(),
                        timeout,
                    });
                }
            }
        }
        let servers = request["sdkMcpServers"].as_array().into_iter().flatten();
        self.servers = servers.filter_map(|server| Some(server.as_str()?.to_owned())).collect();
        if self.script.has(&Fault::NeverInitialize) {
            return;
        }
        if self.servers.is_empty() || !self.habits.greets_mcp_at_initialize {
            return self.introduce(id);
        }
        self.initialize = Some(id.to_owned());
        for server in self.servers.clone() {
            self.ask(About::Greeting, &greeting(&server, "initialize"));
        }
    }

    fn introduce(&mut self, id: &str) {
        let payload = json!({
            "commands": [], "output_style": "default", "available_output_styles": ["default"], "models": [],
            "account": {},
        });
        self.acknowledge(id, Some(&payload));
    }

    /// A server in the host has answered its greeting.
    pub(super) fn greeted(&mut self) {
        if self.initialize.is_none() {
            return self.prepared();
        }
        if self.asks.iter().all(|ask| !matches!(ask.about, About::Greeting)) {
            if let Some(id) = self.initialize.take() {
                self.introduce(&id);
            }
        }
    }

    /// What was asked before the turn was answered.
    pub(super) fn prepared(&mut self) {
        if let Some(Doing::Preparing { open, .. }) = self.turn.as_mut().map(|turn| &mut turn.doing) {
            *open = false;
        }
    }
}
