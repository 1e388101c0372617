//! The mock CLI as a real child, with each of its faults.

use std::thread::sleep;
use std::time::Duration;

use claude_duplex::{
    Action, CancelledReason, CloseReason, Decision, Exit, Interrupt, LostReason, Outcome, Prompt, RejectedReason,
    Request, RequestError, RespondError,
};

use crate::stage::{KILLED, Scenario, Stage, impatient};

const MIB: usize = 1024 * 1024;

pub(crate) const ALL: &[Scenario] = &[
    ("an_exit_during_a_turn_ends_the_prompts_as_lost", an_exit_during_a_turn_ends_the_prompts_as_lost),
    ("an_exit_before_a_response_withdraws_the_request", an_exit_before_a_response_withdraws_the_request),
    ("a_flood_arrives_completely_at_a_slow_host", a_flood_arrives_completely_at_a_slow_host),
    ("a_line_beyond_the_limit_is_dropped_and_the_session_goes_on", a_line_beyond_the_limit_is_dropped),
    ("an_echo_of_4_mib_is_a_message", an_echo_of_4_mib_is_a_message),
    (
        "a_grandchild_that_holds_the_output_is_not_waited_for_and_is_ended",
        a_grandchild_does_not_delay_the_end_and_is_killed,
    ),
    ("an_initialize_without_reply_is_given_up_and_prompts_go_on", an_initialize_without_a_response_times_out),
    ("a_withdrawn_request_accepts_no_response", a_withdrawn_request_accepts_no_response),
    ("a_repeated_request_is_reported_once", a_repeated_request_is_reported_once),
    ("a_truncated_last_line_is_rejected", a_truncated_last_line_is_rejected),
    ("a_mock_cli_that_stops_reading_does_not_delay_the_end", a_mock_cli_that_stops_reading_does_not_delay_the_end),
    ("the_end_of_a_mebibyte_of_stderr_is_kept", the_end_of_a_mebibyte_of_stderr_is_kept),
    ("an_exit_at_the_start_is_reported_with_its_message", an_exit_at_the_start_is_reported_with_its_message),
    ("a_silent_child_is_interrupted_in_time", a_silent_child_is_interrupted_in_time),
];

/// Faults that take a signal, or a stdin that is closed before the exit.
#[cfg(unix)]
pub(crate) const ON_UNIX: &[Scenario] = &[
    ("a_session_dropped_during_a_flood_leaves_no_process", a_session_dropped_during_a_flood_leaves_no_process),
    ("a_child_that_ignores_every_shutdown_step_is_killed", a_child_that_ignores_every_shutdown_step_is_killed),
    ("a_child_that_closes_its_input_still_answers", a_child_that_closes_its_input_still_answers),
];

fn an_exit_during_a_turn_ends_the_prompts_as_lost(stage: &Stage) {
    let mut session = stage.peer(&["die=7"], |_| ());
    session.prompt("one");
    session.prompt("two");
    let closed = session.end();
    assert_eq!((closed.reason, closed.exit), (CloseReason::Exited, Some(Exit::Code(7))));
    assert_eq!(session.outcomes(), [Outcome::Lost(LostReason::Eof); 2]);
}

fn an_exit_before_a_response_withdraws_the_request(stage: &Stage) {
    let mut session = stage.peer(&[], |_| ());
    session.prompt("run: ls");
    let incoming = session.until_request();
    let request = session.request(Request::new("no_such_request"));
    session.abort();
    let closed = session.end();
    assert_eq!((closed.reason, closed.exit), (CloseReason::Aborted, KILLED));
    assert_eq!(session.outcomes(), [Outcome::Lost(LostReason::Aborted)]);
    let is_withdrawn = |action: &Action| {
        let aborted = CancelledReason::Ended(LostReason::Aborted);
        matches!(action, Action::IncomingCancelled { id, reason, .. } if (*id, *reason) == (incoming, aborted))
    };
    assert!(session.actions.iter().any(is_withdrawn), "{:?}", session.actions);
    let is_lost = |action: &Action| {
        let aborted = Err(RequestError::Lost(LostReason::Aborted));
        matches!(action, Action::ResponseReceived { request: of, response, .. } if *of == request && *response == aborted)
    };
    assert!(session.actions.iter().any(is_lost), "{:?}", session.actions);
    let refused = session.answer(incoming, Decision::allow());
    assert!(matches!(refused, Err(RespondError::Closed(_))), "{refused:?}");
}

fn a_flood_arrives_completely_at_a_slow_host(stage: &Stage) {
    let mut session = stage.peer(&["flood=20000"], |config| config.limits.unread = 64 * 1024);
    session.prompt("go");
    session.until_message();
    // The host's own work, and the child's pipe is full by then.
    sleep(Duration::from_millis(100));
    session.until_prompt_ended();
    let messages = session.messages().count();
    assert!(messages > 20_000, "{messages}");
    assert_eq!(session.close_and_end().exit, Some(Exit::Code(0)));
}

#[cfg(unix)]
fn a_session_dropped_during_a_flood_leaves_no_process(stage: &Stage) {
    let mut session = stage.peer(&["flood=1000000", "ignore-terminate"], |_| ());
    session.prompt("go");
    session.until_message();
    drop(session);
}

fn a_line_beyond_the_limit_is_dropped(stage: &Stage) {
    let mut session = stage.peer(&["long-line=3000000"], |config| config.limits.line = 2 * MIB);
    session.prompt("go");
    session.until_prompt_ended();
    assert_eq!(session.rejected(), [RejectedReason::TooLong]);
    assert_eq!(session.outcomes(), [Outcome::Success]);
    session.close_and_end();
}

