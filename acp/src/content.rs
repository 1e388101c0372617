//! Translation of the client's prompts for the CLI.

use agent_client_protocol::Error;
use agent_client_protocol::v1::schema::{
    BlobResourceContents, ContentBlock, EmbeddedResourceResource, ImageContent, ResourceLink, TextResourceContents,
};
use claude_duplex::{Block, Prompt};

use crate::failure::invalid;

/// Returns the prompt for the CLI.
///
/// Text is not changed. A link becomes a mention of its target. The texts of resources come last, like the files of `@`
/// mentions in the CLI, so that a slash command stays at the start.
pub(crate) fn prompt(content: Vec<ContentBlock>) -> Result<Prompt, Error> {
    let (mut blocks, mut context) = (Vec::new(), Vec::new());
    for block in content {
        match block {
            ContentBlock::Text(text) => blocks.push(Block::text(text.text)),
            ContentBlock::Image(image) => blocks.push(picture(image)),
            ContentBlock::ResourceLink(link) => blocks.push(Block::text(mention(&link))),
            ContentBlock::Resource(resource) => match resource.resource {
                EmbeddedResourceResource::TextResourceContents(text) => {
                    blocks.push(Block::text(named(&text.uri)));
                    context.push(Block::text(quoted(&text)));
                }
                EmbeddedResourceResource::BlobResourceContents(blob) => context.push(binary(blob)?),
                _ => return Err(invalid("unknown kind of resource in the prompt")),
            },
            ContentBlock::Audio(_) => return Err(invalid("the CLI accepts no audio")),
            _ => return Err(invalid("unknown kind of content block in the prompt")),
        }
    }
    blocks.append(&mut context);
    if blocks.is_empty() {
        return Err(invalid("the prompt is empty"));
    }
    Ok(Prompt::from_blocks(blocks))
}

fn picture(image: ImageContent) -> Block {
    match image.uri.filter(|uri| image.data.is_empty() && uri.starts_with("http")) {
        Some(uri) => Block::image_at(uri),
        None => Block::image_base64(&image.mime_type, image.data),
    }
}

/// Returns a link in Markdown. The model opens it if it needs the content.
fn mention(link: &ResourceLink) -> String {
    format!("[@{}]({})", link.name, link.uri)
}

fn named(uri: &str) -> String {
    let name = uri.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or(uri);
    format!("[@{name}]({uri})")
}

fn quoted(text: &TextResourceContents) -> String {
    let uri = text.uri.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    format!("\n<context ref=\"{uri}\">\n{}\n</context>", text.text)
}

fn binary(blob: BlobResourceContents) -> Result<Block, Error> {
    match blob.mime_type.as_deref() {
        Some(kind) if kind.starts_with("image/") => Ok(Block::image_base64(kind, blob.blob)),
        Some(kind @ "application/pdf") => Ok(Block::document_base64(kind, blob.blob)),
        kind => Err(invalid(format!(
            "{} is {}; the CLI accepts only text, images and PDF",
            blob.uri,
            kind.unwrap_or("binary")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Content blocks as they are sent to the CLI.
    fn sent(content: Value) -> Result<Value, Error> {
        let content: Vec<ContentBlock> = serde_json::from_value(content).expect("content of the schema");
        let prompt = prompt(content)?;
        let mut session = claude_duplex::testing::TestSession::new(
            claude_duplex::Config::new(claude_duplex::Seed::from_bytes([1; 16])),
            claude_duplex::testing::Script::default(),
        );
        session.prompt(prompt);
        session.run_until_idle();
        let lines = session.host_lines();
        let line: Value = lines[lines.len() - 1].decode().expect("JSON");
        Ok(line["message"]["content"].clone())
    }

    #[test]
    fn text_links_and_resources_keep_their_order() {
        let content = json!([
            { "type": "text", "text": "/review" },
            { "type": "resource_link", "name": "a.rs", "uri": "file:///src/a.rs" },
            { "type": "resource_link", "name": "b c.rs", "uri": "file:///src/b%20c.rs" },
            { "type": "resource", "resource": { "uri": "file:///x\"<.txt", "text": "hello" } },
            { "type": "text", "text": "please" },
        ]);
        let texts = json!([
            { "type": "text", "text": "/review" },
            { "type": "text", "text": "[@a.rs](file:///src/a.rs)" },
            { "type": "text", "text": "[@b c.rs](file:///src/b%20c.rs)" },
            { "type": "text", "text": "[@x\"<.txt](file:///x\"<.txt)" },
            { "type": "text", "text": "please" },
            { "type": "text", "text": "\n<context ref=\"file:///x&quot;&lt;.txt\">\nhello\n</context>" },
        ]);
        assert_eq!(sent(content).unwrap(), texts);
    }

    #[test]
    fn images_and_documents_are_passed() {
        let content = json!([
            { "type": "image", "mimeType": "image/png", "data": "iVBORw0KGgo=" },
            { "type": "resource", "resource": { "uri": "file:///a.pdf", "mimeType": "application/pdf", "blob": "JVBERg==" } },
        ]);
        let sent = sent(content).unwrap();
        assert_eq!((&sent[0]["type"], &sent[0]["source"]["data"]), (&json!("image"), &json!("iVBORw0KGgo=")));
        assert_eq!(
            (&sent[1]["type"], &sent[1]["source"]["media_type"]),
            (&json!("document"), &json!("application/pdf"))
        );
    }

    #[test]
    fn content_that_the_cli_does_not_accept_is_refused() {
        for content in [
            json!([]),
            json!([{ "type": "audio", "mimeType": "audio/wav", "data": "" }]),
            json!([{ "type": "resource", "resource": { "uri": "file:///a.zip", "mimeType": "application/zip", "blob": "" } }]),
        ] {
            assert!(sent(content.clone()).is_err(), "{content}");
        }
    }
}
