//! Responses that grant nothing, for each kind of incoming request.

use crate::incoming::hook::HookEvent;
use crate::incoming::{Decision, DialogResponse, ElicitationResponse, IncomingKind, Payload};
use crate::wire::outgoing;

/// Reason for a refusal, if the host gave none.
const NO_PERMISSION_HANDLER: &str = "no handler for this permission request";

/// Text of an error that refuses nothing, if the host gave none.
const NO_HANDLER: &str = "no handler for this request";

/// Returns the line that refuses a request. Used if the host did not decide, and for an error of the host
/// (`reason`).
///
/// An error response is safe for a permission (the call fails) and for an MCP message. For a hook, the CLI reads
/// an error as an empty output, and for a dialog the CLI leaves it open. So a hook gets a [refusal](HookEvent::refusal), and a
/// dialog a cancellation. A hook whose event is missing or unknown is treated as a guard.
pub(crate) fn response(
    request_id: &str,
    kind: IncomingKind,
    hook_event: Option<&str>,
    reason: Option<&str>,
) -> Vec<u8> {
    let error = || outgoing::error(request_id, reason.unwrap_or(NO_HANDLER), None);
    match kind {
        IncomingKind::Permission if reason.is_some() => error(),
        IncomingKind::Permission => {
            outgoing::answer(request_id, &Payload { decision: &Decision::deny(NO_PERMISSION_HANDLER), own: None })
        }
        IncomingKind::Elicitation => outgoing::answer(request_id, &ElicitationResponse::cancel()),
        IncomingKind::Dialog => outgoing::answer(request_id, &DialogResponse::cancelled()),
        IncomingKind::Hook => {
            let event = HookEvent::from(hook_event.unwrap_or_default());
            match event.refusal(reason.unwrap_or(NO_PERMISSION_HANDLER)) {
                Some(refusal) => outgoing::answer(request_id, &refusal),
                None => error(),
            }
        }
        IncomingKind::Mcp => error(),
        IncomingKind::Unknown if reason.is_some() => error(),
        IncomingKind::Unknown => outgoing::error(request_id, "unsupported request", Some("unsupported_request")),
    }
}
