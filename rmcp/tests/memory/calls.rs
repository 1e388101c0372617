//! Calls with their results, and messages that services send by themselves.

use std::time::Duration;

use claude_duplex::testing::{CliVersion, Script, Step, ToolStep};
use claude_duplex::{Json, Outcome};
use claude_duplex_rmcp::v3::RmcpServer;
use serde_json::{Value, json};

use crate::services::counter::Counter;
use crate::services::office::{Notes, Office, noted};
use crate::stage::{builder, calls, mcp_message, open, run};

fn call(server: &str, tool: &str, arguments: &Value) -> ToolStep {
    ToolStep::new(format!("mcp__{server}__{tool}"), Json::from(arguments))
}

/// Returns the texts of all tool results, as the model gets them.
fn results(lines: &[Value]) -> String {
    let users = lines.iter().filter(|line| line["type"] == "user");
    users.map(|line| line["message"]["content"].to_string()).collect::<Vec<_>>().join("\n")
}

fn rpc(id: &Value, method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

#[test]
fn the_counter_counts_on_every_version() {
    for &version in CliVersion::ALL {
        run(async |world| {
            let counter = Counter::new();
            let server = RmcpServer::new(move || counter.clone());
            let script = Script::new(version)
                .then([
                    Step::from(call("counter", "increment", &json!({}))),
                    Step::from(call("counter", "increment", &json!({}))),
                    Step::from(call("counter", "decrement", &json!({}))),
                    Step::from(call("counter", "sum", &json!({ "a": 40, "b": 2 }))),
                    Step::text("done"),
                ])
                .then([Step::from(call("counter", "get_value", &json!({}))), Step::text("done")]);
            let scene = open(&world, script, builder().sdk_mcp_server("counter", server));
            for _ in 0..2 {
                assert_eq!(scene.prompt("count").await.outcome, Outcome::Success, "{version}");
            }
            let lines = scene.close().await;
            let results = results(&lines);
            for text in ["counter is 1", "counter is 2", "sum is 42"] {
                assert!(results.contains(text), "{version}: {text} is missing: {results}");
            }
            assert_eq!(results.matches("counter is 1").count(), 3, "{version}: {results}");
            let calls = calls(&lines, "counter");
            let (_, hello) = calls.iter().find(|(message, _)| message["method"] == "initialize").unwrap();
            let hello = &hello["response"]["mcp_response"]["result"];
            assert_eq!(hello["serverInfo"], json!({ "name": "counter", "version": "1.2.3" }), "{version}");
            assert_eq!(hello["protocolVersion"], "2025-11-25");
        });
    }
}

#[test]
fn responses_have_the_ids_of_their_requests() {
    run(async |world| {
        let notes = Notes::default();
        let made = notes.clone();
        let ask = |id: Value, method: &str, params: Value| Step::mcp("office", Json::from(&rpc(&id, method, &params)));
        let tool = |id: Value, name: &str| ask(id, "tools/call", json!({ "name": name, "arguments": {} }));
        let script = Script::default().then([
            tool(json!("measure"), "measure"),
            tool(json!("draw"), "draw"),
            tool(json!("fail"), "fail"),
            tool(json!(-7), "refuse"),
            tool(json!("panic"), "panic"),
            tool(json!("none"), "none"),
            ask(json!("resources"), "resources/list", json!({})),
            ask(json!("read"), "resources/read", json!({ "uri": "memo://lunch" })),
            ask(json!("unread"), "resources/read", json!({ "uri": "memo://dinner" })),
            ask(json!("prompts"), "prompts/list", json!({})),
            ask(json!("prompt"), "prompts/get", json!({ "name": "greet" })),
            ask(json!("ping"), "ping", json!({})),
            ask(json!("later"), "of/a/later/version", json!({})),
            Step::mcp("office", Json::from(&json!({ "jsonrpc": "2.0", "id": "odd" }))),
            Step::mcp("office", Json::from(&json!({ "jsonrpc": "2.0", "method": "notifications/of_a_later_version" }))),
            Step::text("done"),
        ]);
        let server = RmcpServer::new(move || Office::new(&made));
        let scene = open(&world, script, builder().sdk_mcp_server("office", server));
        assert_eq!(scene.prompt("work").await.outcome, Outcome::Success);
        let lines = scene.close().await;
        let calls = calls(&lines, "office");
        let response_to = |id: Value| {
            let (_, response) = calls.iter().find(|(message, _)| message["id"] == id).unwrap();
            let response = &response["response"]["mcp_response"];
            assert_eq!((&response["jsonrpc"], &response["id"]), (&json!("2.0"), &id));
            response.clone()
        };
        assert_eq!(response_to(json!("measure"))["result"]["structuredContent"], json!({ "celsius": 21 }));
        assert_eq!(response_to(json!("draw"))["result"]["content"][1]["mimeType"], "image/png");
        assert_eq!(response_to(json!("fail"))["result"]["isError"], true);
        assert_eq!(response_to(json!(-7))["error"], json!({ "code": -32001, "message": "the office is closed" }));
        let panic = response_to(json!("panic"))["error"].take();
        assert_eq!(panic, json!({ "code": -32603, "message": "the handler panicked: the roof is on fire" }));
        assert_eq!(response_to(json!("none"))["error"]["code"], -32602);
        assert_eq!(response_to(json!("resources"))["result"]["resources"][0]["uri"], "memo://lunch");
        assert_eq!(response_to(json!("read"))["result"]["contents"][0]["text"], "soup at noon");
        assert!(response_to(json!("unread"))["error"]["message"] == "no such memo");
        assert_eq!(response_to(json!("prompts"))["result"]["prompts"][0]["name"], "greet");
        assert_eq!(response_to(json!("prompt"))["result"]["messages"][0]["role"], "user");
        assert_eq!(response_to(json!("ping"))["result"], json!({}));
        assert_eq!(response_to(json!("later"))["error"]["code"], -32601);
        assert_eq!(response_to(json!("odd"))["error"]["code"], -32600);
        let (_, acknowledged) =
            calls.iter().find(|(message, _)| message["method"] == "notifications/of_a_later_version").unwrap();
        assert_eq!(acknowledged["response"]["mcp_response"]["result"], json!({}));
        assert!(noted(&notes, "initialized"));
    });
}

#[test]
fn notifications_reach_the_cli_in_order() {
    run(async |world| {
        let notes = Notes::default();
        let script = Script::default().then([
            Step::from(call("office", "count", &json!({ "steps": 20 }))),
            Step::from(call("office", "change", &json!({}))),
            Step::text("done"),
        ]);
        let server = RmcpServer::new(move || Office::new(&notes));
        let scene = open(&world, script, builder().sdk_mcp_server("office", server));
        assert_eq!(scene.prompt("count").await.outcome, Outcome::Success);
        let lines = scene.close().await;
        assert!(results(&lines).contains("reported 20 of 20"), "{}", results(&lines));
        let sent: Vec<&Value> = lines
            .iter()
            .filter(|line| line["request"]["subtype"] == "mcp_message")
            .map(|line| &line["request"]["message"])
            .filter(|message| message["method"].as_str().is_some_and(|method| method.starts_with("notifications/")))
            .collect();
        let progress: Vec<_> = sent.iter().filter_map(|message| message["params"]["progress"].as_f64()).collect();
        assert_eq!(progress, (1..=20).map(f64::from).collect::<Vec<_>>());
        for method in ["tools/list_changed", "resources/list_changed", "prompts/list_changed", "message"] {
            let method = format!("notifications/{method}");
            assert!(sent.iter().any(|message| message["method"] == method), "{method} is missing");
        }
    });
}

#[test]
fn each_server_of_each_session_has_its_own_service() {
    run(async |world| {
        let server = RmcpServer::new(Counter::new);
        let scenes: Vec<_> = (0..3)
            .map(|_| {
                let calls = [call("one", "increment", &json!({})), call("two", "decrement", &json!({}))];
                let again = call("one", "increment", &json!({}));
                let script =
                    Script::default().then([Step::tools_at_once(calls), Step::from(again), Step::text("done")]);
                let builder = builder().sdk_mcp_server("one", server.clone()).sdk_mcp_server("two", server.clone());
                open(&world, script, builder)
            })
            .collect();
        for scene in &scenes {
            assert_eq!(scene.prompt("count").await.outcome, Outcome::Success);
        }
        for scene in scenes {
            let results = results(&scene.close().await);
            for text in ["counter is 1", "counter is 2", "counter is -1"] {
                assert!(results.contains(text), "{text} is missing: {results}");
            }
        }
    });
}

#[test]
fn a_service_can_send_requests_to_the_cli() {
    run(async |world| {
        let notes = Notes::default();
        let server = RmcpServer::new(move || Office::new(&notes));
        let called = rpc(&json!("r"), "tools/call", &json!({ "name": "roots", "arguments": {} }));
        // The first request of a service has the id 0.
        let response = json!({ "jsonrpc": "2.0", "id": 0, "result": { "roots": [{ "uri": "file:///srv" }] } });
        let script = Script::default().then([
            Step::raw(mcp_message("call", "office", &called)),
            Step::pause(Duration::from_secs(1)),
            Step::mcp("office", Json::from(&response)),
            Step::pause(Duration::from_secs(1)),
            Step::text("done"),
        ]);
        let scene = open(&world, script, builder().sdk_mcp_server("office", server));
        assert_eq!(scene.prompt("work").await.outcome, Outcome::Success);
        let lines = scene.close().await;
        let calls = calls(&lines, "office");
        let response = |id: &str| calls.iter().find(|(message, _)| message["id"] == id).unwrap().1.clone();
        assert_eq!(response("r")["response"]["mcp_response"]["result"]["content"][0]["text"], "roots: 1");
    });
}
