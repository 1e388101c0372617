//! Whole sessions with several tasks, which have too many steps for loom to run every order of them.

use super::cli::Cli;
use super::lines::Lines;
use super::{block_on, explore, spawn, spawn_future};
use crate::base::ids::{PromptId, Seed};
use crate::incoming::{Decision, IncomingKinds};
use crate::protocol::action::Action;
use crate::protocol::config::Config;
use crate::protocol::end::CloseReason;
use crate::session::waiting::ring::Overflow;
use crate::session::{Session, Subscriber};

fn permission(id: &str) -> String {
    format!(
        r#"{{"type":"control_request","request_id":"{id}","request":{{"subtype":"can_use_tool","tool_name":"Bash","input":{{}}}}}}"#
    )
}

/// Reads all actions.
fn read(mut subscriber: Subscriber) -> Vec<Action> {
    let mut actions = Vec::new();
    while let Some(action) = block_on(subscriber.next()) {
        actions.push(action.expect("nothing is lost"));
    }
    actions
}

/// Sends two prompts, awaits one of them, and drops the handle of the other one. A prompt that is refused for want of
/// capacity is sent again. Returns the prompts that were accepted.
fn prompts(claude: &Session, is_first_awaited: bool, is_closed: bool) -> Vec<PromptId> {
    let mut accepted = Vec::new();
    for is_awaited in [is_first_awaited, !is_first_awaited] {
        let prompt = loop {
            match claude.prompt("hello") {
                Ok(prompt) => break prompt,
                Err(refused) if refused.is_full() => block_on(claude.ready()),
                Err(refused) => {
                    assert!(refused.is_closed(), "{refused}");
                    return accepted;
                }
            }
        };
        accepted.push(prompt.id());
        if is_awaited {
            let end = block_on(prompt.finish());
            // A close cancels the prompts that wait.
            assert!(end.is_success() || is_closed, "{end:?}");
        } else {
            drop(prompt.interrupt_on_drop());
        }
    }
    accepted
}

/// Two tasks that send prompts, one that responds to incoming requests, the CLI that sends and cancels them, a
/// subscriber that the session waits for, one that is dropped, and a journal. Then the last handle is dropped, or the
/// session is closed while the tasks still use it. Every accepted prompt ends once, a request gets at most one response,
/// the subscriber gets the actions of the journal, and nothing waits forever.
fn several(is_closed: bool) {
    let (cli, pipes) = Cli::new();
    let mut config = Config::new(Seed::from_bytes([1; 16]));
    config.handled = IncomingKinds::ALL;
    config.limits.open_prompts = 2;
    let lines = Lines::default();
    let (claude, runner) = Session::builder().config(config).record(lines.clone(), 1 << 20).open_on(pipes);
    let (watch, dropped) = (claude.subscribe(2, Overflow::Wait), claude.subscribe(1, Overflow::Wait));
    let mut incoming = claude.incoming().expect("the kinds are handled");

    let run = spawn_future(runner);
    let read = spawn(move || read(watch));
    let leave = spawn(move || drop(dropped));
    let prompting = [true, false].map(|is_first_awaited| {
        let claude = claude.clone();
        spawn(move || prompts(&claude, is_first_awaited, is_closed))
    });
    let requesting = {
        let cli = cli.clone();
        spawn(move || {
            cli.say(&permission("r1"));
            cli.say(&permission("r2"));
            cli.say(r#"{"type":"control_cancel_request","request_id":"r2"}"#);
        })
    };
    let responding = spawn(move || {
        while let Some(responder) = block_on(incoming.next()) {
            // The request may be cancelled, and the session closed.
            let _ = responder.respond(Decision::allow());
        }
    });
    let exit = spawn_future(claude.wait_for_exit());
    if is_closed {
        claude.close();
    }
    drop(claude);

    let mut accepted: Vec<_> = prompting.into_iter().flat_map(|thread| thread.join()).collect();
    [leave, requesting, responding].into_iter().for_each(|thread| thread.join());
    assert_eq!(run.join().reason, CloseReason::Closed);
    assert_eq!(exit.join().reason, CloseReason::Closed);
    let actions = read.join();
    assert_eq!(lines.actions(), actions, "the journal repeats what the subscriber got");
    assert!(matches!(actions.last(), Some(Action::Closed(_))), "{actions:?}");
    let mut ended: Vec<_> = actions
        .iter()
        .filter_map(|action| if let Action::PromptEnded { prompt, .. } = action { Some(*prompt) } else { None })
        .collect();
    accepted.sort_by_key(|prompt| prompt.number());
    ended.sort_by_key(|prompt| prompt.number());
    assert_eq!(ended, accepted, "each accepted prompt ends once");
    for id in ["r1", "r2"] {
        let written = cli.written();
        let responses = written.iter().filter(|line| line.contains("control_response") && line.contains(id)).count();
        assert!(responses <= 1, "{id} has {responses} responses");
    }
}

#[test]
fn tasks_of_a_session_whose_last_handle_is_dropped() {
    explore(3, || several(false));
}

#[test]
fn tasks_of_a_session_that_is_closed() {
    explore(3, || several(true));
}
