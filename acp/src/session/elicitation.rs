//! Requests of MCP servers for input of the user.

use agent_client_protocol::v1::schema::{
    CreateElicitationRequest, ElicitationAction, ElicitationFormMode, ElicitationSchema, ElicitationSessionScope,
    ElicitationUrlMode,
};
use claude_duplex::incoming::{ElicitationMode, ElicitationResponse};
use claude_duplex::{IncomingRequest, IncomingResponse, Json};
use serde_json::{Value, to_value};

use super::incoming::{PendingResponse, ready};
use crate::capabilities::Abilities;
use crate::client::Client;

/// Sends a request of a server on to the client. Requests that the client cannot show are declined.
pub(super) fn forward(client: &Client, abilities: Abilities, request: &IncomingRequest) -> PendingResponse {
    let Ok(elicitation) = request.elicitation() else { return ready(decline()) };
    let scope = ElicitationSessionScope::new(client.session().clone());
    let message =
        format!("{}: {}", elicitation.display_name.as_ref().unwrap_or(&elicitation.server), elicitation.message);
    let request = match (elicitation.mode, elicitation.url) {
        (Some(ElicitationMode::Url), Some(url)) if abilities.links => {
            let id = elicitation.id.unwrap_or_else(|| request.request_id());
            CreateElicitationRequest::new(ElicitationUrlMode::new(scope, id, url), message)
        }
        (None | Some(ElicitationMode::Form), _) if abilities.forms => {
            let schema = elicitation.schema.map(|schema| schema.decode::<ElicitationSchema>());
            let Ok(schema) = schema.transpose() else { return ready(decline()) };
            let schema = schema.unwrap_or_default();
            CreateElicitationRequest::new(ElicitationFormMode::new(scope, schema), message)
        }
        _ => return ready(decline()),
    };
    let response = client.request(request);
    Box::pin(async move {
        match response.await.map(|response| response.action) {
            Ok(ElicitationAction::Accept(accepted)) => {
                let content = accepted.content.and_then(|content| to_value(content).ok());
                let content = content.map_or(ElicitationResponse::accept(), |content: Value| {
                    ElicitationResponse::accept_with(Json::from(&content))
                });
                IncomingResponse::Elicitation(content)
            }
            Ok(ElicitationAction::Cancel) => IncomingResponse::Elicitation(ElicitationResponse::cancel()),
            _ => decline(),
        }
    })
}

fn decline() -> IncomingResponse {
    IncomingResponse::Elicitation(ElicitationResponse::decline())
}
