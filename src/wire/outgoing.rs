//! Serialization of this crate's lines. Each line is one JSON object without a raw newline, followed by a line end.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::base::ids::Uuid;
use crate::base::json::Json;

/// Estimated size of a line without its content, in bytes.
const AROUND: usize = 192;

/// Returns a `control_request` with a subtype and further fields.
pub(crate) fn request(request_id: &str, subtype: &str, fields: &[(String, Json)]) -> Vec<u8> {
    struct Body<'a>(&'a str, &'a [(String, Json)]);

    impl Serialize for Body<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut body = serializer.serialize_map(None)?;
            body.serialize_entry("subtype", self.0)?;
            beside(&mut body, self.1, &["subtype"])?;
            body.end()
        }
    }

    #[derive(Serialize)]
    struct Line<'a> {
        r#type: &'a str,
        request_id: &'a str,
        request: Body<'a>,
    }
    line(&Line { r#type: "control_request", request_id, request: Body(subtype, fields) }, 0)
}

/// Returns a `user` line with a message and further fields.
pub(crate) fn user(content: &Json, uuid: Uuid, fields: &[(String, Json)]) -> Vec<u8> {
    #[derive(Serialize)]
    struct Message<'a> {
        role: &'a str,
        content: &'a Json,
    }

    struct Line<'a>(Message<'a>, Uuid, &'a [(String, Json)]);

    impl Serialize for Line<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut line = serializer.serialize_map(None)?;
            line.serialize_entry("type", "user")?;
            line.serialize_entry("message", &self.0)?;
            line.serialize_entry("parent_tool_use_id", &())?;
            line.serialize_entry("uuid", &self.1)?;
            beside(&mut line, self.2, &["type", "message", "parent_tool_use_id", "uuid"])?;
            line.end()
        }
    }
    line(&Line(Message { role: "user", content }, uuid, fields), content.as_str().len())
}

/// Returns a success `control_response` with a payload.
pub(crate) fn success(request_id: &str, payload: &Json) -> Vec<u8> {
    answer_with(request_id, payload, payload.as_str().len())
}

/// Returns an error `control_response`.
pub(crate) fn error(request_id: &str, message: &str, code: Option<&str>) -> Vec<u8> {
    let none = None::<&()>;
    let inner = Inner { subtype: "error", request_id, response: none, error: Some(message), error_code: code };
    respond(&inner, message.len()).unwrap_or_else(|| b"\n".to_vec())
}

/// Returns a success `control_response` with a payload that is serialized.
pub(crate) fn answer(request_id: &str, payload: &impl Serialize) -> Vec<u8> {
    answer_with(request_id, payload, 0)
}

/// Returns a success `control_response` with a payload that may be long. `content` is the size of its largest part in
/// bytes.
pub(crate) fn answer_with(request_id: &str, payload: &impl Serialize, content: usize) -> Vec<u8> {
    let inner = Inner { subtype: "success", request_id, response: Some(payload), error: None, error_code: None };
    respond(&inner, content).unwrap_or_else(|| error(request_id, "the response could not be serialized", None))
}

#[derive(Serialize)]
struct Inner<'a, T> {
    subtype: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<&'a T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'a str>,
}

/// Returns `None` if the payload cannot be serialized as JSON.
fn respond(response: &Inner<'_, impl Serialize>, content: usize) -> Option<Vec<u8>> {
    #[derive(Serialize)]
    struct Line<'a, T> {
        r#type: &'a str,
        response: &'a Inner<'a, T>,
    }
    written(&Line { r#type: "control_response", response }, content)
}

/// Writes fields of the host. Fields with a name in `ours` are left out, because this crate writes them itself.
fn beside<M: SerializeMap>(map: &mut M, fields: &[(String, Json)], ours: &[&str]) -> Result<(), M::Error> {
    fields
        .iter()
        .filter(|(name, _)| !ours.contains(&name.as_str()))
        .try_for_each(|(name, value)| map.serialize_entry(name, value))
}

/// Returns a value as a line. `content` is the size of its largest part in bytes.
fn line(value: &impl Serialize, content: usize) -> Vec<u8> {
    // Cannot fail: values are maps with string keys, and raw values that were checked before.
    written(value, content).unwrap_or_else(|| b"\n".to_vec())
}

fn written(value: &impl Serialize, content: usize) -> Option<Vec<u8>> {
    let mut line = Vec::with_capacity(content + AROUND);
    serde_json::to_writer(&mut line, value).ok()?;
    line.push(b'\n');
    Some(line)
}
