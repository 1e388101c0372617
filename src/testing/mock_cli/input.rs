//! Parsing of the host's lines.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::MockCli;
use super::queue::{Priority, Queued};
use crate::base::json::Json;
use crate::base::strings::readable;
use crate::protocol::end::Exit;
use crate::wire::lenient;

/// A line of the host. Which fields are present depends on its type.
#[derive(Debug, Deserialize)]
struct HostLine {
    #[serde(default, rename = "type", deserialize_with = "lenient")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    uuid: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    priority: Option<String>,
    #[serde(default, rename = "shouldQuery", deserialize_with = "lenient")]
    should_query: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    message: Option<HostMessage>,
    #[serde(default, deserialize_with = "lenient")]
    request_id: Option<String>,
    #[serde(default)]
    request: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "lenient")]
    response: Option<HostResponse>,
}

#[derive(Debug, Deserialize)]
struct HostMessage {
    role: String,
    content: Box<RawValue>,
}

/// Response of the host to an incoming request.
#[derive(Debug, Deserialize)]
pub(super) struct HostResponse {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) subtype: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) request_id: Option<String>,
    #[serde(default)]
    pub(super) response: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) error: Option<String>,
}

impl MockCli {
    pub(super) fn host_line(&mut self, line: &[u8]) {
        if line.iter().all(u8::is_ascii_whitespace) {
            let dies = if line.is_empty() { self.behavior.dies_at_odd_lines } else { self.behavior.dies_at_blanks };
            return if dies {
                self.refuse_line(line)
            };
        }
        let text = readable(line);
        let text = text.trim();
        match serde_json::from_str::<HostLine>(text) {
            Ok(parsed) if text.starts_with('{') => self.object(parsed, line),
            _ => match serde_json::from_str::<&RawValue>(text) {
                Ok(_) if text != "null" && !text.starts_with('{') => self.odd_line(line),
                _ => self.refuse_line(line),
            },
        }
    }

    fn object(&mut self, parsed: HostLine, line: &[u8]) {
        match parsed.kind.as_deref() {
            Some("user") => match parsed.message.filter(|message| message.role == "user") {
                Some(message) => {
                    let knows_priority = self.behavior.knows_priority;
                    let prompt = Queued {
                        uuid: parsed.uuid,
                        text: text_of(message.content.get()),
                        content: Json::compacted(&message.content),
                        priority: match parsed.priority.as_deref().filter(|_| knows_priority) {
                            Some("now") => Priority::Now,
                            Some("later") => Priority::Later,
                            _ => Priority::Next,
                        },
                        queries: parsed.should_query != Some(false) || !self.behavior.knows_should_query,
                        steps: None,
                        announced: false,
                    };
                    self.arrive(prompt);
                }
                None => self.refuse_line(line),
            },
            Some("control_request") => match parsed.request {
                Some(request) => self.request(&parsed.request_id.unwrap_or_default(), request.get()),
                None => self.refuse_line(line),
            },
            Some("control_response") => {
                if let Some(response) = parsed.response {
                    self.answered(&response, line);
                }
            }
            Some("control_cancel_request") if self.behavior.dies_at_odd_lines => self.refuse_line(line),
            Some("control_cancel_request" | "keep_alive") => {}
            _ => self.odd_line(line),
        }
    }

    /// Handles a line that is JSON without a meaning. Since 2.1.50 it is skipped.
    fn odd_line(&mut self, line: &[u8]) {
        if self.behavior.dies_at_odd_lines {
            self.refuse_line(line);
        }
    }

    fn refuse_line(&mut self, line: &[u8]) {
        let shown = String::from_utf8_lossy(&line[..line.len().min(80)]).into_owned();
        self.stderr.extend_from_slice(format!("Error parsing streaming input line: {shown}\n").as_bytes());
        self.leave(Exit::Code(1));
    }
}

/// Returns the text of a prompt: its string, or its text blocks, one on each line.
fn text_of(content: &str) -> String {
    #[derive(Deserialize)]
    struct Block {
        #[serde(default, deserialize_with = "lenient")]
        text: Option<String>,
    }
    if let Ok(text) = serde_json::from_str::<String>(content) {
        return text;
    }
    let blocks: Vec<Block> = serde_json::from_str(content).unwrap_or_default();
    blocks.into_iter().filter_map(|block| block.text).collect::<Vec<_>>().join("\n")
}
