//! The control lines: requests both ways, their responses, withdrawals (wire reference, sections 1.6 to 1.9).

use serde::Deserialize;

use crate::error::{DecodeError, RequestError};
use crate::json::Json;
use crate::wire::read::{Tags, read_line};
use crate::wire::view::View;
use crate::wire::{decode, lenient};

/// The `request_id` of a `control_request` or `control_cancel_request`.
pub(crate) fn request_id(line: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Body {
        #[serde(default, deserialize_with = "lenient")]
        request_id: Option<String>,
    }
    decode::<Body>(line).ok()?.request_id
}

/// What decides how an ask is treated, before anybody looks at its content.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct AskFields {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) subtype: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) dialog_kind: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    input: Option<HookInput>,
}

#[derive(Debug, Deserialize)]
struct HookInput {
    #[serde(default, deserialize_with = "lenient")]
    hook_event_name: Option<String>,
}

impl AskFields {
    pub(crate) fn hook_event(&self) -> Option<&str> {
        self.input.as_ref()?.hook_event_name.as_deref()
    }
}

/// The `request` of a `control_request`; `None` where there is none.
pub(crate) fn ask(line: &[u8]) -> Option<AskFields> {
    #[derive(Deserialize)]
    struct Body {
        #[serde(default, deserialize_with = "lenient")]
        request: Option<AskFields>,
    }
    decode::<Body>(line).ok()?.request
}

/// Reads what an ask is about: the `request` of a `control_request`, without its subtype.
pub(crate) fn ask_view<T: View>(line: &[u8]) -> Result<T, DecodeError> {
    read_line(line, |reader| reader.within("request", |reader| T::read_fields(reader, Tags::new("subtype"))))
}

/// A `control_response` to a request of ours, or the CLI's echo of one of ours.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) request_id: String,
    pub(crate) outcome: Result<Option<Json>, RequestError>,
    /// The asks that were open when the CLI wrote it: whole `control_request`s, beside the reply to an `initialize`.
    pub(crate) pending: Vec<Json>,
}

/// Reads a `control_response`; `None` where it names no request.
pub(crate) fn response(line: &[u8]) -> Option<Response> {
    #[derive(Deserialize)]
    struct Body {
        response: Inner,
    }
    #[derive(Deserialize)]
    struct Inner {
        request_id: String,
        #[serde(default, deserialize_with = "lenient")]
        subtype: Option<String>,
        #[serde(default, deserialize_with = "lenient")]
        response: Option<Json>,
        #[serde(default, deserialize_with = "lenient")]
        error: Option<String>,
        #[serde(default, deserialize_with = "lenient")]
        error_code: Option<String>,
        #[serde(default, deserialize_with = "list")]
        pending_permission_requests: Vec<Json>,
        #[serde(default, deserialize_with = "list")]
        pending_user_dialog_requests: Vec<Json>,
        #[serde(default, deserialize_with = "list")]
        pending_elicitation_requests: Vec<Json>,
    }
    let inner = decode::<Body>(line).ok()?.response;
    let Inner { request_id, subtype, response, error, error_code, .. } = inner;
    let pending =
        [inner.pending_permission_requests, inner.pending_user_dialog_requests, inner.pending_elicitation_requests];
    let outcome = match subtype.as_deref() {
        Some("success") => Ok(response),
        _ => Err(RequestError::Refused {
            message: error.unwrap_or_else(|| "the CLI gave no reason".into()),
            code: error_code,
        }),
    };
    Some(Response { request_id, outcome, pending: pending.concat() })
}

/// A list; what is none has nothing in it.
fn list<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Json>, D::Error> {
    Ok(lenient(deserializer)?.unwrap_or_default())
}

/// What an acknowledged interrupt says of other prompts (wire reference, section 2.3).
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Receipt {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) still_queued: Option<Vec<String>>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) cancelled: Option<Vec<String>>,
}

/// Whether a `cancel_async_message` found its prompt in the queue.
pub(crate) fn cancelled(payload: &Json) -> bool {
    #[derive(Deserialize)]
    struct Body {
        cancelled: bool,
    }
    payload.decode::<Body>().is_ok_and(|body| body.cancelled)
}

/// The dialog kinds that the fields of an `initialize` declare; of two such fields the later counts.
pub(crate) fn declared_dialogs(fields: &[(String, Json)]) -> Vec<String> {
    let kinds = fields.iter().rev().find(|(name, _)| name == "supportedDialogKinds");
    kinds.and_then(|(_, kinds)| kinds.decode().ok()).unwrap_or_default()
}
