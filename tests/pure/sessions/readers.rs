//! Readers that are slower than the CLI: the session waits for them, loses nothing that it does not report, and never blocks.

use std::time::Duration;

use claude_duplex::request::ListModels;
use claude_duplex::testing::{Fault, Script, Step, TestRuntime, ToolStep};
use claude_duplex::{
    Action, Decision, HandleLimits, Lagged, MessageKind, Outcome, Overflow, Session, SessionTime, Subscriber,
};
use futures_lite::future::{or, zip};

use super::fixture::{Rig, SECOND, all, open, open_with};
use crate::random::Noise;

const PARTS: usize = 5_000;
const KIB: usize = 1024;

/// A session whose first turn says so many parts at once.
fn flood(limit: impl FnOnce(&mut HandleLimits)) -> Rig {
    open_with(Script::default().fault(Fault::Flood(PARTS)), |_| {}, limit)
}

fn is_part(action: &Action) -> bool {
    matches!(action, Action::Message { message, .. } if message.kind() == MessageKind::Assistant)
}

/// Fills the subscriber's buffer: begins a turn of many parts, and lets time pass without reading.
async fn fill(claude: &Session, runtime: &TestRuntime) -> claude_duplex::PromptHandle {
    let prompt = claude.prompt("flood").unwrap();
    runtime.sleep(SECOND).await;
    prompt
}

fn millis(millis: usize) -> Duration {
    Duration::from_millis(millis as u64)
}

fn passed(runtime: &TestRuntime) -> Duration {
    runtime.now().saturating_duration_since(SessionTime::ZERO)
}

#[test]
fn a_stream_that_is_read_late_is_complete() {
    let rig = flood(|_| {});
    let (runtime, log) = (rig.runtime.clone(), rig.log.clone());
    rig.run(async |claude| {
        let mut prompt = claude.prompt("flood").unwrap();
        let (mut parts, mut read) = (0, Vec::new());
        while let Some(message) = prompt.next().await {
            parts += usize::from(message.expect("nothing is lost").kind() == MessageKind::Assistant);
            if parts == 100 && read.is_empty() {
                for _ in 0..2 {
                    runtime.sleep(Duration::from_millis(500)).await;
                    read.push(log.read());
                }
            }
        }
        assert!(parts >= PARTS, "{parts}");
        assert!(read[0] == read[1] && read[1] < log.read() / 2, "reading has paused: {read:?} of {}", log.read());
        assert!(prompt.ended().await.is_success());
    });
}

#[test]
fn a_subscriber_that_reads_late_gets_every_action() {
    for capacity in [0, 1, 2, 3, 100, 1_000] {
        let rig = flood(|_| {});
        let (runtime, log) = (rig.runtime.clone(), rig.log.clone());
        let (slow, quick) = rig.run(async |claude| {
            let mut slow = claude.subscribe(capacity, Overflow::Wait);
            let quick = claude.subscribe(usize::MAX, Overflow::Oldest);
            let mut reported = Vec::new();
            let prompt = fill(&claude, &runtime).await;
            let read = log.read();
            runtime.sleep(SECOND).await;
            assert_eq!(log.read(), read, "reading has paused");
            while !matches!(reported.last(), Some(Ok(Action::Idle))) {
                reported.push(slow.next().await.unwrap());
            }
            assert!(read < log.read() / 2, "{read} of {}", log.read());
            assert!(prompt.await.is_ok());
            drop(claude);
            (reported, quick)
        });
        let mut quick = futures_lite::future::block_on(all(quick));
        quick.truncate(slow.len());
        assert!(slow == quick && slow.len() > PARTS, "{capacity}");
    }
}

#[test]
fn the_session_waits_for_a_subscriber_of_the_builder() {
    let runtime = TestRuntime::new();
    let mut limits = HandleLimits::default();
    limits.reader_timeout = 5 * SECOND;
    let mut builder = Session::builder().limits(limits);
    let mut slow = builder.subscribe(4, Overflow::Wait);
    let (claude, runner) = builder.open_on(runtime.start(Script::default().fault(Fault::Flood(PARTS))));
    runtime.run(runner.run_until(async {
        let prompt = claude.prompt("flood").unwrap();
        let mut parts = 0;
        loop {
            let reported = slow.next().await.unwrap().expect("nothing is lost");
            parts += usize::from(is_part(&reported));
            match reported {
                Action::Idle => break,
                Action::Message { .. } if parts == 100 => runtime.sleep(4 * SECOND).await,
                _ => {}
            }
        }
        assert!(parts >= PARTS && prompt.await.is_ok(), "{parts}");
        // One that takes nothing is waited for as long as the builder has set.
        let (prompt, before) = (claude.prompt("again").unwrap(), passed(&runtime));
        assert!(prompt.await.is_ok());
        let took = passed(&runtime) - before;
        assert!((5 * SECOND..6 * SECOND).contains(&took), "{took:?}");
    }));
}

