//! A line as the views decode it, under the names of the Python SDK.

use claude_duplex::message::content::{ServerToolResultBlock, ToolUseBlock};
use claude_duplex::message::origin::MessageOrigin;
use claude_duplex::message::rate_limit::RateLimitEvent;
use claude_duplex::message::stream::{ContentDelta, StreamEventKind};
use claude_duplex::message::system::System;
use claude_duplex::message::usage::{ModelUsage, Usage};
use claude_duplex::message::{Assistant, ContentBlock, Fields, MessageView, StreamEvent, TurnResult, User};
use claude_duplex::{Json, Message, MessageKind};
use serde_json::{Map, Value, json};

/// Returns the meaning of a line, or `None` for a line of the control protocol, which the SDK's parser does not get.
pub(crate) fn meaning(line: &[u8]) -> Option<Value> {
    let Ok(message) = Message::parse(line) else { return Some(json!({ "is": "not JSON" })) };
    let is_control = matches!(
        message.kind(),
        MessageKind::ControlRequest | MessageKind::ControlResponse | MessageKind::ControlCancelRequest
    );
    (!is_control).then(|| match message.view() {
        Ok(MessageView::User(view)) => user(&view),
        Ok(MessageView::Assistant(view)) => assistant(&view),
        Ok(MessageView::System(view)) => system(&view, message.subtype().as_deref()),
        Ok(MessageView::Result(view)) => result(&view),
        Ok(MessageView::StreamEvent(view)) => stream_event(&view),
        Ok(MessageView::RateLimit(view)) => rate_limit(&view),
        Ok(MessageView::ConversationReset(view)) => json!({
            "is": "ConversationResetMessage",
            "new_conversation_id": view.new_conversation_id,
            "uuid": view.uuid,
            "session_id": view.session_id,
        }),
        Ok(_) => json!({ "is": message.type_name() }),
        Err(error) => json!({ "is": "error", "error": error.to_string() }),
    })
}

fn tree(json: &Json) -> Value {
    serde_json::from_str(json.as_str()).expect("a Json is JSON")
}

fn word<T: ToString>(word: Option<&T>) -> Option<String> {
    word.map(ToString::to_string)
}

fn user(view: &User) -> Value {
    json!({
        "is": "UserMessage",
        "content": content(&view.message.content),
        "uuid": view.uuid,
        "parent_tool_use_id": view.parent_tool_use_id,
        "tool_use_result": view.tool_use_result.as_ref().map(tree),
        "origin": view.origin.as_ref().map(origin),
    })
}

fn assistant(view: &Assistant) -> Value {
    json!({
        "is": "AssistantMessage",
        "content": content(&view.message.content),
        "model": view.message.model,
        "parent_tool_use_id": view.parent_tool_use_id,
        "error": word(view.error.as_ref()),
        "usage": view.message.usage.as_ref().map(usage),
        "message_id": view.message.id,
        "stop_reason": word(view.message.stop_reason.as_ref()),
        "session_id": view.session_id,
        "uuid": view.uuid,
        "user_message_uuid": view.user_message_uuid,
        "user_message_uuids": view.user_message_uuids,
    })
}

fn content(blocks: &[ContentBlock]) -> Vec<Value> {
    blocks.iter().map(block).collect()
}

fn block(block: &ContentBlock) -> Value {
    match block {
        ContentBlock::Text(block) => json!({ "is": "TextBlock", "text": block.text }),
        ContentBlock::Thinking(block) => {
            json!({ "is": "ThinkingBlock", "thinking": block.thinking, "signature": block.signature })
        }
        ContentBlock::ToolUse(block) => tool_use("ToolUseBlock", block),
        ContentBlock::ServerToolUse(block) => tool_use("ServerToolUseBlock", block),
        ContentBlock::ToolResult(block) => json!({
            "is": "ToolResultBlock",
            "tool_use_id": block.tool_use_id,
            "content": block.content.as_ref().map(tree),
            "is_error": block.is_error,
        }),
        ContentBlock::ServerToolResult(ServerToolResultBlock { tool_use_id, content, .. }) => {
            json!({ "is": "ServerToolResultBlock", "tool_use_id": tool_use_id, "content": content.as_ref().map(tree) })
        }
        // The SDK has no block of these kinds.
        ContentBlock::RedactedThinking(_) => json!({ "is": "redacted_thinking" }),
        ContentBlock::Image(_) => json!({ "is": "image" }),
        ContentBlock::Document(_) => json!({ "is": "document" }),
        ContentBlock::Other(fields) => json!({ "is": fields.get("type").map(tree) }),
        _ => json!({ "is": "a kind that this test does not know" }),
    }
}

