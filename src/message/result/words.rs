//! Words of a `result`.

use crate::wire::view::words;

words! {
    /// How a turn ended, roughly: a result's `subtype`.
    pub enum ResultKind {
        /// It came to its end; the API may have failed.
        Success = "success",
        /// It was interrupted, or failed.
        ErrorDuringExecution = "error_during_execution",
        /// It called the model too often.
        ErrorMaxTurns = "error_max_turns",
        /// It cost too much.
        ErrorMaxBudget = "error_max_budget_usd",
        /// It gave no output of the shape that was asked for, too often.
        ErrorMaxStructuredOutputRetries = "error_max_structured_output_retries",
    }

    /// Why a turn ended ([wire reference, section 1.4](crate::guide::wire#14-fields-of-messages)). From 2.1.143.
    pub enum TerminalReason {
        /// The model had said what it had to say.
        Completed = "completed",
        /// It called the model too often.
        MaxTurns = "max_turns",
        /// It was interrupted while the model spoke.
        AbortedStreaming = "aborted_streaming",
        /// It was interrupted while a tool ran.
        AbortedTools = "aborted_tools",
        /// The API failed.
        ApiError = "api_error",
        /// The model failed.
        ModelError = "model_error",
        /// A picture could not be read.
        ImageError = "image_error",
        /// The context is full.
        PromptTooLong = "prompt_too_long",
        /// The context is full, and was not compacted.
        BlockingLimit = "blocking_limit",
        /// The context was full again as soon as it was compacted.
        RapidRefillBreaker = "rapid_refill_breaker",
        /// The model called tools with broken input, too often.
        MalformedToolUseExhausted = "malformed_tool_use_exhausted",
        /// A stop hook kept it from ending, and then from going on.
        StopHookPrevented = "stop_hook_prevented",
        /// A hook stopped it.
        HookStopped = "hook_stopped",
        /// A hook put a call off.
        ToolDeferred = "tool_deferred",
        /// A hook put a call off of a tool that is gone.
        ToolDeferredUnavailable = "tool_deferred_unavailable",
        /// It goes on in the background.
        BackgroundRequested = "background_requested",
        /// It cost too much.
        BudgetExhausted = "budget_exhausted",
        /// It gave no output of the shape that was asked for, too often.
        StructuredOutputRetryExhausted = "structured_output_retry_exhausted",
        /// It could not begin.
        TurnSetupFailed = "turn_setup_failed",
    }

    /// Whether the model is to be fast.
    pub enum FastMode {
        /// It is not.
        Off = "off",
        /// It is.
        On = "on",
        /// It is not for a while.
        Cooldown = "cooldown",
    }
}
