//! Control requests of the host.

use std::time::Duration;

use serde_json::{Value, json};

use super::MockCli;
use super::hooks::Hook;
use super::state::Doing;
use crate::base::json::Json;
use crate::testing::cli_version::{CliVersion, Unknown};
use crate::testing::fault::Fault;
use crate::testing::lines::Writer;

/// Known subtypes, each with the first version that was seen to know it.
const KNOWN: [(&str, CliVersion); 29] = [
    ("initialize", CliVersion::V1_0_128),
    ("interrupt", CliVersion::V1_0_128),
    ("set_permission_mode", CliVersion::V1_0_128),
    ("set_model", CliVersion::V1_0_128),
    ("mcp_status", CliVersion::V1_0_128),
    ("set_max_thinking_tokens", CliVersion::V2_0_76),
    ("mcp_set_servers", CliVersion::V2_0_76),
    ("rewind_files", CliVersion::V2_0_76),
    ("mcp_message", CliVersion::V2_0_76),
    ("apply_flag_settings", CliVersion::V2_1_50),
    ("mcp_reconnect", CliVersion::V2_1_50),
    ("mcp_toggle", CliVersion::V2_1_50),
    ("cancel_async_message", CliVersion::V2_1_143),
    ("get_context_usage", CliVersion::V2_1_143),
    ("get_settings", CliVersion::V2_1_143),
    ("get_session_cost", CliVersion::V2_1_143),
    ("get_binary_version", CliVersion::V2_1_143),
    ("reload_plugins", CliVersion::V2_1_143),
    ("file_suggestions", CliVersion::V2_1_143),
    ("seed_read_state", CliVersion::V2_1_143),
    ("background_tasks", CliVersion::V2_1_143),
    ("list_models", CliVersion::V2_1_250),
    ("get_usage", CliVersion::V2_1_250),
    ("reload_skills", CliVersion::V2_1_250),
    ("stop_task", CliVersion::V2_1_250),
    ("rename_session", CliVersion::V2_1_250),
    ("get_hooks_listing", CliVersion::V2_1_329),
    ("list_permission_rules", CliVersion::V2_1_329),
    ("set_has_subscribers", CliVersion::V2_1_329),
];

/// Subtypes that fail, because the mock CLI has no files or servers for them.
const FAILING: [&str; 3] = ["rewind_files", "mcp_reconnect", "mcp_toggle"];

const MODES: [&str; 6] = ["default", "acceptEdits", "bypassPermissions", "plan", "dontAsk", "auto"];

impl MockCli {
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
            "set_model" => self.set_model(id, request["model"].as_str().unwrap_or("claude-script")),
            "mcp_status" => {
                let servers: Vec<_> =
                    self.servers.iter().map(|server| json!({ "name": server.name, "status": "connected" })).collect();
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
        let known = |(name, first): &(&str, CliVersion)| *name == subtype && self.script.generation >= *first;
        KNOWN.iter().any(known)
    }

    fn unknown_request(&mut self, id: &str, subtype: &str) {
        let message = format!("Unsupported control request subtype: {subtype}");
        match self.behavior.unknown_request {
            Unknown::Silence => {}
            Unknown::Error => self.write(&Writer::error(id, &message, None)),
            Unknown::ErrorWithCode => self.write(&Writer::error(id, &message, Some("unsupported_request"))),
        }
    }

    fn acknowledge(&mut self, id: &str, payload: Option<&Value>) {
        self.write(&Writer::success(id, payload));
    }

    fn set_model(&mut self, id: &str, model: &str) {
        if matches!(self.script.generation, CliVersion::V2_1_143 | CliVersion::V2_1_250) {
            let remark = format!("<local-command-stdout>Set model to {model}</local-command-stdout>");
            let line = self.writer.user(&Json::from_text(&remark), None, None, true, 0);
            self.write(&line);
        }
        let payload = json!({ "model": model });
        self.acknowledge(id, self.behavior.gives_receipt.then_some(&payload));
    }

    fn set_mode(&mut self, id: &str, mode: &str) {
        if self.behavior.checks_mode && !MODES.contains(&mode) {
            let code = (self.script.generation > CliVersion::V2_1_250).then_some("invalid_mode");
            return self.write(&Writer::error(id, "Cannot set permission mode: no such mode", code));
        }
        mode.clone_into(&mut self.mode);
        self.acknowledge(id, Some(&json!({ "mode": mode })));
        if self.behavior.answers_mode_twice {
            self.acknowledge(id, None);
        }
        if self.script.generation > CliVersion::V2_1_50 {
            self.write_mode();
        }
    }

    /// Handles `initialize`: registers the hooks and the MCP servers of the host.
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
        if !self.script.has(&Fault::NeverInitialize) {
            self.meet_servers(id, &request["sdkMcpServers"]);
        }
    }

    /// Writes the response to `initialize`. It contains the fields that were recorded for the version (`init` of 1.0.128 to
    /// 2.1.332), and those of the script.
    pub(super) fn introduce(&mut self, id: &str) {
        let command =
            |name: &str, description: &str| json!({ "name": name, "description": description, "argumentHint": "" });
        let mut payload = json!({
            "commands": [
                command("clear", "Begin a new conversation"),
                command("compact", "Replace the conversation by a summary"),
                command("context", "Show what fills the context"),
            ],
            "output_style": "default", "available_output_styles": ["default", "Explanatory", "Learning"],
            "models": [
                { "value": "default", "displayName": "Default (recommended)", "description": "the scripted model" },
                { "value": "claude-script", "displayName": "Script", "description": "the scripted model" },
            ],
            "account": { "tokenSource": "none", "apiKeySource": "ANTHROPIC_API_KEY" },
        });
        if self.script.generation >= CliVersion::V2_1_143 {
            payload["agents"] = json!([{ "name": "general-purpose", "description": "an agent for any task" }]);
        }
        if self.script.generation >= CliVersion::V2_1_250 {
            payload["current_permission_mode"] = self.mode.as_str().into();
            payload["session_state"] = "idle".into();
        }
        for (name, value) in &self.script.initialize {
            payload[name] = value.decode().unwrap_or_default();
        }
        self.acknowledge(id, Some(&payload));
    }

    /// Continues a turn: the request that was sent before its start has been answered.
    pub(super) fn prepared(&mut self) {
        if let Some(Doing::Preparing { open, .. }) = self.turn.as_mut().map(|turn| &mut turn.doing) {
            *open = false;
        }
    }
}
