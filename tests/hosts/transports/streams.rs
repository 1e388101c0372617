//! Byte streams with an exit status: what carries them has neither a stderr nor signals.

use std::time::Duration;

use claude_duplex::{CloseReason, Exit, LostReason, Outcome};

use crate::child::Step;
use crate::stage::{Scenario, Stage};
use crate::{groups, spawn};

/// Scenarios that end a child by a signal, read its stderr, or start processes beside it.
const NOT_CARRIED: &[&str] = &[
    "an_exit_before_a_response_withdraws_the_request",
    "a_grandchild_that_holds_the_output_is_not_waited_for_and_is_ended",
    "a_mock_cli_that_stops_reading_does_not_delay_the_end",
    "the_end_of_a_mebibyte_of_stderr_is_kept",
    "an_exit_at_the_start_is_reported_with_its_message",
    "an_immediate_exit_is_reported_with_status_and_stderr",
    "a_child_that_ignores_the_end_of_stdin_is_terminated",
    "an_abort_kills_at_once",
    "a_child_that_stops_reading_does_not_delay_the_end",
    "a_full_stderr_does_not_block_the_child",
];

/// Returns `true` if the scenario needs nothing but two streams and an exit status.
pub(crate) fn carries((name, _): &Scenario) -> bool {
    let of_processes = [groups::ALL, spawn::ALL].concat();
    !NOT_CARRIED.contains(name) && !of_processes.iter().any(|(other, _)| other == name)
}

pub(crate) const ALL: &[Scenario] = &[
    ("an_exit_is_reported_with_its_status", an_exit_is_reported_with_its_status),
    ("an_abort_hangs_up_and_the_status_still_arrives", an_abort_hangs_up_and_the_status_still_arrives),
    ("a_process_that_does_not_exit_has_no_status", a_process_that_does_not_exit_has_no_status),
];

fn an_exit_is_reported_with_its_status(stage: &Stage) {
    let mut session = stage.child(&[Step::Read, Step::Exit(3)]);
    session.prompt("hello");
    let end = session.end();
    assert_eq!((end.reason, end.exit), (CloseReason::Exited, Some(Exit::Code(3))));
    assert_eq!((end.stderr.as_str(), session.outcomes()), ("", vec![Outcome::Lost(LostReason::Eof)]));
    assert_eq!(end.to_string(), "the CLI exited; exit status 3");
}

/// The child exits because its stdin has ended; nothing else reaches it.
fn an_abort_hangs_up_and_the_status_still_arrives(stage: &Stage) {
    let steps = [Step::Say(r#"{"type":"system"}"#.to_owned()), Step::Drain, Step::Exit(5)];
    let mut session = stage.child_with(&steps, |config| config.timeouts.shutdown.pipes = Duration::from_secs(60));
    session.until_message();
    session.prompt("hello");
    session.abort();
    let end = session.end();
    assert_eq!((end.reason, end.exit), (CloseReason::Aborted, Some(Exit::Code(5))));
    assert_eq!(session.outcomes(), [Outcome::Lost(LostReason::Aborted)]);
}

fn a_process_that_does_not_exit_has_no_status(stage: &Stage) {
    let steps = [Step::Say(r#"{"type":"system"}"#.to_owned()), Step::Hang];
    let mut session = stage.child_with(&steps, |config| {
        let times = &mut config.timeouts.shutdown;
        for time in [&mut times.exit, &mut times.terminate, &mut times.pipes] {
            *time = Duration::from_millis(50);
        }
    });
    session.until_message();
    let end = session.close_and_end();
    assert_eq!((end.reason, end.exit, end.output_held), (CloseReason::Closed, None, false));
    assert_eq!(end.to_string(), "closed by the host");
}
