//! What is smol's own: its reactor, its way to collect a child. All else is in `tests/hosts/transports`.

mod children;
mod streams;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use claude_duplex::{Action, Driver, Prompt, Request, RequestError, Transport};

/// Fails instead of hanging.
fn bounded<R>(test: impl Future<Output = R>) -> R {
    let late = async {
        smol::Timer::after(Duration::from_secs(60)).await;
        panic!("the test takes too long");
    };
    let test: Pin<&mut dyn Future<Output = R>> = pin!(test);
    smol::block_on(smol::future::or(test, late))
}

/// How often a driver is polled while its child is silent and reads nothing, by a runtime that makes a waker for each
/// poll: in tokio's `block_on` no waker says of its own clone that it wakes the same task.
fn polls_of_silence(claude: &mut Driver<impl Transport>) -> usize {
    struct Anew(Waker);
    impl Wake for Anew {
        fn wake(self: Arc<Self>) {
            self.0.wake_by_ref();
        }
    }

    claude.request(Request::new("mcp_status").timeout(Duration::from_millis(300))).unwrap();
    claude.prompt(Prompt::text("x".repeat(4_000_000))).unwrap(); // more than a pipe or a socket takes
    let mut polls = 0;
    let next = bounded(poll_fn(|cx| {
        polls += 1;
        if polls == 1 {
            cx.waker().wake_by_ref(); // something else happens in the task
        }
        claude.poll_next(&mut Context::from_waker(&Waker::from(Arc::new(Anew(cx.waker().clone())))))
    }));
    assert!(matches!(next, Some(Action::ResponseReceived { response: Err(RequestError::TimedOut), .. })), "{next:?}");
    polls
}
