//! What a host shows of a stream: the edits of an `Accumulator` always add up to the final messages, whatever part of the
//! stream is missing or said again.

use crate::cases::stride;
use crate::random::Noise;
use crate::recorded::{name, recordings};
use crate::recording::What;
use claude_duplex::message::{AccumulatedBlock, Accumulator, BlockKind, Edit, Transcript};
use claude_duplex::{ContentBlock, Message, MessageKind};
use serde_json::{Value, json};

/// A screen that applies edits, and accepts no edit that makes no sense.
#[derive(Default)]
struct Screen {
    blocks: Vec<Shown>,
    removed: Vec<AccumulatedBlock>,
}

struct Shown {
    block: AccumulatedBlock,
    text: String,
    complete: bool,
    call: Option<String>,
    result: Option<String>,
}

impl Screen {
    fn apply(&mut self, edit: Edit) {
        if let Edit::Remove { from_block, to, .. } = &edit {
            assert!(
                self.blocks.iter().any(|shown| shown.block == *from_block),
                "{edit:?} of a block that is not there"
            );
            assert!(self.blocks.iter().any(|shown| shown.block.id == *to), "{edit:?} to a block that is not there");
            self.removed
                .extend(self.blocks.iter().map(|shown| shown.block.clone()).filter(|block| edit.removes(block)));
            self.blocks.retain(|shown| !edit.removes(&shown.block));
            return;
        }
        let block = edit.block().clone();
        let is_there = self.blocks.iter().any(|shown| shown.block == block);
        if !is_there {
            assert!(!self.removed.contains(&block), "{edit:?}: its block was removed");
            assert!(
                matches!(edit, Edit::Append { .. } | Edit::ToolCall { .. } | Edit::Content { .. }),
                "{edit:?} of a block that is not there"
            );
            let last =
                self.blocks.iter().rev().find(|shown| shown.block.parent_tool_use_id == block.parent_tool_use_id);
            assert!(last.is_none_or(|last| last.block.id < block.id), "{edit:?}: numbers grow");
            let (text, complete, call, result) = Default::default();
            self.blocks.push(Shown { block: block.clone(), text, complete, call, result });
        }
        let shown = self.blocks.iter_mut().find(|shown| shown.block == block).unwrap();
        assert!(!shown.complete || matches!(edit, Edit::ToolResult { .. }), "{edit:?}: its block is complete");
        match edit {
            Edit::Append { text, .. } => shown.text += &text,
            Edit::Replace { text, .. } => shown.text = text,
            Edit::ToolCall { call, .. } => shown.call = Some(call.id),
            Edit::ToolResult { result, .. } => {
                assert_eq!(shown.call.as_ref(), Some(&result.tool_use_id));
                assert!(shown.result.is_none(), "one result for each call");
                shown.result = Some(result.text().into_owned());
            }
            Edit::Complete { .. } => shown.complete = true,
            _ => {}
        }
    }

    fn of(lines: &[Value]) -> Self {
        let (mut accumulator, mut screen) = (Accumulator::new(), Self::default());
        for message in messages(lines) {
            accumulator.add(&message).into_iter().for_each(|edit| screen.apply(edit));
        }
        screen
    }

    fn texts(&self, kind: BlockKind, complete: bool) -> Vec<&str> {
        let of_main = self.blocks.iter().filter(|shown| shown.block.parent_tool_use_id.is_none());
        of_main
            .filter(|shown| shown.block.kind == kind && shown.complete == complete)
            .map(|shown| shown.text.as_str())
            .collect()
    }

    fn text(&self) -> String {
        self.texts(BlockKind::Text, true).concat()
    }
}

fn messages(lines: &[Value]) -> impl Iterator<Item = Message> {
    lines.iter().map(|line| Message::parse(line.to_string().as_bytes()).expect("a message"))
}

/// The final messages of the main thread, read plainly: the texts, the thoughts, and the ids of the calls.
#[derive(Debug, Default, PartialEq)]
struct Final {
    texts: Vec<String>,
    thoughts: Vec<String>,
    calls: Vec<String>,
    /// Whether a turn was interrupted: it may leave text that no message has.
    interrupted: bool,
}

