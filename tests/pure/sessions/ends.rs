//! Results of prompts, and errors that explain how the session ended.

use std::error::Error;

use claude_duplex::request::ListModels;
use claude_duplex::testing::{CliVersion, Fault, Script, Step, ToolStep};
use claude_duplex::{
    CallError, ChildCommand, CloseReason, Config, Decision, DeclinedReason, Exit, IncomingKind, IncomingKinds, Json,
    LostReason, Outcome,
};

use super::fixture::{SECOND, open, open_with};

/// A CLI that refuses to start.
fn no_key() -> Script {
    Script::default().fault(Fault::Exit { code: 1, message: "Invalid API key".into() })
}

#[test]
fn an_answer_has_the_text_and_the_result() {
    let answer = open(Script::default().then([Step::text("hi")]))
        .run(async |claude| claude.prompt("hello").unwrap().finish().await.into_result().unwrap());
    assert_eq!(answer.text(), "hi");
    assert_eq!(answer.result().and_then(|result| result.session_id()), answer.session_id());
    assert!(answer.session_id().is_some() && answer.total_cost_usd().is_some() && answer.duration().is_some());
    assert_eq!(answer.structured::<u32>().unwrap_err().path(), "structured_output");
    assert_eq!(answer.into_end().outcome, Outcome::Success);
}

