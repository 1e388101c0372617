//! No content above `TRACE`, wherever it stands.

use std::collections::BTreeSet;

use claude_duplex::trace::LONGEST_CONTENT;
use claude_duplex::{Config, Input, Prompt, Protocol, Seed, SessionTime, Tracer};
use serde_json::Value;
use tracing::Level;

use super::capture::{Capture, Seen};
use super::scenarios::{SCENES, SECRET};
use crate::play::{Event, Player};
use crate::recorded::{name, recordings};
use crate::recording::{Recorded, What};

/// Returns the events whose `content` has the secret. Fails if any other event or a span has it.
fn judge(seen: &Seen, of: &str) -> BTreeSet<String> {
    for span in &seen.spans {
        assert!(!span.fields.text().contains(SECRET), "{of}: span {}{}", span.name, span.fields.text());
    }
    let with_secret = seen.events.iter().filter(|event| event.fields.text().contains(SECRET));
    let reported = with_secret.map(|event| {
        assert_eq!(event.level, Level::TRACE, "{of}: {}{}", event.name, event.fields.text());
        assert_eq!(event.name, "content", "{of}");
        event.fields.get("of").unwrap().to_owned()
    });
    reported.collect()
}

#[test]
fn content_is_logged_only_at_trace() {
    let capture = Capture::new(Level::TRACE);
    capture.during(|| SCENES.iter().for_each(|scene| scene()));
    let reported = judge(&capture.seen(), "the scenes");
    let expected = [
        "damaged line",
        "incoming declined",
        "incoming request",
        "message",
        "prompt",
        "rejected line",
        "respond",
        "response received",
        "session closed",
        "stderr",
        "unmatched response",
    ];
    assert_eq!(reported, expected.map(str::to_owned).into());
}

#[test]
fn without_trace_no_content_is_logged() {
    let capture = Capture::new(Level::DEBUG);
    capture.during(|| SCENES.iter().for_each(|scene| scene()));
    let seen = capture.seen();
    assert!(judge(&seen, "the scenes").is_empty());
    assert!(seen.events.len() > 200, "{}", seen.events.len());
}

/// Fields whose texts may be logged: names and words of the protocol. Every other text is made a secret.
const NAMES: [&str; 24] = [
    "type",
    "subtype",
    "uuid",
    "session_id",
    "request_id",
    "claude_code_version",
    "capabilities",
    "tool_name",
    "name",
    "hook_event_name",
    "server_name",
    "mcp_server_name",
    "dialog_kind",
    "kind",
    "state",
    "error_code",
    "callback_id",
    "user_message_uuids",
    "command_uuid",
    "terminal_reason",
    "status",
    "parent_tool_use_id",
    "task_id",
    "behavior",
];

fn poison(value: &mut Value) {
    match value {
        Value::String(text) => text.push_str(SECRET),
        Value::Array(items) => items.iter_mut().for_each(poison),
        Value::Object(fields) => {
            for (name, value) in fields {
                if !(NAMES.contains(&name.as_str()) && (value.is_string() || value.is_array())) {
                    poison(value);
                }
            }
        }
        _ => {}
    }
}

fn poisoned(line: &[u8]) -> Vec<u8> {
    match serde_json::from_slice::<Value>(line) {
        Ok(mut value) => {
            poison(&mut value);
            value.to_string().into_bytes()
        }
        Err(_) => [line, SECRET.as_bytes()].concat(),
    }
}

#[test]
fn content_of_the_recordings_is_logged_only_at_trace() {
    let (mut played, mut all) = (0, BTreeSet::new());
    for (path, mut lines) in recordings() {
        for line in &mut lines {
            match &mut line.what {
                What::In(line) | What::Out(line) | What::Err(line) => *line = poisoned(line),
                What::Exit(_) => {}
            }
        }
        let capture = Capture::new(Level::TRACE);
        capture.during(|| trace(&lines));
        let seen = capture.seen();
        all.extend(judge(&seen, &name(&path)));
        assert!(!(0..seen.spans.len()).any(|span| seen.is_open(span)), "{}: a span is left open", name(&path));
        played += 1;
    }
    assert!(played >= 46, "{played}");
    let expected = ["incoming request", "message", "prompt", "response received", "session closed", "stderr"];
    assert!(expected.iter().all(|of| all.contains(*of)), "{all:?}");
}