impl Final {
    fn of(lines: &[Value]) -> Self {
        let mut found = Self::default();
        let mut has_text = false;
        for message in messages(lines) {
            match message.kind() {
                MessageKind::Assistant if !message.is_subagent() => {
                    for block in message.content().unwrap() {
                        match block {
                            ContentBlock::Text(text) => {
                                has_text = true;
                                found.texts.push(text.text);
                            }
                            ContentBlock::Thinking(thinking) => found.thoughts.push(thinking.thinking),
                            ContentBlock::ToolUse(call) => found.calls.push(call.id),
                            _ => {}
                        }
                    }
                }
                MessageKind::Result => {
                    let result = message.result().unwrap();
                    let reason = result.terminal_reason.as_ref().map_or("", |reason| reason.as_str());
                    let aborted = reason.starts_with("aborted") || result.subtype.as_str() == "error_during_execution";
                    found.interrupted |= aborted;
                    // A local command may have its text in the result alone.
                    if !has_text && !aborted && !result.is_error {
                        found.texts.extend(result.result.filter(|text| !text.is_empty()));
                    }
                    has_text = false;
                }
                _ => {}
            }
        }
        found
    }
}

fn is_streamed(line: &Value) -> bool {
    line["type"] == "stream_event"
}

/// Some of the stream is missing, or cut short.
fn damaged(lines: &[Value], noise: &mut Noise) -> Vec<Value> {
    let worst = noise.below(3) + 1;
    let mut kept = Vec::new();
    for line in lines {
        let mut line = line.clone();
        if is_streamed(&line) {
            match noise.below(4 * worst) {
                0 => continue,
                1 => {
                    for part in ["text", "thinking", "partial_json"] {
                        if let Some(text) = line["event"]["delta"][part].as_str() {
                            let letters: Vec<char> = text.chars().collect();
                            let short: String = letters[..noise.below(letters.len().max(1))].iter().collect();
                            line["event"]["delta"][part] = short.into();
                        }
                    }
                }
                _ => {}
            }
        }
        kept.push(line);
    }
    kept
}

/// The CLI asks again: before a streamed answer, its first events were there already, as another answer that broke off in one
/// of the ways that the versions have, and that said the same or something else.
fn repeated_requests(lines: &[Value], noise: &mut Noise) -> Vec<Value> {
    let mut again = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if is_streamed(line) && line["event"]["type"] == "message_start" && line["parent_tool_use_id"].is_null() {
            for attempt in 0..noise.below(3) {
                let id = format!("msg_broken_{at}_{attempt}");
                let events =
                    lines[at..].iter().filter(|line| is_streamed(line) && line["parent_tool_use_id"].is_null());
                let other = noise.below(2) == 0;
                for event in events.take(1 + noise.below(12)) {
                    let mut event = event.clone();
                    if event["event"]["type"] == "message_stop" {
                        break;
                    }
                    if !event["event"]["message"]["id"].is_null() {
                        event["event"]["message"]["id"] = id.as_str().into();
                    }
                    if !event["api_message_id"].is_null() {
                        event["api_message_id"] = id.as_str().into();
                    }
                    if other && event["event"]["delta"]["text"].is_string() {
                        event["event"]["delta"]["text"] = "something else ".into();
                    }
                    again.push(event);
                }
                match noise.below(4) {
                    0 => again.push(json!({ "type": "system", "subtype": "api_retry", "attempt": 1 })),
                    1 => again.push(json!({ "type": "stream_event", "event": { "type": "message_stop" },
                        "api_message_id": id, "abandoned_blocks": { "api_message_id": id, "from_block_index": 0 } })),
                    2 => again.push(json!({ "type": "stream_event", "event": { "type": "message_stop" } })),
                    _ => {}
                }
            }
        }
        again.push(line.clone());
    }
    again
}

fn whole_alone(lines: &[Value]) -> Vec<Value> {
    lines.iter().filter(|line| !is_streamed(line)).cloned().collect()
}

fn recorded() -> Vec<(String, Vec<Value>)> {
    let read = |what| match what {
        What::Out(line) => serde_json::from_slice::<Value>(&line).ok(),
        _ => None,
    };
    let mut all = Vec::new();
    for (path, lines) in recordings() {
        let lines: Vec<Value> = lines.into_iter().filter_map(|line| read(line.what)).filter(Value::is_object).collect();
        all.push((name(&path), lines));
    }
    all
}

