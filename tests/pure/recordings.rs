//! Every recording of the real CLI, played through a `Protocol`: each line is accounted for, and each prompt gets the
//! result that the evidence gives it.
//!
//! Beside each recording stands its attribution, for people: `NAME.golden`. `BLESS=1 cargo test --test pure recordings::` writes
//! them anew; read the difference before you commit it.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use crate::play::{Event, Played, Player};
use crate::recorded::{name, recordings};
use crate::recording::{Recorded, What};
use claude_duplex::{Action, Attribution, CancelledReason, Message, Outcome, PromptId, RequestError};
use serde_json::Value;

#[test]
fn every_recorded_line_is_reported_or_counted_once() {
    const KINDS: [&str; 10] =
        ["message", "reply", "ask", "withdrawal", "rejected", "stray", "blank", "keep-alive", "echoed", "again"];
    let mut table: BTreeMap<String, [u64; 10]> = BTreeMap::new();
    for (path, lines) in recordings() {
        let played = Player::new().play(&lines);
        let mut counts = [0; 10];
        for (_, event) in &played.events {
            let Event::Action(action) = event else { continue };
            let kind = match action {
                Action::Message { .. } => 0,
                Action::ResponseReceived { response: Ok(_) | Err(RequestError::Refused { .. }), .. } => 1,
                Action::IncomingRequest(_) | Action::IncomingDeclined { .. } => 2,
                Action::IncomingCancelled { reason: CancelledReason::Cli, .. } => 3,
                Action::RejectedLine(_) => 4,
                Action::DamagedLine(_) => panic!("{}: {action:?}", name(&path)),
                Action::UnmatchedResponse(_) => 5,
                _ => continue,
            };
            counts[kind] += 1;
        }
        counts[6] = played.counts.blank;
        counts[7] = played.counts.keep_alive;
        counts[8] = played.counts.echoed_responses;
        counts[9] = played.counts.repeated_requests;
        let lines = lines.iter().filter(|line| matches!(line.what, What::Out(_))).count() as u64;
        assert_eq!(counts.iter().sum::<u64>(), lines, "{}: {KINDS:?} {counts:?}", name(&path));
        let version = name(&path).split('/').next().unwrap_or_default().to_owned();
        let row = table.entry(version).or_default();
        row.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    println!("{:<9}{}", "version", KINDS.map(|kind| format!("{kind:>11}")).concat());
    for (version, row) in &table {
        println!("{version:<9}{}", row.map(|count| format!("{count:>11}")).concat());
    }
}

#[test]
fn every_recorded_prompt_gets_the_result_of_its_evidence() {
    let mut judged = 0;
    for (path, lines) in recordings() {
        let evidence = Evidence::of(&lines);
        let played = Player::new().play(&lines);
        for (_, event) in &played.events {
            let Event::Action(Action::PromptEnded { prompt, result, outcome, .. }) = event else { continue };
            let Some(expected) = evidence.answers.get(&prompt.uuid().to_string()) else { continue };
            let got = result.as_ref().and_then(Message::uuid);
            assert_eq!(
                got.as_deref(),
                Some(expected.as_str()),
                "{}: {} ended as {outcome:?}",
                name(&path),
                prompt.uuid()
            );
            judged += 1;
        }
    }
    assert!(judged > 300, "only {judged} prompts have evidence");
}

/// The strong evidence, read by itself and plainly: a result answers the prompts that it names, or else those echoed
/// since the last one.
#[derive(Default)]
struct Evidence {
    answers: BTreeMap<String, String>,
}

impl Evidence {
    fn of(lines: &[Recorded]) -> Self {
        let mut evidence = Self::default();
        let (mut sent, mut echoed) = (HashSet::new(), Vec::new());
        for line in lines {
            let (bytes, from_host) = match &line.what {
                What::In(bytes) => (bytes, true),
                What::Out(bytes) => (bytes, false),
                _ => continue,
            };
            let text = String::from_utf8_lossy(bytes).replace("\\ud83d ", "\\ufffd ");
            let Ok(value) = serde_json::from_str::<Value>(&text) else { continue };
            let uuid = value["uuid"].as_str().unwrap_or_default().to_owned();
            match (from_host, value["type"].as_str()) {
                (true, Some("user")) => drop(sent.insert(uuid)),
                (false, Some("user")) if value["parent_tool_use_id"].is_null() && sent.contains(&uuid) => {
                    echoed.push(uuid);
                }
                (false, Some("result")) => {
                    let named = value["user_message_uuids"].as_array();
                    let named = named.map(|named| named.iter().filter_map(Value::as_str).map(str::to_owned).collect());
                    for prompt in named.unwrap_or_else(|| std::mem::take(&mut echoed)) {
                        evidence.answers.entry(prompt).or_insert(uuid.clone());
                    }
                    echoed.clear();
                }
                _ => {}
            }
        }
        evidence
    }
}

#[test]
fn every_recorded_attribution_matches_the_manual_judgment() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut wrong = String::new();
    for (path, lines) in recordings() {
        let golden = path.with_extension("golden");
        let now = attribution(&Player::new().play(&lines));
        if bless {
            std::fs::write(&golden, &now).expect("the golden file can be written");
            continue;
        }
        let expected = std::fs::read_to_string(&golden).unwrap_or_default();
        if now != expected {
            let _ = writeln!(wrong, "== {}\n-- expected\n{expected}-- now\n{now}", name(&path));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// 2.1.50 tells that an agent was started when the turn that waited for it ends, and never that it has ended.
#[test]
fn a_finished_foreground_agent_does_not_delay_idle() {
    let (_, lines) = recordings().into_iter().find(|(path, _)| name(path) == "2.1.50/subagent").expect("a recording");
    let played = Player::new().play(&lines);
    let mut order = played.events.iter().filter_map(|(_, event)| match event {
        Event::Action(Action::TurnEnded { .. }) => Some("turn"),
        Event::Action(Action::Idle) => Some("idle"),
        _ => None,
    });
    assert!(order.by_ref().any(|what| what == "turn") && order.next() == Some("idle"));
}

/// What is told of a recording, of its turns' ends and of idleness, in order; and at which second the last `Idle` came.
fn rests(wanted: &str) -> (Vec<&'static str>, f64) {
    let (_, lines) = recordings().into_iter().find(|(path, _)| name(path) == wanted).expect("a recording");
    let played = Player::new().play(&lines);
    let mut last = 0.0;
    let reported = played.events.iter().filter_map(|(time, event)| match event {
        Event::Action(Action::TurnEnded { .. }) => Some("turn"),
        Event::Action(Action::Idle) => {
            last = time.as_nanos() as f64 / 1e9;
            Some("idle")
        }
        _ => None,
    });
    (reported.collect(), last)
}

/// The list of tasks is empty before the task is told to have ended, and the CLI's own turn follows.
#[test]
fn idle_waits_for_the_turn_of_a_finished_agent() {
    // What was prompted, the agent's own turn, and what was prompted after it.
    assert_eq!(rests("2.1.278/own_agent").0, ["turn", "turn", "idle", "turn", "idle"]);
    for version in ["2.1.250", "2.1.329"] {
        let reported = rests(&format!("{version}/held_back")).0;
        assert_eq!(reported, ["turn", "turn", "turn", "turn", "idle", "turn", "idle"], "{version}");
    }
}

/// Each agent that has ended has a turn of the CLI's own, also behind the turn in which it ends. As a tool returns, the
/// model is told without one.
#[test]
fn idle_waits_for_the_notification_of_each_agent() {
    assert_eq!(rests("2.1.278/two_agents").0, ["turn", "turn", "turn", "idle"]);
    assert_eq!(rests("2.1.332/agent_ends_in_a_turn").0, ["turn", "turn", "turn", "idle"]);
    assert_eq!(rests("2.1.278/agent_ends_at_a_tool").0, ["turn", "turn", "idle"]);
}

/// No turn follows an agent that an interrupt stopped. Of one that the host stops, the model is told.
#[test]
fn idle_follows_the_stop_of_the_only_agent() {
    assert_eq!(rests("2.1.332/stop_task").0, ["turn", "turn", "idle"]);
    let (reported, last) = rests("2.1.332/agent_stopped");
    assert_eq!(reported, ["turn", "idle"]);
    assert!((1.3..1.4).contains(&last), "with the interrupt's acknowledgment, not at {last}");
}

/// A recorded prompt by the start of its uuid, one without by its number.
fn prompt_name(prompt: PromptId) -> String {
    let uuid = prompt.uuid().to_string();
    if uuid.starts_with("0000") { uuid[..8].to_owned() } else { format!("number {}", prompt.number()) }
}

/// What was answered by what, for people: a line for each turn with its prompts, then the prompts without one.
fn attribution(played: &Played) -> String {
    let mut text = String::new();
    let mut ended: BTreeMap<Option<u64>, Vec<String>> = BTreeMap::new();
    for (_, event) in &played.events {
        if let Event::Action(Action::PromptEnded { prompt, turn, outcome, attribution, result, .. }) = event {
            let result = if result.is_none() && turn.is_some() { ", without a result" } else { "" };
            let reason = match outcome {
                Outcome::Lost(reason) => format!(" ({reason})"),
                _ => String::new(),
            };
            let prompt = prompt_name(*prompt);
            let inferred = if *attribution == Attribution::Inferred { ", inferred" } else { "" };
            let line = format!("{prompt} {}{reason}{result}{inferred}", outcome.as_str());
            ended.entry(turn.map(|turn| turn.number())).or_default().push(line);
        }
    }
    for (_, event) in &played.events {
        match event {
            Event::Action(Action::TurnEnded { turn, origin, result, .. }) => {
                let result = result.as_ref().map_or("no result".to_owned(), |result| {
                    let uuid = result.uuid().unwrap_or_default();
                    format!("{} {}", result.subtype().unwrap_or_default(), &uuid[..uuid.len().min(8)])
                });
                let _ = writeln!(text, "turn {} of {origin}: {result}", turn.number());
                for prompt in ended.remove(&Some(turn.number())).unwrap_or_default() {
                    let _ = writeln!(text, "    prompt {prompt}");
                }
            }
            Event::Action(Action::Closed(closed)) => {
                for prompt in ended.remove(&None).unwrap_or_default() {
                    let _ = writeln!(text, "no turn\n    prompt {prompt}");
                }
                let exit = closed.exit.map_or("no exit".to_owned(), |exit| exit.to_string());
                let _ = writeln!(text, "{}, {exit}", closed.reason);
            }
            _ => {}
        }
    }
    text
}
