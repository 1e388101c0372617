//! The model: which one, how much it thinks, and which there are.

pub use crate::options::ThinkingDisplay;
use crate::outgoing::request::sent::{bare, sent};
use crate::wire::view::view;

use super::Ack;

sent! {
    /// `set_model`: the model of the turns to come.
    pub struct SetModel as "set_model" -> SetModelResponse {
        into {
            /// An alias or a full name; not set, the default.
            model: String,
        }
    }

    /// `set_max_thinking_tokens`: how much the model may think, and what is shown of it. 1.0.128 never answers.
    pub struct SetMaxThinkingTokens as "set_max_thinking_tokens" -> Ack {
        may {
            /// In tokens; none resets it.
            max_thinking_tokens: Option<u64>,
            /// What is shown; none resets it.
            thinking_display: Option<ThinkingDisplay>,
        }
    }

    /// `list_models`: the models that can be chosen. Seen from 2.1.250.
    pub struct ListModels as "list_models" -> ListModelsResponse {}
}

bare! { ListModels, }

impl SetModel {
    /// That model, by an alias or a full name.
    #[must_use]
    pub fn new(model: impl Into<String>) -> Self {
        Self::bare().model(model)
    }

    /// The default model.
    #[must_use]
    pub fn reset() -> Self {
        Self::bare()
    }
}

impl SetMaxThinkingTokens {
    /// So many tokens.
    #[must_use]
    pub fn new(tokens: u64) -> Self {
        Self::bare().max_thinking_tokens(Some(tokens))
    }

    /// As if nothing had been set.
    #[must_use]
    pub fn reset() -> Self {
        Self::bare().max_thinking_tokens(None)
    }

    /// What is shown of the thinking, in place of what was.
    #[must_use]
    pub fn show(self, display: ThinkingDisplay) -> Self {
        self.thinking_display(Some(display))
    }
}

view! {
    /// The model that is in force.
    pub struct SetModelResponse {
        may {
            /// Its full name. From 2.1.329.
            model: String,
        }
    }

    /// The models that can be chosen.
    pub struct ListModelsResponse {
        must {
            /// Each.
            models: Vec<Model>,
        }
    }

    /// A model that can be chosen.
    pub struct Model {
        must {
            /// By which it is chosen: an alias, or a full name.
            value: String,
        }
        may {
            /// Its full name. From 2.1.250.
            resolved_model = "resolvedModel": String,
            /// Its name, for people.
            display_name = "displayName": String,
            /// What it is, for people.
            description: String,
            /// Whether its effort can be set. From 2.1.50.
            supports_effort = "supportsEffort": bool,
            /// To what. From 2.1.50.
            supported_effort_levels = "supportedEffortLevels": Vec<String>,
            /// Whether it decides by itself how much to think. From 2.1.50.
            supports_adaptive_thinking = "supportsAdaptiveThinking": bool,
            /// Whether it has a fast mode. From 2.1.143.
            supports_fast_mode = "supportsFastMode": bool,
            /// Whether it can judge permissions in the mode `auto`. From 2.1.143.
            supports_auto_mode = "supportsAutoMode": bool,
            /// Whether it can be kept from thinking. From 2.1.329.
            supports_thinking_off = "supportsThinkingOff": bool,
        }
    }
}
