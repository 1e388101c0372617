//! What dropping each thing does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use claude_duplex::testing::{CliVersion, Script, Step, TestRuntime, ToolStep};
use claude_duplex::{
    Action, CallError, CancelledReason, CloseReason, Decision, Interrupt, LostReason, Outcome, Overflow, Prompt,
    RefusedReason, Request, RespondError, Seed, WhenDropped,
};
use futures_lite::future::zip;

use super::fixture::{SECOND, all, open, open_dropped, open_in};

fn slowly() -> Script {
    Script::default().then([Step::text_in_parts("a b c", 3, SECOND)])
}

/// The outcomes of the prompts, in the order of their ends.
fn outcomes(reported: &[Result<Action, claude_duplex::Lagged>]) -> Vec<Outcome> {
    let outcome = |reported: &Result<Action, _>| match reported {
        Ok(Action::PromptEnded { outcome, .. }) => Some(*outcome),
        _ => None,
    };
    reported.iter().filter_map(outcome).collect()
}

#[test]
fn the_last_handle_ends_the_session_as_configured() {
    let aborted = Outcome::Lost(LostReason::Aborted);
    for (when_dropped, reason, outcome) in [
        (WhenDropped::default(), CloseReason::Closed, Outcome::Interrupted),
        (WhenDropped::CloseNow, CloseReason::Closed, Outcome::Interrupted),
        (WhenDropped::Close, CloseReason::Closed, Outcome::Success),
        (WhenDropped::Abort, CloseReason::Aborted, aborted),
    ] {
        let rig = open_dropped(slowly(), when_dropped);
        let watch = rig.claude.subscribe(1000, Overflow::Oldest);
        let incoming_requests = rig.claude.incoming().unwrap();
        let waits = rig.claude.wait_for_exit();
        let other = rig.claude.clone();
        drop((rig.claude.prompt("one"), rig.claude));
        let runtime = rig.runtime.clone();
        let handles = async {
            runtime.sleep(SECOND).await;
            drop(other);
        };
        // Neither a subscriber nor the owner of the incoming requests nor one that waits for the end is a handle.
        let ((closed, waited), (reported, ())) = rig.runtime.run(zip(zip(rig.runner, waits), zip(all(watch), handles)));
        assert_eq!((closed.reason, &waited), (reason, &closed), "{when_dropped:?}");
        assert_eq!(outcomes(&reported), [outcome], "{when_dropped:?}");
        let terminated = rig.log.signals().contains(&claude_duplex::ChildCommand::Terminate);
        assert!(!terminated, "{when_dropped:?}: it exits by itself, or is killed");
        drop(incoming_requests);
    }
}

#[test]
fn dropping_handles_does_not_change_a_running_close() {
    let rig = open(slowly());
    let watch = rig.claude.subscribe(1000, Overflow::Oldest);
    let mut prompt = rig.claude.prompt("one").unwrap();
    let talk = async {
        prompt.next().await;
        rig.claude.close();
        drop((prompt, rig.claude));
    };
    let (_, (reported, ())) = rig.runtime.run(zip(rig.runner, zip(all(watch), talk)));
    assert_eq!(outcomes(&reported), [Outcome::Success], "the turn has its time");
}

#[test]
fn the_end_of_run_untils_future_counts_as_the_last_handle() {
    for (when_dropped, outcome) in
        [(WhenDropped::CloseNow, Outcome::Interrupted), (WhenDropped::Close, Outcome::Success)]
    {
        let rig = open_dropped(slowly(), when_dropped);
        let watch = rig.claude.subscribe(1000, Overflow::Oldest);
        let mut prompt = rig.claude.prompt("one").unwrap();
        rig.runtime.run(rig.runner.run_until(async { drop(prompt.next().await) }));
        assert_eq!(outcomes(&rig.runtime.run(all(watch))), [outcome], "handles are left, and the future has ended");
    }
}

#[test]
fn a_prompt_handle_keeps_the_session_open() {
    let rig = open(slowly());
    let turn = rig.claude.prompt("one").unwrap();
    drop(rig.claude);
    let (closed, end) = rig.runtime.run(zip(rig.runner, async {
        let end = turn.finish().await;
        (end, rig.runtime.now())
    }));
    assert_eq!((end.0.outcome, closed.reason), (Outcome::Success, CloseReason::Closed));

    // Dropped, and the last: it is interrupted, and what waits behind it never runs.
    let rig = open(slowly());
    let watch = rig.claude.subscribe(1000, Overflow::Oldest);
    let turns = (rig.claude.prompt("one").unwrap(), rig.claude.prompt("two").unwrap());
    drop(rig.claude);
    let runtime = rig.runtime.clone();
    let later = async {
        runtime.sleep(SECOND).await;
        drop(turns);
    };
    let (_, (reported, ())) = rig.runtime.run(zip(rig.runner, zip(all(watch), later)));
    assert_eq!(outcomes(&reported), [Outcome::Cancelled, Outcome::Interrupted]);
}

