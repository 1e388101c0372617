//! Each scenario on all six generations: the outcome, and which result answers which prompt.

use std::time::Duration;

use claude_duplex::incoming::hook::HookEvent;
use claude_duplex::request::{HookMatcher, Initialize};
use claude_duplex::testing::{CliVersion, Script, Step, TestSession, ToolStep};
use claude_duplex::{
    Action, CancelledReason, Config, Decision, Deny, IncomingKind, IncomingRequest, IncomingResponse, Interrupt,
    Message, Outcome, Prompt, PromptId, Seed, TurnId, TurnOrigin, WhenBusy,
};

const SECOND: Duration = Duration::from_secs(1);

fn config() -> Config {
    IncomingKind::KNOWN.iter().copied().fold(Config::new(Seed::from_bytes([7; 16])), Config::handle)
}

fn pair(script: Script) -> TestSession {
    TestSession::new(config(), script).cut_by(0x5eed)
}

fn slowly(text: &str) -> Step {
    Step::text_in_parts(text, 4, SECOND)
}

/// How a prompt ended: the outcome, the turn, and the result's uuid.
#[derive(Debug, Clone, PartialEq)]
struct End {
    outcome: Outcome,
    turn: Option<TurnId>,
    result: Option<String>,
}

fn ends(actions: &[Action], prompt: PromptId) -> End {
    let ends: Vec<End> = actions
        .iter()
        .filter_map(|action| match action {
            Action::PromptEnded { prompt: of, turn, outcome, result, .. } if *of == prompt => Some(End {
                outcome: *outcome,
                turn: *turn,
                result: result.as_ref().and_then(Message::uuid).map(|uuid| uuid.into_owned()),
            }),
            _ => None,
        })
        .collect();
    assert_eq!(ends.len(), 1, "each prompt ends once: {ends:?} in {actions:#?}");
    ends[0].clone()
}

fn outcome(actions: &[Action], prompt: PromptId) -> Outcome {
    ends(actions, prompt).outcome
}

fn is_delta(action: &Action) -> bool {
    matches!(action, Action::Message { message, .. } if message.delta().is_some())
}

