//! MCP servers that a session is built with.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use claude_duplex::incoming::mcp::{McpContent, McpToolResult, SdkMcpServer, SdkMcpTool};
use claude_duplex::request::Initialize;
use claude_duplex::testing::{CliVersion, Script, Step, ToolStep};
use claude_duplex::{
    Config, Handlers, IncomingKind, Json, McpConnection, McpService, Outcome, Seed, Session, SessionBuilder,
    SessionTime,
};
use futures_lite::future::yield_now;
use serde_json::{Value, json};

use super::fixture::{Rig, SECOND, open_built};

fn builder() -> SessionBuilder {
    Session::builder().config(Config::new(Seed::from_bytes([7; 16])))
}

fn parse(json: &Value) -> Json {
    Json::from(json)
}

fn server(name: &str) -> SdkMcpServer {
    SdkMcpServer::new(name, "1").tool(SdkMcpTool::new("say", "says it", parse(&json!({ "type": "object" }))))
}

fn call(server: &str) -> ToolStep {
    ToolStep::new(format!("mcp__{server}__say"), parse(&json!({})))
}

/// A message to a server that nobody waits for.
fn unasked(id: &str, server: &str, message: &Value) -> Step {
    let request = json!({ "subtype": "mcp_message", "server_name": server, "message": message });
    Step::raw(format!("{}\n", json!({ "type": "control_request", "request_id": id, "request": request })))
}

/// The response to the request of that id.
fn response(rig_log: &[String], id: &str) -> Value {
    let lines = rig_log.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut found = lines.filter(|line| line["response"]["request_id"] == id);
    let response = found.next().unwrap_or_else(|| panic!("no response to {id}: {rig_log:#?}"))["response"].take();
    assert!(found.next().is_none(), "{id} has two responses");
    response
}