#[test]
fn an_unread_stream_does_not_delay_the_session() {
    let rig = flood(|limits| limits.turn_messages = 4);
    let runtime = rig.runtime.clone();
    rig.run(async |claude| {
        let mut unread = claude.prompt("flood").unwrap();
        assert!(unread.ended().await.is_success());
        assert!(passed(&runtime) < SECOND, "{:?}", passed(&runtime));
        // It was kept as far as there is room.
        let first = unread.next().await.unwrap();
        assert!(first.is_ok(), "{first:?}");
    });
}

#[test]
fn a_handle_that_awaits_the_end_does_not_delay_the_session() {
    let rig = flood(|limits| limits.turn_messages = 4);
    let runtime = rig.runtime.clone();
    rig.run(async |claude| {
        let mut prompt = claude.prompt("flood").unwrap();
        prompt.next().await.unwrap().unwrap();
        runtime.sleep(SECOND).await;
        assert!(prompt.ended().await.is_success());
        assert!(passed(&runtime) < 2 * SECOND, "{:?}", passed(&runtime));
        let mut left = 0;
        while let Some(message) = prompt.next().await {
            message.expect("nothing is lost");
            left += 1;
        }
        assert!(left > PARTS, "{left}");
    });
}

#[test]
fn a_dropped_reader_does_not_delay_the_session() {
    let rig = flood(|limits| limits.turn_messages = 4);
    let runtime = rig.runtime.clone();
    rig.run(async |claude| {
        let mut watch = claude.subscribe(100_000, Overflow::Oldest);
        let slow = claude.subscribe(4, Overflow::Wait);
        let mut prompt = fill(&claude, &runtime).await;
        prompt.next().await.unwrap().unwrap();
        drop(slow);
        runtime.sleep(SECOND).await;
        drop(prompt);
        while !matches!(watch.next().await, Some(Ok(Action::Idle))) {}
        assert!(passed(&runtime) < 3 * SECOND, "{:?}", passed(&runtime));
    });
}

/// The same task holds a subscriber that is full, and waits for something else.
fn with_a_full_reader<R>(script: Script, test: impl AsyncFnOnce(&Session, &mut Subscriber) -> R) -> (R, Duration) {
    let rig = open(script);
    let runtime = rig.runtime.clone();
    let done = rig.run(async |claude| {
        let mut watch = claude.subscribe(4, Overflow::Wait);
        let prompt = fill(&claude, &runtime).await;
        let done = test(&claude, &mut watch).await;
        drop(prompt);
        done
    });
    (done, passed(&runtime))
}

#[test]
fn a_response_does_not_wait_for_a_reader() {
    let script = || Script::default().fault(Fault::Flood(PARTS));
    let (called, took) =
        with_a_full_reader(script(), async |claude, _| claude.request(ListModels::new()).unwrap().await.is_ok());
    assert!(called && took < 5 * SECOND, "{took:?}");
}

#[test]
fn an_interrupt_and_the_end_that_it_causes_do_not_wait_for_a_reader() {
    let parts = || Step::text_in_parts("a long answer ".repeat(100), 100, SECOND / 2);
    let script = Script::default().then([Step::text_in_parts("x".repeat(200_000), 20_000, Duration::ZERO), parts()]);
    let rig = open(script);
    let runtime = rig.runtime.clone();
    rig.run(async |claude| {
        let _full = claude.subscribe(4, Overflow::Wait);
        let mut prompt = fill(&claude, &runtime).await;
        prompt.interrupt().unwrap().await.unwrap();
        assert_eq!(prompt.ended().await.outcome, Outcome::Interrupted);
        assert!(passed(&runtime) < 10 * SECOND, "{:?}", passed(&runtime));
    });
}

