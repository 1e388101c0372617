//! MCP servers that live in the host: cases 88 to 103.
//!
//! A server's runtime is the host's. What is shown here: each message is an incoming request of its own and gets one answer, whatever
//! its JSON-RPC id; what there is to say to it is made by the crate.

use claude_duplex::incoming::mcp::{self, IncomingMcpMessage, JsonRpc, McpReaction, SdkMcpServer, SdkMcpTool, code};
use claude_duplex::{
    Action, CancelledReason, Deadline, DeclinedReason, IncomingRequest, IncomingResponse, Json, Request, RespondError,
    request,
};
use serde_json::{Value, json};

use super::host::{Host, init, owner};

fn parse(json: &Value) -> Json {
    Json::parse(&json.to_string()).unwrap()
}

fn request(message: Value) -> Value {
    json!({ "subtype": "mcp_message", "server_name": "calc", "message": message })
}

fn call(id: Value, a: i64) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {
        "name": "double", "arguments": { "a": a }, "_meta": { "claudecode/toolUseId": "toolu_1" },
    } })
}

fn calc() -> SdkMcpServer {
    SdkMcpServer::new("calc", "1").tool(SdkMcpTool::new("double", "twice", parse(&json!({ "type": "object" }))))
}

fn message(incoming_request: &IncomingRequest) -> IncomingMcpMessage {
    incoming_request.mcp().unwrap()
}

/// What the server says to a message, as a host with nothing else in it passes it on.
fn served(host: &mut Host, id: &str, rpc: Value) -> Value {
    let incoming_request = host.request_from_cli(id, request(rpc));
    let answer = match calc().react(&message(&incoming_request)) {
        McpReaction::Answer(answer) => answer,
        McpReaction::Call(call) => doubled(&call),
    };
    host.payload(&incoming_request, answer)["mcp_response"].take()
}

fn doubled(call: &mcp::McpToolCall) -> mcp::McpResponse {
    let arguments: Value = call.arguments.decode().unwrap();
    match arguments["a"].as_i64() {
        Some(a) => call.text((2 * a).to_string()),
        None => call.failed("a is no number"),
    }
}

fn hello() -> Value {
    json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": { "protocolVersion": "2025-06-18" } })
}

#[test]
fn case_088_the_mcp_handshake_is_served_before_the_initialize_response() {
    let mut host = Host::with(owner());
    let servers = parse(&json!(["calc"]));
    host.protocol.request(host.now, Request::initialize().field("sdkMcpServers", servers)).unwrap();
    host.prompt("go");
    let answer = served(&mut host, "ask-1", hello());
    assert_eq!(answer["id"], 0);
    assert_eq!(answer["result"]["protocolVersion"], "2025-06-18");
    assert_eq!(answer["result"]["serverInfo"], json!({ "name": "calc", "version": "1" }));
    let list = served(&mut host, "ask-2", json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" }));
    let tools = json!([{ "name": "double", "description": "twice", "inputSchema": { "type": "object" } }]);
    assert_eq!(list["result"], json!({ "tools": tools }));
    let result = served(&mut host, "ask-3", call(json!(2), 21));
    assert_eq!(
        result,
        json!({ "jsonrpc": "2.0", "id": 2, "result": { "content": [{ "type": "text", "text": "42" }] } })
    );
    assert!(!host.receive_line(init()).is_empty());
}

#[test]
fn an_unknown_mcp_version_is_answered_with_the_newest_known() {
    let mut host = Host::with(owner());
    for (at, params) in [json!({ "protocolVersion": "2099-01-01" }), json!({}), json!(7)].into_iter().enumerate() {
        let hello = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params });
        assert_eq!(served(&mut host, &at.to_string(), hello)["result"]["protocolVersion"], "2025-11-25");
    }
}

#[test]
fn case_089_a_notification_is_acknowledged() {
    let mut host = Host::with(owner());
    let note = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    assert_eq!(served(&mut host, "ask-1", note), json!({ "jsonrpc": "2.0", "id": 0, "result": {} }));
    let response = json!({ "jsonrpc": "2.0", "id": 5, "result": { "roots": [] } });
    assert_eq!(served(&mut host, "ask-2", response), json!({ "jsonrpc": "2.0", "id": 0, "result": {} }));
}

