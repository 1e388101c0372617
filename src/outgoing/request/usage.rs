//! Usage of the session: cost, tokens and limits.

use std::collections::BTreeMap;

use crate::base::json::Json;
use crate::outgoing::request::sent::{bare, sent};
use crate::wire::view::view;

sent! {
    /// `get_usage`: returns the cost of the session, and the use of the account's rate limits. Seen since 2.1.250.
    pub struct GetUsage as "get_usage" -> GetUsageResponse {
        may {
            /// `true` if [`behaviors`](GetUsageResponse::behaviors) is left out, which is slow to compute.
            skip_behaviors: bool,
        }
    }

    /// `get_session_cost`: returns the cost of the session as text. Seen since 2.1.143.
    pub struct GetSessionCost as "get_session_cost" -> GetSessionCostResponse {}
}

bare! { GetUsage, GetSessionCost, }

view! {
    /// Cost of the session, and the use of the account's rate limits.
    pub struct GetUsageResponse {
        must {
            /// Usage of the session.
            session: SessionUsage,
        }
        may {
            /// Subscription of the account.
            subscription_type: String,
            /// `true` if the rate limits are known.
            rate_limits_available: bool,
            /// Use of the rate limits.
            rate_limits: RateLimits,
            /// Activities that use most of the account's limits.
            behaviors: Json,
        }
    }

    /// Usage of a session so far.
    pub struct SessionUsage {
        may {
            /// Cost in US dollars.
            total_cost_usd: f64,
            /// Duration of all API calls, in milliseconds.
            total_api_duration_ms: f64,
            /// Duration of the session, in milliseconds.
            total_duration_ms: f64,
            /// Number of lines added to files.
            total_lines_added: u64,
            /// Number of lines removed from files.
            total_lines_removed: u64,
            /// Tokens and cost by model name, as in `modelUsage` of a `result`.
            model_usage: BTreeMap<String, Json>,
        }
    }

    /// Use of an account's rate limits.
    pub struct RateLimits {
        may {
            /// Limit for five hours.
            five_hour: UsageRateLimit,
            /// Limit for seven days.
            seven_day: UsageRateLimit,
            /// Limit for seven days, for use in other applications.
            seven_day_oauth_apps: UsageRateLimit,
            /// Limit for seven days, for Opus models.
            seven_day_opus: UsageRateLimit,
            /// Limit for seven days, for Sonnet models.
            seven_day_sonnet: UsageRateLimit,
            /// Limits for single models, each with a `display_name`.
            model_scoped: Vec<UsageRateLimit>,
            /// Paid usage beyond the limits.
            extra_usage: Json,
        }
    }

    /// Use of one rate limit.
    pub struct UsageRateLimit {
        may {
            /// Percentage of the limit that is used.
            utilization: f64,
            /// Time at the start of the next period: an ISO 8601 instant.
            resets_at: String,
            /// Display name of the model.
            display_name: String,
        }
    }

    /// Cost of the session, as text.
    pub struct GetSessionCostResponse {
        must {
            /// Several lines of text, for people.
            text: String,
        }
    }
}