fn is_tool_call(action: &Action) -> bool {
    matches!(action, Action::Message { message, .. }
        if message.subtype().is_none() && message.line().contains(r#""type":"tool_use""#)
            && message.line().starts_with(r#"{"type":"assistant""#))
}

fn until_request(pair: &mut TestSession) -> IncomingRequest {
    match pair.run_until(|action| matches!(action, Action::IncomingRequest(_))) {
        Action::IncomingRequest(incoming_request) => incoming_request,
        other => panic!("{other:?}"),
    }
}

fn send(text: &str) -> Prompt {
    Prompt::text(text).when_busy(WhenBusy::Send)
}

fn every(test: impl Fn(CliVersion)) {
    for &generation in CliVersion::ALL {
        println!("{generation}");
        test(generation);
    }
}

#[test]
fn a_prompt_gets_an_answer() {
    every(|generation| {
        let mut pair = pair(Script::new(generation).then([Step::thinking("hm"), slowly("one two three four")]));
        let prompt = pair.prompt("hello");
        let actions = pair.run_until_idle();
        assert_eq!(outcome(&actions, prompt), Outcome::Success);
        let version = pair.host.session().and_then(|session| session.version.clone());
        // 1.0.128 does not say which it is.
        let reported = (generation > CliVersion::V1_0_128).then(|| generation.version());
        assert_eq!(version.as_deref(), reported);
        assert!(
            matches!(pair.close().last(), Some(Action::Closed(closed)) if closed.exit.is_some_and(|exit| exit.is_success()))
        );
    });
}

#[test]
fn a_tool_runs_only_if_the_host_allows_it() {
    every(|generation| {
        for (decision, expected) in [(Decision::allow(), "ran"), (Decision::deny("not today"), "not today")] {
            let call = ToolStep::bash("ls").requires_permission().duration(SECOND).returns("ran");
            let mut pair = pair(Script::new(generation).then([call.into(), Step::text("finished")]));
            let prompt = pair.prompt("hello");
            let incoming_request = until_request(&mut pair);
            assert_eq!(incoming_request.permission().unwrap().tool_name, "Bash");
            pair.respond(incoming_request.id(), decision);
            let actions = pair.run_until_idle();
            assert_eq!(outcome(&actions, prompt), Outcome::Success);
            let lines = pair.cli_lines();
            let result = lines.iter().find(|line| line.as_str().contains("tool_result")).expect("the call returned");
            assert!(result.as_str().contains(expected), "{result:?}");
        }
    });
}

#[test]
fn a_deny_that_interrupts_ends_the_turn() {
    every(|generation| {
        let mut pair = pair(
            Script::new(generation).then([ToolStep::bash("ls").requires_permission().into(), Step::text("finished")]),
        );
        let prompt = pair.prompt("hello");
        let incoming_request = until_request(&mut pair);
        pair.respond(incoming_request.id(), Deny::new("stop").and_interrupt());
        assert_eq!(outcome(&pair.run_until_idle(), prompt), Outcome::Interrupted);
    });
}

#[test]
fn an_interrupt_withdraws_open_requests_before_its_acknowledgment() {
    every(|generation| {
        let calls = [ToolStep::bash("a").requires_permission(), ToolStep::bash("b").requires_permission()];
        let mut pair = pair(Script::new(generation).then([Step::tools_at_once(calls), Step::text("finished")]));
        let first = pair.prompt("hello");
        let incoming_requests = [until_request(&mut pair), until_request(&mut pair)];
        pair.interrupt(Interrupt::running());
        let second = pair.prompt("and then?");
        let actions = pair.run_until_idle();
        let order: Vec<&str> = actions
            .iter()
            .filter_map(|action| match action {
                Action::IncomingCancelled { id: incoming_request, reason: CancelledReason::Cli, .. }
                    if incoming_requests.iter().any(|open| open.id() == *incoming_request) =>
                {
                    Some("withdrawn")
                }
                Action::ResponseReceived { .. } => Some("acknowledged"),
                Action::PromptEnded { prompt, .. } if *prompt == first => Some("ended"),
                _ => None,
            })
            .collect();
        assert_eq!(order, ["withdrawn", "withdrawn", "acknowledged", "ended"]);
        assert_eq!(outcome(&actions, first), Outcome::Interrupted);
        assert_eq!(outcome(&actions, second), Outcome::Success);
        let late = pair.host.respond(pair.now(), incoming_requests[0].id(), IncomingResponse::from(Decision::allow()));
        assert!(late.is_err());
    });
}

#[test]
fn a_request_that_times_out_fails_only_its_call() {
    every(|generation| {
        let call = Step::from(ToolStep::bash("ls").requires_permission()).withdrawn_after(SECOND);
        let mut pair = pair(Script::new(generation).then([call, Step::text("finished")]));
        let prompt = pair.prompt("hello");
        let incoming_request = until_request(&mut pair);
        let actions = pair.run_until_idle();
        assert!(actions.iter().any(|action| matches!(action, Action::IncomingCancelled { id, reason: CancelledReason::Cli, .. } if *id == incoming_request.id())));
        assert_eq!(outcome(&actions, prompt), Outcome::Success);
    });
}

/// `hook_times_out` in `tests/real_cli`: up to 2.0.37 it is 60 seconds, whatever the hook says.
#[test]
fn a_hook_that_times_out_is_withdrawn() {
    every(|generation| {
        let mut pair = pair(Script::new(generation).then([ToolStep::bash("ls").into(), Step::text("finished")]));
        pair.request(Initialize::new().hook(HookEvent::PreToolUse, HookMatcher::new("guard").timeout(5)));
        let prompt = pair.prompt("hello");
        let incoming_request = until_request(&mut pair);
        let since = pair.now();
        let withdrawn = |action: &Action| matches!(action, Action::IncomingCancelled { id: of, .. } if *of == incoming_request.id());
        pair.run_until(withdrawn);
        let seconds = if generation == CliVersion::V1_0_128 { 60 } else { 5 };
        assert_eq!(pair.now().saturating_duration_since(since).as_secs(), seconds);
        assert_eq!(outcome(&pair.run_until_idle(), prompt), Outcome::Success);
    });
}

#[test]
fn an_interrupt_stops_a_text_and_a_tool() {
    every(|generation| {
        let steps = [[slowly("one two three four")], [ToolStep::bash("sleep").duration(SECOND).into()]];
        for (steps, seen) in steps.into_iter().zip([is_delta as fn(&Action) -> bool, is_tool_call]) {
            let mut pair = pair(Script::new(generation).then(steps));
            let prompt = pair.prompt("hello");
            pair.run_until(seen);
            pair.interrupt(Interrupt::prompt(prompt));
            assert_eq!(outcome(&pair.run_until_idle(), prompt), Outcome::Interrupted);
        }
    });
}

#[test]
fn queued_prompts_are_merged_since_2_1_143() {
    every(|generation| {
        let mut pair = pair(Script::new(generation).then([slowly("one two three four")]));
        let first = pair.prompt("first");
        pair.run_until(is_delta);
        let [second, third] = ["second", "third"].map(|text| pair.prompt(send(text)));
        let actions = pair.run_until_idle();
        let [first, second, third] = [first, second, third].map(|prompt| ends(&actions, prompt));
        assert_eq!([first.outcome, second.outcome, third.outcome], [Outcome::Success; 3]);
        assert_ne!(first.result, second.result);
        assert_eq!(second.result == third.result, generation >= CliVersion::V2_1_143);
        assert_eq!(second.turn == third.turn, generation >= CliVersion::V2_1_143);
    });
}

#[test]
fn a_prompt_is_folded_where_a_tool_returns() {
    every(|generation| {
        let mut pair =
            pair(Script::new(generation).then([ToolStep::bash("sleep").duration(SECOND).into(), Step::text("end")]));
        let first = pair.prompt("first");
        pair.run_until(is_tool_call);
        let second = pair.prompt(send("by the way"));
        let actions = pair.run_until_idle();
        assert_eq!(ends(&actions, first), ends(&actions, second));
        assert_eq!(outcome(&actions, first), Outcome::Success);
    });
}

#[test]
fn an_interrupt_before_a_fold_gives_the_queued_prompt_its_own_turn() {
    every(|generation| {
        let mut pair =
            pair(Script::new(generation).then([ToolStep::bash("sleep").duration(SECOND).into(), Step::text("end")]));
        let first = pair.prompt("first");
        pair.run_until(is_tool_call);
        let second = pair.prompt(send("by the way"));
        pair.interrupt(Interrupt::prompt(first));
        let actions = pair.run_until_idle();
        assert_eq!(outcome(&actions, first), Outcome::Interrupted);
        assert_eq!(outcome(&actions, second), Outcome::Success);
    });
}

#[test]
fn an_interrupt_after_a_fold_stops_both_prompts() {
    every(|generation| {
        let steps = [ToolStep::bash("sleep").duration(SECOND).into(), slowly("one two three four")];
        let mut pair = pair(Script::new(generation).then(steps));
        let first = pair.prompt("first");
        pair.run_until(is_tool_call);
        let second = pair.prompt(send("by the way"));
        pair.run_until(|action| {
            is_delta(action) && !is_tool_call(action) && format!("{action:?}").contains("text_delta")
        });
        pair.interrupt(Interrupt::running());
        let actions = pair.run_until_idle();
        assert_eq!(ends(&actions, first), ends(&actions, second));
        assert_eq!(outcome(&actions, first), Outcome::Interrupted);
    });
}

#[test]
fn a_queued_prompt_can_be_withdrawn_since_2_1_143() {
    every(|generation| {
        let mut pair = pair(Script::new(generation).then([slowly("one two three four")]));
        let first = pair.prompt("first");
        pair.run_until(is_delta);
        let second = pair.prompt(send("second"));
        pair.host.cancel(pair.now(), second).unwrap();
        let actions = pair.run_until_idle();
        assert_eq!(outcome(&actions, first), Outcome::Success);
        let known = generation >= CliVersion::V2_1_143;
        assert_eq!(outcome(&actions, second), if known { Outcome::Cancelled } else { Outcome::Success });
    });
}

#[test]
fn a_turn_of_the_cli_ends_no_prompt() {
    every(|generation| {
        let steps = [Step::background(SECOND, vec![slowly("it has ended now")]), Step::text("started")];
        let mut pair = pair(Script::new(generation).then(steps));
        let first = pair.prompt("first");
        let mut actions = vec![pair.run_until(|action| matches!(action, Action::PromptEnded { .. }))];
        assert_eq!(outcome(&actions, first), Outcome::Success);
        pair.advance(SECOND * 2);
        let second = pair.prompt(send("second"));
        actions.extend(pair.run_until_idle());
        let own =
            actions.iter().filter(|action| matches!(action, Action::TurnEnded { origin: TurnOrigin::Own(_), .. }));
        assert_eq!(own.count(), usize::from(generation >= CliVersion::V2_1_50));
        match generation {
            CliVersion::V2_0_76 => assert!(matches!(outcome(&actions, second), Outcome::Lost(_))),
            _ => assert_eq!(outcome(&actions, second), Outcome::Success),
        }
    });
}

#[test]
fn results_wait_for_a_subagent_in_2_1_50_and_2_1_143() {
    every(|generation| {
        let steps = [Step::background_agent(SECOND, vec![Step::text("it has ended")]), Step::text("started")];
        let mut pair = pair(Script::new(generation).then(steps));
        let first = pair.prompt("first");
        pair.advance(SECOND / 2);
        let second = pair.prompt(send("second"));
        let actions = pair.run_until_idle();
        if generation == CliVersion::V2_0_76 {
            return;
        }
        let [first, second] = [first, second].map(|prompt| ends(&actions, prompt));
        assert_eq!([first.outcome, second.outcome], [Outcome::Success; 2]);
        let held = matches!(generation, CliVersion::V2_1_50 | CliVersion::V2_1_143);
        assert_eq!(first.result == second.result, held, "{first:?} {second:?}");
    });
}
