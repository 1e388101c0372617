//! Content blocks: what an assistant says, what a user or a tool answers.

use std::borrow::Cow;
use std::fmt;

use crate::base::error::DecodeError;
use crate::base::json::Json;
use crate::base::text::Few;
use crate::message::ToolInput;
use crate::wire::fields::Fields;
use crate::wire::read::{self, Reader};
use crate::wire::view::{FromJson, tagged, view};

tagged! {
    /// A content block, by its `type`. One of a known type that lacks what it needs is [`Other`](ContentBlock::Other) too.
    pub enum ContentBlock by "type" {
        /// Text.
        Text(TextBlock) = "text",
        /// What the model thought.
        Thinking(ThinkingBlock) = "thinking",
        /// What the model thought, encrypted.
        RedactedThinking(RedactedThinkingBlock) = "redacted_thinking",
        /// A tool that the model calls, and the CLI or a server of the host runs.
        ToolUse(ToolUseBlock) = "tool_use",
        /// A tool's result.
        ToolResult(ToolResultBlock) = "tool_result",
        /// A tool that the model calls, and the API runs.
        ServerToolUse(ToolUseBlock) = "server_tool_use" | "mcp_tool_use",
        /// The result of a tool that the API ran.
        ServerToolResult(ServerToolResultBlock) = "advisor_tool_result"
            | "web_search_tool_result"
            | "web_fetch_tool_result"
            | "code_execution_tool_result"
            | "bash_code_execution_tool_result"
            | "text_editor_code_execution_tool_result"
            | "tool_search_tool_result"
            | "mcp_tool_result",
        /// A picture.
        Image(MediaBlock) = "image",
        /// A document.
        Document(MediaBlock) = "document",
    }
}

view! {
    /// A text.
    pub struct TextBlock {
        must {
            /// The text.
            text: String,
        }
        may {
            /// Where it is taken from.
            citations: Vec<Json>,
        }
    }

    /// What the model thought.
    pub struct ThinkingBlock {
        must {
            /// The thoughts; may be empty where only the signature is given.
            thinking: String,
        }
        may {
            /// By which the API knows its own thoughts again.
            signature: String,
        }
    }

    /// Thoughts that only the API can read.
    pub struct RedactedThinkingBlock {
        must {
            /// The encrypted thoughts.
            data: String,
        }
    }

    /// A call of a tool.
    pub struct ToolUseBlock {
        must {
            /// By which its result names it.
            id: String,
            /// The tool; `mcp__SERVER__TOOL` for one of an MCP server.
            name: String,
        }
        may {
            /// Its input, an object.
            input: Json,
            /// Who calls it, where that is not the model itself.
            caller: Json,
            /// The server of an `mcp_tool_use`.
            server_name: String,
        }
    }

    /// The result of a tool.
    pub struct ToolResultBlock {
        must {
            /// The call that it answers.
            tool_use_id: String,
        }
        may {
            /// A text, or a list of blocks; see [`text`](ToolResultBlock::text) and [`blocks`](ToolResultBlock::blocks).
            content: Json,
        }
        or_default {
            /// Whether the tool failed, or was refused.
            is_error: bool,
        }
    }

    /// The result of a tool that the API ran.
    pub struct ServerToolResultBlock {
        must {
            /// Of which tool: `web_search_tool_result`, `advisor_tool_result`, ...
            kind = "type": String,
            /// The call that it answers.
            tool_use_id: String,
        }
        may {
            /// As the API gives it.
            content: Json,
            /// Whether it failed, where the API says it here.
            is_error: bool,
        }
    }

    /// A picture or a document.
    pub struct MediaBlock {
        must {
            /// Where it is, or its bytes in base64.
            source: Json,
        }
        may {
            /// A document's title.
            title: String,
            /// What the document is about.
            context: String,
        }
    }
}

impl ContentBlock {
    /// The text of a text block.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(&text.text),
            _ => None,
        }
    }
}

impl ToolUseBlock {
    /// Reads the input by the tool's name.
    ///
    /// # Errors
    /// [`DecodeError`] if the input is missing, or if that of a known tool lacks what the tool requires.
    pub fn typed_input(&self) -> Result<ToolInput, DecodeError> {
        let input = self.input.as_ref().ok_or_else(|| DecodeError::missing("input"))?;
        ToolInput::parse(&self.name, input)
    }
}

impl ToolResultBlock {
    /// Its text, as the model reads it: the texts of its blocks, one to a line. A result that the CLI spilled into a file
    /// says so here, verbatim. A content that is one string without escapes is not copied.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        if let Some(text) = self.content.as_ref().and_then(Json::text) {
            return text;
        }
        let blocks = self.blocks().unwrap_or_default();
        Cow::Owned(blocks.iter().filter_map(ContentBlock::text).collect::<Vec<_>>().join("\n"))
    }

    /// Its blocks; a bare text is one text block. None where the tool gave nothing.
    ///
    /// # Errors
    /// Where the content is neither text nor blocks.
    pub fn blocks(&self) -> Result<ContentBlocks, DecodeError> {
        // Decoded when asked for: a result can hold results, and what a line nests must cost no stack.
        self.content.as_ref().map_or(Ok(ContentBlocks::default()), ContentBlocks::from_json)
    }
}

impl MediaBlock {
    /// Returns the bytes of the picture or document in base64, or the text of a text document, if the source has them.
    /// Base64 is not copied.
    ///
    /// ```
    /// use claude_duplex::{ContentBlock, Message};
    ///
    /// let line = r#"{"type":"user","message":{"content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}}]}}"#;
    /// let content = Message::parse(line.as_bytes())?.content()?;
    /// let [ContentBlock::Image(image)] = &content[..] else { panic!("it is an image") };
    /// assert_eq!(image.data().as_deref(), Some("iVBORw0KGgo="));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn data(&self) -> Option<Cow<'_, str>> {
        read::text_within(self.source.as_str(), "data")
    }
}

/// The content of a user's message or of a tool's result: blocks, or a text, which is one text block.
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

    fn unknown_names(&self, at: &str, found: &mut Vec<String>) {
        self.0.unknown_names(at, found);
    }
}

impl fmt::Debug for ContentBlocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Few(&self.0).fmt(f)
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

    /// What a block says must not depend on what the rest of it holds: numbers that no `f64` can hold, half an emoji, a key
    /// that comes twice.
    #[test]
    fn no_field_hides_another() {
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
    fn a_result_that_nests_results_costs_no_stack() {
        let (open, close) = (r#"[{"type":"tool_result","tool_use_id":"t","content":"#, "}]");
        let depth = 200_000;
        let deep = format!("{}\"end\"{}", open.repeat(depth), close.repeat(depth));
        let blocks = ContentBlocks::from_json(&Json::parse(&deep).unwrap()).unwrap();
        let ContentBlock::ToolResult(result) = &blocks[0] else { panic!("it is a result") };
        assert!(matches!(&result.blocks().unwrap()[0], ContentBlock::ToolResult(_)));
        assert_eq!(result.text(), "");
    }
}
