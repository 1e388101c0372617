//! Elicitations: requests of MCP servers to the user.

use serde::{Deserialize, Serialize};

use crate::base::json::Json;
use crate::wire::view::{view, words};

view! {
    /// Request of an MCP server for input of the user
    /// ([wire reference, section 4.5](crate::guide::wire#45-elicitations-and-dialogs)). Seen since 2.1.143. The CLI
    /// 2.1.50 and older versions refuse the request of the server.
    pub struct ElicitationRequest {
        must {
            /// Name of the MCP server.
            server = "mcp_server_name": String,
            /// Message for the user.
            message: String,
        }
        may {
            /// Mode of the elicitation; a form if absent.
            mode: ElicitationMode,
            /// URL that the user should open.
            url: String,
            /// Identifier of the elicitation. The `system/elicitation_complete` message that reports its end repeats
            /// it.
            id = "elicitation_id": String,
            /// JSON schema of the form.
            schema = "requested_schema": Json,
            /// Names of the fields of the form, in display order.
            property_order: Vec<String>,
            /// Title of the elicitation.
            title: String,
            /// Display name of the MCP server.
            display_name: String,
            /// Description of the purpose.
            description: String,
        }
    }
}

words! {
    /// Mode of an elicitation.
    pub enum ElicitationMode {
        /// The user fills in a form.
        Form = "form",
        /// The user opens a URL.
        Url = "url",
    }

    /// Outcome of an elicitation.
    pub enum ElicitationAction {
        /// The user accepted the request.
        Accept = "accept",
        /// The user declined the request.
        Decline = "decline",
        /// The user closed the request without a decision.
        Cancel = "cancel",
    }
}

impl ElicitationRequest {
    /// Creates a request of the MCP server `server`, for tests of a host. The other fields are absent and can be set.
    #[must_use]
    pub fn new(server: impl Into<String>, message: impl Into<String>) -> Self {
        Self::with_required(server.into(), message.into())
    }
}

/// Response to an [`ElicitationRequest`].
///
/// ```
/// use claude_duplex::incoming::ElicitationResponse;
/// use claude_duplex::{IncomingResponse, Json};
///
/// let answer = IncomingResponse::from(ElicitationResponse::accept_with(Json::parse(
///     r#"{"name":"Ada"}"#,
/// )?));
/// # Ok::<(), claude_duplex::JsonError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElicitationResponse {
    action: ElicitationAction,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content: Option<Json>,
}

impl ElicitationResponse {
    /// Creates the response for a user who accepted the request, e.g. opened the URL.
    #[must_use]
    pub fn accept() -> Self {
        Self { action: ElicitationAction::Accept, content: None }
    }

    /// Creates the response for a user who filled in the form. `content` is a JSON object that matches the schema. If
    /// it is not an object, sending the response fails with [`Mismatch`](crate::RespondError::Mismatch).
    #[must_use]
    pub fn accept_with(content: Json) -> Self {
        Self { action: ElicitationAction::Accept, content: Some(content) }
    }

    /// Creates the response for a user who declined the request.
    #[must_use]
    pub fn decline() -> Self {
        Self { action: ElicitationAction::Decline, content: None }
    }

    /// Creates the response for a user who closed the request without a decision.
    #[must_use]
    pub fn cancel() -> Self {
        Self { action: ElicitationAction::Cancel, content: None }
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.content.as_ref().is_none_or(Json::is_object)
    }
}
