//! How near the account's limits are.

use crate::wire::view::{view, words};

view! {
    /// A `rate_limit_event` line.
    pub struct RateLimitEvent {
        must {
            /// How near which limit is.
            rate_limit_info: RateLimit,
        }
        may {
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
        }
    }

    /// How near a limit is. Never seen in a recording; the fields are those of the SDKs' typings.
    pub struct RateLimit {
        must {
            /// Whether more is allowed.
            status: RateLimitStatus,
        }
        may {
            /// When the limit begins anew, in seconds since 1970.
            resets_at = "resetsAt": f64,
            /// Which limit.
            limit = "rateLimitType": RateLimitKind,
            /// How much of it is used, from 0 to 1.
            utilization: f64,
            /// Whether more is allowed beyond the limit, for money.
            overage_status = "overageStatus": RateLimitStatus,
            /// When the limit of that begins anew, in seconds since 1970.
            overage_resets_at = "overageResetsAt": f64,
            /// Why nothing is allowed beyond the limit.
            overage_disabled_reason = "overageDisabledReason": String,
            /// The limit is passed, and money is spent.
            is_using_overage = "isUsingOverage": bool,
            /// Money is being spent.
            overage_in_use = "overageInUse": bool,
            /// Money may be spent.
            overage_enabled = "overageEnabled": bool,
            /// The part of the limit whose passing is told, from 0 to 1.
            surpassed_threshold = "surpassedThreshold": f64,
            /// Whose limit it is: `service`, `channel` or `group_pool`.
            limit_scope = "limitScope": String,
            /// `credits_required`, ...
            error_code = "errorCode": String,
            /// Whether the user may buy credits.
            can_user_purchase_credits = "canUserPurchaseCredits": bool,
            /// Whether there is a saved way to pay.
            has_chargeable_saved_payment_method = "hasChargeableSavedPaymentMethod": bool,
        }
    }
}

words! {
    /// Whether more is allowed.
    pub enum RateLimitStatus {
        /// It is.
        Allowed = "allowed",
        /// It is, but the limit is near.
        AllowedWarning = "allowed_warning",
        /// It is not.
        Rejected = "rejected",
    }

    /// Which limit.
    pub enum RateLimitKind {
        /// Of five hours.
        FiveHour = "five_hour",
        /// Of a week.
        SevenDay = "seven_day",
        /// Of a week, of Opus.
        SevenDayOpus = "seven_day_opus",
        /// Of a week, of Sonnet.
        SevenDaySonnet = "seven_day_sonnet",
        /// Of a week, with what is spent beyond it.
        SevenDayOverageIncluded = "seven_day_overage_included",
        /// Of what is spent beyond the limits.
        Overage = "overage",
    }
}
