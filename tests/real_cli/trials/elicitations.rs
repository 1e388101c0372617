//! An MCP server of the CLI's that asks the user for something: the hooks before and after, and the host's response.

use std::io::Write;
use std::process::ExitCode;

use claude_duplex::incoming::ElicitationResponse;
use claude_duplex::incoming::hook::HookEvent;
use claude_duplex::{Config, IncomingKinds, IncomingResponse, Json, Options, Prompt};
use serde_json::{Value, json};

use super::guards::{Guard, judge};
use crate::raw::Raw;
use crate::script::{script, text, tool};
use crate::talk::{Talk, Trial};
use crate::watch::Case;

trials![guard_of_an_elicitation, guard_of_an_elicitations_result, elicitation_answered];

/// Makes this binary the MCP server.
const VARIABLE: &str = "REAL_CLI_ELICITATION_SERVER";

const BYPASS: &str = "--dangerously-skip-permissions";

/// First version of the suite that asks the host.
const FIRST: &str = "2.1.143";

/// How the CLI starts the MCP server.
fn server() -> std::io::Result<Value> {
    Ok(json!({ "command": std::env::current_exe()?, "args": [], "env": { VARIABLE: "1" } }))
}

fn server_script() -> String {
    script([tool("mcp__forms__ask", json!({})), text("done")])
}

pub(super) fn other_process() -> Option<ExitCode> {
    std::env::var_os(VARIABLE)?;
    Some(if serve().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// An MCP server with one tool, which asks the user for a name and returns what it is told.
fn serve() -> std::io::Result<()> {
    let mut stdout = std::io::stdout();
    let mut call = Value::Null;
    for line in std::io::stdin().lines() {
        let message: Value = serde_json::from_str(&line?)?;
        let (id, params) = (&message["id"], &message["params"]);
        let result = |result: Value| Some(json!({ "jsonrpc": "2.0", "id": id, "result": result }));
        let reply = match message["method"].as_str() {
            Some("initialize") => {
                let information = json!({ "name": "forms", "version": "1" });
                let version = &params["protocolVersion"];
                result(
                    json!({ "protocolVersion": version, "capabilities": { "tools": {} }, "serverInfo": information }),
                )
            }
            Some("tools/list") => {
                let incoming_request =
                    json!({ "name": "ask", "description": "asks", "inputSchema": { "type": "object" } });
                result(json!({ "tools": [incoming_request] }))
            }
            Some("tools/call") => {
                call = id.clone();
                let properties = json!({ "name": { "type": "string" } });
                let schema = json!({ "type": "object", "properties": properties, "required": ["name"] });
                let params = json!({ "message": "who?", "requestedSchema": schema });
                Some(json!({ "jsonrpc": "2.0", "id": "form", "method": "elicitation/create", "params": params }))
            }
            Some(_) if id.is_null() => None,
            Some(_) => result(json!({})),
            // The response to the question.
            None => {
                let text = if message["error"].is_null() { &message["result"] } else { &message["error"] };
                let content = json!([{ "type": "text", "text": format!("told {text}") }]);
                Some(json!({ "jsonrpc": "2.0", "id": call, "result": { "content": content } }))
            }
        };
        if let Some(reply) = reply {
            writeln!(stdout, "{reply}")?;
            stdout.flush()?;
        }
    }
    Ok(())
}

/// Has the server ask, and the host answer with a name; whether the server is told it.
fn is_notified(raw: &mut Raw<'_>) -> crate::raw::Result<bool> {
    raw.prompt(&server_script())?;
    let mut reported = false;
    loop {
        let line = raw.next("a result")?;
        reported |= line["type"] == "user" && line.to_string().contains("Ada");
        if line["request"]["subtype"] == "elicitation" {
            raw.respond(&line["request_id"], &json!({ "action": "accept", "content": { "name": "Ada" } }))?;
        }
        if line["type"] == "result" {
            return Ok(reported);
        }
    }
}

fn guard(case: &Case, event: HookEvent) -> Trial {
    let configuration = json!({ "mcpServers": { "forms": server()? } }).to_string();
    let guard = Guard { event, first: FIRST, refused_since: Some("2.1.302"), stops_in_time: None };
    judge(case, &guard, &[BYPASS, "--mcp-config", &configuration], |raw, _| is_notified(raw))
}

async fn guard_of_an_elicitation(case: &Case) -> Trial {
    guard(case, HookEvent::Elicitation)
}

async fn guard_of_an_elicitations_result(case: &Case) -> Trial {
    guard(case, HookEvent::ElicitationResult)
}

/// The server is told what the host says; where the host does not handle it, or fails, that it was cancelled.
async fn elicitation_answered(case: &Case) -> Trial {
    let server = Json::from_value(&server()?)?;
    let filled = || ElicitationResponse::accept_with(Json::parse(r#"{"name":"Ada"}"#).expect("an object"));
    let ways: [(Option<IncomingResponse>, &str); 5] = [
        (Some(filled().into()), "Ada"),
        (Some(ElicitationResponse::decline().into()), r#""action":"decline""#),
        (Some(ElicitationResponse::cancel().into()), r#""action":"cancel""#),
        (Some(IncomingResponse::Error { message: "it broke".into() }), r#""action":"cancel""#),
        // Nobody handles it.
        (None, r#""action":"cancel""#),
    ];
    for (answer, expected) in ways {
        let handles = |config: &mut Config| {
            config.handled = if answer.is_some() { IncomingKinds::ALL } else { IncomingKinds::NONE }
        };
        let bypass = |options: Options| options.dangerously_skip_permissions().mcp_server("forms", server.clone());
        let mut talk = Talk::with(case, bypass, handles)?;
        let prompt = talk.prompt(Prompt::text(server_script()))?;
        let mut request_count = 0;
        let end = talk.ended_with(prompt, |incoming_request| {
            request_count += 1;
            let elicitation = incoming_request.elicitation().expect("an elicitation");
            assert_eq!((elicitation.server.as_str(), elicitation.message.as_str()), ("forms", "who?"));
            assert!(elicitation.unknown_fields.is_empty(), "{elicitation:?}");
            answer.clone()
        });
        assert_eq!(end.await?.text(), "done");
        let reported = talk.tool_results();
        talk.close().await?;
        if request_count == 0 && answer.is_some() {
            assert!(case.is_before(FIRST), "{reported}");
            case.lacks("the host is not asked");
            return Ok(());
        }
        assert!(reported.replace("\\\"", "\"").contains(expected), "{answer:?}: {reported}");
    }
    Ok(())
}
