//! The end of a connection, as a future.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::frame::Refusal;

/// Reason for the end of a connection to a keeper.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LostReason {
    /// Another host controls the session now. If you did not start it, another program has the session's token.
    #[error("another host (process {pid}) has controlled the session since epoch {epoch}")]
    Replaced {
        /// Epoch of the new controller.
        epoch: u64,
        /// Process id of the new controller, or 0 if the system does not report it.
        pid: u32,
    },
    /// The keeper has ended the connection.
    #[error("the keeper closed the connection: {0}")]
    Refused(Refusal),
    /// The connection was closed, because its link was cut or the keeper has ended. An attempt to attach again shows the cause.
    #[error("the connection to the keeper is closed; attach again")]
    Closed,
    /// The connection failed.
    #[error("the connection to the keeper failed: {0}; attach again")]
    Failed(String),
}

/// Future that completes with the reason for the end of a connection.
///
/// The future itself does not read or write: poll the driver, too.
#[derive(Debug, Clone, Default)]
pub struct Lost(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    reason: Option<LostReason>,
    trouble: Option<String>,
    wakers: Vec<Waker>,
}

impl Lost {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the reason, if the connection has ended.
    #[must_use]
    pub fn reason(&self) -> Option<LostReason> {
        self.state().reason.clone()
    }

    /// Returns the reason why the keeper cannot keep output at the moment, e.g. because the disk is full.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.state().trouble.clone()
    }

    pub(super) fn is_lost(&self) -> bool {
        self.state().reason.is_some()
    }

    pub(super) fn set(&self, reason: LostReason) {
        let mut state = self.state();
        state.reason.get_or_insert(reason);
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(super) fn set_trouble(&self, text: String) {
        self.state().trouble = Some(text).filter(|text| !text.is_empty());
    }
}

impl Future for Lost {
    type Output = LostReason;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<LostReason> {
        let mut state = self.state();
        match &state.reason {
            Some(reason) => Poll::Ready(reason.clone()),
            None => {
                if !state.wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
                    state.wakers.push(cx.waker().clone());
                }
                Poll::Pending
            }
        }
    }
}
