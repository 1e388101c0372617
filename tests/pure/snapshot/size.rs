//! The size of snapshots: at most 4 KiB, plus what has a limit. The documentation of `Snapshot` lists the same places.

use std::sync::Mutex;

use claude_duplex::{Config, Prompt, Protocol, Seed, SessionTime};
use serde_json::Value;

use crate::cases::stride;
use crate::play::Player;
use crate::recorded::recordings;

/// Places whose size is bounded by `Limits`, or by the length of what the host gives.
const LIMITED: &[&str] = &[
    "/output/pending",
    "/lines/partial",
    "/actions/results",
    "/actions/queue",
    "/incoming/open",
    "/stderr/bytes",
    "/stderr_lines/partial",
    "/rejected_tail/bytes",
    "/ledger/guesses",
    "/last_error",
    "/status/compaction/error",
    "/dialogs",
];

/// Lists of small entries, and how many entries each has at most.
const COUNTED: &[(&str, usize)] = &[
    ("/ledger/prompts/open", 1024),
    ("/ledger/prompts/used", 1024),
    ("/ledger/turns", 64),
    ("/ledger/results", 64),
    ("/incoming/unechoed", 256),
    ("/incoming/over", 256),
    ("/incoming/listed", 256),
    ("/requests/open", 2048),
    ("/requests/overdue", 64),
    ("/interrupt_targets/targets", 1024),
    ("/time_limits", 1024),
    ("/withdrawals", 1024),
    ("/background/tasks", 1024),
    ("/background/unnotified", 1024),
    ("/activity/calls", 64),
    ("/session/capabilities", 256),
];

/// A place of another name would be counted as what has no limit, or would not be counted at all.
#[test]
fn each_place_with_a_limit_is_in_the_form() {
    let form = include_str!("../../snapshots/1.schema");
    for place in LIMITED.iter().chain(COUNTED.iter().map(|(place, _)| place)) {
        let path = format!("state{} ", place.replace('/', "."));
        assert!(form.lines().any(|line| line.starts_with(&path)), "{place} is not in the form of a snapshot");
    }
}

fn size(protocol: &Protocol) -> usize {
    serde_json::to_vec(&protocol.snapshot()).expect("JSON").len()
}

/// Returns the size without what has a limit.
fn fixed_size(protocol: &Protocol) -> usize {
    let mut snapshot = serde_json::to_value(protocol.snapshot()).expect("JSON");
    let state = snapshot.get_mut("state").expect("the state");
    for place in LIMITED {
        state.pointer_mut(place).map(Value::take);
    }
    for (place, most) in COUNTED {
        let Some(Value::Array(entries)) = state.pointer_mut(place).map(Value::take) else { continue };
        assert!(entries.len() <= *most, "{place}: {}", entries.len());
        for mut entry in entries {
            // The line of a queued prompt has its limit.
            entry.pointer_mut("/stage/Queued").map(Value::take);
            assert!(entry.to_string().len() <= 1024, "{place}: {entry}");
        }
    }
    snapshot.to_string().len()
}

#[test]
fn an_idle_snapshot_has_at_most_four_kibibytes() {
    let config = Config::new(Seed::from_bytes([255; 16]));
    let fresh = size(&Protocol::new(config, SessionTime::from_nanos(u64::MAX / 2)));
    println!("a fresh session: {fresh} bytes");
    assert!(fresh <= 4096, "{fresh}");
}

/// Largest size of what has no limit.
static LARGEST: Mutex<usize> = Mutex::new(0);

#[test]
fn unlimited_parts_of_a_snapshot_have_at_most_four_kibibytes() {
    for (_, lines) in recordings().into_iter().step_by(stride()) {
        let keep = |protocol: &Protocol| {
            let mut largest = LARGEST.lock().expect("nothing panics with it");
            *largest = fixed_size(protocol).max(*largest);
            protocol.clone()
        };
        Player::new().between(keep).play(&lines);
    }
    let largest = *LARGEST.lock().expect("nothing panics with it");
    println!("without what has a limit: at most {largest} bytes");
    assert!((2000..=4096).contains(&largest), "{largest}");
}

/// A result that ends a thousand prompts is one line.
#[test]
fn the_result_of_many_prompts_is_written_at_most_twice() {
    let mut protocol = Protocol::new(Config::new(Seed::from_bytes([1; 16])), SessionTime::ZERO);
    let now = SessionTime::ZERO;
    let send = |number: u32| Prompt::text(format!("{number}")).when_busy(claude_duplex::WhenBusy::Send);
    let prompts: Vec<_> = (0..500).map(|number| protocol.prompt(now, send(number)).expect("there is room")).collect();
    let uuids: Vec<String> = prompts.iter().map(|prompt| prompt.uuid().to_string()).collect();
    let result = serde_json::json!({
        "type": "result", "subtype": "success", "result": "x".repeat(10_000), "user_message_uuids": uuids[..60],
    });
    protocol.sent(now, usize::MAX);
    protocol.receive(now, b"{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"s\"}\n");
    let before = size(&protocol);
    let line = format!("{result}\n");
    protocol.receive(now, line.as_bytes());
    let after = size(&protocol);
    // Besides, each of the 60 ends is an action.
    assert!(after < before + 2 * line.len() + line.len() / 5 + 60 * 512, "{before}, {after}");
}
