//! What the host says to the model.

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
/// What is written is one line, whatever is in it; its `uuid` names it in everything that the CLI says of it:
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

/// A prompt as it was read, before its content is checked.
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

/// What becomes of a prompt while a turn runs or an earlier prompt is unanswered. [`guide::turns`](crate::guide::turns) shows the
/// three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum WhenBusy {
    /// It is held back and written when nothing runs: one result for each prompt, on every version of the CLI.
    #[default]
    Queue,
    /// It is written at once. The CLI may fold it into the running turn, or merge it with others: one result for all.
    Send,
    /// It is [refused](crate::RefusedReason::Busy).
    Reject,
}

words! {
    /// Where a prompt is put in the CLI's queue. Up to 2.1.50 it is ignored.
    pub enum Priority {
        /// At once: the running turn is aborted. From 2.1.69.
        Now = "now",
        /// In its turn.
        Next = "next",
        /// Behind the others; it is not folded into a running turn.
        Later = "later",
    }
}

impl Prompt {
    /// A prompt of plain text. A leading `/` is a slash command, and `@path` a file for the CLI to read, unless it is
    /// [`verbatim`](Self::verbatim). There is no limit but [`Limits::unsent`](crate::Limits::unsent) and the model's.
    #[must_use]
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::with_content(Json::from_text(text))
    }

    /// A prompt of content blocks, as the Messages API takes them: a JSON list, or a string.
    ///
    /// A content of another shape ends the session: up to 2.1.143 the CLI exits with status 1. It is therefore checked as far as
    /// the CLI reads it. Whether the API takes the blocks is not: if it does not, the turn fails.
    ///
    /// # Errors
    /// If the content is neither a string nor a list, if a block is not an object with a `type`, or if a block lacks what its
    /// type requires: a `text` its `text`, an `image` or a `document` its `source`, a `tool_result` its `tool_use_id`.
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

    /// A prompt of text, images and documents.
    #[must_use]
    pub fn from_blocks(blocks: impl IntoIterator<Item = Block>) -> Self {
        let blocks: Vec<Json> = blocks.into_iter().map(|block| block.json().clone()).collect();
        Self::with_content(list(&blocks))
    }

    /// Gives it a uuid in place of one from the session's seed. It must be fresh: the CLI echoes a prompt whose uuid
    /// it has seen, also in a resumed session, and does not run it.
    #[must_use]
    pub fn uuid(mut self, uuid: Uuid) -> Self {
        self.uuid = Some(uuid);
        self
    }

    /// What becomes of it while another turn runs, in place of [`Config::when_busy`](crate::Config::when_busy).
    #[must_use]
    pub fn when_busy(mut self, when_busy: WhenBusy) -> Self {
        self.when_busy = Some(when_busy);
        self
    }

    /// Sets how long it may take, from its write to its end, whatever comes in between: answers of the host, other turns, silence.
    /// The time that it is queued here does not count. [`Timeouts::prompt`](crate::Timeouts::prompt) is the limit of prompts
    /// without one.
    ///
    /// When the time is up, the prompt is interrupted, or withdrawn if it waits in the CLI's queue. It then has
    /// [`Timeouts::prompt_grace`](crate::Timeouts::prompt_grace) (10 s) to end, counted anew when the CLI acknowledges the
    /// interrupt. It ends as [`Outcome::TimedOut`](crate::Outcome::TimedOut), at the latest then; a success or an error that
    /// comes first counts. `stopped` says whether the session can be used as before. It can if the turn ended, or if the CLI's
    /// receipt (from 2.1.205) does not list the prompt any more and nothing came in the whole grace period: the turn is then over
    /// too, without a result.
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

    /// Where it is put in the CLI's queue, once it is written.
    #[must_use]
    pub fn priority(self, priority: Priority) -> Self {
        self.field("priority", Json::from_text(priority.as_str()))
    }

    /// It is put into the conversation, and the model is not asked: it goes with the next prompt for which it is. From
    /// 2.1.143 its own result comes at once, with an empty text; 1.0.128 asks the model nevertheless.
    #[must_use]
    pub fn without_query(self) -> Self {
        self.field("shouldQuery", truth(false))
    }

    /// It was not written by a person. 2.1.329 does not echo its uuid: that it was taken is known with the result alone.
    #[must_use]
    pub fn synthetic(self) -> Self {
        self.field("isSynthetic", truth(true))
    }

    /// It is taken as it stands: no `@path` is read, no slash command is run, and nothing is attached. From 2.1.248,
    /// ignored before.
    #[must_use]
    pub fn verbatim(self) -> Self {
        self.field("client_composed", truth(true))
    }

    /// It was written by a person, which some of the CLI's checks want to know. No other origin is honored from a host.
    #[must_use]
    pub fn from_human(self) -> Self {
        let origin = serde_json::json!({ "kind": "human" });
        self.field("origin", Json::from(&origin))
    }

    /// Texts that were pasted, which are put behind it, in marks. More than 1000 are ignored. Seen from 2.1.329; 2.1.143
    /// ignores them.
    #[must_use]
    pub fn pasted(self, texts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.field("pasted_content", texts_of(texts))
    }

    /// Which parts of its text were pasted. The first 100 are looked for.
    #[must_use]
    pub fn inline_pastes(self, texts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.field("inline_pastes", texts_of(texts))
    }

    /// When it was written, an ISO 8601 instant, for display alone.
    #[must_use]
    pub fn timestamp(self, instant: impl AsRef<str>) -> Self {
        self.field("timestamp", Json::from_text(instant))
    }

    /// The session that it is meant for. Every version takes a prompt without.
    #[must_use]
    pub fn session_id(self, session: impl AsRef<str>) -> Self {
        self.field("session_id", Json::from_text(session))
    }

    /// Whether it is a slash command: a text, or a first text block, that begins with a slash, however that is escaped.
    pub(crate) fn is_slash_command(&self) -> bool {
        let first = self.content.decode::<String>().ok().or_else(|| block::first_text(&self.content));
        first.is_some_and(|text| text.starts_with('/'))
    }

    /// Adds a field beside the message, or replaces one. One that the crate writes itself (`type`, `message`, `uuid`,
    /// `parent_tool_use_id`) stays as the crate writes it.
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
    // Values that were checked: there is nothing that could fail.
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
