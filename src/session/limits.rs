//! How much the handles of a session hold.

/// What the handles of one session hold at most. [`Limits`](crate::Limits) bounds what the session itself does: bytes
/// that wait to be written (`unsent`), the end of stderr (`stderr_tail`), open prompts, requests and incoming requests.
///
/// ```
/// use claude_duplex::testing::{Script, Step, TestRuntime};
/// use claude_duplex::{HandleLimits, Session};
///
/// let mut limits = HandleLimits::default();
/// limits.turn_messages = 4;
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
    /// Unread messages of one turn; of more, the oldest go. 1,024.
    pub turn_messages: usize,
    /// Bytes of the unread messages of one turn, but for one message that is longer by itself. 4 MiB.
    pub turn_bytes: usize,
    /// Bytes of what one subscriber has not read, but for one line that is longer by itself. How many actions it is
    /// given when it subscribes. 16 MiB.
    pub subscriber_bytes: usize,
}

impl Default for HandleLimits {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Self { turn_messages: 1024, turn_bytes: 4 * MIB, subscriber_bytes: 16 * MIB }
    }
}
