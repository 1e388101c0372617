//! Control lines: requests in both directions, responses and cancellations
//! ([wire reference, sections 1.6 to 1.9](crate::guide::wire#16-subtypes-of-incoming-requests)).

use crate::base::error::{DecodeError, RequestError};
use crate::base::ids::Uuid;
use crate::base::json::Json;
use crate::wire::facts::{LONGEST_NAME, uuid};
use crate::wire::read::{Tags, read_line};
use crate::wire::scan::raw::Raw;
use crate::wire::text::Text;
use crate::wire::view::View;

/// Returns the `request_id` of a `control_request` or `control_cancel_request`, or `None` if it is too long.
pub(crate) fn request_id(line: &[u8]) -> Option<String> {
    Raw::line(line).text_of("request_id")?.within(LONGEST_NAME)
}

/// Fields that determine the handling of an incoming request, before its content is read.
#[derive(Debug, Default)]
pub(crate) struct IncomingFields<'l> {
    /// Start of the subtype. All known subtypes are shorter.
    pub(crate) subtype: Option<String>,
    pub(crate) dialog_kind: Option<Text<'l>>,
    pub(crate) hook_event: Option<String>,
}

/// Returns the id of a `control_request`, regardless of its length.
pub(crate) fn long_request_id(line: &[u8]) -> Option<Text<'_>> {
    Raw::line(line).text_of("request_id")
}

/// Reads the fields in `request` of a `control_request`. All are empty if `request` is missing.
pub(crate) fn incoming(line: &[u8]) -> IncomingFields<'_> {
    Raw::line(line).get("request").map(|request| incoming_fields(request.members())).unwrap_or_default()
}

/// Reads the id and the fields of a `control_request` from the start of a line whose rest is unknown.
pub(crate) fn incoming_of_start(start: &[u8]) -> Option<(Text<'_>, IncomingFields<'_>)> {
    let line = Raw::line(start);
    line.text_of("type").filter(|kind| kind.is("control_request"))?;
    let id = line.text_of("request_id")?;
    let cut = || line.cut().filter(|(key, _)| key.is("request")).map(|(_, request)| request);
    let request = line.get("request").or_else(cut);
    let fields = request.map(|request| incoming_fields(request.members().chain(request.cut())));
    Some((id, fields.unwrap_or_default()))
}

/// Reads the start of a line whose rest is unknown. If it is a `control_response`, returns the id of the request, and
/// `true` if the CLI accepted the request.
///
/// All versions of the CLI write both before any long value.
pub(crate) fn response_of_start(start: &[u8]) -> Option<(Text<'_>, bool)> {
    let line = Raw::line(start);
    line.text_of("type").filter(|kind| kind.is("control_response"))?;
    let cut = || line.cut().filter(|(key, _)| key.is("response")).map(|(_, response)| response);
    let response = line.get("response").or_else(cut)?;
    let is_success = response.text_of("subtype").is_some_and(|subtype| subtype.is("success"));
    Some((response.text_of("request_id")?, is_success))
}

fn incoming_fields<'l>(members: impl Iterator<Item = (Text<'l>, Raw<'l>)>) -> IncomingFields<'l> {
    let mut fields = IncomingFields::default();
    for (key, value) in members {
        if key.is("subtype") {
            fields.subtype = value.text().map(|subtype| subtype.start(LONGEST_NAME));
        } else if key.is("dialog_kind") {
            fields.dialog_kind = value.text();
        } else if key.is("input") {
            fields.hook_event = value.text_of("hook_event_name").map(|event| event.start(LONGEST_NAME));
        }
    }
    fields
}

/// Returns the input of the tool call in a permission request.
///
/// # Errors
///
/// Returns an error if the request lacks an input or the name of the tool.
pub(crate) fn tool_input(line: &[u8]) -> Result<Raw<'_>, DecodeError> {
    let missing = |name: &str| DecodeError::missing(name);
    let request = Raw::line(line).get("request").ok_or_else(|| missing("request"))?;
    request.text_of("tool_name").ok_or_else(|| missing("tool_name").within("request"))?;
    request.get("input").ok_or_else(|| missing("input").within("request"))
}

/// Returns the name of the MCP server that an incoming request is for.
#[cfg(feature = "session")]
pub(crate) fn mcp_server(line: &[u8]) -> Option<Text<'_>> {
    Raw::line(line).get("request")?.text_of("server_name")
}

/// Reads the content of an incoming request: the `request` of a `control_request`, without its subtype.
pub(crate) fn incoming_view<T: View>(line: &[u8]) -> Result<T, DecodeError> {
    read_line(line, |reader| reader.within("request", |reader| T::read_fields(reader, Tags::new("subtype"))))
}

