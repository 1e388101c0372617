//! What goes wrong, as a host sees it.

use std::time::Duration;

use claude_duplex::testing::{CliVersion, Fault, Script, Step, TestSession, ToolStep};
use claude_duplex::{
    Action, CloseReason, Config, Exit, IncomingKind, LostReason, Outcome, RejectedReason, Request, RequestError, Seed,
    SessionClosed,
};

fn pair(script: Script) -> TestSession {
    let config = IncomingKind::KNOWN.iter().copied().fold(Config::new(Seed::from_bytes([3; 16])), Config::handle);
    TestSession::new(config, script).cut_by(1)
}

fn outcome(actions: &[Action]) -> Outcome {
    let ended = actions.iter().find_map(|action| match action {
        Action::PromptEnded { outcome, .. } => Some(*outcome),
        _ => None,
    });
    ended.expect("the prompt ends")
}

fn closed(actions: &[Action]) -> SessionClosed {
    match actions.last() {
        Some(Action::Closed(closed)) => closed.clone(),
        other => panic!("the session is not closed: {other:?}"),
    }
}

#[test]
fn a_process_that_exits_in_a_turn_loses_its_prompt() {
    let mut pair = pair(Script::default().fault(Fault::Die(Exit::Signal(11))));
    pair.prompt("hello");
    let actions = pair.run_until_idle();
    assert!(matches!(outcome(&actions), Outcome::Lost(LostReason::Eof | LostReason::Exited)));
    assert_eq!(closed(&actions).exit, Some(Exit::Signal(11)));
}

#[test]
fn an_exit_at_the_start_is_reported_with_stderr() {
    let fault = Fault::Exit { code: 1, message: "unknown option".to_owned() };
    let actions = pair(Script::default().fault(fault)).run_until_idle();
    let closed = closed(&actions);
    assert_eq!((closed.exit, &*closed.stderr), (Some(Exit::Code(1)), "unknown option\n"));
}

#[test]
fn a_terminate_signal_can_be_ignored() {
    let script = Script::default().then([Step::nothing()]).fault(Fault::IgnoreTerminate);
    let mut pair = pair(script);
    pair.prompt("hello");
    pair.advance(Duration::from_secs(1));
    let closed = closed(&pair.close());
    assert_eq!(closed.exit, Some(Exit::Signal(9)));
}

#[test]
fn a_silent_turn_is_terminated_after_the_grace_periods() {
    let mut pair = pair(Script::default().fault(Fault::Silent));
    pair.prompt("hello");
    pair.advance(Duration::from_secs(1));
    assert_eq!(closed(&pair.close()).exit, Some(Exit::Code(143)));
}

#[test]
fn a_process_that_holds_stdout_open_is_not_waited_for() {
    let mut pair = pair(Script::default().fault(Fault::Grandchild));
    pair.prompt("hello");
    pair.run_until_idle();
    assert!(closed(&pair.close()).output_held);
}

#[test]
fn an_initialize_without_a_response_times_out_without_an_interrupt() {
    let mut pair = pair(Script::default().fault(Fault::NeverInitialize));
    let request = pair.request(Request::initialize());
    pair.prompt("hello");
    let actions = pair.run_until_idle();
    assert_eq!(outcome(&actions), Outcome::Success);
    assert!(actions.iter().any(|action| {
        matches!(action, Action::ResponseReceived { request: of, response: Err(RequestError::TimedOut), .. } if *of == request)
    }));
}

#[test]
fn a_flood_of_output_is_complete() {
    let mut pair = pair(Script::default().fault(Fault::Flood(5000)));
    pair.prompt("hello");
    let actions = pair.run_until_idle();
    let is_flood =
        |action: &&Action| matches!(action, Action::Message { message, .. } if message.line().contains("flood "));
    assert_eq!(actions.iter().filter(is_flood).count(), 5000);
}

