//! Hooks of the host: their input and output.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::Value;

use super::MockCli;
use super::state::{About, Verdict};
use crate::base::json::Json;
use crate::testing::step::{RequestStep, ToolStep};

/// A hook that the host registered in `initialize`.
#[derive(Debug, Clone)]
pub(super) struct Hook {
    pub(super) event: String,
    pub(super) matcher: Option<String>,
    pub(super) callback: String,
    pub(super) timeout: Option<Duration>,
}

impl MockCli {
    /// Returns the `hook_callback` requests for an event. `tool` is the name and id of a tool call, if the event concerns
    /// one.
    pub(super) fn hook_requests(
        &mut self,
        event: &str,
        tool: Option<(&str, &str)>,
        fields: &[(&str, Json)],
    ) -> VecDeque<(About, RequestStep)> {
        let (tool, id) = tool.unzip();
        // Other events get an id too.
        let id = id.map_or_else(|| self.writer.uuid(), str::to_owned);
        let matches = |hook: &&Hook| {
            let matcher = hook.matcher.as_deref().unwrap_or_default();
            hook.event == event
                && (matcher.is_empty() || matcher == "*" || matcher.split('|').any(|name| Some(name) == tool))
        };
        let request = |hook: &Hook| {
            let session = self.writer.session_id();
            let mut input = serde_json::json!({
                "session_id": session, "transcript_path": format!("/home/user/.claude/projects/project/{session}.jsonl"),
                "cwd": "/home/user/project", "permission_mode": self.mode, "hook_event_name": event,
            });
            for (name, value) in fields {
                input[name] = value.decode().unwrap_or_default();
            }
            let fields = vec![
                ("callback_id".to_owned(), Json::from_text(&hook.callback)),
                ("input".to_owned(), Json::from(&input)),
                ("tool_use_id".to_owned(), Json::from_text(&id)),
            ];
            let subtype = "hook_callback".to_owned();
            let kept = |named| if self.behavior.keeps_hook_timeouts { named } else { Duration::from_secs(60) };
            (About::Submit, RequestStep { subtype, fields, withdrawn_after: hook.timeout.map(kept) })
        };
        self.hooks.iter().filter(matches).map(request).collect()
    }

    /// Returns the hook requests for an event of a tool.
    pub(super) fn tool_hooks(
        &mut self,
        event: &str,
        id: &str,
        tool: &ToolStep,
        output: Option<&Json>,
    ) -> Vec<RequestStep> {
        let mut fields = vec![("tool_name", Json::from_text(&tool.name)), ("tool_input", tool.input.clone())];
        fields.extend(output.map(|output| ("tool_response", response_of(tool, output))));
        fields.extend(self.behavior.names_tool_use.then(|| ("tool_use_id", Json::from_text(id))));
        self.hook_requests(event, Some((&tool.name, id)), &fields).into_iter().map(|(_, request)| request).collect()
    }
}

/// Returns the tool response in the input of a hook.
fn response_of(tool: &ToolStep, output: &Json) -> Json {
    match &*tool.name {
        "Bash" => Json::from(&serde_json::json!({
            "stdout": output, "stderr": "", "interrupted": false, "isImage": false,
        })),
        _ => output.clone(),
    }
}

pub(super) fn verdict(outcome: &Result<Value, String>) -> Verdict {
    let Ok(outcome) = outcome else { return Verdict::None };
    let specific = &outcome["hookSpecificOutput"];
    let reason = |value: &Value| Verdict::Refused(value.as_str().unwrap_or("a hook refused it").to_owned());
    match (outcome["decision"].as_str(), specific["permissionDecision"].as_str()) {
        (Some("block"), _) => reason(&outcome["reason"]),
        (_, Some("deny")) => reason(&specific["permissionDecisionReason"]),
        _ if outcome["continue"] == false => reason(&outcome["stopReason"]),
        (_, Some("ask")) => Verdict::Asks,
        (_, Some("allow")) => Verdict::Granted,
        _ => Verdict::None,
    }
}
