//! Handle on a prompt: the messages of its turn, and its end.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, IntoFuture, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_lite::Stream;

use super::answer::{Answer, PromptError};
use super::prompt_end::PromptEnd;
use super::reply::PendingResponse;
use super::shared::Presence;
use super::waiting::mailbox::Mailbox;
use super::waiting::ring::Lagged;
use crate::base::ids::PromptId;
use crate::driver::sync::Counted;
use crate::message::{Accumulator, Edit, Message};
use crate::outgoing::request::Interrupt;
use crate::protocol::error::{RefusedError, StaleIdError};

/// A handle on one prompt: a stream of the messages of the turn that takes up the prompt. Awaiting the handle
/// returns the [`Answer`], or a [`PromptError`] that explains the end. [`finish`](Self::finish) returns the whole
/// end instead.
///
/// The stream begins with the turn. For a prompt that is merged into a running turn, the stream begins at that
/// point. Before 2.1.206 the CLI reports late which prompt a turn took up. Until then the messages go to the
/// oldest prompt that waits. They may belong to another prompt, e.g. if the CLI began a turn by itself. In this
/// case the unread messages are removed. The [end](PromptEnd) is exact on every version.
///
/// After the first read, the session waits for the reader ([`Overflow::Wait`](super::Overflow::Wait)). When
/// [`HandleLimits::turn_messages`](super::HandleLimits::turn_messages) are unread, the session reads nothing from
/// the CLI until half of them are taken. Before the first read, and while the [end](Self::ended) is awaited, the
/// session does not wait. Messages that exceed [`HandleLimits::turn_bytes`](super::HandleLimits::turn_bytes) are
/// then dropped, and the stream reports their number ([`Lagged`]). A prompt that is never read delays nothing.
///
/// Dropping the handle detaches it: the prompt continues, unless [`interrupt_on_drop`](Self::interrupt_on_drop)
/// was called. Use [`cancel`](Self::cancel) or [`interrupt`](Self::interrupt) to stop the prompt. While the
/// handle lives, it counts as a handle on the session.
///
/// ```
/// use claude_duplex::{Answer, Session};
///
/// async fn ask(claude: &Session) -> Result<Answer, Box<dyn std::error::Error>> {
///     let mut prompt = claude.prompt("what is in this folder?")?;
///     while let Some(message) = prompt.next().await {
///         println!("{}", message?.line());
///     }
///     Ok(prompt.await?)
/// }
/// ```
///
/// The handle is a `Stream` and not a `Future`, so that the combinators of both can be in scope. If a future is
/// required, e.g. for `zip`, use `into_future` or [`finish`](Self::finish).
///
/// # A time limit
///
/// Set the limit on the prompt. When the time has passed, the prompt is interrupted, and ends even if the CLI does not react.
///
/// ```
/// use claude_duplex::{Outcome, Prompt, PromptEnd, Session};
/// use std::time::Duration;
///
/// async fn within(claude: &Session) -> Result<PromptEnd, Box<dyn std::error::Error>> {
///     let prompt = Prompt::text("what is in this folder?")
///         .time_limit(Duration::from_secs(120));
///     let end = claude.prompt(prompt)?.finish().await;
///     if let Outcome::TimedOut { stopped: false } = end.outcome {
///         claude.abort(); // it may still run
///     }
///     Ok(end)
/// }
/// ```
#[must_use = "a prompt continues when its handle is dropped"]
pub struct PromptHandle {
    id: PromptId,
    mailbox: Arc<Mailbox>,
    presence: Counted<Presence>,
    /// Converter of messages into edits, after the first call of `next_edit`, and the edits that were not taken.
    edits: Option<Box<(Accumulator, VecDeque<Edit>)>>,
    stops: bool,
}

impl PromptHandle {
    pub(super) fn new(id: PromptId, mailbox: Arc<Mailbox>, presence: Counted<Presence>) -> Self {
        Self { id, mailbox, presence, edits: None, stops: false }
    }

    /// Returns the id of the prompt.
    #[must_use]
    pub fn id(&self) -> PromptId {
        self.id
    }

    /// Keeps the messages of the turn for [`PromptEnd::messages`], read or unread, up to `limit` bytes of lines.
    /// Call this method before the first read to keep all messages.
    pub fn keep(self, limit: usize) -> Self {
        self.mailbox.keep(limit);
        self
    }

    /// Stops the prompt if this handle is dropped before the prompt has ended. A queued prompt is cancelled; a
    /// running turn is interrupted. Thus a user who leaves, and whose future or stream is dropped with this
    /// handle, causes no further cost.
    ///
    /// ```
    /// use claude_duplex::testing::{Script, Step, TestRuntime};
    /// use claude_duplex::{Action, Config, Driver, Outcome, Overflow, Seed};
    /// use std::time::Duration;
    ///
    /// let runtime = TestRuntime::new();
    /// let script = Script::default().then([Step::text_in_parts(
    ///     "a long answer",
    ///     100,
    ///     Duration::from_secs(1),
    /// )]);
    /// let (claude, runner) =
    ///     Driver::new(Config::new(Seed::random()), runtime.start(script)).into_session();
    /// let mut watch = claude.subscribe(10_000, Overflow::Oldest);
    /// let outcome = runtime.run(runner.run_until(async move {
    ///     let mut turn = claude.prompt("talk").unwrap().interrupt_on_drop();
    ///     turn.next().await;
    ///     drop(turn);
    ///     loop {
    ///         if let Some(Ok(Action::PromptEnded { outcome, .. })) = watch.next().await {
    ///             return outcome;
    ///         }
    ///     }
    /// }));
    /// assert_eq!(outcome, Outcome::Interrupted);
    /// ```
    pub fn interrupt_on_drop(mut self) -> Self {
        self.stops = true;
        self
    }

