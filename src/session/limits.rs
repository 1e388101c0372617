//! Limits of the handles of a session.

use std::time::Duration;

use super::waiting::ring::Overflow;

/// Maximum sizes of the buffers of a session's handles. [`Limits`](crate::Limits) limits the session itself:
/// unsent bytes (`unsent`), the end of stderr (`stderr_tail`), open prompts, requests and incoming requests.
///
/// ```
/// use claude_duplex::testing::{Script, Step, TestRuntime};
/// use claude_duplex::{HandleLimits, Overflow, Session};
///
/// let mut limits = HandleLimits::default();
/// limits.turn_messages = 4;
/// limits.turn_overflow = Overflow::Oldest; // by default the session waits for who reads
/// let runtime = TestRuntime::new();
/// let answer = Step::text_in_parts("a long answer", 13, Default::default());
/// let script = Script::default().then([answer]);
/// let (claude, runner) = Session::builder().limits(limits).open_on(runtime.start(script));
/// runtime.run(runner.run_until(async {
///     let mut turn = claude.prompt("talk").unwrap();
///     // Nothing was read meanwhile, and the session did not wait for that.
///     assert!(turn.ended().await.is_success());
///     let lagged = turn.next().await.unwrap().unwrap_err();
///     assert!(lagged.missed > 4);
///     let mut left = 0;
///     while turn.next().await.is_some() {
///         left += 1;
///     }
///     assert_eq!(left, 4);
/// }));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandleLimits {
    /// Maximum number of unread messages of one prompt's stream. [`turn_overflow`](Self::turn_overflow) applies
    /// to more. Default: 1,024.
    pub turn_messages: usize,
    /// Maximum bytes of the unread messages of one prompt's stream, except for a single longer message. If the session
    /// [waits](Overflow::Wait) for the reader, it does so once half of this limit is unread. Each message then counts 64 bytes
    /// in addition to its line. Default: 4 MiB.
    pub turn_bytes: usize,
    /// Policy for a prompt's stream that is not read in time. Default: [`Overflow::Wait`], after the first read.
    pub turn_overflow: Overflow,
    /// Maximum bytes of the unread actions of one subscriber, except for a single longer line. The maximum number of actions is
    /// an argument of `subscribe`. If the session [waits](Overflow::Wait) for the subscriber, the rules of
    /// [`turn_bytes`](Self::turn_bytes) apply. Default: 16 MiB.
    pub subscriber_bytes: usize,
    /// Time for which the session [waits](Overflow::Wait) for a reader that takes nothing. After it, the session
    /// continues without that reader until the reader reads again. Default: 30 s.
    pub reader_timeout: Duration,
}

impl Default for HandleLimits {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Self {
            turn_messages: 1024,
            turn_bytes: 4 * MIB,
            turn_overflow: Overflow::Wait,
            subscriber_bytes: 16 * MIB,
            reader_timeout: Duration::from_secs(30),
        }
    }
}
