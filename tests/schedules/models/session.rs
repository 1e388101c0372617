//! Whole sessions: the runner, and threads with handles.

use super::cli::Cli;
use super::lines::Lines;
use super::{block_on, explore, spawn, spawn_future};
use crate::base::ids::Seed;
use crate::incoming::{Decision, IncomingKinds};
use crate::protocol::action::Action;
use crate::protocol::config::Config;
use crate::protocol::end::CloseReason;
use crate::protocol::error::{RefusedReason, RespondError};
use crate::session::waiting::ring::Overflow;
use crate::session::{Runner, Session, SessionBuilder};

const PERMISSION: &str =
    r#"{"type":"control_request","request_id":"a","request":{"subtype":"can_use_tool","tool_name":"Bash","input":{}}}"#;
const CANCEL: &str = r#"{"type":"control_cancel_request","request_id":"a"}"#;

fn config() -> Config {
    let mut config = Config::new(Seed::from_bytes([1; 16]));
    config.handled = IncomingKinds::ALL;
    config
}

fn open_with(config: Config, build: impl FnOnce(SessionBuilder) -> SessionBuilder) -> (Cli, Session, Runner) {
    let (cli, pipes) = Cli::new();
    let (claude, runner) = build(Session::builder().config(config)).open_on(pipes);
    (cli, claude, runner)
}

fn open() -> (Cli, Session, Runner) {
    open_with(config(), |builder| builder)
}

/// A prompt is refused, or it ends, and the session ends too.
#[test]
fn a_prompt_against_a_close() {
    explore(2, || {
        let (_, claude, runner) = open();
        let other = claude.clone();
        let close = spawn(move || other.close());
        let run = spawn_future(runner);
        match claude.prompt("hello") {
            Ok(prompt) => assert!(block_on(prompt.finish()).prompt.number() == 1),
            Err(refused) => assert_eq!(refused.reason(), RefusedReason::Closed),
        }
        close.join();
        assert_eq!(run.join().reason, CloseReason::Closed);
        assert!(matches!(claude.prompt("more"), Err(refused) if refused.reason() == RefusedReason::Closed));
    });
}

/// The same, if the runner is dropped.
#[test]
fn a_prompt_against_a_runner_that_is_dropped() {
    explore(3, || {
        let (_, claude, runner) = open();
        let lose = spawn(move || drop(runner));
        let exit = spawn_future(claude.wait_for_exit());
        match claude.prompt("hello") {
            Ok(prompt) => assert!(!block_on(prompt.finish()).is_success()),
            Err(refused) => assert_eq!(refused.reason(), RefusedReason::Closed),
        }
        lose.join();
        assert_eq!(exit.join().reason, CloseReason::Aborted);
    });
}

#[test]
fn the_last_handle_against_a_task_that_begins_to_wait() {
    explore(3, || {
        let (_, claude, runner) = open();
        let (waits, other) = (claude.wait_for_exit(), claude.clone());
        let run = spawn_future(runner);
        let wait = spawn_future(waits);
        let dropped = spawn(move || drop(other));
        drop(claude);
        assert_eq!(wait.join().reason, CloseReason::Closed);
        run.join();
        dropped.join();
    });
}

/// An incoming request that is taken counts as a handle, unless the last one was dropped before. The session ends in
/// either case.
#[test]
fn the_last_handle_against_a_request_that_is_taken() {
    explore(2, || {
        let (cli, claude, runner) = open();
        cli.say(PERMISSION);
        let mut incoming = claude.incoming().expect("they are handled");
        let run = spawn_future(runner);
        let take = spawn(move || {
            let Some(responder) = block_on(incoming.next()) else { return };
            if let Err(error) = responder.respond(Decision::allow()) {
                assert!(matches!(error, RespondError::Stale | RespondError::Closed(_)), "{error}");
            }
        });
        drop(claude);
        assert_eq!(run.join().reason, CloseReason::Closed);
        take.join();
        assert!(responses(&cli) <= 1);
    });
}

fn responses(cli: &Cli) -> usize {
    cli.written().iter().filter(|line| line.contains("control_response")).count()
}

/// A response is accepted and written, or the request was cancelled before it: nothing else, and never twice.
#[test]
fn a_response_against_a_cancellation() {
    explore(2, || {
        let (cli, claude, runner) = open();
        cli.say(PERMISSION);
        let mut incoming = claude.incoming().expect("they are handled");
        let run = spawn_future(runner);
        let other = cli.clone();
        let cancel = spawn(move || other.say(CANCEL));
        let respond = spawn(move || {
            // The CLI may cancel the request before it is taken.
            let Some(responder) = block_on(incoming.next()) else { return None };
            Some(responder.respond(Decision::allow()).is_ok())
        });
        cancel.join();
        claude.close();
        drop(claude);
        run.join();
        let accepted = respond.join();
        assert!(responses(&cli) <= 1);
        assert!(accepted != Some(false) || responses(&cli) == 0, "a refused response is not written");
    });
}