fn judge(name: &str, lines: &[Value], expected: &Final) {
    let screen = Screen::of(lines);
    let reported =
        || lines.iter().filter(|line| line["type"] != "system").map(|line| format!("{line}\n")).collect::<String>();
    assert_eq!(screen.texts(BlockKind::Text, true), expected.texts, "{name}\n{}", reported());
    assert_eq!(screen.texts(BlockKind::Thinking, true), expected.thoughts, "{name}\n{}", reported());
    let calls = screen.blocks.iter().filter(|shown| shown.complete && shown.block.parent_tool_use_id.is_none());
    assert!(calls.filter_map(|shown| shown.call.as_ref()).eq(&expected.calls), "{name}");
    let left = screen.blocks.iter().filter(|shown| !shown.complete && shown.block.parent_tool_use_id.is_none()).count();
    let ended = lines.iter().rev().any(|line| line["type"] == "result");
    assert!(left == 0 || expected.interrupted || !ended, "{name}: {left} blocks are left over\n{}", reported());
    // The same for who keeps the whole.
    let mut transcript = Transcript::new();
    messages(lines).for_each(|message| transcript.add(&message));
    assert!(transcript.texts().eq(&expected.texts), "{name}");
    assert_eq!(transcript.dropped().bytes, 0, "{name}");
}

#[test]
fn edits_add_up_to_the_final_messages() {
    let mut noise = Noise::new(7);
    let (mut streamed, mut texts) = (0, 0);
    for (name, lines) in recorded() {
        let expected = Final::of(&lines);
        streamed += usize::from(lines.iter().any(is_streamed));
        texts += expected.texts.len();
        judge(&name, &lines, &expected);
        judge(&name, &whole_alone(&lines), &expected);
        for _ in 0..3_usize.div_ceil(stride()) {
            judge(&name, &damaged(&lines, &mut noise), &expected);
            let again = repeated_requests(&lines, &mut noise);
            judge(&name, &again, &expected);
            judge(&name, &damaged(&again, &mut noise), &expected);
        }
    }
    assert!(streamed > 150 && texts > 300, "{streamed} {texts}");
}

/// Nothing is shown twice, even for a moment, if the CLI says nothing twice.
#[test]
fn an_undamaged_stream_has_only_append_edits() {
    let mut judged = 0;
    for (name, lines) in recorded() {
        let broken = name.contains("/stream_") || name.contains("api_") || Final::of(&lines).interrupted;
        let taken_back = lines.iter().any(|line| !line["supersedes"].is_null());
        if broken || taken_back {
            continue;
        }
        let mut accumulator = Accumulator::new();
        for message in messages(&lines) {
            for edit in accumulator.add(&message) {
                assert!(!matches!(edit, Edit::Replace { .. } | Edit::Remove { .. }), "{name}: {edit:?}");
                judged += 1;
            }
        }
    }
    assert!(judged > 1_000, "{judged}");
}

fn start(id: &str) -> Value {
    json!({ "type": "stream_event", "event": { "type": "message_start", "message": { "id": id, "content": [] } } })
}

fn part(text: &str) -> Value {
    json!({ "type": "stream_event",
        "event": { "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": text } } })
}

fn whole(id: &str, text: &str) -> Value {
    json!({ "type": "assistant", "message": { "id": id, "content": [{ "type": "text", "text": text }] } })
}

fn retry() -> Value {
    json!({ "type": "system", "subtype": "api_retry", "attempt": 1, "error_status": 529 })
}

/// An answer that begins anew after `api_retry`, and whose whole message has the first one's id.
#[test]
fn a_restarted_answer_is_shown_once() {
    let lines = [
        start("m1"),
        part("Hello wor"),
        retry(),
        start("m2"),
        part("Hello "),
        part("world"),
        whole("m1", "Hello world"),
    ];
    for shown in 1..=lines.len() {
        let screen = Screen::of(&lines[..shown]);
        let text: String = screen.blocks.iter().map(|shown| shown.text.as_str()).collect();
        assert!("Hello world".starts_with(&text), "{text:?} after {shown} lines");
    }
    assert_eq!(Screen::of(&lines).text(), "Hello world");
}

/// The stream stops, its blocks are marked as abandoned, and the answer comes whole.
#[test]
fn an_unstreamed_answer_is_shown_once() {
    let stop = json!({ "type": "stream_event", "event": { "type": "message_stop" }, "api_message_id": "m1",
        "abandoned_blocks": { "api_message_id": "m1", "from_block_index": 0 } });
    let lines = [start("m1"), part("one two "), stop.clone(), whole("m1", "one two three four")];
    let screen = Screen::of(&lines);
    assert_eq!((screen.text().as_str(), screen.blocks.len()), ("one two three four", 1));
    // Another text takes its place.
    let screen = Screen::of(&[start("m1"), part("one two "), stop, whole("m2", "three four")]);
    assert_eq!((screen.text().as_str(), screen.blocks.len()), ("three four", 1));
}

