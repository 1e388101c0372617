//! What a script makes the CLI do.

use std::fmt;
use std::time::Duration;

use crate::base::json::Json;
use crate::base::text::{Cut, Few, Quoted};
use crate::protocol::end::Exit;

/// One thing that the CLI does in a turn.
///
/// Thinking, texts and one set of tool calls in a row are blocks of one message of the model; a tool's return begins the
/// next.
///
/// ```
/// use claude_duplex::testing::{Step, ToolStep};
/// use std::time::Duration;
///
/// let steps = [
///     Step::text("I will look."),
///     Step::from(
///         ToolStep::bash("ls")
///             .requires_permission()
///             .duration(Duration::from_secs(2))
///             .returns("src"),
///     ),
///     Step::text_in_parts("there is one folder", 4, Duration::from_millis(50)),
/// ];
/// ```
#[derive(Clone)]
pub struct Step(pub(super) Kind);

#[derive(Clone)]
pub(super) enum Kind {
    Text { text: String, parts: usize, every: Duration },
    Thinking(String),
    Tools { calls: Vec<ToolStep>, at_once: bool },
    Ask(AskStep),
    Pause(Duration),
    ApiError { status: u16, message: String, retries: u32 },
    MaxTurns,
    Result(Vec<(String, Json)>),
    Raw(Vec<u8>),
    Nothing,
    Flood(usize),
    LongLine(usize),
    Die(Exit),
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Text { text, parts, every } => {
                let mut shown = f.debug_struct("Text");
                shown.field("text", &Quoted(text)).field("parts", parts).field("every", every).finish()
            }
            Kind::Thinking(text) => f.debug_tuple("Thinking").field(&Quoted(text)).finish(),
            Kind::Tools { calls, at_once } => {
                f.debug_struct("Tools").field("calls", &Few(calls)).field("at_once", at_once).finish()
            }
            Kind::Ask(ask) => f.debug_tuple("Ask").field(&Quoted(&ask.subtype)).finish(),
            Kind::Pause(time) => f.debug_tuple("Pause").field(time).finish(),
            Kind::Result(fields) => {
                let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
                f.debug_tuple("Result").field(&names).finish()
            }
            Kind::ApiError { status, message, retries } => {
                let mut shown = f.debug_struct("ApiError");
                shown.field("status", status).field("message", &Quoted(message)).field("retries", retries).finish()
            }
            Kind::MaxTurns => f.write_str("MaxTurns"),
            Kind::Raw(bytes) => f.debug_tuple("Raw").field(&Cut(bytes)).finish(),
            Kind::Nothing => f.write_str("Nothing"),
            Kind::Flood(messages) => f.debug_tuple("Flood").field(messages).finish(),
            Kind::LongLine(bytes) => f.debug_tuple("LongLine").field(bytes).finish(),
            Kind::Die(exit) => f.debug_tuple("Die").field(exit).finish(),
        }
    }
}

