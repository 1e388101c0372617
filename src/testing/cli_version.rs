//! What each published generation of the CLI does.

use std::fmt;
use std::str::FromStr;

/// A version of the CLI that a [`MockCli`](super::MockCli) imitates: the six that were looked at, each standing for the
/// versions [around it](Self::first_release).
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
    /// All of them, oldest first.
    pub const ALL: &[CliVersion] = &[V1_0_128, V2_0_76, V2_1_50, V2_1_143, V2_1_250, V2_1_329];

    /// Its number, as the CLI writes it in `system/init`.
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

    /// The first version that is more like it than like the one before: which prompts are joined, which turns are the
    /// CLI's own and what names a result's prompts is then as it is here. Other habits came at other versions.
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

    /// What it does.
    pub(super) fn habits(self) -> Habits {
        let from = |first: CliVersion| self >= first;
        Habits {
            marks_echoes: from(V2_0_76),
            echoes_at_request: from(V2_1_250),
            echoes_commands: from(V2_1_250),
            echoes_answers: from(V2_0_76),
            keeps_uuids: from(V2_0_76),
            joins: from(V2_1_143),
            joins_commands: self == V2_1_143,
            folds_commands: !from(V2_1_143),
            folds_at_max_turns: self == V2_1_50 || self == V2_1_143,
            asks_again_after_fold: !from(V2_1_50),
            knows_priority: from(V2_1_143),
            knows_should_query: from(V2_1_143),
            tells_requests: from(V2_1_143),
            tells_life: from(V2_1_250),
            names_prompts: from(V2_1_329),
            own_turn: match self {
                V1_0_128 => OwnTurn::Never,
                V2_0_76 => OwnTurn::Dies,
                _ => OwnTurn::Runs,
            },
            names_origin: from(V2_1_143),
            tells_tasks_at_once: from(V2_1_250),
            tells_task_updates: from(V2_1_143),
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
            tells_mode: from(V2_1_50),
            gives_receipt: from(V2_1_250),
            spares_the_imminent: from(V2_1_250),
            says_what_it_had: from(V2_1_143),
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

/// A text that is no version, or one before 1.0.128.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a version since 1.0.128; write it as \"2.1.329\"")]
pub struct ParseCliVersionError(String);

impl FromStr for CliVersion {
    type Err = ParseCliVersionError;

    /// The latest of the six whose [first version](Self::first_release) is not later than this one.
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

/// One column of the table: what a generation does, each as it was recorded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Habits {
    /// An echoed prompt has `isReplay`.
    pub(super) marks_echoes: bool,
    /// With partial messages, the echo comes when the model is asked; else with the first complete message.
    pub(super) echoes_at_request: bool,
    /// A local slash command is echoed too.
    pub(super) echoes_commands: bool,
    /// The host's answers are echoed.
    pub(super) echoes_answers: bool,
    /// A uuid that was seen is echoed and not run.
    pub(super) keeps_uuids: bool,
    /// Prompts that wait are joined into one turn.
    pub(super) joins: bool,
    /// ... slash commands too, as plain text.
    pub(super) joins_commands: bool,
    /// At a fold, slash commands are plain text; else they wait.
    pub(super) folds_commands: bool,
    /// A turn that ends with `error_max_turns` takes what waits with it.
    pub(super) folds_at_max_turns: bool,
    /// The model is asked once more for what was folded.
    pub(super) asks_again_after_fold: bool,
    /// `priority` is looked at.
    pub(super) knows_priority: bool,
    /// `shouldQuery` is looked at.
    pub(super) knows_should_query: bool,
    /// `system/status` says `requesting`, with partial messages.
    pub(super) tells_requests: bool,
    /// `command_lifecycle` frames.
    pub(super) tells_life: bool,
    /// `result.user_message_uuids`.
    pub(super) names_prompts: bool,
    /// What the end of a background task brings about.
    pub(super) own_turn: OwnTurn,
    /// `result.origin`.
    pub(super) names_origin: bool,
    /// The end of a task is told when it happens; else when its turn begins.
    pub(super) tells_tasks_at_once: bool,
    /// `system/task_updated`.
    pub(super) tells_task_updates: bool,
    /// `system/background_tasks_changed`.
    pub(super) lists_tasks: bool,
    /// No `result` while a background subagent runs.
    pub(super) holds_results: bool,
    /// What becomes of background tasks once stdin is closed.
    pub(super) waits_at_eof: AtEof,
    /// What an unknown control request gets.
    pub(super) unknown_request: Unknown,
    /// `set_permission_mode` gets two responses.
    pub(super) answers_mode_twice: bool,
    /// An invalid mode is refused.
    pub(super) checks_mode: bool,
    /// A change of mode by a permission's answer is told.
    pub(super) tells_mode: bool,
    /// An interrupt's response has `still_queued`, and `cancel_queued` is known.
    pub(super) gives_receipt: bool,
    /// An interrupt does not stop a prompt whose turn has not begun.
    pub(super) spares_the_imminent: bool,
    /// An interrupted text is written as far as it came.
    pub(super) says_what_it_had: bool,
    /// An interrupted stream gets its closing events.
    pub(super) closes_its_stream: bool,
    /// `is_error` of an interrupted result, and of one at the limit of turns.
    pub(super) failure_is_error: bool,
    /// `terminal_reason`.
    pub(super) gives_reason: bool,
    /// ... which is `api_error` after one.
    pub(super) names_api_error: bool,
    /// `type` is the first key of a `result`.
    pub(super) type_first: bool,
    /// A moment passes from a result to the next turn.
    pub(super) pauses_between_turns: bool,
    /// A tool call starts when its block is whole, not when the message is.
    pub(super) starts_tools_early: bool,
    /// An allow without `updatedInput` is refused.
    pub(super) needs_input_back: bool,
    /// A permission request, and the input of a tool's hook, has a `tool_use_id`.
    pub(super) names_tool_use: bool,
    /// A hook is withdrawn after the time that it names; else after a minute.
    pub(super) keeps_hook_timeouts: bool,
    /// An interrupt withdraws the hook of a prompt, as it does those of tools (`interrupt_before_init`).
    pub(super) withdraws_prompt_hooks: bool,
    /// The tool of a hook that was withdrawn does not run.
    pub(super) refuses_without_hook: bool,
    /// In-process MCP servers are asked before `initialize` is answered; else before the first turn.
    pub(super) greets_mcp_at_initialize: bool,
    /// Exit 1 at empty lines, arrays, numbers, unknown types, and a host's withdrawal.
    pub(super) dies_at_odd_lines: bool,
    /// Exit 1 at a line of blanks.
    pub(super) dies_at_blanks: bool,
    /// It exits before a backlog is written.
    pub(super) loses_output: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OwnTurn {
    Never,
    /// With an error result, as soon as it looks at its queue.
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
