//! How much the handles of a session hold.

use std::time::Duration;

use super::waiting::ring::Overflow;

/// What the handles of one session hold at most. [`Limits`](crate::Limits) bounds what the session itself does: bytes
/// that wait to be written (`unsent`), the end of stderr (`stderr_tail`), open prompts, requests and incoming requests.
///
/// ```
/// use claude_duplex::testing::{Script, Step, TestRuntime};
/// use claude_duplex::{HandleLimits, Overflow, Session};
///
/// let mut limits = HandleLimits::default();
/// limits.turn_messages = 4;
/// limits.turn_overflow = Overflow::Oldest; // by default the session waits for who reads
/// let world = TestRuntime::new();
/// let script = Script::default().then([Step::text_in_parts("a long answer", 13, Default::default())]);
/// let (claude, runner) = Session::builder().limits(limits).open_on(world.start(script));
/// world.run(runner.run_until(async {
///     let mut turn = claude.prompt("talk").unwrap();
///     assert!(turn.ended().await.is_success()); // nobody read meanwhile, and nothing waited for that
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
    /// Unread messages of one prompt's stream. [`turn_overflow`](Self::turn_overflow) applies to more. 1,024.
    pub turn_messages: usize,
    /// Bytes of the unread messages of one prompt's stream, but for one message that is longer by itself. A reader that is
    /// [waited for](Overflow::Wait) is waited for from half of them on, and each message counts 64 bytes beside its line.
    /// 4 MiB.
    pub turn_bytes: usize,
    /// Policy for a prompt's stream that is not read in time. [`Overflow::Wait`], from the first read on.
    pub turn_overflow: Overflow,
    /// Bytes of what one subscriber has not read, but for one line that is longer by itself. How many actions it is
    /// given when it subscribes. For one that is [waited for](Overflow::Wait), as in [`turn_bytes`](Self::turn_bytes). 16 MiB.
    pub subscriber_bytes: usize,
    /// Time for which the session [waits](Overflow::Wait) for a reader that takes nothing. Then it reads on without that one,
    /// until it reads again. 30 s.
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
