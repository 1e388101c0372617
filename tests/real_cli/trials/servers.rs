//! An MCP server in the host's own process.

use claude_duplex::incoming::mcp::{JsonRpc, McpReaction, SdkMcpServer, SdkMcpTool};
use claude_duplex::{IncomingRequest, IncomingResponse, Json, Prompt, Request};
use serde_json::{Value, json};

use crate::script::{script, text, tool};
use crate::talk::{Talk, Trial};
use crate::watch::Case;

trials![host_server_called];

/// A server that adds.
fn serve(ask: &IncomingRequest, methods: &mut Vec<String>) -> Option<IncomingResponse> {
    let number = json!({ "type": "number" });
    let schema = json!({ "type": "object", "properties": { "a": number, "b": number } });
    let schema = Json::from_value(&schema).expect("a schema");
    let message = ask.mcp().expect("a message");
    match message.rpc().expect("JSON-RPC") {
        JsonRpc::Request { method, .. } | JsonRpc::Notification { method, .. } => methods.push(method),
        other => panic!("nothing was asked of the CLI: {other:?}"),
    }
    Some(match SdkMcpServer::new("calc", "1").tool(SdkMcpTool::new("add", "add", schema)).react(&message) {
        McpReaction::Answer(answer) => answer.into(),
        McpReaction::Call(call) => {
            let arguments: Value = call.arguments.decode().expect("an object");
            let number = |name: &str| arguments[name].as_i64().unwrap_or_default();
            call.text((number("a") + number("b")).to_string()).into()
        }
    })
}

async fn host_server_called(case: &Case) -> Trial {
    let mut methods = Vec::new();
    let mut talk = Talk::with(case, |options| options.dangerously_skip_permissions().host_mcp_server("calc"), |_| ())?;
    let servers = Request::initialize().field("sdkMcpServers", Json::from_value(&json!(["calc"]))?);
    talk.request_with(servers, |ask| serve(ask, &mut methods)).await??;
    let call = tool("mcp__calc__add", json!({ "a": 2, "b": 40 }));
    let prompt = talk.prompt(Prompt::text(script([call, text("done")])))?;
    assert_eq!(talk.ended_with(prompt, |ask| serve(ask, &mut methods)).await?.text(), "done");
    assert!(talk.tool_results().contains("42"), "{}", talk.tool_results());
    assert_eq!(methods.iter().filter(|method| *method == "tools/call").count(), 1);
    let status = talk.request_with(Request::new("mcp_status"), |ask| serve(ask, &mut methods)).await??;
    assert!(status.payload().is_some_and(|payload| payload.as_str().contains("calc")));
    talk.close().await?;
    Ok(())
}
