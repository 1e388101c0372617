//! What the session has used.

use std::collections::BTreeMap;

use crate::base::json::Json;
use crate::outgoing::request::sent::{bare, sent};
use crate::wire::view::view;

sent! {
    /// `get_usage`: what the session has cost, and how near the account is to its limits. Seen from 2.1.250.
    pub struct GetUsage as "get_usage" -> GetUsageResponse {
        may {
            /// Whether what the account spends most on is left out, which is slow to find.
            skip_behaviors: bool,
        }
    }

    /// `get_session_cost`: what the session has cost, as text. Seen from 2.1.143.
    pub struct GetSessionCost as "get_session_cost" -> GetSessionCostResponse {}
}

bare! { GetUsage, GetSessionCost, }

view! {
    /// What the session has cost, and how near the account is to its limits.
    pub struct GetUsageResponse {
        must {
            /// The session's own.
            session: SessionUsage,
        }
        may {
            /// The account's subscription.
            subscription_type: String,
            /// Whether the limits can be known.
            rate_limits_available: bool,
            /// How near they are.
            rate_limits: RateLimits,
            /// What the account spends most on.
            behaviors: Json,
        }
    }

    /// What a session has used so far.
    pub struct SessionUsage {
        may {
            /// In US dollars.
            total_cost_usd: f64,
            /// How long the API took, in milliseconds.
            total_api_duration_ms: f64,
            /// How long the session has been there, in milliseconds.
            total_duration_ms: f64,
            /// Lines that were added to files.
            total_lines_added: u64,
            /// Lines that were taken from files.
            total_lines_removed: u64,
            /// Tokens and cost, by the model's name, as in a `result`'s `modelUsage`.
            model_usage: BTreeMap<String, Json>,
        }
    }

    /// How near an account is to its limits.
    pub struct RateLimits {
        may {
            /// Of five hours.
            five_hour: UsageRateLimit,
            /// Of seven days.
            seven_day: UsageRateLimit,
            /// Of seven days, for other programs.
            seven_day_oauth_apps: UsageRateLimit,
            /// Of seven days, with Opus.
            seven_day_opus: UsageRateLimit,
            /// Of seven days, with Sonnet.
            seven_day_sonnet: UsageRateLimit,
            /// Of single models: each with a `display_name`.
            model_scoped: Vec<UsageRateLimit>,
            /// What is paid for beyond them.
            extra_usage: Json,
        }
    }

    /// How near a limit is.
    pub struct UsageRateLimit {
        may {
            /// How much of it is used, in percent.
            utilization: f64,
            /// When it begins anew: an ISO 8601 instant.
            resets_at: String,
            /// For which model.
            display_name: String,
        }
    }

    /// What the session has cost, as text.
    pub struct GetSessionCostResponse {
        must {
            /// Several lines, for people.
            text: String,
        }
    }
}
