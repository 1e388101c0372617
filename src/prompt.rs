//! What the host says to the model.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::config::Busy;
use crate::ids::Uuid;
use crate::json::Json;

/// A prompt: a `user` message for the model (wire reference, section 1.4).
///
/// ```
/// use claude_duplex::{Busy, Json, Prompt};
///
/// let plain = Prompt::text("what is in this folder?");
/// assert_eq!(plain, String::from("what is in this folder?").into());
/// let steering = Prompt::text("and be brief").busy(Busy::Send);
/// let blocks = Prompt::blocks(Json::parse(r#"[{"type":"text","text":"look"}]"#).unwrap());
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    pub(crate) content: Json,
    pub(crate) uuid: Option<Uuid>,
    pub(crate) busy: Option<Busy>,
    pub(crate) fields: Vec<(String, Json)>,
}

impl Prompt {
    /// A prompt of plain text. A leading `/` is a slash command.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::blocks(Json::string(text))
    }

    /// A prompt of content blocks, as the Messages API takes them.
    #[must_use]
    pub fn blocks(content: Json) -> Self {
        Self { content, uuid: None, busy: None, fields: Vec::new() }
    }

    /// Gives it a uuid in place of one from the session's seed. It must be fresh: the CLI echoes a prompt whose uuid
    /// it has seen, also in a resumed session, and does not run it.
    #[must_use]
    pub fn uuid(mut self, uuid: Uuid) -> Self {
        self.uuid = Some(uuid);
        self
    }

    /// What becomes of it while another turn runs, in place of [`Config::busy`](crate::Config::busy).
    #[must_use]
    pub fn busy(mut self, busy: Busy) -> Self {
        self.busy = Some(busy);
        self
    }

    /// Adds a field beside the message: `priority`, `shouldQuery`, `session_id`, ... One that the crate writes itself
    /// (`type`, `message`, `uuid`, `parent_tool_use_id`) stays as the crate writes it.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: Json) -> Self {
        self.fields.push((name.into(), value));
        self
    }
}

impl From<&str> for Prompt {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Prompt {
    fn from(text: String) -> Self {
        Self::text(&text)
    }
}

impl fmt::Debug for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prompt")
            .field("content", &self.content)
            .field("uuid", &self.uuid)
            .field("busy", &self.busy)
            .finish_non_exhaustive()
    }
}
