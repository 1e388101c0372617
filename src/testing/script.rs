//! What the other side does from start to end.

use std::fmt;
use std::sync::Arc;

use super::cli_version::CliVersion;
use super::fault::Fault;
use super::step::Step;
use crate::base::json::Json;

type Responder = Arc<dyn Fn(&str) -> Vec<Step> + Send + Sync>;

/// What a [`MockCli`](super::MockCli) does: which generation it is, how it answers prompts, what goes wrong.
///
/// ```
/// use claude_duplex::testing::{CliVersion, Fault, Script, Step};
///
/// let script = Script::new(CliVersion::V2_0_76)
///     .then([Step::text("the answer to the first prompt")])
///     .answering(|prompt| vec![Step::text(format!("you said {prompt}"))])
///     .fault(Fault::NeverInitialize);
/// assert_eq!(script.generation().version(), "2.0.76");
/// ```
///
/// What it says of a prompt can depend on the prompt:
///
/// ```
/// # use claude_duplex::testing::{TestSession, Script, Step};
/// # use claude_duplex::{Action, Config, Seed};
/// let script =
///     Script::default().answering(|prompt| vec![Step::text(prompt.to_uppercase())]);
/// let mut pair = TestSession::new(Config::new(Seed::from_bytes([1; 16])), script);
/// pair.prompt("hello");
/// let ended = pair.run_until(|action| matches!(action, Action::PromptEnded { .. }));
/// let Action::PromptEnded { result: Some(result), .. } = ended else {
///     unreachable!()
/// };
/// assert_eq!(result.result().unwrap().result.as_deref(), Some("HELLO"));
/// ```
#[derive(Clone)]
pub struct Script {
    pub(super) generation: CliVersion,
    pub(super) prompts: Vec<Vec<Step>>,
    pub(super) responder: Option<Responder>,
    pub(super) replay: bool,
    pub(super) partial: bool,
    pub(super) session_state: bool,
    pub(super) max_turns: Option<u32>,
    pub(super) seen: Vec<String>,
    pub(super) servers: Vec<String>,
    pub(super) initialize: Vec<(String, Json)>,
    pub(super) sessions: Vec<String>,
    pub(super) faults: Vec<Fault>,
}

impl Script {
    /// A CLI that answers every prompt with `ok`, and runs with `--replay-user-messages` and
    /// `--include-partial-messages`.
    #[must_use]
    pub fn new(generation: CliVersion) -> Self {
        Self {
            generation,
            prompts: Vec::new(),
            responder: None,
            replay: true,
            partial: true,
            session_state: false,
            max_turns: None,
            seen: Vec::new(),
            servers: Vec::new(),
            initialize: Vec::new(),
            sessions: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// What it does for the next prompt that it gets: the first call is for the first prompt, the second for the second.
    ///
    /// Prompts that are joined into one turn, or folded into a running one, bring their steps into it.
    #[must_use]
    pub fn then(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.prompts.push(steps.into_iter().collect());
        self
    }

    /// What it does for all other prompts, by their text; those of a joined turn come as one text of several lines.
    /// Where that is nothing, it answers `ok`.
    #[must_use]
    pub fn answering(mut self, responder: impl Fn(&str) -> Vec<Step> + Send + Sync + 'static) -> Self {
        self.responder = Some(Arc::new(responder));
        self
    }

    /// Whether prompts are echoed, as with `--replay-user-messages`.
    #[must_use]
    pub fn replay(mut self, on: bool) -> Self {
        self.replay = on;
        self
    }

    /// Whether the model's stream is written, as with `--include-partial-messages`.
    #[must_use]
    pub fn partial(mut self, on: bool) -> Self {
        self.partial = on;
        self
    }

    /// Whether `system/session_state_changed` is written, as with `CLAUDE_CODE_SDK_READS_SESSION_STATE=1` (2.1.329
    /// only).
    #[must_use]
    pub fn session_state(mut self, on: bool) -> Self {
        self.session_state = on;
        self
    }

    /// How often the model may be asked in one turn, as with `--max-turns`.
    #[must_use]
    pub fn max_turns(mut self, most: u32) -> Self {
        self.max_turns = Some(most);
        self
    }

    /// A prompt of that uuid was in the session before, which is resumed.
    #[must_use]
    pub fn seen(mut self, uuid: impl Into<String>) -> Self {
        self.seen.push(uuid.into());
        self
    }

    /// The host has an MCP server of that name, which the command line tells, as with `--mcp-config`; others come with
    /// `initialize`.
    #[must_use]
    pub fn host_server(mut self, name: impl Into<String>) -> Self {
        self.servers.push(name.into());
        self
    }

    /// Sets a field of the reply to `initialize`. Without it the reply has three commands, two models, and, since 2.1.143, one
    /// agent.
    ///
    /// ```
    /// use claude_duplex::Json;
    /// use claude_duplex::testing::Script;
    ///
    /// let models = r#"[{ "value": "default", "displayName": "Opus" }]"#;
    /// let script = Script::default().initialize_field("models", Json::parse(models)?);
    /// # Ok::<(), claude_duplex::DecodeError>(())
    /// ```
    #[must_use]
    pub fn initialize_field(mut self, name: impl Into<String>, value: Json) -> Self {
        self.initialize.push((name.into(), value));
        self
    }

    /// Adds a session that `--resume` finds, by its id or title. See [`args`](Self::args).
    #[must_use]
    pub fn session(mut self, name: impl Into<String>) -> Self {
        self.sessions.push(name.into());
        self
    }

    /// Reads a command line as the CLI does. `--replay-user-messages`, `--include-partial-messages` and `--max-turns` are set as it
    /// says; `--resume` with a session that is not [there](Self::session), and a flag that no version knows, make the process
    /// fail as recorded of 2.1.143 and 2.1.332 (`bad_resume`, `bad_flag`).
    ///
    /// ```
    /// use claude_duplex::testing::{Script, TestSession};
    /// use claude_duplex::{Action, Config, Exit, Seed};
    ///
    /// let script = Script::default().args(["--print", "--no-such-flag"]);
    /// let mut pair = TestSession::new(Config::new(Seed::from_bytes([1; 16])), script);
    /// let Action::Closed(closed) =
    ///     pair.run_until(|action| matches!(action, Action::Closed(_)))
    /// else {
    ///     unreachable!()
    /// };
    /// assert_eq!(
    ///     (closed.exit, &*closed.stderr),
    ///     (Some(Exit::Code(1)), "error: unknown option '--no-such-flag'\n")
    /// );
    /// ```
    #[must_use]
    pub fn args<T: AsRef<str>>(self, args: impl IntoIterator<Item = T>) -> Self {
        super::args::read(self, args)
    }

    /// What goes wrong; more than one thing may.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// The generation that it imitates.
    #[must_use]
    pub fn generation(&self) -> CliVersion {
        self.generation
    }

    pub(super) fn has(&self, fault: &Fault) -> bool {
        self.faults.contains(fault)
    }

    /// The steps that the script has for the prompt of that number, from 0 on.
    pub(super) fn steps_of(&self, number: usize) -> Option<Vec<Step>> {
        self.prompts.get(number).cloned()
    }

    /// The steps for a prompt without any of its own.
    pub(super) fn respond(&self, text: &str) -> Vec<Step> {
        self.responder.as_ref().map(|responder| responder(text)).unwrap_or_default()
    }
}

impl Default for Script {
    /// The newest generation.
    fn default() -> Self {
        Self::new(CliVersion::default())
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script")
            .field("generation", &self.generation)
            .field("prompts", &self.prompts.len())
            .field("replay", &self.replay)
            .field("partial", &self.partial)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}
