//! The model: selection, thinking, and a list of models.

use crate::options::ThinkingDisplay;
use crate::outgoing::request::sent::{bare, sent};
use crate::wire::view::view;

use super::Ack;

sent! {
    /// `set_model`: sets the model of later turns.
    pub struct SetModel as "set_model" -> SetModelResponse {
        into {
            /// Model: an alias or a full name. Without it, the default model is used.
            model: String,
        }
    }

    /// `set_max_thinking_tokens`: sets the thinking budget of the model, and the display of its thinking. 1.0.128 does not
    /// answer.
    pub struct SetMaxThinkingTokens as "set_max_thinking_tokens" -> Ack {
        may {
            /// Maximum number of thinking tokens. `None` resets it.
            max_thinking_tokens: Option<u64>,
            /// Display of the thinking. `None` resets it.
            thinking_display: Option<ThinkingDisplay>,
        }
    }

    /// `list_models`: returns the models that can be chosen. Seen since 2.1.250.
    pub struct ListModels as "list_models" -> ListModelsResponse {}
}

bare! { ListModels, }

impl SetModel {
    /// Sets the model, given by an alias or a full name.
    #[must_use]
    pub fn new(model: impl Into<String>) -> Self {
        Self::bare().model(model)
    }

    /// Resets the model to the default.
    #[must_use]
    pub fn reset() -> Self {
        Self::bare()
    }
}

impl SetMaxThinkingTokens {
    /// Sets the maximum number of thinking tokens.
    #[must_use]
    pub fn new(tokens: u64) -> Self {
        Self::bare().max_thinking_tokens(Some(tokens))
    }

    /// Resets the maximum number of thinking tokens to the default.
    #[must_use]
    pub fn reset() -> Self {
        Self::bare().max_thinking_tokens(None)
    }

    /// Sets the display of the thinking.
    #[must_use]
    pub fn show(self, display: ThinkingDisplay) -> Self {
        self.thinking_display(Some(display))
    }
}

view! {
    /// Response to `set_model`.
    pub struct SetModelResponse {
        may {
            /// Full name of the model in use. Since 2.1.329.
            model: String,
        }
    }

    /// Models that can be chosen.
    pub struct ListModelsResponse {
        must {
            /// List of the models.
            models: Vec<Model>,
        }
    }

    /// A model that can be chosen.
    pub struct Model {
        must {
            /// Value for [`SetModel`]: an alias or a full name.
            value: String,
        }
        may {
            /// Full name of the model. Since 2.1.250.
            resolved_model = "resolvedModel": String,
            /// Display name of the model.
            display_name = "displayName": String,
            /// Description of the model, for people.
            description: String,
            /// `true` if the effort can be set. Since 2.1.50.
            supports_effort = "supportsEffort": bool,
            /// Effort levels that can be set. Since 2.1.50.
            supported_effort_levels = "supportedEffortLevels": Vec<String>,
            /// `true` if the model can choose its amount of thinking. Since 2.1.50.
            supports_adaptive_thinking = "supportsAdaptiveThinking": bool,
            /// `true` if the model has a fast mode. Since 2.1.143.
            supports_fast_mode = "supportsFastMode": bool,
            /// `true` if the model can decide permissions in the permission mode `auto`. Since 2.1.143.
            supports_auto_mode = "supportsAutoMode": bool,
            /// `true` if thinking can be turned off. Since 2.1.329.
            supports_thinking_off = "supportsThinkingOff": bool,
        }
    }
}
