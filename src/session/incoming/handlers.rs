//! Handlers by kind.

use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;

use super::{Handler, Responder};
use crate::base::error::DecodeError;
use crate::incoming::hook::{HookOutput, HookRequest};
use crate::incoming::mcp::{IncomingMcpMessage, McpResponse};
use crate::incoming::{
    Decision, DialogRequest, DialogResponse, ElicitationRequest, ElicitationResponse, IncomingKind, IncomingKinds,
    IncomingRequest, IncomingResponse, PermissionRequest,
};

/// Declares a form of handlers, by what their closures and their futures must be.
macro_rules! handlers {
    ($(#[$doc:meta])* $name:ident, [$($closure:ident)*], [$($future:ident)*]) => {
        $(#[$doc])*
        #[derive(Default)]
        #[must_use = "they do nothing unless `Asks::serve` has them"]
        pub struct $name<'h> {
            handlers: Vec<(
                IncomingKind,
                Box<dyn Fn(IncomingRequest) -> Pin<Box<dyn Future<Output = IncomingResponse> $(+ $future)* + 'h>> $(+ $closure)* + 'h>,
            )>,
        }

        impl<'h> $name<'h> {
            /// None: every incoming request is declined.
            pub fn new() -> Self {
                Self::default()
            }

            /// Decides whether a tool may run: with a [`Decision`], or the reply to its questions.
            pub fn permission<F, A>(self, handler: impl Fn(PermissionRequest) -> F $(+ $closure)* + 'h) -> Self
            where
                F: Future<Output = A> $(+ $future)* + 'h,
                A: Into<Decision> + 'h,
            {
                self.viewed(IncomingKind::Permission, IncomingRequest::permission, handler, |decision| IncomingResponse::Permission(decision.into()))
            }

            /// Runs a hook that the host registered: with the output of its event, or any [`HookOutput`].
            pub fn hook<F, A>(self, handler: impl Fn(HookRequest) -> F $(+ $closure)* + 'h) -> Self
            where
                F: Future<Output = A> $(+ $future)* + 'h,
                A: Into<HookOutput> + 'h,
            {
                self.viewed(IncomingKind::Hook, IncomingRequest::hook, handler, |output| IncomingResponse::Hook(output.into()))
            }

            /// Answers for the MCP servers in the host.
            pub fn mcp<F>(self, handler: impl Fn(IncomingMcpMessage) -> F $(+ $closure)* + 'h) -> Self
            where
                F: Future<Output = McpResponse> $(+ $future)* + 'h,
            {
                self.viewed(IncomingKind::Mcp, IncomingRequest::mcp, handler, IncomingResponse::Mcp)
            }

            /// Asks the user what an MCP server wants to know.
            pub fn elicitation<F>(self, handler: impl Fn(ElicitationRequest) -> F $(+ $closure)* + 'h) -> Self
            where
                F: Future<Output = ElicitationResponse> $(+ $future)* + 'h,
            {
                self.viewed(IncomingKind::Elicitation, IncomingRequest::elicitation, handler, IncomingResponse::Elicitation)
            }

            /// Shows a dialog to the user.
            pub fn dialog<F>(self, handler: impl Fn(DialogRequest) -> F $(+ $closure)* + 'h) -> Self
            where
                F: Future<Output = DialogResponse> $(+ $future)* + 'h,
            {
                self.viewed(IncomingKind::Dialog, IncomingRequest::dialog, handler, IncomingResponse::Dialog)
            }

            /// Answers asks of that kind; of two handlers for one kind the later counts.
            pub fn handle_kind<F>(mut self, kind: IncomingKind, handler: impl Fn(IncomingRequest) -> F $(+ $closure)* + 'h) -> Self
            where
                F: Future<Output = IncomingResponse> $(+ $future)* + 'h,
            {
                self.handlers.retain(|(known, _)| *known != kind);
                self.handlers.push((kind, Box::new(move |ask| Box::pin(handler(ask)))));
                self
            }

            /// What lacks the least that its view needs is declined: there is nothing to decide.
            fn viewed<V, F, A>(
                self,
                kind: IncomingKind,
                view: fn(&IncomingRequest) -> Result<V, DecodeError>,
                handler: impl Fn(V) -> F $(+ $closure)* + 'h,
                answer: fn(A) -> IncomingResponse,
            ) -> Self
            where
                V: 'h,
                A: 'h,
                F: Future<Output = A> $(+ $future)* + 'h,
            {
                self.handle_kind(kind, move |ask| {
                    let handling = view(&ask).map(&handler);
                    async move {
                        match handling {
                            Ok(handling) => answer(handling.await),
                            Err(_) => IncomingResponse::Decline,
                        }
                    }
                })
            }
        }

        impl<'h> Handler for $name<'h> {
            type Handling = Pin<Box<dyn Future<Output = ()> $(+ $future)* + 'h>>;

            fn handle(&self, asked: Responder) -> Self::Handling {
                let Some((_, handler)) = self.handlers.iter().find(|(kind, _)| *kind == asked.kind()) else {
                    drop(asked);
                    return Box::pin(ready(()));
                };
                let answer = handler(IncomingRequest::clone(&asked));
                Box::pin(async move {
                    // It may have been withdrawn just now.
                    let _ = asked.respond(answer.await);
                })
            }
        }

        impl fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_set().entries(self.handlers.iter().map(|(kind, _)| kind)).finish()
            }
        }
    };
}

handlers! {
    /// A handler for each kind of ask, as async closures; an incoming request of a kind without one is declined.
    ///
    /// They can be served on any thread; [`LocalHandlers`] need not be `Send`. A closure may borrow what outlives the
    /// serving; what it owns, it clones into the future that it gives. Each is given the typed view of its kind; what the
    /// view lacks is in the [`IncomingRequest`], which [`handle_kind`](Handlers::handle_kind) gives.
    ///
    /// ```
    /// use claude_duplex::incoming::hook::HookOutput;
    /// use claude_duplex::{Decision, Handlers};
    ///
    /// let handlers = Handlers::new()
    ///     .permission(async |tool| match &*tool.tool_name {
    ///         "Read" => Decision::allow(),
    ///         _ => Decision::deny("only reading"),
    ///     })
    ///     .hook(async |hook| {
    ///         println!("{:?}", hook.input.event);
    ///         HookOutput::new()
    ///     });
    /// ```
    Handlers, [Send Sync], [Send]
}

impl Handlers<'_> {
    /// Returns the kinds that have a handler.
    pub(in crate::session) fn kinds(&self) -> IncomingKinds {
        self.handlers.iter().map(|(kind, _)| *kind).collect()
    }
}

handlers! {
    /// [`Handlers`] whose closures and futures stay on one thread: they may hold an `Rc`.
    LocalHandlers, [], []
}
