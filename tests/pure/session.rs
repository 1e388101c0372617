//! A session as a whole, against the mock CLI: how it idles, closes, changes its id, and keeps to its limits.

use std::time::Duration;

use claude_duplex::testing::{CliVersion, Script, Step, TestSession, ToolStep};
use claude_duplex::{
    Action, CancelledReason, ChildCommand, CloseReason, CloseWhen, Config, Deadline, Decision, Exit, IncomingKind,
    Interrupt, Json, LostReason, Outcome, Prompt, PromptId, Protocol, RefusedReason, Request, RespondError, Seed,
    SessionTime, WhenBusy,
};

const SECOND: Duration = Duration::from_secs(1);

fn config() -> Config {
    Config::new(Seed::from_bytes([9; 16])).handle(IncomingKind::Permission)
}

fn outcome(actions: &[Action], wanted: PromptId) -> Option<Outcome> {
    actions.iter().find_map(|action| match action {
        Action::PromptEnded { prompt, outcome, .. } if *prompt == wanted => Some(*outcome),
        _ => None,
    })
}

fn slowly(text: &str) -> Step {
    Step::text_in_parts(text, 4, SECOND)
}

#[test]
fn close_waits_for_the_turn_and_cancels_queued_prompts() {
    for &generation in CliVersion::ALL {
        let mut pair = TestSession::new(config(), Script::new(generation).then([slowly("to the end")]));
        let running = pair.prompt("one");
        let waiting = pair.prompt("two");
        pair.advance(2 * SECOND);
        let actions = pair.close();
        assert_eq!(outcome(&actions, running), Some(Outcome::Success), "{generation:?}");
        assert_eq!(outcome(&actions, waiting), Some(Outcome::Cancelled), "{generation:?}");
        let Some(Action::Closed(closed)) = actions.last() else { panic!("{actions:?}") };
        assert_eq!((closed.reason, closed.cut_input), (CloseReason::Closed, false), "{generation:?}");
    }
}

#[test]
fn a_turn_after_close_can_send_requests() {
    for &generation in CliVersion::ALL {
        let script = Script::new(generation)
            .then([Step::tools([ToolStep::bash("ls").requires_permission()]), Step::text("done")]);
        let mut pair = TestSession::new(config(), script);
        let prompt = pair.prompt("go");
        let now = pair.now();
        pair.host.close(now);
        let Action::IncomingRequest(incoming) = pair.run_until(|action| matches!(action, Action::IncomingRequest(_)))
        else {
            unreachable!()
        };
        pair.respond(incoming.id(), Decision::allow());
        let actions = pair.run_until_idle();
        assert_eq!(outcome(&actions, prompt), Some(Outcome::Success), "{generation:?}");
        assert!(matches!(actions.last(), Some(Action::Closed(_))), "{generation:?}");
    }
}

#[test]
fn idle_waits_for_a_background_agent_and_the_turn_that_it_causes() {
    let agent = || {
        Script::new(CliVersion::V2_1_329)
            .then([Step::background_agent(30 * SECOND, vec![Step::text("the agent is back")]), Step::text("started")])
    };
    let turns = |actions: &[Action]| actions.iter().filter(|action| matches!(action, Action::TurnEnded { .. })).count();
    let mut pair = TestSession::new(config(), agent());
    let prompt = pair.prompt("go");
    let actions = pair.run_until_idle();
    assert_eq!(outcome(&actions, prompt), Some(Outcome::Success));
    assert_eq!(turns(&actions), 2, "{actions:?}");
    assert_eq!(actions.iter().filter(|action| matches!(action, Action::Idle)).count(), 1, "{actions:?}");
    assert!(matches!(actions.last(), Some(Action::Idle)), "{actions:?}");

    let mut patient = config();
    patient.close_when = CloseWhen::Idle;
    let mut pair = TestSession::new(patient, agent());
    pair.prompt("go");
    pair.run_until(|action| matches!(action, Action::PromptEnded { .. }));
    assert_eq!(turns(&pair.close()), 1, "the turn that the agent causes comes before the end");

    let mut pair = TestSession::new(config(), agent());
    pair.prompt("go");
    pair.run_until(|action| matches!(action, Action::PromptEnded { .. }));
    assert!(!pair.host.is_idle());
    assert!(!pair.close().iter().any(|action| matches!(action, Action::Idle)), "stdin is closed at once");
}

