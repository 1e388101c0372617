//! Whose is what: spans open and close in pairs, and nothing stands under another's.

use claude_duplex::testing::{CliVersion, Script, Step, TestRuntime, TestSession, ToolStep};
use claude_duplex::{Action, Config, Driver, Input, Prompt, Seed, Tracer, WhenBusy};
use tracing::{Level, info_span};

use super::capture::Capture;
use super::scenarios::{Claude, SCENES, SECOND, answer_until_idle, config};

#[test]
fn spans_open_and_close_in_pairs() {
    for scene in SCENES {
        let capture = Capture::new(Level::TRACE);
        capture.during(scene);
        let seen = capture.seen();
        assert!(seen.spans_of("session").count() > 0);
        for span in 0..seen.spans.len() {
            assert!(!seen.is_open(span), "{}{}", seen.spans[span].name, seen.spans[span].fields.text());
        }
        assert!(seen.events.iter().all(|event| event.target == "claude_duplex" && event.parent.is_some()));
    }
}

#[test]
fn a_turn_has_its_prompts_and_its_outcome() {
    let capture = Capture::new(Level::WARN);
    capture.during(|| {
        let mut config = config(1);
        config.when_busy = WhenBusy::Send;
        let script =
            Script::new(CliVersion::V2_1_329).then([ToolStep::bash("ls").duration(SECOND).into(), Step::text("a")]);
        let runtime = TestRuntime::new();
        let mut claude = Driver::new(config, runtime.start(script));
        runtime.run(async {
            claude.prompt("one").unwrap();
            claude.prompt("two").unwrap();
            answer_until_idle(&mut claude).await;
            claude.prompt("three").unwrap();
            answer_until_idle(&mut claude).await;
            claude.finish().await;
        });
    });
    let seen = capture.seen();
    let of = |span: usize, name: &str| seen.spans[span].fields.get(name).unwrap_or_default().to_owned();
    let turns: Vec<_> = seen
        .spans_of("turn")
        .map(|span| ["turn", "origin", "prompts", "result", "outcome"].map(|name| of(span, name)).join(" "))
        .collect();
    assert_eq!(turns, ["1 prompt 1,2 success success", "2 prompt 3 success success"]);
    let session = seen.spans_of("session").next().unwrap();
    assert_eq!(of(session, "tag"), Seed::from_bytes([1; 16]).tag().to_string());
    assert_eq!(of(session, "cli_version"), "2.1.329");
    assert!(!of(session, "session_id").is_empty());
    assert!(seen.spans_of("turn").all(|turn| seen.spans[turn].parent == Some(session)));
    assert!(seen.spans.iter().all(|span| span.level == Level::WARN));
}

/// A span ends with its turn, not with what comes long after it.
#[test]
fn the_span_of_a_turn_closes_with_its_last_prompt() {
    let capture = Capture::new(Level::TRACE);
    capture.during(|| {
        let mut pair = TestSession::new(config(1), Script::default());
        let mut tracer = Tracer::new(pair.host.config(), None);
        pair.prompt("one");
        loop {
            let action = pair.run_until(|_| true);
            tracer.action(&action);
            match action {
                Action::TurnStarted { turn, .. } => assert!(tracer.turn(turn).is_some()),
                Action::TurnEnded { turn, .. } => assert!(tracer.turn(turn).is_some()),
                Action::PromptEnded { turn, .. } => {
                    assert!(tracer.turn(turn.unwrap()).is_none());
                    break;
                }
                _ => {}
            }
        }
        assert!(!tracer.session().is_disabled());
    });
}

