//! Version 2 of the protocol, a draft. The agent works with the types of version 1; this module translates them.
//!
//! If both versions have the same JSON, the type of one is decoded from the JSON of the other.

mod diff;

use agent_client_protocol::v1::schema as v1;
use agent_client_protocol::v2::schema as v2;
use agent_client_protocol::{Error, JsonRpcResponse, Responder, UntypedMessage, V2};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Id of a session's only plan.
const PLAN: &str = "plan";

/// Returns a value as the type of the other version that has the same JSON.
pub(crate) fn same<A: Serialize, B: DeserializeOwned>(value: &A) -> Result<B, Error> {
    let value = serde_json::to_value(value).map_err(Error::into_internal_error)?;
    serde_json::from_value(value).map_err(|error| Error::invalid_params().data(error.to_string()))
}

/// Converts a request of the client to version 1. Empty lists, which version 2 omits, are added.
pub(crate) fn old<New: Serialize, Old: DeserializeOwned>(request: &New) -> Result<Old, Error> {
    let mut request = serde_json::to_value(request).map_err(Error::into_internal_error)?;
    if request.get("cwd").is_some() {
        complete(&mut request, &["mcpServers"]);
        for server in request["mcpServers"].as_array_mut().into_iter().flatten() {
            complete(server, &["args", "env", "headers"]);
        }
    }
    same(&request)
}

/// Adds the missing lists to an object, as empty lists.
fn complete(value: &mut Value, lists: &[&str]) {
    for name in lists {
        if let Some(object) = value.as_object_mut() {
            object.entry(*name).or_insert_with(|| json!([]));
        }
    }
}

/// Converts the id of a session to version 2.
pub(crate) fn session(id: &v1::SessionId) -> v2::SessionId {
    v2::SessionId::new(id.0.clone())
}

/// Converts a responder of version 2 into one that accepts the response of version 1.
pub(crate) fn responder<Old: JsonRpcResponse, New: JsonRpcResponse>(responder: Responder<New, V2>) -> Responder<Old> {
    responder.into_raw().wrap_params(|method, response: Result<Old, Error>| {
        let mut response = response?.into_json(method)?;
        if let Some(options) = response.get_mut("configOptions") {
            name_options(options);
        }
        New::from_json(method, response)
    })
}

/// Converts a request to the client to version 2.
pub(crate) fn request(mut message: UntypedMessage) -> Result<UntypedMessage, Error> {
    // `elicitation/create` has the same JSON.
    if message.method != "session/request_permission" {
        return Ok(message);
    }
    let params = &mut message.params;
    let mut call = params["toolCall"].take();
    diff::translate(&mut call);
    let params = json!({
        "sessionId": params["sessionId"].take(),
        "title": call["title"],
        "subject": { "type": "tool_call", "toolCall": call },
        "options": params["options"].take(),
    });
    UntypedMessage::new(&message.method, params)
}

/// Converts an update to version 2. Returns `None` for a change of the mode, which is an option in version 2, and for an update
/// that cannot be converted.
pub(crate) fn update(update: &v1::SessionUpdate) -> Option<v2::SessionUpdate> {
    match translate(update) {
        Ok(update) => update,
        Err(error) => {
            eprintln!("claude-duplex-acp: an update is left out, because version 2 has no form of it: {error}");
            None
        }
    }
}

fn translate(update: &v1::SessionUpdate) -> Result<Option<v2::SessionUpdate>, serde_json::Error> {
    let mut value = serde_json::to_value(update)?;
    match update {
        v1::SessionUpdate::CurrentModeUpdate(_) => return Ok(None),
        v1::SessionUpdate::ToolCall(_) | v1::SessionUpdate::ToolCallUpdate(_) => {
            value["sessionUpdate"] = "tool_call_update".into();
            diff::translate(&mut value);
        }
        v1::SessionUpdate::Plan(_) => {
            let plan = json!({ "type": "items", "planId": PLAN, "entries": value["entries"].take() });
            value = json!({ "sessionUpdate": "plan_update", "plan": plan });
        }
        v1::SessionUpdate::AvailableCommandsUpdate(_) => {
            for command in value["availableCommands"].as_array_mut().into_iter().flatten() {
                command["type"] = "command".into();
                if let Some(input) = command.get_mut("input").filter(|input| input.is_object()) {
                    input["type"] = "text".into();
                }
            }
        }
        v1::SessionUpdate::ConfigOptionUpdate(_) => name_options(&mut value["configOptions"]),
        _ => {}
    }
    serde_json::from_value(value).map(Some)
}

/// Renames the ids of options to the names of version 2.
fn name_options(options: &mut Value) {
    for option in options.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        if let Some(id) = option.remove("id") {
            option.insert("configId".to_owned(), id);
        }
    }
}

