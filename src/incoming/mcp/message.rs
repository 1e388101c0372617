//! A message for an MCP server, and its answer.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::error::DecodeError;
use crate::base::json::Json;
use crate::base::text::Quoted;
use crate::incoming::mcp::code;
use crate::wire::fields::Fields;
use crate::wire::view::{FromJson, view};

view! {
    /// A message for an MCP server of the host (`mcp_message`; [wire reference, section 4.4](crate::guide::wire#44-in-process-mcp-servers)).
    pub struct IncomingMcpMessage {
        must {
            /// The server.
            server_name: String,
            /// A JSON-RPC message, byte for byte as the CLI wrote it.
            message: Json,
        }
        may {}
    }
}

/// What kind of JSON-RPC message it is.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonRpc {
    /// It wants a result.
    Request {
        /// By which the result names it, byte for byte: a text or a whole number.
        id: Json,
        /// What is wanted, as `tools/call`.
        method: String,
        /// With what.
        params: Option<Json>,
    },
    /// It tells something. One whose id is neither a text nor a whole number is one too.
    Notification {
        /// What is told, as `notifications/cancelled`.
        method: String,
        /// More of it.
        params: Option<Json>,
    },
    /// It answers a request of the server's.
    Response {
        /// That request's id, byte for byte.
        id: Json,
        /// The result, or the error object.
        outcome: Result<Json, Json>,
    },
}

impl fmt::Debug for JsonRpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request { id, method, params } => {
                let mut shown = f.debug_struct("Request");
                shown.field("id", id).field("method", &Quoted(method)).field("params", params).finish()
            }
            Self::Notification { method, params } => {
                f.debug_struct("Notification").field("method", &Quoted(method)).field("params", params).finish()
            }
            Self::Response { id, outcome } => {
                f.debug_struct("Response").field("id", id).field("outcome", outcome).finish()
            }
        }
    }
}

impl IncomingMcpMessage {
    /// What kind of message it is.
    ///
    /// # Errors
    /// Where it is no JSON-RPC message; [`malformed`](IncomingMcpMessage::malformed) says so to the CLI.
    pub fn rpc(&self) -> Result<JsonRpc, DecodeError> {
        let mut fields = Fields::from_json(&self.message).map_err(|error| error.within("message"))?;
        let id = self.rpc_id();
        if let Some(id) = id.as_ref().filter(|_| fields.get("method").is_none()) {
            let outcome = match (fields.optional("result"), fields.optional("error")) {
                (Some(result), _) => Some(Ok(result)),
                (None, Some(error)) => Some(Err(error)),
                (None, None) => None,
            };
            if let Some(outcome) = outcome {
                return Ok(JsonRpc::Response { id: id.clone(), outcome });
            }
        }
        let method = fields.require("method").map_err(|error| error.within("message"))?;
        let params = fields.optional("params");
        Ok(match id {
            Some(id) => JsonRpc::Request { id, method, params },
            None => JsonRpc::Notification { method, params },
        })
    }

    /// The id by which an answer names it; none for a notification.
    #[must_use]
    pub fn rpc_id(&self) -> Option<Json> {
        let mut fields = Fields::from_json(&self.message).ok()?;
        let id: Json = fields.optional("id")?;
        let number = id.as_str().strip_prefix('-').unwrap_or(id.as_str());
        let is_id = id.as_str().starts_with('"') || number.bytes().all(|byte| byte.is_ascii_digit());
        is_id.then_some(id)
    }

    /// Whether it takes back a request (`notifications/cancelled`), and which. That request's ask stays open until it is
    /// answered; the CLI no longer minds with what.
    #[must_use]
    pub fn cancels(&self) -> Option<Json> {
        match self.rpc().ok()? {
            JsonRpc::Notification { method, params: Some(params) } if method == "notifications/cancelled" => {
                Fields::from_json(&params).ok()?.optional("requestId")
            }
            _ => None,
        }
    }

    /// Answers a request with its result. A message that wants none is [acknowledged](IncomingMcpMessage::acknowledge).
    #[must_use]
    pub fn result(&self, result: &Json) -> McpResponse {
        self.respond("result", result)
    }

    /// Answers a request with an error. A message that wants no result is [acknowledged](IncomingMcpMessage::acknowledge).
    #[must_use]
    pub fn error(&self, code: i64, message: impl AsRef<str>) -> McpResponse {
        let error = serde_json::json!({ "code": code, "message": message.as_ref() });
        self.respond("error", &Json::from(&error))
    }

    /// Says that the message was taken, as a notification and a response need it.
    #[must_use]
    pub fn acknowledge(&self) -> McpResponse {
        McpResponse::of(&serde_json::json!({ "jsonrpc": "2.0", "id": 0, "result": {} }))
    }

    /// Says that the host has no such server.
    #[must_use]
    pub fn unknown_server(&self) -> McpResponse {
        self.error(code::METHOD_NOT_FOUND, format!("there is no server {:?} here", self.server_name))
    }

    /// Says that the server has no such method.
    #[must_use]
    pub fn unknown_method(&self, method: &str) -> McpResponse {
        self.error(code::METHOD_NOT_FOUND, format!("there is no method {method:?} here"))
    }

    /// Says that the message is no JSON-RPC, under its id if it has one.
    #[must_use]
    pub fn malformed(&self, reason: &DecodeError) -> McpResponse {
        self.error(code::INTERNAL_ERROR, reason.to_string())
    }

    fn respond(&self, outcome: &str, value: &Json) -> McpResponse {
        self.rpc_id().map_or_else(|| self.acknowledge(), |id| McpResponse::to(&id, outcome, value))
    }
}

/// What is said to an [`IncomingMcpMessage`], which makes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct McpResponse {
    mcp_response: Json,
}

impl McpResponse {
    /// A JSON-RPC response as it stands.
    #[must_use]
    pub fn raw(response: Json) -> Self {
        Self { mcp_response: response }
    }

    /// The JSON-RPC response.
    #[must_use]
    pub fn as_json(&self) -> &Json {
        &self.mcp_response
    }

    /// The response to the request of that id.
    pub(super) fn to(id: &Json, outcome: &str, value: &Json) -> Self {
        let version = Json::from_text("2.0");
        let fields = [("jsonrpc", &version), ("id", id), (outcome, value)];
        let fields: Fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value.clone())).collect();
        Self::of(&fields)
    }

    fn of(response: &impl Serialize) -> Self {
        // Texts, numbers and raw values that were checked: there is nothing that could fail.
        Self::raw(Json::from_value(response).unwrap_or_else(|_| Json::from_text("")))
    }
}
