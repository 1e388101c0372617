//! Hosts that are killed at random points: the next one goes on, without a trace of it.

use crate::conversation::{Kills, Random, Traces, converse};
use crate::kept::Kept;

pub(crate) const TRIALS: [(&str, fn()); 1] = [("killed_hosts_leave_no_trace", killed_hosts_leave_no_trace)];

/// Hosts that are killed in one conversation, and in all of them.
const KILLS: usize = 4;
const TOTAL: usize = 200;

const PROMPTS: [&str; 4] = [
    r#"{"steps":[{"text":"one two three four five","chunks":5,"tool":"Bash","input":{"command":"ls"}},{"text":"done"}]}"#,
    "what was that?",
    r#"{"steps":[{"tool":"Bash","input":{"command":"rm x"}},{"text":"a b c d e f","chunks":6}]}"#,
    "and the end?",
];

/// In every second conversation the hosts store the number of the last action alone. A host that does not skip the actions up to
/// that number gets them again.
fn killed_hosts_leave_no_trace() {
    let undisturbed = converse(&Kept::new().start(), &PROMPTS, None, false);
    assert_eq!(undisturbed.read.iter().filter(|kind| kind.contains("\"user\"")).count(), PROMPTS.len());
    let responses = undisturbed.read.iter().filter(|kind| kind.contains("control_response")).count();
    assert_eq!(responses, 2, "{:#?}", undisturbed.read);
    let seed = std::env::var("SEED").map_or(1, |seed| seed.parse().unwrap());
    for conversation in 0..TOTAL / KILLS {
        let mut random = Random(seed + conversation as u64);
        let kills = Kills { random: &mut random, count: KILLS, actions: undisturbed.actions as u64 / 2 };
        let Traces { seen, read, .. } = converse(&Kept::new().start(), &PROMPTS, Some(kills), conversation % 2 == 1);
        assert_eq!(seen, undisturbed.seen, "conversation {conversation} of seed {seed}");
        assert_eq!(read, undisturbed.read, "conversation {conversation} of seed {seed}");
    }
}