#[test]
fn the_end_does_not_wait_for_a_reader() {
    for end in [Session::close, Session::close_now, Session::abort] {
        let rig = flood(|_| {});
        let runtime = rig.runtime.clone();
        rig.run(async |claude| {
            let mut full = claude.subscribe(4, Overflow::Wait);
            drop(fill(&claude, &runtime).await);
            end(&claude);
            claude.wait_for_exit().await;
            assert!(passed(&runtime) < 10 * SECOND, "{:?}", passed(&runtime));
            let mut last = None;
            while let Some(reported) = full.next().await {
                last = Some(reported.expect("there was room for it"));
            }
            assert!(matches!(last, Some(Action::Closed(_))), "{last:?}");
        });
    }
}

#[test]
fn the_output_of_a_child_that_has_exited_does_not_wait_for_a_reader() {
    let rig = flood(|_| {});
    let (runtime, log) = (rig.runtime.clone(), rig.log.clone());
    rig.run(async |claude| {
        let mut full = claude.subscribe(4, Overflow::Wait);
        let prompt = fill(&claude, &runtime).await;
        let read = log.read();
        log.exit();
        // What the pipe holds, and what the child had given the system.
        prompt.await.unwrap();
        assert!(read < log.read() / 2, "it has waited: {read} of {}", log.read());
        assert!(passed(&runtime) < 5 * SECOND, "{:?}", passed(&runtime));
        let mut parts = 0;
        while let Some(reported) = full.next().await {
            parts += usize::from(is_part(&reported.expect("there was room for it")));
        }
        assert!(parts >= PARTS, "{parts}");
    });
}

#[test]
fn a_handler_answers_while_a_reader_is_full() {
    let tools = Step::tools([ToolStep::bash("ls").requires_permission()]);
    let rig = open(Script::default().then([tools, Step::text_in_parts("a ".repeat(500), 500, Duration::ZERO)]));
    let runtime = rig.runtime.clone();
    rig.run(async |claude| {
        let mut requests = claude.incoming().unwrap();
        let full = claude.subscribe(1, Overflow::Wait);
        let prompt = claude.prompt("go").unwrap();
        // Its own reader is full while it decides, and it asks the CLI on the way. Neither blocks it.
        let request = zip(requests.next(), async { drop(full) }).await.0.unwrap();
        let mut full = claude.subscribe(1, Overflow::Wait);
        runtime.sleep(SECOND).await;
        claude.request(ListModels::new()).unwrap().await.unwrap();
        request.respond(Decision::allow()).unwrap();
        let end = zip(prompt.into_future(), async {
            while !matches!(full.next().await.unwrap().unwrap(), Action::PromptEnded { .. }) {
                runtime.sleep(SECOND / 100).await;
            }
        });
        assert!(end.await.0.is_ok());
    });
}

#[test]
fn a_task_that_awaits_its_own_prompt_does_not_deadlock() {
    let rig = flood(|_| {});
    let runtime = rig.runtime.clone();
    rig.run(async |claude| {
        let mut own = claude.subscribe(4, Overflow::Wait);
        assert!(claude.prompt("flood").unwrap().await.is_ok());
        let timeout = HandleLimits::default().reader_timeout;
        assert!((timeout..timeout + SECOND).contains(&passed(&runtime)), "{:?}", passed(&runtime));
        let mut parts = 0;
        while let Ok(reported) = own.next().await.unwrap() {
            parts += usize::from(is_part(&reported));
            if let Action::Idle = reported {
                break;
            }
        }
        assert!(parts >= PARTS, "{parts}");
    });
}

#[test]
fn lost_messages_are_reported() {
    let rig = flood(|limits| limits.subscriber_bytes = 40 * KIB);
    rig.run(async |claude| {
        let mut own = claude.subscribe(4, Overflow::Wait);
        let mut whole = claude.subscribe(4, Overflow::Wait);
        let end = async { claude.prompt("flood").unwrap().await };
        let count = async {
            let mut all = 0;
            while !matches!(whole.next().await.unwrap().unwrap(), Action::Idle) {
                all += 1;
            }
            all + 1
        };
        // One reads, one does not, and both are the readers of one session.
        let (end, all) = zip(end, count).await;
        assert!(end.is_ok());
        let (mut seen, mut missed) = (0, 0);
        loop {
            match own.next().await.unwrap() {
                Ok(Action::Idle) => break,
                Ok(_) => seen += 1,
                Err(lagged) => missed += lagged.missed,
            }
        }
        assert_eq!(seen + 1 + missed, all);
        assert!(missed > 1_000 && seen > 10, "{missed} missed, {seen} seen");
    });
}

