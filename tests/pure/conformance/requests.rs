//! Requests of the host: cases 63 to 65.

use claude_duplex::request::{
    GetContextUsage, McpReconnect, McpStatus, McpToggle, SetModel, SetPermissionMode, StopTask, TypedRequest,
};
use claude_duplex::{Action, Interrupt, Json, LostReason, Request, RequestError, Response};
use serde_json::{Value, json};

use super::host::Host;

fn line(request: impl Into<Request>) -> Value {
    let mut host = Host::new();
    host.protocol.request(host.now, request).expect("the request is taken");
    host.written().remove(0)["request"].clone()
}

/// What comes back where the CLI replies so.
fn answered(request: impl Into<Request>, response: &Value) -> Result<Response, RequestError> {
    let mut host = Host::new();
    host.protocol.request(host.now, request).expect("the request is taken");
    let mut response = response.clone();
    response["request_id"] = host.written().remove(0)["request_id"].clone();
    let reply = json!({ "type": "control_response", "response": response }).to_string();
    match host.receive_line(&reply).remove(0) {
        Action::ResponseReceived { response: reply, .. } => reply,
        other => panic!("no reply: {other:?}"),
    }
}

#[test]
fn case_063_the_payloads_are_exactly_these() {
    let mut host = Host::new();
    host.protocol.interrupt(host.now, Interrupt::running()).unwrap();
    assert_eq!(host.written()[0]["request"], json!({ "subtype": "interrupt" }));
    let reconnect = json!({ "subtype": "mcp_reconnect", "serverName": "files" });
    assert_eq!(line(McpReconnect::server("files")), reconnect);
    let toggle = |enabled: bool| json!({ "subtype": "mcp_toggle", "serverName": "files", "enabled": enabled });
    assert_eq!(line(McpToggle::enable("files")), toggle(true));
    assert_eq!(line(McpToggle::disable("files")), toggle(false));
    assert_eq!(line(StopTask::new("task-1")), json!({ "subtype": "stop_task", "task_id": "task-1" }));
}

#[test]
fn case_064_the_payload_is_returned_unchanged() {
    let payload = json!({ "mcpServers": [{ "name": "files", "status": "new-word", "new": [1, { "a": null }] }] });
    let reply = answered(McpStatus::new(), &json!({ "subtype": "success", "response": payload })).unwrap();
    assert_eq!(reply.payload(), Some(&Json::from(&payload)));
    let server = reply.decode_as::<McpStatus>().unwrap().servers.remove(0);
    assert_eq!((server.name.as_str(), server.status.as_str()), ("files", "new-word"));
    assert_eq!(server.unknown_fields.get("new").unwrap().as_str(), r#"[1,{"a":null}]"#);

    let usage = json!({ "categories": [{ "name": "Skills", "tokens": 7 }], "totalTokens": 7, "new": 1 });
    let reply = answered(GetContextUsage::new(), &json!({ "subtype": "success", "response": usage })).unwrap();
    assert_eq!(reply.payload(), Some(&Json::from(&usage)));
    assert_eq!(reply.decode_as::<GetContextUsage>().unwrap().total_tokens, Some(7));
}

#[test]
fn case_065_the_exit_of_the_process_ends_every_open_request() {
    let mut host = Host::new();
    let first = host.protocol.request(host.now, McpStatus::new()).unwrap();
    let second = host.protocol.request(host.now, GetContextUsage::new()).unwrap();
    let third = host.protocol.interrupt(host.now, Interrupt::running()).unwrap();
    host.receive_line(r#"{"type":"result","subtype":"error_during_execution","is_error":true,"errors":["it broke"]}"#);
    host.protocol.eof(host.now);
    let failed: Vec<_> = host
        .actions()
        .into_iter()
        .filter_map(|action| match action {
            Action::ResponseReceived { request, response: reply, .. } => Some((request, reply.unwrap_err())),
            _ => None,
        })
        .collect();
    assert_eq!(failed.iter().map(|(request, _)| *request).collect::<Vec<_>>(), [first, second, third]);
    for (_, error) in &failed {
        assert!(
            matches!(error, RequestError::Failed { message, reason: LostReason::Eof, .. } if message == "it broke"),
            "{error:?}"
        );
    }
    assert_eq!(host.protocol.request(host.now, McpStatus::new()).unwrap_err().into_inner().subtype(), "mcp_status");
}

#[test]
fn an_error_keeps_its_code() {
    let response = json!({ "subtype": "error", "error": "no such mode", "error_code": "invalid_mode" });
    let error = answered(SetPermissionMode::new("nonsense"), &response).unwrap_err();
    let RequestError::Refused { message, code, .. } = error else { panic!("{error:?}") };
    assert_eq!((&*message, code.as_deref()), ("no such mode", Some("invalid_mode")));
}

#[test]
fn a_response_without_a_required_field_is_an_error_and_stays_readable() {
    let response = json!({ "subtype": "success", "response": { "mcpServers": [{ "status": "connected" }] } });
    let reply = answered(McpStatus::new(), &response).unwrap();
    let error = reply.decode_as::<McpStatus>().unwrap_err();
    assert_eq!(error.path(), "mcpServers.0.name");
    assert_eq!(reply.payload().unwrap().as_str(), r#"{"mcpServers":[{"status":"connected"}]}"#);
}

#[test]
fn a_lone_surrogate_in_a_response_hides_no_field() {
    let mut host = Host::new();
    host.protocol.request(host.now, SetModel::reset()).unwrap();
    let id = host.written().remove(0)["request_id"].clone();
    let line = format!(
        r#"{{"type":"control_response","response":{{"subtype":"success","request_id":{id},"response":{{"model":"m\ud83d"}}}}}}"#
    );
    let Action::ResponseReceived { response: Ok(reply), .. } = host.receive_line(&line).remove(0) else {
        panic!("no reply")
    };
    assert_eq!(reply.decode_as::<SetModel>().unwrap().model.as_deref(), Some("m\u{fffd}"));
}

#[test]
fn an_untyped_request_passes_through_unchanged() {
    let raw = Request::new("tomorrow").field("how", Json::from_text("well")).field("how", Json::from_text("better"));
    assert_eq!(line(raw.clone()), json!({ "subtype": "tomorrow", "how": "better" }));
    let reply = answered(raw, &json!({ "subtype": "success", "response": [1, 2] })).unwrap();
    assert_eq!(reply.payload().unwrap().as_str(), "[1,2]");
    assert!(reply.decode_as::<McpStatus>().is_err());
    assert_eq!(McpStatus::SUBTYPE, "mcp_status");
}
