//! One owner for each incoming request, and what becomes of those without an answer.

use claude_duplex::testing::{CliVersion, Script, Step, ToolStep};
use claude_duplex::{
    Action, CancelledReason, Decision, IncomingKind, IncomingKinds, IncomingResponse, Json, Outcome, Overflow, Request,
    RespondError,
};

use super::fixture::{SECOND, all, open, until};

fn shell(commands: &[&str]) -> Step {
    Step::tools_at_once(commands.iter().map(|command| ToolStep::bash(command).requires_permission()))
}

/// A script that asks everything that can be asked, in one turn.
fn everything() -> Script {
    let hook = |event| Step::hook("h", event);
    let message = Json::parse(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#).unwrap();
    Script::default().then([
        shell(&["ls"]),
        hook("PreToolUse"),
        hook("UserPromptSubmit"),
        hook("PostToolUse"),
        Step::mcp("mine", message),
        Step::elicitation("theirs", "who are you?"),
        Step::dialog("known", Json::parse("{}").unwrap()),
        Step::text("done"),
    ])
}

/// What makes the dialog one that the host declared.
fn introduction() -> Request {
    Request::initialize().field("supportedDialogKinds", Json::parse(r#"["known"]"#).unwrap())
}

/// In every kind's safe way.
fn assert_declined(answers: &[String]) {
    let expected = [
        r#""behavior":"deny""#,
        r#""permissionDecision":"deny""#,
        r#""decision":"block""#,
        r#""subtype":"error""#,
        r#""subtype":"error""#,
        r#""action":"cancel""#,
        r#""behavior":"cancelled""#,
    ];
    assert_eq!(answers.len(), expected.len(), "{answers:#?}");
    for (answer, expected) in answers.iter().zip(expected) {
        assert!(answer.contains(expected), "{answer} has no {expected}");
    }
}

#[test]
fn a_handled_request_is_answered_from_any_task_in_any_order() {
    for &generation in CliVersion::ALL {
        let rig = open(Script::new(generation).then([shell(&["a", "b", "c"]), Step::text("done")]));
        let log = rig.log.clone();
        rig.run(async |claude| {
            let mut incoming_requests = claude.incoming().unwrap();
            let turn = claude.prompt("go").unwrap();
            let mut open = Vec::new();
            for _ in 0..3 {
                open.push(incoming_requests.next().await.unwrap());
            }
            let commands = open.iter().map(|responder| responder.permission().unwrap().input.as_str().to_owned());
            assert!(commands.zip(["a", "b", "c"]).all(|(input, name)| input.contains(&format!("\"{name}\""))));
            let last = open.pop().unwrap();
            std::thread::spawn(move || last.respond(Decision::deny("not this one")).unwrap()).join().unwrap();
            for responder in open.into_iter().rev() {
                responder.respond(Decision::allow()).unwrap();
            }
            assert_eq!(turn.finish().await.outcome, Outcome::Success, "{generation:?}");
        });
        let behaviors = log.answers().iter().map(|answer| answer.contains("\"allow\"")).collect::<Vec<_>>();
        assert_eq!(behaviors, [false, true, true], "{generation:?}");
    }
}

#[test]
fn a_dropped_responder_declines_as_safe_for_the_kind() {
    let rig = open(everything());
    let log = rig.log.clone();
    rig.run(async |claude| {
        let mut incoming_requests = claude.incoming().unwrap();
        claude.request(introduction()).unwrap().await.unwrap();
        let turn = claude.prompt("go").unwrap();
        for _ in 0..7 {
            drop(incoming_requests.next().await.unwrap());
        }
        assert_eq!(turn.finish().await.outcome, Outcome::Success);
    });
    assert_declined(&log.answers());
}

#[test]
fn a_request_without_an_owner_is_declined_at_once() {
    let rig = open(everything());
    let log = rig.log.clone();
    rig.run(async |claude| {
        claude.request(introduction()).unwrap().await.unwrap();
        assert_eq!(claude.prompt("go").unwrap().finish().await.outcome, Outcome::Success);
    });
    assert_declined(&log.answers());
}

#[test]
fn a_dropped_stream_declines_untaken_and_later_requests() {
    let script = Script::default().then([shell(&["a", "b"]), shell(&["c"]), Step::text("done")]);
    let rig = open(script);
    let log = rig.log.clone();
    rig.run(async |claude| {
        let mut incoming_requests = claude.incoming().unwrap();
        let turn = claude.prompt("go").unwrap();
        let first = incoming_requests.next().await.unwrap();
        drop(incoming_requests);
        // What it has taken is not touched.
        first.respond(Decision::allow()).unwrap();
        assert_eq!(turn.finish().await.outcome, Outcome::Success);
        // There may be another owner afterwards.
        drop(claude.incoming().unwrap());
    });
    let allowed: Vec<_> = log.answers().iter().map(|answer| answer.contains("\"allow\"")).collect();
    assert_eq!(allowed.iter().filter(|allowed| **allowed).count(), 1);
    assert_eq!(allowed.len(), 3);
}

#[test]
fn incoming_requests_have_one_owner() {
    let rig = open(everything());
    rig.run(async |claude| {
        let permissions = claude.incoming_of(IncomingKinds::NONE.with(IncomingKind::Permission)).unwrap();
        claude.incoming().unwrap_err();
        let mut hooks = claude.incoming_of(IncomingKinds::NONE.with(IncomingKind::Hook)).unwrap();
        claude.request(introduction()).unwrap().await.unwrap();
        let turn = claude.prompt("go").unwrap();
        drop(permissions);
        assert_eq!(hooks.next().await.unwrap().kind(), IncomingKind::Hook);
        drop(hooks);
        turn.finish().await;
        drop(claude.incoming().unwrap());
    });
}

#[test]
fn a_withdrawal_is_reported_and_a_later_response_is_stale() {
    let rig = open(Script::default().then([shell(&["a", "b"]).withdrawn_after(5 * SECOND), Step::text("done")]));
    let log = rig.log.clone();
    rig.run(async |claude| {
        let mut watch = claude.subscribe(1000, Overflow::Oldest);
        let mut incoming_requests = claude.incoming().unwrap();
        let turn = claude.prompt("go").unwrap();
        let first = incoming_requests.next().await.unwrap();
        let both = futures_lite::future::zip(first.withdrawn(), first.withdrawn()).await;
        assert_eq!(both, (CancelledReason::Cli, CancelledReason::Cli));
        until(&mut watch, |action| matches!(action, Action::IncomingCancelled { .. })).await;
        assert_eq!(first.respond(Decision::allow()), Err(RespondError::Stale));
        turn.finish().await;
        // The second was withdrawn before anybody took it.
        claude.close();
        assert!(incoming_requests.next().await.is_none());
    });
    assert!(log.answers().is_empty());
}

/// Of two who show a permission prompt, the one that does not decide it takes it away.
#[test]
fn each_subscriber_learns_once_how_a_request_ended() {
    let calls = shell(&["a", "b", "c", "d", "e"]).withdrawn_after(5 * SECOND);
    let rig = open(Script::default().then([calls, Step::hook("h", "PreToolUse"), Step::text("done")]));
    let (watching, responder) = rig.run(async |claude| {
        let watching = [claude.subscribe(1000, Overflow::Oldest), claude.subscribe(1000, Overflow::DeltasFirst)];
        let mut incoming_requests = claude.incoming().unwrap();
        let turn = claude.prompt("go").unwrap();
        let mut open = Vec::new();
        for _ in 0..5 {
            open.push(incoming_requests.next().await.unwrap());
        }
        let responder: Vec<_> = open.iter().map(|responder| responder.id()).collect();
        let mut open = open.into_iter();
        let mut next = || open.next().unwrap();
        next().respond(Decision::allow()).unwrap();
        next().respond(Decision::deny("no")).unwrap();
        next().respond(IncomingResponse::Error { message: "no".into() }).unwrap();
        drop(next());
        next().withdrawn().await;
        // Nobody owns the hook.
        drop(incoming_requests);
        turn.finish().await;
        (watching, responder)
    });
    let expected = ["allowed", "denied", "error", "declined", "cancelled by the CLI", "declined"];
    for watch in watching {
        let reported = futures_lite::future::block_on(all(watch));
        let mut ends = Vec::new();
        for action in reported.into_iter().map(Result::unwrap) {
            match action {
                Action::IncomingAnswered { id: incoming_request, response: verdict, .. } => {
                    ends.push((incoming_request, verdict.to_string()))
                }
                Action::IncomingCancelled { id: incoming_request, reason, .. } => {
                    ends.push((incoming_request, reason.to_string()))
                }
                _ => {}
            }
        }
        ends.sort();
        let (ids, ends): (Vec<_>, Vec<_>) = ends.into_iter().unzip();
        assert_eq!((&ids[..5], &ends[..]), (&responder[..], &expected.map(str::to_owned)[..]));
    }
}

#[test]
fn a_response_of_another_kind_declines_the_request() {
    let hook = Step::hook("h", "PreToolUse");
    let rig = open(Script::default().then([hook, Step::text("done")]));
    let log = rig.log.clone();
    rig.run(async |claude| {
        let mut incoming_requests = claude.incoming().unwrap();
        let turn = claude.prompt("go").unwrap();
        let responder = incoming_requests.next().await.unwrap();
        assert_eq!(responder.respond(Decision::allow()), Err(RespondError::Mismatch));
        turn.finish().await;
    });
    let answers = log.answers();
    assert!(answers.len() == 1 && answers[0].contains(r#""permissionDecision":"deny""#), "{answers:?}");
}

#[test]
fn the_end_of_the_session_withdraws_open_requests() {
    let rig = open(Script::default().then([shell(&["a"]), Step::text("done")]));
    rig.run(async |claude| {
        let mut incoming_requests = claude.incoming().unwrap();
        let _turn = claude.prompt("go").unwrap();
        let responder = incoming_requests.next().await.unwrap();
        claude.abort();
        assert!(matches!(responder.withdrawn().await, CancelledReason::Ended(_)));
        assert!(incoming_requests.next().await.is_none());
        drop(responder);
        assert!(claude.incoming().unwrap().next().await.is_none());
    });
}

#[test]
fn a_late_subscriber_gets_the_open_requests() {
    let rig = open(Script::default().then([shell(&["a", "b"]), shell(&["c"]), Step::text("done")]));
    rig.run(async |claude| {
        let mut incoming_requests = claude.incoming().unwrap();
        let turn = claude.prompt("go").unwrap();
        let (first, second) = (incoming_requests.next().await.unwrap(), incoming_requests.next().await.unwrap());
        let open = |claude: &claude_duplex::Session| -> Vec<_> {
            claude.open_incoming().iter().map(|request| request.id()).collect()
        };
        assert_eq!(open(&claude), [first.id(), second.id()]);
        let gone = first.id();
        first.respond(Decision::allow()).unwrap();
        // It is given what is open, each once, and then what happens.
        let watch = claude.subscribe(1000, Overflow::Oldest);
        let open_then = open(&claude);
        assert_eq!(open_then, [second.id()]);
        let responder = second.id();
        second.respond(Decision::allow()).unwrap();
        incoming_requests.next().await.unwrap().respond(Decision::allow()).unwrap();
        turn.finish().await;
        assert!(open(&claude).is_empty());
        claude.close();
        let (mut requested_of, mut ends) = (Vec::new(), Vec::new());
        for action in all(watch).await.into_iter().map(Result::unwrap) {
            match action {
                Action::IncomingRequest(incoming_request) => requested_of.push(incoming_request.id()),
                Action::IncomingAnswered { id: incoming_request, .. } => ends.push(incoming_request),
                _ => {}
            }
        }
        assert_eq!(requested_of[0], responder, "it was open");
        assert_eq!((requested_of.len(), requested_of.contains(&gone)), (2, false));
        // Of the one that it never heard of it may hear the end.
        ends.retain(|end| *end != gone);
        assert_eq!(ends, requested_of);
    });
}
