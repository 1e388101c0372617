//! Handlers beside the session.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use claude_duplex::incoming::hook::HookOutput;
use claude_duplex::testing::{CliVersion, Script, Step, TestRuntime, ToolStep};
use claude_duplex::{
    Config, ContentBlock, Decision, Driver, Handlers, IncomingKind, IncomingKinds, IncomingResponse, Interrupt, Json,
    LocalHandlers, Outcome, Responder, Seed, SessionTime, handler_fn,
};
use futures_lite::future::{or, pending, zip};

use super::fixture::{SECOND, assert_send, open};

fn shell(commands: &[&str]) -> Step {
    Step::tools_at_once(commands.iter().map(|command| ToolStep::bash(command).requires_permission()))
}

fn many(count: usize) -> Step {
    Step::tools_at_once((0..count).map(|number| ToolStep::bash(format!("echo {number}")).requires_permission()))
}

/// Counts how often it was dropped.
struct Dropped(Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn any_number_of_requests_is_handled_concurrently() {
    for &generation in CliVersion::ALL {
        let rig = open(Script::new(generation).then([many(100), Step::text("done")]));
        let (runtime, log) = (rig.runtime.clone(), rig.log.clone());
        rig.run(async |claude| {
            let patience = runtime.clone();
            let handlers = Handlers::new().permission(move |tool| {
                let sleep = patience.sleep(10 * SECOND);
                async move {
                    sleep.await;
                    if tool.input.as_str().contains("echo 7") { Decision::deny("no") } else { Decision::allow() }
                }
            });
            let serving = assert_send(claude.incoming().unwrap().serve(handlers).unwrap());
            let turn = async {
                let end = claude.prompt("go").unwrap().finish().await;
                claude.close();
                end
            };
            let ((), end) = zip(serving, turn).await;
            assert_eq!(end.outcome, Outcome::Success, "{generation:?}");
            assert!(runtime.now() < SessionTime::from(15 * SECOND), "{generation:?}: {:?}", runtime.now());
        });
        let allowed = log.answers().iter().filter(|answer| answer.contains("\"allow\"")).count();
        assert_eq!((log.answers().len(), allowed), (100, 89), "{generation:?}");
    }
}

#[test]
fn each_kind_of_request_has_its_handler() {
    let script = Script::default().then([
        shell(&["ls"]),
        Step::hook("h", "PreToolUse"),
        Step::mcp("mine", Json::parse(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#).unwrap()),
        Step::elicitation("theirs", "who are you?"),
        Step::text("done"),
    ]);
    let rig = open(script);
    let log = rig.log.clone();
    rig.run(async |claude| {
        let raw = |json: &str| IncomingResponse::Raw(Json::parse(json).unwrap());
        let handlers = Handlers::new()
            .permission(async |_| Decision::allow())
            .any_hook(async |_| HookOutput::new().system_message("from a hook"))
            .mcp(async |message| message.unknown_server())
            .handle_kind(IncomingKind::Elicitation, async |_| raw(r#"{"action":"decline"}"#));
        let serving = claude.incoming().unwrap().serve(handlers).unwrap();
        or(async { assert_eq!(claude.prompt("go").unwrap().finish().await.outcome, Outcome::Success) }, serving).await;
    });
    let answers = log.answers();
    let expected = ["\"allow\"", "from a hook", "-32601", r#""action":"decline""#];
    assert_eq!(answers.len(), expected.len(), "{answers:#?}");
    assert!(answers.iter().zip(expected).all(|(answer, expected)| answer.contains(expected)), "{answers:#?}");
}

#[test]
fn local_handlers_need_not_be_send() {
    let rig = open(Script::default().then([shell(&["a", "b"]), Step::text("done")]));
    let seen = Rc::new(RefCell::new(Vec::new()));
    rig.run(async |claude| {
        let note = Rc::clone(&seen);
        let handlers = LocalHandlers::new().permission(move |tool| {
            let note = Rc::clone(&note);
            async move {
                note.borrow_mut().push(tool.input.as_str().to_owned());
                Decision::allow()
            }
        });
        or(
            async { drop(claude.prompt("go").unwrap().finish().await) },
            claude.incoming().unwrap().serve(handlers).unwrap(),
        )
        .await;
    });
    assert_eq!(seen.borrow().len(), 2);
}

#[test]
fn a_closure_can_handle_the_responders() {
    let rig = open(Script::default().then([shell(&["a", "b", "c"]), Step::text("done")]));
    let log = rig.log.clone();
    rig.run(async |claude| {
        let later = RefCell::new(Vec::new());
        let serving = claude
            .incoming()
            .unwrap()
            .serve(handler_fn(IncomingKinds::ALL, |responder: Responder| {
                let mut later = later.borrow_mut();
                later.push(responder);
                // Answered elsewhere, all at once.
                let all = if later.len() == 3 { std::mem::take(&mut *later) } else { Vec::new() };
                async move { all.into_iter().for_each(|responder| responder.respond(Decision::allow()).unwrap()) }
            }))
            .unwrap();
        or(async { assert_eq!(claude.prompt("go").unwrap().finish().await.outcome, Outcome::Success) }, serving).await;
    });
    assert_eq!(log.answers().iter().filter(|answer| answer.contains("\"allow\"")).count(), 3);
}

#[test]
fn the_handler_of_a_withdrawn_request_is_dropped() {
    let rig = open(Script::default().then([many(10).withdrawn_after(5 * SECOND), Step::text("done")]));
    let (runtime, log) = (rig.runtime.clone(), rig.log.clone());
    let dropped = Arc::new(AtomicUsize::new(0));
    rig.run(async |claude| {
        let count = Arc::clone(&dropped);
        let handlers = Handlers::new().permission(move |_| {
            let guard = Dropped(Arc::clone(&count));
            async move {
                let _guard = guard;
                pending::<Decision>().await
            }
        });
        let end = async {
            let end = claude.prompt("go").unwrap().finish().await;
            assert_eq!((end.outcome, dropped.load(Ordering::Relaxed)), (Outcome::Success, 10));
            assert!(runtime.now() < SessionTime::from(10 * SECOND));
        };
        or(end, claude.incoming().unwrap().serve(handlers).unwrap()).await;
    });
    assert!(log.answers().is_empty());
}

#[test]
fn an_interrupt_does_not_wait_for_a_sleeping_handler() {
    for &generation in CliVersion::ALL {
        let rig = open(Script::new(generation).then([shell(&["ls"]), Step::text("done")]));
        let (runtime, log) = (rig.runtime.clone(), rig.log.clone());
        rig.run(async |claude| {
            let slow = runtime.clone();
            let handlers = Handlers::new().permission(move |_| {
                let sleep = slow.sleep(3600 * SECOND);
                async move {
                    sleep.await;
                    Decision::allow()
                }
            });
            let talk = async {
                let turn = claude.prompt("go").unwrap();
                runtime.sleep(10 * SECOND).await;
                claude.interrupt(Interrupt::running()).unwrap().await.unwrap();
                assert_eq!(turn.finish().await.outcome, Outcome::Interrupted, "{generation:?}");
                assert!(runtime.now() < SessionTime::from(20 * SECOND));
            };
            or(talk, claude.incoming().unwrap().serve(handlers).unwrap()).await;
        });
        assert!(!log.written().iter().any(|line| line.contains("\"allow\"")), "{generation:?}");
    }
}

#[test]
fn a_panicking_handler_declines_all_requests_in_flight() {
    let script = Script::default().then([shell(&["good", "bad", "late"]), Step::text("done")]);
    let mut rig = open(script);
    let handlers = Handlers::new().permission(|tool| async move {
        if tool.input.as_str().contains("bad") {
            panic!("a handler that panics");
        }
        pending::<Decision>().await
    });
    let turn = rig.claude.prompt("go").unwrap();
    let serving = rig.claude.incoming().unwrap().serve(handlers).unwrap();
    let runner = &mut rig.runner;
    let both = zip(async { drop(runner.await) }, serving);
    let panicked = catch_unwind(AssertUnwindSafe(|| rig.runtime.run(both)));
    assert_eq!(panicked.unwrap_err().downcast_ref::<&str>(), Some(&"a handler that panics"));
    // The session is unharmed.
    let end = rig.runtime.run(rig.runner.run_until(turn.finish()));
    assert_eq!(end.outcome, Outcome::Success);
    let answers = rig.log.answers();
    assert!(answers.len() == 3 && answers.iter().all(|answer| answer.contains("\"deny\"")), "{answers:#?}");
}

#[test]
fn dropping_serve_declines_the_requests_in_flight() {
    let rig = open(Script::default().then([many(5), shell(&["more"]), Step::text("done")]));
    let (runtime, log) = (rig.runtime.clone(), rig.log.clone());
    rig.run(async |claude| {
        let serving = claude
            .incoming()
            .unwrap()
            .serve(handler_fn(IncomingKinds::ALL, |responder: Responder| async move {
                let _responder = responder;
                pending().await
            }))
            .unwrap();
        let turn = claude.prompt("go").unwrap();
        or(serving, runtime.sleep(10 * SECOND)).await;
        assert_eq!(turn.finish().await.outcome, Outcome::Success);
    });
    let answers = log.answers();
    assert!(answers.len() == 6 && answers.iter().all(|answer| answer.contains("\"deny\"")), "{answers:#?}");
}

/// A terminal shows both: the question must not stand above the text that leads to it.
#[test]
fn messages_before_a_request_reach_the_future_before_the_handler() {
    let runtime = TestRuntime::new();
    let script = Script::default().then([
        Step::text("I look."),
        ToolStep::bash("ls").requires_permission().into(),
        Step::text("done"),
    ]);
    let config = Config::new(Seed::from_bytes([1; 16])).handle(IncomingKind::Permission);
    let (claude, runner) = Driver::new(config, runtime.start(script)).into_session();
    let shown = RefCell::new(Vec::new());
    let serving = claude
        .incoming()
        .unwrap()
        .serve(LocalHandlers::new().permission(async |tool| {
            shown.borrow_mut().push(tool.request.tool_name);
            Decision::allow()
        }))
        .unwrap();
    let talk = async {
        let mut turn = claude.prompt("look").unwrap();
        while let Some(Ok(message)) = turn.next().await {
            for block in message.content().into_iter().flatten() {
                if let ContentBlock::Text(text) = block {
                    shown.borrow_mut().push(text.text);
                }
            }
        }
    };
    runtime.run(zip(runner.run_until(talk), serving));
    assert_eq!(shown.take(), ["look", "I look.", "Bash", "done"]);
}