#[test]
fn a_different_new_attempt_replaces_the_shown_text() {
    let lines = [start("m1"), part("The answer is "), retry(), start("m2"), part("The an"), part("imal is ")];
    let texts = |lines: &[Value]| Screen::of(lines).texts(BlockKind::Text, false).concat();
    assert_eq!(texts(&lines[..5]), "The answer is ");
    assert_eq!(texts(&lines), "The animal is ");
}

#[test]
fn an_interrupted_turn_keeps_the_shown_text() {
    let result = |subtype: &str| json!({ "type": "result", "subtype": subtype });
    let screen = Screen::of(&[start("m1"), part("one two"), result("error_during_execution")]);
    assert_eq!((screen.texts(BlockKind::Text, false), screen.text().as_str()), (vec!["one two"], ""));
    // A turn that went on without the block, as 2.0.76 does, does not.
    assert!(Screen::of(&[start("m1"), part("one two"), result("success")]).blocks.is_empty());
}

#[test]
fn the_edits_of_a_subagent_are_separate() {
    let of = |mut line: Value| {
        line["parent_tool_use_id"] = "t1".into();
        line
    };
    let call = json!({ "type": "assistant", "message": { "id": "m1",
        "content": [{ "type": "tool_use", "id": "t1", "name": "Agent", "input": {} }] } });
    let done = json!({ "type": "user", "message": { "content": [{ "type": "tool_result", "tool_use_id": "t1", "content": "ok" }] } });
    let lines = [
        call,
        of(start("s1")),
        of(part("look")),
        start("m2"),
        part("I "),
        of(whole("s1", "looked")),
        part("wait"),
        done,
    ];
    let screen = Screen::of(&lines);
    let of_agent: Vec<_> =
        screen.blocks.iter().filter(|shown| shown.block.parent_tool_use_id.as_deref() == Some("t1")).collect();
    assert_eq!((of_agent.len(), of_agent[0].text.as_str(), of_agent[0].complete), (1, "looked", true));
    assert_eq!(screen.texts(BlockKind::Text, false), ["I wait"]);
    assert_eq!(screen.blocks[0].result.as_deref(), Some("ok"));
}

/// Text over the limit is shown as soon as its block is complete.
#[test]
fn text_beyond_the_limit_is_delayed_not_lost() {
    let (mut accumulator, mut screen) = (Accumulator::with_limit(200), Screen::default());
    let long = "x".repeat(150);
    for message in messages(&[start("m1"), part("short "), part(&long), whole("m1", &format!("short {long}"))]) {
        let edits = accumulator.add(&message);
        let shown: usize =
            edits.iter().map(|edit| if let Edit::Append { text, .. } = edit { text.len() } else { 0 }).sum();
        assert_eq!(
            shown,
            match message.kind() {
                MessageKind::Assistant => 150,
                _ if !edits.is_empty() => 6,
                _ => 0,
            }
        );
        edits.into_iter().for_each(|edit| screen.apply(edit));
    }
    assert_eq!(screen.text(), format!("short {long}"));
}

/// Streams without an end, in many threads, do not grow the accumulator beyond its limits.
#[test]
fn edits_use_bounded_memory() {
    let (mut accumulator, mut screen) = (Accumulator::with_limit(10_000), Screen::default());
    for round in 0..2_000_u64 {
        let mut begin = json!({ "type": "stream_event", "event": { "type": "content_block_start", "index": round,
            "content_block": { "type": "tool_use", "id": format!("t{round}"), "name": "Bash", "input": {} } } });
        let mut has_text = part(&"y".repeat(100));
        has_text["event"]["index"] = round.into();
        if round % 2 == 0 {
            begin["parent_tool_use_id"] = format!("p{round}").into();
            has_text["parent_tool_use_id"] = format!("p{round}").into();
        }
        for message in messages(&[begin, has_text]) {
            accumulator.add(&message).into_iter().for_each(|edit| screen.apply(edit));
        }
    }
    let shown: usize = screen.blocks.iter().map(|shown| shown.text.len() + 128).sum();
    assert!(shown <= 10_000, "{shown}");
}
