//! Prompts: user messages that the host sends to the model.

mod block;

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::error::DecodeError;
use crate::base::ids::Uuid;
use crate::base::json::Json;
use crate::wire::fields;
use crate::wire::view::words;

pub use block::Block;

/// A prompt: a `user` message for the model ([wire reference, section 1.4](crate::guide::wire#14-fields-of-messages)).
///
/// ```
/// use claude_duplex::{Json, Priority, Prompt, WhenBusy};
///
/// let plain = Prompt::text("what is in this folder?");
/// assert_eq!(plain, String::from("what is in this folder?").into());
/// let steering =
///     Prompt::text(format!("and in {} words", 20)).when_busy(WhenBusy::Send);
/// let later = Prompt::text("then tidy up").priority(Priority::Later).verbatim();
/// let blocks = Prompt::from_json(Json::parse(r#"[{"type":"text","text":"look"}]"#)?)?;
/// assert_ne!(blocks, Prompt::text("look"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A prompt is always written as one line. Messages of the CLI refer to the prompt by its `uuid`:
///
/// ```
/// # use claude_duplex::{Config, Json, Prompt, Protocol, Seed, SessionTime};
/// let mut protocol = Protocol::new(Config::new(Seed::random()), SessionTime::ZERO);
/// let prompt =
///     protocol.prompt(SessionTime::ZERO, Prompt::text("two\nlines").from_human())?;
/// let line = std::str::from_utf8(protocol.poll_transmit())?;
/// assert!(line.ends_with('\n') && line.matches('\n').count() == 1);
/// assert!(
///     line.contains(&prompt.uuid().to_string())
///         && line.contains(r#""origin":{"kind":"human"}"#)
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Prompt {
    pub(crate) content: Json,
    pub(crate) uuid: Option<Uuid>,
    pub(crate) when_busy: Option<WhenBusy>,
    pub(crate) fields: Vec<(String, Json)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) time_limit: Option<Duration>,
}

/// A prompt that was deserialized, and whose content is not yet checked.
#[derive(Deserialize)]
struct Unchecked {
    content: Json,
    uuid: Option<Uuid>,
    when_busy: Option<WhenBusy>,
    fields: Vec<(String, Json)>,
    #[serde(default)]
    time_limit: Option<Duration>,
}

impl TryFrom<Unchecked> for Prompt {
    type Error = DecodeError;

    fn try_from(Unchecked { content, uuid, when_busy, fields, time_limit }: Unchecked) -> Result<Self, DecodeError> {
        Ok(Self { uuid, when_busy, fields, time_limit, ..Self::from_json(content)? })
    }
}

/// Handling of a prompt that is sent while a turn runs or an earlier prompt is unanswered.
/// [`guide::turns`](crate::guide::turns) has an example of each variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum WhenBusy {
    /// The prompt is queued by this crate, and written when no turn runs. On every version of the CLI, each prompt gets a
    /// result of its own.
    #[default]
    Queue,
    /// The prompt is written at once. The CLI may add it to the running turn or merge it with other prompts, which then
    /// share one result.
    Send,
    /// The prompt is [refused](crate::RefusedReason::Busy).
    Reject,
}

words! {
    /// Position of a prompt in the CLI's queue. Ignored by 2.1.50 and older versions.
    pub enum Priority {
        /// Runs first, and aborts the running turn. Since 2.1.69.
        Now = "now",
        /// Runs after the prompts that were sent before it.
        Next = "next",
        /// Runs after all other prompts, and is never added to a running turn.
        Later = "later",
    }
}

