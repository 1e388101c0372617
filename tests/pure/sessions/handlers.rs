//! One call turns a handler on, and what is forgotten is an error, or is seen.

use std::future::Future;
use std::sync::{Arc, Mutex};

use claude_duplex::incoming::hook::{HookDetails, HookEvent, HookOutput, HookPermissionDecision, PreToolUseOutput};
use claude_duplex::request::{HookMatcher, Initialize};
use claude_duplex::testing::{CliVersion, Fault, Script, Step, TestRuntime, ToolStep};
use claude_duplex::{
    Action, CallError, CloseReason, Config, Decision, Handlers, Hook, IncomingError, IncomingKind, IncomingKinds,
    IncomingResponse, Outcome, Overflow, PromptHandle, RequestError, Responder, ResponseKind, Seed, Session,
    Subscriber, UnknownIncoming, handler_fn,
};
#[cfg(all(feature = "smol", feature = "tokio"))]
use claude_duplex::{Options, SettingsError, SpawnError};

use super::fixture::{all, open, open_with};

fn one_tool() -> Script {
    Script::default().then([Step::from(ToolStep::bash("ls").requires_permission().returns("src")), Step::text("done")])
}

const PERMISSION: IncomingKinds = IncomingKinds::NONE.with(IncomingKind::Permission);

#[test]
fn a_hook_of_the_handlers_is_registered_and_called() {
    for &version in CliVersion::ALL {
        let calls = ["ls", "rm -r /"].map(|command| ToolStep::bash(command).returns(command));
        let script = Script::new(version).then([Step::tools(calls), Step::text("done")]);
        let guard = Hook::pre_tool_use().for_matching("Bash").timeout(30);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let note = Arc::clone(&seen);
        let handlers = Handlers::new().hook(guard, move |call| {
            let is_session = call.common.event == HookEvent::PreToolUse && call.common.session_id.is_some();
            note.lock().unwrap().push((call.input.tool_name.clone(), is_session, call.tool_use_id.is_some()));
            async move {
                match call.input.tool_input.as_str().contains("rm ") {
                    true => PreToolUseOutput::new()
                        .permission_decision(HookPermissionDecision::Deny)
                        .permission_decision_reason("nothing is removed"),
                    false => PreToolUseOutput::new(),
                }
            }
        });
        let runtime = TestRuntime::new();
        let (claude, runner) = Session::builder().handlers(handlers).open_on(runtime.start(script));
        let (results, initialized) = runtime.run(runner.run_until(async move {
            let end = claude.prompt("go").unwrap().keep(usize::MAX).finish().await;
            let lines: Vec<_> = end.messages.iter().map(|message| message.line().to_string()).collect();
            (lines.concat(), claude.initialized().await.is_some_and(|response| response.is_ok()))
        }));
        assert!(initialized, "{version:?}");
        assert!(results.contains("nothing is removed"), "{version:?}: {results}");
        assert_eq!(*seen.lock().unwrap(), [("Bash".to_owned(), true, true), ("Bash".to_owned(), true, true)]);
    }
}

#[test]
fn hooks_of_handlers_and_of_initialize_are_registered_together() {
    let calls =
        Script::default().then([Step::hook("own", "Stop"), Step::hook("handler-0", "Stop"), Step::text("done")]);
    let note = Arc::new(Mutex::new(Vec::new()));
    let (typed, own) = (Arc::clone(&note), Arc::clone(&note));
    let handlers = Handlers::new()
        .hook(Hook::stop(), move |call| {
            typed.lock().unwrap().push(call.request.callback_id);
            async { HookOutput::new() }
        })
        .any_hook(move |call| {
            let is_stop = matches!(call.input.details(), Ok(HookDetails::Stop(_)));
            own.lock().unwrap().push(format!("{} {is_stop}", call.request.callback_id));
            async { HookOutput::new() }
        });
    let runtime = TestRuntime::new();
    let initialize = Initialize::new().hook(HookEvent::Stop, HookMatcher::new("own"));
    let builder = Session::builder().initialize(initialize).handlers(handlers);
    let (claude, runner) = builder.open_on(runtime.start(calls));
    runtime.run(runner.run_until(async move { claude.prompt("go").unwrap().finish().await }));
    let called = note.lock().unwrap();
    assert!(called.contains(&"own true".to_owned()) && called.contains(&"handler-0".to_owned()), "{called:?}");
}

