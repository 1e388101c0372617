//! Token counts and costs.

use crate::base::json::Json;
use crate::wire::view::view;

view! {
    /// Token counts, as reported by the Messages API.
    ///
    /// An absent count reads as `None`, not as zero. For example, the `message_delta` of a stream can contain the
    /// output tokens alone; [`merge`](Usage::merge) combines them with the counts of the `message_start`.
    pub struct Usage {
        may {
            /// Number of input tokens, without those written to or read from the cache.
            input_tokens: u64,
            /// Number of output tokens; in a stream, the number so far.
            output_tokens: u64,
            /// Number of input tokens written to the cache.
            cache_creation_input_tokens: u64,
            /// Number of input tokens read from the cache.
            cache_read_input_tokens: u64,
            /// Numbers of tokens written to the cache, by lifetime.
            cache_creation: CacheCreation,
            /// Numbers of calls of tools that the API runs.
            server_tool_use: ServerToolCalls,
            /// Numbers of output tokens, by purpose.
            output_tokens_details: OutputTokens,
            /// Service tier of the request: `standard`, `priority` or `batch`.
            service_tier: String,
            /// Region in which the model ran. Since 2.1.50.
            inference_geo: String,
            /// Speed of the model: `standard` or `fast`. Since 2.1.50.
            speed: String,
            /// Counts of each run of the model, if one answer took several. Since 2.1.50.
            iterations: Vec<Json>,
            /// Credit for an answer by a fallback model. Since 2.1.329; only null was seen.
            fallback_credit: Json,
        }
    }

    /// Numbers of tokens written to the cache, by lifetime.
    pub struct CacheCreation {
        or_default {
            /// Number of tokens kept for five minutes.
            ephemeral_5m_input_tokens: u64,
            /// Number of tokens kept for an hour.
            ephemeral_1h_input_tokens: u64,
        }
    }

    /// Numbers of calls of tools that the API runs.
    pub struct ServerToolCalls {
        or_default {
            /// Number of web searches.
            web_search_requests: u64,
            /// Number of fetched web pages. Since 2.0.76.
            web_fetch_requests: u64,
        }
    }

    /// Numbers of output tokens, by purpose. Since 2.1.250.
    pub struct OutputTokens {
        or_default {
            /// Number of tokens used for thinking.
            thinking_tokens: u64,
        }
    }

    /// Token counts and cost of one model.
    pub struct ModelUsage {
        may {
            /// Cost in US dollars.
            cost_usd = "costUSD": f64,
            /// Context window of the model, in tokens.
            context_window = "contextWindow": u64,
            /// Maximum length of an answer of the model, in tokens. Since 2.1.50.
            max_output_tokens = "maxOutputTokens": u64,
            /// Name of the model without its variant. Since 2.1.250.
            canonical_model = "canonicalModel": String,
            /// Provider of the model, e.g. `firstParty`. Since 2.1.250.
            provider: String,
            /// Price list that the cost is based on, e.g. `list`. Since 2.1.250.
            cost_basis = "costBasis": String,
        }
        or_default {
            /// Number of input tokens, without those written to or read from the cache.
            input_tokens = "inputTokens": u64,
            /// Number of output tokens.
            output_tokens = "outputTokens": u64,
            /// Number of output tokens used for thinking. Since 2.1.329.
            thinking_tokens = "thinkingTokens": u64,
            /// Number of input tokens read from the cache.
            cache_read_input_tokens = "cacheReadInputTokens": u64,
            /// Number of input tokens written to the cache.
            cache_creation_input_tokens = "cacheCreationInputTokens": u64,
            /// Number of tokens written to the cache for five minutes. Since 2.1.329.
            cache_creation_5m_input_tokens = "cacheCreationEphemeral5mInputTokens": u64,
            /// Number of tokens written to the cache for an hour. Since 2.1.329.
            cache_creation_1h_input_tokens = "cacheCreationEphemeral1hInputTokens": u64,
            /// Number of web searches.
            web_search_requests = "webSearchRequests": u64,
        }
    }
}

/// Creates a usage without any count, to [merge](Usage::merge) reports into.
impl Default for Usage {
    fn default() -> Self {
        Self::with_required()
    }
}

