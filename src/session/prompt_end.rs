//! End of a prompt.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use super::declined::DeclinedRequest;
use crate::base::error::DecodeError;
use crate::base::ids::{PromptId, TurnId};
use crate::base::text::{Quoted, TruncatedList};
use crate::message::usage::Usage;
use crate::message::{Failure, FailureKind, Message, Transcript, TurnResult};
use crate::protocol::action::{Attribution, Outcome};
use crate::protocol::end::SessionClosed;

/// End of a prompt, with the result that the CLI reported.
///
/// ```
/// use claude_duplex::testing::{Script, Step, TestRuntime};
/// use claude_duplex::{Config, Driver, Outcome, Seed};
///
/// let runtime = TestRuntime::new();
/// let script = Script::default().then([Step::text("hi")]).then([Step::api_error(
///     529,
///     "overloaded",
///     0,
/// )]);
/// let (claude, runner) =
///     Driver::new(Config::new(Seed::random()), runtime.start(script)).into_session();
/// runtime.run(runner.run_until(async {
///     let end = claude.prompt("hello").unwrap().keep(1024 * 1024).finish().await;
///     assert_eq!(
///         (end.text().as_str(), end.is_success(), end.omitted),
///         ("hi", true, 0)
///     );
///     assert!(end.usage().unwrap().output_tokens > Some(0));
///     assert!(end.messages.iter().any(|message| message.result().is_ok()));
///     let end = claude.prompt("and now?").unwrap().finish().await;
///     assert_eq!(end.outcome, Outcome::Error);
///     assert!(end.text().contains("overloaded"));
/// }));
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PromptEnd {
    /// Id of the prompt.
    pub prompt: PromptId,
    /// Turn that took up the prompt, if any.
    pub turn: Option<TurnId>,
    /// Outcome of the prompt.
    pub outcome: Outcome,
    /// Confidence of the outcome: reported by the CLI, or inferred by this crate.
    pub attribution: Attribution,
    /// The `result` that answers the prompt. `None` if the prompt never ran, or was lost. Prompts that shared a
    /// turn have the same result.
    pub result: Option<Message>,
    /// Last text of the turn, if the prompt did not succeed, e.g. the partial answer of an interrupted prompt.
    /// Taken from the last 256 KiB of the turn's messages, read or unread.
    pub partial: String,
    /// Messages of the turn in order, if [`PromptHandle::keep`](super::PromptHandle::keep) was called.
    pub messages: Vec<Message>,
    /// Number of later messages that exceeded the limit.
    pub omitted: u64,
    /// End of the session, if the prompt was lost with it. The handle of such a prompt reports its end when the
    /// end of the session is complete, i.e. after the child's exit and the ends of its pipes. The
    /// [`ShutdownTimeouts`](crate::ShutdownTimeouts) limit this time.
    pub closed: Option<SessionClosed>,
    pub(super) declined: Vec<DeclinedRequest>,
    /// Cost of the process at the time of the result before this one.
    pub(super) total_before: Option<Total>,
}

/// Total cost of the process, in US dollars, as reported by a result.
#[derive(Debug, Clone, Copy)]
pub(super) struct Total(f64);

impl Total {
    pub(super) fn of(result: &Message) -> Option<Self> {
        #[derive(Deserialize)]
        struct Cost {
            total_cost_usd: Option<f64>,
            cost_usd: Option<f64>,
        }
        let cost: Cost = result.decode().ok()?;
        cost.total_cost_usd.or(cost.cost_usd).map(Self)
    }
}

impl PartialEq for Total {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for Total {}

impl fmt::Debug for PromptEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PromptEnd")
            .field("prompt", &self.prompt)
            .field("turn", &self.turn)
            .field("outcome", &self.outcome)
            .field("attribution", &self.attribution)
            .field("result", &self.result)
            .field("partial", &Quoted(&self.partial))
            .field("messages", &TruncatedList(&self.messages))
            .field("omitted", &self.omitted)
            .field("closed", &self.closed)
            .field("declined", &TruncatedList(&self.declined))
            .finish()
    }
}

