//! A resumed session, with new handles.

use std::fmt;

use super::Session;
use super::builder::SessionBuilder;
use super::prompt_handle::PromptHandle;
use super::runner::Runner;
use super::state::IncomingError;
use crate::driver::Driver;
use crate::driver::sync::Counted;
use crate::driver::transport::Transport;

/// A session that another process drove, and that continues here: [`SessionBuilder::resume`].
#[non_exhaustive]
pub struct ResumedSession {
    /// Handle on the session.
    pub session: Session,
    /// Future that drives the session.
    pub runner: Runner,
    /// Handles on the prompts that were open when the last action was handled, oldest first. Each gets the
    /// messages after that action, and its end.
    pub prompts: Vec<PromptHandle>,
}

impl fmt::Debug for ResumedSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResumedSession")
            .field("session", &self.session)
            .field("prompts", &self.prompts.iter().map(PromptHandle::id).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl SessionBuilder {
    /// Continues a session that another process drove, from a driver that was [resumed](Driver::resume). Each
    /// open prompt gets a handle. Each open request of the CLI becomes a new [`Responder`](crate::Responder). When the
    /// runner is first polled, it is delivered to its handler, or to the [stream](Session::incoming) of its kind.
    /// Requests without an owner are declined as always.
    ///
    /// Pass the same handlers as the former host did. No `initialize` request is sent: the CLI knows its hooks,
    /// agents and servers. The settings of the session apply, not the options and settings of the builder.
    ///
    /// To leave a session to the next host, drop the [`Runner`]. Pending work ends as lost, and a
    /// [required](Driver::record_required) journal does not record that. Dropping the last handle closes the
    /// session, as always. [`Session::acknowledge`] records which actions were handled.
    ///
    /// ```
    /// use claude_duplex::testing::{Script, TestRuntime};
    /// use claude_duplex::{Config, Driver, Protocol, Seed, Session, SessionTime};
    ///
    /// let runtime = TestRuntime::new();
    /// let config = Config::new(Seed::from_bytes([1; 16]));
    /// let mut before = Protocol::new(config, SessionTime::ZERO);
    /// before.prompt(SessionTime::ZERO, "hello").unwrap();
    /// let snapshot = before.snapshot(); // and the host ends
    ///
    /// let child = runtime.start(Script::default()); // a transport would find the old one
    /// let driver = Driver::resume(Protocol::restore(&snapshot)?, child)?;
    /// let resumed = Session::builder().resume(driver)?;
    /// let (session, mut prompts) = (resumed.session, resumed.prompts);
    /// let end = runtime.run(resumed.runner.run_until(async move {
    ///     let end = prompts.remove(0).finish().await;
    ///     session.acknowledge(session.action_number());
    ///     end
    /// }));
    /// assert!(end.outcome.is_success());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`IncomingError::NotHandled`] if the session does not handle the kinds of the handlers. The driver is dropped.
    pub fn resume<T: Transport + Send + 'static>(self, driver: Driver<T>) -> Result<ResumedSession, IncomingError> {
        let (session, runner, prompts) = self.into_setup().resume(driver)?;
        let handle = |(id, mailbox)| PromptHandle::new(id, mailbox, Counted::clone(&session.presence));
        let prompts = prompts.into_iter().map(handle).collect();
        Ok(ResumedSession { session, runner, prompts })
    }
}

impl Session {
    /// Returns the number of the last action that was delivered to handles and subscribers, or 0 before the first
    /// one. See [`Protocol::action_number`](crate::Protocol::action_number).
    #[must_use]
    pub fn action_number(&self) -> u64 {
        self.presence.state().action_number()
    }

    /// Records that the host has handled all actions up to a [number](Self::action_number): they are not
    /// delivered again after a restart. This includes actions that wait unread in handles and subscribers, so
    /// acknowledge actions after reading them. Without a [required](Driver::record_required) journal, this method
    /// has no effect.
    pub fn acknowledge(&self, number: u64) {
        self.presence.command(|state| state.acknowledge(number));
    }
}
