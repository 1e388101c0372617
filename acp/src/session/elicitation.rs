//! Requests of MCP servers for input of the user.

use agent_client_protocol::v1::schema::{
    CreateElicitationRequest, ElicitationAction, ElicitationFormMode, ElicitationSchema, ElicitationSessionScope,
    ElicitationUrlMode,
};
use claude_duplex::incoming::{ElicitationMode, ElicitationResponse};
use claude_duplex::{IncomingRequest, IncomingResponse, Json};
use serde_json::{Value, to_value};

use super::asking::{Deciding, decided};
use crate::capabilities::Abilities;
use crate::client::Client;

/// Passes a request of a server on to the user, if the client can show it.
pub(super) fn ask(client: &Client, abilities: Abilities, request: &IncomingRequest) -> Deciding {
    let Ok(asked) = request.elicitation() else { return decided(decline()) };
    let scope = ElicitationSessionScope::new(client.session().clone());
    let message = format!("{}: {}", asked.display_name.as_ref().unwrap_or(&asked.server), asked.message);
    let request = match (asked.mode, asked.url) {
        (Some(ElicitationMode::Url), Some(url)) if abilities.links => {
            let id = asked.id.unwrap_or_else(|| request.request_id());
            CreateElicitationRequest::new(ElicitationUrlMode::new(scope, id, url), message)
        }
        (None | Some(ElicitationMode::Form), _) if abilities.forms => {
            let schema = asked.schema.map(|schema| schema.decode::<ElicitationSchema>());
            let Ok(schema) = schema.transpose() else { return decided(decline()) };
            let schema = schema.unwrap_or_default();
            CreateElicitationRequest::new(ElicitationFormMode::new(scope, schema), message)
        }
        _ => return decided(decline()),
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
