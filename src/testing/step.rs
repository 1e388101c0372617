//! Steps of a script.

use std::fmt;
use std::time::Duration;

use crate::base::json::Json;
use crate::base::text::{Cut, Quoted, TruncatedList};
use crate::protocol::end::Exit;

/// A step of the CLI in a turn.
///
/// Consecutive thinking, texts and one set of tool calls are blocks of a single message of the model. The next message
/// starts when a tool returns.
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
    Request(RequestStep),
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
                f.debug_struct("Tools").field("calls", &TruncatedList(calls)).field("at_once", at_once).finish()
            }
            Kind::Request(request) => f.debug_tuple("Request").field(&Quoted(&request.subtype)).finish(),
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
    /// Makes the model write a text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::text_in_parts(text, 1, Duration::ZERO)
    }

    /// Makes the model write a text in `parts` deltas, with a pause of `every` after each.
    pub fn text_in_parts(text: impl Into<String>, parts: usize, every: Duration) -> Self {
        Self(Kind::Text { text: text.into(), parts: parts.max(1), every })
    }

    /// Makes the model write thinking.
    pub fn thinking(text: impl Into<String>) -> Self {
        Self(Kind::Thinking(text.into()))
    }

    /// Makes the model call several tools. Their permission requests and runs follow one another, as for tools that change
    /// something.
    pub fn tools(calls: impl IntoIterator<Item = ToolStep>) -> Self {
        Self(Kind::Tools { calls: calls.into_iter().collect(), at_once: false })
    }

    /// Makes the model call several tools. Their permission requests and runs are concurrent, as for tools that only read.
    pub fn tools_at_once(calls: impl IntoIterator<Item = ToolStep>) -> Self {
        Self(Kind::Tools { calls: calls.into_iter().collect(), at_once: true })
    }

    /// Makes the CLI call a hook (`hook_callback`) for an event, and wait for the response.
    #[must_use]
    pub fn hook(callback_id: &str, event: &str) -> Self {
        let input = serde_json::json!({ "hook_event_name": event });
        let fields = [("callback_id", Json::from_text(callback_id)), ("input", Json::from(&input))];
        Self::request("hook_callback", fields)
    }

    /// Makes the CLI send a JSON-RPC message to an MCP server in the host (`mcp_message`), and wait for the response.
    #[must_use]
    pub fn mcp(server: &str, message: Json) -> Self {
        Self::request("mcp_message", [("server_name", Json::from_text(server)), ("message", message)])
    }

    /// Makes an MCP server request input from the user (`elicitation`).
    #[must_use]
    pub fn elicitation(server: &str, message: &str) -> Self {
        Self::request(
            "elicitation",
            [("mcp_server_name", Json::from_text(server)), ("message", Json::from_text(message))],
        )
    }

    /// Makes the CLI open a dialog (`request_user_dialog`), and wait for the response.
    #[must_use]
    pub fn dialog(kind: &str, payload: Json) -> Self {
        Self::request("request_user_dialog", [("dialog_kind", Json::from_text(kind)), ("payload", payload)])
    }

    /// Makes the CLI send an incoming request of any subtype, known or unknown, and wait for the response.
    pub fn request<'a>(subtype: &str, fields: impl IntoIterator<Item = (&'a str, Json)>) -> Self {
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self(Kind::Request(RequestStep { subtype: subtype.to_owned(), fields, withdrawn_after: None }))
    }

    /// Starts a shell command in the background, which ends after `takes`. `own` contains the steps of the turn that the
    /// CLI then starts, in versions that do so.
    #[must_use]
    pub fn background(takes: Duration, own: Vec<Step>) -> Self {
        Self::from(ToolStep::bash("sleep").in_background(TaskKind::Shell, takes, own))
    }

    /// Starts a subagent in the background, which ends after `takes`. `own` contains the steps of the turn that the CLI
    /// then starts.
    ///
    /// 2.1.50 and 2.1.143 hold back their results in the meantime, like all versions from 2.1.45 to 2.1.178.
    #[must_use]
    pub fn background_agent(takes: Duration, own: Vec<Step>) -> Self {
        let input = Json::from(&serde_json::json!({ "description": "look", "prompt": "look" }));
        Self::from(ToolStep::new("Task", input).in_background(TaskKind::Agent, takes, own))
    }

    /// Sets fields of the result that ends the turn, e.g. `usage`, `total_cost_usd`, `modelUsage` or `terminal_reason`.
    ///
    /// A field that the result already has is replaced. Any other field is added at the end. Has no effect if `fields` is
    /// not an object.
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

    /// Pauses for this time.
    #[must_use]
    pub fn pause(time: Duration) -> Self {
        Self(Kind::Pause(time))
    }

    /// Makes the API return an error, after this number of retries. The error ends the turn.
    pub fn api_error(status: u16, message: impl Into<String>, retries: u32) -> Self {
        Self(Kind::ApiError { status, message: message.into(), retries })
    }

    /// Ends the turn at its limit of model calls (`error_max_turns`).
    #[must_use]
    pub fn max_turns() -> Self {
        Self(Kind::MaxTurns)
    }

    /// Writes these bytes unchanged. The bytes must include the line end.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Kind::Raw(bytes.into()))
    }

    /// Does nothing more in this turn until it is interrupted.
    #[must_use]
    pub fn nothing() -> Self {
        Self(Kind::Nothing)
    }

    /// Writes this number of messages at once.
    #[must_use]
    pub fn flood(messages: usize) -> Self {
        Self(Kind::Flood(messages))
    }

    /// Writes a message whose line has at least this many bytes.
    #[must_use]
    pub fn long_line(bytes: usize) -> Self {
        Self(Kind::LongLine(bytes))
    }

    /// Ends the process with this exit.
    #[must_use]
    pub fn die(exit: Exit) -> Self {
        Self(Kind::Die(exit))
    }

    /// Sets the time after which the CLI cancels the requests of this step if they have no response.
    #[must_use]
    pub fn withdrawn_after(mut self, time: Duration) -> Self {
        match &mut self.0 {
            Kind::Request(request) => request.withdrawn_after = Some(time),
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

/// An incoming request outside of a tool call.
#[derive(Debug, Clone)]
pub(super) struct RequestStep {
    pub(super) subtype: String,
    pub(super) fields: Vec<(String, Json)>,
    pub(super) withdrawn_after: Option<Duration>,
}

/// A tool call of the model. Nothing is run: the call only takes the given time and returns the given output.
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
    pub(super) needs_permission: bool,
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
            .field("requires_permission", &self.needs_permission)
            .field("takes", &self.takes)
            .finish_non_exhaustive()
    }
}

impl ToolStep {
    /// Creates a call with an input, which must be a JSON object. By default it runs at once without permission, and
    /// returns its input as the output.
    pub fn new(name: impl Into<String>, input: Json) -> Self {
        Self {
            name: name.into(),
            input,
            needs_permission: false,
            takes: Duration::ZERO,
            output: None,
            fails: false,
            withdrawn_after: None,
            background: None,
        }
    }

    /// Creates a call of `Bash`.
    #[must_use]
    pub fn bash(command: impl AsRef<str>) -> Self {
        Self::new("Bash", Json::from(&serde_json::json!({ "command": command.as_ref(), "description": "run" })))
    }

    /// Makes the CLI request permission (`can_use_tool`) from the host first. No request is sent if a rule from an earlier
    /// allow matches the call.
    #[must_use]
    pub fn requires_permission(mut self) -> Self {
        self.needs_permission = true;
        self
    }

    /// Sets the duration of the call.
    #[must_use]
    pub fn duration(mut self, time: Duration) -> Self {
        self.takes = time;
        self
    }

    /// Sets the output of the call.
    #[must_use]
    pub fn returns(mut self, output: impl Into<String>) -> Self {
        self.output = Some(output.into());
        self
    }

    /// Makes the result of the call an error.
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