/// Converts the reason why work has stopped to version 2.
pub(crate) fn stop_reason(stop: Result<v1::StopReason, Error>) -> v2::StopReason {
    match stop {
        Ok(v1::StopReason::MaxTokens) => v2::StopReason::MaxTokens,
        Ok(v1::StopReason::MaxTurnRequests) => v2::StopReason::MaxTurnRequests,
        Ok(v1::StopReason::Refusal) => v2::StopReason::Refusal,
        Ok(v1::StopReason::Cancelled) => v2::StopReason::Cancelled,
        Ok(_) => v2::StopReason::EndTurn,
        Err(error) => v2::StopReason::Error(v2::ErrorStopReason::new().error(same::<_, v2::Error>(&error).ok())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn updated(old: Value) -> Value {
        let old: v1::SessionUpdate = serde_json::from_value(old).expect("an update of version 1");
        let new = update(&old).expect("an update of version 2");
        assert!(!matches!(new, v2::SessionUpdate::Other(_)), "{new:?}");
        serde_json::to_value(new).expect("JSON")
    }

    #[test]
    fn updates_that_differ_are_translated() {
        let entry = json!({ "content": "a", "priority": "medium", "status": "pending" });
        for (old, new) in [
            (
                json!({ "sessionUpdate": "plan", "entries": [entry] }),
                json!({ "sessionUpdate": "plan_update", "plan": { "type": "items", "planId": "plan", "entries": [entry] } }),
            ),
            (
                json!({ "sessionUpdate": "available_commands_update", "availableCommands": [
                    { "name": "a", "description": "b", "input": { "hint": "c" } }, { "name": "d", "description": "" },
                ] }),
                json!({ "sessionUpdate": "available_commands_update", "availableCommands": [
                    { "type": "command", "name": "a", "description": "b", "input": { "type": "text", "hint": "c" } },
                    { "type": "command", "name": "d", "description": "" },
                ] }),
            ),
            (
                json!({ "sessionUpdate": "config_option_update", "configOptions": [
                    { "id": "mode", "name": "Mode", "category": "mode", "type": "select", "currentValue": "x",
                        "options": [{ "value": "x", "name": "X" }] },
                ] }),
                json!({ "sessionUpdate": "config_option_update", "configOptions": [
                    { "configId": "mode", "name": "Mode", "category": "mode", "type": "select", "currentValue": "x",
                        "options": [{ "value": "x", "name": "X" }] },
                ] }),
            ),
            (
                json!({ "sessionUpdate": "tool_call", "toolCallId": "t", "title": "ls", "kind": "execute",
                    "status": "pending", "rawInput": { "command": "ls" }, "locations": [{ "path": "/a", "line": 3 }] }),
                // A new call is pending without saying so.
                json!({ "sessionUpdate": "tool_call_update", "toolCallId": "t", "title": "ls", "kind": "execute",
                    "rawInput": { "command": "ls" }, "locations": [{ "path": "/a", "line": 3 }] }),
            ),
        ] {
            assert_eq!(updated(old), new);
        }
    }

    #[test]
    fn updates_of_both_versions_stay_as_they_are() {
        let text = json!({ "type": "text", "text": "a" });
        for update in [
            json!({ "sessionUpdate": "agent_message_chunk", "messageId": "m", "content": text, "_meta": { "a": 1 } }),
            json!({ "sessionUpdate": "agent_thought_chunk", "messageId": "m", "content": text }),
            json!({ "sessionUpdate": "user_message_chunk", "messageId": "m", "content": text }),
            json!({ "sessionUpdate": "tool_call_update", "toolCallId": "t", "status": "failed",
                "content": [{ "type": "content", "content": text }] }),
            json!({ "sessionUpdate": "session_info_update", "title": "t" }),
            json!({ "sessionUpdate": "usage_update", "used": 1, "size": 2, "cost": { "amount": 0.5, "currency": "USD" } }),
            json!({ "sessionUpdate": "notice", "severity": "info", "title": "t" }),
            json!({ "sessionUpdate": "compaction_update", "compactionId": "1", "status": "in_progress" }),
        ] {
            assert_eq!(updated(update.clone()), update);
        }
    }

    #[test]
    fn requests_get_the_lists_of_version_1() {
        let new: v2::NewSessionRequest = serde_json::from_value(json!({ "cwd": "/tmp" })).expect("version 2");
        let request: v1::NewSessionRequest = old(&new).expect("version 1");
        assert_eq!(request, v1::NewSessionRequest::new("/tmp"));
        let servers = json!([
            { "type": "stdio", "name": "files", "command": "/bin/files" },
            { "type": "http", "name": "web", "url": "http://x/mcp" },
        ]);
        let new: v2::NewSessionRequest =
            serde_json::from_value(json!({ "cwd": "/tmp", "mcpServers": servers })).expect("version 2");
        let request: v1::NewSessionRequest = old(&new).expect("version 1");
        let [v1::McpServer::Stdio(files), v1::McpServer::Http(web)] = &request.mcp_servers[..] else {
            panic!("{request:?}");
        };
        assert_eq!((&*files.name, files.args.len(), &*web.url), ("files", 0, "http://x/mcp"));
        let list: v1::ListSessionsRequest = old(&v2::ListSessionsRequest::new()).expect("version 1");
        assert_eq!(list, v1::ListSessionsRequest::new());
    }

    #[test]
    fn a_mode_is_a_setting() {
        assert_eq!(update(&v1::SessionUpdate::CurrentModeUpdate(v1::CurrentModeUpdate::new("plan"))), None);
    }

    #[test]
    fn a_permission_is_about_a_call() {
        let options = json!([{ "optionId": "a", "name": "Yes", "kind": "allow_once" }]);
        let old = json!({ "sessionId": "s", "toolCall": { "toolCallId": "t", "title": "ls" }, "options": options });
        let message =
            request(UntypedMessage::new("session/request_permission", old).expect("JSON")).expect("a request");
        let new: v2::RequestPermissionRequest = serde_json::from_value(message.params).expect("version 2");
        assert!(matches!(new.subject, Some(v2::RequestPermissionSubject::ToolCall(_))), "{new:?}");
        assert_eq!((&*new.title, new.options.len()), ("ls", 1));
    }

    #[test]
    fn an_error_is_a_reason_to_stop() {
        let stop = stop_reason(Err(crate::failure::internal("no capacity")));
        let stop = serde_json::to_value(stop).expect("JSON");
        assert_eq!((&stop["stopReason"], &stop["error"]["message"]), (&json!("error"), &json!("no capacity")));
    }
}
