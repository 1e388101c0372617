//! The answers that a host gives.

use claude_duplex::incoming::hook::{
    HookEvent, HookOutput, HookPermissionDecision, PermissionRequestOutput, PreToolUseOutput,
};
use claude_duplex::incoming::mcp::McpResponse;
use claude_duplex::incoming::{DialogResponse, ElicitationResponse, PermissionChange};
use claude_duplex::{Allow, Decision, Deny, IncomingKind, IncomingResponse, Json};

/// How many answers [`answer`] tells apart.
pub(crate) const KINDS_OF_ANSWERS: u8 = 18;

pub(crate) fn answer(how: u8) -> IncomingResponse {
    let json = |text| Json::parse(text).expect("it is JSON");
    match how % KINDS_OF_ANSWERS {
        0 => Decision::allow().into(),
        1 => Deny::new("no").and_interrupt().into(),
        2 => Allow::new()
            .with_input(json("{\"b\":[1,\n2]}"))
            .and_remember(PermissionChange::SetMode("m\n".into()))
            .into(),
        3 => Decision::allow_with(Json::from_text("no object")).into(),
        4 => IncomingResponse::Raw(json("{}")),
        5 => IncomingResponse::Error { message: "no\n".into() },
        6 => HookOutput::new().stop("enough\n{}").into(),
        7 => HookEvent::PreToolUse.refusal("no\r\n").expect("it guards").into(),
        8 => PermissionRequestOutput::new().decision(Decision::allow()).into(),
        9 => HookOutput::in_background(None).into(),
        10 => McpResponse::raw(json("{\"id\":\n1}")).into(),
        11 => ElicitationResponse::accept_with(json(if how < 128 { "{}" } else { "[]" })).into(),
        12 => DialogResponse::completed(Json::from_text("a\nb")).into(),
        13 => DialogResponse::cancelled().into(),
        14 => Allow::new().and_remember(PermissionChange::SetMode("plan".into())).into(),
        15 => PreToolUseOutput::new().permission_decision(HookPermissionDecision::Allow).into(),
        16 => ElicitationResponse::decline().into(),
        _ => IncomingResponse::Decline,
    }
}

/// One of those that are typed for that kind of ask; any, where none is.
pub(crate) fn typed(how: u8, kind: IncomingKind) -> IncomingResponse {
    let is_typed = |of: &IncomingResponse| {
        of.fits(kind) && !matches!(of, IncomingResponse::Raw(_) | IncomingResponse::Error { .. })
    };
    (0..KINDS_OF_ANSWERS).map(|more| answer(how.wrapping_add(more))).find(is_typed).unwrap_or_else(|| answer(how))
}
