//! Tokens and what they cost.

use crate::base::json::Json;
use crate::wire::view::view;

view! {
    /// Tokens, as the Messages API counts them.
    pub struct Usage {
        may {
            /// Of the cached tokens written, how many for how long.
            cache_creation: CacheCreation,
            /// Calls of tools that the API runs.
            server_tool_use: ServerToolCalls,
            /// Of the output tokens, how many for what.
            output_tokens_details: OutputTokens,
            /// `standard`, `priority` or `batch`.
            service_tier: String,
            /// Where the model ran. From 2.1.50.
            inference_geo: String,
            /// `standard` or `fast`. From 2.1.50.
            speed: String,
            /// Each of several runs of the model in one answer. From 2.1.50.
            iterations: Vec<Json>,
            /// A credit for an answer by another model. From 2.1.329; only null was seen.
            fallback_credit: Json,
        }
        or_default {
            /// Tokens read, without those of the cache.
            input_tokens: u64,
            /// Tokens written.
            output_tokens: u64,
            /// Tokens written to the cache.
            cache_creation_input_tokens: u64,
            /// Tokens read from the cache.
            cache_read_input_tokens: u64,
        }
    }

    /// Tokens written to the cache, by how long they stay.
    pub struct CacheCreation {
        or_default {
            /// For five minutes.
            ephemeral_5m_input_tokens: u64,
            /// For an hour.
            ephemeral_1h_input_tokens: u64,
        }
    }

    /// Calls of tools that the API runs.
    pub struct ServerToolCalls {
        or_default {
            /// Searches of the web.
            web_search_requests: u64,
            /// Pages fetched. From 2.0.76.
            web_fetch_requests: u64,
        }
    }

    /// What output tokens were for. From 2.1.250.
    pub struct OutputTokens {
        or_default {
            /// Thinking.
            thinking_tokens: u64,
        }
    }

    /// What one model was used for, and cost.
    pub struct ModelUsage {
        may {
            /// In US dollars.
            cost_usd = "costUSD": f64,
            /// How many tokens the model can read.
            context_window = "contextWindow": u64,
            /// How many tokens it can write in one answer. From 2.1.50.
            max_output_tokens = "maxOutputTokens": u64,
            /// The model's name without its variants. From 2.1.250.
            canonical_model = "canonicalModel": String,
            /// Who runs it: `firstParty`, ... From 2.1.250.
            provider: String,
            /// By which prices: `list`, ... From 2.1.250.
            cost_basis = "costBasis": String,
        }
        or_default {
            /// Tokens read, without those of the cache.
            input_tokens = "inputTokens": u64,
            /// Tokens written.
            output_tokens = "outputTokens": u64,
            /// Of these, for thinking. From 2.1.329.
            thinking_tokens = "thinkingTokens": u64,
            /// Tokens read from the cache.
            cache_read_input_tokens = "cacheReadInputTokens": u64,
            /// Tokens written to the cache.
            cache_creation_input_tokens = "cacheCreationInputTokens": u64,
            /// Of these, for five minutes. From 2.1.329.
            cache_creation_5m_input_tokens = "cacheCreationEphemeral5mInputTokens": u64,
            /// Of these, for an hour. From 2.1.329.
            cache_creation_1h_input_tokens = "cacheCreationEphemeral1hInputTokens": u64,
            /// Searches of the web.
            web_search_requests = "webSearchRequests": u64,
        }
    }
}
