//! Requests of MCP servers for input of the user: forms and links.

use std::fs;

use serde_json::{Value, json};

use crate::client::{Agent, Directory, Setup, script};

/// Returns the response that the CLI gets: the journal has it.
fn response(name: &str, capabilities: Value, elicitation: Value, client: Option<(&Value, Value)>) -> Value {
    let directory = Directory::new(name);
    let arguments = ["--journal", directory.path()];
    let mut agent = Agent::start(&Setup { agent: &arguments, capabilities, ..Setup::default() });
    let session = agent.session();
    let prompt = agent.prompt(&session, &script(json!([{ "elicitation": elicitation, "text": "done" }])));
    if let Some((expected, response)) = client {
        let (_, request) = agent.next_request(0);
        assert_eq!(request["method"], "elicitation/create");
        let mut params = request["params"].clone();
        assert_eq!(params["sessionId"], session);
        params.as_object_mut().expect("an object").remove("sessionId");
        assert_eq!(params, *expected);
        match response.is_null() {
            true => agent.write(
                &json!({ "jsonrpc": "2.0", "id": request["id"], "error": { "code": -32603, "message": "no" } })
                    .to_string(),
            ),
            false => agent.respond(&request, response),
        }
    }
    let end = agent.response_at(prompt);
    assert_eq!((&agent.received[end]["result"]["stopReason"], &*agent.text(0, end)), (&json!("end_turn"), "done"));
    let requests = agent.received[..end].iter().filter(|received| received["method"] == "elicitation/create").count();
    assert_eq!(requests, usize::from(has_request(&agent)));
    assert_eq!(agent.finish(), Some(0));
    only_response(&fs::read_to_string(directory.0.join(format!("{session}.0.journal"))).expect("a journal"))
}

fn has_request(agent: &Agent) -> bool {
    agent.received.iter().any(|received| received["method"] == "elicitation/create")
}

/// Returns the only response of the host in a journal.
fn only_response(journal: &str) -> Value {
    let records = journal.lines().map(|line| serde_json::from_str::<Value>(line).expect("a record"));
    let mut responses: Vec<Value> = records.filter_map(|record| find(&record, "respond")).collect();
    assert_eq!(responses.len(), 1, "{responses:?}");
    responses.remove(0)
}

/// Returns the value of a name, wherever it is.
fn find(value: &Value, name: &str) -> Option<Value> {
    match value {
        Value::Object(fields) => {
            fields.get(name).cloned().or_else(|| fields.values().find_map(|value| find(value, name)))
        }
        Value::Array(values) => values.iter().find_map(|value| find(value, name)),
        _ => None,
    }
}

fn form() -> Value {
    let schema = json!({ "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"] });
    json!({ "mcp_server_name": "forms", "message": "who?", "mode": "form", "requested_schema": schema })
}

fn link() -> Value {
    json!({ "mcp_server_name": "login", "message": "log in", "mode": "url", "url": "https://example.com/x", "elicitation_id": "e7" })
}

#[test]
fn forms_are_shown() {
    let schema = json!({ "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"] });
    let shown = json!({ "mode": "form", "message": "forms: who?", "requestedSchema": schema });
    for (name, client, action, content) in [
        (
            "form-accept",
            json!({ "action": "accept", "content": { "name": "Ada" } }),
            "accept",
            json!({ "name": "Ada" }),
        ),
        ("form-decline", json!({ "action": "decline" }), "decline", Value::Null),
        ("form-cancel", json!({ "action": "cancel" }), "cancel", Value::Null),
        // An error of the client.
        ("form-error", Value::Null, "decline", Value::Null),
    ] {
        let capabilities = json!({ "elicitation": { "form": {} } });
        let sent = response(name, capabilities, form(), Some((&shown, client)));
        assert_eq!(find(&sent, "action"), Some(json!(action)), "{name}: {sent}");
        assert_eq!(find(&sent, "content").unwrap_or_default(), content, "{name}: {sent}");
    }
}

#[test]
fn links_are_shown() {
    let shown =
        json!({ "mode": "url", "message": "login: log in", "url": "https://example.com/x", "elicitationId": "e7" });
    for action in ["accept", "decline", "cancel"] {
        let capabilities = json!({ "elicitation": { "url": {} } });
        let client = json!({ "action": action });
        let sent = response(&format!("link-{action}"), capabilities, link(), Some((&shown, client)));
        assert_eq!(find(&sent, "action"), Some(json!(action)), "{sent}");
    }
}

#[test]
fn a_client_without_elicitations_gets_no_request() {
    for (name, capabilities, elicitation) in [
        ("none-form", json!({}), form()),
        ("none-link", json!({}), link()),
        ("only-links", json!({ "elicitation": { "url": {} } }), form()),
        ("only-forms", json!({ "elicitation": { "form": {} } }), link()),
    ] {
        let sent = response(name, capabilities, elicitation, None);
        assert_eq!(find(&sent, "action"), Some(json!("decline")), "{name}: {sent}");
    }
}
