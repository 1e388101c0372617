//! Comparison of the views of a line that both readers return.

use super::{Slow, SlowFields, SlowView};
use crate::base::error::DecodeError;
use crate::base::json::Json;
use crate::base::strings::readable;
use crate::incoming::hook::HookRequest;
use crate::incoming::mcp::IncomingMcpMessage;
use crate::incoming::{DialogRequest, ElicitationRequest, PermissionRequest, PermissionUpdate};
use crate::message::content::ContentBlocks;
use crate::message::stream::{ContentDelta, StreamDelta};
use crate::message::{ContentBlock, Message, MessageView};
use crate::outgoing::request::response::*;
use crate::outgoing::request::*;
use crate::wire::control;
use crate::wire::kind::MessageKind;
use crate::wire::view::{FromJson, ViewPart};

/// Reads a line as every view, and panics if the reference reads it differently.
#[allow(unreachable_pub, reason = "public where it is fuzzed")]
pub fn agree(line: &[u8]) {
    let Ok(message) = Message::parse(line) else { return };
    // In an object with such a name the reference reads its values as text too, in place of keeping them as they were written.
    let text = readable(message.as_bytes()).into_owned();
    views(&message);
    let message = Message::parse(text.as_bytes()).expect("it is a message as text too");
    let (fast, slow) = (views(&message), slow_views(&message));
    assert_eq!(fast, slow, "{text}");
    match message.kind() {
        MessageKind::ControlRequest => incoming(&message),
        MessageKind::ControlResponse => replies(&message),
        _ => {}
    }
}

fn incoming(message: &Message) {
    macro_rules! each {
        ($($incoming:ident)+) => {$({
            let slow = SlowFields::of(&message.to_json()).and_then(|mut line| line.require("request"));
            let slow = slow.and_then(|request: Json| {
                let within = |error: DecodeError| error.within("request");
                SlowFields::of(&request).and_then(|mut request| $incoming::slow_without(&mut request, &["subtype"])).map_err(within)
            });
            let fast = control::incoming_view::<$incoming>(message.as_bytes());
            assert_eq!(fast, slow, "{} of {}", stringify!($incoming), message.line());
            if let Ok(fast) = fast {
                let _ = (fast.unknown_names("", &mut Vec::new()), format!("{fast:?}"));
            }
        })+};
    }
    each!(PermissionRequest HookRequest IncomingMcpMessage ElicitationRequest DialogRequest);
    let updates = control::incoming_view(message.as_bytes())
        .ok()
        .and_then(|incoming: PermissionRequest| incoming.permission_suggestions);
    let read = |update: &PermissionUpdate| (update.change().is_ok(), update.destination());
    let _: Vec<_> = updates.iter().flatten().map(read).collect();
    if let Ok(hook) = control::incoming_view::<HookRequest>(message.as_bytes()) {
        let _ = hook.input.details();
    }
}

fn replies(message: &Message) {
    let Some(Ok(Some(payload))) = control::response(message.as_bytes()).map(|response| response.outcome) else {
        return;
    };
    let payload = Json::from_line(payload.as_bytes());
    macro_rules! each {
        ($($reply:ident)+) => {$(
            assert_eq!($reply::from_json(&payload), $reply::slow(&payload), "{} of {}", stringify!($reply), payload.as_str());
        )+};
    }
    each! {
        Ack BackgroundTasksResponse CancelAsyncMessageResponse FileSuggestionsResponse GetBinaryVersionResponse GetContextUsageResponse
        GetHooksListingResponse GetSessionCostResponse GetSettingsResponse GetTaskOutputResponse GetUsageResponse InitializeResponse
        InterruptResponse ListModelsResponse ListPermissionRulesResponse McpCallResponse McpReadResourceResponse McpSetServersResponse
        McpStatusResponse ReadFileResponse RegisterRepoRootResponse ReloadOutputStylesResponse ReloadPluginsResponse ReloadSkillsResponse
        RewindFilesResponse SetMcpPermissionModeOverrideResponse SetModelResponse SetPermissionModeResponse SideQuestionResponse
    }
}

