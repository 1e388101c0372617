//! A driver that is a source of the loop, and calls back.

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use ::calloop::ping::{Ping, make_ping};
use ::calloop::{LoopHandle, RegistrationToken};
use claude_duplex::{Action, Config, Driver, Options, SpawnError};

use super::{CalloopTransport, spawn};
use crate::not_watched;

/// Driver in an event loop, which calls the host with each action and the data of the loop.
///
/// Commands go through [`with`](Self::with), also from the callback. Dropping it, also from the callback, kills the child. It
/// belongs into the data of the loop or next to the loop, and not into one of the loop's sources.
pub struct CalloopDriver<D: 'static> {
    driver: Rc<RefCell<Driver<CalloopTransport<D>>>>,
    ping: Ping,
    handle: LoopHandle<'static, D>,
    source: RegistrationToken,
}

impl<D> CalloopDriver<D> {
    /// Starts the CLI and creates a session for it. `on_action` gets each action, [`Closed`](Action::Closed) as the last one.
    ///
    /// # Errors
    /// As for [`spawn`].
    pub fn spawn(
        handle: &LoopHandle<'static, D>,
        options: &Options,
        config: Config,
        mut on_action: impl FnMut(&mut D, Action) + 'static,
    ) -> Result<Self, SpawnError> {
        let driver = Rc::new(RefCell::new(spawn(handle, options, config)?));
        let failed = |error: io::Error| not_watched(options, error);
        let (ping, pinged) = make_ping().map_err(failed)?;
        let waker = Waker::from(Arc::new(Pinging(ping.clone())));
        // The loop does not own the driver: the driver owns sources of the loop.
        let weak = Rc::downgrade(&driver);
        let pinged = handle.insert_source(pinged, move |(), (), data| {
            while let Some(action) = next(&weak, &waker) {
                on_action(data, action);
            }
        });
        let source = pinged.map_err(|error| failed(io::Error::other(error.error)))?;
        // For the first poll.
        ping.ping();
        Ok(Self { driver, ping, handle: handle.clone(), source })
    }

    /// Calls the driver, and polls it afterwards in the loop, so that the lines of a command are written.
    ///
    /// # Panics
    /// If the call comes from within another one.
    pub fn with<R>(&self, command: impl FnOnce(&mut Driver<CalloopTransport<D>>) -> R) -> R {
        let result = command(&mut self.driver.borrow_mut());
        self.ping.ping();
        result
    }
}

/// Returns the next action. `None` if there is none yet, after the last one, and after the drop of the driver.
///
/// The driver is not borrowed while the host handles the action. It pauses by itself, so that other sources have their turn.
fn next<D>(driver: &Weak<RefCell<Driver<CalloopTransport<D>>>>, waker: &Waker) -> Option<Action> {
    match driver.upgrade()?.borrow_mut().poll_next(&mut Context::from_waker(waker)) {
        Poll::Ready(action) => action,
        Poll::Pending => None,
    }
}

struct Pinging(Ping);

impl Wake for Pinging {
    fn wake(self: Arc<Self>) {
        self.0.ping();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.ping();
    }
}

impl<D> Drop for CalloopDriver<D> {
    fn drop(&mut self) {
        self.handle.remove(self.source);
    }
}

impl<D> fmt::Debug for CalloopDriver<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CalloopDriver").field("driver", &self.driver.try_borrow().ok()).finish_non_exhaustive()
    }
}
