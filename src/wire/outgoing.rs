//! The lines that we write. Each is one JSON object without a raw newline, and a line end.

use serde::Serialize;

use crate::json::Json;

/// A `control_request` of ours: a subtype and the fields beside it.
pub(crate) fn request(request_id: &str, subtype: &str, fields: &[(String, Json)]) -> Vec<u8> {
    #[derive(Serialize)]
    struct Line<'a> {
        r#type: &'a str,
        request_id: &'a str,
        request: Object<'a>,
    }
    let subtype = ("subtype".to_owned(), Json::string(subtype));
    line(&Line { r#type: "control_request", request_id, request: Object(std::slice::from_ref(&subtype), fields) })
}

/// A `user` line: the message and the fields beside it.
pub(crate) fn user(content: &Json, uuid: &str, fields: &[(String, Json)]) -> Vec<u8> {
    #[derive(Serialize)]
    struct Message<'a> {
        role: &'a str,
        content: &'a Json,
    }
    let message = Message { role: "user", content };
    let own = [
        ("type".to_owned(), Json::string("user")),
        ("message".to_owned(), Json::from_value(&message).unwrap_or_else(|_| Json::string(""))),
        ("parent_tool_use_id".to_owned(), Json::from(&serde_json::Value::Null)),
        ("uuid".to_owned(), Json::string(uuid)),
    ];
    line(&Object(&own, fields))
}

/// A success `control_response` with that payload.
pub(crate) fn success(request_id: &str, payload: &Json) -> Vec<u8> {
    respond(&Inner { subtype: "success", request_id, response: Some(payload), error: None, error_code: None })
}

/// An error `control_response`.
pub(crate) fn error(request_id: &str, message: &str, code: Option<&str>) -> Vec<u8> {
    respond(&Inner { subtype: "error", request_id, response: None, error: Some(message), error_code: code })
}

/// A success `control_response` with a payload that is made to be one.
pub(crate) fn answer(request_id: &str, payload: &impl Serialize) -> Vec<u8> {
    match Json::from_value(payload) {
        Ok(payload) => success(request_id, &payload),
        Err(_) => error(request_id, "the answer could not be written", None),
    }
}

#[derive(Serialize)]
struct Inner<'a> {
    subtype: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<&'a Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'a str>,
}

fn respond(response: &Inner<'_>) -> Vec<u8> {
    #[derive(Serialize)]
    struct Line<'a> {
        r#type: &'a str,
        response: &'a Inner<'a>,
    }
    line(&Line { r#type: "control_response", response })
}

/// An object of two lists of fields; one of the second with a name of the first is left out.
struct Object<'a>(&'a [(String, Json)], &'a [(String, Json)]);

impl Serialize for Object<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let taken = |name: &str| self.0.iter().any(|(own, _)| own == name);
        let fields = self.0.iter().chain(self.1.iter().filter(|(name, _)| !taken(name)));
        serializer.collect_map(fields.map(|(name, value)| (name, value)))
    }
}

fn line(value: &impl Serialize) -> Vec<u8> {
    // Maps with text keys and raw values that were checked on their way in: there is nothing that could fail.
    let mut line = serde_json::to_vec(value).unwrap_or_default();
    line.push(b'\n');
    line
}
