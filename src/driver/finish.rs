//! The graceful end of a session that no host watches any more.

use std::future::poll_fn;
use std::task::Poll;

use super::Driver;
use crate::driver::transport::Transport;
use crate::incoming::{IncomingRequest, IncomingResponse};
use crate::protocol::action::Action;
use crate::protocol::end::SessionClosed;

impl<T: Transport> Driver<T> {
    /// Closes the session gracefully and drives it to its end. Actions until then are dropped. Every open incoming request is
    /// [declined](IncomingResponse::Decline) in the way that is safe for its kind, also if it was returned before. Returns
    /// `None` if [`SessionClosed`](Action::Closed) was returned before.
    ///
    /// If the future is dropped, the session continues to close.
    ///
    /// ```
    /// use claude_duplex::testing::{Script, Step, TestRuntime, ToolStep};
    /// use claude_duplex::{Action, Config, Driver, IncomingKind, Seed, SessionTime};
    ///
    /// let runtime = TestRuntime::new();
    /// let script = Script::default().then([
    ///     Step::from(ToolStep::bash("rm -r /").requires_permission()),
    ///     Step::text("as you wish"),
    /// ]);
    /// let config =
    ///     Config::new(Seed::from_bytes([1; 16])).handle(IncomingKind::Permission);
    /// let mut claude = Driver::new(config, runtime.start(script));
    /// claude.prompt("clean up").unwrap();
    /// runtime.run(async {
    ///     while !matches!(claude.next().await, Some(Action::IncomingRequest(_))) {}
    ///     // The request stays unanswered: `finish` declines it.
    ///     assert!(claude.finish().await.unwrap().exit.unwrap().is_success());
    /// });
    /// assert!(runtime.now() < SessionTime::from(std::time::Duration::from_secs(10)));
    /// ```
    pub async fn finish(&mut self) -> Option<SessionClosed> {
        self.close();
        poll_fn(|cx| {
            loop {
                self.decline_all();
                match self.poll_next(cx) {
                    Poll::Ready(Some(Action::Closed(closed))) => return Poll::Ready(Some(closed)),
                    Poll::Ready(Some(_)) => {}
                    Poll::Ready(None) => return Poll::Ready(None),
                    // The last write may have made room for a response.
                    Poll::Pending if self.decline_all() => {}
                    Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await
    }

    /// Declines the open requests of the CLI, as far as there is room for the responses. Returns `true` if there was room for
    /// at least one.
    fn decline_all(&mut self) -> bool {
        let open: Vec<_> = self.protocol.open_incoming().map(IncomingRequest::id).collect();
        open.into_iter().filter(|incoming| self.respond(*incoming, IncomingResponse::Decline).is_ok()).count() > 0
    }
}
