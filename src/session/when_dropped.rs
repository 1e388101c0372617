//! Treatment of a session without handles.

/// End of a session whose last handle is dropped, or whose future of [`Runner::run_until`](super::Runner::run_until) is ready:
/// [`SessionBuilder::when_dropped`](super::SessionBuilder::when_dropped). A session that is already closing is not
/// affected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum WhenDropped {
    /// The session is closed as by [`close_now`](super::Session::close_now): a running turn is interrupted, and the CLI exits
    /// within seconds.
    #[default]
    CloseNow,
    /// The session is closed as by [`close`](super::Session::close): a running turn has up to
    /// [`ShutdownTimeouts::turn`](crate::ShutdownTimeouts::turn), 120 s, to end.
    Close,
    /// The session is aborted as by [`abort`](super::Session::abort): the CLI is killed.
    Abort,
}
