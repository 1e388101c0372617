//! A runner that is never polled.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::mpsc::channel;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use claude_duplex::request::ListModels;
use claude_duplex::testing::{Script, TestRuntime};
use claude_duplex::{Config, IncomingKind, Options, Overflow, Seed, Session};
use tracing::Level;

use super::capture::Capture;

/// A wait that nobody ends, as a future of nothing.
#[cfg(debug_assertions)]
type Wait = Pin<Box<dyn Future<Output = ()>>>;

#[cfg(debug_assertions)]
fn waits(claude: Session) -> Vec<(&'static str, Wait)> {
    let mut prompt = claude.prompt("hello").unwrap();
    let ended = claude.prompt("and more").unwrap();
    let pending = claude.request(ListModels::new()).unwrap();
    let mut incoming = claude.incoming().unwrap();
    let mut watch = claude.subscribe(8, Overflow::Oldest);
    vec![
        ("a message", Box::pin(async move { drop(prompt.next().await) })),
        ("an end", Box::pin(async move { drop(ended.await) })),
        ("a response", Box::pin(async move { drop(pending.await) })),
        ("an incoming request", Box::pin(async move { drop(incoming.next().await) })),
        ("an action", Box::pin(async move { drop(watch.next().await) })),
        ("the exit", Box::pin(async move { drop(claude.wait_for_exit().await) })),
    ]
}

/// Without the report, each of them would wait forever.
#[cfg(debug_assertions)]
#[test]
fn the_first_waiter_reports_an_unpolled_runner() {
    let open = || {
        let handles_all = Config::new(Seed::from_bytes([1; 16])).handle(IncomingKind::Permission);
        let options = Options::new().host_permission_prompts();
        let child = TestRuntime::new().start(Script::default());
        Session::builder().options(options).config(handles_all).open_on(child)
    };
    let (done, reports) = channel();
    for number in 0..waits(open().0).len() {
        let (open, done) = (open, done.clone());
        thread::spawn(move || {
            let capture = Capture::new(Level::WARN);
            let warnings =
                || capture.seen().events.iter().filter(|event| event.name.contains("has not been polled")).count();
            let (claude, _runner) = open();
            let (what, mut wait) = waits(claude.clone()).swap_remove(number);
            capture.during(|| {
                futures_lite::future::block_on(poll_fn(|cx| {
                    assert!(wait.as_mut().poll(cx).is_pending(), "{what} is there");
                    if warnings() == 0 { Poll::Pending } else { Poll::Ready(()) }
                }));
                // One report is enough.
                futures_lite::future::block_on(poll_fn(|cx| {
                    assert!(wait.as_mut().poll(cx).is_pending());
                    assert!(pin!(claude.wait_for_exit()).poll(cx).is_pending());
                    Poll::Ready(())
                }));
            });
            done.send((what, warnings())).unwrap();
        });
    }
    drop(done);
    let mut waited: Vec<_> = std::iter::from_fn(|| reports.recv_timeout(Duration::from_secs(60)).ok()).collect();
    waited.sort_unstable();
    let all = ["a message", "a response", "an action", "an end", "an incoming request", "the exit"];
    assert_eq!(waited, all.map(|what| (what, 1)));
}

#[test]
fn debug_output_of_a_session_shows_if_its_runner_was_polled() {
    let runtime = TestRuntime::new();
    let (claude, runner) = Session::builder().open_on(runtime.start(Script::default()));
    assert!(format!("{claude:?}").contains("runner: has not been polled"), "{claude:?}");
    claude.close();
    runtime.run(runner);
    assert!(!format!("{claude:?}").contains("runner"), "{claude:?}");
}