#[test]
fn case_090_an_unknown_server_is_a_json_rpc_error() {
    let mut host = Host::with(owner());
    let incoming_request =
        host.request_from_cli("ask-1", json!({ "subtype": "mcp_message", "server_name": "none", "message": hello() }));
    let McpReaction::Answer(answer) = calc().react(&message(&incoming_request)) else {
        panic!("there is nothing to call")
    };
    let response = host.payload(&incoming_request, answer)["mcp_response"].take();
    assert_eq!((&response["error"]["code"], &response["id"]), (&json!(code::METHOD_NOT_FOUND), &json!(0)));
}

#[test]
fn case_091_a_malformed_message_is_an_error_under_its_id_and_the_session_continues() {
    let mut host = Host::with(owner());
    for (at, malformed) in
        [json!({ "jsonrpc": "2.0", "id": 4 }), json!({ "id": 4, "method": 7 })].into_iter().enumerate()
    {
        let response = served(&mut host, &at.to_string(), malformed);
        assert_eq!((&response["error"]["code"], &response["id"]), (&json!(code::INTERNAL_ERROR), &json!(4)));
    }
    // Without an id there is nobody to tell.
    for (at, malformed) in [json!({}), json!("text"), json!([])].into_iter().enumerate() {
        assert!(served(&mut host, &format!("n{at}"), malformed)["result"].is_object());
    }
    assert_eq!(served(&mut host, "last", call(json!("x"), 1))["id"], "x");
}

#[test]
fn case_092_a_null_id_makes_a_notification() {
    let mut host = Host::with(owner());
    for (at, id) in [json!(2.5), json!(null), json!({}), json!([1]), json!(true)].into_iter().enumerate() {
        let incoming_request = host.request_from_cli(&at.to_string(), request(call(id.clone(), 1)));
        assert!(matches!(message(&incoming_request).rpc(), Ok(JsonRpc::Notification { .. })), "{id}");
        let McpReaction::Answer(answer) = calc().react(&message(&incoming_request)) else {
            panic!("{id} waits for nothing")
        };
        assert_eq!(host.payload(&incoming_request, answer)["mcp_response"]["result"], json!({}));
    }
}

