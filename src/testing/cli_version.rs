//! Behavior of the CLI, by version.

use std::fmt;
use std::str::FromStr;

/// Version of the CLI that a [`MockCli`](super::MockCli) imitates. Each of the six versions stands for a
/// [range of versions](Self::first_release).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each is the version's own number")]
pub enum CliVersion {
    V1_0_128,
    V2_0_76,
    V2_1_50,
    V2_1_143,
    V2_1_250,
    #[default]
    V2_1_329,
}

use CliVersion::{V1_0_128, V2_0_76, V2_1_50, V2_1_143, V2_1_250, V2_1_329};

impl CliVersion {
    /// All versions, oldest first.
    pub const ALL: &[CliVersion] = &[V1_0_128, V2_0_76, V2_1_50, V2_1_143, V2_1_250, V2_1_329];

    /// Returns the version number, as the CLI reports it in `system/init`.
    #[must_use]
    pub fn version(self) -> &'static str {
        match self {
            V1_0_128 => "1.0.128",
            V2_0_76 => "2.0.76",
            V2_1_50 => "2.1.50",
            V2_1_143 => "2.1.143",
            V2_1_250 => "2.1.250",
            V2_1_329 => "2.1.329",
        }
    }

    /// Returns the first version of the range that this version stands for.
    ///
    /// In the whole range the CLI handles these in the same way: prompts that are joined, turns of its own, and the
    /// identification of a result's prompts. Other behavior changed at other versions.
    #[must_use]
    pub fn first_release(self) -> &'static str {
        match self {
            V1_0_128 => "1.0.128",
            V2_0_76 => "2.0.0",
            V2_1_50 => "2.1.41",
            V2_1_143 => "2.1.85",
            V2_1_250 => "2.1.206",
            V2_1_329 => "2.1.259",
        }
    }

    /// Returns the behavior of the version.
    pub(super) fn behavior(self) -> Behavior {
        let from = |first: CliVersion| self >= first;
        Behavior {
            marks_echoes: from(V2_0_76),
            echoes_at_request: from(V2_1_250),
            echoes_commands: from(V2_1_250),
            echoes_answers: from(V2_0_76),
            keeps_uuids: from(V2_0_76),
            joins: from(V2_1_143),
            joins_commands: self == V2_1_143,
            folds_commands: !from(V2_1_143),
            folds_at_max_turns: self == V2_1_50 || self == V2_1_143,
            calls_model_after_fold: !from(V2_1_50),
            knows_priority: from(V2_1_143),
            knows_should_query: from(V2_1_143),
            writes_request_status: from(V2_1_143),
            writes_lifecycle: from(V2_1_250),
            names_prompts: from(V2_1_329),
            own_turn: match self {
                V1_0_128 => OwnTurn::Never,
                V2_0_76 => OwnTurn::Dies,
                _ => OwnTurn::Runs,
            },
            names_origin: from(V2_1_143),
            writes_tasks_at_once: from(V2_1_250),
            writes_task_updates: from(V2_1_143),
            lists_tasks: from(V2_1_250),
            holds_results: self == V2_1_50 || self == V2_1_143,
            waits_at_eof: match self {
                V1_0_128 | V2_0_76 => AtEof::Exits,
                V2_1_250 => AtEof::WaitsSome,
                _ => AtEof::Waits,
            },
            unknown_request: match self {
                V1_0_128 | V2_0_76 => Unknown::Silence,
                V2_1_329 => Unknown::ErrorWithCode,
                _ => Unknown::Error,
            },
            answers_mode_twice: !from(V2_1_50),
            checks_mode: from(V2_1_250),
            writes_mode: from(V2_1_50),
            gives_receipt: from(V2_1_250),
            spares_the_imminent: from(V2_1_250),
            writes_partial_text: from(V2_1_143),
            closes_its_stream: from(V2_1_329),
            failure_is_error: from(V2_1_143),
            gives_reason: from(V2_1_143),
            names_api_error: from(V2_1_250),
            type_first: !from(V2_1_250),
            pauses_between_turns: !from(V2_1_50),
            starts_tools_early: from(V2_1_250),
            needs_input_back: !from(V2_1_250),
            names_tool_use: from(V2_0_76),
            keeps_hook_timeouts: from(V2_0_76),
            withdraws_prompt_hooks: from(V2_0_76),
            asks_for_hooks: from(V2_1_143),
            refuses_without_hook: from(V2_1_250),
            greets_mcp_at_initialize: from(V2_1_250),
            dies_at_odd_lines: !from(V2_1_50),
            dies_at_blanks: !from(V2_1_250),
            loses_output: !from(V2_1_143),
        }
    }
}

impl fmt::Display for CliVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.version())
    }
}

/// Error for a text that is not a version number, or a version before 1.0.128.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a version since 1.0.128; use a version such as \"2.1.329\"")]
pub struct ParseCliVersionError(String);

impl FromStr for CliVersion {
    type Err = ParseCliVersionError;

    /// Returns the latest of the six versions whose [range](Self::first_release) starts at or before this version.
    ///
    /// ```
    /// use claude_duplex::testing::CliVersion;
    /// assert_eq!("2.1.84".parse(), Ok(CliVersion::V2_1_50));
    /// assert_eq!("2.1.85".parse(), Ok(CliVersion::V2_1_143));
    /// ```
    fn from_str(text: &str) -> Result<Self, ParseCliVersionError> {
        let numbers = |text: &str| -> Option<[u32; 3]> {
            let parts: Option<Vec<u32>> = text.split('.').map(|part| part.parse().ok()).collect();
            parts?.try_into().ok()
        };
        let wanted = numbers(text).ok_or_else(|| ParseCliVersionError(text.to_owned()))?;
        let fits =
            |generation: &&CliVersion| numbers(generation.first_release()).is_some_and(|version| version <= wanted);
        Self::ALL.iter().rev().find(fits).copied().ok_or_else(|| ParseCliVersionError(text.to_owned()))
    }
}

