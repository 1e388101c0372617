//! Who answers what the CLI asks.

mod handlers;
mod in_flight;
mod serve;

use std::fmt;
use std::future::poll_fn;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_lite::Stream;

use super::shared::{Presence, Shared};
use super::waiting::inbox::Inbox;
use super::waiting::withdrawal::Withdrawal;
use crate::action::WhyWithdrawn;
use crate::ask::{Answer, Ask};
use crate::error::AnswerError;

pub use handlers::{Handlers, LocalHandlers};
pub use serve::Handler;

/// The asks of a session, as their one owner: a stream, or [`serve`](Self::serve) with handlers.
///
/// An ask comes here if the session [owns](crate::Config::own) its kind, and is then nobody else's; subscribers see it.
/// One that comes while nobody owns it is [declined](Answer::Decline) at once, so become its owner before the runner runs.
/// Dropping the owner declines what it has not taken and what comes later; what it has taken is [`Asked`]'s.
///
/// It is not a handle on the session, but each open [`Asked`] is one.
///
/// ```
/// use claude_duplex::testing::{Script, Step, Tool, World};
/// use claude_duplex::{AskKind, Config, Decision, Driver, Seed};
/// use futures_lite::future::zip;
///
/// let world = World::new();
/// let script = Script::default().then([Step::from(Tool::bash("ls").asks()), Step::text("done")]);
/// let config = Config::new(Seed([1; 16])).own(AskKind::Permission);
/// let (claude, runner) = Driver::new(config, world.start(script)).into_session();
/// let mut asks = claude.asks().unwrap();
/// assert!(claude.asks().is_err(), "there is one owner");
/// let deciding = async {
///     let mut names = Vec::new();
///     while let Some(asked) = asks.next().await {
///         names.push(asked.permission().unwrap().tool_name); // it derefs to the `Ask`
///         asked.answer(Decision::allow()).unwrap();
///     }
///     names
/// };
/// let talk = async move { claude.prompt("look").unwrap().await.is_success() };
/// assert_eq!(world.run(zip(runner.run_until(talk), deciding)), (true, vec!["Bash".to_owned()]));
/// ```
#[must_use = "dropping it declines every ask"]
pub struct Asks {
    inbox: Arc<Inbox>,
    shared: Arc<Shared>,
}

impl Asks {
    pub(super) fn new(inbox: Arc<Inbox>, shared: Arc<Shared>) -> Self {
        Self { inbox, shared }
    }

    /// The next ask; `None` when the session is over. Those that were withdrawn meanwhile are passed over.
    ///
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Asked> {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &Context<'_>) -> Poll<Option<Asked>> {
        self.inbox.poll_next(cx).map(|next| {
            let (ask, withdrawal) = next?;
            let (shared, presence) = (Arc::clone(&self.shared), self.shared.presence());
            Some(Asked { ask, withdrawal, shared, open: true, _presence: presence })
        })
    }
}

impl Stream for Asks {
    type Item = Asked;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Asked>> {
        self.poll(cx)
    }
}

impl Drop for Asks {
    fn drop(&mut self) {
        let unread = self.inbox.leave();
        if !unread.is_empty() {
            self.shared.desk.leave(|left| left.declined.extend(unread));
        }
    }
}

impl fmt::Debug for Asks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asks").field("kinds", &self.inbox.kinds()).finish_non_exhaustive()
    }
}

/// An [`Ask`] with the duty to answer it: now, later, from anywhere, in any order.
///
/// Dropping it [declines](Answer::Decline) it in the way that is safe for its kind, unless it was withdrawn. To answer
/// later, keep it, by its [`id`](Ask::id) if there are many.
#[must_use = "dropping it declines the ask"]
pub struct Asked {
    ask: Ask,
    withdrawal: Arc<Withdrawal>,
    shared: Arc<Shared>,
    open: bool,
    /// An open ask counts as a handle.
    _presence: Option<Arc<Presence>>,
}

impl Asked {
    /// Answers it.
    ///
    /// # Errors
    /// [`AnswerError::Stale`] where it was withdrawn. [`AnswerError::Mismatch`] where the answer is of another kind, and
    /// [`AnswerError::Full`] where it is too long: it is then declined.
    pub fn answer(mut self, answer: impl Into<Answer>) -> Result<(), AnswerError> {
        let (id, answer) = (self.ask.id(), answer.into());
        let answered = self.shared.command(|state| state.answer(id, answer));
        self.open = matches!(answered, Err(AnswerError::Mismatch | AnswerError::Full));
        answered
    }

    /// Waits until it is withdrawn. Any number may wait.
    pub async fn withdrawn(&self) -> WhyWithdrawn {
        self.withdrawal.wait().await
    }
}

impl Deref for Asked {
    type Target = Ask;

    fn deref(&self) -> &Ask {
        &self.ask
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if self.open && !self.withdrawal.is_told() {
            self.shared.desk.leave(|left| left.declined.push(self.ask.id()));
        }
    }
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Asked").field(&self.ask).finish()
    }
}
