//! How the driver ends: what fails, what is closed, what is killed.

use std::io;
use std::task::Poll;
use std::time::Duration;

use claude_duplex::{Action, ChildCommand, CloseReason, Exit, SessionClosed, TransportKind};

use super::NOTE;
use super::mock::{Done, Write, rig};

fn closed(actions: &[Action]) -> &SessionClosed {
    match actions.last() {
        Some(Action::Closed(closed)) => closed,
        other => panic!("not closed but {other:?}"),
    }
}

#[test]
fn nothing_is_read_after_an_end() {
    let mut rig = rig(|_| {});
    // Each end for itself; the mock does not stand for a read behind it.
    rig.world.borrow_mut().say(NOTE);
    rig.world.borrow_mut().stdout.push_back(Ok(Vec::new()));
    assert_eq!(rig.settle().len(), 1);
    rig.world.borrow_mut().stderr.push_back(Ok(Vec::new()));
    assert_eq!(rig.settle().len(), 0);
    rig.world.borrow_mut().exit = Some(Exit::Code(0));
    assert_eq!(closed(&rig.settle()).reason, CloseReason::Exited);
    assert!(matches!(rig.poll(), Poll::Ready(None)));
    assert!(matches!(rig.poll(), Poll::Ready(None)));
}

#[test]
fn a_read_error_is_the_end_and_is_kept() {
    let mut rig = rig(|_| {});
    let mut world = rig.world.borrow_mut();
    world.stdout.push_back(Err(io::ErrorKind::Interrupted.into()));
    world.say(NOTE);
    world.stdout.push_back(Err(io::ErrorKind::ConnectionReset.into()));
    world.stderr.push_back(Err(io::ErrorKind::Interrupted.into()));
    world.stderr.push_back(Ok(b"last words".to_vec()));
    world.stderr.push_back(Err(io::ErrorKind::BrokenPipe.into()));
    world.exit = Some(Exit::Code(3));
    drop(world);
    let actions = rig.settle();
    assert!(matches!(&actions[..], [Action::Message { .. }, Action::Closed(_)]), "{actions:?}");
    assert_eq!(closed(&actions).stderr, "last words");
    assert_eq!(rig.driver.io_error().unwrap().kind(), io::ErrorKind::ConnectionReset);
}

#[test]
fn a_write_of_zero_bytes_or_an_error_ends_writing() {
    for write in [Write::Take(0), Write::Fail(io::ErrorKind::BrokenPipe)] {
        let mut rig = rig(|_| {});
        rig.world.borrow_mut().writes.push_back(write);
        rig.driver.prompt("hello").unwrap();
        assert!(rig.settle().is_empty());
        // The mock does not stand for another write or flush, but stdin is closed.
        assert_eq!(rig.log().iter().filter(|done| **done == Done::Closed).count(), 1);
        assert!(rig.driver.io_error().is_some());
        rig.world.borrow_mut().end(Exit::Code(0));
        assert_eq!(closed(&rig.settle()).reason, CloseReason::Exited);
    }
}

#[test]
fn a_pending_close_does_not_delay_a_kill() {
    let mut rig = rig(|_| {});
    rig.world.borrow_mut().closes_pending = 3;
    rig.driver.abort();
    assert!(rig.poll().is_pending());
    assert_eq!(rig.log(), [Done::Signal(ChildCommand::Kill)]);
    assert!(rig.poll().is_pending());
    assert_eq!(rig.log(), [Done::Signal(ChildCommand::Kill), Done::Closed]);
    rig.world.borrow_mut().end(Exit::Signal(9));
    assert_eq!(closed(&rig.settle()).reason, CloseReason::Aborted);
}

#[test]
fn the_shutdown_steps_happen_at_their_deadlines() {
    let mut rig = rig(|config| {
        config.timeouts.shutdown.exit = Duration::from_secs(10);
        config.timeouts.shutdown.terminate = Duration::from_secs(5);
        config.timeouts.shutdown.pipes = Duration::from_secs(2);
    });
    rig.driver.close();
    let mut seen = Vec::new();
    for second in 0..20 {
        let actions = rig.settle();
        seen.extend(rig.world.borrow_mut().log.drain(..).map(|done| (second, done)));
        seen.extend(actions.iter().map(|_| (second, Done::Exited)));
        rig.world.borrow_mut().wait(Duration::from_secs(1));
    }
    let expected = [
        (0, Done::Closed),
        (10, Done::Signal(ChildCommand::Terminate)),
        (15, Done::Signal(ChildCommand::Kill)),
        (17, Done::Exited),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn the_process_group_is_killed_before_closed_is_returned() {
    let mut rig = rig(|_| {});
    rig.world.borrow_mut().end(Exit::Code(0));
    let Poll::Ready(Some(Action::Closed(_))) = rig.poll() else { panic!("not closed") };
    assert!(rig.log().ends_with(&[Done::Closed, Done::Signal(ChildCommand::Kill)]), "{:?}", rig.log());
}

#[test]
fn two_streams_end_with_the_incoming_one() {
    let mut rig = rig(|config| config.transport = TransportKind::Streams);
    rig.world.borrow_mut().say(NOTE);
    rig.world.borrow_mut().stdout.push_back(Ok(Vec::new()));
    let actions = rig.settle();
    assert_eq!(closed(&actions).reason, CloseReason::Eof);
    assert!(!rig.log().iter().any(|done| matches!(done, Done::Signal(_))));
}
