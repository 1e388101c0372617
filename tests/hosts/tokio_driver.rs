//! What is tokio's own: its clock, its runtimes, its way to collect a child. All else is in `tests/hosts/transports`.

mod children;
mod streams;

use std::pin::Pin;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

/// Both kinds.
fn runtimes() -> [Runtime; 2] {
    [Builder::new_current_thread(), Builder::new_multi_thread()].map(|mut kind| kind.enable_all().build().unwrap())
}

/// Fails instead of hanging. Boxed, so that the runtime is not compiled once for each test.
fn bounded<'t, R: 't>(test: impl Future<Output = R> + 't) -> Pin<Box<dyn Future<Output = R> + 't>> {
    let test: Pin<Box<dyn Future<Output = R> + 't>> = Box::pin(test);
    let bounded = async { tokio::time::timeout(Duration::from_secs(60), test).await.expect("the test takes too long") };
    Box::pin(bounded)
}
