//! Blocking calls of the driver, for programs without a runtime. Each call blocks the thread and drives the reactor of smol
//! meanwhile.

use async_io::block_on;

use super::Driver;
use crate::driver::transport::Transport;
use crate::protocol::action::Action;
use crate::protocol::end::SessionClosed;

/// Blocking calls (feature `smol`), for transports of [`smol`](crate::driver::smol) or those that need no runtime. They panic
/// with a transport of tokio.
impl<T: Transport> Driver<T> {
    /// Waits for the next action. Returns `None` after [`SessionClosed`](Action::Closed).
    ///
    /// Blocks until the child does something or a deadline passes; another thread cannot end the call. To wait for something
    /// else as well, block on [`next`](Self::next) and the other future, whichever completes first. Dropping the future of
    /// `next` loses no action:
    ///
    /// ```no_run
    /// use async_io::{Timer, block_on};
    /// use claude_duplex::{Config, Interrupt, Options, Seed};
    /// use futures_lite::FutureExt;
    /// use std::time::Duration;
    ///
    /// let mut claude = claude_duplex::driver::smol::spawn(
    ///     &Options::new(),
    ///     Config::new(Seed::random()),
    /// )?;
    /// claude.prompt("count to a million")?;
    /// let enough = async {
    ///     Timer::after(Duration::from_secs(10)).await;
    ///     None
    /// };
    /// if block_on(claude.next().or(enough)).is_none() {
    ///     claude.interrupt(Interrupt::running())?;
    /// }
    /// while let Some(action) = claude.next_blocking() {
    ///     println!("{action:?}");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn next_blocking(&mut self) -> Option<Action> {
        block_on(self.next())
    }

    /// Calls [`finish`](Self::finish) and blocks until it completes: at most as long as the [grace
    /// periods](crate::ShutdownTimeouts).
    pub fn finish_blocking(&mut self) -> Option<SessionClosed> {
        block_on(self.finish())
    }
}