/// Counts how often it was dropped.
struct Dropped(Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn each_server_is_in_initialize_and_gets_its_messages() {
    for &generation in CliVersion::ALL {
        let script = Script::new(generation)
            .then([Step::tools_at_once([call("one"), call("two"), call("one")]), Step::text("done")]);
        let builder = builder()
            .initialize(Initialize::new().sdk_mcp_server("two").title("a title"))
            .sdk_mcp_server("one", server("one").on_call(async |call| call.text("first")))
            .sdk_mcp_server("two", server("two").on_call(async |call| call.text("second")));
        let rig = open_built(script, builder);
        let log = rig.log.clone();
        let end = rig.run(async |claude| claude.prompt("go").unwrap().finish().await);
        assert_eq!(end.outcome, Outcome::Success, "{generation}");
        let written = log.written();
        let first: Value = serde_json::from_str(&written[0]).unwrap();
        assert_eq!(first["request"]["sdkMcpServers"], json!(["two", "one"]), "{generation}");
        assert_eq!(first["request"]["title"], "a title");
        let count = |text: &str| written.iter().filter(|line| line.contains(&format!("\"{text}\""))).count();
        assert_eq!((count("first"), count("second")), (2, 1), "{generation}: {written:#?}");
    }
}

#[test]
fn a_second_server_with_a_name_replaces_the_first() {
    let builder = builder()
        .sdk_mcp_server("one", server("one").on_call(async |call| call.text("first")))
        .sdk_mcp_server("one", server("one").on_call(async |call| call.text("second")));
    let rig = open_built(Script::default().then([Step::from(call("one")), Step::text("done")]), builder);
    let log = rig.log.clone();
    rig.run(async |claude| claude.prompt("go").unwrap().finish().await);
    let answers = log.answers().join("\n");
    assert!(answers.contains("second") && !answers.contains("first"), "{answers}");
}

#[test]
fn messages_for_unknown_servers_reach_the_handler_or_are_declined() {
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    let script = || Script::default().then([Step::mcp("other", parse(&list)), Step::text("done")]);
    let built = || builder().sdk_mcp_server("one", server("one").on_call(async |call| call.text("first")));
    let answers = |builder: SessionBuilder| {
        let rig = open_built(script(), builder);
        let log = rig.log.clone();
        rig.run(async |claude| claude.prompt("go").unwrap().finish().await);
        log.answers()
            .into_iter()
            .filter(|line| line.contains("by hand") || line.contains("\"error\""))
            .collect::<Vec<_>>()
    };
    let handlers = Handlers::new().mcp(async |message| message.error(-32000, "by hand"));
    let handled = answers(built().handlers(handlers));
    assert!(handled.len() == 1 && handled[0].contains("by hand"), "{handled:?}");
    let declined = answers(built());
    assert!(declined.len() == 1 && declined[0].contains(r#""subtype":"error""#), "{declined:?}");
}

#[test]
fn the_host_can_own_messages_for_other_servers() {
    let builder = builder()
        .config(Config::new(Seed::from_bytes([7; 16])).handle(IncomingKind::Mcp))
        .sdk_mcp_server("one", server("one").on_call(async |call| call.text("first")));
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    let script =
        Script::default().then([Step::mcp("other", parse(&list)), Step::from(call("one")), Step::text("done")]);
    let rig = open_built(script, builder);
    let end = rig.run(async |claude| {
        let mut others = claude.incoming().unwrap();
        let prompt = claude.prompt("go").unwrap();
        let other = others.next().await.unwrap();
        let message = other.mcp().unwrap();
        assert_eq!(message.server_name, "other");
        other.respond(message.unknown_server()).unwrap();
        prompt.finish().await
    });
    assert_eq!(end.outcome, Outcome::Success);
}

#[test]
fn a_cancelled_call_is_dropped_and_answered() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&dropped);
    let hanging = server("one").on_call(move |_| {
        let guard = Dropped(Arc::clone(&count));
        async move {
            let _guard = guard;
            pending().await
        }
    });
    let called = json!({ "jsonrpc": "2.0", "id": "c", "method": "tools/call", "params": { "name": "say" } });
    let cancelled = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": "c" } });
    let script = Script::default().then([
        unasked("call", "one", &called),
        Step::pause(SECOND),
        unasked(
            "other",
            "one",
            &json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": "d" } }),
        ),
        Step::pause(SECOND),
        unasked("cancel", "one", &cancelled),
        Step::pause(SECOND),
        Step::text("done"),
    ]);
    let rig = open_built(script, builder().sdk_mcp_server("one", hanging));
    let log = rig.log.clone();
    let runtime = rig.runtime.clone();
    rig.run(async |claude| {
        let prompt = claude.prompt("go").unwrap();
        while dropped.load(Ordering::Relaxed) == 0 {
            runtime.sleep(SECOND / 10).await;
        }
        assert!(runtime.now() > SessionTime::from(2 * SECOND), "the cancellation of another call is not meant");
        prompt.finish().await
    });
    let answers = log.answers();
    assert_eq!(response(&answers, "cancel")["response"]["mcp_response"]["result"], json!({}));
    let ended = response(&answers, "call")["response"]["mcp_response"].take();
    assert_eq!((&ended["id"], &ended["error"]["message"]), (&json!("c"), &json!("the call was cancelled")));
}

#[test]
fn a_withdrawn_call_is_dropped_and_calls_end_with_the_session() {
    for withdraws in [true, false] {
        let dropped = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&dropped);
        let hanging = server("one").on_call(move |_| {
            let guard = Dropped(Arc::clone(&count));
            async move {
                let _guard = guard;
                pending().await
            }
        });
        let called = json!({ "jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": { "name": "say" } });
        let step = Step::mcp("one", parse(&called));
        let step = if withdraws { step.withdrawn_after(SECOND) } else { step };
        let script = Script::default().then([step, Step::text("done")]);
        let rig = open_built(script, builder().sdk_mcp_server("one", hanging));
        let runtime = rig.runtime.clone();
        rig.run(async |claude| {
            let prompt = claude.prompt("go").unwrap();
            match withdraws {
                true => assert_eq!(prompt.finish().await.outcome, Outcome::Success),
                false => runtime.sleep(SECOND).await,
            }
            assert_eq!(dropped.load(Ordering::Relaxed), usize::from(withdraws));
        });
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
    }
}

