//! A prompt's messages, and its end.

use std::pin::Pin;
use std::time::Duration;

use claude_duplex::message::{Edit, FailureKind};
use claude_duplex::testing::{CliVersion, Fault, Script, Step, TestRuntime, ToolStep};
use claude_duplex::{
    Action, Config, Driver, Message, MessageKind, Outcome, Overflow, Prompt, PromptHandle, Seed, WhenBusy,
};

use super::fixture::{SECOND, all, delta, open, open_with, until};

async fn read(turn: &mut PromptHandle) -> Vec<Message> {
    let mut messages = Vec::new();
    while let Some(message) = turn.next().await {
        messages.push(message.expect("no lag"));
    }
    messages
}

fn says(messages: &[Message], text: &str) -> bool {
    messages.iter().any(|message| message.kind() == MessageKind::Assistant && message.line().contains(text))
}

#[test]
fn a_prompt_handle_yields_messages_and_an_end() {
    for &generation in CliVersion::ALL {
        let rig = open(Script::new(generation).then([Step::text_in_parts("four", 2, SECOND)]));
        rig.run(async |claude| {
            let mut turn = claude.prompt("two and two?").unwrap();
            let messages = read(&mut turn).await;
            assert!(says(&messages, "four"), "{generation:?}");
            assert_eq!(messages.last().map(Message::kind), Some(MessageKind::Result), "{generation:?}");
            let end = turn.ended().await;
            assert_eq!((end.prompt, end.outcome), (turn.id(), Outcome::Success));
            assert_eq!((end.result.as_ref(), &*end.text()), (messages.last(), "four"));
            assert_eq!(end.session_id().as_deref(), claude.session_id().as_deref());
            assert!(end.session_id().is_some() && end.total_cost_usd().is_some(), "{end:?}");
            assert!(end.duration().is_some_and(|duration| duration >= 2 * SECOND), "{:?}", end.duration());
            assert!(end.turn.is_some() && end.messages.is_empty());
            // The end can be asked for again, and taken.
            assert_eq!(turn.ended().await, end);
            assert_eq!(turn.finish().await, end);
        });
    }
}

#[test]
fn stream_and_future_combinators_do_not_conflict() {
    use futures_lite::{FutureExt, StreamExt};
    let rig = open(Script::default().then([Step::text_in_parts("four", 2, SECOND)]));
    rig.run(async |claude| {
        // Were the handle both, these calls would be ambiguous.
        let messages = claude.prompt("one").unwrap().boxed().map(|message| message.expect("no lag"));
        assert!(messages.collect::<Vec<_>>().await.iter().any(|message| message.result_text().is_some()));
        let answer = claude.prompt("two").unwrap().into_future().boxed();
        assert_eq!(answer.await.map(|answer| answer.text()), Ok("ok".to_owned()));
    });
}

#[test]
fn dropping_an_interrupting_future_interrupts_its_prompt() {
    for finishes in [false, true] {
        let rig = open(Script::default().then([Step::text_in_parts("a long answer", 100, SECOND)]));
        rig.run(async |claude| {
            let mut watch = claude.subscribe(1000, Overflow::Oldest);
            let mut prompt = claude.prompt("talk").unwrap().interrupt_on_drop();
            prompt.next().await;
            let mut awaiting: Pin<Box<dyn Future<Output = ()>>> = match finishes {
                true => Box::pin(async { drop(prompt.finish().await) }),
                false => Box::pin(async { drop(prompt.await) }),
            };
            assert!(futures_lite::future::poll_once(&mut awaiting).await.is_none());
            drop(awaiting);
            let reported = until(&mut watch, |action| matches!(action, Action::PromptEnded { .. })).await;
            let Some(Action::PromptEnded { outcome, .. }) = reported.last() else { unreachable!() };
            assert_eq!(*outcome, Outcome::Interrupted);
        });
    }
}