fn tool_use(class: &str, block: &ToolUseBlock) -> Value {
    json!({ "is": class, "id": block.id, "name": block.name, "input": block.input.as_ref().map(tree) })
}

/// The SDK passes the object on as it is.
fn origin(view: &MessageOrigin) -> Value {
    let mut origin = others(&view.unknown_fields);
    origin.insert("kind".to_owned(), view.kind.as_str().into());
    let named = [
        ("subkind", &view.subkind),
        ("producer", &view.producer),
        ("runId", &view.run_id),
        ("fireReason", &view.fire_reason),
        ("server", &view.server),
        ("from", &view.from),
        ("fromMode", &view.from_mode),
        ("name", &view.name),
        ("fromSession", &view.from_session),
        ("senderTaskId", &view.sender_task_id),
        ("body", &view.body),
    ];
    for (name, value) in named {
        origin.extend(value.as_ref().map(|value| (name.to_owned(), value.as_str().into())));
    }
    origin.into()
}

fn others(fields: &Fields) -> Map<String, Value> {
    fields.iter().map(|(name, value)| (name.to_owned(), tree(value))).collect()
}

/// The counts; `parse.py` keeps no others.
fn usage(view: &Usage) -> Value {
    json!({
        "input_tokens": view.input_tokens,
        "output_tokens": view.output_tokens,
        "cache_creation_input_tokens": view.cache_creation_input_tokens,
        "cache_read_input_tokens": view.cache_read_input_tokens,
        "service_tier": view.service_tier,
    })
}

fn model_usage(view: &ModelUsage) -> Value {
    json!({
        "inputTokens": view.input_tokens,
        "outputTokens": view.output_tokens,
        "cacheReadInputTokens": view.cache_read_input_tokens,
        "cacheCreationInputTokens": view.cache_creation_input_tokens,
        "costUSD": view.cost_usd,
        "contextWindow": view.context_window,
    })
}

fn system(view: &System, subtype: Option<&str>) -> Value {
    match view {
        System::TaskStarted(task) => json!({
            "is": "TaskStartedMessage",
            "subtype": subtype,
            "task_id": task.task_id,
            "description": task.description,
            "uuid": task.uuid,
            "session_id": task.session_id,
            "tool_use_id": task.tool_use_id,
            "task_type": word(task.task_type.as_ref()),
        }),
        System::TaskProgress(task) => json!({
            "is": "TaskProgressMessage",
            "subtype": subtype,
            "task_id": task.task_id,
            "description": task.description,
            "usage": task.usage.as_ref().map(task_usage),
            "uuid": task.uuid,
            "session_id": task.session_id,
            "tool_use_id": task.tool_use_id,
            "last_tool_name": task.last_tool_name,
        }),
        System::TaskNotification(task) => json!({
            "is": "TaskNotificationMessage",
            "subtype": subtype,
            "task_id": task.task_id,
            "status": word(task.status.as_ref()),
            "output_file": task.output_file,
            "summary": task.summary,
            "uuid": task.uuid,
            "session_id": task.session_id,
            "tool_use_id": task.tool_use_id,
            "usage": task.usage.as_ref().map(task_usage),
        }),
        System::TaskUpdated(task) => {
            let patch = task.patch.as_ref().map(|patch| {
                let mut fields = others(&patch.unknown_fields);
                fields.extend(word(patch.status.as_ref()).map(|status| ("status".to_owned(), status.into())));
                fields.extend(patch.description.as_deref().map(|text| ("description".to_owned(), text.into())));
                fields.extend(patch.end_time.map(|time| ("end_time".to_owned(), time.into())));
                fields.extend(patch.total_paused_ms.map(|time| ("total_paused_ms".to_owned(), time.into())));
                fields.extend(patch.error.as_deref().map(|text| ("error".to_owned(), text.into())));
                fields.extend(patch.is_backgrounded.map(|is_so| ("is_backgrounded".to_owned(), is_so.into())));
                Value::Object(fields)
            });
            json!({
                "is": "TaskUpdatedMessage",
                "subtype": subtype,
                "task_id": task.task_id,
                "patch": patch,
                "status": task.patch.as_ref().and_then(|patch| word(patch.status.as_ref())),
                "session_id": task.session_id,
                "uuid": task.uuid,
            })
        }
        System::HookStarted(hook) => hook_event(subtype, hook.event(), &hook.session_id, &hook.uuid),
        System::HookResponse(hook) => hook_event(subtype, hook.event(), &hook.session_id, &hook.uuid),
        _ => json!({ "is": "SystemMessage", "subtype": subtype }),
    }
}

