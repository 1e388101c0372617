//! What a handle can ask and tell.

use claude_duplex::message::Fields;
use claude_duplex::request::{McpStatus, SetPermissionMode, TypedRequest};
use claude_duplex::testing::{CliVersion, Fault, Script, Step};
use claude_duplex::{
    CallError, CloseReason, Config, DecodeError, Exit, Interrupt, Json, Outcome, Request, RequestError, Session,
    SessionTime,
};
use futures_lite::future::zip;

use super::fixture::{SECOND, assert_send, open, open_with};

#[test]
fn handles_are_send_sync_and_static() {
    fn anywhere<T: Clone + Send + Sync + 'static>(_: &T) {}
    let rig = open(Script::default());
    anywhere::<Session>(&rig.claude);
    let runner = assert_send(rig.runner);
    let turn = assert_send(rig.claude.prompt("one").unwrap());
    let claude = rig.claude.clone();
    // Commands from another thread.
    std::thread::spawn(move || drop(claude.prompt("two").unwrap())).join().unwrap();
    drop(rig.claude);
    let (closed, end) = rig.runtime.run(zip(runner, turn.finish()));
    assert_eq!((end.outcome, closed.reason), (Outcome::Success, CloseReason::Closed));
}

#[test]
fn a_request_gets_its_response() {
    for &generation in CliVersion::ALL {
        open(Script::new(generation)).run(async |claude| {
            let plan =
                claude.request(Request::new("set_permission_mode").field("mode", Json::from_text("plan"))).unwrap();
            let status = claude.request(Request::new("mcp_status")).unwrap();
            assert_ne!(plan.id(), status.id());
            // In any order.
            assert!(status.await.unwrap().payload().is_some(), "{generation:?}");
            plan.await.unwrap();
            let within = Request::new("no_such_request").timeout(5 * SECOND);
            match claude.request(within).unwrap().await.unwrap_err() {
                CallError::Request(RequestError::Refused { .. }) => assert!(generation > CliVersion::V2_0_76),
                error => {
                    let timed_out = CallError::Request(RequestError::TimedOut);
                    assert_eq!((error, generation <= CliVersion::V2_0_76), (timed_out, true));
                }
            }
        });
    }
}

/// A request whose reply no version gives.
struct Odd<const KNOWN: bool>;

impl<const KNOWN: bool> TypedRequest for Odd<KNOWN> {
    const SUBTYPE: &'static str = if KNOWN { "mcp_status" } else { "no_such_request" };
    type Response = Vec<u8>;

    fn fields(&self) -> Fields {
        Fields::default()
    }

    fn read(payload: &Json) -> Result<Vec<u8>, DecodeError> {
        Ok(payload.decode()?)
    }
}

#[test]
fn a_call_returns_its_typed_response_or_an_error() {
    for &generation in CliVersion::ALL {
        // One at a time, so that all but the first wait for room.
        let narrow = |config: &mut Config| config.limits.open_requests = 1;
        open_with(Script::new(generation), narrow, |_| {}).run(async |claude| {
            let mode = claude.call(SetPermissionMode::new("plan"));
            let status = claude.call(McpStatus::new());
            let (mode, status) = assert_send(zip(mode, zip(status, claude.ping(SECOND)))).await;
            assert_eq!(status.1, Ok(()));
            assert!(mode.is_ok() && status.0.is_ok(), "{generation:?}: {mode:?} {status:?}");
            assert!(matches!(claude.call(Odd::<true>).await, Err(CallError::Response(_))));
            match claude.call(Odd::<false>).await.unwrap_err() {
                CallError::Request(RequestError::Refused { .. }) => assert!(generation > CliVersion::V2_0_76),
                error => assert_eq!(error, CallError::Request(RequestError::TimedOut), "{generation:?}"),
            }
            claude.abort();
            let late = claude.call(McpStatus::new()).await;
            assert_eq!(late.unwrap_err(), CallError::Closing);
            let end = claude.wait_for_exit().await;
            assert_eq!(claude.call(McpStatus::new()).await.unwrap_err(), CallError::Closed(Box::new(end)));
        });
    }
}

#[test]
fn an_interrupt_of_an_idle_session_succeeds() {
    for &generation in CliVersion::ALL {
        open(Script::new(generation)).run(async |claude| {
            claude.interrupt(Interrupt::running()).unwrap().await.unwrap();
            assert_eq!(claude.prompt("one").unwrap().finish().await.outcome, Outcome::Success, "{generation:?}");
            claude.interrupt(Interrupt::running()).unwrap().await.unwrap();
            assert_eq!(claude.prompt("two").unwrap().finish().await.outcome, Outcome::Success, "{generation:?}");
        });
    }
}

