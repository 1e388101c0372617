//! What is tokio's own: its clock, its runtimes, its way to collect a child. All else is in `tests/hosts/transports`.

mod children;
mod streams;

use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

/// Both kinds.
fn runtimes() -> [Runtime; 2] {
    [Builder::new_current_thread(), Builder::new_multi_thread()].map(|mut kind| kind.enable_all().build().unwrap())
}

/// Fails instead of hanging.
async fn bounded<R>(test: impl Future<Output = R>) -> R {
    tokio::time::timeout(Duration::from_secs(60), test).await.expect("the test takes too long")
}
