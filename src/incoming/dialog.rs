//! Dialogs that the CLI delegates to the host.

use serde::{Deserialize, Serialize};

use crate::base::json::Json;
use crate::wire::view::view;

view! {
    /// Dialog of a kind that the host declared in `initialize`
    /// ([wire reference, section 4.5](crate::guide::wire#45-elicitations-and-dialogs)). Source: the official SDKs.
    ///
    /// The CLI withdraws the request after the setting `dialogExpiry`, by default five minutes. Dialogs of undeclared
    /// kinds are not delivered and not answered: another client may have declared them.
    pub struct DialogRequest {
        must {
            /// Kind of the dialog.
            kind = "dialog_kind": String,
        }
        may {
            /// Content of the dialog, a JSON object. Its shape depends on the kind.
            payload: Json,
            /// Identifier of the tool call that waits for the dialog.
            tool_use_id: String,
        }
    }
}

/// Response to a [`DialogRequest`].
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
    /// Creates the response for a dialog that the user completed. The shape of `result` depends on the kind of the
    /// dialog.
    #[must_use]
    pub fn completed(result: Json) -> Self {
        Self { behavior: "completed".into(), result: Some(result) }
    }

    /// Creates the response for a dialog that the user cancelled. It closes the dialog.
    #[must_use]
    pub fn cancelled() -> Self {
        Self { behavior: "cancelled".into(), result: None }
    }
}