/// Two sessions on one thread, each under a span that the host entered when it made it, polled in turns while the other's
/// is entered.
#[test]
fn events_of_a_session_are_in_its_own_span() {
    const SESSIONS: u8 = 2;
    let capture = Capture::new(Level::TRACE);
    let runtime = TestRuntime::new();
    let steps =
        || [Step::text("I"), ToolStep::bash("ls").requires_permission().duration(SECOND).into(), Step::text("done")];
    capture.during(|| {
        let mut sessions: Vec<Claude> = (0..SESSIONS)
            .map(|number| {
                let host = info_span!("host", number);
                host.in_scope(|| {
                    Driver::new(config(number), runtime.start(Script::default().then(steps()).then(steps())))
                })
            })
            .collect();
        let mut talks = Vec::new();
        for (number, claude) in sessions.iter_mut().enumerate() {
            let other = info_span!("other", number);
            talks.push(Box::pin(async move {
                let mut under = std::pin::pin!(async {
                    for _ in 0..=number {
                        claude.prompt("go on").unwrap();
                        answer_until_idle(claude).await;
                    }
                    claude.finish().await;
                });
                std::future::poll_fn(move |cx| other.in_scope(|| under.as_mut().poll(cx))).await;
            }));
        }
        let second = talks.pop().unwrap();
        runtime.run(futures_lite::future::zip(talks.pop().unwrap(), second));
    });
    let seen = capture.seen();
    let roots: Vec<usize> = seen.spans_of("session").collect();
    assert_eq!(roots.len(), usize::from(SESSIONS));
    for (number, root) in roots.iter().enumerate() {
        let span = &seen.spans[*root];
        assert_eq!(span.fields.get("tag"), Some(Seed::from_bytes([number as u8; 16]).tag().to_string().as_str()));
        assert_eq!(seen.spans[span.parent.unwrap()].name, "host");
        assert_eq!(seen.spans[span.parent.unwrap()].fields.get("number"), Some(number.to_string().as_str()));
        // The second session has one turn more, with as many events.
        let turns = seen.spans_of("turn").filter(|turn| seen.spans[*turn].parent == Some(*root)).count();
        assert_eq!(turns, number + 1);
        for name in ["incoming request", "respond", "prompt accepted", "prompt taken", "prompt ended", "turn ended"] {
            let of_this = seen.events_of(name).filter(|event| seen.session_of(event.parent) == Some(*root)).count();
            assert_eq!(of_this, number + 1, "{name} of {number}");
        }
    }
    assert!(seen.events.iter().all(|event| seen.session_of(event.parent).is_some()));
    // They were interleaved indeed.
    let owners: Vec<_> = seen.events.iter().map(|event| seen.session_of(event.parent)).collect();
    assert!(owners.windows(2).filter(|pair| pair[0] != pair[1]).count() > 4);
}

/// Each call of a tracer, while the other's span is entered.
#[test]
fn a_tracer_ignores_entered_spans() {
    let capture = Capture::new(Level::TRACE);
    capture.during(|| {
        let mut pairs = [1, 2].map(|seed| {
            let mut pair =
                TestSession::new(config(seed), Script::default().answering(|_| vec![ToolStep::bash("ls").into()]));
            let tracer = Tracer::new(pair.host.config(), None);
            pair.prompt("one");
            (pair, tracer)
        });
        let roots: Vec<usize> = capture.seen().spans_of("session").collect();
        for _ in 0..10 {
            for at in [0, 1] {
                let other = pairs[1 - at].1.session().clone();
                let (pair, tracer) = &mut pairs[at];
                let action = pair.run_until(|_| true);
                let before = capture.seen().sizes();
                other.in_scope(|| {
                    tracer.input(&Input::Prompt(Prompt::text("two")));
                    tracer.action(&action);
                });
                let seen = capture.seen();
                assert!(seen.events.len() > before.0);
                for event in &seen.events[before.0..] {
                    assert_eq!(seen.session_of(event.parent), Some(roots[at]), "{}", event.name);
                }
                for span in &seen.spans[before.1..] {
                    assert_eq!(span.parent, Some(roots[at]), "{}", span.name);
                }
            }
        }
    });
    assert_eq!(capture.seen().spans_of("turn").count(), 2);
}

/// Nobody wants what is so quiet.
#[test]
fn disabled_events_are_not_built() {
    let capture = Capture::new(Level::ERROR);
    capture.during(|| {
        let mut tracer = Tracer::new(&Config::new(Seed::from_bytes([1; 16])), Some(7));
        let mut pair = TestSession::new(config(1), Script::default());
        pair.prompt("one");
        for action in pair.run_until_idle() {
            tracer.action(&action);
            if let Action::TurnStarted { turn, .. } = action {
                assert!(tracer.turn(turn).is_none());
            }
        }
        assert!(tracer.session().is_disabled());
    });
    assert_eq!(capture.seen().sizes(), (0, 0));
}