#[test]
fn deadlines_consider_bytes_that_have_arrived() {
    let rig =
        open_with(Script::default().fault(Fault::Flood(PARTS)), |config| config.timeouts.stall = Some(SECOND), |_| {});
    let runtime = rig.runtime.clone();
    let reported = rig.run(async |claude| {
        let mut slow = claude.subscribe(4, Overflow::Wait);
        drop(fill(&claude, &runtime).await);
        runtime.sleep(20 * SECOND).await;
        let mut reported = Vec::new();
        while !matches!(reported.last(), Some(Action::Idle)) {
            reported.push(slow.next().await.unwrap().expect("nothing is lost"));
        }
        reported
    });
    let late: Vec<_> = reported.iter().filter(|action| matches!(action, Action::DeadlineExceeded { .. })).collect();
    assert!(late.is_empty(), "the CLI was not late: {late:?}");
}

/// Tells apart what a reader was given and what it missed.
#[derive(Default)]
struct Count {
    seen: u64,
    missed: u64,
    cut_off: bool,
}

impl Count {
    fn add(&mut self, reported: &Result<Action, Lagged>) {
        match reported {
            Ok(_) => self.seen += 1,
            Err(lagged) => {
                self.missed += lagged.missed;
                self.cut_off |= lagged.cut_off;
            }
        }
    }
}

/// Readers of any speed and hosts that do anything: all that a reader that is waited for misses is reported to it, and
/// everything that was begun ends in time.
#[test]
fn any_sequence_of_commands_ends_and_reports_every_loss() {
    let mut missed = 0;
    for seed in 0..60 {
        let mut noise = Noise::new(seed);
        let mut script = Script::default();
        for _ in 0..8 {
            let (parts, every) = (noise.below(400) + 1, millis(noise.below(3)));
            let text = Step::text_in_parts("some words ".repeat(parts), parts, every);
            script = script.then([Step::tools([ToolStep::bash("ls").requires_permission()]), text]);
        }
        let (items, bytes) = (noise.below(40), [4 * KIB, 1024 * KIB][noise.below(2)]);
        let rig = open_with(
            script,
            |_| {},
            |limits| {
                (limits.turn_messages, limits.turn_bytes, limits.subscriber_bytes) = (items, bytes, bytes);
                limits.reader_timeout = 5 * SECOND;
            },
        );
        let runtime = rig.runtime.clone();
        let (mut slow, mut quick, mut both) = rig.run(async |claude| {
            let mut slow = claude.subscribe(items, Overflow::Wait);
            let quick = claude.subscribe(usize::MAX, Overflow::Oldest);
            let mut requests = claude.incoming().unwrap();
            let (mut reading, mut count) = (Noise::new(seed + 1000), Count::default());
            let hosts = async {
                for _ in 0..8 {
                    let mut prompt = claude.prompt("go").unwrap();
                    match noise.below(6) {
                        0 => drop(prompt.interrupt()),
                        1 => drop(claude.request(ListModels::new()).unwrap().await),
                        2 => drop(prompt.next().await),
                        3 => while prompt.next().await.is_some() {},
                        4 => drop(prompt),
                        _ => drop(prompt.ended().await),
                    }
                    runtime.sleep(millis(noise.below(700))).await;
                }
                runtime.sleep(millis(noise.below(60_000))).await;
            };
            let serve = async {
                while let Some(request) = requests.next().await {
                    let _ = request.respond(Decision::allow());
                }
            };
            let read = async {
                while let Some(next) = slow.next().await {
                    count.add(&next);
                    if reading.below(50) == 0 {
                        runtime.sleep(millis(reading.below(9_000))).await;
                    }
                }
            };
            or(hosts, async { _ = zip(serve, read).await }).await;
            claude.close_now();
            claude.wait_for_exit().await;
            (slow, quick, count)
        });
        let mut whole = Count::default();
        futures_lite::future::block_on(async {
            while let Some(next) = slow.next().await {
                both.add(&next);
            }
            while let Some(next) = quick.next().await {
                whole.add(&next);
            }
        });
        let (reported, all) = (both.seen + both.missed, whole.seen + whole.missed);
        assert!(reported == all || both.cut_off && reported < all, "seed {seed}: {reported} of {all}");
        assert!(passed(&runtime) < 600 * SECOND, "seed {seed}: {:?}", passed(&runtime));
        missed += both.missed;
    }
    assert!(missed > 0, "the limits are never reached");
}