/// A `control_response` to a request of the host, or the CLI's echo of a response of the host.
#[derive(Debug)]
pub(crate) struct Response<'l> {
    pub(crate) request_id: Text<'l>,
    /// Payload of a success, or the error.
    pub(crate) outcome: Result<Option<Raw<'l>>, RequestError>,
    pending: [Option<Raw<'l>>; 3],
}

/// Reads a `control_response`. Returns `None` if it lacks the id of a request.
pub(crate) fn response(line: &[u8]) -> Option<Response<'_>> {
    let (mut request_id, mut subtype, mut payload) = (None, None, None);
    let (mut error, mut code, mut pending) = (None, None, [None; 3]);
    for (key, value) in Raw::line(line).get("response")?.members() {
        if key.is("request_id") {
            request_id = value.text();
        } else if key.is("subtype") {
            subtype = value.text();
        } else if key.is("response") {
            payload = Some(value);
        } else if key.is("error") {
            error = value.text();
        } else if key.is("error_code") {
            code = value.text();
        } else if key.is("pending_permission_requests") {
            pending[0] = Some(value);
        } else if key.is("pending_user_dialog_requests") {
            pending[1] = Some(value);
        } else if key.is("pending_elicitation_requests") {
            pending[2] = Some(value);
        }
    }
    let text = |text: Text<'_>| text.decoded().into_owned();
    let outcome = match subtype {
        Some(subtype) if subtype.is("success") => Ok(payload),
        _ => Err(RequestError::Refused {
            message: error.map_or_else(|| "the CLI gave no reason".into(), text),
            code: code.map(text),
        }),
    };
    Some(Response { request_id: request_id?, outcome, pending })
}

impl<'l> Response<'l> {
    /// Returns the lists of incoming requests that were open when the CLI wrote a response to `initialize`. Each item is a
    /// complete `control_request`.
    pub(crate) fn pending(&self) -> impl Iterator<Item = Raw<'l>> + use<'l> {
        self.pending.into_iter().flatten()
    }
}

/// Receipt of an acknowledged interrupt, about other prompts
/// ([wire reference, section 2.3](crate::guide::wire#23-interrupt)).
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Receipt<'l> {
    still_queued: Option<Raw<'l>>,
    cancelled: Option<Raw<'l>>,
}

pub(crate) fn receipt(payload: Option<Raw<'_>>) -> Receipt<'_> {
    let mut receipt = Receipt::default();
    for (key, value) in payload.into_iter().flat_map(Raw::members) {
        if key.is("still_queued") {
            receipt.still_queued = Some(value);
        } else if key.is("cancelled") {
            receipt.cancelled = Some(value);
        }
    }
    receipt
}

impl Receipt<'_> {
    /// Returns `true` if a prompt is still queued, or `None` if the receipt lacks a list of strings.
    pub(crate) fn still_queues(&self, prompt: Uuid) -> Option<bool> {
        let queued = self.still_queued.filter(|queued| queued.is_list())?;
        let mut found = false;
        for item in queued.items() {
            found |= uuid(item.text()?) == Some(prompt);
        }
        Some(found)
    }

    /// Returns the prompts that are still queued, or `None` if the receipt lacks a list of strings.
    pub(crate) fn still_queued(&self) -> Option<impl Iterator<Item = Uuid>> {
        let queued = self.still_queued.filter(|queued| queued.is_list())?;
        let is_of_texts = queued.items().all(|item| item.text().is_some());
        is_of_texts.then(|| queued.items().filter_map(|item| uuid(item.text()?)))
    }

    /// Returns the prompts that were withdrawn.
    pub(crate) fn cancelled(&self) -> impl Iterator<Item = Uuid> {
        self.cancelled.into_iter().flat_map(Raw::items).filter_map(|item| uuid(item.text()?))
    }
}

/// Returns `true` if a `cancel_async_message` found its prompt in the queue.
pub(crate) fn cancelled(payload: Raw<'_>) -> bool {
    payload.get("cancelled").and_then(Raw::boolean) == Some(true)
}

/// Returns `true` if the fields of an `initialize` register hooks. The last field with the name counts.
pub(crate) fn registers_hooks(fields: &[(String, Json)]) -> bool {
    let hooks = fields.iter().rev().find(|(name, _)| name == "hooks");
    hooks.is_some_and(|(_, hooks)| !matches!(hooks.as_str(), "null" | "{}"))
}

/// Returns the kinds of dialogs that the fields of an `initialize` declare. The last field with the name counts.
pub(crate) fn declared_dialogs(fields: &[(String, Json)]) -> Vec<String> {
    let kinds = fields.iter().rev().find(|(name, _)| name == "supportedDialogKinds");
    kinds.and_then(|(_, kinds)| kinds.decode().ok()).unwrap_or_default()
}
