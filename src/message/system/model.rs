//! The model and the API.

use crate::wire::view::{view, words};

view! {
    /// `api_retry`: a request to the API failed and is tried again. From 2.1.329.
    pub struct ApiRetry {
        may {
            /// The how manieth try comes next, from 1.
            attempt: u64,
            /// How many there will be.
            max_retries: u64,
            /// How long until then, in milliseconds.
            retry_delay_ms: f64,
            /// The API's status code; none where there was no answer.
            error_status: u64,
            /// What kind of error: `overloaded`, `rate_limit`, ...
            error: String,
            /// Nothing came for so long.
            no_response: NoResponse,
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
    }

    /// A request to the API to which nothing came.
    pub struct NoResponse {
        may {
            /// How long was waited, in milliseconds.
            waited_ms: f64,
            /// How long will be waited the next time, in milliseconds.
            retry_wait_ms: f64,
        }
    }

    /// `thinking_tokens`: how much the model has thought so far. From 2.1.329.
    pub struct ThinkingTokens {
        may {
            /// Tokens, about.
            estimated_tokens: u64,
            /// Of these, since the last such line.
            estimated_tokens_delta: u64,
            /// The prompt.
            user_message_uuid: String,
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
    }

    /// `model_refusal_fallback` and `model_refusal_no_fallback`: a model refused to answer.
    pub struct ModelRefusal {
        may {
            /// Which model refused.
            original_model: String,
            /// Which answers in its place.
            fallback_model: String,
            /// `refusal`.
            trigger: String,
            /// Whether another takes over, or the first one comes back.
            direction: String,
            /// For how long.
            scope: String,
            /// The API's id of the request.
            request_id: String,
            /// What kind of refusal.
            api_refusal_category: String,
            /// Why, in the API's words.
            api_refusal_explanation: String,
            /// Lines that are to be removed, by uuid.
            retracted_message_uuids: Vec<String>,
            /// The prompt that was refused.
            refused_user_message_uuid: String,
            /// In words, for people.
            content: String,
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
    }

    /// `control_request_progress`: a request of the host is worked on.
    pub struct ControlRequestProgress {
        must {
            /// The request, by its id on the wire.
            request_id: String,
        }
        may {
            /// How far it is.
            status: RequestProgress,
            /// The how manieth try comes next, from 1.
            attempt: u64,
            /// How many there will be.
            max_retries: u64,
            /// How long until then, in milliseconds.
            retry_delay_ms: f64,
            /// The API's status code; none where there was no answer.
            error_status: u64,
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
    }
}

words! {
    /// How far a request of the host is.
    pub enum RequestProgress {
        /// It began.
        Started = "started",
        /// It is tried again.
        ApiRetry = "api_retry",
    }
}
