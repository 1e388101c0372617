//! The order in which the driver's loop does things, and what it answers by itself, on a transport in memory.

mod ends;
mod finish;
mod mock;

use std::io;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use claude_duplex::{Action, Decision, IncomingKind, Outcome, Prompt, Request, RequestError};
use mock::{Done, Write, rig};

const PERMISSION_REQUEST: &str = r#"{"type":"control_request","request_id":"a1","request":{"subtype":"can_use_tool","tool_name":"Bash","input":{}}}"#;
const NOTE: &str = r#"{"type":"system","subtype":"note"}"#;

#[test]
fn a_response_of_the_core_is_written_before_its_action_is_returned() {
    let mut rig = rig(|_| {});
    rig.world.borrow_mut().say(PERMISSION_REQUEST);
    let first = rig.poll();
    assert!(matches!(first, Poll::Ready(Some(Action::IncomingDeclined { .. }))), "{first:?}");
    assert!(rig.world.borrow().written().contains("\"deny\""));
    assert_eq!(rig.log().last(), Some(&Done::Flushed));
}

#[test]
fn a_response_of_the_host_is_written_before_the_next_action_is_returned() {
    let mut rig = rig(|config| *config = config.clone().handle(IncomingKind::Permission));
    rig.world.borrow_mut().say(&format!("{PERMISSION_REQUEST}\n{NOTE}"));
    let Poll::Ready(Some(Action::IncomingRequest(incoming))) = rig.poll() else { panic!("no ask") };
    assert_eq!(rig.world.borrow().written(), "");
    rig.driver.respond(incoming.id(), Decision::allow()).unwrap();
    assert!(matches!(rig.poll(), Poll::Ready(Some(Action::Message { .. }))));
    assert!(rig.world.borrow().written().contains("\"allow\""));
}

#[test]
fn partial_interrupted_and_pending_writes_lose_and_repeat_nothing() {
    let mut rig = rig(|_| {});
    let interrupted = Write::Fail(io::ErrorKind::Interrupted);
    let halting = [Write::Take(1), Write::Pending, interrupted, Write::Take(7), Write::Pending, Write::Take(20)];
    rig.world.borrow_mut().writes = halting.into();
    rig.world.borrow_mut().flushes_pending = 2;
    let whole = {
        let mut twin = mock::rig(|_| {});
        twin.driver.prompt("hello").unwrap();
        twin.settle();
        twin.world.borrow().written()
    };
    rig.driver.prompt("hello").unwrap();
    for _ in 0..6 {
        assert!(rig.poll().is_pending());
    }
    assert_eq!(rig.world.borrow().written(), whole);
    assert_eq!(rig.log().last(), Some(&Done::Flushed));
}

#[test]
fn reading_does_not_wait_for_writing() {
    let mut rig = rig(|_| {});
    rig.world.borrow_mut().writes = [Write::Pending; 9].into();
    rig.driver.prompt("hello").unwrap();
    rig.world.borrow_mut().say(NOTE);
    assert!(matches!(rig.poll(), Poll::Ready(Some(Action::Message { .. }))));
}