/// Without its answer nothing would guard what the hook guards.
#[test]
fn a_session_whose_hooks_are_not_registered_is_aborted() {
    let open = |handlers: Handlers<'static>| {
        let runtime = TestRuntime::new();
        let builder = Session::builder().initialize(Initialize::new()).handlers(handlers);
        let child = runtime.start(one_tool().fault(Fault::NeverInitialize));
        let (claude, runner) = builder.open_on(child);
        runtime.run(runner.run_until(async move {
            let response = claude.initialized().await.expect("it was sent");
            let is_alive = claude.is_alive();
            claude.close();
            (response.map(drop), is_alive, claude.wait_for_exit().await.reason)
        }))
    };
    let timed_out = || Err(CallError::Request(RequestError::TimedOut));
    let guarded = open(Handlers::new().hook(Hook::pre_tool_use(), async |_| PreToolUseOutput::new()));
    assert_eq!((guarded.0, guarded.2), (timed_out(), CloseReason::Aborted));
    let unguarded = open(Handlers::new());
    assert_eq!(unguarded, (timed_out(), true, CloseReason::Closed));
}

#[test]
fn the_end_of_the_session_ends_the_wait_for_initialize() {
    let runtime = TestRuntime::new();
    let no_key = Fault::Exit { code: 1, message: "Invalid API key".into() };
    let child = runtime.start(Script::default().fault(no_key));
    let (claude, runner) = Session::builder().initialize(Initialize::new()).open_on(child);
    let reported =
        runtime.run(runner.run_until(async move { claude.initialized().await.unwrap().unwrap_err().to_string() }));
    assert_eq!(reported, "the session has ended: the CLI exited; exit status 1; stderr: Invalid API key");
    let (claude, runner) = Session::builder().initialize(Initialize::new()).open_on(runtime.start(one_tool()));
    drop(runner);
    assert!(matches!(runtime.run(claude.initialized()), Some(Err(CallError::Closed(_)))));
    let (claude, _runner) = Session::builder().open_on(runtime.start(one_tool()));
    assert!(runtime.run(claude.initialized()).is_none());
}

#[test]
fn a_handler_gets_the_ids_of_its_request() {
    let rig = open(one_tool());
    let (prompt, seen) = rig.run(async |claude| {
        let seen = Mutex::new(None);
        let seen_by = &seen;
        let handlers = Handlers::new().permission(async |tool| {
            let ids = (tool.incoming.prompt(), tool.incoming.turn(), tool.incoming.request_id());
            *seen_by.lock().unwrap() = Some((ids, tool.tool_use_id.clone()));
            Decision::allow()
        });
        let serving = claude.incoming().unwrap().serve(handlers).unwrap();
        let prompt = claude.prompt("go").unwrap();
        let id = prompt.id();
        let end = futures_lite::future::or(async { Some(prompt.finish().await) }, async {
            serving.await;
            None
        });
        let end = end.await.unwrap();
        ((Some(id), end.turn), seen.into_inner().unwrap())
    });
    let ((of, turn, request_id), tool_use_id) = seen.expect("it was asked");
    assert_eq!((of, turn), prompt);
    assert!(!request_id.is_empty() && tool_use_id.is_some());
}

