//! Those who watch.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use claude_duplex::testing::{CliVersion, Fault, Script, Step, TestRuntime, ToolStep};
use claude_duplex::{Action, Decision, Lagged, MessageKind, Overflow, Seed};

use super::fixture::{SECOND, all, open, open_in, until};

fn is_delta(action: &Action) -> bool {
    matches!(action, Action::Message { message, .. } if message.kind() == MessageKind::StreamEvent)
}

/// Whether it settles something, or incoming requests.
fn is_vital(action: &Action) -> bool {
    match action {
        Action::Message { message, .. } => message.kind() == MessageKind::Result,
        Action::RejectedLine(_) | Action::DamagedLine(_) => false,
        Action::IncomingDeclined { .. } | Action::UnmatchedResponse(_) | Action::DeadlineExceeded { .. } => false,
        _ => true,
    }
}

#[test]
fn every_subscriber_gets_every_action_in_order() {
    let rig =
        open(Script::default().then([Step::tools([ToolStep::bash("ls").requires_permission()]), Step::text("done")]));
    let (one, two) = rig.run(async |claude| {
        let one = claude.subscribe(1000, Overflow::Oldest);
        let two = claude.subscribe(1000, Overflow::DeltasFirst);
        let mut incoming_requests = claude.incoming().unwrap();
        let turn = claude.prompt("go").unwrap();
        incoming_requests.next().await.unwrap().respond(Decision::allow()).unwrap();
        turn.finish().await;
        (one, two)
    });
    let (one, two) = futures_lite::future::block_on(async { (all(one).await, all(two).await) });
    assert_eq!(one, two);
    assert!(one.iter().any(|reported| matches!(reported, Ok(Action::IncomingRequest(_)))));
    assert!(matches!(one.last(), Some(Ok(Action::Closed(_)))), "{one:?}");
}

#[test]
fn a_slow_subscriber_learns_the_number_of_lost_actions() {
    let rig = open(Script::default().fault(Fault::Flood(10_000)));
    rig.run(async |claude| {
        let mut slow = claude.subscribe(256, Overflow::Oldest);
        let mut quick = claude.subscribe(100_000, Overflow::Oldest);
        claude.prompt("flood").unwrap().finish().await;
        let whole = until(&mut quick, |action| matches!(action, Action::Idle)).await;
        assert!(whole.len() > 10_000);
        // It reads a few now and then.
        let (mut seen, mut missed) = (0, 0);
        let mut last = None;
        while seen + missed < whole.len() {
            match slow.next().await.unwrap() {
                Ok(action) => {
                    assert_eq!(action, whole[seen + missed]);
                    seen += 1;
                    last = Some(action);
                }
                Err(lagged) => missed += usize::try_from(lagged.missed).unwrap(),
            }
        }
        assert_eq!((seen + missed, last), (whole.len(), whole.last().cloned()));
        assert!(missed > 9_000 && seen > 200, "{missed} missed, {seen} seen");
    });
}

#[test]
fn the_reported_losses_add_up_for_any_slow_reader() {
    for every in [1, 7, 100, 1000] {
        let text = "word ".repeat(2000);
        let rig = open(Script::default().then([Step::text_in_parts(text, 2000, SECOND)]));
        rig.run(async |claude| {
            let mut slow = claude.subscribe(16, Overflow::Oldest);
            let mut quick = claude.subscribe(100_000, Overflow::Oldest);
            let mut turn = claude.prompt("a long text").unwrap();
            let (mut reported, mut seen, mut missed, mut waited) = (Vec::new(), Vec::new(), 0, 0);
            while turn.next().await.is_some() {
                waited += 1;
                if waited % every == 0 {
                    match slow.next().await.unwrap() {
                        Ok(action) => seen.push(action),
                        Err(lagged) => missed += lagged.missed,
                    }
                }
            }
            reported.extend(until(&mut quick, |action| matches!(action, Action::Idle)).await);
            while seen.last() != Some(&Action::Idle) {
                match slow.next().await.unwrap() {
                    Ok(action) => seen.push(action),
                    Err(lagged) => missed += lagged.missed,
                }
            }
            assert_eq!(seen.len() as u64 + missed, reported.len() as u64, "every {every}");
            let mut rest = reported.iter();
            assert!(seen.iter().all(|action| rest.any(|reported| reported == action)), "in order");
        });
    }
}

