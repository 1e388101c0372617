//! What an operator sees at which level.

use claude_duplex::testing::{Script, Step, ToolStep};
use claude_duplex::{Action, IncomingResponse};
use tracing::Level;

use super::capture::Capture;
use super::scenes::{
    Scene, answer_until_idle, config, dead_at_once, dropped, everything, late, session, stopped, trouble, unowned,
};

/// The names of the events at that level or above, in order.
fn told(level: Level, scene: impl FnOnce()) -> Vec<String> {
    let capture = Capture::new(level);
    capture.during(scene);
    let seen = capture.seen();
    assert!(seen.events.iter().all(|event| seen.session_of(event.parent).is_some()), "whose is it?");
    seen.events.iter().map(|event| event.name.clone()).collect()
}

fn good() {
    let script = Script::default().then([ToolStep::bash("ls").requires_permission().into(), Step::text("done")]);
    session(config(1), script, async |claude| {
        claude.prompt("hello").unwrap();
        answer_until_idle(claude).await;
    });
}

/// Nobody answers what is asked, although the host handles its kind.
fn unserved() {
    let script = Script::default().then([ToolStep::bash("ls").requires_permission().into(), Step::text("done")]);
    session(config(1), script, async |claude| {
        claude.prompt("hello").unwrap();
        while let Some(action) = claude.next().await {
            match action {
                Action::IncomingRequest(request) => claude.respond(request.id(), IncomingResponse::Decline).unwrap(),
                Action::Idle => break,
                _ => {}
            }
        }
    });
}

#[test]
fn a_good_session_is_told_by_its_begin_and_its_end() {
    assert_eq!(told(Level::WARN, good), [""; 0]);
    assert_eq!(told(Level::INFO, good), ["session started", "session introduced", "session closed"]);
}

#[test]
fn what_goes_wrong_is_a_warning() {
    let cases: [(Scene, &[&str]); 8] = [
        (everything, &["declined", "rejected", "rejected"]),
        (trouble, &["prompt ended", "turn ended", "prompt ended", "session closed"]),
        (stopped, &["stalled", "terminate", "kill"]),
        (unowned, &["declined"]),
        (unserved, &["answered"]),
        (late, &["replied", "replied", "session closed"]),
        (dead_at_once, &["session closed"]),
        (dropped, &[]),
    ];
    for (scene, expected) in cases {
        let told = told(Level::WARN, scene);
        let mut rest = told.iter();
        for expected in expected {
            assert!(rest.any(|event| event == expected), "{expected} of {expected:?} is not in {told:?}");
        }
    }
    assert_eq!(told(Level::WARN, dropped), [""; 0]);
    assert_eq!(told(Level::INFO, dropped), ["session started", "session introduced", "session dropped"]);
}
