//! Hook output that every event accepts.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::json::Json;
use crate::incoming::hook::HookEvent;
use crate::wire::view::words;

/// Output of a hook ([wire reference, section 4.3](crate::guide::wire#43-hooks)). An empty output makes no decision.
///
/// Events with output of their own have a type for it, e.g.
/// [`PreToolUseOutput`](crate::incoming::hook::PreToolUseOutput), which converts into `HookOutput`:
///
/// ```
/// use claude_duplex::IncomingResponse;
/// use claude_duplex::incoming::hook::{HookOutput, PostToolUseOutput};
///
/// let quiet = IncomingResponse::from(HookOutput::new().suppress_output());
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
    /// Decision of a hook about the action that it guards.
    pub enum HookOutputDecision {
        /// The action may happen.
        Approve = "approve",
        /// The action is stopped. At the end of a turn, the turn continues, and the model reads the reason.
        Block = "block",
    }
}

impl HookOutput {
    /// Creates an empty output: the action happens.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates an output that blocks a tool, a prompt, or the end of a turn. The turn then continues, and
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

    /// Creates the output of a hook that continues in the background: the CLI does not wait for its end.
    ///
    /// The CLI abandons the hook after `timeout`, which is sent in whole milliseconds. The other fields of the output
    /// have no effect.
    #[must_use]
    pub fn in_background(timeout: Option<Duration>) -> Self {
        let milliseconds = |timeout: Duration| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        Self { later: true, async_timeout: timeout.map(milliseconds), ..Self::default() }
    }

    /// Ends the turn. The user sees the reason; the model does not.
    ///
    /// This is not a refusal: at `PreToolUse` the tool runs, and the turn ends after it. Use [`HookEvent::refusal`] to
    /// stop the action that the hook guards.
    #[must_use]
    pub fn stop(mut self, reason: impl Into<String>) -> Self {
        self.r#continue = Some(false);
        self.stop_reason = Some(reason.into());
        self
    }

    /// Sets the field `continue` to `true`. The turn continues, as it does without the field. [`stop`](Self::stop) ends the
    /// turn.
    #[must_use]
    pub fn continue_turn(mut self) -> Self {
        self.r#continue = Some(true);
        self
    }

    /// Sets the decision about the action that the hook guards.
    #[must_use]
    pub fn decision(mut self, decision: HookOutputDecision) -> Self {
        self.decision = Some(decision);
        self
    }

    /// Sets the reason for the decision. Depending on the event, the model or the user reads the reason.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Sets a message for the user.
    #[must_use]
    pub fn system_message(mut self, message: impl Into<String>) -> Self {
        self.system_message = Some(message.into());
        self
    }

    /// Hides the output of the hook in the transcript.
    #[must_use]
    pub fn suppress_output(mut self) -> Self {
        self.suppress_output = Some(true);
        self
    }

    /// Sets an escape sequence for the terminal of the user, e.g. for the window title.
    #[must_use]
    pub fn terminal_sequence(mut self, sequence: impl Into<String>) -> Self {
        self.terminal_sequence = Some(sequence.into());
        self
    }

    /// Returns the event for which the output was created, or `None` for an output that fits every event.
    ///
    /// Sending the output to a hook of another event fails with [`Mismatch`](crate::RespondError::Mismatch), because
    /// the CLI would treat the hook as failed.
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
        // Serialization of strings, numbers, lists and checked JSON does not fail.
        Self { hook_specific_output: Json::from_value(own).ok(), ..Self::default() }
    }
}

impl fmt::Debug for HookOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HookOutput").field(&Json::from_value(self)).finish()
    }
}
