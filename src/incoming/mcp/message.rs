//! Messages for an MCP server, and responses to them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::error::DecodeError;
use crate::base::json::Json;
use crate::base::text::Quoted;
use crate::incoming::mcp::code;
use crate::wire::fields::Fields;
use crate::wire::view::{FromJson, view};

view! {
    /// Message for an MCP server of the host
    /// (`mcp_message`; [wire reference, section 4.4](crate::guide::wire#44-in-process-mcp-servers)).
    pub struct IncomingMcpMessage {
        must {
            /// Name of the MCP server.
            server_name: String,
            /// JSON-RPC message, byte for byte as the CLI wrote it.
            message: Json,
        }
        may {}
    }
}

/// JSON-RPC message, by its kind.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonRpc {
    /// Message that expects a result.
    Request {
        /// Identifier of the request, byte for byte: a string or an integer.
        id: Json,
        /// Name of the requested method, e.g. `tools/call`.
        method: String,
        /// Parameters of the method.
        params: Option<Json>,
    },
    /// Message that expects no result. A message whose `id` is neither a string nor an integer also counts as a
    /// notification.
    Notification {
        /// Name of the notification, e.g. `notifications/cancelled`.
        method: String,
        /// Parameters of the notification.
        params: Option<Json>,
    },
    /// Response to a request of the MCP server.
    Response {
        /// Identifier of the request, byte for byte.
        id: Json,
        /// Result, or error object.
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
    /// Decodes the JSON-RPC message.
    ///
    /// # Errors
    /// [`DecodeError`] if the message is not a JSON-RPC message. Respond with
    /// [`malformed`](IncomingMcpMessage::malformed).
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

    /// Returns the `id` of the JSON-RPC message, or `None` for a notification.
    #[must_use]
    pub fn rpc_id(&self) -> Option<Json> {
        let mut fields = Fields::from_json(&self.message).ok()?;
        let id: Json = fields.optional("id")?;
        let number = id.as_str().strip_prefix('-').unwrap_or(id.as_str());
        let is_id = id.as_str().starts_with('"') || number.bytes().all(|byte| byte.is_ascii_digit());
        is_id.then_some(id)
    }

    /// Returns the `id` of the JSON-RPC request that this message cancels (`notifications/cancelled`), or `None` if it
    /// cancels nothing.
    ///
    /// The incoming request of the cancelled JSON-RPC request stays open until the host responds. The CLI ignores the
    /// content of that response.
    #[must_use]
    pub fn cancels(&self) -> Option<Json> {
        match self.rpc().ok()? {
            JsonRpc::Notification { method, params: Some(params) } if method == "notifications/cancelled" => {
                Fields::from_json(&params).ok()?.optional("requestId")
            }
            _ => None,
        }
    }

    /// Creates the response with the result of a request. If the message expects no result, it is
    /// [acknowledged](IncomingMcpMessage::acknowledge) instead.
    #[must_use]
    pub fn result(&self, result: &Json) -> McpResponse {
        self.respond("result", result)
    }

    /// Creates the response with an error for a request. If the message expects no result, it is
    /// [acknowledged](IncomingMcpMessage::acknowledge) instead.
    #[must_use]
    pub fn error(&self, code: i64, message: impl AsRef<str>) -> McpResponse {
        let error = serde_json::json!({ "code": code, "message": message.as_ref() });
        self.respond("error", &Json::from(&error))
    }

    /// Creates the acknowledgment that a notification or a JSON-RPC response requires.
    #[must_use]
    pub fn acknowledge(&self) -> McpResponse {
        McpResponse::of(&serde_json::json!({ "jsonrpc": "2.0", "id": 0, "result": {} }))
    }

    /// Creates the error response for an unknown server.
    #[must_use]
    pub fn unknown_server(&self) -> McpResponse {
        self.error(code::METHOD_NOT_FOUND, format!("the host has no MCP server {:?}", self.server_name))
    }

    /// Creates the error response for an unknown method.
    #[must_use]
    pub fn unknown_method(&self, method: &str) -> McpResponse {
        self.error(code::METHOD_NOT_FOUND, format!("the MCP server has no method {method:?}"))
    }

    /// Creates the error response for a message that is not JSON-RPC. If the message has no `id`, it is acknowledged
    /// instead.
    #[must_use]
    pub fn malformed(&self, reason: &DecodeError) -> McpResponse {
        self.error(code::INTERNAL_ERROR, reason.to_string())
    }

    fn respond(&self, outcome: &str, value: &Json) -> McpResponse {
        self.rpc_id().map_or_else(|| self.acknowledge(), |id| McpResponse::to(&id, outcome, value))
    }
}

/// Response to an [`IncomingMcpMessage`], created by the methods of the message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct McpResponse {
    mcp_response: Json,
}

impl McpResponse {
    /// Creates a response from a JSON-RPC response, which is sent unchanged.
    #[must_use]
    pub fn raw(response: Json) -> Self {
        Self { mcp_response: response }
    }

    /// Returns the JSON-RPC response.
    #[must_use]
    pub fn as_json(&self) -> &Json {
        &self.mcp_response
    }

    /// Creates the response to the request with this `id`.
    pub(super) fn to(id: &Json, outcome: &str, value: &Json) -> Self {
        let version = Json::from_text("2.0");
        let fields = [("jsonrpc", &version), ("id", id), (outcome, value)];
        let fields: Fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value.clone())).collect();
        Self::of(&fields)
    }

    fn of(response: &impl Serialize) -> Self {
        // Serialization of strings, numbers and checked JSON does not fail.
        Self::raw(Json::from_value(response).unwrap_or_else(|_| Json::from_text("")))
    }
}