impl Usage {
    /// Merges a later report about the same message. Counts in `later` replace the earlier ones, because the counts of
    /// a stream are cumulative. Counts that `later` does not contain are kept.
    ///
    /// ```
    /// use claude_duplex::Json;
    /// use claude_duplex::message::usage::Usage;
    ///
    /// let read = |text| Json::parse(text).unwrap().decode::<Usage>();
    /// let mut usage = read(r#"{"input_tokens":10,"output_tokens":1}"#)?;
    /// usage.merge(&read(r#"{"output_tokens":20}"#)?);
    /// assert_eq!((usage.input_tokens, usage.output_tokens), (Some(10), Some(20)));
    /// assert_eq!(usage.cache_read_input_tokens, None);
    /// # Ok::<(), claude_duplex::JsonError>(())
    /// ```
    pub fn merge(&mut self, later: &Self) {
        macro_rules! take {
            ($($field:ident)+) => {$(
                if later.$field.is_some() {
                    self.$field.clone_from(&later.$field);
                }
            )+};
        }
        take!(input_tokens output_tokens cache_creation_input_tokens cache_read_input_tokens cache_creation server_tool_use);
        take!(output_tokens_details service_tier inference_geo speed iterations fallback_credit);
        let kept = self.unknown_fields.iter().filter(|(name, _)| later.unknown_fields.get(name).is_none());
        let all = kept.chain(later.unknown_fields.iter());
        self.unknown_fields = all.map(|(name, value)| (name.to_owned(), value.clone())).collect();
    }

    /// Returns the number of tokens in the context window: new input, written to the cache, and read from the cache.
    ///
    /// Returns `None` if the usage reports none of these counts.
    #[must_use]
    pub fn context_tokens(&self) -> Option<u64> {
        let parts = [self.input_tokens, self.cache_creation_input_tokens, self.cache_read_input_tokens];
        parts.into_iter().flatten().reduce(u64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Message;

    fn usage(text: &str) -> Usage {
        Json::parse(text).expect("it is JSON").decode().expect("a usage")
    }

    #[test]
    fn absent_usage_is_not_zero() {
        let delta = usage(r#"{"output_tokens":20}"#);
        assert_eq!((delta.input_tokens, delta.output_tokens, delta.context_tokens()), (None, Some(20), None));
        let zero = usage(r#"{"input_tokens":0}"#);
        assert_eq!((zero.input_tokens, zero.context_tokens()), (Some(0), Some(0)));
    }

    #[test]
    fn only_messages_with_token_counts_have_usage() {
        let line = |text: &str| Message::parse(text.as_bytes()).expect("a message").usage();
        let output = |text: &str| line(text).expect("it reports some").output_tokens;
        let start =
            r#"{"type":"stream_event","event":{"type":"message_start","message":{"usage":{"output_tokens":1}}}}"#;
        let delta =
            r#"{"type":"stream_event","event":{"type":"message_delta","delta":{},"usage":{"output_tokens":2}}}"#;
        assert_eq!((output(start), output(delta)), (Some(1), Some(2)));
        assert_eq!(output(r#"{"type":"assistant","message":{"content":7,"usage":{"output_tokens":3}}}"#), Some(3));
        assert_eq!(output(r#"{"type":"result","usage":{"output_tokens":4}}"#), Some(4));
        let text = r#"{"type":"stream_event","event":{"type":"content_block_delta","delta":{"text":"usage"}}}"#;
        for none in [text, r#"{"type":"user","message":{"usage":{}}}"#, r#"{"type":"result","usage":null}"#] {
            assert_eq!(line(none), None, "{none}");
        }
    }

    #[test]
    fn merging_usage_into_none_keeps_the_report() {
        let mut whole = Usage::default();
        whole.merge(&usage(r#"{"output_tokens":9}"#));
        assert_eq!(whole, usage(r#"{"output_tokens":9}"#));
    }

    #[test]
    fn a_later_usage_report_replaces_only_its_own_fields() {
        let mut whole = usage(
            r#"{"input_tokens":1,"cache_read_input_tokens":30,"output_tokens":2,"service_tier":"standard","a":1,"b":1}"#,
        );
        whole.merge(&usage(r#"{"output_tokens":9,"cache_creation_input_tokens":500,"b":2,"c":3}"#));
        assert_eq!((whole.input_tokens, whole.output_tokens, whole.context_tokens()), (Some(1), Some(9), Some(531)));
        assert_eq!(whole.service_tier.as_deref(), Some("standard"));
        let rest: Vec<_> = whole.unknown_fields.iter().map(|(name, value)| (name, value.as_str())).collect();
        assert_eq!(rest, [("a", "1"), ("b", "2"), ("c", "3")]);
    }
}
