//! What a session answers by itself, on every path on which a request of the CLI can lose the one who would answer it:
//! at most once, by a refusal, and without waiting for anybody beyond the graces.

use std::future::{Future, pending};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::time::Duration;

use claude_duplex::incoming::ElicitationResponse;
use claude_duplex::testing::{Script, Step};
use claude_duplex::{
    Action, Decision, IncomingKind, IncomingKinds, IncomingRequests, IncomingResponse, Json, Overflow, Request,
    RespondError, Responder, Session, Subscriber, UnknownIncoming, handler_fn,
};
use futures_lite::FutureExt;
use futures_lite::future::or;

use super::fixture::{Log, Rig, SECOND, open_with, until};
use crate::incoming::{DIALOG, KINDS, Kind};

/// How long the turn goes on after the request, if it is not stopped.
const TURN: Duration = Duration::from_secs(1000);

/// What a test does about the request, which the session has just been told of.
struct Stage {
    claude: Session,
    incoming_requests: Option<IncomingRequests>,
    watch: Subscriber,
    log: Log,
    kind: &'static Kind,
}

type Play = fn(Stage) -> Pin<Box<dyn Future<Output = ()>>>;

/// The paths. Each leaves the request without anybody who would answer it.
const PATHS: &[(&str, Play)] = &[
    ("nobody owns it", |mut stage| {
        Box::pin(async move {
            drop(stage.incoming_requests.take());
            stage.responder().await;
            stage.refused().await;
        })
    }),
    ("its handle is dropped", |mut stage| {
        Box::pin(async move {
            drop(stage.take().await);
            stage.refused().await;
        })
    }),
    ("its handle is dropped on another thread", |mut stage| {
        Box::pin(async move {
            let responder = stage.take().await;
            std::thread::spawn(move || drop(responder)).join().unwrap();
            stage.refused().await;
        })
    }),
    ("the stream that had not handed it out is dropped", |mut stage| {
        Box::pin(async move {
            stage.responder().await;
            drop(stage.incoming_requests.take());
            stage.refused().await;
        })
    }),
    ("its answer is of another kind", |mut stage| {
        Box::pin(async move {
            let responder = stage.take().await;
            let other = match responder.kind() {
                IncomingKind::Permission => IncomingResponse::from(ElicitationResponse::cancel()),
                _ => IncomingResponse::from(Decision::allow()),
            };
            assert_eq!(responder.respond(other), Err(RespondError::Mismatch));
            stage.refused().await;
        })
    }),
    ("its handler ends without an answer", |mut stage| {
        Box::pin(async move {
            let serving = stage
                .incoming_requests
                .take()
                .unwrap()
                .serve(handler_fn(IncomingKinds::ALL, async |_: Responder| {}))
                .unwrap();
            or(serving, stage.refused()).await;
        })
    }),
    ("its handler panics when it is called", |mut stage| {
        Box::pin(async move {
            let serving = stage
                .incoming_requests
                .take()
                .unwrap()
                .serve(handler_fn(IncomingKinds::ALL, |_: Responder| -> std::future::Ready<()> { panic!("it breaks") }))
                .unwrap();
            AssertUnwindSafe(serving).catch_unwind().await.unwrap_err();
            stage.refused().await;
        })
    }),
    ("its handler panics later", |mut stage| {
        Box::pin(async move {
            let serving = stage
                .incoming_requests
                .take()
                .unwrap()
                .serve(handler_fn(IncomingKinds::ALL, async |responder: Responder| {
                    futures_lite::future::yield_now().await;
                    panic!("it breaks at {}", responder.id())
                }))
                .unwrap();
            AssertUnwindSafe(serving).catch_unwind().await.unwrap_err();
            stage.refused().await;
        })
    }),
    ("the future that serves is dropped", |mut stage| {
        Box::pin(async move {
            let serving = stage
                .incoming_requests
                .take()
                .unwrap()
                .serve(handler_fn(IncomingKinds::ALL, async |_responder: Responder| pending::<()>().await))
                .unwrap();
            or(serving, stage.responder()).await;
            stage.refused().await;
        })
    }),
    ("its handle is dropped when all that may wait to be written, waits", |mut stage| {
        Box::pin(async move {
            let responder = stage.take().await;
            stage.log.holds.store(true, Ordering::Relaxed);
            let fill = Request::new("r").id("r").field("f", Json::from_text("x".repeat(LIMIT - 150)));
            drop(stage.claude.request(fill).unwrap());
            drop(responder);
            futures_lite::future::yield_now().await;
            stage.log.holds.store(false, Ordering::Relaxed);
            // Wakes the runner.
            let _ = stage.claude.request(Request::new("r"));
            stage.refused().await;
        })
    }),
];