fn an_echo_of_4_mib_is_a_message(stage: &Stage) {
    let mut session = stage.peer(&["long-echo=4194304"], |_| ());
    session.prompt("go");
    session.until_prompt_ended();
    assert!(session.messages().any(|message| message.as_bytes().len() >= 4 * MIB));
    assert_eq!(session.outcomes(), [Outcome::Success]);
    session.close_and_end();
}

#[cfg(unix)]
fn a_child_that_ignores_every_shutdown_step_is_killed(stage: &Stage) {
    let mut session = stage.peer(&["ignore-terminate", "silent"], impatient);
    session.prompt("go");
    session.until_message();
    let closed = session.close_and_end();
    assert_eq!((closed.reason, closed.exit), (CloseReason::Closed, KILLED));
    assert_eq!(session.outcomes(), [Outcome::Lost(LostReason::Eof)]);
}

fn a_grandchild_does_not_delay_the_end_and_is_killed(stage: &Stage) {
    let mut session = stage.peer(&["grandchild"], |_| ());
    session.prompt("go");
    session.until_prompt_ended();
    assert_eq!(session.outcomes(), [Outcome::Success]);
    assert_eq!(session.close_and_end().exit, Some(Exit::Code(0)));
}

fn an_initialize_without_a_response_times_out(stage: &Stage) {
    let quick = Some(Duration::from_millis(300));
    let mut session = stage.peer(&["no-initialize"], |config| config.timeouts.initialize = quick);
    let request = session.request(Request::initialize());
    let timed_out = |action: &Action| {
        let timed_out = Err(RequestError::TimedOut);
        matches!(action, Action::ResponseReceived { request: of, response, .. } if *of == request && *response == timed_out)
    };
    session.until("its deadline", timed_out);
    session.prompt("go");
    session.until_prompt_ended();
    assert_eq!(session.outcomes(), [Outcome::Success]);
    session.close_and_end();
}

fn a_withdrawn_request_accepts_no_response(stage: &Stage) {
    let mut session = stage.peer(&["withdraw=100"], |_| ());
    session.prompt("run: ls");
    let incoming = session.until_request();
    session.until(
        "the withdrawal",
        |action| matches!(action, Action::IncomingCancelled { id, reason: CancelledReason::Cli, .. } if *id == incoming),
    );
    assert_eq!(session.answer(incoming, Decision::allow()), Err(RespondError::Stale));
    session.until_prompt_ended();
    session.close_and_end();
}

fn a_repeated_request_is_reported_once(stage: &Stage) {
    let mut session = stage.peer(&["repeat-request"], |_| ());
    session.prompt("run: ls");
    let incoming = session.until_request();
    session.until("its repetition", |action| matches!(action, Action::RejectedLine(_)));
    assert_eq!(session.rejected(), [RejectedReason::DuplicateIncomingRequest]);
    session.answer(incoming, Decision::allow()).unwrap();
    session.until_prompt_ended();
    assert_eq!(session.outcomes(), [Outcome::Success]);
    session.close_and_end();
}

fn a_truncated_last_line_is_rejected(stage: &Stage) {
    let mut session = stage.peer(&["partial-line"], |_| ());
    session.prompt("go");
    session.until_prompt_ended();
    session.close_and_end();
    assert_eq!(session.rejected(), [RejectedReason::CutOff]);
}

#[cfg(unix)]
fn a_child_that_closes_its_input_still_answers(stage: &Stage) {
    let mut session = stage.peer(&["close-stdin"], impatient);
    session.request(Request::initialize());
    session.prompt("go");
    session.until_prompt_ended();
    // Now nobody reads any more: this can be written to no one, and everything is still settled. A child that another trial
    // forks may still hold the reading end, and then the write does not fail.
    session.try_prompt("more");
    session.close_and_end();
    assert_eq!(session.outcomes()[0], Outcome::Success);
}

fn a_mock_cli_that_stops_reading_does_not_delay_the_end(stage: &Stage) {
    let mut session = stage.peer(&["stop-reading"], |config| {
        impatient(config);
        config.limits.unsent = 64 * MIB;
    });
    session.prompt("go");
    session.until_prompt_ended();
    session.prompt(&*"x".repeat(20 * MIB));
    let closed = session.close_and_end();
    assert!(closed.cut_input, "{closed:?}");
    assert!(matches!(session.outcomes()[..], [Outcome::Success, Outcome::Lost(_) | Outcome::Cancelled]));
}

fn the_end_of_a_mebibyte_of_stderr_is_kept(stage: &Stage) {
    let mut session = stage.peer(&["stderr=1048576"], |_| ());
    session.prompt("go");
    session.until_prompt_ended();
    assert_eq!(session.outcomes(), [Outcome::Success]);
    assert_eq!(session.close_and_end().stderr.len(), 16 * 1024);
}

fn an_exit_at_the_start_is_reported_with_its_message(stage: &Stage) {
    let mut session = stage.peer(&["exit=3"], |_| ());
    session.try_prompt(Prompt::text("go"));
    let closed = session.end();
    assert_eq!((closed.reason, closed.exit), (CloseReason::Exited, Some(Exit::Code(3))));
    assert!(closed.stderr.contains("the script says so"), "{closed:?}");
}

fn a_silent_child_is_interrupted_in_time(stage: &Stage) {
    let mut session = stage.peer(&["silent"], |config| config.timeouts.stall = Some(Duration::from_millis(100)));
    session.prompt("go");
    session.until("the stall", |action| matches!(action, Action::DeadlineExceeded { .. }));
    let request = session.interrupt(Interrupt::running());
    session.until(
        "its reply",
        |action| matches!(action, Action::ResponseReceived { request: of, response: Ok(_), .. } if *of == request),
    );
    session.close_and_end();
    assert_eq!(session.outcomes().len(), 1);
}
