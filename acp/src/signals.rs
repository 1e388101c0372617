//! Signals that request the end of the agent.

/// Waits for SIGTERM, SIGINT or SIGHUP.
#[cfg(unix)]
pub(crate) async fn end() {
    use async_signal::{Signal, Signals};
    use futures_lite::StreamExt;

    match Signals::new([Signal::Term, Signal::Int, Signal::Hup]) {
        Ok(mut signals) => drop(signals.next().await),
        // Without a handler such a signal ends the process at once.
        Err(_) => std::future::pending().await,
    }
}

/// Never completes: the system ends the process.
#[cfg(not(unix))]
pub(crate) async fn end() {
    std::future::pending().await
}
