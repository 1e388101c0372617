//! Enumerations in a `result` message.

use crate::wire::view::words;

words! {
    /// Kind of a result: its `subtype`.
    pub enum ResultKind {
        /// The turn completed. The API can have failed; see [`TurnResult::is_error`](super::TurnResult::is_error).
        Success = "success",
        /// The turn was interrupted or failed.
        ErrorDuringExecution = "error_during_execution",
        /// The turn reached the maximum number of calls of the model.
        ErrorMaxTurns = "error_max_turns",
        /// The turn reached the maximum cost.
        ErrorMaxBudget = "error_max_budget_usd",
        /// The output did not match the requested JSON schema after the maximum number of attempts.
        ErrorMaxStructuredOutputRetries = "error_max_structured_output_retries",
    }

    /// Reason for the end of a turn ([wire reference, section 1.4](crate::guide::wire#14-fields-of-messages)). Since
    /// 2.1.143.
    pub enum TerminalReason {
        /// The model completed its answer.
        Completed = "completed",
        /// The turn reached the maximum number of calls of the model.
        MaxTurns = "max_turns",
        /// The turn was interrupted while the answer was streamed.
        AbortedStreaming = "aborted_streaming",
        /// The turn was interrupted while a tool was running.
        AbortedTools = "aborted_tools",
        /// A request to the API failed.
        ApiError = "api_error",
        /// The model failed to answer.
        ModelError = "model_error",
        /// An image could not be read.
        ImageError = "image_error",
        /// The prompt does not fit into the context of the model.
        PromptTooLong = "prompt_too_long",
        /// The context is full and was not compacted.
        BlockingLimit = "blocking_limit",
        /// The context was full again immediately after a compaction.
        RapidRefillBreaker = "rapid_refill_breaker",
        /// The model called tools with malformed input too many times.
        MalformedToolUseExhausted = "malformed_tool_use_exhausted",
        /// A `Stop` hook prevented first the end and then the continuation of the turn.
        StopHookPrevented = "stop_hook_prevented",
        /// A hook stopped the turn.
        HookStopped = "hook_stopped",
        /// A hook deferred a tool call.
        ToolDeferred = "tool_deferred",
        /// A hook deferred a call of a tool that has become unavailable.
        ToolDeferredUnavailable = "tool_deferred_unavailable",
        /// The turn continues in the background.
        BackgroundRequested = "background_requested",
        /// The turn reached the maximum cost.
        BudgetExhausted = "budget_exhausted",
        /// The output did not match the requested JSON schema after the maximum number of attempts.
        StructuredOutputRetryExhausted = "structured_output_retry_exhausted",
        /// The turn could not be started.
        TurnSetupFailed = "turn_setup_failed",
    }

    /// State of the fast mode of the model.
    pub enum FastMode {
        /// Fast mode is off.
        Off = "off",
        /// Fast mode is on.
        On = "on",
        /// Fast mode is paused for some time.
        Cooldown = "cooldown",
    }
}