/// One that waits for the cancellation gets it, also if the request is declined at that moment.
#[test]
fn a_cancellation_against_a_task_that_begins_to_wait_for_it() {
    explore(2, || {
        let (cli, claude, runner) = open();
        cli.say(PERMISSION);
        let mut incoming = claude.incoming().expect("they are handled");
        let run = spawn_future(runner);
        let responder = block_on(incoming.next()).expect("a request");
        let other = cli.clone();
        let cancel = spawn(move || other.say(CANCEL));
        block_on(responder.withdrawn());
        cancel.join();
        drop((responder, incoming, claude));
        run.join();
        assert_eq!(responses(&cli), 0);
    });
}

/// The session waits for a subscriber whose buffer is full, until that is dropped. The first prompt fills the buffer, so
/// that the result of the second one is read only after the drop.
#[test]
fn a_subscriber_that_is_dropped_while_the_session_waits_for_it() {
    explore(2, || {
        let (_, claude, runner) = open();
        let watch = claude.subscribe(1, Overflow::Wait);
        let run = spawn_future(runner);
        let first = claude.prompt("one").expect("the session is open");
        assert!(block_on(first.finish()).is_success());
        let second = claude.prompt("two").expect("the session is open");
        let leave = spawn(move || drop(watch));
        assert!(block_on(second.finish()).is_success());
        leave.join();
        drop(claude);
        run.join();
    });
}

/// The session waits for a subscriber that reads slowly: nothing is lost, and nothing waits forever. The first prompt
/// fills the buffer, so that the result of the second one is read only after the subscriber has read.
#[test]
fn a_subscriber_that_reads_while_the_session_waits_for_it() {
    explore(1, || {
        let (_, claude, runner) = open();
        let mut watch = claude.subscribe(1, Overflow::Wait);
        let run = spawn_future(runner);
        let first = claude.prompt("one").expect("the session is open");
        assert!(block_on(first.finish()).is_success());
        let second = claude.prompt("two").expect("the session is open");
        let read = spawn(move || {
            let mut ended = 0;
            while let Some(item) = block_on(watch.next()) {
                ended += usize::from(matches!(item.expect("nothing is lost"), Action::PromptEnded { .. }));
            }
            ended
        });
        assert!(block_on(second.finish()).is_success());
        drop(claude);
        assert_eq!(read.join(), 2);
        run.join();
    });
}

/// A prompt that is refused for want of capacity succeeds after `ready`.
#[test]
fn a_task_that_waits_for_capacity_against_the_end_of_the_prompt() {
    explore(2, || {
        let mut config = config();
        config.limits.open_prompts = 1;
        let (_, claude, runner) = open_with(config, |builder| builder);
        let first = claude.prompt("one").expect("there is room");
        let run = spawn_future(runner);
        let second = loop {
            match claude.prompt("two") {
                Ok(prompt) => break prompt,
                Err(refused) if refused.is_full() => block_on(claude.ready()),
                Err(refused) => panic!("{refused}"),
            }
        };
        for prompt in [first, second] {
            assert!(block_on(prompt.finish()).is_success());
        }
        drop(claude);
        run.join();
    });
}

/// Threads leave the journal's lines to one another: none is left behind, and all are in order.
#[test]
fn a_journal_that_several_threads_write() {
    explore(2, || {
        let lines = Lines::default();
        let writer = lines.clone();
        let (_, claude, runner) = open_with(config(), |builder| builder.record(writer, 1 << 20));
        let other = claude.clone();
        let one = spawn(move || drop(other.prompt("one").expect("the session is open")));
        let run = spawn_future(runner);
        drop(claude.prompt("two").expect("the session is open"));
        one.join();
        let shared = claude.presence.shared();
        drop(claude);
        run.join();
        assert_eq!(shared.state().waits(), 0, "work is left");
        let actions = lines.actions();
        assert!(matches!(actions.last(), Some(Action::Closed(_))), "it is not complete: {actions:?}");
        let ended = actions.iter().filter(|action| matches!(action, Action::PromptEnded { .. })).count();
        assert_eq!(ended, 2, "{actions:?}");
    });
}
