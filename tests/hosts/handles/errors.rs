//! A CLI that says why it ends is explained by whichever call the host makes, or waits for.
//!
//! A call of the library that can fail by the end of a session gets a row in `CALLS` or `HELD`.

use std::fmt::Display;

use claude_duplex::request::ListModels;
use claude_duplex::testing::{CliVersion, Fault, Script, Step};
use claude_duplex::{
    Action, Decision, Interrupt, Overflow, PendingResponse, PromptHandle, RefusedError, Request, Responder, Session,
};

use crate::hosts::Boxed;
use crate::stage::{Stage, all, scenarios};

const CAUSE: &str = "Invalid API key";

/// A permission request that the mock CLI does not wait for.
const REQUEST: &str = concat!(
    r#"{"type":"control_request","request_id":"held","request":"#,
    r#"{"subtype":"can_use_tool","tool_name":"Bash","input":{}}}"#,
    "\n"
);

scenarios! {
    each_call_reports_an_exit_at_the_start:
        Script::new(CliVersion::V1_0_128).fault(Fault::Exit { code: 1, message: CAUSE.into() }),
    each_call_reports_an_exit_after_an_error_result: Script::new(CliVersion::V1_0_128)
        .then([Step::raw(format!("{CAUSE}\n")), Step::raw(REQUEST), Step::text("one")])
        .then([Step::die(claude_duplex::Exit::Code(1))]),
}

/// Begins a call, and waits for its error.
type Call<T> = fn(T) -> Boxed<String>;

/// Calls of a session, begun before its end or after it.
const CALLS: &[(&str, Call<Session>)] = &[
    ("prompt", |claude| {
        let prompt = claude.prompt("two");
        Box::pin(async move { ended(prompt).await })
    }),
    ("request", |claude| {
        // This version does not answer it.
        let pending = claude.request(Request::new("of_a_later_version"));
        Box::pin(async move { unanswered(pending).await })
    }),
    ("interrupt", |claude| {
        Box::pin(async move {
            claude.wait_for_exit().await;
            text(claude.interrupt(Interrupt::running()))
        })
    }),
    ("call", |claude| Box::pin(async move { text(claude.call(ListModels::new()).await) })),
    ("ping", |claude| {
        Box::pin(async move {
            claude.wait_for_exit().await;
            text(claude.ping(std::time::Duration::from_secs(60)).await)
        })
    }),
    ("subscribe", |claude| {
        let watch = claude.subscribe(1000, Overflow::Oldest);
        Box::pin(async move { last(all(watch).await) })
    }),
    ("wait_for_exit", |claude| {
        let exit = claude.wait_for_exit();
        Box::pin(async move { exit.await.to_string() })
    }),
    ("exit_status", |claude| {
        Box::pin(async move {
            claude.wait_for_exit().await;
            claude.exit_status().expect("it has ended").to_string()
        })
    }),
];

/// What the host holds when the session ends.
struct Held {
    prompt: PromptHandle,
    responder: Responder,
    claude: Session,
}

const HELD: &[(&str, Call<Held>)] = &[
    ("Responder::respond", |held| {
        Box::pin(async move {
            held.claude.wait_for_exit().await;
            text(held.responder.respond(Decision::allow()))
        })
    }),
    ("PromptHandle::cancel", |held| {
        Box::pin(async move {
            held.claude.wait_for_exit().await;
            text(held.prompt.cancel())
        })
    }),
    ("PromptHandle::interrupt", |held| {
        Box::pin(async move {
            held.claude.wait_for_exit().await;
            text(held.prompt.interrupt())
        })
    }),
];

async fn each_call_reports_an_exit_at_the_start(stage: &Stage) {
    let (claude, run) = stage.open();
    let early = begin(&claude);
    assert_explains("the runner", &run.await.to_string());
    explain(early).await;
    explain(begin(&claude)).await;
}

async fn each_call_reports_an_exit_after_an_error_result(stage: &Stage) {
    for (name, call) in HELD {
        let (claude, run) = stage.open();
        let mut requests = claude.incoming().unwrap();
        let prompt = claude.prompt("one").unwrap();
        let responder = requests.next().await.unwrap();
        let early = begin(&claude);
        let held = call(Held { prompt, responder, claude: claude.clone() });
        assert_explains("the runner", &run.await.to_string());
        assert_explains(name, &held.await);
        explain(early).await;
        explain(begin(&claude)).await;
    }
}

fn begin(claude: &Session) -> Vec<(&'static str, Boxed<String>)> {
    CALLS.iter().map(|(name, call)| (*name, call(claude.clone()))).collect()
}

async fn explain(calls: Vec<(&'static str, Boxed<String>)>) {
    for (name, call) in calls {
        assert_explains(name, &call.await);
    }
}

/// In one line, with the cause and the exit status.
fn assert_explains(name: &str, error_text: &str) {
    assert!(error_text.contains(CAUSE) && error_text.contains("exit status 1"), "{name}: {error_text}");
    assert!(!error_text.contains('\n') && !error_text.contains("was closed"), "{name}: {error_text}");
}

fn text<T>(done: Result<T, impl Display>) -> String {
    done.map(drop).map_err(|error| error.to_string()).expect_err("the session has ended")
}

async fn ended<T>(prompt: Result<PromptHandle, RefusedError<T>>) -> String {
    match prompt {
        Ok(prompt) => text(prompt.await),
        Err(refused) => refused.to_string(),
    }
}

async fn unanswered<T>(pending: Result<PendingResponse, RefusedError<T>>) -> String {
    match pending {
        Ok(pending) => text(pending.await),
        Err(refused) => refused.to_string(),
    }
}

fn last(actions: Vec<Action>) -> String {
    match actions.last() {
        Some(Action::Closed(closed)) => closed.to_string(),
        last => panic!("the last action is {last:?}"),
    }
}
