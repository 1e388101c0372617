//! What an operator sees at which level.

use claude_duplex::testing::{Script, Step, ToolStep};
#[cfg(all(unix, feature = "smol"))]
use claude_duplex::{Config, Options, Seed};
use tracing::Level;

use super::capture::Capture;
use super::scenarios::{
    Scene, answer_until_idle, config, dead_at_once, dropped, everything, late, session, stopped, trouble, unhandled,
    unserved,
};

/// The names of the events at that level or above, in order.
fn events_at(level: Level, scene: impl FnOnce()) -> Vec<String> {
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

#[test]
fn a_session_without_problems_logs_its_start_and_end() {
    assert_eq!(events_at(Level::WARN, good), [""; 0]);
    assert_eq!(events_at(Level::INFO, good), ["session started", "session introduced", "session closed"]);
}

#[test]
fn a_close_logs_the_reason_of_its_wait() {
    let scene = || {
        let script = Script::default().then([Step::text_in_parts("a b c", 3, std::time::Duration::from_secs(1))]);
        session(config(1), script, async |claude| {
            claude.prompt("talk").unwrap();
            while !matches!(claude.next().await, Some(claude_duplex::Action::TurnStarted { .. })) {}
            claude.close();
            while claude.next().await.is_some() {}
        });
    };
    let events_at = events_at(Level::INFO, scene);
    let at = events_at.iter().position(|event| event == "close waits for the running turn");
    assert!(at.is_some_and(|at| events_at[at + 1..] == ["session closed"]), "{events_at:?}");
}

/// The CLI sends its permission requests to a host that does not handle them.
#[cfg(all(unix, feature = "smol"))]
#[test]
fn a_forgotten_switch_is_a_warning_at_the_start() {
    let options = |script: &str| Options::new().program("sh").global_arg("-c").global_arg(script);
    let run = |options: Options| {
        let config = Config::new(Seed::from_bytes([1; 16]));
        let mut claude = claude_duplex::driver::smol::spawn(&options, config).unwrap();
        async_io::block_on(async { while claude.next().await.is_some() {} });
    };
    let warned = events_at(Level::WARN, || run(options("exit 0").host_permission_prompts()));
    assert_eq!(warned, ["advice", "session closed"]);
    assert_eq!(events_at(Level::WARN, || run(options("exit 0"))), ["session closed"]);
}

#[test]
fn failures_are_logged_as_warnings() {
    let cases: [(Scene, &[&str]); 8] = [
        (everything, &["incoming declined", "rejected line", "rejected line"]),
        (trouble, &["prompt ended", "turn ended", "prompt ended", "session closed"]),
        (stopped, &["deadline exceeded", "terminate", "kill"]),
        (unhandled, &["incoming declined"]),
        (unserved, &["incoming answered"]),
        (late, &["response received", "response received", "session closed"]),
        (dead_at_once, &["session closed"]),
        (dropped, &[]),
    ];
    for (scene, expected) in cases {
        let events_at = events_at(Level::WARN, scene);
        let mut rest = events_at.iter();
        for expected in expected {
            assert!(rest.any(|event| event == expected), "{expected} of {expected:?} is not in {events_at:?}");
        }
    }
    assert_eq!(events_at(Level::WARN, dropped), [""; 0]);
    assert_eq!(events_at(Level::INFO, dropped), ["session started", "session introduced", "session dropped"]);
}