impl Prompt {
    /// Creates a prompt from plain text.
    ///
    /// The CLI runs a text with a leading `/` as a slash command, and reads the file named by `@path`, unless the prompt is
    /// [`verbatim`](Self::verbatim). The length is limited by [`Limits::unsent`](crate::Limits::unsent) and by the model.
    #[must_use]
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::with_content(Json::from_text(text))
    }

    /// Creates a prompt from content blocks of the Messages API: a JSON list, or a string.
    ///
    /// Content of another shape would end the session: 2.1.143 and older versions exit with status 1.
    /// Therefore the parts that the CLI reads are checked. The API checks the rest, and the turn fails if the API rejects a
    /// block.
    ///
    /// # Errors
    /// Returns an error if the content is neither a string nor a list, or if a block is not an object with a `type`. A
    /// block must also have the field that its type requires: `text` for a `text`, `source` for an `image` or a `document`,
    /// and `tool_use_id` for a `tool_result`.
    ///
    /// ```
    /// use claude_duplex::{Json, Prompt};
    ///
    /// let error =
    ///     Prompt::from_json(Json::parse(r#"[{"type":"text"}]"#).unwrap()).unwrap_err();
    /// assert_eq!(error.path(), "0.text");
    /// ```
    pub fn from_json(content: Json) -> Result<Self, DecodeError> {
        block::check_content(&content)?;
        Ok(Self::with_content(content))
    }

    fn with_content(content: Json) -> Self {
        Self { content, uuid: None, when_busy: None, fields: Vec::new(), time_limit: None }
    }

    /// Creates a prompt from text, images and documents.
    #[must_use]
    pub fn from_blocks(blocks: impl IntoIterator<Item = Block>) -> Self {
        let blocks: Vec<Json> = blocks.into_iter().map(|block| block.json().clone()).collect();
        Self::with_content(list(&blocks))
    }

    /// Sets the uuid of the prompt. By default the uuid is derived from the session's seed.
    ///
    /// The uuid must be new, also in a resumed session. The CLI echoes a prompt whose uuid it has seen, but does not run
    /// it.
    #[must_use]
    pub fn uuid(mut self, uuid: Uuid) -> Self {
        self.uuid = Some(uuid);
        self
    }

    /// Sets the handling of this prompt while another turn runs. Overrides [`Config::when_busy`](crate::Config::when_busy).
    #[must_use]
    pub fn when_busy(mut self, when_busy: WhenBusy) -> Self {
        self.when_busy = Some(when_busy);
        self
    }

    /// Sets the time limit of this prompt, from its write to its end. Time spent on responses of the host, other turns or
    /// silence counts too. Time in the queue of this crate does not count. The default is
    /// [`Timeouts::prompt`](crate::Timeouts::prompt).
    ///
    /// When the limit passes, the prompt is interrupted, or withdrawn if it is still in the CLI's queue. The prompt then
    /// has [`Timeouts::prompt_grace`](crate::Timeouts::prompt_grace) (10 s) to end. This grace period restarts when the CLI
    /// acknowledges the interrupt.
    ///
    /// After the grace period at the latest, the prompt ends as [`Outcome::TimedOut`](crate::Outcome::TimedOut). A success
    /// or an error that arrives first is reported instead. The field `stopped` is `true` if the session can be used as
    /// before, in either of two cases:
    ///
    /// * The turn ended.
    /// * The CLI's receipt (since 2.1.205) no longer lists the prompt, and nothing arrived during the whole grace period.
    ///   The turn is then also over, without a result.
    ///
    /// ```
    /// use claude_duplex::testing::{Script, Step, TestSession};
    /// use claude_duplex::{Action, Config, Outcome, Prompt, Seed};
    /// use std::time::Duration;
    ///
    /// let script = Script::default().then([Step::text_in_parts(
    ///     "a long story",
    ///     100,
    ///     Duration::from_secs(1),
    /// )]);
    /// let mut pair = TestSession::new(Config::new(Seed::from_bytes([1; 16])), script);
    /// let story =
    ///     pair.prompt(Prompt::text("tell me a story").time_limit(Duration::from_secs(5)));
    /// let end = pair.run_until(|action| matches!(action, Action::PromptEnded { .. }));
    /// let Action::PromptEnded { prompt, outcome, .. } = end else { unreachable!() };
    /// assert_eq!((prompt, outcome), (story, Outcome::TimedOut { stopped: true }));
    /// pair.prompt("and a short one?"); // the session can be used as before
    /// ```
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = Some(limit);
        self
    }

    /// Sets the position of the prompt in the CLI's queue, once the prompt is written.
    #[must_use]
    pub fn priority(self, priority: Priority) -> Self {
        self.field("priority", Json::from_text(priority.as_str()))
    }

    /// Adds the prompt to the conversation without asking the model. The text joins the next prompt that asks the model.
    ///
    /// Since 2.1.143 the prompt gets a result of its own at once, with an empty text. 1.0.128 asks the model nevertheless.
    #[must_use]
    pub fn without_query(self) -> Self {
        self.field("shouldQuery", truth(false))
    }

    /// Marks the prompt as not written by a person. 2.1.329 does not echo the uuid of such a prompt: only its result
    /// confirms that the CLI accepted it.
    #[must_use]
    pub fn synthetic(self) -> Self {
        self.field("isSynthetic", truth(true))
    }

    /// Makes the CLI use the text verbatim: no `@path` is read, no slash command runs, and nothing is attached. Since
    /// 2.1.248; ignored before.
    #[must_use]
    pub fn verbatim(self) -> Self {
        self.field("client_composed", truth(true))
    }

    /// Marks the prompt as written by a person, which some checks of the CLI require. The CLI accepts no other origin from
    /// a host.
    #[must_use]
    pub fn from_human(self) -> Self {
        let origin = serde_json::json!({ "kind": "human" });
        self.field("origin", Json::from(&origin))
    }

    /// Adds pasted texts, which the CLI appends to the prompt between markers. If there are more than 1,000 texts, the CLI
    /// ignores all of them. Seen since 2.1.329; 2.1.143 ignores them.
    #[must_use]
    pub fn pasted(self, texts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.field("pasted_content", texts_of(texts))
    }

    /// Sets the pasted parts of the prompt's text. The CLI looks for the first 100 of them.
    #[must_use]
    pub fn inline_pastes(self, texts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.field("inline_pastes", texts_of(texts))
    }

    /// Sets the time of writing, an ISO 8601 instant. For display only.
    #[must_use]
    pub fn timestamp(self, instant: impl AsRef<str>) -> Self {
        self.field("timestamp", Json::from_text(instant))
    }

    /// Sets the session that the prompt is meant for. No version of the CLI requires it.
    #[must_use]
    pub fn session_id(self, session: impl AsRef<str>) -> Self {
        self.field("session_id", Json::from_text(session))
    }

    /// Returns `true` if the prompt is a slash command: its text, or its first text block, begins with a slash, escaped or
    /// not.
    pub(crate) fn is_slash_command(&self) -> bool {
        let first = self.content.decode::<String>().ok().or_else(|| block::first_text(&self.content));
        first.is_some_and(|text| text.starts_with('/'))
    }

    /// Adds a field next to `message`, or replaces one. The fields `type`, `message`, `uuid` and `parent_tool_use_id` cannot
    /// be replaced.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: Json) -> Self {
        fields::set(&mut self.fields, name.into(), value);
        self
    }
}

fn truth(value: bool) -> Json {
    Json::from(&serde_json::Value::Bool(value))
}

fn texts_of(texts: impl IntoIterator<Item = impl Into<String>>) -> Json {
    let texts: Vec<Json> = texts.into_iter().map(|text| Json::from_text(text.into())).collect();
    list(&texts)
}

fn list(values: &[Json]) -> Json {
    // Cannot fail: the values are valid JSON.
    Json::from_value(&values).unwrap_or_else(|_| Json::from_text(""))
}

impl From<&str> for Prompt {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Prompt {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl fmt::Debug for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prompt")
            .field("content", &self.content)
            .field("uuid", &self.uuid)
            .field("when_busy", &self.when_busy)
            .finish_non_exhaustive()
    }
}
