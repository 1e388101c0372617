//! A runner that nobody polls.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use claude_duplex::Session;
use claude_duplex::testing::{Script, TestRuntime};
use tracing::Level;

use super::capture::Capture;

/// Whoever waits would wait forever, without a word.
#[cfg(debug_assertions)]
#[test]
fn the_first_that_waits_reports_it() {
    let capture = Capture::new(Level::WARN);
    let warnings = || capture.seen().events.iter().filter(|event| event.name.contains("has not been polled")).count();
    capture.during(|| {
        let (claude, _runner) = Session::builder().open_on(TestRuntime::new().start(Script::default()));
        let mut prompt = claude.prompt("hello").unwrap();
        futures_lite::future::block_on(poll_fn(|cx| {
            assert!(pin!(prompt.next()).poll(cx).is_pending());
            assert!(pin!(claude.wait_for_exit()).poll(cx).is_pending());
            if warnings() == 0 { Poll::Pending } else { Poll::Ready(()) }
        }));
    });
    assert_eq!(warnings(), 1, "one report is enough");
}

#[test]
fn a_session_shows_whether_its_runner_was_polled() {
    let runtime = TestRuntime::new();
    let (claude, runner) = Session::builder().open_on(runtime.start(Script::default()));
    assert!(format!("{claude:?}").contains("runner: has not been polled"), "{claude:?}");
    claude.close();
    runtime.run(runner);
    assert!(!format!("{claude:?}").contains("runner"), "{claude:?}");
}
