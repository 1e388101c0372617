//! What views make of lines: of any line, no panic and no hang; of the recorded turns, what was said.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::random::Noise;
use crate::recording::{self, What};
use claude_duplex::message::Transcript;
use claude_duplex::{ContentBlock, Message, MessageKind, StreamDelta};

/// The CLI's lines in every recording that fits, by the recording's name.
fn recorded() -> BTreeMap<String, Vec<Vec<u8>>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let children = |folder: &Path| -> Vec<PathBuf> {
        std::fs::read_dir(folder).expect("a folder").map(|child| child.expect("a file or folder").path()).collect()
    };
    let mut recorded = BTreeMap::new();
    for path in children(&root).iter().filter(|path| path.is_dir()).flat_map(|version| children(version)) {
        if path.extension().is_some_and(|ending| ending == "ndjson") {
            let lines = recording::read(&std::fs::read(&path).expect("a readable file")).expect("a recording");
            let out = lines.into_iter().filter_map(|line| match line.what {
                What::Out(line) => Some(line),
                _ => None,
            });
            recorded.insert(path.strip_prefix(&root).expect("it is below").display().to_string(), out.collect());
        }
    }
    assert!(recorded.len() > 100, "only {} recordings were found", recorded.len());
    recorded
}

/// Values in the place of others.
const VALUES: [&str; 14] = [
    "null",
    "true",
    "-1",
    "1e400",
    "0.5",
    "\"\"",
    "\"\\ud83d\"",
    "\"text\"",
    "[]",
    "[null]",
    "[[]]",
    "{}",
    "{\"type\":\"text\"}",
    "[{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"content\":[{\"type\":\"image\"}]}]",
];

/// The line with one of its values replaced by another, or with a byte changed, lost or doubled.
fn mutated(line: &[u8], noise: &mut Noise) -> Vec<u8> {
    let mut line = line.to_vec();
    for _ in 0..=noise.below(3) {
        let at = noise.below(line.len().max(1)).min(line.len().saturating_sub(1));
        match noise.below(6) {
            0 => line[at] = noise.below(256) as u8,
            1 => drop(line.remove(at)),
            2 => line.insert(at, line[at]),
            // A value begins after a colon; it is put there, and what stood there is cut away.
            _ => {
                let Some(colon) = line[at..].windows(2).position(|pair| pair == b"\":") else { continue };
                let start = at + colon + 2;
                let mut rest =
                    serde_json::Deserializer::from_slice(&line[start..]).into_iter::<serde::de::IgnoredAny>();
                if rest.next().is_none_or(|value| value.is_err()) {
                    continue;
                }
                let end = start + rest.byte_offset();
                let value = VALUES[noise.below(VALUES.len())].bytes();
                line.splice(start..end, value);
            }
        }
        if line.is_empty() {
            break;
        }
    }
    line
}

/// Looks at a message in every way there is.
fn looked_at(message: &Message) -> bool {
    let view = message.view();
    if let Ok(view) = &view {
        let _ = view.unknown_names();
        assert!(format!("{view:?}").len() < 20_000, "{view:?}");
    }
    for block in message.content().into_iter().flatten() {
        if let ContentBlock::ToolResult(result) = block {
            let _ = (result.text(), result.blocks());
        }
    }
    if let Ok(result) = message.result() {
        let _ = (result.error_text(), result.cost_since(Some(&result)));
    }
    let _ = (message.delta(), message.system(), message.user(), message.assistant(), message.stream_event());
    let _ = (message.uuid(), message.session_id(), message.type_name(), message.line(), message.to_json());
    view.is_ok()
}

#[test]
fn views_of_any_line_do_not_panic() {
    let mut noise = Noise::new(1);
    let (mut decoded, mut undecoded, mut no_message) = (0, 0, 0);
    let mut transcript = Transcript::with_limit(1 << 16);
    for lines in recorded().values() {
        for line in lines.iter().filter(|line| !line.is_empty()) {
            for _ in 0..4 {
                match Message::parse(&mutated(line, &mut noise)) {
                    Ok(message) => {
                        transcript.add(&message);
                        if looked_at(&message) { decoded += 1 } else { undecoded += 1 }
                    }
                    Err(_) => no_message += 1,
                }
            }
        }
    }
    // The mutations reach all three.
    assert!(decoded > 10_000 && undecoded > 100 && no_message > 1_000, "{decoded} {undecoded} {no_message}");
    assert!(transcript.dropped().bytes > 0, "the transcript's limit was reached");
}

#[test]
fn recorded_text_matches_its_stream_and_its_result() {
    let (mut turns, mut streamed_turns, mut answered_calls, mut late_results) = (0, 0, 0, 0);
    for (name, lines) in recorded() {
        let mut transcript = Transcript::new();
        let mut streamed = String::new();
        for line in &lines {
            let Ok(message) = Message::parse(line) else { continue };
            if let Some(StreamDelta::Text(text)) = message.delta() {
                streamed.push_str(&text);
            }
            transcript.add(&message);
            if message.kind() != MessageKind::Result {
                continue;
            }
            let result = message.result().unwrap_or_else(|error| panic!("{name}: {error}"));
            let completed = result.terminal_reason.as_ref().is_some_and(|reason| reason.as_str() == "completed");
            if completed {
                turns += 1;
                let transcript_text: String = transcript.texts().collect();
                assert_eq!(transcript.final_text(), result.result.as_deref(), "{name}");
                assert_eq!(
                    transcript.texts().last(),
                    transcript.final_text().filter(|text| !text.is_empty()),
                    "{name}"
                );
                assert_eq!(transcript.partial_text(), "", "{name}");
                // In these the stream broke, and the model was asked again.
                if !streamed.is_empty() && !name.contains("stream_") {
                    streamed_turns += 1;
                    assert_eq!(transcript_text, streamed, "{name}");
                }
                answered_calls += transcript.calls().filter(|call| call.result.is_some()).count();
                // A subagent in the background goes on behind the turn.
                assert!(
                    transcript.calls().all(|call| call.result.is_some() || call.parent_tool_use_id.is_some()),
                    "{name}: {:?}",
                    transcript.calls().last()
                );
            }
            // The result of a subagent's call can come in the turn after the one of the call.
            let dropped = transcript.dropped();
            late_results += dropped.results;
            assert_eq!((dropped.texts, dropped.calls, dropped.bytes), (0, 0, 0), "{name}");
            (transcript, streamed) = Default::default();
        }
    }
    assert!(late_results <= 8, "{late_results}");
    assert!(turns > 150 && streamed_turns > 100 && answered_calls > 50, "{turns} {streamed_turns} {answered_calls}");
}