#[test]
fn a_line_that_is_too_long_is_rejected_and_the_turn_continues() {
    let mut config = Config::new(Seed::from_bytes([3; 16]));
    config.limits.line = 100_000;
    let mut pair = TestSession::new(config, Script::default().fault(Fault::LongLine(200_000)));
    pair.prompt("hello");
    let actions = pair.run_until_idle();
    assert!(actions.iter().any(|action| {
        matches!(action, Action::RejectedLine(rejected) if rejected.reason == RejectedReason::TooLong && rejected.length > 200_000)
    }));
    assert_eq!(outcome(&actions), Outcome::Success);
}

#[test]
fn a_long_echo_is_recognized() {
    let mut pair =
        TestSession::new(Config::new(Seed::from_bytes([3; 16])), Script::default().fault(Fault::LongEcho(2 << 20)));
    pair.prompt("hello");
    assert_eq!(outcome(&pair.run_until_idle()), Outcome::Success);
}

#[test]
fn an_incoming_request_can_be_withdrawn_or_repeated() {
    for (fault, withdrawn, rejected) in
        [(Fault::WithdrawRequests(Duration::from_secs(1)), 1, 0), (Fault::RepeatRequests, 0, 1)]
    {
        let script =
            Script::default().then([ToolStep::bash("ls").requires_permission().into(), Step::text("end")]).fault(fault);
        let mut pair = pair(script);
        pair.prompt("hello");
        let actions = pair.run_until_idle();
        let count = |which: fn(&Action) -> bool| actions.iter().filter(|action| which(action)).count();
        assert_eq!(count(|action| matches!(action, Action::IncomingRequest(_))), 1);
        assert_eq!(count(|action| matches!(action, Action::IncomingCancelled { .. })), withdrawn);
        let duplicate = |action: &Action| matches!(action, Action::RejectedLine(line) if line.reason == RejectedReason::DuplicateIncomingRequest);
        assert_eq!(count(duplicate), rejected);
    }
}

#[test]
fn the_last_line_can_be_truncated() {
    let mut pair = pair(Script::default().fault(Fault::PartialLine));
    pair.prompt("hello");
    pair.run_until_idle();
    let actions = pair.close();
    let cut = |action: &Action| matches!(action, Action::RejectedLine(line) if line.reason == RejectedReason::CutOff);
    assert!(actions.iter().any(cut));
}

#[test]
fn stdin_can_be_closed_or_unread() {
    let mut closing = pair(Script::default().fault(Fault::CloseStdin));
    closing.prompt("hello");
    assert_eq!(outcome(&closing.run_until_idle()), Outcome::Success);
    closing.prompt("is anybody there?");
    let actions = closing.run_until_idle();
    assert_eq!(closed(&actions).reason, CloseReason::SendFailed);

    let mut unread = pair(Script::default().fault(Fault::StopReading));
    unread.prompt("hello");
    unread.run_until_idle();
    unread.prompt("is anybody there?");
    assert!(unread.run_until_idle().iter().all(|action| !matches!(action, Action::PromptEnded { .. })));
    assert!(matches!(outcome(&unread.close()), Outcome::Lost(_)));
}

#[test]
fn only_the_end_of_stderr_is_kept() {
    let mut pair = pair(Script::default().fault(Fault::Stderr(1 << 20)));
    pair.prompt("hello");
    pair.run_until_idle();
    assert_eq!(closed(&pair.close()).stderr.len(), 16 * 1024);
}

#[test]
fn every_fault_has_a_name() {
    for name in Fault::NAMES {
        let name = name.split('=').next().unwrap();
        assert!(name.parse::<Fault>().is_ok(), "{name}");
    }
    assert!("no such thing".parse::<Fault>().is_err());
    assert!("die=x".parse::<Fault>().is_err());
}

#[test]
fn a_version_between_two_generations_is_the_earlier() {
    assert_eq!("2.1.200".parse(), Ok(CliVersion::V2_1_143));
    assert_eq!("3.0.0".parse(), Ok(CliVersion::V2_1_329));
    assert!("1.0.0".parse::<CliVersion>().is_err());
    assert!("2.1".parse::<CliVersion>().is_err());
}
