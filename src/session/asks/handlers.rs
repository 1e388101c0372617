//! Handlers by kind.

use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;

use super::{Asked, Handler};
use crate::ask::{Answer, Ask, AskKind, Decision, Permission};

/// A handler for each kind of ask, as async closures; an ask of a kind without one is declined.
///
/// They can be served on any thread; [`LocalHandlers`] need not be `Send`. A closure may borrow from what outlives the
/// serving. For what [`Ask`]s of other kinds than permissions hold, see their [`message`](Ask::message).
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
#[derive(Default)]
#[must_use = "they do nothing unless `Asks::serve` has them"]
pub struct Handlers<'h> {
    handlers: Vec<(AskKind, Boxed<'h>)>,
}

type Boxed<'h> = Box<dyn Fn(Ask) -> Sent<'h, Answer> + Send + Sync + 'h>;
type Sent<'h, T> = Pin<Box<dyn Future<Output = T> + Send + 'h>>;

impl<'h> Handlers<'h> {
    /// None: every ask is declined.
    pub fn new() -> Self {
        Self::default()
    }

    /// Decides whether a tool may run.
    pub fn permission<F>(self, handler: impl Fn(Permission) -> F + Send + Sync + 'h) -> Self
    where
        F: Future<Output = Decision> + Send + 'h,
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
    pub fn hook<F>(self, handler: impl Fn(Ask) -> F + Send + Sync + 'h) -> Self
    where
        F: Future<Output = Answer> + Send + 'h,
    {
        self.on(AskKind::Hook, handler)
    }

    /// Answers for the MCP servers in the host.
    pub fn mcp<F>(self, handler: impl Fn(Ask) -> F + Send + Sync + 'h) -> Self
    where
        F: Future<Output = Answer> + Send + 'h,
    {
        self.on(AskKind::Mcp, handler)
    }

    /// Asks the user what an MCP server wants to know.
    pub fn elicitation<F>(self, handler: impl Fn(Ask) -> F + Send + Sync + 'h) -> Self
    where
        F: Future<Output = Answer> + Send + 'h,
    {
        self.on(AskKind::Elicitation, handler)
    }

    /// Shows a dialog to the user.
    pub fn dialog<F>(self, handler: impl Fn(Ask) -> F + Send + Sync + 'h) -> Self
    where
        F: Future<Output = Answer> + Send + 'h,
    {
        self.on(AskKind::Dialog, handler)
    }

    /// Answers asks of any kind, by the kind: the later of two handlers counts.
    pub fn on<F>(mut self, kind: AskKind, handler: impl Fn(Ask) -> F + Send + Sync + 'h) -> Self
    where
        F: Future<Output = Answer> + Send + 'h,
    {
        self.handlers.retain(|(known, _)| *known != kind);
        self.handlers.push((kind, Box::new(move |ask| Box::pin(handler(ask)))));
        self
    }
}

impl<'h> Handler for Handlers<'h> {
    type Handling = Sent<'h, ()>;

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

impl fmt::Debug for Handlers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.handlers.iter().map(|(kind, _)| kind)).finish()
    }
}

/// [`Handlers`] whose closures and futures stay on one thread: they may hold an `Rc`.
#[derive(Default)]
#[must_use = "they do nothing unless `Asks::serve` has them"]
pub struct LocalHandlers<'h> {
    handlers: Vec<(AskKind, BoxedLocal<'h>)>,
}

type BoxedLocal<'h> = Box<dyn Fn(Ask) -> Local<'h, Answer> + 'h>;
type Local<'h, T> = Pin<Box<dyn Future<Output = T> + 'h>>;

impl<'h> LocalHandlers<'h> {
    /// None: every ask is declined.
    pub fn new() -> Self {
        Self::default()
    }

    /// Decides whether a tool may run.
    pub fn permission<F>(self, handler: impl Fn(Permission) -> F + 'h) -> Self
    where
        F: Future<Output = Decision> + 'h,
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
    pub fn hook<F>(self, handler: impl Fn(Ask) -> F + 'h) -> Self
    where
        F: Future<Output = Answer> + 'h,
    {
        self.on(AskKind::Hook, handler)
    }

    /// Answers for the MCP servers in the host.
    pub fn mcp<F>(self, handler: impl Fn(Ask) -> F + 'h) -> Self
    where
        F: Future<Output = Answer> + 'h,
    {
        self.on(AskKind::Mcp, handler)
    }

    /// Asks the user what an MCP server wants to know.
    pub fn elicitation<F>(self, handler: impl Fn(Ask) -> F + 'h) -> Self
    where
        F: Future<Output = Answer> + 'h,
    {
        self.on(AskKind::Elicitation, handler)
    }

    /// Shows a dialog to the user.
    pub fn dialog<F>(self, handler: impl Fn(Ask) -> F + 'h) -> Self
    where
        F: Future<Output = Answer> + 'h,
    {
        self.on(AskKind::Dialog, handler)
    }

    /// Answers asks of any kind, by the kind: the later of two handlers counts.
    pub fn on<F>(mut self, kind: AskKind, handler: impl Fn(Ask) -> F + 'h) -> Self
    where
        F: Future<Output = Answer> + 'h,
    {
        self.handlers.retain(|(known, _)| *known != kind);
        self.handlers.push((kind, Box::new(move |ask| Box::pin(handler(ask)))));
        self
    }
}

impl<'h> Handler for LocalHandlers<'h> {
    type Handling = Local<'h, ()>;

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

impl fmt::Debug for LocalHandlers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.handlers.iter().map(|(kind, _)| kind)).finish()
    }
}
