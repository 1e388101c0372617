//! What the driver answers by itself: it refuses, once, and waits for nobody.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use claude_duplex::{Action, AskKinds, ChildAction, Closed, Exit, Json, Request, UnknownAsks};

use super::mock::{Done, Rig, Write, rig};
use crate::incoming::{DIALOG, KINDS, Kind};

const INIT: &str = r#"{"type":"system","subtype":"init","session_id":"s"}"#;
const RESULT: &str = r#"{"type":"result","subtype":"success","is_error":false,"result":"done"}"#;

/// A session with a turn that runs, in which every kind of request is the host's to answer.
fn owner() -> Rig {
    let mut rig = rig(|config| {
        config.owned = AskKinds::ALL;
        config.unknown_asks = UnknownAsks::Hand;
        config.limits.unsent_hard = LIMIT;
    });
    let kinds = Json::parse(&format!("[{DIALOG:?}]")).unwrap();
    rig.driver.request(Request::initialize().field("supportedDialogKinds", kinds)).unwrap();
    rig.driver.prompt("go").unwrap();
    rig.world.borrow_mut().say(INIT);
    rig.settle();
    rig
}

/// Bytes that may wait to be written.
const LIMIT: usize = 4096;

/// Drives `finish`. Once it waits, the child ends its turn, and exits at the end of its stdin.
fn finish(rig: &mut Rig) -> Closed {
    let world = rig.world.clone();
    let mut cx = Context::from_waker(Waker::noop());
    let mut said = false;
    let mut finishing = pin!(rig.driver.finish());
    for _ in 0..10 {
        if let Poll::Ready(closed) = finishing.as_mut().poll(&mut cx) {
            return closed.expect("it was not closed before");
        }
        let mut world = world.borrow_mut();
        if !std::mem::replace(&mut said, true) {
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
    assert!(matches!(&handed[..], [Action::Asked(_)]), "{}: {handed:?}", kind.name);
}

#[test]
fn finish_refuses_what_was_handed_out_and_what_comes() {
    for kind in KINDS {
        let mut rig = owner();
        hand_out(&mut rig, kind, "before");
        rig.world.borrow_mut().say(&kind.line("unread"));
        let closed = finish(&mut rig);
        assert!(closed.exit.is_some_and(Exit::success), "{}: {closed:?}", kind.name);
        let written = rig.world.borrow().written();
        for id in ["before", "unread"] {
            assert!(kind.is_refused(&written, id), "{}: {id} has no response", kind.name);
        }
    }
}

/// The clock of the mock stands still: a grace would never pass.
#[test]
fn finish_waits_for_nobody_but_the_child() {
    for kind in KINDS {
        let mut rig = owner();
        hand_out(&mut rig, kind, "before");
        let now = rig.world.borrow().now;
        finish(&mut rig);
        assert_eq!(rig.world.borrow().now, now);
    }
}

#[test]
fn a_refusal_that_there_is_no_room_for_follows_when_there_is() {
    for kind in KINDS {
        let mut rig = owner();
        hand_out(&mut rig, kind, "before");
        // The child does not read for a while, and all that may wait, waits.
        rig.world.borrow_mut().writes = [Write::Pending; 3].into();
        let text = "x".repeat(LIMIT - 150);
        let request = Request::new("r").id("r").field("f", Json::string(text));
        rig.driver.request(request).unwrap();
        let closed = finish(&mut rig);
        assert!(closed.exit.is_some_and(Exit::success), "{}: {closed:?}", kind.name);
        assert!(kind.is_refused(&rig.world.borrow().written(), "before"), "{}", kind.name);
    }
}

#[test]
fn a_future_of_finish_that_is_dropped_leaves_the_rest_to_the_host() {
    let mut rig = owner();
    let kind = &KINDS[0];
    hand_out(&mut rig, kind, "before");
    assert!(pin!(rig.driver.finish()).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    rig.world.borrow_mut().wait(Duration::from_secs(1));
    assert!(kind.is_refused(&rig.world.borrow().written(), "before"));
    assert_eq!(rig.driver.protocol().incoming_requests().count(), 0);
}

/// At the end of its stdin a CLI of up to 2.1.143 runs what a hook guards: it must not read that before the kill comes.
#[test]
fn an_abort_kills_before_it_closes_stdin() {
    for kind in KINDS {
        let mut rig = owner();
        hand_out(&mut rig, kind, "before");
        rig.driver.abort();
        rig.settle();
        assert!(rig.log().ends_with(&[Done::Signal(ChildAction::Kill), Done::Closed]), "{:?}", rig.log());
        assert!(!kind.is_refused(&rig.world.borrow().written(), "before"));
    }
}