#[test]
fn arrived_bytes_are_processed_before_deadlines() {
    let mut rig = rig(|config| config.timeouts.request = Some(Duration::from_secs(1)));
    rig.driver.request(Request::new("get_settings").id("r1")).unwrap();
    assert!(rig.poll().is_pending());
    // The reply waits behind other chunks, and the host was away for longer than the deadline.
    let mut world = rig.world.borrow_mut();
    (0..5).for_each(|_| world.say(NOTE));
    world.say(r#"{"type":"control_response","response":{"subtype":"success","request_id":"r1","response":{}}}"#);
    world.wait(Duration::from_secs(2));
    drop(world);
    let replies: Vec<_> =
        rig.settle().into_iter().filter(|action| matches!(action, Action::ResponseReceived { .. })).collect();
    assert!(matches!(&replies[..], [Action::ResponseReceived { response: Ok(_), .. }]), "{replies:?}");
}

#[test]
fn the_clock_decides_which_deadlines_have_passed() {
    let mut rig = rig(|config| config.timeouts.request = Some(Duration::from_secs(1)));
    rig.driver.request(Request::new("get_settings")).unwrap();
    rig.world.borrow_mut().timer_lies = true;
    for _ in 0..3 {
        // A timer that is early makes the driver look again, and in the end let others have their turn.
        let wakes = rig.wakes();
        assert!(rig.poll().is_pending());
        assert_eq!(rig.wakes(), wakes + 1);
    }
    rig.world.borrow_mut().timer_lies = false;
    assert!(rig.poll().is_pending());
    let due = rig.world.borrow().timer.unwrap();
    rig.world.borrow_mut().now = due;
    let over = rig.settle();
    assert!(
        matches!(&over[..], [Action::ResponseReceived { response: Err(RequestError::TimedOut), .. }, ..]),
        "{over:?}"
    );
}

#[test]
fn unread_actions_stop_reading_stdout_but_not_stderr() {
    const LIMIT: usize = 10_000;
    let mut rig = rig(|config| config.limits.unread = LIMIT);
    rig.world.borrow_mut().flood = Some("{\"type\":\"system\",\"subtype\":\"note\"}\n");
    let mut handed = 0;
    for _ in 0..20_000 {
        // A host so slow that the driver looks at the child before each action.
        rig.world.borrow_mut().wait(Duration::from_secs(1));
        if let Poll::Ready(Some(Action::Message { message, .. })) = rig.poll() {
            handed += message.as_bytes().len() + 1;
            assert!(rig.world.borrow().stderr.is_empty());
            rig.world.borrow_mut().stderr.push_back(Ok(vec![b'x'; 10]));
        }
    }
    let read: usize = rig.log().iter().map(|done| if let Done::Read(count) = done { *count } else { 0 }).sum();
    assert!(read > 10 * LIMIT && read - handed <= LIMIT + 64 * 1024, "{read} read, {handed} handed out");
}

#[test]
fn a_poll_returns_although_the_child_keeps_writing() {
    for flood in ["\n", "{\"type\":\"keep_alive\"}\n", "{\"type\":\"system\"}\n"] {
        let mut rig = rig(|_| {});
        rig.world.borrow_mut().flood = Some(flood);
        let pauses = (0..10_000).filter(|_| rig.poll().is_pending()).take(3).count();
        assert_eq!((pauses, rig.wakes()), (3, 3), "{flood:?}");
    }
}

#[test]
fn queued_actions_are_returned_without_a_system_call_each() {
    let mut rig = rig(|_| {});
    rig.world.borrow_mut().wait(Duration::from_secs(1));
    rig.world.borrow_mut().say(&[NOTE; 200].join("\n"));
    assert!(matches!(rig.poll(), Poll::Ready(Some(_))));
    let log = rig.log();
    rig.world.borrow_mut().say(NOTE);
    for _ in 1..200 {
        assert!(matches!(rig.poll(), Poll::Ready(Some(_))));
    }
    assert_eq!(rig.log(), log);
    assert_eq!(rig.settle().len(), 1);
}

#[test]
fn a_dropped_future_loses_no_action() {
    let mut rig = rig(|_| {});
    let mut cx = Context::from_waker(Waker::noop());
    let id = rig.driver.prompt(Prompt::text("hello")).unwrap();
    rig.world.borrow_mut().writes = [Write::Take(3), Write::Pending, Write::Take(5), Write::Pending].into();
    let script = format!(
        "{{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"s\"}}\n\
         {{\"type\":\"user\",\"uuid\":\"{}\",\"message\":{{\"role\":\"user\",\"content\":\"hello\"}}}}\n\
         {{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false}}\n",
        id.uuid()
    );
    let mut ends = 0;
    for byte in script.bytes() {
        rig.world.borrow_mut().stdout.push_back(Ok(vec![byte]));
        while let Poll::Ready(Some(action)) = pin!(rig.driver.next()).poll(&mut cx) {
            ends += usize::from(matches!(action, Action::PromptEnded { outcome: Outcome::Success, .. }));
        }
    }
    assert_eq!(ends, 1);
    assert!(rig.world.borrow().written().ends_with('\n'));
}
