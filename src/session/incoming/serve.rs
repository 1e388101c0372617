//! Incoming requests that handlers answer concurrently.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::in_flight::InFlight;
use super::{IncomingRequests, Responder};
use crate::incoming::IncomingKinds;
use crate::incoming::hook::HookEvent;
use crate::outgoing::request::HookMatcher;
use crate::session::state::IncomingError;
use crate::session::waiting::withdrawal::Withdrawn;

/// Handler of incoming requests: [`Handlers`](super::Handlers), [`LocalHandlers`](super::LocalHandlers), a closure that takes
/// every [`Responder`] ([`handler_fn`]), or a type of the host's own. A reference to a handler and an `Arc` of it are handlers,
/// too, so one handler can serve many sessions.
///
/// ```
/// use std::sync::Arc;
///
/// use claude_duplex::testing::{Script, Step, TestRuntime, ToolStep};
/// use claude_duplex::{Decision, Handlers, Session};
///
/// let handlers = Arc::new(Handlers::new().permission(async |_| Decision::allow()));
/// let runtime = TestRuntime::new();
/// for _ in 0..2 {
///     let tool = ToolStep::bash("ls").requires_permission().returns("src");
///     let script = Script::default().then([Step::from(tool), Step::text("src")]);
///     let builder = Session::builder().handlers(Arc::clone(&handlers));
///     let (claude, runner) = builder.open_on(runtime.start(script));
///     let talk = async move { claude.prompt("look").unwrap().finish().await };
///     assert!(runtime.run(runner.run_until(talk)).declined().is_empty());
/// }
/// ```
pub trait Handler {
    /// Future that runs until the request is answered, withdrawn, or given up.
    type Handling: Future<Output = ()>;

    /// Begins to answer a request. Until this method returns the future, the other requests wait.
    fn handle(&self, responder: Responder) -> Self::Handling;

    /// Returns the kinds of requests that the handler answers.
    fn kinds(&self) -> IncomingKinds;

    /// Returns hooks to register, each with the ids by which the CLI calls it. By default none.
    fn hooks(&self) -> Vec<(HookEvent, HookMatcher)> {
        Vec::new()
    }
}

macro_rules! shared {
    ($($pointer:ty,)+) => {$(
        impl<H: Handler + ?Sized> Handler for $pointer {
            type Handling = H::Handling;

            fn handle(&self, responder: Responder) -> H::Handling {
                (**self).handle(responder)
            }

            fn kinds(&self) -> IncomingKinds {
                (**self).kinds()
            }

            fn hooks(&self) -> Vec<(HookEvent, HookMatcher)> {
                (**self).hooks()
            }
        }
    )+};
}

shared! {
    &H,
    Arc<H>,
    Box<H>,
}

/// Handler that is a closure: [`handler_fn`].
#[derive(Debug, Clone, Copy)]
pub struct HandlerFn<F> {
    kinds: IncomingKinds,
    handle: F,
}

/// Creates a handler of a closure that takes every request of those kinds.
///
/// ```
/// use claude_duplex::{
///     Decision, IncomingKind, IncomingKinds, Responder, Session, handler_fn,
/// };
///
/// let permissions = IncomingKinds::NONE.with(IncomingKind::Permission);
/// let deny = handler_fn(permissions, async |tool: Responder| {
///     let _ = tool.respond(Decision::deny("not today"));
/// });
/// let builder = Session::builder().handlers(deny);
/// ```
pub fn handler_fn<F, H>(kinds: IncomingKinds, handle: H) -> HandlerFn<H>
where
    H: Fn(Responder) -> F,
    F: Future<Output = ()>,
{
    HandlerFn { kinds, handle }
}

impl<H: Fn(Responder) -> F, F: Future<Output = ()>> Handler for HandlerFn<H> {
    type Handling = F;

    fn handle(&self, responder: Responder) -> F {
        (self.handle)(responder)
    }

    fn kinds(&self) -> IncomingKinds {
        self.kinds
    }
}

impl IncomingRequests {
    /// Answers every incoming request with the handler, any number concurrently, until the session has ended. The
    /// caller runs the future, next to the [`Runner`](crate::Runner) or in a separate task. The future is `Send`
    /// if the futures of the handler are.
    ///
    /// If an incoming request is cancelled, the future of its handler is dropped. If it ends without a
    /// response, or is dropped with this future, the request is declined with the response that is safe for its
    /// kind. The same happens if it panics. The panic reaches the task that runs this future, and ends the
    /// other handlers' futures.
    ///
    /// ```
    /// use claude_duplex::{Decision, Handlers, IncomingError, Runner, Session};
    ///
    /// async fn run(claude: Session, runner: Runner) -> Result<(), IncomingError> {
    ///     let handlers = Handlers::new().permission(async |tool| match &*tool.tool_name {
    ///         "Read" | "Grep" => Decision::allow(),
    ///         name => Decision::deny(format!("{name} is not for you")),
    ///     });
    ///     let serving = claude.incoming()?.serve(handlers)?;
    ///     futures_lite::future::zip(runner, serving).await;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`IncomingError::NotHandled`] if the handler answers kinds that are not delivered here;
    /// [`IncomingError::HooksNotRegistered`] if it has [hooks](super::Handlers::hook) to register, which only
    /// [`Session::builder`](crate::Session::builder) does.
    pub fn serve<H: Handler>(self, handler: H) -> Result<impl Future<Output = ()> + use<H>, IncomingError> {
        let missing = handler.kinds().without(self.inbox.kinds());
        if !missing.is_empty() {
            return Err(IncomingError::NotHandled(missing));
        }
        match handler.hooks().is_empty() {
            true => Ok(self.run(handler)),
            false => Err(IncomingError::HooksNotRegistered),
        }
    }

    pub(in crate::session) async fn run<H: Handler>(mut self, handler: H) {
        let mut in_flight = InFlight::new();
        let mut is_over = false;
        poll_fn(|cx| {
            while !is_over {
                match self.poll(cx) {
                    Poll::Ready(Some(responder)) => {
                        let withdrawn = responder.withdrawal();
                        in_flight.push(Handling::new(handler.handle(responder), withdrawn));
                    }
                    Poll::Ready(None) => is_over = true,
                    Poll::Pending => break,
                }
            }
            // An empty set of futures is not the end while requests may arrive.
            if in_flight.poll(cx).is_ready() && is_over { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// Future of a response, dropped when the incoming request is cancelled.
struct Handling<F> {
    future: Pin<Box<F>>,
    withdrawn: Withdrawn,
}

impl<F> Handling<F> {
    fn new(future: F, withdrawn: Withdrawn) -> Self {
        Self { future: Box::pin(future), withdrawn }
    }
}

impl<F: Future<Output = ()>> Future for Handling<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if Pin::new(&mut self.withdrawn).poll(cx).is_ready() {
            return Poll::Ready(());
        }
        self.future.as_mut().poll(cx)
    }
}
