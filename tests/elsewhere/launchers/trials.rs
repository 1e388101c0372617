//! What must hold with every launcher, and what one alone can show.

use std::io::{BufRead, BufReader};

use claude_duplex::{Action, CloseReason, Exit, LostReason, Outcome};

use crate::launcher::{Link, file, scancel};
use crate::processes;
use crate::session::{Case, Session};

pub(crate) type Trial = (&'static str, fn(&Case));

pub(crate) const ALL: &[Trial] = &[
    (
        "prompts_are_answered_and_the_session_ends",
        prompts_are_answered_and_the_session_ends,
    ),
    ("a_permission_is_requested_and_allowed", a_permission_is_requested_and_allowed),
    ("an_interrupt_stops_the_turn", an_interrupt_stops_the_turn),
    ("an_abort_in_a_turn_leaves_no_cli", an_abort_in_a_turn_leaves_no_cli),
    (
        "a_link_that_is_cut_in_a_turn_is_reported",
        a_link_that_is_cut_in_a_turn_is_reported,
    ),
    (
        "a_program_that_does_not_exist_is_reported",
        a_program_that_does_not_exist_is_reported,
    ),
];

fn prompts_are_answered_and_the_session_ends(case: &Case) {
    let mut session = case.start();
    for text in ["hello", "and \"again\", it's $HOME"] {
        let prompt = session.prompt(text);
        assert_eq!(
            session.until_ended(prompt),
            (Outcome::Success, format!("You said: {text}"))
        );
    }
    // More than a pipe, and more than a window of SSH.
    let long = "x".repeat(4_000_000);
    let prompt = session.prompt(&long);
    assert_eq!(session.until_ended(prompt).1.len(), long.len() + "You said: ".len());
    let closed = session.close();
    assert_eq!(
        (closed.reason, closed.exit),
        (CloseReason::Closed, Some(Exit::Code(0))),
        "{closed}"
    );
}

fn a_permission_is_requested_and_allowed(case: &Case) {
    let mut session = case.start();
    let prompt = session.prompt("run: echo listed");
    let request = session.until_request();
    session.allow(request);
    assert_eq!(session.until_ended(prompt).0, Outcome::Success);
    let gave = |action: &Action| match action {
        Action::Message { message, .. } => message.line().contains(r#":"listed""#),
        _ => false,
    };
    assert!(session.actions.iter().any(gave), "{:?}", session.actions);
    assert_eq!(session.close().exit, Some(Exit::Code(0)));
}

fn an_interrupt_stops_the_turn(case: &Case) {
    let mut session = case.start();
    let prompt = session.prompt("run: ls");
    session.until_request();
    session.interrupt();
    assert_eq!(session.until_ended(prompt).0, Outcome::Interrupted);
    let prompt = session.prompt("still there?");
    assert_eq!(session.until_ended(prompt).0, Outcome::Success);
    assert_eq!(session.close().exit, Some(Exit::Code(0)));
}

/// The launcher is killed. That the CLI has ended, too, is looked for after every scenario.
fn an_abort_in_a_turn_leaves_no_cli(case: &Case) {
    let mut session = case.start();
    session.prompt("run: ls");
    session.until_request();
    assert!(processes::cli(&case.mark).is_some(), "the CLI runs");
    let closed = session.abort();
    assert_eq!(
        (closed.reason, closed.exit),
        (CloseReason::Aborted, Some(Exit::Signal(9))),
        "{closed}"
    );
    assert_eq!(session.outcomes(), [Outcome::Lost(LostReason::Aborted)]);
    if let Some(cancel) = case.launcher.cancel {
        assert!(processes::cli(&case.mark).is_some(), "the guide says that it stays");
        cancel(&case.mark);
    }
}

fn a_link_that_is_cut_in_a_turn_is_reported(case: &Case) {
    let mut session = case.start();
    session.prompt("run: ls");
    session.until_request();
    let cli = processes::cli(&case.mark).expect("the CLI runs");
    match case.launcher.link {
        Link::Cli => cli.kill(),
        Link::Process(name) => {
            processes::ancestor(&cli, name).expect("there is a link").kill()
        }
        Link::Job => scancel(&case.mark),
    }
    let closed = session.end();
    eprintln!("{}: {closed}", case.mark);
    assert_eq!(
        (closed.reason, closed.exit),
        (CloseReason::Exited, Some(case.launcher.cut.exit)),
        "{closed}"
    );
    assert!(closed.stderr.contains(case.launcher.cut.stderr), "{closed}");
    assert_eq!(session.outcomes(), [Outcome::Lost(LostReason::Eof)]);
}

fn a_program_that_does_not_exist_is_reported(case: &Case) {
    let mut session = Session::start(&case.options("/nowhere/claude"));
    session.prompt("hello");
    let closed = session.end();
    eprintln!("{}: {closed}", case.mark);
    assert_eq!(
        (closed.reason, closed.exit),
        (CloseReason::Exited, Some(case.launcher.no_program.exit)),
        "{closed}"
    );
    assert!(closed.stderr.contains(case.launcher.no_program.stderr), "{closed}");
    assert!(closed.to_string().contains("/nowhere/claude"), "{closed}");
}

pub(crate) fn an_unreachable_host_is_reported(case: &Case) {
    let launcher = ["-F", &file("ssh_config"), "unreachable", "--"];
    let mut session = Session::start(&case.options("claude").launcher("ssh", launcher));
    let closed = session.end();
    assert_eq!(
        (closed.reason, closed.exit),
        (CloseReason::Exited, Some(Exit::Code(255))),
        "{closed}"
    );
    assert!(closed.to_string().contains("Connection refused"), "{closed}");
}

/// The host is another process of this program, and is killed in the middle of a turn.
pub(crate) fn the_cli_ends_with_its_host(case: &Case) {
    let mut host = crate::host::start(case);
    let mut line = String::new();
    BufReader::new(host.stdout.take().expect("a pipe"))
        .read_line(&mut line)
        .expect("the host writes");
    assert_eq!(line, "a turn runs\n");
    assert!(processes::cli(&case.mark).is_some(), "the CLI runs");
    host.kill().expect("it runs");
    host.wait().expect("it was killed");
}