#[test]
fn an_open_responder_keeps_the_session_open() {
    let rig =
        open(Script::default().then([Step::from(ToolStep::bash("ls").requires_permission()), Step::text("done")]));
    let mut incoming_requests = rig.claude.incoming().unwrap();
    drop(rig.claude.prompt("one"));
    let (runtime, claude) = (rig.runtime.clone(), rig.claude);
    let answering = async {
        let responder = incoming_requests.next().await.unwrap();
        drop(claude);
        // Longer than the end may take.
        runtime.sleep(1000 * SECOND).await;
        responder.respond(Decision::allow()).unwrap();
    };
    let (closed, ()) = rig.runtime.run(zip(rig.runner, answering));
    assert_eq!(closed.reason, CloseReason::Closed);
    assert!(rig.log.answers()[0].contains("\"allow\""));
}

/// Drops the runner after so many steps of it; whether the session was over by then.
fn lose_after(steps: usize, script: Script) -> bool {
    let runtime = TestRuntime::new();
    let mut rig = open_in(&runtime, Seed::from_bytes([5; 16]), script, |_| {}, |_| {});
    let mut incoming_requests = rig.claude.incoming().unwrap();
    let watch = rig.claude.subscribe(10_000, Overflow::Oldest);
    let mut turns = vec![rig.claude.prompt("one").unwrap(), rig.claude.prompt("two").unwrap()];
    let reply = rig.claude.request(Request::new("mcp_status")).unwrap();
    let waiters = [rig.claude.wait_for_exit(), rig.claude.wait_for_exit(), rig.claude.wait_for_exit()];
    let mut cx = Context::from_waker(Waker::noop());
    let mut open = Vec::new();
    let mut over = false;
    for _ in 0..steps {
        over |= pin!(&mut rig.runner).poll(&mut cx).is_ready();
        while let Poll::Ready(Some(responder)) = pin!(incoming_requests.next()).poll(&mut cx) {
            open.push(responder);
        }
        runtime.pass_time();
    }
    drop(rig.runner);
    assert!(rig.log.is_gone(), "the transport is dropped, which kills the group");
    assert!(!rig.claude.is_alive());
    let prompts = turns.len();
    // No time passes: everything is there.
    let reported = futures_lite::future::block_on(async {
        for turn in &mut turns {
            let end = turn.ended().await;
            assert!(matches!(end.outcome, Outcome::Success | Outcome::Lost(LostReason::Aborted)), "{end:?}");
            while turn.next().await.is_some() {}
        }
        let replied = reply.await;
        match &replied {
            Ok(_) => {}
            Err(CallError::Closed(closed)) => assert_eq!(closed.reason, CloseReason::Aborted),
            Err(error) => panic!("{error}"),
        }
        for waiter in waiters {
            assert_eq!(waiter.await.reason, CloseReason::Aborted);
        }
        while let Some(responder) = incoming_requests.next().await {
            open.push(responder);
        }
        for responder in open {
            assert_eq!(responder.withdrawn().await, CancelledReason::Ended(LostReason::Aborted));
            assert!(matches!(responder.respond(Decision::allow()), Err(RespondError::Closed(_))));
        }
        all(watch).await
    });
    assert_eq!(outcomes(&reported).len(), prompts);
    assert!(matches!(reported.last(), Some(Ok(Action::Closed(_)))));
    let claude = rig.claude;
    assert_eq!(claude.prompt("more").unwrap_err().reason(), RefusedReason::Closed);
    assert_eq!(claude.request(Request::new("mcp_status")).unwrap_err().reason(), RefusedReason::Closed);
    assert_eq!(claude.interrupt(Interrupt::running()).unwrap_err().reason(), RefusedReason::Closed);
    assert!(turns[0].cancel().is_err());
    assert_eq!(claude.exit_status().map(|closed| closed.reason), Some(CloseReason::Aborted));
    over
}

#[test]
fn a_dropped_runner_kills_the_child_and_ends_everything() {
    for &generation in CliVersion::ALL {
        let script = || {
            let tool_calls = Step::tools_at_once([
                ToolStep::bash("a").requires_permission(),
                ToolStep::bash("b").requires_permission(),
            ]);
            Script::new(generation).then([Step::text_in_parts("a b c", 3, SECOND), tool_calls])
        };
        for steps in 0..40 {
            assert!(!lose_after(steps, script()));
        }
    }
}

