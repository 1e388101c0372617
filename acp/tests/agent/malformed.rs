//! Lines that are not messages, and methods that nobody knows: an error for each, and the agent goes on.

use serde_json::{Value, json};

use crate::client::{Agent, Setup, script};

/// Writes bytes, and waits for the error of a line without an id.
fn refusal(agent: &mut Agent, bytes: &[u8]) -> Value {
    let from = agent.received.len();
    agent.write_bytes(bytes).expect("the agent reads");
    let at = agent.until(from, "a refusal", |received| received["error"].is_object() && received["id"].is_null());
    agent.received[at]["error"].clone()
}

fn check_next_prompt(agent: &mut Agent, session: &str) {
    let prompt = agent.prompt(session, &script(json!([{ "text": "still here" }])));
    assert_eq!(agent.response(prompt)["result"]["stopReason"], "end_turn");
}

#[test]
fn garbage_is_refused() {
    let mut agent = Agent::start(&Setup::default());
    let session = agent.session();
    for (bytes, code) in [
        (&b"{\n"[..], -32700),
        (b"\x00\x01\x02\n", -32700),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\n", -32700),
        (b"\xff\xfe\n", -32600),
        (b"[]\n", -32600),
        (b"5\n", -32600),
        (b"\"text\"\n", -32600),
    ] {
        let error = refusal(&mut agent, bytes);
        assert_eq!(error["code"], code, "{bytes:?}: {error}");
    }
    let nested = format!("{}\n", "[".repeat(100_000));
    assert_eq!(refusal(&mut agent, nested.as_bytes())["code"], -32700);
    check_next_prompt(&mut agent, &session);
    assert_eq!(agent.finish(), Some(0));
}

#[test]
fn a_line_over_the_limit_is_refused() {
    let mut agent = Agent::start(&Setup::default());
    let session = agent.session();
    let mut line = vec![b'x'; (64 << 20) + 1];
    line.push(b'\n');
    let error = refusal(&mut agent, &line);
    assert_eq!(error["code"], -32600, "{error}");
    check_next_prompt(&mut agent, &session);
    assert_eq!(agent.finish(), Some(0));
}

#[test]
fn unknown_methods_and_parameters_are_refused() {
    let mut agent = Agent::start(&Setup::default());
    let session = agent.session();
    let at = json!({ "sessionId": session });
    for (method, params, code) in [
        ("session/unheard_of", json!({}), -32601),
        ("", json!(null), -32601),
        ("fs/read_text_file", at.clone(), -32601),
        ("session/prompt", json!({ "sessionId": session, "prompt": 5 }), -32602),
        ("session/prompt", json!([]), -32602),
        ("session/new", json!({ "cwd": 7 }), -32602),
        ("session/set_mode", json!({ "sessionId": session, "modeId": "no such mode" }), -32602),
        ("session/set_title", json!({ "sessionId": session, "title": " " }), -32602),
        ("session/set_mode", json!({ "sessionId": "nobody", "modeId": "plan" }), -32002),
        ("session/close", json!({ "sessionId": "nobody" }), -32002),
        ("session/fork", json!({ "sessionId": "nobody", "cwd": "/tmp", "mcpServers": [] }), -32002),
    ] {
        let id = agent.request(method, params.clone());
        let response = agent.response(id);
        assert_eq!(response["error"]["code"], code, "{method} {params}: {response}");
        assert!(response["error"]["message"].as_str().is_some_and(|message| !message.is_empty()));
    }
    // Nobody waits for an error of a notification, nor of a response without a request.
    agent.notify("session/unheard_of", at);
    agent.notify("session/cancel", json!({ "sessionId": "nobody" }));
    agent.write(&json!({ "jsonrpc": "2.0", "id": 999, "result": {} }).to_string());
    agent.write(&json!({ "jsonrpc": "2.0", "id": "x", "error": { "code": 1, "message": "m" } }).to_string());
    check_next_prompt(&mut agent, &session);
    assert_eq!(agent.finish(), Some(0));
}

#[test]
fn half_a_character_does_not_lose_the_prompt() {
    let mut agent = Agent::start(&Setup::default());
    let session = agent.session();
    let half = format!(
        r#"{{"jsonrpc":"2.0","id":77,"method":"session/prompt","params":{{"sessionId":"{session}","prompt":[{{"type":"text","text":"half \ud83d"}}]}}}}"#
    );
    agent.write(&half);
    assert_eq!(agent.response(77)["result"]["stopReason"], "end_turn");
}
