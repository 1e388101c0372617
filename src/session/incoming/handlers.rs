//! Handlers by kind.

use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;

use super::{Handler, HandlerRequest, Hook, Responder};
use crate::base::error::DecodeError;
use crate::incoming::hook::{HookCall, HookEvent, HookEventInput, HookRequest};
use crate::incoming::mcp::IncomingMcpMessage;
use crate::incoming::{
    DialogRequest, ElicitationRequest, IncomingKind, IncomingKinds, IncomingRequest, IncomingResponse,
    PermissionRequest, ResponseTo,
};
use crate::outgoing::request::HookMatcher;

/// Start of the callback ids of hooks that handlers register.
const HOOK_ID: &str = "handler-";

/// Declares a form of handlers, by the bounds of their closures and futures.
macro_rules! handlers {
    ($(#[$doc:meta])* $name:ident, $boxed:ident, [$($closure:ident)*], [$($future:ident)*]) => {
        $(#[$doc])*
        #[derive(Default)]
        #[must_use = "handlers do nothing until a session is built with them, or they are served"]
        pub struct $name<'h> {
            handlers: Vec<(IncomingKind, $boxed<'h>)>,
            hooks: Vec<(HookEvent, HookMatcher, $boxed<'h>)>,
        }

        type $boxed<'h> = Box<
            dyn Fn(IncomingRequest) -> Pin<Box<dyn Future<Output = IncomingResponse> $(+ $future)* + 'h>> $(+ $closure)* + 'h,
        >;

        impl<'h> $name<'h> {
            /// Creates handlers of no kind: every incoming request is declined.
            pub fn new() -> Self {
                Self::default()
            }

            /// Sets the handler of permission requests. It returns a [`Decision`](crate::Decision), or the reply to the
            /// questions of a tool.
            pub fn permission<F, A>(
                self,
                handler: impl Fn(HandlerRequest<PermissionRequest>) -> F $(+ $closure)* + 'h,
            ) -> Self
            where
                F: Future<Output = A> $(+ $future)* + 'h,
                A: ResponseTo<PermissionRequest> + 'h,
            {
                self.viewed(IncomingKind::Permission, IncomingRequest::permission, handler)
            }

            /// Adds a hook and the handler of its calls. The handler returns the output of its event, or any
            /// [`HookOutput`](crate::incoming::hook::HookOutput).
            ///
            /// A session that is [built](crate::SessionBuilder::handlers) with the handlers registers the hook with the CLI.
            pub fn hook<I, F, A>(
                mut self,
                hook: Hook<I>,
                handler: impl Fn(HandlerRequest<HookCall<I>>) -> F $(+ $closure)* + 'h,
            ) -> Self
            where
                I: HookEventInput + 'h,
                F: Future<Output = A> $(+ $future)* + 'h,
                A: ResponseTo<HookCall<I>> + 'h,
            {
                let id = format!("{HOOK_ID}{}", self.hooks.len());
                let handler = Self::boxed(|request| HookCall::read(request.hook()?), handler);
                self.hooks.push((hook.event, hook.matcher.callback_ids([id]), handler));
                self
            }

            /// Sets the handler of the hooks that the host itself registered, by
            /// [`Initialize::hook`](crate::request::Initialize::hook).
            pub fn any_hook<F, A>(self, handler: impl Fn(HandlerRequest<HookRequest>) -> F $(+ $closure)* + 'h) -> Self
            where
                F: Future<Output = A> $(+ $future)* + 'h,
                A: ResponseTo<HookRequest> + 'h,
            {
                self.viewed(IncomingKind::Hook, IncomingRequest::hook, handler)
            }

            /// Sets the handler of messages to MCP servers in the host.
            pub fn mcp<F, A>(self, handler: impl Fn(HandlerRequest<IncomingMcpMessage>) -> F $(+ $closure)* + 'h) -> Self
            where
                F: Future<Output = A> $(+ $future)* + 'h,
                A: ResponseTo<IncomingMcpMessage> + 'h,
            {
                self.viewed(IncomingKind::Mcp, IncomingRequest::mcp, handler)
            }

            /// Sets the handler of elicitations: requests of MCP servers for input of the user.
            pub fn elicitation<F, A>(
                self,
                handler: impl Fn(HandlerRequest<ElicitationRequest>) -> F $(+ $closure)* + 'h,
            ) -> Self
            where
                F: Future<Output = A> $(+ $future)* + 'h,
                A: ResponseTo<ElicitationRequest> + 'h,
            {
                self.viewed(IncomingKind::Elicitation, IncomingRequest::elicitation, handler)
            }

            /// Sets the handler of dialogs, which are shown to the user.
            pub fn dialog<F, A>(self, handler: impl Fn(HandlerRequest<DialogRequest>) -> F $(+ $closure)* + 'h) -> Self
            where
                F: Future<Output = A> $(+ $future)* + 'h,
                A: ResponseTo<DialogRequest> + 'h,
            {
                self.viewed(IncomingKind::Dialog, IncomingRequest::dialog, handler)
            }

            /// Sets the handler of all requests of a kind. It gets them without a typed view. A later handler for the same kind
            /// replaces an earlier one.
            pub fn handle_kind<F>(
                mut self,
                kind: IncomingKind,
                handler: impl Fn(IncomingRequest) -> F $(+ $closure)* + 'h,
            ) -> Self
            where
                F: Future<Output = IncomingResponse> $(+ $future)* + 'h,
            {
                self.set(kind, Box::new(move |request| Box::pin(handler(request))));
                self
            }

            fn set(&mut self, kind: IncomingKind, handler: $boxed<'h>) {
                self.handlers.retain(|(known, _)| *known != kind);
                self.handlers.push((kind, handler));
            }

            fn viewed<V, F, A>(
                mut self,
                kind: IncomingKind,
                view: fn(&IncomingRequest) -> Result<V, DecodeError>,
                handler: impl Fn(HandlerRequest<V>) -> F $(+ $closure)* + 'h,
            ) -> Self
            where
                V: 'h,
                F: Future<Output = A> $(+ $future)* + 'h,
                A: ResponseTo<V> + 'h,
            {
                self.set(kind, Self::boxed(view, handler));
                self
            }

            /// Boxes a handler. A request that lacks a required field of its view is declined without a call of the handler.
            fn boxed<V, F, A>(
                view: fn(&IncomingRequest) -> Result<V, DecodeError>,
                handler: impl Fn(HandlerRequest<V>) -> F $(+ $closure)* + 'h,
            ) -> $boxed<'h>
            where
                V: 'h,
                F: Future<Output = A> $(+ $future)* + 'h,
                A: ResponseTo<V> + 'h,
            {
                Box::new(move |incoming| {
                    let handling = view(&incoming).map(|request| handler(HandlerRequest { request, incoming }));
                    Box::pin(async move {
                        match handling {
                            Ok(handling) => handling.await.into_response(),
                            Err(_) => IncomingResponse::Decline,
                        }
                    })
                })
            }

            fn find(&self, request: &IncomingRequest) -> Option<&$boxed<'h>> {
                let by_kind = || self.handlers.iter().find(|(kind, _)| *kind == request.kind()).map(|(_, handler)| handler);
                if self.hooks.is_empty() || request.kind() != IncomingKind::Hook {
                    return by_kind();
                }
                let is_called = |matcher: &HookMatcher, id: &String| {
                    matcher.callback_ids.iter().flatten().any(|callback_id| callback_id == id)
                };
                if let Ok(HookRequest { callback_id: id, .. }) = request.hook() {
                    let mut hooks = self.hooks.iter();
                    if let Some((.., handler)) = hooks.find(|(_, matcher, _)| is_called(matcher, &id)) {
                        return Some(handler);
                    }
                }
                by_kind()
            }
        }

        impl<'h> Handler for $name<'h> {
            type Handling = Pin<Box<dyn Future<Output = ()> $(+ $future)* + 'h>>;

            fn handle(&self, responder: Responder) -> Self::Handling {
                let Some(handler) = self.find(&responder) else {
                    drop(responder);
                    return Box::pin(ready(()));
                };
                let response = handler(IncomingRequest::clone(&responder));
                Box::pin(async move {
                    // The request may have been cancelled just now.
                    let _ = responder.respond(response.await);
                })
            }

            fn kinds(&self) -> IncomingKinds {
                let hooks = self.hooks.first().map(|_| IncomingKind::Hook);
                self.handlers.iter().map(|(kind, _)| *kind).chain(hooks).collect()
            }

            fn hooks(&self) -> Vec<(HookEvent, HookMatcher)> {
                self.hooks.iter().map(|(event, matcher, _)| (event.clone(), matcher.clone())).collect()
            }
        }

        impl fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let hooks: Vec<_> = self.hooks.iter().map(|(event, ..)| event).collect();
                f.debug_struct(stringify!($name)).field("kinds", &self.kinds()).field("hooks", &hooks).finish()
            }
        }
    };
}

handlers! {
    /// Handlers of incoming requests by kind, as async closures. A request of a kind without a handler is declined.
    ///
    /// They can be served on any thread; [`LocalHandlers`] need not be `Send`. A closure may borrow data that
    /// outlives the serving; it clones owned data into the future that it returns. Each closure gets the typed
    /// view of its kind, with the ids of the request: [`HandlerRequest`]. Each returns a [response of that
    /// kind](ResponseTo), or a `Result` of one. An error is sent as [`IncomingResponse::Error`], which grants
    /// nothing.
    ///
    /// If the CLI cancels the request, or the session ends, the future is dropped. A handler whose service is
    /// cancelled by itself needs no response: it awaits [`pending()`](std::future::pending), and the cancellation
    /// drops it.
    ///
    /// One value serves any number of sessions: by reference, or in an `Arc`.
    ///
    /// ```
    /// use claude_duplex::incoming::hook::HookOutput;
    /// use claude_duplex::{Decision, Handlers, Hook};
    ///
    /// let handlers = Handlers::new()
    ///     .permission(async |tool| match &*tool.tool_name {
    ///         "Read" => Ok(Decision::allow()),
    ///         "Bash" => Err("the service that decides is not there"),
    ///         _ => Ok(Decision::deny("only reading")),
    ///     })
    ///     .hook(Hook::stop(), async |call| {
    ///         println!("{:?} of {:?}", call.common.cwd, call.incoming.request_id());
    ///         HookOutput::new()
    ///     });
    /// ```
    ///
    /// The response to another kind of request does not compile:
    ///
    /// ```compile_fail,E0277
    /// # use claude_duplex::incoming::ElicitationResponse;
    /// # use claude_duplex::Handlers;
    /// Handlers::new().permission(async |_| ElicitationResponse::cancel());
    /// ```
    Handlers, BoxedHandler, [Send Sync], [Send]
}

handlers! {
    /// [`Handlers`] whose closures and futures stay on one thread: they may hold an `Rc`.
    LocalHandlers, BoxedLocalHandler, [], []
}
