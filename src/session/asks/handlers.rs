//! Handlers by kind.

use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;

use super::{Asked, Handler};
use crate::ask::{Answer, Ask, AskKind, Decision, Permission};

/// Declares a form of handlers, by what their closures and their futures must be.
macro_rules! handlers {
    ($(#[$doc:meta])* $name:ident, [$($closure:ident)*], [$($future:ident)*]) => {
        $(#[$doc])*
        #[derive(Default)]
        #[must_use = "they do nothing unless `Asks::serve` has them"]
        pub struct $name<'h> {
            handlers: Vec<(
                AskKind,
                Box<dyn Fn(Ask) -> Pin<Box<dyn Future<Output = Answer> $(+ $future)* + 'h>> $(+ $closure)* + 'h>,
            )>,
        }

        impl<'h> $name<'h> {
            /// None: every ask is declined.
            pub fn new() -> Self {
                Self::default()
            }

            /// Decides whether a tool may run.
            pub fn permission<F>(self, handler: impl Fn(Permission) -> F $(+ $closure)* + 'h) -> Self
            where
                F: Future<Output = Decision> $(+ $future)* + 'h,
            {
                self.on(AskKind::Permission, move |ask| {
                    let decision = ask.permission().map(&handler);
                    async move {
                        match decision {
                            Ok(decision) => decision.await.into(),
                            // Without a tool or an input there is nothing to decide.
                            Err(_) => Answer::Decline,
                        }
                    }
                })
            }

            /// Runs a hook that the host registered.
            pub fn hook<F>(self, handler: impl Fn(Ask) -> F $(+ $closure)* + 'h) -> Self
            where
                F: Future<Output = Answer> $(+ $future)* + 'h,
            {
                self.on(AskKind::Hook, handler)
            }

            /// Answers for the MCP servers in the host.
            pub fn mcp<F>(self, handler: impl Fn(Ask) -> F $(+ $closure)* + 'h) -> Self
            where
                F: Future<Output = Answer> $(+ $future)* + 'h,
            {
                self.on(AskKind::Mcp, handler)
            }

            /// Asks the user what an MCP server wants to know.
            pub fn elicitation<F>(self, handler: impl Fn(Ask) -> F $(+ $closure)* + 'h) -> Self
            where
                F: Future<Output = Answer> $(+ $future)* + 'h,
            {
                self.on(AskKind::Elicitation, handler)
            }

            /// Shows a dialog to the user.
            pub fn dialog<F>(self, handler: impl Fn(Ask) -> F $(+ $closure)* + 'h) -> Self
            where
                F: Future<Output = Answer> $(+ $future)* + 'h,
            {
                self.on(AskKind::Dialog, handler)
            }

            /// Answers asks of that kind; of two handlers for one kind the later counts.
            pub fn on<F>(mut self, kind: AskKind, handler: impl Fn(Ask) -> F $(+ $closure)* + 'h) -> Self
            where
                F: Future<Output = Answer> $(+ $future)* + 'h,
            {
                self.handlers.retain(|(known, _)| *known != kind);
                self.handlers.push((kind, Box::new(move |ask| Box::pin(handler(ask)))));
                self
            }
        }

        impl<'h> Handler for $name<'h> {
            type Handling = Pin<Box<dyn Future<Output = ()> $(+ $future)* + 'h>>;

            fn handle(&self, asked: Asked) -> Self::Handling {
                let Some((_, handler)) = self.handlers.iter().find(|(kind, _)| *kind == asked.kind()) else {
                    drop(asked);
                    return Box::pin(ready(()));
                };
                let answer = handler(Ask::clone(&asked));
                Box::pin(async move {
                    // It may have been withdrawn just now.
                    let _ = asked.answer(answer.await);
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
    /// A handler for each kind of ask, as async closures; an ask of a kind without one is declined.
    ///
    /// They can be served on any thread; [`LocalHandlers`] need not be `Send`. A closure may borrow what outlives the
    /// serving; what it owns, it clones into the future that it gives. For what an [`Ask`] of another kind than a permission
    /// holds, see its [`message`](Ask::message).
    ///
    /// ```
    /// use claude_duplex::{Answer, Decision, Handlers, Json};
    ///
    /// let handlers = Handlers::new()
    ///     .permission(async |tool| match tool.tool_name() {
    ///         "Read" => Decision::allow(),
    ///         _ => Decision::deny("only reading"),
    ///     })
    ///     .hook(async |_| Answer::Raw(Json::parse("{}").unwrap()));
    /// ```
    Handlers, [Send Sync], [Send]
}

handlers! {
    /// [`Handlers`] whose closures and futures stay on one thread: they may hold an `Rc`.
    LocalHandlers, [], []
}
