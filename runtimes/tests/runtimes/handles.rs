//! Handles of a session on a thread of its own, awaited in the executors of these runtimes.

use ::calloop::EventLoop;
use ::calloop::futures::executor;
use ::compio::runtime::Runtime;
use claude_duplex::{Decision, Exit, Handlers, Interrupt, Outcome, Session};

use crate::runner::mock_cli;
use crate::suite::Case;
use crate::watchdog::Groups;

pub(crate) const ALL: &[Case] = &[
    ("compio::handles_are_awaited_in_its_executor", handles_in_compio),
    ("calloop::handles_are_awaited_in_its_executor", handles_in_calloop),
];

/// A prompt with a permission, one that is interrupted, and the end.
async fn talk(groups: Groups) -> String {
    let builder = Session::builder().options(mock_cli());
    let builder = builder.handlers(Handlers::new().permission(async |_| Decision::allow()));
    let claude = builder.spawn_thread().expect("it starts");
    groups.lock().unwrap().push(claude.pid().expect("it is a process"));
    let answer = claude.prompt("run: ls").expect("there is room").await.expect("a success");
    let slow = r#"{"steps":[{"text":"a b c","chunks":3,"delay_ms":60000}]}"#;
    let mut prompt = claude.prompt(slow).expect("there is room");
    prompt.next().await;
    claude.interrupt(Interrupt::running()).expect("there is room").await.expect("it is taken");
    assert_eq!(prompt.finish().await.outcome, Outcome::Interrupted);
    claude.prompt("and now?").expect("there is room").await.expect("a success");
    claude.close();
    let closed = claude.wait_for_exit().await;
    assert_eq!(closed.exit, Some(Exit::Code(0)));
    answer.text()
}

fn handles_in_compio(groups: Groups) {
    let text = Runtime::new().expect("a runtime").block_on(talk(groups));
    assert_eq!(text, "That is all.");
}

fn handles_in_calloop(groups: Groups) {
    let mut event_loop = EventLoop::<Option<String>>::try_new().expect("a loop");
    let (source, scheduler) = executor().expect("a source");
    let inserted = event_loop.handle().insert_source(source, |text, (), output_text: &mut Option<String>| *output_text = Some(text));
    inserted.expect("it is taken");
    scheduler.schedule(talk(groups)).expect("the executor exists");
    let mut output_text = None;
    while output_text.is_none() {
        event_loop.dispatch(None, &mut output_text).expect("the loop runs");
    }
    assert_eq!(output_text.as_deref(), Some("That is all."));
}