#[test]
fn the_stream_and_the_end_of_a_prompt_are_independent() {
    let rig = open(Script::default());
    rig.run(async |claude| {
        assert_eq!(claude.prompt("only the end").unwrap().finish().await.text(), "ok");
        let mut turn = claude.prompt("only the messages").unwrap();
        assert!(says(&read(&mut turn).await, "ok"));
        drop(turn);
        assert_eq!(claude.prompt("one more").unwrap().finish().await.outcome, Outcome::Success);
    });
}

#[test]
fn each_prompt_gets_only_the_messages_of_its_turn() {
    for &generation in CliVersion::ALL {
        for replay in [true, false] {
            let script = Script::new(generation)
                .replay_user_messages(replay)
                .answering(|prompt| vec![Step::text(format!("re {prompt}"))]);
            open(script).run(async |claude| {
                let mut turns: Vec<_> = ["one", "two", "three"].map(|text| claude.prompt(text).unwrap()).into();
                for (turn, text) in turns.iter_mut().zip(["one", "two", "three"]) {
                    let messages = read(turn).await;
                    let assistant_messages: Vec<_> =
                        messages.iter().filter(|m| m.kind() == MessageKind::Assistant).collect();
                    assert_eq!(assistant_messages.len(), 1, "{generation:?} {text}: {messages:?}");
                    assert!(
                        assistant_messages[0].line().contains(&format!("re {text}")),
                        "{generation:?} {text}: {assistant_messages:?}"
                    );
                    let results = messages.iter().filter(|message| message.kind() == MessageKind::Result);
                    assert_eq!(results.collect::<Vec<_>>(), [turn.ended().await.result.as_ref().unwrap()]);
                }
            });
        }
    }
}

#[test]
fn the_answer_is_streamed_while_it_is_written() {
    for &generation in CliVersion::ALL {
        for replay in [true, false] {
            let rig = open(
                Script::new(generation).replay_user_messages(replay).then([Step::text_in_parts("a b c d", 4, SECOND)]),
            );
            let runtime = rig.runtime.clone();
            rig.run(async |claude| {
                let mut turn = claude.prompt("letters").unwrap();
                let mut times = Vec::new();
                while let Some(message) = turn.next().await {
                    times.extend(delta(&message.unwrap()).map(|_| runtime.now()));
                }
                assert_eq!(times.len(), 4, "{generation:?}");
                assert!(
                    times.windows(2).all(|pair| pair[1].saturating_duration_since(pair[0]) >= SECOND),
                    "{generation:?}: {times:?}"
                );
            });
        }
    }
}

#[test]
fn each_prompt_of_a_shared_turn_gets_its_end() {
    for &generation in CliVersion::ALL {
        let slow = ToolStep::bash("sleep").duration(10 * SECOND).returns("slept");
        let rig = open(Script::new(generation).then([Step::from(slow), Step::text("both")]));
        let runtime = rig.runtime.clone();
        rig.run(async |claude| {
            let first = claude.prompt("one").unwrap();
            runtime.sleep(5 * SECOND).await;
            let mut second = claude.prompt(Prompt::text("and two").when_busy(WhenBusy::Send)).unwrap();
            let received = read(&mut second).await;
            let (first, second) = (first.finish().await, second.finish().await);
            assert_eq!((first.outcome, second.outcome), (Outcome::Success, Outcome::Success), "{generation:?}");
            assert_eq!((first.turn, &first.result), (second.turn, &second.result), "{generation:?}");
            // It hears the turn from where that took it on.
            assert!(says(&received, "both") && !says(&received, "sleep"), "{generation:?}: {received:?}");
        });
    }
}

#[test]
fn the_messages_of_a_turn_of_the_cli_belong_to_no_prompt() {
    for generation in [CliVersion::V2_1_250, CliVersion::V2_1_329] {
        let own = vec![
            Step::text("by myself"),
            Step::from(ToolStep::bash("sleep").duration(10 * SECOND)),
            Step::text("still"),
        ];
        let script = Script::new(generation).then([Step::background(5 * SECOND, own), Step::text("started")]);
        let rig = open(script.answering(|_| vec![Step::text("mine")]));
        let runtime = rig.runtime.clone();
        rig.run(async |claude| {
            let mut watch = claude.subscribe(1000, Overflow::Oldest);
            let mut first = claude.prompt("start").unwrap();
            assert!(!says(&read(&mut first).await, "by myself"));
            until(
                &mut watch,
                |action| matches!(action, Action::Message { message, .. } if says(std::slice::from_ref(message), "by myself")),
            )
            .await;
            runtime.sleep(SECOND).await;
            let mut second = claude.prompt("and now?").unwrap().keep(1 << 20);
            let received = read(&mut second).await;
            assert!(says(&received, "mine") && !says(&received, "by myself"), "{generation:?}: {received:?}");
            assert_eq!(second.finish().await.messages, received, "{generation:?}");
        });
    }
}

