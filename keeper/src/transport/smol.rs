//! Kept sessions on smol's reactor.

use std::future::Future;
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use async_io::Async;

use super::{Kept, Timer};
use crate::attach::{Attach, open};
use crate::error::AttachError;
use crate::place::{Place, SessionId};

/// Kept session on this machine, on smol.
pub type SmolKept = Kept<Async<UnixStream>, SmolTimer>;

/// Timer of `async-io`.
#[derive(Debug)]
pub struct SmolTimer {
    timer: async_io::Timer,
    at: Option<Instant>,
}

impl Default for SmolTimer {
    fn default() -> Self {
        Self { timer: async_io::Timer::never(), at: None }
    }
}

impl Timer for SmolTimer {
    fn poll_at(&mut self, cx: &mut Context<'_>, at: Instant) -> Poll<()> {
        if self.at.replace(at) != Some(at) {
            self.timer.set_at(at);
        }
        let polled = Pin::new(&mut self.timer).poll(cx).map(drop);
        if polled.is_ready() {
            self.at = None;
        }
        polled
    }
}

/// Attaches to a session on this machine.
///
/// # Errors
/// [`AttachError`] if there is no such session, its directory or its server belongs to another user, or the keeper refuses.
pub async fn attach(attach: &Attach, place: &Place, id: &SessionId) -> Result<SmolKept, AttachError> {
    let stream = Async::new(open(place, id)?)?;
    Kept::over(stream, SmolTimer::default(), attach.hello_for(place, id)?).await
}
