//! The driver over real pipes: `sh` plays the CLI.

#![cfg(unix)]

mod child;
mod ends;
mod groups;
mod pipes;
mod spawn;

use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use child::{all, bounded, closed, prompt_ends, start};
use claude_duplex::{Action, CloseReason, Exit, Interrupt, Outcome, Request};
use smol::stream::StreamExt;

/// Says that it is there, reads prompts and answers each, until its input ends.
const POLITE: &str = r#"
    echo '{"type":"system","subtype":"note"}'
    while read -r line; do
        uuid=$(printf %s "$line" | sed 's/.*"uuid":"\([^"]*\)".*/\1/')
        echo '{"type":"system","subtype":"init","session_id":"s","claude_code_version":"2.1.329"}'
        echo '{"type":"user","uuid":"'$uuid'","message":{"role":"user","content":"hello"}}'
        echo '{"type":"result","subtype":"success","is_error":false,"result":"hi"}'
    done
"#;

#[test]
fn a_prompt_is_answered_and_the_session_ends_in_order() {
    bounded(async {
        let mut claude = start(POLITE);
        let prompts = [claude.prompt("hello").unwrap(), claude.prompt("and again").unwrap()];
        let mut ended = Vec::new();
        while let Some(action) = claude.next().await {
            match action {
                Action::PromptEnded { prompt, outcome, result, .. } => {
                    assert_eq!(outcome, Outcome::Success);
                    assert_eq!(result.unwrap().result().unwrap().result.as_deref(), Some("hi"));
                    ended.push(prompt);
                }
                Action::Idle => claude.close(),
                Action::Closed(closed) => {
                    assert_eq!((closed.why, closed.exit), (CloseReason::Closed, Some(Exit::Code(0))));
                    assert!(!closed.cut_input && !closed.output_held);
                }
                _ => {}
            }
        }
        assert_eq!(ended, prompts);
        assert!(claude.protocol().is_closed() && claude.io_error().is_none());
        assert!(claude.next().await.is_none());
    });
}

#[test]
fn finish_closes_and_waits() {
    bounded(async {
        let mut claude = start(POLITE);
        claude.prompt("hello").unwrap();
        let end = claude.finish().await.unwrap();
        assert_eq!((end.why, end.exit), (CloseReason::Closed, Some(Exit::Code(0))));
        assert_eq!(claude.finish().await, None);
    });
}

#[test]
fn finish_refuses_what_is_asked() {
    let script = r#"
        read -r prompt
        echo '{"type":"system","subtype":"init","session_id":"s"}'
        echo '{"type":"control_request","request_id":"a1","request":{"subtype":"can_use_tool","tool_name":"Bash","input":{}}}'
        read -r answer
        echo "$answer" >&2
        echo '{"type":"result","subtype":"success","is_error":false}'
        cat >/dev/null
    "#;
    bounded(async {
        let mut claude =
            child::start_with(script, |config| *config = config.clone().own(claude_duplex::AskKind::Permission));
        claude.prompt("hello").unwrap();
        let end = claude.finish().await.unwrap();
        assert!(end.stderr.contains(r#""subtype":"error""#) && end.stderr.contains("a1"), "{end:?}");
        assert_eq!(end.exit, Some(Exit::Code(0)));
    });
}

#[test]
fn a_future_dropped_at_every_await_loses_nothing() {
    bounded(async {
        let mut claude = start(POLITE);
        let mut ended = 0;
        for _ in 0..20 {
            claude.prompt("hello").unwrap();
        }
        // Each poll makes a future and drops it.
        while let Some(action) = std::future::poll_fn(|cx| pin!(claude.next()).poll(cx)).await {
            match action {
                Action::PromptEnded { outcome, .. } => {
                    assert_eq!(outcome, Outcome::Success);
                    ended += 1;
                }
                Action::Idle => claude.close(),
                _ => {}
            }
        }
        assert_eq!(ended, 20);
    });
}

#[test]
fn a_command_between_two_polls_goes_out_with_the_next() {
    bounded(async {
        let mut claude = start(POLITE);
        child::first_message(&mut claude).await;
        // The child has nothing to say now, and the driver's task sleeps.
        let nothing = smol::future::poll_once(claude.next()).await;
        assert!(nothing.is_none(), "{nothing:?}");
        claude.prompt("hello").unwrap();
        claude.close();
        assert_eq!(prompt_ends(&all(&mut claude).await), [Outcome::Success]);
    });
}

#[test]
fn deadlines_pass_without_a_word_of_the_child() {
    bounded(async {
        let mut claude = child::start_with("cat >/dev/null", |config| {
            config.timeouts.request = Some(Duration::from_millis(30));
            config.timeouts.interrupt = Some(Duration::from_millis(20));
        });
        claude.request(Request::new("get_settings")).unwrap();
        claude.interrupt(Interrupt::running()).unwrap();
        let mut replies = 0;
        while let Some(action) = claude.next().await {
            match action {
                Action::Replied { reply, .. } => {
                    assert!(reply.is_err());
                    replies += 1;
                }
                Action::Idle => claude.close(),
                _ => {}
            }
        }
        assert_eq!(replies, 2);
    });
}

#[test]
fn the_driver_is_a_stream_and_goes_where_its_host_goes() {
    fn anywhere<T: Send + 'static>(it: T) -> T {
        it
    }
    bounded(async {
        let mut claude = anywhere(start(POLITE));
        claude.prompt("hello").unwrap();
        claude.close();
        let actions: Vec<Action> = smol::spawn(async move { StreamExt::collect(claude).await }).await;
        assert_eq!(prompt_ends(&actions), [Outcome::Success]);
        assert_eq!(closed(&actions).why, CloseReason::Closed);
    });
}

#[test]
fn another_task_may_poll_on() {
    bounded(async {
        let mut claude = start(POLITE);
        claude.prompt("hello").unwrap();
        // Registers this task, and hands over to another one.
        let first = std::future::poll_fn(|cx| Poll::Ready(claude.poll_next(cx))).await;
        assert!(matches!(first, Poll::Pending | Poll::Ready(Some(Action::Message { .. }))), "{first:?}");
        claude.close();
        let actions = smol::spawn(async move { all(&mut claude).await }).await;
        assert_eq!(prompt_ends(&actions), [Outcome::Success]);
    });
}
