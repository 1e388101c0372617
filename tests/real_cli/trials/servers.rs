//! An MCP server in the host's own process.

use claude_duplex::incoming::mcp::{JsonRpc, McpReaction, SdkMcpServer, SdkMcpTool};
use claude_duplex::{IncomingRequest, IncomingResponse, Interrupt, Json, Outcome as Ended, Prompt, Request};
use serde_json::{Value, json};

use crate::script::{script, text, tool};
use crate::talk::{Talk, Trial};
use crate::watch::Case;

trials![host_server_called, interrupt_in_an_mcp_call];

/// A server that adds.
fn serve(incoming_request: &IncomingRequest, methods: &mut Vec<String>) -> Option<IncomingResponse> {
    let number = json!({ "type": "number" });
    let schema = json!({ "type": "object", "properties": { "a": number, "b": number } });
    let schema = Json::from_value(&schema).expect("a schema");
    let message = incoming_request.mcp().expect("a message");
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

/// A session with that server.
async fn served<'c>(case: &'c Case, methods: &mut Vec<String>) -> Result<Talk<'c>, Box<dyn std::error::Error>> {
    let mut talk = Talk::with(case, |options| options.dangerously_skip_permissions().host_mcp_server("calc"), |_| ())?;
    let servers = Request::initialize().field("sdkMcpServers", Json::from_value(&json!(["calc"]))?);
    talk.request_with(servers, |incoming_request| serve(incoming_request, methods)).await??;
    Ok(talk)
}

/// A prompt by which the model has the server add.
fn adding() -> Prompt {
    let call = tool("mcp__calc__add", json!({ "a": 2, "b": 40 }));
    Prompt::text(script([call, text("done")]))
}

async fn host_server_called(case: &Case) -> Trial {
    let mut methods = Vec::new();
    let mut talk = served(case, &mut methods).await?;
    let prompt = talk.prompt(adding())?;
    assert_eq!(talk.ended_with(prompt, |incoming_request| serve(incoming_request, &mut methods)).await?.text(), "done");
    assert!(talk.tool_results().contains("42"), "{}", talk.tool_results());
    assert_eq!(methods.iter().filter(|method| *method == "tools/call").count(), 1);
    let status = talk
        .request_with(Request::new("mcp_status"), |incoming_request| serve(incoming_request, &mut methods))
        .await??;
    assert!(status.payload().is_some_and(|payload| payload.as_str().contains("calc")));
    talk.close().await?;
    Ok(())
}

/// The server does not answer, and the turn is interrupted: MCP's own notification cancels the call, and the CLI does not
/// withdraw its request. A late answer disturbs nothing.
async fn interrupt_in_an_mcp_call(case: &Case) -> Trial {
    let mut methods = Vec::new();
    let mut talk = served(case, &mut methods).await?;
    let prompt = talk.prompt(adding())?;
    let open = loop {
        let incoming_request = talk.next_request().await?;
        let answer = serve(&incoming_request, &mut methods).ok_or("it serves everything")?;
        if methods.last().is_some_and(|method| method == "tools/call") {
            break incoming_request;
        }
        talk.claude.respond(incoming_request.id(), answer)?;
    };
    let interrupt = talk.claude.interrupt(Interrupt::running())?;
    let end = talk.ended_with(prompt, |incoming_request| serve(incoming_request, &mut methods));
    assert_eq!(end.await?.outcome, Ended::Interrupted);
    talk.replied(interrupt).await??;
    assert!(methods.iter().any(|method| method == "notifications/cancelled"), "{methods:?}");
    assert_eq!(talk.withdrawn(), 0);
    talk.claude.respond(open.id(), serve(&open, &mut methods).ok_or("an answer")?)?;
    let again = talk.prompt(adding())?;
    assert_eq!(talk.ended_with(again, |incoming_request| serve(incoming_request, &mut methods)).await?.text(), "done");
    assert!(talk.tool_results().contains("42"), "{}", talk.tool_results());
    talk.close().await?;
    Ok(())
}
