//! The queues and wakers of one reader, without a session.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::{block_on, explore, message, spawn, spawn_future};
use crate::base::error::LostReason;
use crate::base::ids::{IncomingId, PromptId, Uuid};
use crate::driver::awaited::Awaited;
use crate::driver::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::incoming::{IncomingKinds, IncomingRequest};
use crate::protocol::action::{Action, Attribution, CancelledReason, Outcome};
use crate::session::incoming::InFlight;
use crate::session::prompt_end::PromptEnd;
use crate::session::runner_inbox::RunnerInbox;
use crate::session::task::Task;
use crate::session::waiting::event::Event;
use crate::session::waiting::feed::Feed;
use crate::session::waiting::inbox::Inbox;
use crate::session::waiting::mailbox::Mailbox;
use crate::session::waiting::ring::{Overflow, Room};
use crate::session::waiting::slot::Slot;
use crate::session::waiting::withdrawal::Withdrawal;

#[path = "../../../src/driver/transport/smol/relay.rs"]
mod relay;

const ROOM: Room = Room { items: 8, bytes: 1 << 20, overflow: Overflow::Oldest };

fn wake(waker: Option<Waker>) {
    waker.into_iter().for_each(Waker::wake);
}

fn end() -> PromptEnd {
    PromptEnd {
        prompt: PromptId::new(0, 1, Uuid::from_u128(1)),
        turn: None,
        outcome: Outcome::Lost(LostReason::NoResult),
        attribution: Attribution::Inferred,
        result: None,
        partial: String::new(),
        messages: Vec::new(),
        omitted: 0,
        closed: None,
        declined: Vec::new(),
        total_before: None,
    }
}

fn request() -> IncomingRequest {
    let line = r#"{"type":"control_request","request_id":"a","request":{"subtype":"can_use_tool","tool_name":"Bash","input":{}}}"#;
    IncomingRequest::from_message(message(line)).expect("an incoming request")
}

#[test]
fn a_change_wakes_the_task_that_waits() {
    explore(4, || {
        let awaited = Arc::new(Awaited::new(None));
        let other = Arc::clone(&awaited);
        let change = spawn(move || wake(other.update(|value| *value = Some(7)).1));
        assert_eq!(block_on(poll_fn(|cx| awaited.poll(cx, Option::take))), 7);
        change.join();
    });
}

/// A handle moves to another task: the one that polls last is woken.
#[test]
fn a_change_wakes_the_task_that_polled_last() {
    explore(4, || {
        let awaited = Arc::new(Awaited::new(None));
        let other = Arc::clone(&awaited);
        let change = spawn(move || wake(other.update(|value| *value = Some(7)).1));
        let former = awaited.poll(&Context::from_waker(Waker::noop()), Option::take);
        if former.is_pending() {
            assert_eq!(block_on(poll_fn(|cx| awaited.poll(cx, Option::take))), 7);
        }
        change.join();
    });
}

#[test]
fn a_response_reaches_the_task_that_waits_for_it() {
    explore(4, || {
        let slot = Slot::new();
        let runner = Arc::clone(&slot);
        let put = spawn(move || wake(runner.put(1)));
        assert_eq!(block_on(poll_fn(|cx| slot.poll_take(cx))), 1);
        put.join();
    });
}

#[test]
fn a_notification_reaches_every_task_that_waits() {
    explore(3, || {
        let event = Arc::new((Event::new(), AtomicBool::new(false)));
        let waits = |event: &Arc<(Event, AtomicBool)>| {
            let event = Arc::clone(event);
            async move {
                loop {
                    let listener = event.0.listen();
                    if event.1.load(Ordering::Acquire) {
                        return;
                    }
                    listener.await;
                }
            }
        };
        let (one, two) = (spawn_future(waits(&event)), spawn_future(waits(&event)));
        drop(event.0.listen());
        event.1.store(true, Ordering::Release);
        event.0.notify();
        one.join();
        two.join();
    });
}