#[test]
fn unread_messages_are_limited_and_the_loss_is_exact() {
    let script = Script::default().fault(Fault::Flood(10_000));
    let rig = open_with(script, |_| {}, |limits| limits.turn_overflow = Overflow::Oldest);
    rig.run(async |claude| {
        let mut watch = claude.subscribe(100_000, Overflow::Oldest);
        let mut turn = claude.prompt("flood").unwrap();
        let end = turn.ended().await;
        let reported = until(&mut watch, |action| matches!(action, Action::PromptEnded { .. })).await;
        let all: Vec<Message> = reported
            .into_iter()
            .filter_map(|action| match action {
                Action::Message { turn, message, .. } if turn == end.turn => Some(message),
                _ => None,
            })
            .collect();
        assert!(all.len() > 10_000, "{}", all.len());
        let lagged = turn.next().await.unwrap().unwrap_err();
        assert_eq!((lagged.missed, lagged.cut_off), (all.len() as u64 - 1024, false));
        assert_eq!(read(&mut turn).await, all[all.len() - 1024..]);
    });
}

#[test]
fn kept_messages_include_read_and_unread_ones() {
    let rig = open(Script::default());
    rig.run(async |claude| {
        let mut turn = claude.prompt("one").unwrap().keep(1 << 20);
        let received = read(&mut turn).await;
        let end = turn.finish().await;
        assert_eq!((end.messages, end.omitted), (received.clone(), 0));
        let unread = claude.prompt("two").unwrap().keep(1 << 20).finish().await;
        assert_eq!(unread.messages.len(), received.len());
    });
}

#[test]
fn the_turn_of_a_dropped_prompt_handle_continues() {
    let rig = open(Script::default().then([Step::text_in_parts("slowly", 3, SECOND)]));
    let log = rig.log.clone();
    let reported = rig.run(async |claude| {
        let watch = claude.subscribe(1000, Overflow::Oldest);
        drop(claude.prompt("one"));
        assert_eq!(claude.prompt("two").unwrap().finish().await.outcome, Outcome::Success);
        drop(claude);
        watch
    });
    let reported = futures_lite::future::block_on(all(reported));
    let ends = reported.iter().filter_map(|reported| match reported {
        Ok(Action::PromptEnded { outcome, .. }) => Some(*outcome),
        _ => None,
    });
    assert_eq!(ends.collect::<Vec<_>>(), [Outcome::Success; 2]);
    assert_eq!((log.requests("interrupt"), log.requests("cancel_async_message")), (0, 0));
}

#[test]
fn cancel_withdraws_queued_prompts_and_interrupt_stops_the_running_one() {
    for &generation in CliVersion::ALL {
        let rig = open(Script::new(generation).then([Step::text_in_parts("a b c d", 4, 10 * SECOND)]));
        let runtime = rig.runtime.clone();
        rig.run(async |claude| {
            let (mut running, waiting) = (claude.prompt("one").unwrap(), claude.prompt("two").unwrap());
            while delta(&running.next().await.unwrap().unwrap()).is_none() {}
            waiting.interrupt().unwrap_err();
            waiting.cancel().unwrap();
            assert_eq!(waiting.finish().await.outcome, Outcome::Cancelled, "{generation:?}");
            running.interrupt().unwrap().await.unwrap();
            let end = running.ended().await;
            assert_eq!(end.outcome, Outcome::Interrupted, "{generation:?}");
            assert!(runtime.now().saturating_duration_since(claude_duplex::SessionTime::ZERO) < 30 * SECOND);
            assert!(running.cancel().is_err() && running.interrupt().is_err());
        });
    }
}