#[test]
fn clear_changes_only_the_session_id() {
    for generation in [CliVersion::V2_1_143, CliVersion::V2_1_250, CliVersion::V2_1_329] {
        let mut pair = TestSession::new(config(), Script::new(generation));
        let prompts = [pair.prompt("one"), pair.prompt("/clear"), pair.prompt("two")];
        let actions = pair.run_until_idle();
        let outcomes = prompts.map(|prompt| outcome(&actions, prompt).expect("it ended"));
        assert_eq!(outcomes, [Outcome::Success, Outcome::Local, Outcome::Success], "{generation:?}");
        let ids: Vec<_> = actions
            .iter()
            .filter_map(|action| match action {
                Action::Session(session) => Some(session.id.clone()),
                _ => None,
            })
            .collect();
        assert_eq!(ids.len(), 2, "{generation:?}: {ids:?}");
        assert_ne!(ids[0], ids[1]);
    }
}

#[test]
fn when_busy_reject_returns_the_prompt() {
    let mut config = config();
    config.when_busy = WhenBusy::Reject;
    let mut pair = TestSession::new(config, Script::default().then([slowly("long")]));
    pair.prompt("one");
    let now = pair.now();
    let refused = pair.host.prompt(now, Prompt::text("two")).unwrap_err();
    assert_eq!((refused.reason(), refused.into_inner()), (RefusedReason::Busy, Prompt::text("two")));
    pair.run_until_idle();
    let now = pair.now();
    assert!(pair.host.prompt(now, Prompt::text("two")).is_ok());
}

#[test]
fn an_interrupt_stops_the_queue_only_if_requested() {
    for &generation in CliVersion::ALL {
        let script = || Script::new(generation).then([slowly("long")]);
        let is_delta = |action: &Action| matches!(action, Action::Message { message, .. } if message.delta().is_some());

        let mut pair = TestSession::new(config(), script());
        let (running, waiting) = (pair.prompt("one"), pair.prompt("two"));
        pair.run_until(is_delta);
        pair.interrupt(Interrupt::running());
        let actions = pair.run_until_idle();
        assert_eq!(outcome(&actions, running), Some(Outcome::Interrupted), "{generation:?}");
        assert_eq!(outcome(&actions, waiting), Some(Outcome::Success), "{generation:?}");

        let mut pair = TestSession::new(config(), script());
        let (running, waiting) = (pair.prompt("one"), pair.prompt("two"));
        pair.run_until(is_delta);
        pair.interrupt(Interrupt::running().cancel_queued());
        let actions = [pair.take_actions(), pair.run_until_idle()].concat();
        assert_eq!(outcome(&actions, running), Some(Outcome::Interrupted), "{generation:?}");
        assert_eq!(outcome(&actions, waiting), Some(Outcome::Cancelled), "{generation:?}");
    }
}

#[test]
fn commands_beyond_a_limit_are_refused_until_there_is_room() {
    let mut config = config();
    config.limits.open_requests = 1;
    let mut pair = TestSession::new(config, Script::default());
    pair.request(Request::initialize());
    let now = pair.now();
    let refused = pair.host.request(now, Request::new("mcp_status")).unwrap_err();
    assert_eq!(refused.reason(), RefusedReason::Full);
    pair.run_until(|action| matches!(action, Action::CapacityAvailable));
    pair.request(refused.into_inner());
}

#[test]
fn capacity_is_reported_when_the_refused_command_fits() {
    let mut config = config();
    config.limits.unsent = 2000;
    let mut pair = TestSession::new(config, Script::default().then([Step::pause(SECOND)]));
    pair.prompt("run");
    pair.run_until(|action| matches!(action, Action::PromptTaken { .. }));
    let now = pair.now();
    pair.host.prompt(now, "waits here").unwrap();
    let refused = pair.host.prompt(now, Prompt::text("x".repeat(1900))).unwrap_err();
    assert_eq!(refused.reason(), RefusedReason::Full);
    // Told at once, it would be given and refused again for as long as the turn runs.
    assert!(!pair.take_actions().contains(&Action::CapacityAvailable));
    pair.run_until(|action| matches!(action, Action::CapacityAvailable));
    assert!(pair.now() >= now.saturating_add(SECOND));
    pair.prompt(refused.into_inner());
}

