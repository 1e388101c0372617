//! Services that hang, panic, end, or lose their runtime; calls that are cancelled.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use claude_duplex::testing::{CliVersion, Script, Step, TestRuntime, ToolStep};
use claude_duplex::{Action, Config, Interrupt, Json, Outcome, Overflow, Seed};
use claude_duplex_rmcp::v3::RmcpServer;
use rmcp::ServerHandler;
use rmcp::model::{Implementation, InitializeRequestParams, InitializeResult, ServerConfig};
use rmcp::service::RequestContext;
use serde_json::{Value, json};

use crate::services::counter::Counter;
use crate::services::office::{Notes, Office, note, noted};
use crate::stage::{builder, calls, mcp_message, open, run};

const SECOND: Duration = Duration::from_secs(1);

fn office(notes: &Notes) -> RmcpServer<impl Fn() -> Office + Send + Sync + use<>> {
    let notes = Arc::clone(notes);
    RmcpServer::new(move || Office::new(&notes))
}

fn call(id: &Value, tool: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": { "name": tool, "arguments": {} } })
}

fn hello(id: i64) -> Value {
    let client = json!({ "name": "claude-code", "version": "2.1.332" });
    let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client });
    json!({ "jsonrpc": "2.0", "id": id, "method": "initialize", "params": params })
}

fn cancelled(id: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": id } })
}

/// Returns steps in which the CLI sends a message, and then waits for a second.
fn send(id: &str, message: &Value) -> [Step; 2] {
    [Step::raw(mcp_message(id, "office", message)), Step::pause(SECOND)]
}

/// Returns the responses to the messages with that JSON-RPC id, in order.
fn responses(lines: &[Value], id: &Value) -> Vec<Value> {
    let calls = calls(lines, "office").into_iter();
    calls
        .filter(|(message, _)| message["id"] == *id)
        .map(|(_, response)| response["response"]["mcp_response"].clone())
        .collect()
}

#[test]
fn a_cancelled_call_ends_at_once_and_its_late_response_is_dropped() {
    run(async |world| {
        let notes = Notes::default();
        let id = json!("c");
        let steps = send("call", &call(&id, "wait")).into_iter().chain(send("cancel", &cancelled(&id)));
        let script = Script::default().then(steps.chain([Step::text("done")]));
        let scene = open(&world, script, builder().sdk_mcp_server("office", office(&notes)));
        assert_eq!(scene.prompt("work").await.outcome, Outcome::Success);
        // `calls` checks that there is one response to each.
        let lines = scene.close().await;
        let error = json!({ "code": -32603, "message": "the request was cancelled" });
        assert_eq!(responses(&lines, &id)[0]["error"], error);
        assert!(noted(&notes, "wait cancelled"));
    });
}

#[test]
fn a_withdrawn_call_is_cancelled_and_gets_no_response() {
    run(async |world| {
        let notes = Notes::default();
        let id = json!(77);
        let withdrawn = Step::mcp("office", Json::from(&call(&id, "wait"))).withdrawn_after(SECOND);
        let after = Step::mcp("office", Json::from(&call(&id, "measure")));
        let script = Script::default().then([withdrawn, Step::pause(SECOND), after, Step::text("done")]);
        let scene = open(&world, script, builder().sdk_mcp_server("office", office(&notes)));
        assert_eq!(scene.prompt("work").await.outcome, Outcome::Success);
        let lines = scene.close().await;
        let responses = responses(&lines, &id);
        assert_eq!(responses[0], Value::Null);
        assert_eq!(responses[1]["result"]["structuredContent"], json!({ "celsius": 21 }), "its id is free again");
        assert!(noted(&notes, "wait cancelled"));
    });
}