/// Bytes that may wait to be written.
const LIMIT: usize = 4096;

impl Stage {
    async fn responder(&mut self) {
        until(&mut self.watch, |action| matches!(action, Action::IncomingRequest(_))).await;
    }

    async fn take(&mut self) -> Responder {
        self.incoming_requests.as_mut().unwrap().next().await.unwrap()
    }

    /// Waits for the session to say that the request was declined.
    async fn refused(&mut self) {
        until(&mut self.watch, |action| matches!(action, Action::IncomingAnswered { .. })).await;
    }
}

/// A session with a turn in which the CLI makes that request, and which then goes on for a long time.
fn with_request(kind: &Kind) -> Rig {
    let request = format!("{}\n", kind.line("it"));
    let script = Script::default().then([Step::raw(request), Step::pause(TURN), Step::text("done")]);
    open_with(
        script,
        |config| {
            config.unknown_incoming = UnknownIncoming::Deliver;
            config.limits.unsent_hard = LIMIT;
        },
        |_| {},
    )
}

async fn begin(claude: &Session) {
    let kinds = Json::parse(&format!("[{DIALOG:?}]")).unwrap();
    let introduction = Request::initialize().field("supportedDialogKinds", kinds);
    claude.request(introduction).unwrap().await.unwrap();
    drop(claude.prompt("go").unwrap());
}

#[test]
fn requests_of_a_dropped_runner_are_refused_once() {
    for kind in KINDS {
        for (path, play) in PATHS {
            let rig = with_request(kind);
            let (log, runtime) = (rig.log.clone(), rig.runtime.clone());
            rig.run(async |claude| {
                let (incoming_requests, watch) = (claude.incoming().unwrap(), claude.subscribe(1000, Overflow::Oldest));
                begin(&claude).await;
                let stage = Stage {
                    claude: claude.clone(),
                    incoming_requests: Some(incoming_requests),
                    watch,
                    log: log.clone(),
                    kind,
                };
                let named = stage.kind.name;
                play(stage).await;
                assert!(kind.is_refused(&log.written().join("\n"), "it"), "{named}, {path}: no response");
                assert!(
                    runtime.now().saturating_duration_since(claude_duplex::SessionTime::ZERO) < TURN / 2,
                    "{named}, {path}: it waited"
                );
                claude.abort();
            });
            // Nor is anything added later.
            assert!(kind.is_refused(&log.written().join("\n"), "it"));
        }
    }
}

/// An end that kills the child says nothing to it any more.
#[test]
fn an_abrupt_end_sends_no_response() {
    for kind in KINDS {
        let rig = with_request(kind);
        let log = rig.log.clone();
        rig.run(async |claude| {
            let mut incoming_requests = claude.incoming().unwrap();
            begin(&claude).await;
            let responder = incoming_requests.next().await.unwrap();
            claude.abort();
            claude.wait_for_exit().await;
            drop(responder);
        });
        assert!(!kind.is_refused(&log.written().join("\n"), "it"), "{}", kind.name);

        let mut rig = with_request(kind);
        let mut incoming_requests = rig.claude.incoming().unwrap();
        let receiving = async {
            begin(&rig.claude).await;
            incoming_requests.next().await
        };
        let running = async {
            (&mut rig.runner).await;
            None
        };
        let responder = rig.runtime.run(or(receiving, running)).unwrap();
        drop(rig.runner);
        drop((responder, incoming_requests));
        assert!(rig.log.is_gone());
        assert!(!kind.is_refused(&rig.log.written().join("\n"), "it"), "{}", kind.name);
    }
}

/// A close leaves the time of its grace to the one who answers, and no more.
#[test]
fn a_close_waits_for_a_response_only_for_its_grace_period() {
    for kind in KINDS {
        for last_handle in [false, true] {
            let rig = with_request(kind);
            let log = rig.log.clone();
            let mut incoming_requests = rig.claude.incoming().unwrap();
            let (runtime, claude) = (rig.runtime.clone(), rig.claude);
            let hold = async {
                begin(&claude).await;
                if last_handle {
                    // The stream is none, so nothing keeps the session but its grace.
                    drop(claude);
                    return (None, incoming_requests);
                }
                let responder = incoming_requests.next().await;
                claude.close();
                (responder, incoming_requests)
            };
            let (closed, held) = rig.runtime.run(futures_lite::future::zip(rig.runner, hold));
            drop(held);
            // 120, 10, 5 and 2 seconds are the graces.
            let took = runtime.now().saturating_duration_since(claude_duplex::SessionTime::ZERO);
            assert!(took < 138 * SECOND, "{}: {took:?}, {closed:?}", kind.name);
            kind.is_refused(&log.written().join("\n"), "it");
        }
    }
}
