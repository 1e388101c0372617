//! What the messages of a turn cost, in allocations.

use std::sync::PoisonError;

use claude_duplex::{Action, Config, Prompt, Protocol, Seed, SessionTime};

use crate::corpora::Writer;
use crate::{ALONE, counting};

/// Allocations for a message: its bytes, and now and then a larger buffer.
const FOR_EACH: f64 = 1.5;
/// Lines of one kind. The first ones fill the buffers of the session.
const LINES: usize = 50;
const BEFORE: usize = 10;

/// A line of a length.
type Kind = (&'static str, fn(&mut Writer, usize) -> Vec<u8>);

#[test]
fn a_message_of_a_turn_needs_one_allocation() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let kinds: [Kind; 3] = [
        ("stream_event", Writer::delta),
        ("assistant with a tool call", Writer::assistant),
        ("user with the result of a tool", Writer::tool_result),
    ];
    for (kind, write) in kinds {
        for length in [1_500, 8_000, 80_000] {
            let mut writer = Writer::new();
            let mut session = Protocol::new(Config::new(Seed::from_bytes([1; 16])), SessionTime::ZERO);
            session.prompt(SessionTime::ZERO, Prompt::text("look")).expect("the first prompt is taken");
            session.sent(SessionTime::ZERO, session.poll_transmit().len());
            let mut messages = |bytes: &[u8]| {
                session.receive(SessionTime::ZERO, bytes);
                let actions = std::iter::from_fn(|| session.poll_action());
                actions.filter(|action| matches!(action, Action::Message { turn: Some(_), .. })).count()
            };
            let mut bytes = writer.init();
            (0..BEFORE).for_each(|_| bytes.extend(write(&mut writer, length)));
            messages(&bytes);
            let lines: Vec<_> = (0..LINES).map(|_| write(&mut writer, length)).collect();
            let (receiving, counted) = counting::counted(|| lines.iter().map(|line| messages(line)).sum::<usize>());
            assert_eq!(receiving, LINES, "{kind}");
            let each = counted.count as f64 / LINES as f64;
            assert!(each <= FOR_EACH, "{kind}, {length} bytes: {each} allocations");
        }
    }
}
