//! What an MCP server asks of the user.

use serde::{Deserialize, Serialize};

use crate::base::json::Json;
use crate::wire::view::{view, words};

view! {
    /// An MCP server asks the user for something ([wire reference, section 4.5](crate::guide::wire#45-elicitations-and-dialogs)). Seen since 2.1.143; up to 2.1.50 the
    /// CLI refuses the server.
    pub struct ElicitationRequest {
        must {
            /// The server.
            server = "mcp_server_name": String,
            /// What it says to the user.
            message: String,
        }
        may {
            /// How it is answered: by a form if it is not said.
            mode: ElicitationMode,
            /// Where the user is to go.
            url: String,
            /// Joins it with the `system/elicitation_complete` that tells that the user was there.
            id = "elicitation_id": String,
            /// The form's JSON schema.
            schema = "requested_schema": Json,
            /// The order of the form's fields.
            property_order: Vec<String>,
            /// A heading.
            title: String,
            /// The server's name for people.
            display_name: String,
            /// What it is for.
            description: String,
        }
    }
}

words! {
    /// How an elicitation is answered.
    pub enum ElicitationMode {
        /// The user fills in a form.
        Form = "form",
        /// The user goes to an address.
        Url = "url",
    }

    /// What an elicitation comes to.
    pub enum ElicitationAction {
        /// The user did it.
        Accept = "accept",
        /// The user refused.
        Decline = "decline",
        /// The user closed it.
        Cancel = "cancel",
    }
}

impl ElicitationRequest {
    /// Creates a request of that MCP server with that message, for tests of a host. The other fields are absent and can be set.
    #[must_use]
    pub fn new(server: impl Into<String>, message: impl Into<String>) -> Self {
        Self::with_required(server.into(), message.into())
    }
}

/// What is said to an [`ElicitationRequest`].
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
    /// The user did what was asked for, as going to an address.
    #[must_use]
    pub fn accept() -> Self {
        Self { action: ElicitationAction::Accept, content: None }
    }

    /// The user filled in the form: a JSON object of its schema. One that is no object is a
    /// [`Mismatch`](crate::RespondError::Mismatch) when it is said.
    #[must_use]
    pub fn accept_with(content: Json) -> Self {
        Self { action: ElicitationAction::Accept, content: Some(content) }
    }

    /// The user refused.
    #[must_use]
    pub fn decline() -> Self {
        Self { action: ElicitationAction::Decline, content: None }
    }

    /// The user closed it.
    #[must_use]
    pub fn cancel() -> Self {
        Self { action: ElicitationAction::Cancel, content: None }
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.content.as_ref().is_none_or(Json::is_object)
    }
}
