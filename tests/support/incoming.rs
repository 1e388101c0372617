//! One request of the CLI of each kind, and the responses to it that grant nothing. Written from the wire, without the
//! crate's own rules.

#![allow(dead_code, reason = "each test takes its part")]

use serde_json::{Value, json};

pub(crate) struct Kind {
    pub(crate) name: &'static str,
    request: fn() -> Value,
    /// Whether a response (the object under `response`) refuses.
    refuses: fn(&Value) -> bool,
}

/// Kinds of dialogs that the host declares.
pub(crate) const DIALOG: &str = "known";

pub(crate) const KINDS: &[Kind] = &[
    Kind {
        name: "permission",
        request: || json!({ "subtype": "can_use_tool", "tool_name": "Bash", "input": { "command": "ls" } }),
        refuses: |response| response["subtype"] == "error" || response["response"]["behavior"] == "deny",
    },
    Kind {
        name: "hook before a tool",
        request: || hook("PreToolUse"),
        refuses: |response| {
            response["response"]["hookSpecificOutput"]["permissionDecision"] == "deny" || blocks(response)
        },
    },
    Kind { name: "hook before a prompt", request: || hook("UserPromptSubmit"), refuses: blocks },
    Kind {
        name: "hook that grants a permission",
        request: || hook("PermissionRequest"),
        refuses: |response| response["response"]["hookSpecificOutput"]["decision"]["behavior"] == "deny",
    },
    Kind { name: "hook of a later version", request: || hook("PreSomethingElse"), refuses: blocks },
    // There is nothing left to refuse.
    Kind {
        name: "hook after a tool",
        request: || hook("PostToolUse"),
        refuses: |response| response["subtype"] == "error",
    },
    Kind {
        name: "mcp",
        request: || {
            let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call" });
            json!({ "subtype": "mcp_message", "server_name": "mine", "message": message })
        },
        refuses: |response| response["subtype"] == "error",
    },
    Kind {
        name: "elicitation",
        request: || json!({ "subtype": "elicitation", "mcp_server_name": "theirs", "message": "who are you?" }),
        refuses: |response| ["cancel", "decline"].iter().any(|no| response["response"]["action"] == *no),
    },
    Kind {
        name: "dialog",
        request: || json!({ "subtype": "request_user_dialog", "dialog_kind": DIALOG, "payload": {} }),
        refuses: |response| response["response"]["behavior"] == "cancelled",
    },
    Kind {
        name: "unknown",
        request: || json!({ "subtype": "of_a_later_version", "may_i": true }),
        refuses: |response| response["subtype"] == "error",
    },
];

fn hook(event: &str) -> Value {
    json!({ "subtype": "hook_callback", "callback_id": "h", "input": { "hook_event_name": event, "tool_name": "Bash" } })
}

fn blocks(response: &Value) -> bool {
    response["response"]["decision"] == "block" || response["response"]["continue"] == false
}

impl Kind {
    /// Returns the request as a line, without its end.
    pub(crate) fn line(&self, id: &str) -> String {
        json!({ "type": "control_request", "request_id": id, "request": (self.request)() }).to_string()
    }

    /// Checks what a host wrote: at most one response to the request of that id, which refuses. Returns whether there
    /// is one.
    ///
    /// # Panics
    /// A second response, or one that does not refuse.
    pub(crate) fn is_refused(&self, written: &str, id: &str) -> bool {
        let lines = written.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let responses = lines.filter(|line| line["response"]["request_id"] == id);
        let response: Vec<Value> = responses.map(|mut line| line["response"].take()).collect();
        assert!(response.len() <= 1, "{}: answered more than once: {response:?}", self.name);
        let Some(response) = response.first() else { return false };
        assert!((self.refuses)(response), "{}: {response} is no refusal", self.name);
        true
    }
}
