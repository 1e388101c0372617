//! The driver for programs without a runtime: each call blocks the thread and drives smol's reactor meanwhile.

use async_io::block_on;

use super::Driver;
use crate::driver::transport::Transport;
use crate::protocol::action::Action;
use crate::protocol::end::SessionClosed;

/// Blocking use (feature `smol`), on a transport of [`smol`](crate::driver::smol) or one that needs no runtime; on one of tokio it
/// panics.
impl<T: Transport> Driver<T> {
    /// Waits for what happens next; `None` after [`SessionClosed`](Action::Closed).
    ///
    /// It blocks until the child does something or a deadline passes: another thread cannot end it. To wait for
    /// something else too, block on [`next`](Self::next) and that, whichever comes first; the future that is dropped loses
    /// nothing:
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

    /// [`finish`](Self::finish), and waits for it: at most as long as the [graces](crate::ShutdownTimeouts).
    pub fn finish_blocking(&mut self) -> Option<SessionClosed> {
        block_on(self.finish())
    }
}