#[test]
fn a_cancellation_reaches_every_task_that_waits_for_it() {
    explore(3, || {
        let withdrawal = Arc::new(Withdrawal::default());
        // One listens before it waits, as the handlers do, and one listens at any time.
        let before = spawn_future(withdrawal.wait());
        let other = Arc::clone(&withdrawal);
        let after = spawn(move || block_on(other.wait()));
        withdrawal.set(CancelledReason::Cli);
        withdrawal.notify();
        assert_eq!((before.join(), after.join()), (CancelledReason::Cli, CancelledReason::Cli));
    });
}

#[test]
fn a_subscriber_gets_every_action_in_order_and_the_end() {
    explore(3, || {
        let feed = Feed::new(ROOM, false);
        let runner = Arc::clone(&feed);
        let push = spawn(move || {
            for action in [Action::Idle, Action::CapacityAvailable] {
                wake(runner.push(action).expect("it is subscribed"));
            }
        });
        let (mut delivered, mut taken) = (Vec::new(), VecDeque::new());
        while delivered.len() < 2 {
            block_on(poll_fn(|cx| feed.poll_take(cx, &mut taken)));
            delivered.extend(taken.drain(..));
        }
        assert!(matches!(delivered[..], [Ok(Action::Idle), Ok(Action::CapacityAvailable)]));
        push.join();
    });
}

#[test]
fn a_subscriber_that_is_dropped_while_actions_are_pushed_keeps_nothing() {
    explore(4, || {
        let feed = Feed::new(ROOM, false);
        let _ = feed.poll_take(&Context::from_waker(Waker::noop()), &mut VecDeque::new());
        let runner = Arc::clone(&feed);
        let push = spawn(move || {
            let pushed = [Action::Idle, Action::Idle].map(|action| runner.push(action).map(wake).is_some());
            assert!(pushed != [false, true], "one that is left stays so");
        });
        feed.leave();
        push.join();
        assert!(feed.is_over() && feed.len() == 0);
    });
}

