//! The CLI of a session: a child of the agent, or a process that a keeper keeps.

use std::task::{Context, Poll};

use claude_duplex::driver::smol::SmolTransport;
use claude_duplex::{
    Action, Driver, IncomingId, IncomingResponse, Interrupt, Prompt, PromptId, Protocol, RefusedError, Request,
    RequestId,
};

#[cfg(unix)]
use crate::kept::{Keeper, Kept};

/// A CLI that was started.
pub(crate) enum Claude {
    /// A child, which ends with the agent.
    Child(Box<Driver<SmolTransport>>),
    /// A process that outlives the agent.
    #[cfg(unix)]
    Kept(Box<Kept>),
}

/// Evaluates an expression with the driver of a CLI.
macro_rules! with {
    ($claude:ident, $driver:ident => $value:expr) => {
        match $claude {
            Claude::Child($driver) => $value,
            #[cfg(unix)]
            Claude::Kept(kept) => {
                let $driver = &mut kept.driver;
                $value
            }
        }
    };
}

impl Claude {
    /// Polls for the next action. `None`: the CLI has ended, or no further output can be read from it.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Action>> {
        match self {
            Self::Child(driver) => driver.poll_next(cx),
            #[cfg(unix)]
            Self::Kept(kept) => kept.poll_next(cx),
        }
    }

    /// Sends a prompt.
    pub(crate) fn prompt(&mut self, prompt: Prompt) -> Result<PromptId, RefusedError<Prompt>> {
        with!(self, driver => driver.prompt(prompt))
    }

    /// Withdraws a prompt, unless a turn has taken it.
    pub(crate) fn cancel(&mut self, prompt: PromptId) {
        let _ = with!(self, driver => driver.cancel(prompt));
    }

    /// Stops a turn.
    pub(crate) fn interrupt(&mut self, interrupt: Interrupt) -> Result<RequestId, RefusedError<Interrupt>> {
        with!(self, driver => driver.interrupt(interrupt))
    }

    /// Sends a control request.
    pub(crate) fn request(&mut self, request: impl Into<Request>) -> Result<RequestId, RefusedError<Request>> {
        with!(self, driver => driver.request(request))
    }

    /// Responds to a request of the CLI, unless the request has ended.
    pub(crate) fn respond(&mut self, id: IncomingId, response: IncomingResponse) {
        let _ = with!(self, driver => driver.respond(id, response));
    }

    /// Closes the session without waiting for the turn.
    pub(crate) fn close_now(&mut self) {
        with!(self, driver => driver.close_now());
    }

    /// Kills the CLI.
    pub(crate) fn abort(&mut self) {
        with!(self, driver => driver.abort());
    }

    /// Returns the state of the session.
    pub(crate) fn protocol(&self) -> &Protocol {
        match self {
            Self::Child(driver) => driver.protocol(),
            #[cfg(unix)]
            Self::Kept(kept) => kept.driver.protocol(),
        }
    }

    /// Records that the client has received everything so far. The next agent of the session begins here.
    #[cfg(unix)]
    pub(crate) fn acknowledge(&mut self) {
        with!(self, driver => driver.acknowledge(driver.action_number()));
    }

    /// Returns the reason why no further output can be read from a CLI that has not ended.
    pub(crate) fn trouble(&self) -> String {
        match self {
            Self::Child(_) => "its output has ended".to_owned(),
            #[cfg(unix)]
            Self::Kept(kept) => kept.trouble(),
        }
    }

    /// Returns the keeper of a CLI that outlives the agent.
    #[cfg(unix)]
    pub(crate) fn keeper(&self) -> Option<&Keeper> {
        match self {
            Self::Child(_) => None,
            Self::Kept(kept) => Some(kept.keeper()),
        }
    }
}