#[derive(Debug, PartialEq)]
struct Views {
    view: Result<MessageView, DecodeError>,
    content: Option<Result<Vec<ContentBlock>, DecodeError>>,
    blocks: Vec<Result<ContentBlocks, DecodeError>>,
    delta: Option<StreamDelta>,
    session_id: Option<String>,
}

fn views(message: &Message) -> Views {
    let view = message.view();
    let one = match message.kind() {
        MessageKind::System => message.system().map(MessageView::System),
        MessageKind::Assistant => message.assistant().map(Box::new).map(MessageView::Assistant),
        MessageKind::User => message.user().map(MessageView::User),
        MessageKind::StreamEvent => message.stream_event().map(MessageView::StreamEvent),
        MessageKind::Result => message.result().map(Box::new).map(MessageView::Result),
        _ => view.clone(),
    };
    assert_eq!(one, view);
    let has_content = matches!(message.kind(), MessageKind::Assistant | MessageKind::User);
    let content = has_content.then(|| message.content());
    let results = |block: &ContentBlock| match block {
        ContentBlock::ToolResult(result) => Some(result.blocks()),
        _ => None,
    };
    let blocks = content.iter().flatten().flatten().filter_map(results).collect();
    Views { view, content, blocks, delta: message.delta(), session_id: message.session_id() }
}

fn slow_views(message: &Message) -> Views {
    let json = message.to_json();
    let view = match (message.kind(), message.subtype()) {
        (MessageKind::System, None) => Err(DecodeError::missing("subtype")),
        _ => SlowFields::of(&json).and_then(|mut fields| MessageView::slow_fields(&mut fields)),
    };
    let message_fields = || SlowFields::of(&SlowFields::of(&json)?.require::<Json>("message")?);
    let message_fields =
        || message_fields().map_err(|error| if error.path() == "message" { error } else { error.within("message") });
    let within = |error: DecodeError| error.within("message");
    let content = match message.kind() {
        MessageKind::Assistant => Some(
            message_fields()
                .and_then(|mut message_fields| message_fields.require::<Vec<ContentBlock>>("content").map_err(within)),
        ),
        MessageKind::User => Some(
            message_fields()
                .and_then(|mut message_fields| message_fields.require::<ContentBlocks>("content").map_err(within))
                .map(Vec::from),
        ),
        _ => None,
    };
    let results = |block: &ContentBlock| match block {
        ContentBlock::ToolResult(result) => {
            Some(result.content.as_ref().map_or(Ok(ContentBlocks::default()), ContentBlocks::slow))
        }
        _ => None,
    };
    let blocks = content.iter().flatten().flatten().filter_map(results).collect();
    let session_id = SlowFields::of(&json).ok().and_then(|mut fields| fields.require("session_id").ok());
    let delta = if message.kind() == MessageKind::StreamEvent { slow_delta(&json) } else { None };
    Views { view, content, blocks, delta, session_id }
}

fn slow_delta(json: &Json) -> Option<StreamDelta> {
    let mut event = SlowFields::of(&SlowFields::of(json).ok()?.require::<Json>("event").ok()?).ok()?;
    if event.require::<String>("type").ok()? != "content_block_delta" {
        return None;
    }
    let delta: Json = event.require("delta").ok()?;
    Some(match ContentDelta::slow(&delta).ok()? {
        ContentDelta::Text(part) => StreamDelta::Text(part.text),
        ContentDelta::Thinking(part) => StreamDelta::Thinking(part.thinking),
        ContentDelta::Signature(part) => StreamDelta::Signature(part.signature),
        ContentDelta::Input(part) => StreamDelta::Input(part.partial_json),
        ContentDelta::Citation(part) => StreamDelta::Citation(part.citation),
        ContentDelta::Other(_) => StreamDelta::Other(delta),
    })
}