impl Step {
    /// The model says a text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::text_in_parts(text, 1, Duration::ZERO)
    }

    /// The model says a text in so many deltas, and takes so long after each.
    pub fn text_in_parts(text: impl Into<String>, parts: usize, every: Duration) -> Self {
        Self(Kind::Text { text: text.into(), parts: parts.max(1), every })
    }

    /// The model thinks.
    pub fn thinking(text: impl Into<String>) -> Self {
        Self(Kind::Thinking(text.into()))
    }

    /// The model calls several tools, which are asked for and run one after the other, as the CLI does with those that
    /// change something.
    pub fn tools(calls: impl IntoIterator<Item = ToolStep>) -> Self {
        Self(Kind::Tools { calls: calls.into_iter().collect(), at_once: false })
    }

    /// The model calls several tools, which are asked for and run together, as the CLI does with those that only read.
    pub fn tools_at_once(calls: impl IntoIterator<Item = ToolStep>) -> Self {
        Self(Kind::Tools { calls: calls.into_iter().collect(), at_once: true })
    }

    /// The CLI calls a hook (`hook_callback`) with that input, a JSON object, and waits for its answer.
    #[must_use]
    pub fn hook(callback_id: &str, event: &str) -> Self {
        let input = serde_json::json!({ "hook_event_name": event });
        let fields = [("callback_id", Json::from_text(callback_id)), ("input", Json::from(&input))];
        Self::ask("hook_callback", fields)
    }

    /// The CLI sends a message, in JSON-RPC, to an MCP server in the host (`mcp_message`), and waits for its answer.
    #[must_use]
    pub fn mcp(server: &str, message: Json) -> Self {
        Self::ask("mcp_message", [("server_name", Json::from_text(server)), ("message", message)])
    }

    /// An MCP server asks the user for something (`elicitation`).
    #[must_use]
    pub fn elicitation(server: &str, message: &str) -> Self {
        Self::ask("elicitation", [("mcp_server_name", Json::from_text(server)), ("message", Json::from_text(message))])
    }

    /// The CLI opens a dialog (`request_user_dialog`) and waits for its answer.
    #[must_use]
    pub fn dialog(kind: &str, payload: Json) -> Self {
        Self::ask("request_user_dialog", [("dialog_kind", Json::from_text(kind)), ("payload", payload)])
    }

    /// The CLI asks something of any subtype, one that no version knows too, and waits for its answer.
    pub fn ask<'a>(subtype: &str, fields: impl IntoIterator<Item = (&'a str, Json)>) -> Self {
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self(Kind::Ask(AskStep { subtype: subtype.to_owned(), fields, withdrawn_after: None }))
    }

    /// A shell command is started in the background and ends after a while; `own` is the turn that the CLI then begins
    /// by itself, where it does.
    #[must_use]
    pub fn background(takes: Duration, own: Vec<Step>) -> Self {
        Self::from(ToolStep::bash("sleep").in_background(TaskKind::Shell, takes, own))
    }

    /// A subagent is started in the background and ends after a while; `own` is the turn that the CLI then begins by
    /// itself. 2.1.50 and 2.1.143, as all from 2.1.45 to 2.1.178, hold their results back meanwhile.
    #[must_use]
    pub fn background_agent(takes: Duration, own: Vec<Step>) -> Self {
        let input = Json::from(&serde_json::json!({ "description": "look", "prompt": "look" }));
        Self::from(ToolStep::new("Task", input).in_background(TaskKind::Agent, takes, own))
    }

    /// Sets fields of the result that ends the turn: `usage`, `total_cost_usd`, `modelUsage`, `terminal_reason`, ... A field that the
    /// result has anyway is replaced, another one is added at its end. Anything but an object sets nothing.
    ///
    /// ```
    /// use claude_duplex::testing::{Script, Step, TestSession};
    /// use claude_duplex::{Action, Config, Json, Seed};
    ///
    /// let fields = Json::parse(r#"{ "total_cost_usd": 0.25, "is_error": true }"#)?;
    /// let steps = [Step::text("too long"), Step::result_fields(&fields)];
    /// let script = Script::default().then(steps);
    /// let mut pair = TestSession::new(Config::new(Seed::from_bytes([1; 16])), script);
    /// pair.prompt("hello");
    /// let ended = pair.run_until(|action| matches!(action, Action::PromptEnded { .. }));
    /// let Action::PromptEnded { result: Some(result), .. } = ended else {
    ///     unreachable!()
    /// };
    /// assert_eq!(result.result()?.total_cost_usd, Some(0.25));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn result_fields(fields: &Json) -> Self {
        let fields = <crate::message::Fields as crate::wire::view::FromJson>::from_json(fields).unwrap_or_default();
        Self(Kind::Result(fields.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect()))
    }

    /// Nothing happens for so long.
    #[must_use]
    pub fn pause(time: Duration) -> Self {
        Self(Kind::Pause(time))
    }

    /// The model's service fails, after so many tries; the turn ends with it.
    pub fn api_error(status: u16, message: impl Into<String>, retries: u32) -> Self {
        Self(Kind::ApiError { status, message: message.into(), retries })
    }

    /// The turn ends at its limit of model requests (`error_max_turns`).
    #[must_use]
    pub fn max_turns() -> Self {
        Self(Kind::MaxTurns)
    }

    /// The CLI writes these bytes as they are: give a line its end.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Kind::Raw(bytes.into()))
    }

    /// The turn does nothing more, until it is interrupted.
    #[must_use]
    pub fn nothing() -> Self {
        Self(Kind::Nothing)
    }

    /// So many messages at once.
    #[must_use]
    pub fn flood(messages: usize) -> Self {
        Self(Kind::Flood(messages))
    }

    /// A message whose line has at least so many bytes.
    #[must_use]
    pub fn long_line(bytes: usize) -> Self {
        Self(Kind::LongLine(bytes))
    }

    /// The process ends here.
    #[must_use]
    pub fn die(exit: Exit) -> Self {
        Self(Kind::Die(exit))
    }

    /// What the step asks is withdrawn if it is not answered in time.
    #[must_use]
    pub fn withdrawn_after(mut self, time: Duration) -> Self {
        match &mut self.0 {
            Kind::Ask(ask) => ask.withdrawn_after = Some(time),
            Kind::Tools { calls, .. } => calls.iter_mut().for_each(|call| call.withdrawn_after = Some(time)),
            _ => {}
        }
        self
    }
}

