//! MCP servers in the host, and a host that does not wait for the reply to its `initialize`.

use claude_duplex::SessionTime;
use claude_duplex::testing::{CliVersion, MockCli, Script, steps_in};
use serde_json::{Value, json};

const INITIALIZE: &str =
    r#"{"type":"control_request","request_id":"i","request":{"subtype":"initialize","sdkMcpServers":["calc"]}}"#;
const PROMPT: &str = r#"{"type":"user","message":{"role":"user","content":
    "{\"steps\":[{\"tool\":\"mcp__calc__add\",\"input\":{\"a\":2,\"b\":3}},{\"text\":\"five\"}]}"}}"#;
const INTERRUPT: &str = r#"{"type":"control_request","request_id":"x","request":{"subtype":"interrupt"}}"#;

/// What a server answers to a message.
fn served(message: &Value) -> Value {
    let result = match message["method"].as_str() {
        Some("tools/list") => json!({ "tools": [{ "name": "add" }] }),
        Some("tools/call") => json!({ "content": [{ "type": "text", "text": "5" }] }),
        _ => json!({}),
    };
    json!({ "jsonrpc": "2.0", "id": message["id"], "result": result })
}

/// All lines of a peer that gets these at once, and whose servers answer.
fn lines(script: Script, host: &[&str]) -> Vec<Value> {
    let mut peer =
        MockCli::new(script.replay_user_messages(false).answering(|prompt| steps_in(prompt, false)), SessionTime::ZERO);
    let mut now = SessionTime::ZERO;
    for line in host {
        peer.receive(now, format!("{}\n", line.replace('\n', "")).as_bytes());
    }
    let mut seen = Vec::new();
    loop {
        let written = String::from_utf8(peer.poll_transmit().to_vec()).unwrap();
        peer.sent(now, written.len());
        for line in written.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            if line["request"]["subtype"] == "mcp_message" {
                let answer = json!({ "mcp_response": served(&line["request"]["message"]) });
                let response = json!({ "subtype": "success", "request_id": line["request_id"], "response": answer });
                let response = json!({ "type": "control_response", "response": response });
                peer.receive(now, format!("{response}\n").as_bytes());
            }
            seen.push(line);
        }
        match peer.poll_timeout() {
            Some(due) => {
                now = due;
                peer.handle_timeout(now);
            }
            None if peer.poll_transmit().is_empty() => return seen,
            None => {}
        }
    }
}

/// What a line is, as far as these tests look.
fn kind(line: &Value) -> Option<String> {
    let method = line["request"]["message"]["method"].as_str();
    match line["type"].as_str()? {
        "control_request" => method.map(str::to_owned),
        "control_response" => Some(format!("reply to {}", line["response"]["request_id"].as_str()?)),
        "system" => (line["subtype"] == "init").then(|| "init".to_owned()),
        "result" => Some(line["subtype"].as_str()?.to_owned()),
        _ => None,
    }
}

fn kinds(lines: &[Value]) -> Vec<String> {
    lines.iter().filter_map(kind).collect()
}

const GREETING: [&str; 2] = ["notifications/initialized", "tools/list"];

#[test]
fn a_prompt_after_initialize_waits_for_the_servers() {
    for &generation in CliVersion::ALL {
        let first = match generation {
            CliVersion::V2_1_250 | CliVersion::V2_1_329 => ["initialize", "reply to i"],
            _ => ["reply to i", "initialize"],
        };
        let expected = [&first[..], &GREETING, &["init", "tools/call", "success"]].concat();
        assert_eq!(kinds(&lines(Script::new(generation), &[INITIALIZE, PROMPT])), expected, "{generation}");
    }
}

#[test]
fn a_server_of_the_command_line_needs_no_initialize() {
    for &generation in CliVersion::ALL {
        let lines = lines(Script::new(generation).host_server("calc"), &[PROMPT]);
        let expected = [&["initialize"][..], &GREETING, &["init", "tools/call", "success"]].concat();
        assert_eq!(kinds(&lines), expected, "{generation}");
        let init = lines.iter().find(|line| line["subtype"] == "init").unwrap();
        assert_eq!(init["mcp_servers"][0]["name"], "calc");
        assert!(init["tools"].as_array().unwrap().contains(&json!("mcp__calc__add")));
        let result = lines.iter().find_map(|line| line["message"]["content"][0]["content"].as_array());
        assert_eq!(result, Some(&vec![json!({ "type": "text", "text": "5" })]));
    }
}

#[test]
fn an_interrupt_does_not_withdraw_the_messages_of_initialize() {
    for generation in [CliVersion::V2_1_250, CliVersion::V2_1_329] {
        let lines = lines(Script::new(generation), &[INITIALIZE, PROMPT, INTERRUPT]);
        assert!(kinds(&lines).contains(&"reply to i".to_owned()), "{generation}: {:?}", kinds(&lines));
    }
}