/// Behavior of one version, as recorded. A `bool` field is `true` if its description holds for the version.
#[derive(Debug, Clone, Copy)]
pub(super) struct Behavior {
    /// An echoed prompt has `isReplay`.
    pub(super) marks_echoes: bool,
    /// With partial messages, a prompt is echoed when the model is called. Otherwise it is echoed with the first complete
    /// message.
    pub(super) echoes_at_request: bool,
    /// A local slash command is echoed too.
    pub(super) echoes_commands: bool,
    /// Responses of the host are echoed.
    pub(super) echoes_answers: bool,
    /// A prompt whose uuid was seen is echoed, but not run.
    pub(super) keeps_uuids: bool,
    /// Waiting prompts are joined into one turn.
    pub(super) joins: bool,
    /// Slash commands are joined too, as plain text.
    pub(super) joins_commands: bool,
    /// Slash commands are folded into the turn as plain text. Otherwise they wait.
    pub(super) folds_commands: bool,
    /// A turn that ends with `error_max_turns` includes the waiting prompts.
    pub(super) folds_at_max_turns: bool,
    /// The model is called once more for folded prompts.
    pub(super) calls_model_after_fold: bool,
    /// The field `priority` is supported.
    pub(super) knows_priority: bool,
    /// The field `shouldQuery` is supported.
    pub(super) knows_should_query: bool,
    /// With partial messages, `system/status` reports `requesting`.
    pub(super) writes_request_status: bool,
    /// `command_lifecycle` messages are sent.
    pub(super) writes_lifecycle: bool,
    /// A result has the field `user_message_uuids`.
    pub(super) names_prompts: bool,
    /// Effect of the end of a background task.
    pub(super) own_turn: OwnTurn,
    /// A result has the field `origin`.
    pub(super) names_origin: bool,
    /// The end of a task is reported at once. Otherwise it is reported when the turn of the task begins.
    pub(super) writes_tasks_at_once: bool,
    /// `system/task_updated` messages are sent.
    pub(super) writes_task_updates: bool,
    /// `system/background_tasks_changed` messages are sent.
    pub(super) lists_tasks: bool,
    /// The result is held back while a background subagent runs.
    pub(super) holds_results: bool,
    /// Handling of background tasks after stdin is closed.
    pub(super) waits_at_eof: AtEof,
    /// Response to an unknown control request.
    pub(super) unknown_request: Unknown,
    /// `set_permission_mode` gets two responses.
    pub(super) answers_mode_twice: bool,
    /// An invalid permission mode is refused.
    pub(super) checks_mode: bool,
    /// A change of mode by the response to a permission request is reported.
    pub(super) writes_mode: bool,
    /// The response to an interrupt has `still_queued`, and `cancel_queued` is supported.
    pub(super) gives_receipt: bool,
    /// An interrupt does not stop a prompt whose turn has not begun.
    pub(super) spares_the_imminent: bool,
    /// The text before an interrupt is sent as a message.
    pub(super) writes_partial_text: bool,
    /// An interrupted stream gets its closing events.
    pub(super) closes_its_stream: bool,
    /// `is_error` is set for an interrupted result, and for one at the limit of turns.
    pub(super) failure_is_error: bool,
    /// A result has the field `terminal_reason`.
    pub(super) gives_reason: bool,
    /// After an API error, `terminal_reason` is `api_error`.
    pub(super) names_api_error: bool,
    /// `type` is the first key of a `result`.
    pub(super) type_first: bool,
    /// There is a pause between a result and the next turn.
    pub(super) pauses_between_turns: bool,
    /// A tool call starts when its block is complete. Otherwise it starts when the message is complete.
    pub(super) starts_tools_early: bool,
    /// An allow without `updatedInput` is refused.
    pub(super) needs_input_back: bool,
    /// A permission request, and the input of a tool's hook, have a `tool_use_id`.
    pub(super) names_tool_use: bool,
    /// A hook call is cancelled after the timeout of the hook. Otherwise it is cancelled after a minute.
    pub(super) keeps_hook_timeouts: bool,
    /// An interrupt cancels the hook of a prompt, like those of tools (`interrupt_before_init`).
    pub(super) withdraws_prompt_hooks: bool,
    /// After the decision `ask` of a `PreToolUse` hook, the CLI sends a permission request, even for a call that is allowed
    /// otherwise.
    pub(super) asks_for_hooks: bool,
    /// After a cancelled hook call, the tool does not run.
    pub(super) refuses_without_hook: bool,
    /// In-process MCP servers get messages before the response to `initialize`. Otherwise they get them before the first turn.
    pub(super) greets_mcp_at_initialize: bool,
    /// The CLI exits with 1 after an empty line, an array, a number, an unknown type, or a cancellation by the host.
    pub(super) dies_at_odd_lines: bool,
    /// The CLI exits with 1 after a line of whitespace.
    pub(super) dies_at_blanks: bool,
    /// The CLI exits before all output is written.
    pub(super) loses_output: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OwnTurn {
    Never,
    /// Ends with an error result when the CLI next checks its queue.
    Dies,
    Runs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AtEof {
    Exits,
    WaitsSome,
    Waits,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    Silence,
    Error,
    ErrorWithCode,
}
