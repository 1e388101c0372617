//! Handlers by kind.

use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;

use super::{Asked, Handler};
use crate::ask::hook::{Hook, Output};
use crate::ask::mcp::{McpAnswer, McpMessage};
use crate::ask::{Answer, Ask, AskKind, Decision, Dialog, DialogAnswer, Elicitation, ElicitationAnswer, Permission};
use crate::error::DecodeError;

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

            /// Decides whether a tool may run: with a [`Decision`], or the reply to its questions.
            pub fn permission<F, A>(self, handler: impl Fn(Permission) -> F $(+ $closure)* + 'h) -> Self
            where
                F: Future<Output = A> $(+ $future)* + 'h,
                A: Into<Decision> + 'h,
            {
                self.viewed(AskKind::Permission, Ask::permission, handler, |decision| Answer::Permission(decision.into()))
            }

            /// Runs a hook that the host registered: with the output of its event, or any [`Output`].
            pub fn hook<F, A>(self, handler: impl Fn(Hook) -> F $(+ $closure)* + 'h) -> Self
            where
                F: Future<Output = A> $(+ $future)* + 'h,
                A: Into<Output> + 'h,
            {
                self.viewed(AskKind::Hook, Ask::hook, handler, |output| Answer::Hook(output.into()))
            }

            /// Answers for the MCP servers in the host.
            pub fn mcp<F>(self, handler: impl Fn(McpMessage) -> F $(+ $closure)* + 'h) -> Self
            where
                F: Future<Output = McpAnswer> $(+ $future)* + 'h,
            {
                self.viewed(AskKind::Mcp, Ask::mcp, handler, Answer::Mcp)
            }

            /// Asks the user what an MCP server wants to know.
            pub fn elicitation<F>(self, handler: impl Fn(Elicitation) -> F $(+ $closure)* + 'h) -> Self
            where
                F: Future<Output = ElicitationAnswer> $(+ $future)* + 'h,
            {
                self.viewed(AskKind::Elicitation, Ask::elicitation, handler, Answer::Elicitation)
            }

            /// Shows a dialog to the user.
            pub fn dialog<F>(self, handler: impl Fn(Dialog) -> F $(+ $closure)* + 'h) -> Self
            where
                F: Future<Output = DialogAnswer> $(+ $future)* + 'h,
            {
                self.viewed(AskKind::Dialog, Ask::dialog, handler, Answer::Dialog)
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

            /// What lacks the least that its view needs is declined: there is nothing to decide.
            fn viewed<V, F, A>(
                self,
                kind: AskKind,
                view: fn(&Ask) -> Result<V, DecodeError>,
                handler: impl Fn(V) -> F $(+ $closure)* + 'h,
                answer: fn(A) -> Answer,
            ) -> Self
            where
                V: 'h,
                A: 'h,
                F: Future<Output = A> $(+ $future)* + 'h,
            {
                self.on(kind, move |ask| {
                    let handling = view(&ask).map(&handler);
                    async move {
                        match handling {
                            Ok(handling) => answer(handling.await),
                            Err(_) => Answer::Decline,
                        }
                    }
                })
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
    /// serving; what it owns, it clones into the future that it gives. Each is given the typed view of its kind; what the
    /// view lacks is in the [`Ask`], which [`on`](Handlers::on) gives.
    ///
    /// ```
    /// use claude_duplex::ask::hook::Output;
    /// use claude_duplex::{Decision, Handlers};
    ///
    /// let handlers = Handlers::new()
    ///     .permission(async |tool| match &*tool.tool_name {
    ///         "Read" => Decision::allow(),
    ///         _ => Decision::deny("only reading"),
    ///     })
    ///     .hook(async |hook| {
    ///         println!("{:?}", hook.input.event);
    ///         Output::new()
    ///     });
    /// ```
    Handlers, [Send Sync], [Send]
}

handlers! {
    /// [`Handlers`] whose closures and futures stay on one thread: they may hold an `Rc`.
    LocalHandlers, [], []
}
