//! Results of tool calls.

use serde::Serialize;

use crate::base::json::Json;

/// Result of a tool call, for [`McpToolCall::respond`](super::McpToolCall::respond): content blocks in order,
/// structured content, or both.
///
/// ```
/// use claude_duplex::incoming::mcp::{McpContent, McpToolResult};
/// use claude_duplex::Json;
///
/// let chart = McpToolResult::text("Rain until noon.")
///     .content(McpContent::image("iVBORw0KGgo=", "image/png"))
///     .content(McpContent::resource_link("file:///srv/rain.csv", "rain.csv"));
///
/// let reading = McpToolResult::structured(Json::parse(r#"{"celsius":21}"#)?);
/// let json = reading.to_json();
/// assert!(json.as_str().contains(r#""structuredContent":{"celsius":21}"#));
/// # Ok::<(), claude_duplex::JsonError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[must_use = "the result has no effect until it is sent with `McpToolCall::respond`"]
pub struct McpToolResult {
    content: Vec<McpContent>,
    #[serde(rename = "structuredContent", skip_serializing_if = "Option::is_none")]
    structured: Option<Json>,
    #[serde(rename = "isError", skip_serializing_if = "std::ops::Not::not")]
    is_error: bool,
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<Json>,
}

impl McpToolResult {
    /// Creates a result without content.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a result with one text block.
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::new().content(McpContent::text(text))
    }

    /// Creates the result of a failed call. The model reads the reason.
    pub fn error(reason: impl AsRef<str>) -> Self {
        Self { is_error: true, ..Self::text(reason) }
    }

    /// Creates a result with structured content, a JSON object that matches the
    /// [output schema](super::SdkMcpTool::output_schema) of the tool. The JSON is also added as a text block, for
    /// clients that do not read structured content.
    pub fn structured(value: Json) -> Self {
        Self { structured: Some(value.clone()), ..Self::text(value.as_str()) }
    }

    /// Adds a content block.
    pub fn content(mut self, content: McpContent) -> Self {
        self.content.push(content);
        self
    }

    /// Sets the field `_meta`, a JSON object.
    pub fn meta(mut self, meta: Json) -> Self {
        self.meta = Some(meta);
        self
    }

    /// Returns the result as JSON.
    #[must_use]
    pub fn to_json(&self) -> Json {
        // Serialization of strings, flags and checked JSON does not fail.
        Json::from_value(self).unwrap_or_else(|_| Json::from_text(""))
    }
}

/// Content block of a [result](McpToolResult).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct McpContent(Block);

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
enum Block {
    Text { text: String },
    Image { data: String, mime_type: String },
    Audio { data: String, mime_type: String },
    ResourceLink { uri: String, name: String },
    Resource { resource: Resource },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    uri: String,
    mime_type: String,
    #[serde(flatten)]
    content: ResourceContent,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum ResourceContent {
    Text(String),
    Blob(String),
}

impl McpContent {
    /// Creates a text block.
    #[must_use]
    pub fn text(text: impl AsRef<str>) -> Self {
        Self(Block::Text { text: text.as_ref().to_owned() })
    }

    /// Creates an image block from base64 data and a MIME type, e.g. `image/png`.
    #[must_use]
    pub fn image(base64: impl Into<String>, mime_type: impl Into<String>) -> Self {
        Self(Block::Image { data: base64.into(), mime_type: mime_type.into() })
    }

    /// Creates an audio block from base64 data and a MIME type, e.g. `audio/wav`.
    #[must_use]
    pub fn audio(base64: impl Into<String>, mime_type: impl Into<String>) -> Self {
        Self(Block::Audio { data: base64.into(), mime_type: mime_type.into() })
    }

    /// Creates a link to a resource with a URI and a name.
    #[must_use]
    pub fn resource_link(uri: impl Into<String>, name: impl Into<String>) -> Self {
        Self(Block::ResourceLink { uri: uri.into(), name: name.into() })
    }

    /// Creates an embedded resource with a text.
    #[must_use]
    pub fn resource_text(uri: impl Into<String>, mime_type: impl Into<String>, text: impl Into<String>) -> Self {
        Self::resource(uri.into(), mime_type.into(), ResourceContent::Text(text.into()))
    }

    /// Creates an embedded resource with base64 data.
    #[must_use]
    pub fn resource_blob(uri: impl Into<String>, mime_type: impl Into<String>, base64: impl Into<String>) -> Self {
        Self::resource(uri.into(), mime_type.into(), ResourceContent::Blob(base64.into()))
    }

    fn resource(uri: String, mime_type: String, content: ResourceContent) -> Self {
        Self(Block::Resource { resource: Resource { uri, mime_type, content } })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn each_content_block_is_written_in_its_wire_form() {
        let result = McpToolResult::new()
            .content(McpContent::text("a"))
            .content(McpContent::image("AA==", "image/png"))
            .content(McpContent::audio("AA==", "audio/wav"))
            .content(McpContent::resource_link("file:///a", "a"))
            .content(McpContent::resource_text("file:///b", "text/plain", "b"))
            .content(McpContent::resource_blob("file:///c", "image/gif", "AA=="))
            .meta(Json::from(&json!({ "k": 1 })));
        let written: Value = result.to_json().decode().unwrap();
        assert_eq!(
            written,
            json!({
                "content": [
                    { "type": "text", "text": "a" },
                    { "type": "image", "data": "AA==", "mimeType": "image/png" },
                    { "type": "audio", "data": "AA==", "mimeType": "audio/wav" },
                    { "type": "resource_link", "uri": "file:///a", "name": "a" },
                    { "type": "resource", "resource": { "uri": "file:///b", "mimeType": "text/plain", "text": "b" } },
                    { "type": "resource", "resource": { "uri": "file:///c", "mimeType": "image/gif", "blob": "AA==" } },
                ],
                "_meta": { "k": 1 },
            })
        );
        let failed: Value = McpToolResult::error("no").to_json().decode().unwrap();
        assert_eq!(failed, json!({ "content": [{ "type": "text", "text": "no" }], "isError": true }));
    }
}
