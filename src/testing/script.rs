//! Script of a mock CLI.

use std::fmt;
use std::sync::Arc;

use super::cli_version::CliVersion;
use super::fault::Fault;
use super::step::Step;
use crate::base::json::Json;

type Responder = Arc<dyn Fn(&str) -> Vec<Step> + Send + Sync>;

/// Script of a [`MockCli`](super::MockCli): its version, its responses to prompts, and its faults.
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
/// The response can depend on the prompt:
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
    /// Creates a script that answers every prompt with `ok`. The CLI runs with `--replay-user-messages` and
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

    /// Sets the steps for the next prompt: the first call for the first prompt, the second call for the second prompt.
    ///
    /// If prompts are joined into one turn, or folded into a running one, their steps become part of that turn.
    #[must_use]
    pub fn then(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.prompts.push(steps.into_iter().collect());
        self
    }

    /// Sets a function that returns the steps for all other prompts, given their text. The prompts of a joined turn are
    /// passed as one text of several lines. If the function returns no steps, the answer is `ok`.
    #[must_use]
    pub fn answering(mut self, responder: impl Fn(&str) -> Vec<Step> + Send + Sync + 'static) -> Self {
        self.responder = Some(Arc::new(responder));
        self
    }

    /// Turns echoes of prompts on or off, as with `--replay-user-messages`.
    #[must_use]
    pub fn replay_user_messages(mut self, on: bool) -> Self {
        self.replay = on;
        self
    }

    /// Turns the stream of the model's messages on or off, as with `--include-partial-messages`.
    #[must_use]
    pub fn include_partial_messages(mut self, on: bool) -> Self {
        self.partial = on;
        self
    }

    /// Turns `system/session_state_changed` messages on or off, as with `CLAUDE_CODE_SDK_READS_SESSION_STATE=1`. Only for
    /// 2.1.329.
    #[must_use]
    pub fn session_state_messages(mut self, on: bool) -> Self {
        self.session_state = on;
        self
    }

    /// Sets the maximum number of model calls in a turn, as with `--max-turns`.
    #[must_use]
    pub fn max_turns(mut self, most: u32) -> Self {
        self.max_turns = Some(most);
        self
    }

    /// Adds the uuid of an earlier prompt to the session, as in a resumed session.
    #[must_use]
    pub fn seen(mut self, uuid: impl Into<String>) -> Self {
        self.seen.push(uuid.into());
        self
    }

    /// Adds an MCP server of the host that is named on the command line, as with `--mcp-config`. Servers in `initialize`
    /// are added by the host itself.
    #[must_use]
    pub fn host_server(mut self, name: impl Into<String>) -> Self {
        self.servers.push(name.into());
        self
    }

    /// Sets a field of the response to `initialize`. By default it has three commands, two models, and since 2.1.143 an
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

    /// Adds a session that `--resume` finds by its id or title. See [`args`](Self::args).
    #[must_use]
    pub fn session(mut self, name: impl Into<String>) -> Self {
        self.sessions.push(name.into());
        self
    }

    /// Adds a fault. A script can have several faults.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Returns the version that the script imitates.
    #[must_use]
    pub fn generation(&self) -> CliVersion {
        self.generation
    }

    pub(super) fn has(&self, fault: &Fault) -> bool {
        self.faults.contains(fault)
    }

    /// Returns the steps of the prompt with this number, which starts at 0.
    pub(super) fn steps_of(&self, number: usize) -> Option<Vec<Step>> {
        self.prompts.get(number).cloned()
    }

    /// Returns the steps of a prompt that has no steps of its own.
    pub(super) fn respond(&self, text: &str) -> Vec<Step> {
        self.responder.as_ref().map(|responder| responder(text)).unwrap_or_default()
    }
}

impl Default for Script {
    /// Creates a script for the newest version.
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