impl From<ToolStep> for Step {
    fn from(tool: ToolStep) -> Self {
        Self(Kind::Tools { calls: vec![tool], at_once: false })
    }
}

/// Something that the CLI asks of the host outside of a tool call.
#[derive(Debug, Clone)]
pub(super) struct AskStep {
    pub(super) subtype: String,
    pub(super) fields: Vec<(String, Json)>,
    pub(super) withdrawn_after: Option<Duration>,
}

/// A tool call of the model. Nothing is run: it takes the time and gives the output that it is told to.
///
/// ```
/// use claude_duplex::Json;
/// use claude_duplex::testing::{Step, ToolStep};
/// use std::time::Duration;
///
/// let read = ToolStep::new("Read", Json::parse(r#"{"file_path":"/etc/hosts"}"#)?)
///     .returns("127.0.0.1 localhost");
/// let make = ToolStep::bash("make")
///     .requires_permission()
///     .duration(Duration::from_secs(90))
///     .returns("error: no rule")
///     .fails();
/// let steps = [Step::from(read), Step::from(make), Step::text("it cannot be built")];
/// # Ok::<(), claude_duplex::JsonError>(())
/// ```
#[derive(Clone)]
pub struct ToolStep {
    pub(super) name: String,
    pub(super) input: Json,
    pub(super) asks: bool,
    pub(super) takes: Duration,
    pub(super) output: Option<String>,
    pub(super) fails: bool,
    pub(super) withdrawn_after: Option<Duration>,
    pub(super) background: Option<Background>,
}

impl fmt::Debug for ToolStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolStep")
            .field("name", &Quoted(&self.name))
            .field("input", &self.input)
            .field("output", &self.output.as_deref().map(Quoted))
            .field("asks", &self.asks)
            .field("takes", &self.takes)
            .finish_non_exhaustive()
    }
}

impl ToolStep {
    /// A call with that input, a JSON object. It runs at once without asking, and gives its input back as its output.
    pub fn new(name: impl Into<String>, input: Json) -> Self {
        Self {
            name: name.into(),
            input,
            asks: false,
            takes: Duration::ZERO,
            output: None,
            fails: false,
            withdrawn_after: None,
            background: None,
        }
    }

    /// A call of `Bash`.
    #[must_use]
    pub fn bash(command: impl AsRef<str>) -> Self {
        Self::new("Bash", Json::from(&serde_json::json!({ "command": command.as_ref(), "description": "run" })))
    }

    /// The host is asked for permission (`can_use_tool`) first, unless a rule that it gave with an earlier allow is about the
    /// call.
    #[must_use]
    pub fn requires_permission(mut self) -> Self {
        self.asks = true;
        self
    }

    /// It runs for so long.
    #[must_use]
    pub fn duration(mut self, time: Duration) -> Self {
        self.takes = time;
        self
    }

    /// It gives that output.
    #[must_use]
    pub fn returns(mut self, output: impl Into<String>) -> Self {
        self.output = Some(output.into());
        self
    }

    /// Its result is an error.
    #[must_use]
    pub fn fails(mut self) -> Self {
        self.fails = true;
        self
    }

    pub(super) fn in_background(mut self, kind: TaskKind, takes: Duration, own: Vec<Step>) -> Self {
        self.background = Some(Background { kind, takes, own });
        self
    }
}

#[derive(Debug, Clone)]
pub(super) struct Background {
    pub(super) kind: TaskKind,
    pub(super) takes: Duration,
    pub(super) own: Vec<Step>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TaskKind {
    Shell,
    Agent,
}

impl TaskKind {
    pub(super) fn wire_name(self) -> &'static str {
        match self {
            Self::Shell => "local_bash",
            Self::Agent => "local_agent",
        }
    }
}