#[test]
fn deltas_are_discarded_first_and_required_actions_never() {
    let parts = |text: &str| Step::text_in_parts(text.repeat(200), 200, SECOND / 100);
    for capacity in [32, 64, 256] {
        let script = Script::default()
            .then([
                parts("a "),
                Step::tools([ToolStep::bash("ls").requires_permission()]).withdrawn_after(5 * SECOND),
                parts("b "),
            ])
            .then([parts("c ")]);
        let rig = open(script);
        rig.run(async |claude| {
            let mut slow = claude.subscribe(capacity, Overflow::DeltasFirst);
            let mut quick = claude.subscribe(100_000, Overflow::Oldest);
            let incoming_requests = claude.incoming().unwrap();
            let turns = [claude.prompt("one").unwrap(), claude.prompt("two").unwrap()];
            for turn in turns {
                turn.finish().await;
            }
            drop(incoming_requests);
            let whole = until(&mut quick, |action| matches!(action, Action::Idle)).await;
            let lagged = slow.next().await.unwrap().unwrap_err();
            let seen = until(&mut slow, |action| matches!(action, Action::Idle)).await;
            assert_eq!(seen.len() as u64 + lagged.missed, whole.len() as u64);
            let vital =
                |actions: &[Action]| actions.iter().filter(|action| is_vital(action)).cloned().collect::<Vec<_>>();
            assert_eq!(vital(&seen), vital(&whole));
            assert!(vital(&seen).iter().any(|action| matches!(action, Action::IncomingCancelled { .. })));
            // A message goes only when no delta is left to go.
            let plain = |actions: &[Action]| actions.iter().filter(|a| !is_vital(a) && !is_delta(a)).count();
            assert!(plain(&seen) == plain(&whole) || !seen[..seen.len() - 1].iter().any(is_delta), "{capacity}");
        });
    }
}

#[test]
fn a_subscriber_whose_buffer_is_full_of_required_actions_is_ended() {
    let rig = open(Script::default());
    rig.run(async |claude| {
        let mut slow = claude.subscribe(4, Overflow::DeltasFirst);
        let mut quick = claude.subscribe(1000, Overflow::Oldest);
        claude.prompt("one").unwrap().finish().await;
        until(&mut quick, |action| matches!(action, Action::Idle)).await;
        let lagged: Lagged = slow.next().await.unwrap().unwrap_err();
        assert!(lagged.cut_off && lagged.missed > 4, "{lagged}");
        assert!(slow.next().await.is_none());
    });
}

#[test]
fn an_unread_subscriber_does_not_delay_the_session() {
    let session = |unread: usize| {
        let rig = open(Script::default().fault(Fault::Flood(20_000)));
        let runtime = rig.runtime.clone();
        rig.run(async |claude| {
            let unread: Vec<_> = (0..unread).map(|_| claude.subscribe(1, Overflow::DeltasFirst)).collect();
            let quick = claude.subscribe(100_000, Overflow::Oldest);
            let end = claude.prompt("flood").unwrap().finish().await;
            drop(unread);
            (end.outcome, runtime.now(), quick)
        })
    };
    let (alone, beside) = (session(0), session(50));
    assert_eq!((alone.0, alone.1), (beside.0, beside.1));
    let (alone, beside) = futures_lite::future::block_on(async { (all(alone.2).await, all(beside.2).await) });
    assert_eq!(alone, beside);
}

#[test]
fn a_late_subscriber_gets_only_later_actions() {
    let rig = open(Script::default());
    rig.run(async |claude| {
        claude.prompt("one").unwrap().finish().await;
        let mut late = claude.subscribe(1000, Overflow::Oldest);
        let turn = claude.prompt("two").unwrap();
        let reported = until(&mut late, |action| matches!(action, Action::PromptEnded { .. })).await;
        assert!(matches!(reported.last(), Some(Action::PromptEnded { prompt, .. }) if *prompt == turn.id()));
        claude.close();
        claude.wait_for_exit().await;
        // One who comes after the end is given that.
        let reported = all(claude.subscribe(10, Overflow::Oldest)).await;
        assert!(matches!(&reported[..], [Ok(Action::Closed(_))]), "{reported:?}");
    });
}

#[test]
fn a_future_dropped_at_any_point_loses_no_action() {
    for &generation in CliVersion::ALL {
        let runtime = TestRuntime::new();
        let script = || Script::new(generation).then([Step::text_in_parts("a b c", 3, SECOND)]);
        let mut rig = open_in(&runtime, Seed::from_bytes([3; 16]), script(), |_| {}, |_| {});
        let mut whole = rig.claude.subscribe(1000, Overflow::Oldest);
        let mut cut = rig.claude.subscribe(1000, Overflow::Oldest);
        let mut turn = rig.claude.prompt("go").unwrap();
        let mut cx = Context::from_waker(Waker::noop());
        let (mut reported, mut received, mut ends) = (Vec::new(), Vec::new(), 0);
        loop {
            // Each future is polled once and dropped, ready or not.
            if let Poll::Ready(Some(next)) = pin!(cut.next()).poll(&mut cx) {
                reported.push(next.unwrap());
                continue;
            }
            if let Poll::Ready(Some(next)) = pin!(turn.next()).poll(&mut cx) {
                received.push(next.unwrap());
                continue;
            }
            ends += usize::from(pin!(turn.ended()).poll(&mut cx).is_ready());
            let closed = pin!(&mut rig.runner).poll(&mut cx).is_ready();
            if ends == 1 {
                rig.claude.close();
            }
            if closed {
                break;
            }
            runtime.pass_time();
        }
        while let Poll::Ready(Some(next)) = pin!(cut.next()).poll(&mut cx) {
            reported.push(next.unwrap());
        }
        let mut all = Vec::new();
        while let Poll::Ready(Some(next)) = pin!(whole.next()).poll(&mut cx) {
            all.push(next.unwrap());
        }
        assert_eq!(reported, all, "{generation:?}");
        let turns = all.iter().filter(|action| matches!(action, Action::Message { turn: Some(_), .. })).count();
        assert_eq!(received.len(), turns, "{generation:?}");
        assert!(ends > 0);
    }
}
