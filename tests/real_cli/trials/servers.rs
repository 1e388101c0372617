//! An MCP server in the host's own process.

use claude_duplex::{Answer, Ask, AskKind, Json, Prompt, Request};
use serde_json::{Value, json};

use crate::script::{script, text, tool};
use crate::talk::{Talk, Trial};
use crate::watch::Case;

trials![host_server_called];

/// A server that adds.
fn serve(ask: &Ask, methods: &mut Vec<String>) -> Option<Answer> {
    assert_eq!(ask.kind(), AskKind::Mcp);
    let line: Value = ask.message().decode().expect("JSON");
    let message = &line["request"]["message"];
    let method = message["method"].as_str().unwrap_or_default();
    methods.push(method.to_owned());
    let number = |name: &str| message["params"]["arguments"][name].as_i64().unwrap_or_default();
    let result = match method {
        "initialize" => json!({
            "protocolVersion": message["params"]["protocolVersion"],
            "capabilities": { "tools": {} },
            "serverInfo": { "name": "calc", "version": "1" },
        }),
        "tools/list" => json!({ "tools": [{
            "name": "add", "description": "add",
            "inputSchema": { "type": "object", "properties": { "a": { "type": "number" }, "b": { "type": "number" } } },
        }] }),
        "tools/call" => json!({ "content": [{ "type": "text", "text": (number("a") + number("b")).to_string() }] }),
        _ => json!({}),
    };
    let id = message.get("id").cloned().unwrap_or(json!(0));
    let response = json!({ "mcp_response": { "jsonrpc": "2.0", "id": id, "result": result } });
    Some(Answer::Raw(Json::from_value(&response).expect("JSON")))
}

async fn host_server_called(case: &Case) -> Trial {
    let mut methods = Vec::new();
    let mut talk = Talk::with(case, |options| options.dangerously_skip_permissions().host_mcp_server("calc"), |_| ())?;
    let servers = Request::initialize().field("sdkMcpServers", Json::from_value(&json!(["calc"]))?);
    talk.request_with(servers, |ask| serve(ask, &mut methods)).await??;
    let call = tool("mcp__calc__add", json!({ "a": 2, "b": 40 }));
    let prompt = talk.prompt(Prompt::text(&script([call, text("done")])))?;
    assert_eq!(talk.ended_with(prompt, |ask| serve(ask, &mut methods)).await?.text(), "done");
    assert!(talk.tool_results().contains("42"), "{}", talk.tool_results());
    assert_eq!(methods.iter().filter(|method| *method == "tools/call").count(), 1);
    let status = talk.request_with(Request::new("mcp_status"), |ask| serve(ask, &mut methods)).await??;
    assert!(status.payload().is_some_and(|payload| payload.as_str().contains("calc")));
    talk.close().await?;
    Ok(())
}
