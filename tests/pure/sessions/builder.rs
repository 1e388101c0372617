//! What a session has from its start.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use claude_duplex::testing::{Script, Step, TestRuntime, ToolStep};
use claude_duplex::{
    Action, CloseReason, Config, Decision, Handlers, IncomingKind, Journal, LostReason, Outcome, Overflow, Session,
};

use super::fixture::all;
use crate::written::Written;

fn one_tool() -> Script {
    Script::default()
        .then([Step::from(ToolStep::bash("ls").requires_permission().returns("src")), Step::text("one folder")])
}

#[test]
fn the_runner_runs_the_handlers() {
    let runtime = TestRuntime::new();
    let tools = Arc::new(Mutex::new(Vec::new()));
    let note = Arc::clone(&tools);
    let handlers = Handlers::new().permission(move |tool| {
        note.lock().unwrap().push(tool.request.tool_name);
        async { Decision::allow() }
    });
    let (claude, runner) = Session::builder().handlers(handlers).open_on(runtime.start(one_tool()));
    // The runner alone, and not beside the future that waits.
    let talk = async move { claude.prompt("look").unwrap().finish().await };
    let (end, closed) = runtime.run(futures_lite::future::zip(talk, runner));
    assert_eq!((end.text().as_str(), end.declined()), ("one folder", &[][..]));
    assert_eq!(*tools.lock().unwrap(), ["Bash"]);
    assert_eq!(closed.reason, CloseReason::Closed);
}

#[test]
fn requests_without_a_handler_can_still_be_owned() {
    let handlers = Handlers::new().permission(async |_| Decision::allow());
    let config = Config::default().handle(IncomingKind::Hook);
    let builder = Session::builder().config(config).handlers(handlers);
    let (claude, _runner) = builder.open_on(TestRuntime::new().start(one_tool()));
    assert!(claude.incoming().is_err());
    assert!(claude.incoming_of([IncomingKind::Hook].into_iter().collect()).is_ok());
}

#[test]
fn a_handler_that_panics_ends_the_session() {
    let runtime = TestRuntime::new();
    let handlers = Handlers::new().permission(async |_| -> Decision { panic!("a handler that panics") });
    let (claude, runner) = Session::builder().handlers(handlers).open_on(runtime.start(one_tool()));
    let mut prompt = claude.prompt("look").unwrap();
    let run = catch_unwind(AssertUnwindSafe(|| runtime.run(runner)));
    assert!(run.is_err());
    let end = runtime.run(prompt.ended());
    assert_eq!(end.outcome, Outcome::Lost(LostReason::Aborted));
}

#[test]
fn running_handlers_are_dropped_at_the_end() {
    let runtime = TestRuntime::new();
    let handlers = Handlers::new().permission(async |_| pending::<Decision>().await);
    let (claude, runner) = Session::builder().handlers(handlers).open_on(runtime.start(one_tool()));
    let _prompt = claude.prompt("look").unwrap();
    claude.close_now();
    assert_eq!(runtime.run(runner).reason, CloseReason::Closed);
}

#[test]
fn handlers_do_not_keep_the_session_open() {
    let runtime = TestRuntime::new();
    let handlers = Handlers::new().permission(async |_| pending::<Decision>().await);
    let (claude, runner) = Session::builder().handlers(handlers).open_on(runtime.start(one_tool()));
    let mut watch = claude.subscribe(1000, Overflow::Oldest);
    drop(claude.prompt("look").unwrap());
    let tools = async {
        while !matches!(watch.next().await, Some(Ok(Action::IncomingRequest(_)))) {}
        drop(claude);
    };
    let (closed, ()) = runtime.run(futures_lite::future::zip(runner, tools));
    assert_eq!(closed.reason, CloseReason::Closed);
}

#[test]
fn an_early_subscriber_sees_every_action() {
    let runtime = TestRuntime::new();
    let mut builder = Session::builder();
    let early = builder.subscribe(1000, Overflow::Oldest);
    let (claude, runner) = builder.open_on(runtime.start(Script::default()));
    let late = claude.subscribe(1000, Overflow::Oldest);
    runtime.run(runner.run_until(async move { claude.prompt("hello").unwrap().finish().await }));
    let [early, late] = [early, late].map(|watch| runtime.run(all(watch)));
    assert_eq!(early, late, "the session had not begun");
    assert!(matches!(early.last(), Some(Ok(Action::Closed(_)))));
}

#[test]
fn an_early_subscriber_ends_with_its_unused_builder() {
    let runtime = TestRuntime::new();
    let mut builder = Session::builder();
    let mut early = builder.subscribe(1000, Overflow::Oldest);
    let dropped = async { drop(builder) };
    assert_eq!(runtime.run(futures_lite::future::zip(early.next(), dropped)).0, None);
}

#[test]
fn the_journal_of_a_builder_begins_at_the_start() {
    let (runtime, journal) = (TestRuntime::new(), Written::default());
    let builder = Session::builder().record(journal.clone(), u64::MAX);
    let (claude, runner) = builder.open_on(runtime.start(Script::default()));
    runtime.run(runner.run_until(async move { claude.prompt("hello").unwrap().finish().await }));
    let bytes = journal.0.lock().unwrap().clone();
    let actions: Vec<_> = Journal::read(&bytes).unwrap().replay().flat_map(|step| step.actions).collect();
    assert!(matches!(actions.last(), Some(Action::Closed(_))), "{actions:?}");
}
