//! Content blocks of a prompt, in the form of the Messages API.

use serde::{Deserialize, Serialize};

use crate::base::error::DecodeError;
use crate::base::json::Json;

/// A content block of a prompt: text, an image or a document.
///
/// ```
/// use claude_duplex::{Block, Prompt};
///
/// let png = [0x89, b'P', b'N', b'G'];
/// let prompt = Prompt::from_blocks([
///     Block::image("image/png", png),
///     Block::text("what is to be seen here?"),
/// ]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block(Json);

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Form<'a> {
    Text { text: &'a str },
    Image { source: Source<'a> },
    Document { source: Source<'a> },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Source<'a> {
    Base64 { media_type: &'a str, data: String },
    Url { url: &'a str },
    Text { media_type: &'a str, data: &'a str },
}

impl Block {
    /// Creates a block of text.
    #[must_use]
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::of(&Form::Text { text: text.as_ref() })
    }

    /// Creates an image from its bytes and their media type: `image/png`, `image/jpeg`, `image/gif` or `image/webp`.
    ///
    /// The API accepts a few megabytes. The whole prompt must fit in [`Limits::unsent`](crate::Limits::unsent).
    #[must_use]
    pub fn image(media_type: &str, bytes: impl AsRef<[u8]>) -> Self {
        Self::of(&Form::Image { source: Source::Base64 { media_type, data: base64(bytes.as_ref()) } })
    }

    /// Creates an image from bytes that are already encoded in base64, e.g. from an MCP or ACP message. See
    /// [`image`](Self::image).
    #[must_use]
    pub fn image_base64(media_type: &str, data: impl Into<String>) -> Self {
        Self::of(&Form::Image { source: Source::Base64 { media_type, data: data.into() } })
    }

    /// Creates an image from a URL, which the API fetches.
    #[must_use]
    pub fn image_at(url: impl AsRef<str>) -> Self {
        Self::of(&Form::Image { source: Source::Url { url: url.as_ref() } })
    }

    /// Creates a document from its bytes and their media type, e.g. `application/pdf`.
    #[must_use]
    pub fn document(media_type: &str, bytes: impl AsRef<[u8]>) -> Self {
        Self::of(&Form::Document { source: Source::Base64 { media_type, data: base64(bytes.as_ref()) } })
    }

    /// Creates a document from bytes that are already encoded in base64. See [`document`](Self::document).
    #[must_use]
    pub fn document_base64(media_type: &str, data: impl Into<String>) -> Self {
        Self::of(&Form::Document { source: Source::Base64 { media_type, data: data.into() } })
    }

    /// Creates a document from a URL, which the API fetches.
    #[must_use]
    pub fn document_at(url: impl AsRef<str>) -> Self {
        Self::of(&Form::Document { source: Source::Url { url: url.as_ref() } })
    }

    /// Creates a document of plain text. The model sees it as separate from the text of the prompt.
    #[must_use]
    pub fn document_text(text: impl AsRef<str>) -> Self {
        Self::of(&Form::Document { source: Source::Text { media_type: "text/plain", data: text.as_ref() } })
    }

    /// Creates a block of any type from its JSON, unchanged.
    ///
    /// # Errors
    /// Returns an error if the block is not an object with a `type`, or lacks a field that its type requires. See
    /// [`Prompt::from_json`](crate::Prompt::from_json).
    pub fn raw(block: Json) -> Result<Self, DecodeError> {
        check_block(&block)?;
        Ok(Self(block))
    }

    pub(super) fn json(&self) -> &Json {
        &self.0
    }

    fn of(form: &Form<'_>) -> Self {
        // Cannot fail: the form contains only strings.
        Self(Json::from_value(form).unwrap_or_else(|_| Json::from_text("")))
    }
}

/// Checks that the CLI can read the content: a string, or a list of blocks.
pub(super) fn check_content(content: &Json) -> Result<(), DecodeError> {
    match content.as_str().as_bytes().first() {
        Some(b'"') => Ok(()),
        Some(b'[') => {
            let blocks: Vec<Json> = content.decode()?;
            let check = |(at, block): (usize, &Json)| check_block(block).map_err(|error| error.within(&at.to_string()));
            blocks.iter().enumerate().try_for_each(check)
        }
        _ => Err(DecodeError::expected("a string or a list of content blocks")),
    }
}

fn check_block(block: &Json) -> Result<(), DecodeError> {
    #[derive(Deserialize)]
    struct Parts {
        r#type: Option<Json>,
        text: Option<Json>,
        source: Option<Json>,
        tool_use_id: Option<Json>,
    }
    if !block.is_object() {
        return Err(DecodeError::expected("an object"));
    }
    let is = |name: &str, value: &Option<Json>, start: char, what: &str| match value {
        None => Err(DecodeError::missing(name)),
        Some(value) if value.as_str().starts_with(start) => Ok(()),
        Some(_) => Err(DecodeError::expected(what).within(name)),
    };
    let parts: Parts = block.decode()?;
    is("type", &parts.r#type, '"', "a string")?;
    match parts.r#type.and_then(|kind| kind.decode::<String>().ok()).as_deref() {
        Some("text") => is("text", &parts.text, '"', "a string"),
        Some("image" | "document") => is("source", &parts.source, '{', "an object"),
        Some("tool_result") => is("tool_use_id", &parts.tool_use_id, '"', "a string"),
        _ => Ok(()),
    }
}

/// Returns the text of the first block, if that block has a text.
pub(super) fn first_text(content: &Json) -> Option<String> {
    #[derive(Deserialize)]
    struct Part {
        #[serde(default)]
        text: String,
    }
    let blocks: Vec<Json> = content.decode().ok()?;
    blocks.first()?.decode::<Part>().ok().map(|part| part.text)
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= group.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors of RFC 4648, section 10, and bytes with every bit set.
    #[test]
    fn bytes_are_written_in_base64() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[0xff, 0xef, 0xbe]), "/+++");
    }

    #[test]
    fn prompt_blocks_have_the_form_of_the_messages_api() {
        let blocks = [
            (Block::text("a\"b"), r#"{"type":"text","text":"a\"b"}"#),
            (
                Block::image("image/png", "f"),
                r#"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"Zg=="}}"#,
            ),
            (
                Block::image_base64("image/png", "Zg=="),
                r#"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"Zg=="}}"#,
            ),
            (
                Block::document_base64("application/pdf", "Zg=="),
                r#"{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"Zg=="}}"#,
            ),
            (Block::image_at("https://a/b"), r#"{"type":"image","source":{"type":"url","url":"https://a/b"}}"#),
            (
                Block::document("application/pdf", "f"),
                r#"{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"Zg=="}}"#,
            ),
            (Block::document_at("https://a/b"), r#"{"type":"document","source":{"type":"url","url":"https://a/b"}}"#),
            (
                Block::document_text("t"),
                r#"{"type":"document","source":{"type":"text","media_type":"text/plain","data":"t"}}"#,
            ),
        ];
        for (block, text) in blocks {
            assert_eq!(block.json().as_str(), text);
        }
    }
}