#[test]
fn a_command_beyond_the_hard_limit_is_too_long() {
    let mut config = config();
    config.limits.unsent_hard = 1000;
    let mut session = Protocol::new(config, SessionTime::ZERO);
    let long = "x".repeat(1000);
    for busy in [WhenBusy::Queue, WhenBusy::Send] {
        let refused = session.prompt(SessionTime::ZERO, Prompt::text(&long).when_busy(busy)).unwrap_err();
        assert_eq!(refused.reason(), RefusedReason::TooLong);
        assert_eq!(refused.into_inner(), Prompt::text(&long).when_busy(busy));
    }
    let request = Request::new("mcp_status").field("x", Json::from_text(&long));
    assert_eq!(session.request(SessionTime::ZERO, request).unwrap_err().reason(), RefusedReason::TooLong);
    assert_eq!(
        session.interrupt(SessionTime::ZERO, Interrupt::running().id(&*long)).unwrap_err().reason(),
        RefusedReason::TooLong
    );
    assert_eq!(session.poll_transmit(), b"");
    assert_eq!(session.poll_action(), None, "nothing was changed");

    // What may wait, but not behind the rest, has its turn: no command of the host's ends the session.
    let half = "x".repeat(600);
    session.prompt(SessionTime::ZERO, Prompt::text(&half).when_busy(WhenBusy::Send)).unwrap();
    let refused = session.prompt(SessionTime::ZERO, Prompt::text(&half).when_busy(WhenBusy::Send)).unwrap_err();
    assert_eq!(refused.reason(), RefusedReason::Full);
    let request = Request::new("mcp_status").field("x", Json::from_text(&half));
    assert_eq!(session.request(SessionTime::ZERO, request).unwrap_err().reason(), RefusedReason::Full);
    assert_eq!(session.poll_action(), None);
    session.sent(SessionTime::ZERO, usize::MAX);
    assert_eq!(session.poll_action(), Some(Action::CapacityAvailable));
    session.prompt(SessionTime::ZERO, refused.into_inner()).unwrap();
}

#[test]
fn one_prompt_and_one_request_are_allowed_with_any_limits() {
    let mut config = config();
    (config.limits.open_prompts, config.limits.open_requests) = (0, 0);
    let mut pair = TestSession::new(config, Script::default());
    pair.prompt("hello");
    pair.interrupt(Interrupt::running());
    let now = pair.now();
    assert_eq!(pair.host.prompt(now, "another").unwrap_err().reason(), RefusedReason::Full);
    pair.run_until(|action| matches!(action, Action::CapacityAvailable));
    pair.prompt("another");
}

#[test]
fn uuids_of_two_sessions_differ() {
    let uuids = |seed: u8| {
        let mut session = Protocol::new(Config::new(Seed::from_bytes([seed; 16])), SessionTime::ZERO);
        (0..100).map(|_| session.prompt(SessionTime::ZERO, Prompt::text("x")).unwrap().uuid()).collect::<Vec<_>>()
    };
    let (one, other) = (uuids(1), uuids(2));
    assert!(one.iter().all(|uuid| !other.contains(uuid)));

    let mut session = Protocol::new(config(), SessionTime::ZERO);
    let given = Prompt::text("x").uuid(one[0]);
    session.prompt(SessionTime::ZERO, given.clone()).unwrap();
    assert_eq!(session.prompt(SessionTime::ZERO, given).unwrap_err().reason(), RefusedReason::Reused);
}

const PERMISSION_REQUEST: &[u8] =
    b"{\"type\":\"control_request\",\"request_id\":\"a\",\"request\":{\"subtype\":\"can_use_tool\",\"tool_name\":\"Bash\",\"input\":{}}}\n";