/// A timer beside the turn, as the documentation of `PromptHandle` shows it.
#[test]
fn a_turn_beyond_its_time_limit_is_stopped_and_the_session_continues() {
    for &generation in CliVersion::ALL {
        let rig = open(Script::new(generation).then([Step::text_in_parts("a b c d", 4, 100 * SECOND)]));
        let runtime = rig.runtime.clone();
        rig.run(async |claude| {
            let mut turn = claude.prompt("slowly").unwrap();
            let in_time = async { Some(turn.ended().await) };
            let late = async {
                runtime.sleep(120 * SECOND).await;
                None
            };
            assert_eq!(futures_lite::future::or(in_time, late).await, None, "{generation:?}");
            drop(turn.interrupt().unwrap());
            assert_eq!(turn.finish().await.outcome, Outcome::Interrupted, "{generation:?}");
            assert!(runtime.now() < claude_duplex::SessionTime::from(130 * SECOND));
            assert_eq!(claude.prompt("more").unwrap().finish().await.outcome, Outcome::Success, "{generation:?}");
        });
    }
}

#[test]
fn the_exit_of_the_child_ends_prompts_as_lost() {
    let rig = open_with(Script::default().fault(Fault::Die(claude_duplex::Exit::Code(7))), |_| {}, |_| {});
    rig.run(async |claude| {
        let (first, second) = (claude.prompt("one").unwrap(), claude.prompt("two").unwrap());
        for end in [first.finish().await, second.finish().await] {
            assert!(matches!(end.outcome, Outcome::Lost(_)), "{end:?}");
            assert_eq!((end.result, end.messages.len()), (None, 0));
        }
        assert_eq!(claude.wait_for_exit().await.exit, Some(claude_duplex::Exit::Code(7)));
    });
}

/// On every version, whether its CLI sends the partial answer as a message or not.
#[test]
fn an_interrupted_prompt_ends_with_its_partial_answer() {
    for generation in CliVersion::ALL {
        let slow = Step::text_in_parts("one two three", 3, Duration::from_secs(1));
        let runtime = TestRuntime::new();
        let script = Script::new(*generation).include_partial_messages(true).then([slow]);
        let (claude, runner) =
            Driver::new(Config::new(Seed::from_bytes([1; 16])), runtime.start(script)).into_session();
        let end = runtime.run(runner.run_until(async move {
            let mut turn = claude.prompt("count").unwrap();
            while let Some(message) = turn.next().await {
                if message.unwrap().delta().is_some() {
                    break;
                }
            }
            drop(turn.interrupt().unwrap());
            turn.finish().await
        }));
        assert_eq!(end.outcome, Outcome::Interrupted, "{generation:?}");
        assert!(
            !end.text().is_empty() && "one two three".starts_with(end.text().trim_end()),
            "{generation:?}: {end:?}"
        );
        let failure = end.failure().unwrap();
        assert_eq!(failure.kind, FailureKind::Interrupted, "{generation:?}");
        assert!(!failure.message.contains("ede_diagnostic"), "{generation:?}: {failure:?}");
    }
}

#[test]
fn the_edits_of_a_prompt_add_up_to_its_answer() {
    let runtime = TestRuntime::new();
    let script = Script::default().include_partial_messages(true).then([Step::text_in_parts(
        "one two three",
        3,
        Duration::from_millis(5),
    )]);
    let (claude, runner) = Driver::new(Config::new(Seed::from_bytes([1; 16])), runtime.start(script)).into_session();
    let (shown, parts) = runtime.run(runner.run_until(async move {
        let mut turn = claude.prompt("count").unwrap();
        let (mut shown, mut parts) = (String::new(), 0);
        while let Some(edit) = turn.next_edit().await {
            if let Edit::Append { block, text, .. } = edit.unwrap() {
                assert!(block.is_answer());
                shown += &text;
                parts += 1;
            }
        }
        (shown, parts)
    }));
    assert_eq!((shown.as_str(), parts), ("one two three", 3));
}
