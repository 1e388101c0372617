//! Reasons why a session waits.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::base::ids::{IncomingId, RequestId};
use crate::base::text::Quoted;

/// Reason why a session waits, as far as the CLI's lines show.
///
/// Part of [`Action::DeadlineExceeded`](crate::Action::DeadlineExceeded). It depends on the inputs of the session and on nothing
/// else: a [journal](crate::journal) reproduces it.
///
/// ```
/// use claude_duplex::WaitReason;
/// use std::time::Duration;
///
/// let reason = WaitReason::tool("toolu_01", "Bash", Duration::from_secs(90));
/// assert_eq!(reason.to_string(), "the tool \"Bash\", for 90 s");
/// assert_eq!(WaitReason::Model.to_string(), "the model");
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitReason {
    /// The CLI has not read what was written to it.
    Stdin,
    /// The CLI has not begun a turn for a prompt that was written.
    TurnStart,
    /// The model, or work of the CLI that no line reports, e.g. a hook of the settings.
    Model,
    /// A tool that the model called on the main thread. Of several that run, the one that was called first.
    #[non_exhaustive]
    Tool {
        /// Id of the call, at most 256 bytes.
        id: Arc<str>,
        /// Name of the tool, at most 256 bytes.
        name: Arc<str>,
        /// Time since the call. It includes the time that a permission took.
        age: Duration,
    },
    /// A request to the API failed, and the CLI repeats it (reported since 2.1.77).
    #[non_exhaustive]
    ApiRetry {
        /// Number of the repetition, from 1.
        attempt: Option<u64>,
        /// Number of repetitions after which the CLI gives up.
        max_attempts: Option<u64>,
        /// HTTP status of the failure, if the API responded.
        status: Option<u64>,
        /// Time since the CLI reported it.
        age: Duration,
    },
    /// The turn has ended according to other lines of the CLI, but its `result` is missing.
    TurnResult,
    /// An agent or a workflow that runs in the background, or the turn in which the CLI reports its end.
    #[non_exhaustive]
    BackgroundTask {
        /// Id of the task that began first, if the CLI reported one.
        id: Option<Arc<str>>,
    },
    /// The response to a control request.
    #[non_exhaustive]
    Response {
        /// Request that was sent first of those without a response.
        request: RequestId,
    },
    /// The host's response to an incoming request. A stall never has this reason: none is reported while only a response of the
    /// host is missing.
    #[non_exhaustive]
    HostResponse {
        /// Incoming request that was received first of those without a response.
        incoming: IncomingId,
    },
}

impl WaitReason {
    /// Creates the reason [`Tool`](Self::Tool), for a host's tests.
    #[must_use]
    pub fn tool(id: &str, name: &str, age: Duration) -> Self {
        Self::Tool { id: id.into(), name: name.into(), age }
    }

    /// Creates the reason [`ApiRetry`](Self::ApiRetry) without an HTTP status, for a host's tests.
    #[must_use]
    pub fn api_retry(attempt: u64, max_attempts: u64, age: Duration) -> Self {
        Self::ApiRetry { attempt: Some(attempt), max_attempts: Some(max_attempts), status: None, age }
    }

    /// Creates the reason [`BackgroundTask`](Self::BackgroundTask), for a host's tests.
    #[must_use]
    pub fn background_task(id: &str) -> Self {
        Self::BackgroundTask { id: Some(id.into()) }
    }

    /// Creates the reason [`Response`](Self::Response), for a host's tests.
    #[must_use]
    pub const fn response(request: RequestId) -> Self {
        Self::Response { request }
    }

    /// Creates the reason [`HostResponse`](Self::HostResponse), for a host's tests.
    #[must_use]
    pub const fn host_response(incoming: IncomingId) -> Self {
        Self::HostResponse { incoming }
    }

    /// Returns the machine-readable name of the reason, e.g. `api_retry`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Stdin => "stdin",
            Self::TurnStart => "turn_start",
            Self::Model => "model",
            Self::Tool { .. } => "tool",
            Self::ApiRetry { .. } => "api_retry",
            Self::TurnResult => "turn_result",
            Self::BackgroundTask { .. } => "background_task",
            Self::Response { .. } => "response",
            Self::HostResponse { .. } => "host_response",
        }
    }
}

impl fmt::Display for WaitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdin => f.write_str("the CLI to read its stdin"),
            Self::TurnStart => f.write_str("the CLI to begin a turn"),
            Self::Model => f.write_str("the model"),
            Self::Tool { name, age, .. } => write!(f, "the tool {:?}, for {} s", Quoted(name), age.as_secs()),
            Self::ApiRetry { attempt, max_attempts, status, age } => {
                f.write_str("a repeated request to the API")?;
                if let (Some(attempt), Some(most)) = (attempt, max_attempts) {
                    write!(f, " ({attempt} of {most})")?;
                }
                if let Some(status) = status {
                    write!(f, ", which failed with HTTP status {status}")?;
                }
                write!(f, ", for {} s", age.as_secs())
            }
            Self::TurnResult => f.write_str("the result of a turn that is over"),
            Self::BackgroundTask { id: Some(id) } => write!(f, "the background task {:?}", Quoted(id)),
            Self::BackgroundTask { id: None } => f.write_str("a background task"),
            Self::Response { request } => write!(f, "the response to {request}"),
            Self::HostResponse { incoming } => write!(f, "the host's response to {incoming}"),
        }
    }
}

impl fmt::Debug for WaitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdin => f.write_str("Stdin"),
            Self::TurnStart => f.write_str("TurnStart"),
            Self::Model => f.write_str("Model"),
            Self::Tool { id, name, age } => {
                f.debug_struct("Tool").field("id", &Quoted(id)).field("name", &Quoted(name)).field("age", age).finish()
            }
            Self::ApiRetry { attempt, max_attempts, status, age } => f
                .debug_struct("ApiRetry")
                .field("attempt", attempt)
                .field("max_attempts", max_attempts)
                .field("status", status)
                .field("age", age)
                .finish(),
            Self::TurnResult => f.write_str("TurnResult"),
            Self::BackgroundTask { id } => {
                f.debug_struct("BackgroundTask").field("id", &id.as_deref().map(Quoted)).finish()
            }
            Self::Response { request } => f.debug_struct("Response").field("request", request).finish(),
            Self::HostResponse { incoming } => f.debug_struct("HostResponse").field("incoming", incoming).finish(),
        }
    }
}
