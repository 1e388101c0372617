//! Control requests.

use std::time::Duration;

use claude_duplex::{Config, Json, Request, RequestError};
use serde_json::{Value, json};

use crate::talk::{Talk, Trial};
use crate::watch::Case;

trials![initialize, every_request_is_settled, unknown_request];

async fn initialize(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let reply = talk.initialize(json!({})).await?;
    assert!(reply.payload().is_some_and(|payload| payload.as_str().contains("\"commands\"")));
    let mode = Request::new("set_permission_mode").field("mode", Json::string("plan"));
    talk.request(mode).await??;
    let prompt = talk.prompt("hello")?;
    assert_eq!(talk.ended(prompt).await?.text(), "ok");
    let init = talk.messages().find(|message| message.subtype().as_deref() == Some("init")).ok_or("no init")?;
    assert_eq!(init.decode::<Value>()?["permissionMode"], "plan");
    talk.close().await?;
    Ok(())
}

/// Every request with a plain payload (wire reference, section 5).
fn requests() -> Vec<(&'static str, Value)> {
    let none = "11111111-1111-4111-8111-111111111111";
    vec![
        ("set_model", json!({ "model": "claude-haiku-4-5" })),
        ("set_model", json!({ "model": null })),
        ("set_permission_mode", json!({ "mode": "plan" })),
        ("set_permission_mode", json!({ "mode": "default" })),
        ("set_max_thinking_tokens", json!({ "max_thinking_tokens": 1024 })),
        ("mcp_status", json!({})),
        ("mcp_set_servers", json!({ "servers": {} })),
        ("mcp_reconnect", json!({ "serverName": "none" })),
        ("mcp_toggle", json!({ "serverName": "none", "enabled": false })),
        ("cancel_async_message", json!({ "message_uuid": none })),
        ("stop_task", json!({ "task_id": "none" })),
        ("rewind_files", json!({ "user_message_id": none })),
        ("get_context_usage", json!({})),
        ("get_settings", json!({})),
        ("apply_flag_settings", json!({ "settings": {} })),
        ("get_session_cost", json!({})),
        ("get_binary_version", json!({})),
        ("get_hooks_listing", json!({})),
        ("get_usage", json!({})),
        ("get_task_output", json!({ "task_id": "none" })),
        ("list_models", json!({})),
        ("list_permission_rules", json!({})),
        ("reload_plugins", json!({})),
        ("reload_skills", json!({})),
        ("file_suggestions", json!({ "query": "a" })),
        ("read_file", json!({ "path": "none" })),
        ("seed_read_state", json!({ "path": "x", "mtime": 1 })),
        ("background_tasks", json!({})),
        ("rename_session", json!({ "title": "t" })),
        ("set_color", json!({ "color": "blue" })),
        ("set_has_subscribers", json!({ "has_subscribers": true })),
        ("interrupt", json!({})),
    ]
}

/// Known, refused or never answered: each has one reply, and the session goes on.
async fn every_request_is_settled(case: &Case) -> Trial {
    let impatient = |config: &mut Config| config.timeouts.request = Some(Duration::from_secs(5));
    let mut talk = Talk::with(case, |options| options.host_permission_prompts(), impatient)?;
    talk.initialize(json!({})).await?;
    let mut open = Vec::new();
    for (subtype, fields) in requests() {
        let mut request = Request::new(subtype);
        for (name, value) in fields.as_object().into_iter().flatten() {
            request = request.field(name, Json::from_value(value)?);
        }
        open.push((subtype, talk.claude.request(request)?));
    }
    let (mut unknown, mut silent) = (Vec::new(), Vec::new());
    for (subtype, request) in open {
        match talk.replied(request).await? {
            Ok(_) => {}
            Err(RequestError::TimedOut) => silent.push(subtype),
            Err(RequestError::Refused { message, .. }) if message.contains("nsupported control request") => {
                unknown.push(subtype);
            }
            Err(RequestError::Refused { message, .. }) => assert!(!message.is_empty(), "{subtype}"),
            Err(error) => return Err(format!("{subtype}: {error}").into()),
        }
    }
    for (kind, list) in [("never answers", silent), ("does not know", unknown)] {
        assert!(
            !list.iter().any(|subtype| ["set_model", "set_permission_mode", "interrupt"].contains(subtype)),
            "{list:?}"
        );
        if !list.is_empty() {
            case.differs(&format!(
                "{kind} {}",
                list.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            ));
        }
    }
    let prompt = talk.prompt("hello")?;
    assert_eq!(talk.ended(prompt).await?.text(), "ok");
    talk.close().await?;
    Ok(())
}

async fn unknown_request(case: &Case) -> Trial {
    let impatient = |config: &mut Config| config.timeouts.request = Some(Duration::from_secs(2));
    let mut talk = Talk::with(case, |options| options, impatient)?;
    let prompt = talk.prompt("hello")?;
    talk.ended(prompt).await?;
    match talk.request(Request::new("no_such_subtype")).await? {
        Err(RequestError::TimedOut) => assert!(case.before("2.1.40", "it is never answered, and times out")),
        Err(RequestError::Refused { message, .. }) => {
            assert!(!case.is_before("2.1.40") && message.contains("no_such_subtype"), "{message}");
        }
        other => panic!("{other:?}"),
    }
    let again = talk.prompt("hello")?;
    assert_eq!(talk.ended(again).await?.text(), "ok");
    talk.close().await?;
    Ok(())
}
