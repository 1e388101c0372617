//! The answers that a host gives.

use claude_duplex::ask::hook::{HookEvent, Output, PermissionRequestOutput, PermissionVerdict, PreToolUseOutput};
use claude_duplex::ask::mcp::McpAnswer;
use claude_duplex::ask::{Change, DialogAnswer, ElicitationAnswer};
use claude_duplex::{Answer, AskKind, Decision, Json};

/// How many answers [`answer`] tells apart.
pub(crate) const KINDS_OF_ANSWERS: u8 = 18;

pub(crate) fn answer(how: u8) -> Answer {
    let json = |text| Json::parse(text).expect("it is JSON");
    match how % KINDS_OF_ANSWERS {
        0 => Decision::allow().into(),
        1 => Decision::deny("no").and_interrupt().into(),
        2 => Decision::allow_with(json("{\"b\":[1,\n2]}")).and_remember(Change::SetMode("m\n".into())).into(),
        3 => Decision::allow_with(Json::string("no object")).into(),
        4 => Answer::Raw(json("{}")),
        5 => Answer::Error { message: "no\n".into() },
        6 => Output::new().stop("enough\n{}").into(),
        7 => HookEvent::PreToolUse.refusal("no\r\n").expect("it guards").into(),
        8 => PermissionRequestOutput::new().decision(Decision::allow()).into(),
        9 => Output::in_background(None).into(),
        10 => McpAnswer::raw(json("{\"id\":\n1}")).into(),
        11 => ElicitationAnswer::accept_with(json(if how < 128 { "{}" } else { "[]" })).into(),
        12 => DialogAnswer::completed(Json::string("a\nb")).into(),
        13 => DialogAnswer::cancelled().into(),
        14 => Decision::allow().and_remember(Change::SetMode("plan".into())).into(),
        15 => PreToolUseOutput::new().permission_decision(PermissionVerdict::Allow).into(),
        16 => ElicitationAnswer::decline().into(),
        _ => Answer::Decline,
    }
}

/// One of those that are typed for that kind of ask; any, where none is.
pub(crate) fn typed(how: u8, kind: AskKind) -> Answer {
    let is_typed = |of: &Answer| of.fits(kind) && !matches!(of, Answer::Raw(_) | Answer::Error { .. });
    (0..KINDS_OF_ANSWERS).map(|more| answer(how.wrapping_add(more))).find(is_typed).unwrap_or_else(|| answer(how))
}