    /// Returns the next message, or `None` after the prompt has ended and all messages were read.
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`Lagged`] if messages were dropped before the next one.
    pub async fn next(&mut self) -> Option<Result<Message, Lagged>> {
        poll_fn(|cx| self.poll_message(cx)).await
    }

    /// Returns the next edit of the turn's content, or `None` after the prompt has ended and all edits were
    /// taken. Applying all edits yields the final content, even if the CLI begins an answer again: see
    /// [`Accumulator`].
    ///
    /// Each message is either read by [`next`](Self::next) or converted into edits. Read a turn in one of the two
    /// ways only. Dropping the future loses nothing.
    ///
    /// ```
    /// use claude_duplex::Session;
    /// use claude_duplex::message::Edit;
    ///
    /// async fn show(claude: &Session) -> Result<(), Box<dyn std::error::Error>> {
    ///     let mut turn = claude.prompt("what is in this folder?")?;
    ///     while let Some(edit) = turn.next_edit().await {
    ///         match edit? {
    ///             Edit::Append { block, text, .. } if block.is_answer() => print!("{text}"),
    ///             Edit::Replace { block, text, .. } if block.is_answer() => {
    ///                 print!("\n[once more] {text}")
    ///             }
    ///             Edit::ToolCall { call, .. } if call.input.is_some() => {
    ///                 println!("\n[{}]", call.name)
    ///             }
    ///             _ => {}
    ///         }
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Lagged`] if messages were dropped before the next one. Their content may be missing.
    pub async fn next_edit(&mut self) -> Option<Result<Edit, Lagged>> {
        loop {
            if let Some(edit) = self.edits.as_mut().and_then(|edits| edits.1.pop_front()) {
                return Some(Ok(edit));
            }
            match self.next().await? {
                Ok(message) => {
                    let (accumulator, edits) = &mut **self.edits.get_or_insert_default();
                    edits.extend(accumulator.add(&message));
                }
                Err(lagged) => return Some(Err(lagged)),
            }
        }
    }

    /// Waits for the end of the prompt and returns it, whatever the outcome. Unread messages are dropped;
    /// [`ended`](Self::ended) leaves them to be read.
    ///
    /// Dropping the future drops the handle.
    pub async fn finish(self) -> PromptEnd {
        self.resume(self.mailbox.stop_reading());
        poll_fn(|cx| self.poll_end(cx)).await
    }

    /// Waits for the end of the prompt and returns it. Messages may still be unread. Later calls return the same
    /// end.
    ///
    /// Dropping the future loses nothing.
    pub async fn ended(&mut self) -> PromptEnd {
        poll_fn(|cx| self.poll_end(cx)).await
    }

    /// Cancels the prompt if no turn has taken it up: see [`Protocol::cancel`](crate::Protocol::cancel).
    ///
    /// # Errors
    /// [`StaleIdError`] if the prompt has ended.
    pub fn cancel(&self) -> Result<(), StaleIdError> {
        self.presence.command(|state| state.cancel(self.id))
    }

    /// Interrupts the turn that runs the prompt. The response acknowledges the interrupt; [`ended`](Self::ended)
    /// returns how the prompt ended.
    ///
    /// # Errors
    /// Returns the interrupt if the prompt was not yet written ([`cancel`](Self::cancel) it instead), or if it
    /// has ended.
    pub fn interrupt(&self) -> Result<PendingResponse, RefusedError<Interrupt>> {
        let pending = self.presence.command(|state| state.interrupt(Interrupt::prompt(self.id)))?;
        Ok(pending.for_host(&self.presence.runner_inbox))
    }

    fn poll_message(&self, cx: &Context<'_>) -> Poll<Option<Result<Message, Lagged>>> {
        let (polled, resumes) = self.mailbox.poll_message(cx);
        self.resume(resumes);
        self.presence.runner_inbox.waiting(polled, cx)
    }

    fn poll_end(&self, cx: &Context<'_>) -> Poll<PromptEnd> {
        let (polled, resumes) = self.mailbox.poll_end(cx);
        self.resume(resumes);
        self.presence.runner_inbox.waiting(polled, cx)
    }

    /// Wakes a session that waited for this reader.
    fn resume(&self, resumes: bool) {
        if resumes {
            self.presence.runner_inbox.wake();
        }
    }
}

impl Drop for PromptHandle {
    fn drop(&mut self) {
        if self.stops && !self.mailbox.has_ended() {
            self.presence.runner_inbox.leave(|left| left.stopped.push(self.id));
        }
        self.resume(self.mailbox.abandon());
    }
}

/// Yields the messages of the turn; see [`PromptHandle::next`].
impl Stream for PromptHandle {
    type Item = Result<Message, Lagged>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_message(cx)
    }
}

/// Waits for the end of the prompt and returns the answer: [`PromptEnd::into_result`]. Unread messages are
/// dropped.
impl IntoFuture for PromptHandle {
    type Output = Result<Answer, PromptError>;
    type IntoFuture = PendingAnswer;

    fn into_future(self) -> PendingAnswer {
        self.resume(self.mailbox.stop_reading());
        PendingAnswer(self)
    }
}

/// Future of the answer to a prompt, created by awaiting a [`PromptHandle`]. Dropping the future drops the
/// handle.
#[derive(Debug)]
#[must_use = "futures do nothing unless they are awaited"]
pub struct PendingAnswer(PromptHandle);

impl Future for PendingAnswer {
    type Output = Result<Answer, PromptError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll_end(cx).map(PromptEnd::into_result)
    }
}

impl fmt::Debug for PromptHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PromptHandle").field("id", &self.id).finish_non_exhaustive()
    }
}