#[test]
fn closing_stdin_withdraws_open_requests() {
    let mut session = Protocol::new(config(), SessionTime::ZERO);
    session.receive(SessionTime::ZERO, PERMISSION_REQUEST);
    let Some(Action::IncomingRequest(incoming)) = session.poll_action() else { panic!("no ask") };
    session.close(SessionTime::ZERO);
    assert_eq!(session.poll_child_command(), None, "while it can be answered, stdin is open");
    assert!(session.clone().respond(SessionTime::ZERO, incoming.id(), Decision::allow()).is_ok());
    let (due, _) = session.poll_timeout().expect("the grace for the turn");
    session.handle_timeout(due);
    assert_eq!(session.poll_child_command(), None, "the CLI takes the end of stdin for an answer");
    let written = String::from_utf8(session.poll_transmit().to_vec()).unwrap();
    assert!(written.contains("\"behavior\":\"deny\"") && written.contains("\"interrupt\""), "{written}");
    session.sent(due, written.len());
    assert_eq!(session.poll_child_command(), Some(ChildCommand::CloseStdin));
    let actions: Vec<Action> = std::iter::from_fn(|| session.poll_action()).collect();
    assert!(actions.iter().any(|action| {
        matches!(action, Action::IncomingCancelled { id, reason: CancelledReason::Ended(LostReason::Closed), .. } if *id == incoming.id())
    }), "{actions:?}");
    let late = session.respond(SessionTime::ZERO, incoming.id(), Decision::allow());
    assert!(matches!(&late, Err(RespondError::Closed(end)) if end.reason == CloseReason::Closed), "{late:?}");
    assert_eq!(session.poll_transmit(), b"");
}

#[test]
fn a_response_without_room_is_refused_and_the_request_stays_open() {
    let mut config = config();
    config.limits.unsent_hard = 1000;
    let mut session = Protocol::new(config, SessionTime::ZERO);
    session.receive(SessionTime::ZERO, PERMISSION_REQUEST);
    let Some(Action::IncomingRequest(incoming)) = session.poll_action() else { panic!("no ask") };
    let long = Decision::deny("no".repeat(1000));
    assert_eq!(session.respond(SessionTime::ZERO, incoming.id(), long), Err(RespondError::Full));
    assert_eq!(session.poll_action(), None, "nothing was changed");
    assert_eq!(session.poll_transmit(), b"");
    assert_eq!(session.respond(SessionTime::ZERO, incoming.id(), Decision::deny("no")), Ok(()));
}

/// A session that waits for ever for replies to the host's requests, and what its next deadline does.
fn patient() -> Config {
    let mut config = config();
    (config.timeouts.request, config.timeouts.interrupt) = (None, None);
    config
}

#[test]
fn requests_of_the_session_have_a_timeout() {
    let mut session = Protocol::new(patient(), SessionTime::ZERO);
    let prompt = session.prompt(SessionTime::ZERO, Prompt::text("one")).unwrap();
    let withdrawals =
        |session: &Protocol| String::from_utf8_lossy(session.poll_transmit()).matches("cancel_async_message").count();
    session.cancel(SessionTime::ZERO, prompt).unwrap();
    session.cancel(SessionTime::ZERO, prompt).unwrap();
    assert_eq!(withdrawals(&session), 1, "a second one while the first is open says nothing new");
    let (due, reason) = session.poll_timeout().expect("it is waited for, and not for ever");
    assert_eq!((due, reason), (SessionTime::ZERO.saturating_add(60 * SECOND), Deadline::Request));
    session.handle_timeout(due);
    assert_eq!(session.poll_timeout(), None);
    session.cancel(due, prompt).unwrap();
    assert_eq!(withdrawals(&session), 2, "it is tried again");
}