#[test]
fn a_reader_gets_the_messages_of_a_prompt_and_its_end() {
    explore(3, || {
        let mailbox = Mailbox::new(ROOM);
        let runner = Arc::clone(&mailbox);
        let push = spawn(move || {
            wake(runner.push(&message(r#"{"type":"assistant"}"#)));
            wake(runner.end(end()));
        });
        let mut read = 0;
        while let Some(next) = block_on(poll_fn(|cx| mailbox.poll_message(cx).0)) {
            read += usize::from(next.is_ok());
        }
        assert_eq!(read, 1);
        assert_eq!(block_on(poll_fn(|cx| mailbox.poll_end(cx).0)), end());
        push.join();
    });
}

/// The handle is awaited: messages are no longer read, and the end still comes.
#[test]
fn a_reader_of_the_end_alone_gets_it() {
    explore(3, || {
        let mailbox = Mailbox::new(ROOM);
        let runner = Arc::clone(&mailbox);
        let push = spawn(move || {
            wake(runner.push(&message(r#"{"type":"assistant"}"#)));
            wake(runner.end(end()));
        });
        mailbox.stop_reading();
        assert_eq!(block_on(poll_fn(|cx| mailbox.poll_end(cx).0)), end());
        push.join();
    });
}

#[test]
fn a_request_is_taken_or_declined_and_never_both_or_neither() {
    explore(4, || {
        let inbox = Inbox::new(IncomingKinds::ALL, false);
        let withdrawal = Arc::new(Withdrawal::default());
        let runner = Arc::clone(&inbox);
        let push = spawn(move || runner.push(&request(), &withdrawal).map(wake).is_some());
        let taken = inbox.poll_next(&Context::from_waker(Waker::noop())).is_ready();
        let left = inbox.leave().len();
        let pushed = push.join();
        assert_eq!(usize::from(taken) + left, usize::from(pushed));
    });
}

#[test]
fn a_request_and_the_end_reach_the_task_that_waits() {
    explore(3, || {
        let inbox = Inbox::new(IncomingKinds::ALL, false);
        let runner = Arc::clone(&inbox);
        let push = spawn(move || {
            wake(runner.push(&request(), &Arc::default()).expect("it is taken"));
            wake(runner.end());
        });
        assert!(block_on(poll_fn(|cx| inbox.poll_next(cx))).is_some());
        assert!(block_on(poll_fn(|cx| inbox.poll_next(cx))).is_none());
        push.join();
    });
}

#[test]
fn work_of_dropped_handles_reaches_the_runner() {
    explore(3, || {
        let inbox = Arc::new(RunnerInbox::default());
        let leave = |number, is_dropped| {
            let inbox = Arc::clone(&inbox);
            spawn(move || {
                inbox.leave(|left| {
                    left.declined.push(IncomingId::new(0, number));
                    left.is_dropped |= is_dropped;
                });
            })
        };
        let (one, two) = (leave(1, false), leave(2, true));
        let (mut declined, mut is_dropped) = (0, false);
        block_on(poll_fn(|cx| {
            let left = inbox.collect(cx);
            declined += left.declined.len();
            is_dropped |= left.is_dropped;
            if declined == 2 { Poll::Ready(()) } else { Poll::Pending }
        }));
        assert!(is_dropped);
        one.join();
        two.join();
    });
}

/// The transport wakes the driver during its poll or at any time after it.
#[test]
fn a_wake_of_the_driver_reaches_the_runner() {
    explore(4, || {
        let (task, ready) = (Task::new(), Arc::new(AtomicBool::new(false)));
        let known = Arc::new(Awaited::new(None::<Waker>));
        let (reactor, event) = (Arc::clone(&known), Arc::clone(&ready));
        let wakes = spawn(move || {
            event.store(true, Ordering::SeqCst);
            wake(reactor.with(Option::take));
        });
        block_on(poll_fn(|cx| {
            let (polled, woken) = task.poll(cx, |cx| {
                let waker = cx.waker().clone();
                known.with(|known| *known = Some(waker));
                if ready.load(Ordering::SeqCst) { Poll::Ready(()) } else { Poll::Pending }
            });
            if woken && polled.is_pending() {
                cx.waker().wake_by_ref();
            }
            polled
        }));
        wakes.join();
    });
}

/// Handlers that other threads wake while they are polled, or at any time after it.
#[test]
fn a_wake_of_a_handler_reaches_it() {
    explore(3, || {
        let mut in_flight = InFlight::new();
        let polls = Arc::new(AtomicUsize::new(0));
        let mut threads = Vec::new();
        for _ in 0..2 {
            let (slot, polls) = (Slot::new(), Arc::clone(&polls));
            let put = Arc::clone(&slot);
            threads.push(spawn(move || wake(put.put(()))));
            in_flight.push(async move {
                poll_fn(|cx| slot.poll_take(cx)).await;
                polls.fetch_add(1, Ordering::Relaxed);
            });
        }
        block_on(poll_fn(|cx| in_flight.poll(cx)));
        assert_eq!(polls.load(Ordering::Relaxed), 2);
        threads.into_iter().for_each(|thread| thread.join());
    });
}

#[test]
fn a_wake_of_the_reactor_reaches_the_task() {
    explore(4, || {
        let (relay, ready) = (relay::WakerRelay::new(), Arc::new(AtomicBool::new(false)));
        let (waker, event) = (relay.context(&Context::from_waker(Waker::noop())).waker().clone(), Arc::clone(&ready));
        let reactor = spawn(move || {
            event.store(true, Ordering::SeqCst);
            waker.wake();
        });
        block_on(poll_fn(|cx| {
            let _ = relay.context(cx);
            if ready.load(Ordering::SeqCst) { Poll::Ready(()) } else { Poll::Pending }
        }));
        reactor.join();
    });
}
