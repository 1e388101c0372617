//! State of the usage limits of the account.

use crate::wire::view::{view, words};

view! {
    /// `rate_limit_event` message: the state of a usage limit.
    pub struct RateLimitEvent {
        must {
            /// State of the limit.
            rate_limit_info: RateLimit,
        }
        may {
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
        }
    }

    /// State of a usage limit. Not in any recording: the fields are taken from the typings of the official SDKs.
    pub struct RateLimit {
        must {
            /// Decision whether further requests are allowed.
            status: RateLimitStatus,
        }
        may {
            /// Reset time of the limit, in seconds since 1970.
            resets_at = "resetsAt": f64,
            /// Kind of the limit.
            limit = "rateLimitType": RateLimitKind,
            /// Used share of the limit, from 0 to 1.
            utilization: f64,
            /// Decision whether paid usage beyond the limit (overage) is allowed.
            overage_status = "overageStatus": RateLimitStatus,
            /// Reset time of the overage limit, in seconds since 1970.
            overage_resets_at = "overageResetsAt": f64,
            /// Reason why overage is not allowed.
            overage_disabled_reason = "overageDisabledReason": String,
            /// `true` if the limit is exceeded and overage is charged.
            is_using_overage = "isUsingOverage": bool,
            /// `true` if overage is being charged.
            overage_in_use = "overageInUse": bool,
            /// `true` if overage is enabled.
            overage_enabled = "overageEnabled": bool,
            /// Threshold whose crossing this message reports, as a share of the limit from 0 to 1.
            surpassed_threshold = "surpassedThreshold": f64,
            /// Scope of the limit: `service`, `channel` or `group_pool`.
            limit_scope = "limitScope": String,
            /// Code of the error, e.g. `credits_required`.
            error_code = "errorCode": String,
            /// `true` if the user can purchase credits.
            can_user_purchase_credits = "canUserPurchaseCredits": bool,
            /// `true` if a chargeable payment method is saved.
            has_chargeable_saved_payment_method = "hasChargeableSavedPaymentMethod": bool,
        }
    }
}

words! {
    /// Decision whether further usage is allowed.
    pub enum RateLimitStatus {
        /// Usage is allowed.
        Allowed = "allowed",
        /// Usage is allowed, but the limit is near.
        AllowedWarning = "allowed_warning",
        /// Usage is rejected: the limit is reached.
        Rejected = "rejected",
    }

    /// Kind of a usage limit.
    pub enum RateLimitKind {
        /// Limit for five hours.
        FiveHour = "five_hour",
        /// Limit for a week.
        SevenDay = "seven_day",
        /// Limit for a week, for Opus models.
        SevenDayOpus = "seven_day_opus",
        /// Limit for a week, for Sonnet models.
        SevenDaySonnet = "seven_day_sonnet",
        /// Limit for a week, including overage.
        SevenDayOverageIncluded = "seven_day_overage_included",
        /// Limit for overage.
        Overage = "overage",
    }
}