#[test]
fn a_json_rpc_id_is_returned_byte_for_byte() {
    for id in [r#""\ud83d""#, "-3", "123456789012345678901234567890", r#""""#] {
        let line = format!(
            r#"{{"type":"control_request","request_id":"a","request":{{"subtype":"mcp_message","server_name":"calc","message":{{"id":{id},"method":"ping"}}}}}}"#
        );
        let mut host = Host::with(owner());
        let [Action::IncomingRequest(incoming_request)] = &host.receive_line(&line)[..] else { panic!("it was asked") };
        let McpReaction::Answer(answer) = calc().react(&message(incoming_request)) else { panic!("a ping") };
        assert_eq!(answer.as_json().as_str(), format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#));
    }
}

#[test]
fn case_093_a_repeated_handshake_does_not_affect_calls() {
    let mut host = Host::with(owner());
    served(&mut host, "ask-1", hello());
    let calling = host.request_from_cli("ask-2", request(call(json!(1), 4)));
    assert_eq!(served(&mut host, "ask-3", hello())["result"]["serverInfo"]["name"], "calc");
    let McpReaction::Call(call) = calc().react(&message(&calling)) else { panic!("a call") };
    assert_eq!(host.payload(&calling, doubled(&call))["mcp_response"]["id"], 1);
}

#[test]
fn case_094_a_message_before_the_handshake_is_served() {
    let mut host = Host::with(owner());
    assert_eq!(served(&mut host, "ask-1", call(json!(1), 4))["result"]["content"][0]["text"], "8");
}

#[test]
fn case_095_after_the_end_nothing_is_delivered_or_written() {
    let mut host = Host::with(owner());
    host.close();
    host.orders();
    let declined = host.receive_request("ask-1", request(hello()));
    assert!(
        matches!(&declined[..], [Action::IncomingDeclined { reason: DeclinedReason::Closing, .. }]),
        "{declined:?}"
    );
    assert_eq!(host.written(), [] as [Value; 0]);
}

#[test]
fn case_096_concurrent_calls_are_answered_in_any_order() {
    let mut host = Host::with(owner());
    let open_calls: Vec<IncomingRequest> =
        (0..3).map(|at| host.request_from_cli(&at.to_string(), request(call(json!(at), at)))).collect();
    for at in [1, 2, 0] {
        let McpReaction::Call(call) = calc().react(&message(&open_calls[at])) else { panic!("a call") };
        let response = host.payload(&open_calls[at], doubled(&call))["mcp_response"].take();
        assert_eq!(response["id"], at);
        assert_eq!(response["result"]["content"][0]["text"], (2 * at).to_string());
    }
}

#[test]
fn case_097_a_repeated_json_rpc_id_confuses_no_responses() {
    let mut host = Host::with(owner());
    let (one, two) = (
        host.request_from_cli("a", request(call(json!(1), 1))),
        host.request_from_cli("b", request(call(json!(1), 2))),
    );
    for (incoming_request, text) in [(&two, "4"), (&one, "2")] {
        let McpReaction::Call(call) = calc().react(&message(incoming_request)) else { panic!("a call") };
        assert_eq!(
            host.payload(incoming_request, doubled(&call))["mcp_response"]["result"]["content"][0]["text"],
            text
        );
    }
}

#[test]
fn case_099_the_response_to_an_abandoned_call_is_dropped() {
    let mut host = Host::with(owner());
    let incoming_request = host.request_from_cli("ask-1", request(call(json!(1), 1)));
    let withdrawn = host.receive_line(r#"{"type":"control_cancel_request","request_id":"ask-1"}"#);
    assert!(withdrawn.iter().any(
        |action| matches!(action, Action::IncomingCancelled { id, reason: CancelledReason::Cli, .. } if *id == incoming_request.id())
    ));
    let late = IncomingResponse::from(message(&incoming_request).result(&parse(&json!({}))));
    assert_eq!(host.protocol.respond(host.now, incoming_request.id(), late), Err(RespondError::Stale));
    assert_eq!(host.written(), [] as [Value; 0]);
}

#[test]
fn case_100_a_cancelled_call_is_named_and_ends_with_an_error() {
    let mut host = Host::with(owner());
    let calling = host.request_from_cli("ask-1", request(call(json!("c"), 1)));
    let note = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": "c" } });
    let cancelling = host.request_from_cli("ask-2", request(note));
    assert_eq!(message(&cancelling).cancels(), message(&calling).rpc_id());
    assert_eq!(message(&calling).cancels(), None);
    host.payload(&cancelling, message(&cancelling).acknowledge());
    let error = message(&calling).error(code::INTERNAL_ERROR, "it was cancelled");
    assert_eq!(host.payload(&calling, error)["mcp_response"]["error"]["message"], "it was cancelled");
    assert_eq!(served(&mut host, "ask-3", call(json!(2), 2))["id"], 2);
}

#[test]
fn case_101_a_missing_server_answers_with_errors_until_it_returns() {
    let mut host = Host::with(owner());
    let incoming_request = host.request_from_cli("ask-1", request(call(json!(1), 1)));
    let error = message(&incoming_request).error(code::INTERNAL_ERROR, "calc died: out of memory");
    let response = host.payload(&incoming_request, error)["mcp_response"].take();
    assert_eq!(response["error"], json!({ "code": -32603, "message": "calc died: out of memory" }));
    assert_eq!(served(&mut host, "ask-2", hello())["id"], 0);
}

#[test]
fn a_host_without_servers_answers_with_an_error() {
    let mut host = Host::with(super::host::config());
    host.receive_request("ask-1", request(hello()));
    assert_eq!(host.written()[0]["response"]["subtype"], "error");
}

#[test]
fn missing_tools_resources_and_prompts_are_errors() {
    let mut host = Host::with(owner());
    let resources = json!({ "jsonrpc": "2.0", "id": 1, "method": "resources/list" });
    assert_eq!(served(&mut host, "a", resources)["error"]["code"], code::METHOD_NOT_FOUND);
    let mut other = call(json!(2), 1);
    other["params"]["name"] = "halve".into();
    assert_eq!(served(&mut host, "b", other)["error"]["code"], code::INVALID_PARAMS);
    let nameless = json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/call" });
    assert_eq!(served(&mut host, "c", nameless)["error"]["code"], code::INVALID_PARAMS);
    let mut wrong = call(json!(4), 1);
    wrong["params"]["arguments"] = json!({});
    let failed = served(&mut host, "d", wrong)["result"].take();
    assert_eq!(failed, json!({ "content": [{ "type": "text", "text": "a is no number" }], "isError": true }));
}

#[test]
fn case_102_a_server_can_send_messages_to_the_cli() {
    let mut host = Host::with(owner());
    let changed = json!({ "jsonrpc": "2.0", "method": "notifications/tools/list_changed" });
    let request = host.protocol.request(host.now, request::McpMessage::new("calc", &changed)).unwrap();
    let line = host.written().remove(0);
    assert_eq!(line["request"], json!({ "subtype": "mcp_message", "server_name": "calc", "message": changed }));
    let ack = json!({ "subtype": "success", "request_id": line["request_id"] });
    let actions = host.receive_line(&json!({ "type": "control_response", "response": ack }).to_string());
    let replied = |action: &Action| matches!(action, Action::ResponseReceived { request: it, response: Ok(_), .. } if *it == request);
    assert!(actions.iter().any(replied), "{actions:?}");
}

#[test]
fn case_103_a_close_is_bounded_despite_a_running_tool() {
    let mut host = Host::with(owner());
    host.prompt("go");
    host.receive_line(init());
    let incoming_request = host.request_from_cli("ask-1", request(call(json!(1), 1)));
    host.close();
    let deadlines: Vec<Deadline> = std::iter::from_fn(|| host.times_out()).take(20).collect();
    assert!(host.protocol.is_closed(), "{deadlines:?}");
    let withdrawn =
        |action: &Action| matches!(action, Action::IncomingCancelled { id: it, .. } if *it == incoming_request.id());
    assert!(host.actions().iter().any(withdrawn));
}

mod others {
    use claude_duplex::incoming::{DialogResponse, ElicitationMode, ElicitationResponse};

    use super::*;

    fn elicitation() -> (Host, IncomingRequest) {
        let mut host = Host::with(owner());
        let schema = json!({ "type": "object" });
        let incoming_request = host.request_from_cli("e", json!({
            "subtype": "elicitation", "mcp_server_name": "s", "message": "who?", "mode": "form", "elicitation_id": "1",
            "requested_schema": schema, "property_order": ["name"], "title": "t",
        }));
        (host, incoming_request)
    }

    #[test]
    fn an_elicitation_is_accepted_declined_or_cancelled() {
        let (_, incoming_request) = elicitation();
        let request_fields = incoming_request.elicitation().unwrap();
        assert_eq!(
            (request_fields.server.as_str(), request_fields.message.as_str(), request_fields.mode),
            ("s", "who?", Some(ElicitationMode::Form))
        );
        assert_eq!(request_fields.property_order.as_deref(), Some(&["name".to_owned()][..]));
        let content = parse(&json!({ "name": "Ada" }));
        for (answer, payload) in [
            (ElicitationResponse::accept_with(content), json!({ "action": "accept", "content": { "name": "Ada" } })),
            (ElicitationResponse::accept(), json!({ "action": "accept" })),
            (ElicitationResponse::decline(), json!({ "action": "decline" })),
            (ElicitationResponse::cancel(), json!({ "action": "cancel" })),
        ] {
            let (mut host, incoming_request) = elicitation();
            assert_eq!(host.payload(&incoming_request, answer), payload);
        }
        let (mut host, incoming_request) = elicitation();
        let no_object = IncomingResponse::from(ElicitationResponse::accept_with(Json::from_text("Ada")));
        assert_eq!(host.protocol.respond(host.now, incoming_request.id(), no_object), Err(RespondError::Mismatch));
    }

    #[test]
    fn only_dialogs_of_declared_kinds_get_a_response() {
        for (answer, payload) in [
            (DialogResponse::completed(parse(&json!([1]))), json!({ "behavior": "completed", "result": [1] })),
            (DialogResponse::cancelled(), json!({ "behavior": "cancelled" })),
        ] {
            let mut host = Host::with(owner());
            let kinds = parse(&json!(["pick"]));
            let initialize = Request::initialize().field("supportedDialogKinds", kinds);
            host.protocol.request(host.now, initialize).unwrap();
            host.written();
            let shown = json!({ "a": 1 });
            let incoming_request = host.request_from_cli(
                "d",
                json!({ "subtype": "request_user_dialog", "dialog_kind": "pick", "payload": shown }),
            );
            let dialog = incoming_request.dialog().unwrap();
            assert_eq!((dialog.kind.as_str(), dialog.payload.unwrap().as_str()), ("pick", r#"{"a":1}"#));
            assert_eq!(host.payload(&incoming_request, answer), payload);
            host.actions();
            let undeclared =
                host.receive_request("u", json!({ "subtype": "request_user_dialog", "dialog_kind": "other" }));
            assert!(matches!(&undeclared[..], [Action::IncomingDeclined { reason: DeclinedReason::Undeclared, .. }]));
            assert_eq!(host.written(), [] as [Value; 0]);
        }
    }
}
