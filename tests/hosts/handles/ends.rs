//! How sessions end, and who hears of it.

use std::time::Duration;

use claude_duplex::testing::{Fault, Script, Step, ToolStep};
use claude_duplex::{
    Action, CallError, CancelledReason, CloseReason, Config, Decision, Exit, LostReason, Outcome, Overflow,
    RefusedReason, Request, RespondError,
};

use crate::stage::{Stage, all, scenarios};

const MOMENT: Duration = Duration::from_millis(20);
const SECOND: Duration = Duration::from_secs(1);
const MANY: usize = 100;

fn slowly() -> Script {
    Script::default().then([Step::text_in_parts("a b c", 3, MOMENT)])
}

scenarios! {
    dropping_the_last_handle_closes_within_seconds: slowly(),
    dropping_the_runner_wakes_every_waiter: Script::default()
        .then([Step::from(ToolStep::bash("ls").requires_permission()), Step::text("done")])
        .fault(Fault::StopReading),
    an_exit_during_a_turn_is_reported_to_every_waiter: Script::default()
        .then([Step::text("so far"), Step::from(ToolStep::bash("ls").requires_permission()), Step::die(Exit::Code(7))]),
    many_waiters_get_an_immediate_exit: Script::default()
        .fault(Fault::Exit { code: 3, message: "not logged in".into() }),
    a_child_that_does_not_end_is_killed: Script::default().fault(Fault::Silent).fault(Fault::IgnoreTerminate),
    abort_ends_the_session_at_once: Script::default().fault(Fault::Silent),
}

async fn dropping_the_last_handle_closes_within_seconds(stage: &Stage) {
    let (claude, run) = stage.open();
    // None of these is a handle.
    let (watch, incoming_requests, exit) =
        (claude.subscribe(1000, Overflow::Oldest), claude.incoming().unwrap(), claude.wait_for_exit());
    let (mut first, second) = (claude.prompt("one").unwrap(), claude.prompt("two").unwrap());
    let other = claude.clone();
    drop(claude);
    first.next().await.unwrap().unwrap();
    drop((first, second));
    assert!(other.is_alive());
    drop(other);
    let closed = run.await;
    // By this status the CLI repeats that its last turn was interrupted.
    assert_eq!((closed.reason, closed.exit, closed.cut_input), (CloseReason::Closed, Some(Exit::Code(1)), false));
    assert_eq!(exit.await, closed);
    // What ran was interrupted, and what waited never ran.
    let outcomes = all(watch).await.into_iter().filter_map(|action| match action {
        Action::PromptEnded { outcome, .. } => Some(outcome),
        _ => None,
    });
    assert_eq!(outcomes.collect::<Vec<_>>(), [Outcome::Cancelled, Outcome::Interrupted]);
    drop(incoming_requests);
}

async fn dropping_the_runner_wakes_every_waiter(stage: &Stage) {
    let (claude, run) = stage.open();
    let mut watch = claude.subscribe(1000, Overflow::Oldest);
    let mut incoming_requests = claude.incoming().unwrap();
    let (mut turn, end) = (claude.prompt("one").unwrap(), claude.prompt("two").unwrap());
    let responder = incoming_requests.next().await.unwrap();
    // Nobody reads it any more.
    let reply = claude.request(Request::new("mcp_status")).unwrap();
    let exits: Vec<_> = (0..MANY).map(|_| stage.spawn(claude.wait_for_exit())).collect();
    let waiting = (
        stage.spawn(async move { while turn.next().await.is_some() {} }),
        stage.spawn(async move { end.finish().await.outcome }),
        stage.spawn(reply),
        stage.spawn(async move { while watch.next().await.is_some() {} }),
        stage.spawn(async move { incoming_requests.next().await.is_none() }),
        stage.spawn(async move {
            let reason = responder.withdrawn().await;
            (reason, matches!(responder.respond(Decision::allow()), Err(RespondError::Closed(_))))
        }),
    );
    // So that they do wait.
    stage.sleep(MOMENT).await;
    assert!(claude.is_alive());
    drop(run);
    waiting.0.await;
    assert_eq!(waiting.1.await, Outcome::Lost(LostReason::Aborted));
    let CallError::Closed(closed) = waiting.2.await.unwrap_err() else { panic!("it is lost with the session") };
    assert_eq!(closed.reason, CloseReason::Aborted);
    waiting.3.await;
    assert!(waiting.4.await);
    assert_eq!(waiting.5.await, (CancelledReason::Ended(LostReason::Aborted), true));
    for exit in exits {
        assert_eq!(exit.await.reason, CloseReason::Aborted);
    }
    assert_eq!(claude.prompt("more").unwrap_err().reason(), RefusedReason::Closed);
    assert!(!claude.is_alive());
}

async fn an_exit_during_a_turn_is_reported_to_every_waiter(stage: &Stage) {
    let (claude, run) = stage.open();
    let mut incoming_requests = claude.incoming().unwrap();
    let mut turn = claude.prompt("one").unwrap();
    let waits = claude.prompt("two").unwrap();
    incoming_requests.next().await.unwrap().respond(Decision::allow()).unwrap();
    let mut text_seen = false;
    while let Some(message) = turn.next().await {
        text_seen |= message.unwrap().line().contains("so far");
    }
    assert!(text_seen, "what was said before is heard");
    for end in [turn.finish().await, waits.finish().await] {
        assert!(matches!((end.outcome, end.result), (Outcome::Lost(_), None)));
    }
    let closed = run.await;
    assert_eq!((closed.exit, claude.exit_status()), (Some(Exit::Code(7)), Some(closed.clone())));
    assert!(incoming_requests.next().await.is_none());
}

async fn many_waiters_get_an_immediate_exit(stage: &Stage) {
    let (claude, run) = stage.open();
    let exits: Vec<_> = (0..MANY).map(|_| stage.spawn(claude.wait_for_exit())).collect();
    let closed = run.await;
    assert_eq!((closed.reason, closed.exit), (CloseReason::Exited, Some(Exit::Code(3))));
    assert!(closed.stderr.contains("not logged in"), "{closed:?}");
    for exit in exits {
        assert_eq!(exit.await, closed);
    }
    assert_eq!(claude.wait_for_exit().await, closed);
    assert!(!claude.is_alive() && claude.pid().is_none());
}

async fn a_child_that_does_not_end_is_killed(stage: &Stage) {
    let hasty = |config: &mut Config| {
        let graces = &mut config.timeouts.shutdown;
        (graces.turn, graces.exit, graces.terminate) = (MOMENT, 5 * MOMENT, 5 * MOMENT);
    };
    let (claude, run) = stage.open_with(hasty);
    let turn = claude.prompt("one").unwrap();
    // It is up, and has heard of the prompt.
    claude.ping(60 * SECOND).await.unwrap();
    claude.close();
    let closed = run.await;
    assert_eq!(closed.reason, CloseReason::Closed);
    // Windows has no signals: a process that is killed has an exit code there.
    let killed = [Some(Exit::Signal(9)), Some(Exit::Code(1))];
    assert!(killed[..if cfg!(unix) { 1 } else { 2 }].contains(&closed.exit), "{closed:?}");
    assert!(matches!(turn.finish().await.outcome, Outcome::Lost(_)));
}

async fn abort_ends_the_session_at_once(stage: &Stage) {
    let (claude, run) = stage.open();
    let turn = claude.prompt("one").unwrap();
    claude.ping(60 * SECOND).await.unwrap();
    claude.abort();
    assert_eq!(turn.finish().await.outcome, Outcome::Lost(LostReason::Aborted));
    assert_eq!(run.await.reason, CloseReason::Aborted);
}