#[test]
fn waiters_are_woken_when_the_runner_is_dropped() {
    // On a thread each, so that nobody polls them but their wakers.
    let rig = open(slowly());
    let mut turn = rig.claude.prompt("one").unwrap();
    let end = rig.claude.prompt("two").unwrap();
    let reply = rig.claude.request(Request::new("mcp_status")).unwrap();
    let mut watch = rig.claude.subscribe(10, Overflow::Oldest);
    let mut incoming_requests = rig.claude.incoming().unwrap();
    let exits = (rig.claude.wait_for_exit(), rig.claude.wait_for_exit());
    let claude = rig.claude.clone();
    let waiting = [
        std::thread::spawn(move || futures_lite::future::block_on(async { while turn.next().await.is_some() {} })),
        std::thread::spawn(move || futures_lite::future::block_on(async { drop(end.finish().await) })),
        std::thread::spawn(move || futures_lite::future::block_on(async { drop(reply.await) })),
        std::thread::spawn(move || futures_lite::future::block_on(async { while watch.next().await.is_some() {} })),
        std::thread::spawn(move || {
            futures_lite::future::block_on(async { assert!(incoming_requests.next().await.is_none()) })
        }),
        std::thread::spawn(move || futures_lite::future::block_on(async { drop(exits.0.await) })),
        std::thread::spawn(move || futures_lite::future::block_on(async { drop(exits.1.await) })),
        std::thread::spawn(move || {
            futures_lite::future::block_on(async { assert!(claude.ping(SECOND).await.is_err()) });
        }),
    ];
    drop(rig.runner);
    for thread in waiting {
        thread.join().unwrap();
    }
}

#[test]
fn a_panicking_transport_ends_the_session_and_all_waits() {
    let mut rig = open(slowly());
    let turn = rig.claude.prompt("one").unwrap();
    rig.log.panics.store(true, Ordering::Relaxed);
    let runner = &mut rig.runner;
    catch_unwind(AssertUnwindSafe(|| rig.runtime.run(runner))).unwrap_err();
    drop(rig.runner);
    assert_eq!(futures_lite::future::block_on(turn.finish()).outcome, Outcome::Lost(LostReason::Aborted));
    assert!(!rig.claude.is_alive());
}

#[test]
fn an_id_of_another_session_has_no_effect() {
    let runtime = TestRuntime::new();
    let here = open_in(&runtime, Seed::from_bytes([1; 16]), slowly(), |_| {}, |_| {});
    let there = open_in(&runtime, Seed::from_bytes([2; 16]), slowly(), |_| {}, |_| {});
    let (one, other) = (here.claude.prompt("here").unwrap(), there.claude.prompt("there").unwrap());
    assert!(here.claude.cancel(other.id()).is_err());
    let refused = here.claude.interrupt(Interrupt::prompt(other.id())).unwrap_err();
    assert_eq!(refused.reason(), RefusedReason::NotRunning);
    let talk = async move {
        let ends = zip(one.finish(), other.finish()).await;
        assert_eq!((ends.0.outcome, ends.1.outcome), (Outcome::Success, Outcome::Success));
        drop((here.claude, there.claude));
    };
    runtime.run(zip(zip(here.runner, there.runner), talk));
    assert_eq!((here.log.requests("interrupt"), here.log.requests("cancel_async_message")), (0, 0));
}

#[test]
fn a_refused_prompt_is_returned_unchanged() {
    let rig = open(slowly());
    drop(rig.runner);
    assert_eq!(rig.claude.prompt("mine").unwrap_err().into_inner(), Prompt::text("mine"));
}

/// A guard stops what nobody waits for any more, wherever it is, and nothing else.
#[test]
fn dropping_an_interrupting_handle_stops_only_its_prompt() {
    for &generation in CliVersion::ALL {
        let script =
            Script::new(generation).then([Step::text_in_parts("a b c", 3, 100 * SECOND)]).then([Step::text("next")]);
        let rig = open(script);
        let watch = rig.claude.subscribe(1000, Overflow::Oldest);
        let runtime = rig.runtime.clone();
        rig.run(async |claude| {
            let mut runs = claude.prompt("one").unwrap().interrupt_on_drop();
            runs.next().await.unwrap().unwrap();
            let waits = claude.prompt("two").unwrap().interrupt_on_drop();
            drop(waits);
            drop(runs);
            // One that has ended is not stopped, and one that was not asked to stop runs on.
            let mut over = claude.prompt("three").unwrap().interrupt_on_drop();
            over.ended().await;
            drop(over);
            runtime.sleep(SECOND).await;
        });
        let reported = futures_lite::future::block_on(all(watch));
        let expected = [Outcome::Cancelled, Outcome::Interrupted, Outcome::Success];
        assert_eq!(outcomes(&reported), expected, "{generation:?}");
        assert_eq!(replies(&reported), 1, "{generation:?}");
    }
}

/// How many interrupts were acknowledged.
fn replies(reported: &[Result<Action, claude_duplex::Lagged>]) -> usize {
    reported.iter().filter(|reported| matches!(reported, Ok(Action::ResponseReceived { .. }))).count()
}
