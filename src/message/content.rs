//! Content blocks of assistant messages, user messages and tool results.

use std::borrow::Cow;
use std::fmt;

use crate::base::error::DecodeError;
use crate::base::json::Json;
use crate::base::text::TruncatedList;
use crate::message::ToolInput;
use crate::wire::fields::Fields;
use crate::wire::read::{self, Reader};
use crate::wire::view::{FromJson, ViewPart, tagged, view};

tagged! {
    /// Content block, by its `type`. A block of a known type that lacks a required field is also
    /// [`Other`](ContentBlock::Other).
    pub enum ContentBlock by "type" {
        /// Text of the model, the user or a tool.
        Text(TextBlock) = "text",
        /// Thinking of the model, as plain text.
        Thinking(ThinkingBlock) = "thinking",
        /// Thinking of the model, encrypted.
        RedactedThinking(RedactedThinkingBlock) = "redacted_thinking",
        /// Call of a tool that the CLI or an MCP server runs.
        ToolUse(ToolUseBlock) = "tool_use",
        /// Result of a tool that the CLI or an MCP server ran.
        ToolResult(ToolResultBlock) = "tool_result",
        /// Call of a tool that the API runs.
        ServerToolUse(ToolUseBlock) = "server_tool_use" | "mcp_tool_use",
        /// Result of a tool that the API ran.
        ServerToolResult(ServerToolResultBlock) = "advisor_tool_result"
            | "web_search_tool_result"
            | "web_fetch_tool_result"
            | "code_execution_tool_result"
            | "bash_code_execution_tool_result"
            | "text_editor_code_execution_tool_result"
            | "tool_search_tool_result"
            | "mcp_tool_result",
        /// Image that the user or a tool provided.
        Image(MediaBlock) = "image",
        /// Document that the user or a tool provided.
        Document(MediaBlock) = "document",
    }
}

view! {
    /// Block of text.
    pub struct TextBlock {
        must {
            /// Text of the block.
            text: String,
        }
        may {
            /// Sources that the text cites.
            citations: Vec<Json>,
        }
    }

    /// Block of thinking.
    pub struct ThinkingBlock {
        must {
            /// Text of the thinking. Empty if the API sends the signature alone.
            thinking: String,
        }
        may {
            /// Signature by which the API verifies that the thinking is its own.
            signature: String,
        }
    }

    /// Block of encrypted thinking, which only the API can read.
    pub struct RedactedThinkingBlock {
        must {
            /// Encrypted text of the thinking.
            data: String,
        }
    }

    /// Call of a tool by the model.
    pub struct ToolUseBlock {
        must {
            /// Identifier of the call; its result repeats it as `tool_use_id`.
            id: String,
            /// Name of the tool; `mcp__SERVER__TOOL` for a tool of an MCP server.
            name: String,
        }
        may {
            /// Input of the tool, a JSON object.
            input: Json,
            /// Caller of the tool, if it is not the model itself.
            caller: Json,
            /// Name of the MCP server; only for an `mcp_tool_use`.
            server_name: String,
        }
    }

    /// Result of a tool call.
    pub struct ToolResultBlock {
        must {
            /// Identifier of the tool call.
            tool_use_id: String,
        }
        may {
            /// String or list of blocks; see [`text`](ToolResultBlock::text) and [`blocks`](ToolResultBlock::blocks).
            content: Json,
        }
        or_default {
            /// `true` if the tool failed or its call was denied.
            is_error: bool,
        }
    }

    /// Result of a tool that the API ran.
    pub struct ServerToolResultBlock {
        must {
            /// Type of the result, e.g. `web_search_tool_result`, `advisor_tool_result`.
            kind = "type": String,
            /// Identifier of the tool call.
            tool_use_id: String,
        }
        may {
            /// Content as the API sends it; its shape depends on the tool.
            content: Json,
            /// `true` if the tool failed; some results report a failure in `content` instead.
            is_error: bool,
        }
    }

    /// Image or document in a message.
    pub struct MediaBlock {
        must {
            /// Location of the data, or the data in base64; see [`data`](MediaBlock::data).
            source: Json,
        }
        may {
            /// Title of a document.
            title: String,
            /// Description of a document, for the model.
            context: String,
        }
    }
}

impl ContentBlock {
    /// Returns the text of a text block, or `None` for a block of another type.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(&text.text),
            _ => None,
        }
    }
}

impl ToolUseBlock {
    /// Decodes the input by the name of the tool.
    ///
    /// # Errors
    /// [`DecodeError`] if the input is missing, or if the input of a known tool lacks a required field.
    pub fn typed_input(&self) -> Result<ToolInput, DecodeError> {
        let input = self.input.as_ref().ok_or_else(|| DecodeError::missing("input"))?;
        ToolInput::parse(&self.name, input)
    }
}