#[test]
fn a_structured_answer_decodes() {
    let fields = Step::result_fields(&Json::parse(r#"{"structured_output":7}"#).unwrap());
    let rig = open(Script::default().then([Step::text("seven"), fields]));
    let answer = rig.run(async |claude| claude.prompt("count").unwrap().finish().await.into_result().unwrap());
    assert_eq!(answer.structured::<u32>().unwrap(), 7);
}

#[test]
fn the_error_of_a_prompt_explains_the_exit_of_the_cli() {
    let error =
        open(no_key()).run(async |claude| claude.prompt("hello").unwrap().finish().await.into_result().unwrap_err());
    assert!(matches!(error.outcome(), Outcome::Lost(_)));
    let closed = error.closed().expect("the session ended");
    assert_eq!((closed.reason, closed.exit), (CloseReason::Exited, Some(Exit::Code(1))));
    let reported = error.to_string();
    assert!(reported.contains("Invalid API key") && reported.contains("exit status 1"), "{reported}");
    assert!(error.source().is_none(), "the end is part of the message");
}

#[test]
fn the_error_of_a_failed_prompt_contains_its_result() {
    let script = Script::default().then([Step::api_error(529, "overloaded", 0)]);
    let error =
        open(script).run(async |claude| claude.prompt("hello").unwrap().finish().await.into_result().unwrap_err());
    assert_eq!((error.outcome(), error.closed()), (Outcome::Error, None));
    assert!(error.failure().is_some() && error.to_string().contains("overloaded"), "{error}");
}

#[test]
fn the_errors_of_calls_explain_the_exit_of_the_cli() {
    let (call, ping, late, end) = open(no_key()).run(async |claude| {
        let call = claude.call(ListModels::new()).await.unwrap_err();
        let ping = claude.ping(SECOND).await.unwrap_err();
        let late = claude.call(ListModels::new()).await.unwrap_err();
        (call, ping, late, claude.wait_for_exit().await)
    });
    for error in [call, ping, late] {
        let CallError::Closed(closed) = &error else { panic!("{error:?}") };
        assert_eq!(**closed, end);
        let reported = error.to_string();
        assert!(
            reported.contains("Invalid API key") && !reported.contains("was closed before it was over"),
            "{reported}"
        );
    }
}

#[test]
fn all_open_prompts_get_the_end_of_the_session() {
    let script = Script::default().then([Step::text("so far"), Step::die(Exit::Code(7))]);
    open(script).run(async |claude| {
        let (first, second) = (claude.prompt("one").unwrap(), claude.prompt("two").unwrap());
        for prompt in [first, second] {
            let end = prompt.finish().await;
            assert_eq!(end.closed.as_ref().and_then(|closed| closed.exit), Some(Exit::Code(7)));
            assert!(matches!(end.outcome, Outcome::Lost(reason) if reason != LostReason::NoResult));
        }
    });
}

#[test]
fn a_runner_that_is_dropped_ends_the_prompts_with_its_session() {
    let rig = open(Script::default().fault(Fault::Silent));
    let prompt = rig.claude.prompt("one").unwrap();
    drop(rig.runner);
    let end = rig.runtime.run(prompt.finish());
    assert_eq!(end.closed.map(|closed| closed.reason), Some(CloseReason::Aborted));
}

#[test]
fn close_now_interrupts_the_turn_and_refuses_open_requests() {
    for &version in CliVersion::ALL {
        let rig = open(Script::new(version).then([Step::text_in_parts("a b", 2, 100 * SECOND), Step::text("c")]));
        let (runtime, log) = (rig.runtime.clone(), rig.log.clone());
        rig.run(async |claude| {
            let (mut running, waiting) = (claude.prompt("one").unwrap(), claude.prompt("two").unwrap());
            running.next().await.unwrap().unwrap();
            let since = runtime.now();
            claude.close_now();
            let closed = claude.wait_for_exit().await;
            let took = runtime.now().saturating_duration_since(since);
            assert!(took < 3 * SECOND, "{version:?}: {took:?} {:#?} {:?}", log.written(), log.signals());
            assert_eq!(closed.reason, CloseReason::Closed, "{version:?}");
            assert_eq!(waiting.finish().await.outcome, Outcome::Cancelled, "{version:?}");
            assert!(!running.finish().await.is_success(), "{version:?}");
        });
        assert_eq!((log.requests("interrupt"), log.signals()), (1, vec![ChildCommand::Kill]), "{version:?}");
    }
}

#[test]
fn close_now_ends_within_seconds_for_an_unresponsive_cli() {
    let script = Script::default().then([Step::text_in_parts("a b", 2, 100 * SECOND)]);
    let rig = open(script.fault(Fault::StopReading).fault(Fault::IgnoreTerminate));
    let runtime = rig.runtime.clone();
    rig.run(async |claude| {
        let prompt = claude.prompt("one").unwrap();
        assert!(claude.ping(SECOND).await.is_err(), "it reads nothing any more");
        let since = runtime.now();
        // A close that waits for the turn is cut short.
        claude.close();
        claude.close_now();
        let closed = claude.wait_for_exit().await;
        assert!(runtime.now().saturating_duration_since(since) <= 19 * SECOND);
        assert_eq!(closed.exit, Some(Exit::Signal(9)));
        let end = prompt.finish().await;
        assert_eq!(end.closed, Some(closed), "{end:?}");
    });
}

#[test]
fn close_now_of_an_idle_session_is_a_close() {
    let rig = open(Script::default().then([Step::text("hi")]));
    let log = rig.log.clone();
    rig.run(async |claude| {
        assert!(claude.prompt("one").unwrap().finish().await.is_success());
        claude.close_now();
        assert_eq!(claude.wait_for_exit().await.exit, Some(Exit::Code(0)));
    });
    assert_eq!(log.requests("interrupt"), 0);
}

#[test]
fn the_end_of_a_prompt_lists_its_declined_requests() {
    let script = || {
        let tool = Step::from(ToolStep::bash("ls").requires_permission());
        Script::default().then([tool, Step::text("done")]).then([Step::text("again")])
    };
    let unhandled = |config: &mut Config| config.handled = IncomingKinds::default();
    for (handles, reason) in [(true, None), (false, Some(DeclinedReason::Unhandled))] {
        let rig = if handles { open(script()) } else { open_with(script(), unhandled, |_| {}) };
        rig.run(async |claude| {
            let end = claude.prompt("go").unwrap().finish().await;
            assert!(end.is_success());
            let [declined] = end.declined() else { panic!("{:?}", end.declined()) };
            let reported = (declined.kind, declined.tool_name.as_deref(), declined.reason);
            assert_eq!(reported, (IncomingKind::Permission, Some("Bash"), reason));
            assert!(claude.prompt("again").unwrap().finish().await.declined().is_empty());
        });
    }
}

#[test]
fn an_answered_request_is_not_listed_as_declined() {
    let tool = Step::from(ToolStep::bash("ls").requires_permission());
    open(Script::default().then([tool, Step::text("done")])).run(async |claude| {
        let mut requests = claude.incoming().unwrap();
        let prompt = claude.prompt("go").unwrap();
        requests.next().await.unwrap().respond(Decision::deny("no")).unwrap();
        assert!(prompt.finish().await.declined().is_empty());
    });
}
