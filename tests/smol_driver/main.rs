//! What is smol's own: its reactor, its way to collect a child. All else is in `tests/transports`.

#![cfg(unix)]

mod children;
mod streams;

use std::future::Future;
use std::time::Duration;

/// Fails instead of hanging.
fn bounded<R>(test: impl Future<Output = R>) -> R {
    let late = async {
        smol::Timer::after(Duration::from_secs(60)).await;
        panic!("the test takes too long");
    };
    smol::block_on(smol::future::or(test, late))
}
