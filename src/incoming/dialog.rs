//! Dialogs that the CLI leaves to the host.

use serde::{Deserialize, Serialize};

use crate::base::json::Json;
use crate::wire::view::view;

view! {
    /// A dialog of a kind that the host declared in `initialize` ([wire reference, section 4.5](crate::guide::wire#45-elicitations-and-dialogs)); from the SDKs.
    ///
    /// The CLI gives it up by itself after the setting `dialogExpiry`, five minutes if not set, and withdraws the incoming request. One of
    /// a kind that was not declared never gets here: it is left alone, for another client that declared it.
    pub struct DialogRequest {
        must {
            /// Which dialog.
            kind = "dialog_kind": String,
        }
        may {
            /// What it shows, a JSON object of a shape of its kind.
            payload: Json,
            /// The tool call that waits for it.
            tool_use_id: String,
        }
    }
}

/// What a [`DialogRequest`] comes to.
///
/// ```
/// use claude_duplex::incoming::DialogResponse;
/// use claude_duplex::{IncomingResponse, Json};
///
/// let answer = IncomingResponse::from(DialogResponse::completed(Json::parse(
///     r#"{"picked":2}"#,
/// )?));
/// # Ok::<(), claude_duplex::JsonError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DialogResponse {
    behavior: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    result: Option<Json>,
}

impl DialogResponse {
    /// The user went through with it; the result is of a shape of its kind.
    #[must_use]
    pub fn completed(result: Json) -> Self {
        Self { behavior: "completed".into(), result: Some(result) }
    }

    /// The user did not. This settles the dialog.
    #[must_use]
    pub fn cancelled() -> Self {
        Self { behavior: "cancelled".into(), result: None }
    }
}