#[test]
fn a_ping_reports_if_the_cli_responds() {
    for &generation in CliVersion::ALL {
        open(Script::new(generation).then([Step::text_in_parts("a b", 2, 10 * SECOND)])).run(async |claude| {
            claude.ping(SECOND).await.unwrap();
            let turn = claude.prompt("busy").unwrap();
            claude.ping(SECOND).await.unwrap();
            turn.finish().await;
        });
    }
    let rig = open(Script::default().fault(Fault::StopReading));
    let runtime = rig.runtime.clone();
    rig.run(async |claude| {
        claude.ping(SECOND).await.unwrap();
        drop(claude.prompt("one"));
        runtime.sleep(SECOND).await;
        let sent_at = runtime.now();
        assert_eq!(claude.ping(3 * SECOND).await, Err(CallError::Request(RequestError::TimedOut)));
        assert_eq!(runtime.now().saturating_duration_since(sent_at), 3 * SECOND);
        assert!(claude.is_alive());
        claude.abort();
        claude.wait_for_exit().await;
        assert!(matches!(claude.ping(SECOND).await, Err(CallError::Closed(_))));
    });
}

#[test]
fn the_session_id_comes_with_the_first_turn_and_changes_with_clear() {
    open(Script::default()).run(async |claude| {
        assert_eq!(claude.session_id(), None);
        claude.prompt("one").unwrap().finish().await;
        let first = claude.session_id().unwrap();
        claude.prompt("two").unwrap().finish().await;
        assert_eq!(claude.session_id().as_ref(), Some(&first));
        claude.prompt("/clear").unwrap().finish().await;
        let end = claude.prompt("three").unwrap().finish().await;
        assert_ne!(claude.session_id().unwrap(), first);
        assert_eq!(end.session_id().as_deref(), claude.session_id().as_deref());
        assert_eq!(claude.cli_session().unwrap().version.as_deref(), Some("2.1.329"));
        claude.close();
        claude.wait_for_exit().await;
        // It is known after the end, to resume it.
        assert!(claude.session_id().is_some());
    });
}

#[test]
fn every_waiter_gets_the_end_with_its_cause() {
    let fault = Fault::Exit { code: 3, message: "not logged in".into() };
    let rig = open(Script::default().fault(fault));
    rig.run(async |claude| {
        assert!(claude.is_alive() && claude.exit_status().is_none());
        assert_eq!(claude.pid(), Some(4242));
        let (one, two) = zip(claude.wait_for_exit(), claude.wait_for_exit()).await;
        assert_eq!((one.exit, one.reason), (Some(Exit::Code(3)), CloseReason::Exited));
        assert!(one.stderr.contains("not logged in"));
        assert_eq!((&one, Some(&one)), (&two, claude.exit_status().as_ref()));
        assert_eq!(claude.wait_for_exit().await, one);
        assert!(!claude.is_alive() && claude.pid().is_none());
    });
}

#[test]
fn close_waits_for_the_turn_and_abort_does_not() {
    let script = || Script::default().then([Step::text_in_parts("a b c", 3, SECOND)]);
    let outcome = |abort: bool| {
        let rig = open(script());
        let runtime = rig.runtime.clone();
        rig.run(async |claude| {
            let turn = claude.prompt("one").unwrap();
            runtime.sleep(SECOND).await;
            if abort {
                claude.abort()
            } else {
                claude.close()
            }
            (
                turn.finish().await.outcome,
                claude.wait_for_exit().await.reason,
                runtime.now() < SessionTime::from(2 * SECOND),
            )
        })
    };
    assert_eq!(outcome(false), (Outcome::Success, CloseReason::Closed, false));
    assert_eq!(outcome(true), (Outcome::Lost(claude_duplex::LostReason::Aborted), CloseReason::Aborted, true));
}

#[test]
fn run_until_returns_the_output_and_ends_the_session() {
    let rig = open_with(Script::default(), |_| {}, |_| {});
    let watch = rig.claude.clone();
    let log = rig.log.clone();
    let text = rig.runtime.run(rig.runner.run_until(async { rig.claude.prompt("one").unwrap().finish().await.text() }));
    assert_eq!(text, "ok");
    let closed = watch.exit_status().unwrap();
    assert_eq!((closed.reason, closed.exit), (CloseReason::Closed, Some(Exit::Code(0))));
    assert!(log.is_gone());
}
