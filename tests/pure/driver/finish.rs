//! Responses of the driver itself: it refuses each request once, without waiting for the host.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use claude_duplex::{Action, ChildCommand, Exit, IncomingKinds, Json, Request, SessionClosed, UnknownIncoming};

use super::mock::{Done, Rig, Write, rig};
use crate::incoming::{DIALOG, KINDS, Kind};

const INIT: &str = r#"{"type":"system","subtype":"init","session_id":"s"}"#;
const RESULT: &str = r#"{"type":"result","subtype":"success","is_error":false,"result":"done"}"#;

/// A session with a turn that runs, in which every kind of request is the host's to answer.
fn owner() -> Rig {
    let mut rig = rig(|config| {
        config.handled = IncomingKinds::ALL;
        config.unknown_incoming = UnknownIncoming::Deliver;
        config.limits.unsent_hard = LIMIT;
    });
    let kinds = Json::parse(&format!("[{DIALOG:?}]")).unwrap();
    let hooks = Json::parse(r#"{"PreToolUse":[{"matcher":"Bash","hookCallbackIds":["h"]}]}"#).unwrap();
    let initialize = Request::initialize().field("supportedDialogKinds", kinds).field("hooks", hooks);
    rig.driver.request(initialize).unwrap();
    rig.driver.prompt("go").unwrap();
    rig.world.borrow_mut().say(INIT);
    rig.settle();
    rig
}

/// Bytes that may wait to be written.
const LIMIT: usize = 4096;

/// Drives `finish`. Once it waits, the child ends its turn, and exits at the end of its stdin.
fn finish(rig: &mut Rig) -> SessionClosed {
    let world = rig.world.clone();
    let mut cx = Context::from_waker(Waker::noop());
    let mut has_written = false;
    let mut finishing = pin!(rig.driver.finish());
    for _ in 0..10 {
        if let Poll::Ready(closed) = finishing.as_mut().poll(&mut cx) {
            return closed.expect("it was not closed before");
        }
        let mut world = world.borrow_mut();
        if !std::mem::replace(&mut has_written, true) {
            world.say(RESULT);
        }
        if world.log.contains(&Done::Closed) && world.exit.is_none() {
            world.end(Exit::Code(0));
        }
    }
    panic!("it waits, and nobody answers");
}

fn hand_out(rig: &mut Rig, kind: &Kind, id: &str) {
    rig.world.borrow_mut().say(&kind.line(id));
    let handed = rig.settle();
    assert!(matches!(&handed[..], [Action::IncomingRequest(_)]), "{}: {handed:?}", kind.name);
}

#[test]
fn finish_refuses_open_and_later_requests() {
    for kind in KINDS {
        let mut rig = owner();
        hand_out(&mut rig, kind, "before");
        rig.world.borrow_mut().say(&kind.line("unread"));
        let closed = finish(&mut rig);
        assert!(closed.exit.is_some_and(Exit::is_success), "{}: {closed:?}", kind.name);
        let written = rig.world.borrow().written();
        for id in ["before", "unread"] {
            assert!(kind.is_refused(&written, id), "{}: {id} has no response", kind.name);
        }
    }
}

/// The clock of the mock stands still: a grace would never pass.
#[test]
fn finish_waits_only_for_the_child() {
    for kind in KINDS {
        let mut rig = owner();
        hand_out(&mut rig, kind, "before");
        let now = rig.world.borrow().now;
        finish(&mut rig);
        assert_eq!(rig.world.borrow().now, now);
    }
}

#[test]
fn a_refusal_without_room_is_written_later() {
    for kind in KINDS {
        let mut rig = owner();
        hand_out(&mut rig, kind, "before");
        // The child does not read for a while, and all that may wait, waits.
        rig.world.borrow_mut().writes = [Write::Pending; 3].into();
        let text = "x".repeat(LIMIT - 150);
        let request = Request::new("r").id("r").field("f", Json::from_text(text));
        rig.driver.request(request).unwrap();
        let closed = finish(&mut rig);
        assert!(closed.exit.is_some_and(Exit::is_success), "{}: {closed:?}", kind.name);
        assert!(kind.is_refused(&rig.world.borrow().written(), "before"), "{}", kind.name);
    }
}

#[test]
fn a_dropped_finish_leaves_the_rest_to_the_host() {
    let mut rig = owner();
    let kind = &KINDS[0];
    hand_out(&mut rig, kind, "before");
    assert!(pin!(rig.driver.finish()).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    rig.world.borrow_mut().wait(Duration::from_secs(1));
    assert!(kind.is_refused(&rig.world.borrow().written(), "before"));
    assert_eq!(rig.driver.protocol().open_incoming().count(), 0);
}

/// At the end of its stdin a CLI of up to 2.1.143 runs what a hook guards: it must not read that before the kill comes.
#[test]
fn an_abort_kills_the_child_before_closing_stdin() {
    for kind in KINDS {
        let mut rig = owner();
        hand_out(&mut rig, kind, "before");
        rig.driver.abort();
        rig.settle();
        assert!(rig.log().ends_with(&[Done::Signal(ChildCommand::Kill), Done::Closed]), "{:?}", rig.log());
        assert!(!kind.is_refused(&rig.world.borrow().written(), "before"));
    }
}

/// A CLI of up to 2.1.206 runs what a hook guards once its stdin has ended, whether it asked before or incoming requests after that.
#[test]
fn a_close_past_its_grace_period_stops_the_turn_before_closing_stdin() {
    for kind in KINDS {
        let mut rig = owner();
        hand_out(&mut rig, kind, "before");
        rig.driver.close();
        rig.settle();
        assert!(!rig.log().contains(&Done::Closed), "{}: the answer may still come", kind.name);
        rig.world.borrow_mut().wait(Duration::from_secs(120));
        // The child does not take what stops it yet, and asks once more.
        rig.world.borrow_mut().writes = [Write::Pending; 2].into();
        rig.world.borrow_mut().say(&kind.line("late"));
        rig.settle();
        assert!(!rig.log().contains(&Done::Closed), "{}", kind.name);
        rig.settle();
        let written = rig.world.borrow().written();
        assert!(kind.is_refused(&written, "before") && kind.is_refused(&written, "late"), "{}", kind.name);
        assert!(written.contains(r#""subtype":"interrupt""#), "{}: {written}", kind.name);
        assert!(!rig.log().contains(&Done::Closed), "{}: the turn may still end", kind.name);
        rig.world.borrow_mut().say(RESULT);
        rig.settle();
        assert_eq!(rig.log().last(), Some(&Done::Closed), "{}", kind.name);
    }
}

#[test]
fn a_turn_that_does_not_stop_delays_a_close_only_by_its_grace_period() {
    let mut rig = owner();
    rig.driver.close();
    rig.world.borrow_mut().wait(Duration::from_secs(120));
    rig.settle();
    assert!(!rig.log().contains(&Done::Closed));
    rig.world.borrow_mut().wait(Duration::from_secs(2));
    rig.settle();
    assert_eq!(rig.log().last(), Some(&Done::Closed));
}

#[test]
fn a_child_that_does_not_read_its_interrupt_is_killed() {
    let mut rig = owner();
    rig.driver.close();
    rig.settle();
    rig.world.borrow_mut().writes = [Write::Pending; 1000].into();
    rig.world.borrow_mut().wait(Duration::from_secs(120));
    rig.settle();
    assert!(!rig.log().contains(&Done::Closed));
    rig.world.borrow_mut().wait(Duration::from_secs(2));
    rig.settle();
    assert!(rig.log().ends_with(&[Done::Signal(ChildCommand::Kill), Done::Closed]), "{:?}", rig.log());
}

/// The host has answered, and the child has not read the answer when the grace ends.
#[test]
fn stdin_is_closed_only_after_unread_responses() {
    let mut rig = owner();
    let kind = &KINDS[1];
    rig.world.borrow_mut().say(&kind.line("before"));
    let [Action::IncomingRequest(incoming_request)] = &rig.settle()[..] else { panic!("it is asked") };
    rig.driver.close();
    rig.world.borrow_mut().writes = [Write::Pending; 1000].into();
    rig.driver.respond(incoming_request.id(), claude_duplex::IncomingResponse::Decline).unwrap();
    rig.world.borrow_mut().say(RESULT);
    rig.world.borrow_mut().wait(Duration::from_secs(120));
    rig.settle();
    assert!(!rig.log().contains(&Done::Closed));
    rig.world.borrow_mut().writes.clear();
    rig.settle();
    assert!(kind.is_refused(&rig.world.borrow().written(), "before"));
    assert_eq!(rig.log().last(), Some(&Done::Closed));
}