#[test]
fn an_unanswered_follow_up_does_not_delay_prompts() {
    let mut session = Protocol::new(patient(), SessionTime::ZERO);
    let say = |session: &mut Protocol, line: String| session.receive(SessionTime::ZERO, format!("{line}\n").as_bytes());
    let prompt = session.prompt(SessionTime::ZERO, Prompt::text("one")).unwrap();
    let request = |id: &str, response: &str| {
        format!(
            r#"{{"type":"control_response","response":{{"subtype":"success","request_id":"{id}","response":{response}}}}}"#
        )
    };
    session.interrupt(SessionTime::ZERO, Interrupt::prompt(prompt).id("i")).unwrap();
    say(&mut session, request("i", &format!(r#"{{"still_queued":["{}"]}}"#, prompt.uuid())));
    // The withdrawal comes too late, and a turn takes the prompt: it is interrupted again, and nobody answers that.
    say(&mut session, r#"{"type":"system","subtype":"init","session_id":"s"}"#.into());
    say(&mut session, format!(r#"{{"type":"user","uuid":"{}"}}"#, prompt.uuid()));
    let interrupts = String::from_utf8_lossy(session.poll_transmit()).matches(r#""subtype":"interrupt""#).count();
    assert_eq!(interrupts, 2);
    session.prompt(SessionTime::ZERO, Prompt::text("two")).unwrap();
    say(&mut session, r#"{"type":"result","subtype":"success"}"#.into());
    while let Some((due, _)) = session.poll_timeout() {
        session.handle_timeout(due);
    }
    assert!(String::from_utf8_lossy(session.poll_transmit()).contains("two"), "it is still held back");
}

#[test]
fn requests_of_the_host_wait_for_their_timeout() {
    let mut session = Protocol::new(patient(), SessionTime::ZERO);
    session.request(SessionTime::ZERO, Request::new("mcp_status")).unwrap();
    session.interrupt(SessionTime::ZERO, Interrupt::running()).unwrap();
    assert_eq!(session.poll_timeout(), None);
}

#[test]
fn stored_reports_of_the_cli_are_bounded() {
    let introduced = |id: &str, version: &str, capabilities: &[String]| {
        let mut session = Protocol::new(config(), SessionTime::ZERO);
        let init = serde_json::json!({
            "type": "system", "subtype": "init", "session_id": id, "claude_code_version": version, "capabilities": capabilities,
        });
        session.receive(SessionTime::ZERO, format!("{init}\n").as_bytes());
        session.session().expect("it was introduced").clone()
    };
    let (fits, long) = ("x".repeat(256), "x".repeat(257));
    let kept = introduced(&fits, &fits, &vec![fits.clone(); 256]);
    assert_eq!((&*kept.id, kept.version.as_deref(), kept.capabilities.len()), (&*fits, Some(&*fits), 256));
    let cut = introduced(&long, &long, &vec![fits.clone(); 257]);
    assert_eq!((&*cut.id, cut.version.as_deref(), cut.capabilities.len()), ("", None, 256));
    let mixed = introduced("s", "2.1.329", &[long, "interrupt_receipt_v1".into()]);
    assert_eq!((&*mixed.id, mixed.capabilities.to_vec()), ("s", vec!["interrupt_receipt_v1".to_owned()]));
}

/// Whoever gives a command between the end of stdout and the exit is told what is known by then.
#[test]
fn commands_to_an_ending_session_are_refused_with_its_cause() {
    let now = SessionTime::ZERO;
    let mut session = Protocol::new(Config::new(Seed::from_bytes([1; 16])), now);
    let prompt = session.prompt(now, Prompt::text("hello")).unwrap();
    session.stderr(now, b"Invalid API key\n");
    session.eof(now);
    let refused = session.prompt(now, Prompt::text("more")).unwrap_err();
    let end = refused.closed().expect("the end");
    assert_eq!((end.reason, end.exit, end.stderr.as_str()), (CloseReason::Eof, None, "Invalid API key\n"));
    session.exited(now, Exit::Code(1));
    session.stderr_eof(now);
    let Some(Action::Closed(closed)) = std::iter::from_fn(|| session.poll_action()).last() else { panic!("no end") };
    let refused = session.request(now, Request::new("mcp_status")).unwrap_err();
    assert_eq!(refused.closed(), Some(&closed));
    let stale = session.cancel(now, prompt).unwrap_err();
    assert_eq!(stale.closed(), Some(&closed));
    for reported in [refused.to_string(), stale.to_string()] {
        assert!(reported.ends_with("the CLI exited; exit status 1; stderr: Invalid API key"), "{reported}");
    }
}

#[test]
fn a_stale_id_error_explains_only_the_end_of_the_session() {
    let now = SessionTime::ZERO;
    let mut session = Protocol::new(Config::new(Seed::from_bytes([1; 16])), now);
    let [first, waiting] = ["first", "second"].map(|text| session.prompt(now, Prompt::text(text)).unwrap());
    session.cancel(now, waiting).unwrap();
    assert_eq!(session.cancel(now, waiting).unwrap_err().closed(), None);
    // What runs may still be cancelled or interrupted while the host waits for its end.
    session.close(now);
    assert_eq!(session.cancel(now, waiting).unwrap_err().closed(), None);
    assert_eq!(session.cancel(now, first), Ok(()), "it runs");
    let refused = session.prompt(now, Prompt::text("third")).unwrap_err();
    assert_eq!(refused.to_string(), "the session accepts no more commands; open another: closed by the host");
}
