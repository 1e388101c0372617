//! Subscribers of a session.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_lite::Stream;

use super::runner_inbox::RunnerInbox;
use super::waiting::feed::{Delivery, Feed};
use super::waiting::ring::Lagged;
use crate::protocol::action::Action;

/// Stream of every action of a session, from [`subscribe`](super::Session::subscribe) to
/// [`Closed`](Action::Closed). The first actions are the requests of the CLI that are open at the start. A
/// subscriber of a session that has ended receives only that end.
///
/// Unread actions wait in a buffer of the subscriber; up to 16 more are already taken out of the buffer. If the
/// buffer is full, its [`Overflow`](super::Overflow) policy applies, and [`Lagged`] reports a loss. A subscriber
/// is not a handle: a session closes if only subscribers are left. Dropping the subscriber ends the subscription.
///
/// ```
/// use claude_duplex::testing::{Script, TestRuntime};
/// use claude_duplex::{Action, Config, Driver, Overflow, Seed};
///
/// let runtime = TestRuntime::new();
/// let (claude, runner) = Driver::new(
///     Config::new(Seed::from_bytes([1; 16])),
///     runtime.start(Script::default()),
/// )
/// .into_session();
/// let mut watch = claude.subscribe(256, Overflow::DeltasFirst);
/// let talk = async move { claude.prompt("hello").unwrap().finish().await };
/// runtime.run(runner.run_until(talk));
/// let (mut seen, mut last) = (0, None);
/// runtime.run(async {
///     while let Some(told) = watch.next().await {
///         seen += 1;
///         last = Some(told.unwrap()); // an error is how many it missed
///     }
/// });
/// assert!(seen > 5 && matches!(last, Some(Action::Closed(_))));
/// ```
#[must_use = "dropping it is unsubscribing"]
pub struct Subscriber {
    feed: Arc<Feed>,
    runner_inbox: Arc<RunnerInbox>,
    /// Actions that were taken out of the buffer together, and are returned one by one.
    taken: VecDeque<Delivery>,
}

impl Subscriber {
    pub(super) fn new(feed: Arc<Feed>, runner_inbox: Arc<RunnerInbox>) -> Self {
        Self { feed, runner_inbox, taken: VecDeque::new() }
    }

    /// Returns the next action, or `None` after the last one.
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`Lagged`] if actions were dropped before the next one.
    pub async fn next(&mut self) -> Option<Result<Action, Lagged>> {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &Context<'_>) -> Poll<Option<Delivery>> {
        if self.taken.is_empty() {
            match self.feed.poll_take(cx, &mut self.taken) {
                Poll::Ready(true) => self.runner_inbox.wake(),
                Poll::Ready(false) => {}
                Poll::Pending => return self.runner_inbox.waiting(Poll::Pending, cx),
            }
        }
        Poll::Ready(self.taken.pop_front())
    }
}

impl Stream for Subscriber {
    type Item = Result<Action, Lagged>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(cx)
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        if self.feed.leave() {
            self.runner_inbox.wake();
        }
    }
}

impl fmt::Debug for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriber").field("unread", &(self.taken.len() + self.feed.len())).finish()
    }
}