fn task_usage(usage: &claude_duplex::message::system::tasks::TaskUsage) -> Value {
    json!({ "total_tokens": usage.total_tokens, "tool_uses": usage.tool_uses, "duration_ms": usage.duration_ms })
}

fn hook_event(subtype: Option<&str>, event: Option<&str>, session: &Option<String>, uuid: &Option<String>) -> Value {
    json!({
        "is": "HookEventMessage",
        "subtype": subtype,
        "hook_event_name": event,
        "session_id": session,
        "uuid": uuid,
    })
}

fn result(view: &TurnResult) -> Value {
    let denials = view.permission_denials.iter().map(|denial| {
        json!({
            "tool_name": denial.tool_name,
            "tool_use_id": denial.tool_use_id,
            "tool_input": denial.tool_input.as_ref().map(tree),
        })
    });
    let denials: Vec<_> = denials.collect();
    let models = view
        .model_usage
        .as_ref()
        .map(|models| models.iter().map(|(name, usage)| (name.clone(), model_usage(usage))).collect::<Map<_, _>>());
    let deferred = view.deferred_tool_use.as_ref().map(|tool| {
        json!({ "is": "DeferredToolUse", "id": tool.id, "name": tool.name, "input": tool.input.as_ref().map(tree) })
    });
    json!({
        "is": "ResultMessage",
        "subtype": view.subtype.as_str(),
        "duration_ms": view.duration_ms,
        "duration_api_ms": view.duration_api_ms,
        "is_error": view.is_error,
        "num_turns": view.num_turns,
        "session_id": view.session_id,
        "stop_reason": word(view.stop_reason.as_ref()),
        "total_cost_usd": view.total_cost_usd,
        "usage": view.usage.as_ref().map(usage),
        "result": view.result,
        "structured_output": view.structured_output.as_ref().map(tree),
        "model_usage": models,
        "permission_denials": denials,
        "deferred_tool_use": deferred,
        "errors": view.errors,
        "api_error_status": view.api_error_status,
        "uuid": view.uuid,
        "terminal_reason": word(view.terminal_reason.as_ref()),
        "origin": view.origin.as_ref().map(origin),
        "user_message_uuid": view.user_message_uuid,
        "user_message_uuids": view.user_message_uuids,
    })
}

fn stream_event(view: &StreamEvent) -> Value {
    let event = match &view.event {
        StreamEventKind::MessageStart(_) => json!({ "type": "message_start" }),
        StreamEventKind::BlockStart(start) => json!({ "type": "content_block_start", "index": start.index }),
        StreamEventKind::BlockDelta(delta) => {
            let part = match &delta.delta {
                ContentDelta::Text(part) => json!({ "type": "text_delta", "part": part.text }),
                ContentDelta::Thinking(part) => json!({ "type": "thinking_delta", "part": part.thinking }),
                ContentDelta::Signature(part) => json!({ "type": "signature_delta", "part": part.signature }),
                ContentDelta::Input(part) => json!({ "type": "input_json_delta", "part": part.partial_json }),
                _ => json!({ "type": "another" }),
            };
            json!({ "type": "content_block_delta", "index": delta.index, "delta": part })
        }
        StreamEventKind::BlockStop(stop) => json!({ "type": "content_block_stop", "index": stop.index }),
        StreamEventKind::MessageDelta(delta) => {
            let stop_reason = word(delta.delta.stop_reason.as_ref());
            json!({ "type": "message_delta", "stop_reason": stop_reason, "usage": delta.usage.as_ref().map(usage) })
        }
        StreamEventKind::MessageStop(_) => json!({ "type": "message_stop" }),
        StreamEventKind::Ping(_) => json!({ "type": "ping" }),
        StreamEventKind::Error(_) => json!({ "type": "error" }),
        _ => json!({ "type": "another" }),
    };
    json!({
        "is": "StreamEvent",
        "uuid": view.uuid,
        "session_id": view.session_id,
        "event": event,
        "parent_tool_use_id": view.parent_tool_use_id,
        "user_message_uuid": view.user_message_uuid,
        "user_message_uuids": view.user_message_uuids,
    })
}

fn rate_limit(view: &RateLimitEvent) -> Value {
    let info = &view.rate_limit_info;
    json!({
        "is": "RateLimitEvent",
        "rate_limit_info": {
            "is": "RateLimitInfo",
            "status": info.status.as_str(),
            "resets_at": info.resets_at,
            "rate_limit_type": word(info.limit.as_ref()),
            "utilization": info.utilization,
            "overage_status": word(info.overage_status.as_ref()),
            "overage_resets_at": info.overage_resets_at,
            "overage_disabled_reason": info.overage_disabled_reason,
        },
        "uuid": view.uuid,
        "session_id": view.session_id,
    })
}
