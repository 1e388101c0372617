//! Children that end in other ways than in order.

#[cfg(unix)]
use claude_duplex::Action;
use claude_duplex::{CloseReason, Exit, LostReason, Outcome, RejectedReason};

use crate::child::Step;
use crate::stage::{KILLED, Scenario, Stage, TERMINATED, hasty};

pub(crate) const ALL: &[Scenario] = &[
    ("an_immediate_exit_is_reported_with_status_and_stderr", an_immediate_exit_is_reported_with_status_and_stderr),
    ("garbage_is_rejected_and_the_session_continues", garbage_is_rejected_and_the_session_continues),
    ("a_complete_last_line_without_a_newline_counts", a_complete_last_line_without_a_newline_counts),
    ("a_child_that_ignores_the_end_of_stdin_is_terminated", a_child_that_ignores_the_end_of_stdin_is_terminated),
    ("an_abort_kills_at_once", an_abort_kills_at_once),
];

/// Signals, and pipes that are closed before the exit.
#[cfg(unix)]
pub(crate) const ON_UNIX: &[Scenario] = &[
    ("an_exit_by_signal_is_reported", an_exit_by_signal_is_reported),
    ("a_child_that_ignores_termination_is_killed", a_child_that_ignores_termination_is_killed),
    (
        "a_child_that_closes_its_stdin_is_noticed_without_a_write",
        a_child_that_closes_its_stdin_is_noticed_without_a_write,
    ),
    ("a_closed_stdout_of_a_running_child_is_reported", a_closed_stdout_of_a_running_child_is_reported),
];

fn an_immediate_exit_is_reported_with_status_and_stderr(stage: &Stage) {
    let mut session = stage.child(&[Step::Complain(0, "unknown option".to_owned()), Step::Exit(3)]);
    session.prompt("hello");
    let end = session.end();
    assert_eq!((end.exit, end.stderr.trim()), (Some(Exit::Code(3)), "unknown option"));
    // Which of the two is seen first is the system's affair.
    assert_eq!(end.reason, CloseReason::Exited, "{end:?}");
    assert!(matches!(session.outcomes()[..], [Outcome::Lost(_)]), "{:?}", session.actions);
    assert!(session.try_prompt("more").is_none());
}

#[cfg(unix)]
fn an_exit_by_signal_is_reported(stage: &Stage) {
    let mut session = stage.script(
        r#"
        read -r line
        uuid=$(printf %s "$line" | sed 's/.*"uuid":"\([^"]*\)".*/\1/')
        echo '{"type":"system","subtype":"init","session_id":"s"}'
        echo '{"type":"user","uuid":"'$uuid'","message":{"role":"user","content":"hello"}}'
        kill -KILL $$
        "#,
    );
    session.prompt("hello");
    session.prompt("and again");
    let end = session.end();
    assert_eq!((end.reason, end.exit), (CloseReason::Exited, Some(Exit::Signal(9))));
    assert_eq!(session.outcomes(), [Outcome::Lost(LostReason::Eof); 2]);
    assert_eq!(session.actions.iter().filter(|action| matches!(action, Action::TurnEnded { .. })).count(), 1);
}

fn garbage_is_rejected_and_the_session_continues(stage: &Stage) {
    let mut session =
        stage.child(&[Step::Write(b"garbage\n\xff\0\n[]\n\n{\"type\":\"system\",\"subtype\":\"note\"}\n".to_vec())]);
    assert_eq!(session.end().exit, Some(Exit::Code(0)));
    assert_eq!(session.rejected(), [RejectedReason::NotJson, RejectedReason::NotJson, RejectedReason::NotAnObject]);
    assert_eq!(session.messages().count(), 1);
}

fn a_complete_last_line_without_a_newline_counts(stage: &Stage) {
    let mut session =
        stage.child(&[Step::Write(b"{\"type\":\"system\"}\n{\"type\":\"system\",\"subtype\":\"note\"}".to_vec())]);
    session.end();
    assert_eq!(session.messages().count(), 2);
    let mut session = stage.child(&[Step::Write(b"{\"type\":\"system\"}\n{\"type\":\"system\",\"subt".to_vec())]);
    session.end();
    assert_eq!((session.messages().count(), session.rejected()), (1, vec![RejectedReason::CutOff]));
}

fn a_child_that_ignores_the_end_of_stdin_is_terminated(stage: &Stage) {
    let mut session = stage.child_with(&hangs(), hasty);
    session.until_message();
    let end = session.close_and_end();
    assert_eq!((end.reason, end.exit), (CloseReason::Closed, TERMINATED));
}

#[cfg(unix)]
fn a_child_that_ignores_termination_is_killed(stage: &Stage) {
    let script = "trap '' TERM; echo '{\"type\":\"system\"}'; while :; do sleep 1000; done";
    let mut session = stage.script_with(script, hasty);
    session.until_message();
    let end = session.close_and_end();
    assert_eq!((end.reason, end.exit), (CloseReason::Closed, KILLED));
    assert!(!end.output_held);
}

fn an_abort_kills_at_once(stage: &Stage) {
    let mut session = stage.child(&hangs());
    session.until_message();
    session.prompt("hello");
    session.abort();
    let end = session.end();
    assert_eq!((end.reason, end.exit), (CloseReason::Aborted, KILLED));
    assert_eq!(session.outcomes(), [Outcome::Lost(LostReason::Aborted)]);
}

/// The child has the prompt in its pipe and does not read it. No deadline runs, and nothing else is written.
#[cfg(unix)]
fn a_child_that_closes_its_stdin_is_noticed_without_a_write(stage: &Stage) {
    let mut session = stage.script_with("read -r line; exec <&-; exec sleep 1000", hasty);
    session.prompt("hello");
    let end = session.end();
    assert_eq!((end.reason, end.exit), (CloseReason::SendFailed, TERMINATED));
    assert!(matches!(session.outcomes()[..], [Outcome::Lost(_)]), "{:?}", session.actions);
}

#[cfg(unix)]
fn a_closed_stdout_of_a_running_child_is_reported(stage: &Stage) {
    let mut session = stage.script_with("exec >&-; exec sleep 1000", hasty);
    let end = session.end();
    assert_eq!((end.reason, end.exit), (CloseReason::Eof, TERMINATED));
}

/// Says something, so that the host sees it run.
fn hangs() -> [Step; 2] {
    [Step::Say(r#"{"type":"system"}"#.to_owned()), Step::Hang]
}
