//! Everything that is held has a limit, and keeps to it.

use claude_duplex::testing::{Fault, Script, Step};
use claude_duplex::{Action, Outcome, Overflow, Prompt, RefusedReason};

use super::fixture::{SECOND, open, open_with};

const KIB: usize = 1024;

#[test]
fn unread_messages_of_a_prompt_are_limited_by_number_and_bytes() {
    for (messages, bytes) in [(100, usize::MAX), (usize::MAX, 10 * KIB), (1, usize::MAX), (0, 0)] {
        let script = Script::default().fault(Fault::Flood(5_000));
        let rig = open_with(
            script,
            |_| {},
            |limits| {
                (limits.turn_messages, limits.turn_bytes) = (messages, bytes);
                limits.turn_overflow = Overflow::Oldest;
            },
        );
        rig.run(async |claude| {
            let mut turn = claude.prompt("flood").unwrap();
            turn.ended().await;
            let lagged = turn.next().await.unwrap().unwrap_err();
            assert!(lagged.missed > 4_000);
            let (mut count, mut size) = (0, 0);
            while let Some(message) = turn.next().await {
                count += 1;
                size += message.unwrap().as_bytes().len();
            }
            // One is always kept.
            assert!(count <= messages.max(1) && (size <= bytes || count == 1), "{count} of {size} bytes");
            assert!(count >= 1 && (count >= messages || size + KIB > bytes), "{count} of {size} bytes");
        });
    }
}

#[test]
fn kept_messages_of_a_prompt_are_limited_by_bytes() {
    for limit in [0, 2 * KIB, 100 * KIB] {
        let rig = open(Script::default().fault(Fault::Flood(5_000)));
        rig.run(async |claude| {
            let whole = claude.prompt("flood").unwrap().keep(limit).finish().await;
            let size: usize = whole.messages.iter().map(|message| message.as_bytes().len()).sum();
            assert!(size <= limit && size + KIB >= limit.min(KIB), "{size} of {limit}");
            assert!(whole.messages.len() as u64 + whole.omitted > 5_000);
            assert!(whole.result.is_some());
        });
    }
}

#[test]
fn unread_actions_of_a_subscriber_are_limited_by_number_and_bytes() {
    for (capacity, bytes) in [(50, usize::MAX), (usize::MAX, 20 * KIB), (0, 0)] {
        let script = Script::default().fault(Fault::Flood(5_000));
        let rig = open_with(script, |_| {}, |limits| limits.subscriber_bytes = bytes);
        rig.run(async |claude| {
            let mut watch = claude.subscribe(capacity, Overflow::Oldest);
            claude.prompt("flood").unwrap().finish().await;
            claude.close();
            claude.wait_for_exit().await;
            assert!(watch.next().await.unwrap().unwrap_err().missed > 4_000);
            let (mut count, mut size) = (0, 0);
            while let Some(next) = watch.next().await {
                if let Action::Message { message, .. } = next.expect("it is told once") {
                    size += message.as_bytes().len();
                }
                count += 1;
            }
            assert!(count <= capacity.max(1) && (size <= bytes || count == 1), "{count} of {size} bytes");
            assert!(count >= 1);
        });
    }
}

#[test]
fn unwritten_bytes_are_limited_and_capacity_is_reported() {
    let script = Script::default().then([Step::text_in_parts("a b c", 3, SECOND)]);
    let rig = open_with(script, |config| config.limits.unsent = 10 * KIB, |_| {});
    rig.run(async |claude| {
        let text = "x".repeat(KIB);
        let mut turns = Vec::new();
        let refused = loop {
            match claude.prompt(&*text) {
                Ok(turn) => turns.push(turn),
                Err(refused) => break refused,
            }
        };
        assert_eq!((refused.reason(), refused.value()), (RefusedReason::Full, &Prompt::text(&text)));
        assert!((8..=10).contains(&turns.len()), "{}", turns.len());
        claude.ready().await;
        let last = claude.prompt(refused.into_inner()).unwrap();
        // Without a refusal there is nothing to wait for.
        claude.ready().await;
        for turn in turns {
            assert_eq!(turn.finish().await.outcome, Outcome::Success);
        }
        assert_eq!(last.finish().await.outcome, Outcome::Success);
    });
}

#[test]
fn the_kept_end_of_stderr_is_limited() {
    let rig =
        open_with(Script::default().fault(Fault::Stderr(100 * KIB)), |config| config.limits.stderr_tail = KIB, |_| {});
    rig.run(async |claude| {
        claude.prompt("one").unwrap().finish().await;
        claude.close();
        let closed = claude.wait_for_exit().await;
        assert!(closed.stderr.len() == KIB && closed.stderr.contains("noise"));
    });
}
