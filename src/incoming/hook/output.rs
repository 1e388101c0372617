//! What can be said to every event.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::json::Json;
use crate::incoming::hook::HookEvent;
use crate::wire::view::words;

/// What a hook answers ([wire reference, section 4.3](crate::guide::wire#43-hooks)). An empty one has no opinion.
///
/// What only one event can be told is an output of its own, as [`PreToolUseOutput`](crate::incoming::hook::PreToolUseOutput):
///
/// ```
/// use claude_duplex::IncomingResponse;
/// use claude_duplex::incoming::hook::{HookOutput, PostToolUseOutput};
///
/// let quiet = IncomingResponse::from(HookOutput::new().suppress_output(true));
/// let more = HookOutput::from(
///     PostToolUseOutput::new().additional_context("it is a holiday"),
/// )
/// .system_message("noted");
/// ```
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HookOutput {
    #[serde(rename = "async", default, skip_serializing_if = "std::ops::Not::not")]
    later: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    async_timeout: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    r#continue: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    suppress_output: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stop_reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decision: Option<HookOutputDecision>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    system_message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    terminal_sequence: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hook_specific_output: Option<Json>,
}

words! {
    /// What a hook says to what is about to happen.
    pub enum HookOutputDecision {
        /// It may.
        Approve = "approve",
        /// It may not. At the end of a turn: it goes on, and the model reads the reason.
        Block = "block",
    }
}

impl HookOutput {
    /// No opinion: what was to happen happens.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates an output that blocks a tool, a prompt, or the end of a turn. The turn then goes on, and
    /// the model reads the reason.
    ///
    /// A hook of [`Stop`](HookEvent::Stop) that always blocks keeps the turn going without an end:
    /// [`stop_hook_active`](super::StopHookInput::stop_hook_active) is true once it has blocked.
    ///
    /// ```
    /// use claude_duplex::incoming::hook::HookOutput;
    /// use claude_duplex::{Handlers, Hook};
    ///
    /// let handlers = Handlers::new().hook(Hook::stop(), async |call| {
    ///     match call.input.stop_hook_active {
    ///         Some(true) => HookOutput::new(),
    ///         _ => HookOutput::block("Run the tests before you finish."),
    ///     }
    /// });
    /// ```
    #[must_use]
    pub fn block(reason: impl Into<String>) -> Self {
        Self::new().decision(HookOutputDecision::Block).reason(reason)
    }

    /// The hook goes on by itself, and the CLI does not wait for it; after `timeout` (whole milliseconds) it gives it up.
    /// Nothing else can be said with it.
    #[must_use]
    pub fn in_background(timeout: Option<Duration>) -> Self {
        let milliseconds = |timeout: Duration| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        Self { later: true, async_timeout: timeout.map(milliseconds), ..Self::default() }
    }

    /// Ends the turn here. The user is told why; the model is not.
    ///
    /// This refuses nothing: at `PreToolUse` the tool runs, and the turn ends after it. Use
    /// [`HookEvent::refusal`] to stop what the hook guards.
    #[must_use]
    pub fn stop(mut self, reason: impl Into<String>) -> Self {
        self.r#continue = Some(false);
        self.stop_reason = Some(reason.into());
        self
    }

    /// Says in so many words whether the turn goes on; it does if nothing is said.
    #[must_use]
    pub fn continue_turn(mut self, goes_on: bool) -> Self {
        self.r#continue = Some(goes_on);
        self
    }

    /// Decides about what is about to happen.
    #[must_use]
    pub fn decision(mut self, decision: HookOutputDecision) -> Self {
        self.decision = Some(decision);
        self
    }

    /// Why it is decided so: for the model where the event is one of its, else for the user.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Shows the user a message.
    #[must_use]
    pub fn system_message(mut self, message: impl Into<String>) -> Self {
        self.system_message = Some(message.into());
        self
    }

    /// Keeps the hook's output out of the transcript.
    #[must_use]
    pub fn suppress_output(mut self, suppress: bool) -> Self {
        self.suppress_output = Some(suppress);
        self
    }

    /// Sends an escape sequence to the user's terminal, as for a title.
    #[must_use]
    pub fn terminal_sequence(mut self, sequence: impl Into<String>) -> Self {
        self.terminal_sequence = Some(sequence.into());
        self
    }

    /// The event that its own part is for. Said to a hook of another event, it is a
    /// [`Mismatch`](crate::RespondError::Mismatch): to the CLI the hook would have failed.
    #[must_use]
    pub fn event(&self) -> Option<HookEvent> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Named {
            hook_event_name: HookEvent,
        }
        let own = self.hook_specific_output.as_ref()?;
        own.decode::<Named>().ok().map(|named| named.hook_event_name)
    }

    pub(super) fn of_event(own: &impl Serialize) -> Self {
        // Texts, numbers, lists and raw values that were checked: there is nothing that could fail.
        Self { hook_specific_output: Json::from_value(own).ok(), ..Self::default() }
    }
}

impl fmt::Debug for HookOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Output").field(&Json::from_value(self)).finish()
    }
}