#[test]
fn an_error_of_a_handler_allows_nothing_and_is_sent() {
    let script = Script::default().then([
        Step::from(ToolStep::bash("ls").requires_permission()),
        Step::hook("h", "PreToolUse"),
        Step::text("done"),
    ]);
    let rig = open(script);
    let log = rig.log.clone();
    rig.run(async |claude| {
        let handlers = Handlers::new()
            .permission(async |_| Err::<Decision, _>("the service is down"))
            .any_hook(async |_| Err::<HookOutput, _>(std::io::Error::other("no disk")));
        let serving = claude.incoming().unwrap().serve(handlers).unwrap();
        let turn = async { drop(claude.prompt("go").unwrap().finish().await) };
        futures_lite::future::or(turn, serving).await;
    });
    let [permission, hook] = &log.answers()[..] else { panic!("{:?}", log.answers()) };
    assert!(permission.contains(r#""subtype":"error""#) && permission.contains("the service is down"), "{permission}");
    assert!(hook.contains(r#""permissionDecision":"deny""#) && hook.contains("no disk"), "{hook}");
}

/// Each call that would wait for requests that never come.
#[test]
fn kinds_that_are_not_handled_cannot_be_owned_or_served() {
    let handlers = || Handlers::new().permission(async |_| Decision::allow());
    let rig = open_with(one_tool(), |config| config.handled = IncomingKinds::NONE, |_| {});
    let refused = rig.claude.incoming().unwrap_err();
    assert_eq!(refused, IncomingError::NotHandled(IncomingKinds::ALL));
    let refused = rig.claude.incoming_of(PERMISSION).unwrap_err();
    assert_eq!(refused, IncomingError::NotHandled(PERMISSION));
    assert!(
        refused.to_string().contains("{Permission}") && refused.to_string().contains("Config::handle"),
        "{refused}"
    );
    // The stream is of other kinds than the handlers.
    let rig = open_with(one_tool(), |config| config.handled = IncomingKinds::NONE.with(IncomingKind::Hook), |_| {});
    let refused = rig.claude.incoming().unwrap().serve(handlers()).map(drop).unwrap_err();
    assert_eq!(refused, IncomingError::NotHandled(PERMISSION));
    let every = handler_fn(IncomingKinds::ALL, async |_: Responder| {});
    assert!(rig.claude.incoming().unwrap().serve(every).is_err());
    // Hooks that nobody registers.
    let hooked = Handlers::new().hook(Hook::stop(), async |_| HookOutput::new());
    let refused = rig.claude.incoming().unwrap().serve(&hooked).map(drop).unwrap_err();
    assert_eq!(refused, IncomingError::HooksNotRegistered);
    assert!(refused.to_string().contains("Session::builder"), "{refused}");
    assert!(rig.claude.incoming().is_ok(), "what was not served can be taken anew");
}

#[test]
fn one_value_of_handlers_serves_many_sessions() {
    let handlers = Arc::new(Handlers::new().permission(async |_| Decision::allow()));
    let runtime = TestRuntime::new();
    for _ in 0..3 {
        let builder = Session::builder().handlers(Arc::clone(&handlers));
        let (claude, runner) = builder.open_on(runtime.start(one_tool()));
        let end = runtime.run(runner.run_until(async move { claude.prompt("go").unwrap().finish().await }));
        assert!(end.is_success() && end.declined().is_empty());
    }
    // Borrowed, beside the session.
    let rig = open(one_tool());
    rig.run(async |claude| {
        let serving = claude.incoming_of(PERMISSION).unwrap().serve(&handlers).unwrap();
        let turn = async { assert!(claude.prompt("go").unwrap().finish().await.declined().is_empty()) };
        futures_lite::future::or(turn, serving).await;
    });
}

/// Each runtime refuses before it starts anything.
#[cfg(all(feature = "smol", feature = "tokio"))]
#[test]
fn handlers_of_requests_that_the_cli_never_sends_are_refused() {
    let builder = || Session::builder().config(Config::default().handle(IncomingKind::Permission));
    let refused = [builder().open_smol().map(drop), builder().open_tokio().map(drop)];
    for refused in refused {
        let refused = refused.unwrap_err();
        assert!(matches!(refused, SpawnError::Settings(SettingsError::PermissionsNotRequested)), "{refused}");
        assert!(refused.to_string().contains("`Options::host_permission_prompts`"), "{refused}");
    }
    // A handler turns it on, whatever else is set.
    let missing = Options::new().program("/there/is/no/such/claude");
    let handled = builder().options(missing).handlers(Handlers::new().permission(async |_| Decision::allow()));
    assert!(matches!(handled.open_smol().map(drop), Err(SpawnError::NotFound { .. })));
}

/// A kind without a name is delivered if it is handled, in whichever way that is said.
#[test]
fn a_handler_of_unknown_requests_is_called() {
    let script = || Script::default().then([Step::request("of_a_later_version", []), Step::text("done")]);
    let calls_seen = Arc::new(Mutex::new(0));
    let count = Arc::clone(&calls_seen);
    let handlers = Handlers::new().handle_kind(IncomingKind::Unknown, move |_| {
        *count.lock().unwrap() += 1;
        async { IncomingResponse::Decline }
    });
    let runtime = TestRuntime::new();
    let (claude, runner) = Session::builder().handlers(handlers).open_on(runtime.start(script()));
    runtime.run(runner.run_until(async move { claude.prompt("go").unwrap().finish().await }));
    assert_eq!(*calls_seen.lock().unwrap(), 1);
    let config = Config::new(Seed::from_bytes([1; 16])).handle(IncomingKind::Unknown);
    assert_eq!(config.unknown_incoming, UnknownIncoming::Deliver);
}

/// A session that handles permissions, and whose stream nobody takes: the prompt succeeds, and says what was declined.
#[test]
fn a_declined_request_is_in_the_end_and_an_action() {
    let rig = open(one_tool());
    let (end, declined) = rig.run(async |claude| {
        let watch = claude.subscribe(1000, Overflow::Oldest);
        let end = claude.prompt("go").unwrap().finish().await;
        claude.close();
        let reported = all(watch).await.into_iter().map(Result::unwrap);
        let declined =
            |action: &Action| matches!(action, Action::IncomingAnswered { response: ResponseKind::Declined, .. });
        (end, reported.filter(declined).count())
    });
    assert_eq!((end.outcome, end.declined().len(), declined), (Outcome::Success, 1, 1));
}

/// What was said before a request is there when its handler is called: in the subscriber and in the handle of the prompt.
#[test]
fn messages_before_a_request_are_delivered_before_its_handler() {
    for &version in CliVersion::ALL {
        let steps =
            |name: &str| [Step::text(format!("before {name}")), ToolStep::bash(name).requires_permission().into()];
        let script = Script::new(version).then(["a", "b"].iter().flat_map(|name| steps(name)).collect::<Vec<_>>());
        let received = Arc::new(Mutex::new((None::<Subscriber>, None::<PromptHandle>, Vec::new())));
        let by_handler = Arc::clone(&received);
        let handlers = Handlers::new().permission(move |tool| {
            let (watch, prompt, calls) = &mut *by_handler.lock().unwrap();
            let mut watched = String::new();
            // Without waiting: what is not there now was not delivered.
            while let Some(Some(action)) = now(watch.as_mut().unwrap().next()) {
                if let Action::Message { message, .. } = action.unwrap() {
                    watched += &message.line();
                }
            }
            let mut read = String::new();
            while let Some(Some(message)) = now(prompt.as_mut().unwrap().next()) {
                read += &message.unwrap().line();
            }
            let name = if tool.input.as_str().contains("\"a\"") { "before a" } else { "before b" };
            calls.push((watched.contains(name), read.contains(name)));
            async { Decision::allow() }
        });
        let runtime = TestRuntime::new();
        let mut builder = Session::builder().handlers(handlers);
        received.lock().unwrap().0 = Some(builder.subscribe(1000, Overflow::Oldest));
        let (claude, runner) = builder.open_on(runtime.start(script));
        received.lock().unwrap().1 = Some(claude.prompt("go").unwrap());
        let closing = Arc::clone(&received);
        runtime.run(runner.run_until(async move {
            let mut watch = claude.subscribe(1000, Overflow::Oldest);
            super::fixture::until(&mut watch, |action| matches!(action, Action::PromptEnded { .. })).await;
            let held = &mut *closing.lock().unwrap();
            (held.0, held.1) = (None, None);
        }));
        assert_eq!(received.lock().unwrap().2, [(true, true); 2], "{version:?}");
    }
}

/// The output of a future that is ready.
fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    futures_lite::future::block_on(futures_lite::future::poll_once(future))
}
