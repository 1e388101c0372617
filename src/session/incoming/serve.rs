//! Asks answered by handlers, side by side.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use event_listener::EventListener;

use super::in_flight::InFlight;
use super::{IncomingRequests, Responder};
use crate::session::waiting::withdrawal::Withdrawal;

/// What answers asks: [`Handlers`](super::Handlers), [`LocalHandlers`](super::LocalHandlers), or a closure that takes
/// every [`Responder`].
pub trait Handler {
    /// Runs until the incoming request is answered, withdrawn, or given up.
    type Handling: Future<Output = ()>;

    /// Begins to answer. What it does before it gives the future holds up the others.
    fn handle(&self, asked: Responder) -> Self::Handling;
}

impl<H: Fn(Responder) -> F, F: Future<Output = ()>> Handler for H {
    type Handling = F;

    fn handle(&self, asked: Responder) -> F {
        self(asked)
    }
}

impl IncomingRequests {
    /// Answers every incoming request with the handler, any number side by side, until the session is over. The future is run by the
    /// caller, beside the [`Runner`](crate::Runner) or in a task of its own; it can be sent to another thread if what
    /// the handler makes can be.
    ///
    /// When an incoming request is withdrawn, its handling is dropped. A handling that ends without an answer, or is dropped with
    /// this future, declines its request in the way that is safe for its kind. So does one that panics; the panic goes on to
    /// whoever runs this future, and takes the other handlings with it.
    ///
    /// ```
    /// use claude_duplex::{Decision, Handlers, Runner, Session};
    ///
    /// async fn run(claude: Session, runner: Runner) {
    ///     let asks = claude.incoming().expect("nobody else asked for them");
    ///     let serving =
    ///         asks.serve(Handlers::new().permission(
    ///             async |tool| match &*tool.tool_name {
    ///                 "Read" | "Grep" => Decision::allow(),
    ///                 name => Decision::deny(format!("{name} is not for you")),
    ///             },
    ///         ));
    ///     futures_lite::future::zip(runner, serving).await;
    /// }
    /// ```
    pub async fn serve<H: Handler>(mut self, handler: H) {
        let mut in_flight = InFlight::new();
        let mut is_over = false;
        poll_fn(|cx| {
            while !is_over {
                match self.poll(cx) {
                    Poll::Ready(Some(asked)) => {
                        let withdrawal = Arc::clone(&asked.withdrawal);
                        in_flight.push(Handling::new(handler.handle(asked), withdrawal));
                    }
                    Poll::Ready(None) => is_over = true,
                    Poll::Pending => break,
                }
            }
            // That nothing is in flight is no end while asks may come.
            if in_flight.poll(cx).is_ready() && is_over { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// An answer in the making, given up when the incoming request is withdrawn.
struct Handling<F> {
    future: Pin<Box<F>>,
    withdrawal: Arc<Withdrawal>,
    listener: EventListener,
}

impl<F> Handling<F> {
    fn new(future: F, withdrawal: Arc<Withdrawal>) -> Self {
        Self { future: Box::pin(future), listener: withdrawal.listen(), withdrawal }
    }
}

impl<F: Future<Output = ()>> Future for Handling<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // The listener may be polled no more once it was ready; nothing is polled any more then.
        if self.withdrawal.is_told() || Pin::new(&mut self.listener).poll(cx).is_ready() {
            return Poll::Ready(());
        }
        self.future.as_mut().poll(cx)
    }
}