impl PromptEnd {
    /// Returns whether the [outcome](Outcome::is_success) is a success.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.outcome.is_success()
    }

    /// Returns the text of the answer, or of the error. For a prompt that was interrupted or lost, returns the
    /// partial answer. [`failure`](Self::failure) returns the cause of an interruption.
    #[must_use]
    pub fn text(&self) -> String {
        match self.outcome {
            Outcome::Interrupted | Outcome::Lost(_) => self.partial.clone(),
            _ => self.result.as_ref().and_then(Message::result_text).unwrap_or_default(),
        }
    }

    /// Returns the reason of the failure, e.g. a limit and its end, an overloaded API, a rejected login, or a
    /// full context. Returns `None` if the prompt succeeded, or has no result. [Kept](super::PromptHandle::keep)
    /// messages add evidence.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        let mut failure = self.transcript().failure()?;
        if self.outcome == Outcome::Interrupted && failure.kind != FailureKind::Interrupted {
            (failure.kind, failure.message) = (FailureKind::Interrupted, "the turn was interrupted".to_owned());
        }
        Some(failure)
    }

    /// Returns `true` if the CLI wrote the answer instead of a model: see
    /// [`Assistant::is_synthetic`](crate::message::Assistant::is_synthetic). Only known if the messages were
    /// [kept](super::PromptHandle::keep).
    #[must_use]
    pub fn is_synthetic(&self) -> bool {
        self.transcript().is_synthetic()
    }

    /// Returns the requests of the CLI that were declined during the turn, because the host gave no response.
    /// Either their kind is not [handled](crate::Config::handle), no handler served them, or the handler was
    /// dropped. At most 64 are listed. A prompt can succeed although its tools were declined, so a host that
    /// expects requests should check this list.
    #[must_use]
    pub fn declined(&self) -> &[DeclinedRequest] {
        &self.declined
    }

    fn transcript(&self) -> Transcript {
        let mut transcript = Transcript::new();
        self.messages.iter().chain(&self.result).for_each(|message| transcript.add(message));
        transcript
    }

    /// Returns the id of the session in which the prompt ran, by which the session can be resumed.
    #[must_use]
    pub fn session_id(&self) -> Option<String> {
        self.result.as_ref()?.session_id()
    }

    /// Returns the cost of the CLI process since its start, in US dollars. Early versions named it `cost_usd`.
    /// [`cost_usd`](Self::cost_usd) is the cost of this prompt's turn alone.
    #[must_use]
    pub fn total_cost_usd(&self) -> Option<f64> {
        Total::of(self.result.as_ref()?).map(|total| total.0)
    }

    /// Returns the cost since the previous result, in US dollars: the cost of the turn that answered the prompt,
    /// and of the CLI's work in between. Prompts that shared a turn share its cost. Returns `None` without a
    /// result, or if the result has no cost.
    ///
    /// Since 2.1.329 the CLI reports this cost. Before, it is the difference of two totals.
    ///
    /// ```
    /// use claude_duplex::testing::{Script, Step, TestRuntime};
    /// use claude_duplex::{Config, Driver, Seed};
    ///
    /// let runtime = TestRuntime::new();
    /// let script = Script::default().then([Step::text("one")]).then([Step::text("two")]);
    /// let config = Config::new(Seed::from_bytes([1; 16]));
    /// let (claude, runner) = Driver::new(config, runtime.start(script)).into_session();
    /// runtime.run(runner.run_until(async {
    ///     let first = claude.prompt("first").unwrap().finish().await;
    ///     let second = claude.prompt("second").unwrap().finish().await;
    ///     let (one, two) = (first.cost_usd().unwrap(), second.cost_usd().unwrap());
    ///     assert!((second.total_cost_usd().unwrap() - (one + two)).abs() < 1e-9);
    /// }));
    /// ```
    #[must_use]
    pub fn cost_usd(&self) -> Option<f64> {
        let before = self.total_before.map(|total| total.0);
        match self.details()? {
            Ok(result) if result.total_cost_usd.is_some() || result.model_usage_since_last_result.is_some() => {
                result.cost_after(before)
            }
            _ => {
                let total = self.total_cost_usd()?;
                Some(total - before.filter(|before| *before <= total).unwrap_or(0.0))
            }
        }
    }

    /// Returns the tokens of the turn, as the result reports them. Prompts that shared a turn share its tokens. Returns
    /// `None` without a result, or if the result has none.
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        self.result.as_ref()?.usage()
    }

    /// Returns the duration of the turn as measured by the CLI.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        Duration::try_from_secs_f64(self.details()?.ok()?.duration_ms? / 1e3).ok()
    }

    /// Returns the typed view of the result, or `None` without a result.
    ///
    /// # Errors
    /// [`DecodeError`] if the result lacks a required field.
    pub fn details(&self) -> Option<Result<TurnResult, DecodeError>> {
        self.result.as_ref().map(Message::result)
    }
}