impl ToolResultBlock {
    /// Returns the text as the model reads it: the text blocks, joined by line breaks. If the CLI stored a large result
    /// in a file, the text is the notice about that file.
    ///
    /// If the content is one string without escapes, it is not copied.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        if let Some(text) = self.content.as_ref().and_then(Json::text) {
            return text;
        }
        let blocks = self.blocks().unwrap_or_default();
        Cow::Owned(blocks.iter().filter_map(ContentBlock::text).collect::<Vec<_>>().join("\n"))
    }

    /// Returns the content blocks. A string is returned as one text block; without content the list is empty.
    ///
    /// # Errors
    /// [`DecodeError`] if the content is neither a string nor a list of blocks.
    pub fn blocks(&self) -> Result<ContentBlocks, DecodeError> {
        // Decoded on demand, because results can contain results: nesting in a line must not use the stack.
        self.content.as_ref().map_or(Ok(ContentBlocks::default()), ContentBlocks::from_json)
    }
}

impl MediaBlock {
    /// Returns the bytes of the image or document in base64, or the text of a text document. Returns `None` if the
    /// source contains neither, e.g. a URL. Base64 is not copied.
    ///
    /// ```
    /// use claude_duplex::{ContentBlock, Message};
    ///
    /// let line = r#"{"type":"user","message":{"content":[{"type":"image","source":
    ///     {"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}}]}}"#;
    /// let content = Message::parse(line.as_bytes())?.content()?;
    /// let [ContentBlock::Image(image)] = &content[..] else { panic!("not an image") };
    /// assert_eq!(image.data().as_deref(), Some("iVBORw0KGgo="));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn data(&self) -> Option<Cow<'_, str>> {
        read::text_within(self.source.as_str(), "data")
    }
}

/// Content of a user message or of a tool result: a list of blocks. A string is read as one text block.
#[derive(Clone, Default, PartialEq)]
pub struct ContentBlocks(Vec<ContentBlock>);

impl FromJson for ContentBlocks {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.owned() {
            Some(text) => Ok(Self(vec![ContentBlock::Text(TextBlock {
                text,
                citations: None,
                unknown_fields: Fields::default(),
            })])),
            None => Vec::read(reader).map(Self),
        }
    }
}

impl ViewPart for ContentBlocks {
    fn unknown_names(&self, at: &str, found: &mut Vec<String>) {
        self.0.unknown_names(at, found);
    }
}

impl fmt::Debug for ContentBlocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        TruncatedList(&self.0).fmt(f)
    }
}

impl std::ops::Deref for ContentBlocks {
    type Target = [ContentBlock];

    fn deref(&self) -> &[ContentBlock] {
        &self.0
    }
}

impl From<Vec<ContentBlock>> for ContentBlocks {
    fn from(blocks: Vec<ContentBlock>) -> Self {
        Self(blocks)
    }
}

impl From<ContentBlocks> for Vec<ContentBlock> {
    fn from(blocks: ContentBlocks) -> Self {
        blocks.0
    }
}

impl IntoIterator for ContentBlocks {
    type Item = ContentBlock;
    type IntoIter = std::vec::IntoIter<ContentBlock>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(json: &str) -> ContentBlock {
        Vec::from_json(&Json::parse(&format!("[{json}]")).unwrap()).unwrap().remove(0)
    }

    /// Fields are decoded independently of the values beside them: numbers beyond the range of `f64`, half of a
    /// surrogate pair, duplicate keys.
    #[test]
    fn a_malformed_field_does_not_hide_other_fields() {
        for input in [r#"{"n":1e400}"#, r#"{"s":"\ud83d"}"#, r#"{"\ud83d":-1e999}"#, "7", "null", r#"{"a":1,"a":2}"#] {
            for rest in ["", r#","caller":{"n":1e400}"#, r#","x":"\ud83d""#, r#","\ud83d":1e400"#, r#","x":1,"x":2"#] {
                let json = format!(r#"{{"type":"tool_use","id":"t","name":"Bash","input":{input}{rest}}}"#);
                let ContentBlock::ToolUse(call) = block(&json) else { panic!("{json} is hidden") };
                assert_eq!((&*call.id, &*call.name), ("t", "Bash"), "{json}");
                assert_eq!(call.input.as_ref().map_or("null", Json::as_str), input, "{json}");
            }
        }
        let result = r#"{"type":"tool_result","tool_use_id":"t","content":[{"n":1e400}],"is_error":1}"#;
        let ContentBlock::ToolResult(result) = block(result) else { panic!("it is hidden") };
        assert_eq!((result.content.unwrap().as_str(), result.is_error), (r#"[{"n":1e400}]"#, false));
        assert_eq!(block(r#"{"type":"text","text":"a \ud83d","citations":[1e400]}"#).text(), Some("a \u{fffd}"));
        let strange = r#"{"type":"tool_use","id":7,"name":"Bash"}"#;
        let ContentBlock::Other(fields) = block(strange) else { panic!("7 is no id") };
        assert_eq!(Json::from_value(&fields).unwrap().as_str(), strange);
    }

    #[test]
    fn nested_tool_results_use_no_stack() {
        let (open, close) = (r#"[{"type":"tool_result","tool_use_id":"t","content":"#, "}]");
        let depth = 200_000;
        let deep = format!("{}\"end\"{}", open.repeat(depth), close.repeat(depth));
        let blocks = ContentBlocks::from_json(&Json::parse(&deep).unwrap()).unwrap();
        let ContentBlock::ToolResult(result) = &blocks[0] else { panic!("it is a result") };
        assert!(matches!(&result.blocks().unwrap()[0], ContentBlock::ToolResult(_)));
        assert_eq!(result.text(), "");
    }
}
