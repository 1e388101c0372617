//! Argument of a handler.

use std::ops::Deref;

use crate::incoming::IncomingRequest;

/// Request as passed to its handler: the typed view of its kind, to which this type dereferences, and the request
/// itself with its ids.
///
/// ```
/// use claude_duplex::{Decision, HandlerRequest, PermissionRequest};
///
/// fn decide(tool: HandlerRequest<PermissionRequest>) -> Decision {
///     let (id, prompt) = (tool.incoming.request_id(), tool.incoming.prompt());
///     println!("{id} {prompt:?} {:?}: {}", tool.tool_use_id, tool.tool_name);
///     Decision::allow()
/// }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct HandlerRequest<T> {
    /// Typed view of the request.
    pub request: T,
    /// The request itself: its [id](IncomingRequest::id), the [id of the CLI](IncomingRequest::request_id), the
    /// [turn](IncomingRequest::turn) and [prompt](IncomingRequest::prompt), and the whole message.
    pub incoming: IncomingRequest,
}

impl<T> Deref for HandlerRequest<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.request
    }
}