/// Feeds a tracer with all that goes in and comes out of a played recording.
fn trace(lines: &[Recorded]) {
    let mut tracer = Tracer::new(&Config::new(Seed::from_bytes([1; 16])), None);
    for line in lines {
        match &line.what {
            What::Out(line) => tracer.input(&Input::Receive(line.into())),
            What::Err(line) => tracer.input(&Input::Stderr(line.into())),
            What::In(line) => tracer.input(&Input::Prompt(Prompt::text(String::from_utf8_lossy(line)))),
            What::Exit(exit) => tracer.input(&Input::Exited(*exit)),
        }
    }
    for (_, event) in Player::new().play(lines).events {
        match event {
            Event::Action(action) => tracer.action(&action),
            Event::Child(order) => tracer.child_command(order),
            Event::Skipped(_) => {}
        }
    }
}

#[test]
fn logged_content_is_truncated_and_marked() {
    let capture = Capture::new(Level::TRACE);
    let prompt = |text: &str| {
        let mut tracer = Tracer::new(&Config::new(Seed::from_bytes([1; 16])), None);
        tracer.input(&Input::Prompt(Prompt::text(text)));
    };
    capture.during(|| {
        prompt(&"x".repeat(LONGEST_CONTENT - 2));
        prompt(&"x".repeat(LONGEST_CONTENT - 1));
        prompt("one\u{1b}[2Jtwo");
    });
    let seen = capture.seen();
    let reported: Vec<_> = seen.events_of("content").map(|event| event.fields.get("content").unwrap()).collect();
    assert_eq!(reported[0], format!("\"{}\"", "x".repeat(LONGEST_CONTENT - 2)));
    assert_eq!(reported[1], format!("\"{}... ({} bytes)", "x".repeat(LONGEST_CONTENT - 1), LONGEST_CONTENT + 1));
    // Json has escaped it.
    assert_eq!(reported[2], r#""one\u001b[2Jtwo""#);
}

/// What a hostile CLI gives as a name is no longer than a name, and disturbs no terminal.
#[test]
fn logged_names_are_short_and_escaped() {
    let hostile = format!("\u{1b}[2J\n{}", "x".repeat(10_000));
    let lines = [
        serde_json::json!({ "type": "system", "subtype": "init", "session_id": "\u{1b}[2J", "claude_code_version": "\n" }),
        serde_json::json!({ "type": "control_request", "request_id": "a",
            "request": { "subtype": "can_use_tool", "tool_name": hostile, "input": {} } }),
        serde_json::json!({ "type": "assistant", "message": { "content": [
            { "type": "tool_use", "id": "t", "name": hostile, "input": {} }] } }),
        serde_json::json!({ "type": hostile, "subtype": hostile }),
        serde_json::json!({ "type": "result", "subtype": hostile, "origin": { "kind": hostile } }),
    ];
    let capture = Capture::new(Level::DEBUG);
    capture.during(|| {
        let config = Config::new(Seed::from_bytes([1; 16]));
        let mut tracer = Tracer::new(&config, None);
        let mut protocol = Protocol::new(config, SessionTime::ZERO);
        lines.iter().for_each(|line| protocol.receive(SessionTime::ZERO, format!("{line}\n").as_bytes()));
        std::iter::from_fn(|| protocol.poll_action()).for_each(|action| tracer.action(&action));
    });
    let seen = capture.seen();
    let fields = seen.spans.iter().map(|span| &span.fields).chain(seen.events.iter().map(|event| &event.fields));
    let values: Vec<&String> = fields.flat_map(|fields| fields.0.iter().map(|(_, value)| value)).collect();
    for value in &values {
        assert!(value.len() < 160 && !value.contains(char::is_control), "{value}");
    }
    let cut = values.iter().filter(|value| value.contains("... (")).count();
    assert!(cut >= 6, "{cut}: {values:?}");
}

/// A real child that says what is in its environment.
#[cfg(all(unix, feature = "smol"))]
#[test]
fn the_environment_of_the_child_is_not_logged() {
    use claude_duplex::Options;
    use tracing::instrument::WithSubscriber as _;

    let capture = Capture::new(Level::TRACE);
    let say = r#"echo "$API_KEY" >&2; echo "{\"type\":\"newest\",\"text\":\"$API_KEY\"}""#;
    let options = Options::new().program("sh").global_arg("-c").global_arg(say).env("API_KEY", SECRET);
    let talk = async {
        let mut claude = claude_duplex::driver::smol::spawn(&options, Config::new(Seed::from_bytes([1; 16]))).unwrap();
        let pid = claude_duplex::Transport::process_id(claude.transport());
        while claude.next().await.is_some() {}
        pid
    };
    let pid = async_io::block_on(talk.with_subscriber(capture.clone()));
    let seen = capture.seen();
    let reported = judge(&seen, "a child");
    assert!(reported.contains("message") && reported.contains("stderr"), "{reported:?}");
    assert_eq!(seen.spans[0].fields.get("pid"), Some(pid.unwrap().to_string().as_str()));
}