#[test]
fn an_interrupt_cancels_the_call_of_its_turn() {
    for &version in CliVersion::ALL {
        run(async |world| {
            let notes = Notes::default();
            let tool = ToolStep::new("mcp__office__wait", Json::parse("{}").unwrap());
            let script = Script::new(version).then([Step::from(tool), Step::text("done")]);
            let scene = open(&world, script, builder().sdk_mcp_server("office", office(&notes)));
            let prompt = scene.claude.prompt("work").unwrap();
            while !noted(&notes, "wait began") {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            drop(scene.claude.interrupt(Interrupt::running()).unwrap());
            assert_eq!(prompt.finish().await.outcome, Outcome::Interrupted, "{version}");
            while !noted(&notes, "wait cancelled") {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            scene.close().await;
        });
    }
}

#[test]
fn a_hanging_handler_is_dropped_soon_after_the_session_ends() {
    run(async |world| {
        let notes = Notes::default();
        let script =
            Script::default().then([Step::mcp("office", Json::from(&call(&json!(1), "hang"))), Step::text("done")]);
        let scene = open(&world, script, builder().sdk_mcp_server("office", office(&notes)));
        let prompt = scene.claude.prompt("work").unwrap();
        while !noted(&notes, "hang began") {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        scene.close().await;
        assert_eq!(prompt.finish().await.outcome, Outcome::Interrupted);
        let ended = tokio::time::Instant::now();
        while !noted(&notes, "hang dropped") {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(ended.elapsed() < Duration::from_secs(3), "{:?}", ended.elapsed());
    });
}

#[test]
fn a_duplicate_id_of_an_open_request_is_refused() {
    run(async |world| {
        let notes = Notes::default();
        let id = json!(5);
        let steps = [send("a", &call(&id, "wait")), send("b", &call(&id, "measure")), send("c", &cancelled(&id))];
        let script = Script::default().then(steps.into_iter().flatten().chain([Step::text("done")]));
        let scene = open(&world, script, builder().sdk_mcp_server("office", office(&notes)));
        assert_eq!(scene.prompt("work").await.outcome, Outcome::Success);
        let lines = scene.close().await;
        let responses = responses(&lines, &id);
        assert_eq!(responses[0]["error"]["message"], "the request was cancelled");
        assert_eq!(responses[1]["error"], json!({ "code": -32600, "message": "a request with the id 5 is in flight" }));
    });
}

#[test]
fn a_second_initialize_restarts_the_service_and_ends_open_requests() {
    run(async |world| {
        let notes = Notes::default();
        let steps =
            [send("a", &call(&json!("a"), "wait")), send("b", &hello(100)), send("c", &call(&json!("c"), "measure"))];
        let script = Script::default().then(steps.into_iter().flatten().chain([Step::text("done")]));
        let scene = open(&world, script, builder().sdk_mcp_server("office", office(&notes)));
        assert_eq!(scene.prompt("work").await.outcome, Outcome::Success);
        assert_eq!(notes.lock().unwrap().iter().filter(|note| *note == "made").count(), 2);
        assert!(noted(&notes, "wait cancelled"));
        let lines = scene.close().await;
        let error = &responses(&lines, &json!("a"))[0]["error"]["message"];
        assert_eq!(error, "the server \"office\" has stopped: the server was started again");
        assert_eq!(responses(&lines, &json!(100))[0]["result"]["serverInfo"]["name"], "office");
        assert_eq!(responses(&lines, &json!("c"))[0]["result"]["structuredContent"], json!({ "celsius": 21 }));
    });
}

#[test]
fn two_concurrent_initializes_both_get_a_result() {
    run(async |world| {
        let notes = Notes::default();
        let both =
            [Step::raw(mcp_message("a", "office", &hello(100))), Step::raw(mcp_message("b", "office", &hello(101)))];
        let rest =
            [Step::pause(SECOND), Step::mcp("office", Json::from(&call(&json!("c"), "measure"))), Step::text("done")];
        let script = Script::default().then(both.into_iter().chain(rest));
        let scene = open(&world, script, builder().sdk_mcp_server("office", office(&notes)));
        assert_eq!(scene.prompt("work").await.outcome, Outcome::Success);
        let lines = scene.close().await;
        for id in [100, 101] {
            assert_eq!(responses(&lines, &json!(id))[0]["result"]["serverInfo"]["name"], "office", "{id}");
        }
        assert_eq!(responses(&lines, &json!("c"))[0]["result"]["structuredContent"], json!({ "celsius": 21 }));
    });
}

#[test]
fn a_failing_service_factory_is_reported_and_retried() {
    run(async |world| {
        let tries = AtomicUsize::new(0);
        let notes = Notes::default();
        let made = Arc::clone(&notes);
        let server = RmcpServer::new(move || {
            assert!(tries.fetch_add(1, Ordering::Relaxed) > 0, "no paper");
            Office::new(&made)
        });
        let steps = [
            Step::mcp("office", Json::from(&call(&json!("before"), "measure"))),
            Step::mcp("office", Json::from(&json!({ "jsonrpc": "2.0", "method": "notifications/roots/list_changed" }))),
            Step::mcp("office", Json::from(&hello(100))),
            Step::mcp("office", Json::from(&call(&json!("after"), "measure"))),
            Step::from(ToolStep::new("mcp__counter__increment", Json::parse("{}").unwrap())),
            Step::text("done"),
        ];
        let builder =
            builder().sdk_mcp_server("office", server).sdk_mcp_server("counter", RmcpServer::new(Counter::new));
        let scene = open(&world, Script::default().then(steps), builder);
        assert_eq!(scene.prompt("work").await.outcome, Outcome::Success);
        let lines = scene.close().await;
        let error =
            json!({ "code": -32603, "message": "the server \"office\" has stopped: the service panicked: no paper" });
        assert_eq!(responses(&lines, &json!("before"))[0]["error"], error);
        assert_eq!(responses(&lines, &json!("after"))[0]["result"]["structuredContent"], json!({ "celsius": 21 }));
        assert!(lines.iter().any(|line| line.to_string().contains("counter is 1")), "another server is not concerned");
    });
}

/// Service that refuses its first handshake.
#[derive(Clone)]
struct Shy(Notes);

impl ServerHandler for Shy {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::default().with_server_info(Implementation::new("shy", "1"))
    }

    async fn initialize(
        &self,
        request: InitializeRequestParams,
        _: RequestContext<rmcp::RoleServer>,
    ) -> Result<InitializeResult, rmcp::ErrorData> {
        if !noted(&self.0, "initialize refused") {
            note(&self.0, "initialize refused");
            return Err(rmcp::ErrorData::internal_error("not now", None));
        }
        self.negotiate_initialize(&request)
    }
}

#[test]
fn a_refused_handshake_is_reported_and_can_be_repeated() {
    run(async |world| {
        let shy = Shy(Notes::default());
        let steps = [
            Step::mcp("office", Json::from(&json!({ "jsonrpc": "2.0", "id": "before", "method": "ping" }))),
            Step::mcp("office", Json::from(&hello(100))),
            Step::mcp("office", Json::from(&json!({ "jsonrpc": "2.0", "id": "after", "method": "ping" }))),
            Step::text("done"),
        ];
        let server = RmcpServer::new(move || shy.clone());
        let scene = open(&world, Script::default().then(steps), builder().sdk_mcp_server("office", server));
        assert_eq!(scene.prompt("work").await.outcome, Outcome::Success);
        let lines = scene.close().await;
        assert_eq!(responses(&lines, &json!(0))[0]["error"]["message"], "not now");
        let error = responses(&lines, &json!("before"))[0]["error"]["message"].to_string();
        assert!(error.contains("the handshake failed") && error.contains("not now"), "{error}");
        assert_eq!(responses(&lines, &json!("after"))[0]["result"], json!({}));
    });
}

#[test]
fn a_runtime_that_is_shut_down_is_reported() {
    let other = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let handle = other.handle().clone();
    other.shutdown_background();
    run(async |world| {
        let notes = Notes::default();
        let step = Step::mcp("office", Json::from(&call(&json!("c"), "measure")));
        let server = office(&notes).runtime(handle);
        let scene = open(
            &world,
            Script::default().then([step, Step::text("done")]),
            builder().sdk_mcp_server("office", server),
        );
        assert_eq!(scene.prompt("work").await.outcome, Outcome::Success);
        let lines = scene.close().await;
        let error = &responses(&lines, &json!("c"))[0]["error"]["message"];
        assert_eq!(error, "the server \"office\" has stopped: the tokio runtime of the service is shut down");
    });
}

#[test]
fn opening_without_a_runtime_is_an_error_that_names_it() {
    let world = TestRuntime::new();
    let notes = Notes::default();
    let tool = ToolStep::new("mcp__office__measure", Json::parse("{}").unwrap());
    let script = Script::new(CliVersion::V2_1_329).then([Step::from(tool), Step::text("done")]);
    let mut config = Config::new(Seed::from_bytes([7; 16]));
    config.wire_lines = true;
    let mut builder = builder().config(config).sdk_mcp_server("office", office(&notes));
    let mut watch = builder.subscribe(1000, Overflow::Oldest);
    let (claude, runner) = builder.open_on(world.start(script));
    let talk = async { claude.prompt("work").unwrap().finish().await.outcome };
    assert_eq!(world.run(runner.run_until(talk)), Outcome::Success);
    let mut errors = 0;
    while let Some(action) = world.run(watch.next()) {
        if let Action::WireLine(line) = action.unwrap() {
            let line = String::from_utf8_lossy(&line.bytes).into_owned();
            errors += usize::from(line.contains("no tokio runtime is running; set one by `RmcpServer::runtime`"));
        }
    }
    // The response to `initialize`, and to the requests that the CLI sends nevertheless.
    assert!(errors > 0 && !noted(&notes, "made"));
}
