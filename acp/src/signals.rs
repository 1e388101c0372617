//! Requests of the system to end.

/// Waits until the process is asked to end.
#[cfg(unix)]
pub(crate) async fn end() {
    use async_signal::{Signal, Signals};
    use futures_lite::StreamExt;

    match Signals::new([Signal::Term, Signal::Int, Signal::Hup]) {
        Ok(mut signals) => drop(signals.next().await),
        // Without handlers such a signal ends the process at once.
        Err(_) => std::future::pending().await,
    }
}

/// Waits for ever: the system ends the process.
#[cfg(not(unix))]
pub(crate) async fn end() {
    std::future::pending().await
}
