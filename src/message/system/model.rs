//! `system` messages about the model and the API.

use crate::wire::view::{view, words};

view! {
    /// `api_retry`: an API request failed and will be repeated. Since 2.1.329.
    pub struct ApiRetry {
        may {
            /// Number of the next retry, counted from 1.
            attempt: u64,
            /// Maximum number of retries.
            max_retries: u64,
            /// Delay before the next retry, in milliseconds.
            retry_delay_ms: f64,
            /// HTTP status of the failed request; `None` if the API did not respond.
            error_status: u64,
            /// Kind of the error, e.g. `overloaded`, `rate_limit`.
            error: String,
            /// Durations of the wait, if the API did not respond.
            no_response: NoResponse,
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
    }

    /// API request without a response.
    pub struct NoResponse {
        may {
            /// Time for which the CLI waited, in milliseconds.
            waited_ms: f64,
            /// Time for which the CLI will wait for the next response, in milliseconds.
            retry_wait_ms: f64,
        }
    }

    /// `thinking_tokens`: the amount of thinking so far. Since 2.1.329.
    pub struct ThinkingTokens {
        may {
            /// Estimated number of tokens.
            estimated_tokens: u64,
            /// Estimated number of tokens since the previous `thinking_tokens` message.
            estimated_tokens_delta: u64,
            /// `uuid` of the prompt that the model answers.
            user_message_uuid: String,
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
    }

    /// `model_refusal_fallback` and `model_refusal_no_fallback`: a model refused to answer.
    pub struct ModelRefusal {
        may {
            /// Model that refused.
            original_model: String,
            /// Model that answers instead.
            fallback_model: String,
            /// Trigger of the switch; always `refusal`.
            trigger: String,
            /// Direction of the switch: to the fallback model, or back to the original model.
            direction: String,
            /// Duration of the switch.
            scope: String,
            /// Identifier that the API assigned to the request.
            request_id: String,
            /// Category of the refusal.
            api_refusal_category: String,
            /// Explanation of the refusal, as reported by the API.
            api_refusal_explanation: String,
            /// `uuid`s of messages to remove from the display.
            retracted_message_uuids: Vec<String>,
            /// `uuid` of the refused prompt.
            refused_user_message_uuid: String,
            /// Description of the refusal for the user.
            content: String,
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
    }

    /// `control_request_progress`: the CLI is processing an outgoing request.
    pub struct ControlRequestProgress {
        must {
            /// `request_id` of the outgoing request.
            request_id: String,
        }
        may {
            /// State of the request.
            status: RequestProgress,
            /// Number of the next retry, counted from 1.
            attempt: u64,
            /// Maximum number of retries.
            max_retries: u64,
            /// Delay before the next retry, in milliseconds.
            retry_delay_ms: f64,
            /// HTTP status of the failed request; `None` if the API did not respond.
            error_status: u64,
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
    }
}

words! {
    /// State of an outgoing request.
    pub enum RequestProgress {
        /// The CLI has started to process the request.
        Started = "started",
        /// The CLI repeats an API request for the outgoing request.
        ApiRetry = "api_retry",
    }
}