#[test]
fn results_have_all_kinds_of_content() {
    let charts = server("one").on_call(async |call| {
        let image = McpContent::image("AA==", "image/png");
        call.respond(&McpToolResult::structured(Json::from(&json!({ "n": 1 }))).content(image))
    });
    let rig = open_built(
        Script::default().then([Step::from(call("one")), Step::text("done")]),
        builder().sdk_mcp_server("one", charts),
    );
    let log = rig.log.clone();
    rig.run(async |claude| claude.prompt("go").unwrap().finish().await);
    let answers = log.answers().join("\n");
    assert!(answers.contains(r#""structuredContent":{"n":1}"#) && answers.contains(r#""type":"image""#), "{answers}");
}

/// Takes so many messages, answers them, says something by itself after each, and ends.
struct Short(usize);

impl McpService for Short {
    async fn serve(self, mut connection: McpConnection) {
        let client = connection.client();
        for _ in 0..self.0 {
            let Some(responder) = connection.next().await else { return };
            let acknowledgment = responder.mcp().unwrap().acknowledge();
            responder.respond(acknowledgment).unwrap();
            let changed = json!({ "jsonrpc": "2.0", "method": "notifications/tools/list_changed" });
            drop(client.send(&changed).await.unwrap());
        }
    }
}

fn short(messages: usize, answered: usize) -> Rig {
    let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
    let steps = (0..messages).map(|_| Step::mcp("one", parse(&ping))).chain([Step::text("done")]);
    // The mock CLI of that version greets servers by three messages before the first turn.
    let script = Script::new(CliVersion::V2_0_76).then(steps.collect::<Vec<_>>());
    open_built(script, builder().sdk_mcp_server("one", Short(3 + answered)))
}

#[test]
fn a_server_can_send_messages_to_the_cli() {
    let rig = short(2, 2);
    let log = rig.log.clone();
    let end = rig.run(async |claude| claude.prompt("go").unwrap().finish().await);
    assert_eq!(end.outcome, Outcome::Success);
    assert_eq!(log.requests("mcp_message"), 5);
}

#[test]
fn messages_for_a_server_that_has_ended_are_declined() {
    let rig = short(3, 1);
    let log = rig.log.clone();
    let end = rig.run(async |claude| claude.prompt("go").unwrap().finish().await);
    assert_eq!(end.outcome, Outcome::Success, "the turn goes on without the server");
    let declined = log.answers().iter().filter(|line| line.contains(r#""subtype":"error""#)).count();
    assert_eq!(declined, 2, "{:#?}", log.answers());
}

#[test]
fn messages_of_a_server_wait_for_room_and_end_with_the_session() {
    /// Sends, as soon as anything has come, more than there is room for.
    struct Chatty(Arc<AtomicUsize>);
    impl McpService for Chatty {
        async fn serve(self, connection: McpConnection) {
            let client = connection.client();
            let changed = json!({ "jsonrpc": "2.0", "method": "notifications/tools/list_changed" });
            while client.send(&changed).await.is_ok() {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
    let sent = Arc::new(AtomicUsize::new(0));
    let mut config = Config::new(Seed::from_bytes([7; 16]));
    config.limits.open_requests = 4;
    let builder = builder().config(config).sdk_mcp_server("one", Chatty(Arc::clone(&sent)));
    let rig = open_built(Script::new(CliVersion::V2_0_76), builder);
    let log = rig.log.clone();
    log.holds.store(true, Ordering::Relaxed);
    rig.run(async |claude| {
        // Nothing is taken: the requests have no response.
        for _ in 0..100 {
            yield_now().await;
        }
        // One of the four is `initialize`.
        assert_eq!(sent.load(Ordering::Relaxed), 3);
        claude.abort();
    });
}
