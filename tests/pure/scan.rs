//! What a line is: `Message::parse` against the same in a few slow lines, on lines of every shape, on those of the recordings, and on
//! what becomes of them when bytes are lost, doubled and changed.

use std::collections::BTreeSet;
use std::path::Path;

use crate::slow_scan::{agree, agree_on_damage};
use claude_duplex::RejectedReason;

#[test]
fn keys_are_found_in_any_order_and_spelling() {
    let expected = Ok(("result".to_owned(), Some("success".to_owned()), Some("u".to_owned()), false));
    for line in [
        r#"{"type":"result","subtype":"success","uuid":"u"}"#,
        r#"{"uuid":"u","x":{"type":"user"},"subtype":"success","y":[1e999,"\ud83d"],"type":"result"}"#,
        r#" {"\u0074ype" : "res\u0075lt", "subtype":"succ\u0065ss","uuid":"u","parent_tool_use_id":null } "#,
        r#"{"type":"user","type":"result","subtype":"success","uuid":"u"}"#,
        r#"{"type":7,"uuid":"v","type":"result","subtype":"success","uuid":"u"}"#,
    ] {
        assert_eq!(agree(line.as_bytes()), expected, "{line}");
    }
}

#[test]
fn any_parent_tool_use_id_marks_a_message_of_a_subagent() {
    let subagent = |line: &[u8]| agree(line).unwrap().3;
    assert!(subagent(br#"{"type":"user","parent_tool_use_id":"toolu_1"}"#));
    assert!(subagent(br#"{"type":"user","parent_tool_use_id":{}}"#));
    assert!(subagent(br#"{"type":"user","parent_tool_use_id":null,"parent_tool_use_id" : 0}"#));
    assert!(!subagent(br#"{"type":"user","parent_tool_use_id":1,"parent_tool_use_id": null}"#));
    assert!(!subagent(br#"{"type":"user"}"#));
}

#[test]
fn a_malformed_field_hides_no_other_field() {
    let user = Ok(("user".to_owned(), None, None, false));
    assert_eq!(agree(br#"{"uuid":5,"type":"user"}"#), user);
    assert_eq!(agree(br#"{"uuid":"u","uuid":["u"],"subtype":null,"type":"user"}"#), user);
}

#[test]
fn lines_that_are_not_messages_are_rejected_with_a_reason() {
    let cases: [(&[u8], RejectedReason); 13] = [
        (b"hello", RejectedReason::NotJson),
        (b"", RejectedReason::NotJson),
        (b"{\"type\":\"user\"", RejectedReason::NotJson),
        (b"{\"type\":\"user\"} x", RejectedReason::NotJson),
        (b"{\"type\":\"user\",}", RejectedReason::NotJson),
        (b"{\"type\":\"us\ner\"}", RejectedReason::NotJson),
        (b"\xff", RejectedReason::NotJson),
        (b"[1]", RejectedReason::NotAnObject),
        (b"null", RejectedReason::NotAnObject),
        (b" \"x\" ", RejectedReason::NotAnObject),
        (b"{}", RejectedReason::NoType),
        (b"{\"type\":7}", RejectedReason::NoType),
        (b"{\"type\":\"user\",\"type\":null}", RejectedReason::NoType),
    ];
    for (line, reason) in cases {
        assert_eq!(agree(line), Err(reason), "{}", String::from_utf8_lossy(line));
    }
}

#[test]
fn bytes_that_are_not_utf8_do_not_hide_a_message() {
    assert_eq!(agree(b"{\"a\":\"\xff\",\"type\":\"user\"}").map(|seen| seen.0), Ok("user".to_owned()));
    let expected = Ok(("user".to_owned(), None, Some("\u{fffd}".to_owned()), false));
    assert_eq!(agree(b"{\"\xff\":1,\"type\":\"user\",\"uuid\":\"\xff\"}"), expected);
    assert_eq!(agree(br#"{"type":"user","uuid":"\udd80"}"#), expected);
}

#[test]
fn only_valid_json_is_accepted() {
    let good = [
        "0",
        "-0",
        "-1.5",
        "10",
        "1e5",
        "1E+5",
        "0.0e-0",
        "1e999",
        "true",
        "false",
        "null",
        "[]",
        "{}",
        "[ ]",
        "{ }",
        "[0,[],{}]",
        "{\"\":{\"a\":[{}]}}",
        " [ 1 , \"a\" ] ",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00eF\"",
        "\"\\ud83d\"",
        "\"\u{7f}\u{80}\"",
    ];
    let bad = [
        "",
        "-",
        "+1",
        "01",
        "-01",
        "1.",
        ".5",
        "1.e5",
        "1e",
        "1e+",
        "1e5.",
        "0x1",
        "NaN",
        "Infinity",
        "nul",
        "nulll",
        "True",
        "[",
        "]",
        "[,]",
        "[1,]",
        "[1 2]",
        "[1}",
        "{]",
        "{1:2}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\" 1}",
        "\"",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\t\"",
        "\"\0\"",
        "1 2",
        "'a'",
        "/**/1",
        "\u{feff}1",
        "1\u{b}",
        "1\u{c}",
    ];
    for (values, are_good) in [(&good[..], true), (&bad[..], false)] {
        for value in values {
            for line in [value.to_string(), format!("[{value}]"), format!("{{\"type\":\"user\",\"x\":{value}}}")] {
                let is_json = agree(line.as_bytes()) != Err(RejectedReason::NotJson);
                // An empty place is one in an array.
                assert_eq!(is_json, are_good || line == "[]", "{line}");
            }
        }
    }
}

#[test]
fn any_nesting_depth_uses_constant_stack() {
    for depth in (0..200).chain([1_000_000]) {
        for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
            let line = |inner: &str| {
                format!("{{\"x\":{}{inner}{},\"type\":\"user\"}}", open.repeat(depth), close.repeat(depth))
            };
            assert!(agree(line("0").as_bytes()).is_ok(), "{open} {depth}");
            assert_eq!(agree(line("0]}").as_bytes()), Err(RejectedReason::NotJson), "{open} {depth}");
        }
    }
    // Each level is what it was when it is left.
    let mixed: String = (0..500).map(|level| if level % 3 == 0 { "{\"a\":" } else { "[" }).collect();
    let ends: String = (0..500).rev().map(|level| if level % 3 == 0 { '}' } else { ']' }).collect();
    assert!(agree(format!("{{\"x\":{mixed}0{ends},\"type\":\"user\"}}").as_bytes()).is_ok());
    for at in (0..500).step_by(7) {
        let mut wrong = ends.clone().into_bytes();
        wrong[at] = if wrong[at] == b'}' { b']' } else { b'}' };
        let line = [b"{\"x\":", mixed.as_bytes(), b"0", &wrong, b",\"type\":\"user\"}"].concat();
        assert_eq!(agree(&line), Err(RejectedReason::NotJson));
    }
}

/// What the CLI wrote in the recordings, each shape once: lines that differ in letters and digits alone are one.
fn recorded() -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Recorded {
        dir: String,
        line: Option<String>,
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let folders = std::fs::read_dir(&root).unwrap_or_else(|error| panic!("{}: {error}", root.display()));
    let mut paths: Vec<_> = folders
        .map(|folder| folder.unwrap().path())
        .filter(|path| path.is_dir())
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ndjson"))
        .collect();
    paths.sort();
    let (mut shapes, mut lines) = (BTreeSet::new(), Vec::new());
    for path in paths {
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let recorded: Recorded = serde_json::from_str(line).unwrap();
            let Some(line) = recorded.line.filter(|_| recorded.dir == "out") else { continue };
            let shape: String = line.chars().filter(|letter| !letter.is_alphanumeric()).collect();
            if shapes.insert(shape) {
                lines.push(line);
            }
        }
    }
    assert!(lines.len() > 500, "only {} lines were found", lines.len());
    lines
}

/// A small generator: what fails once fails always.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

/// What a mutation puts into a line.
const PIECES: [&[u8]; 40] = [
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b" ",
    b"\t",
    b"\r",
    b"\n",
    b"\0",
    b"\x1f",
    b"\x20",
    b"\x7f",
    b"\x80",
    b"\xff",
    b"0",
    b"-",
    b".",
    b"e",
    b"E+",
    b"null",
    b"true",
    b"false",
    b"nul",
    b"\\u",
    b"\\ud83d",
    b"\\udd80",
    b"\\u0074",
    b"\\n",
    b"\"type\":",
    b"\"type\":\"user\",",
    b"\"subtype\":3,",
    b"\"uuid\":\"\\u0041\",",
    b"\"uuid\":null,",
    b"\"parent_tool_use_id\":null,",
    b"\"parent_tool_use_id\":[],",
    b"{\"a\":[0,{}]},",
];

/// Loses, doubles, replaces or puts in some bytes.
fn mutate(line: &mut Vec<u8>, dice: &mut Dice) {
    let at = dice.below(line.len() + 1);
    let end = line.len().min(at + dice.below(9));
    match dice.below(6) {
        0 => drop(line.drain(at..end)),
        1 => line.truncate(at),
        2 => drop(line.splice(at..end, dice.pick(&PIECES).iter().copied())),
        3 => {
            let doubled = line[at..end].to_vec();
            drop(line.splice(at..at, doubled));
        }
        4 => {
            if let Some(byte) = line.get_mut(at) {
                *byte ^= 1 << dice.below(8);
            }
        }
        _ => drop(line.splice(at..at, dice.pick(&PIECES).iter().copied())),
    }
}

#[test]
fn every_recorded_line_scans_as_in_the_slow_scan() {
    for line in recorded() {
        agree(line.as_bytes()).ok();
    }
}

#[test]
fn damaged_lines_scan_as_in_the_slow_scan() {
    /// Bytes of which damage is tried: a line costs as much as it is long.
    const BYTES: usize = 40_000_000;
    let lines = recorded();
    let lines: Vec<&str> = lines.iter().map(String::as_str).filter(|line| line.len() < 4096).collect();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let (mut tried, mut messages, mut refused) = (0, 0, 0);
    while tried < BYTES {
        let mut line = dice.pick(&lines).as_bytes().to_vec();
        for _ in 0..=dice.below(3) {
            mutate(&mut line, &mut dice);
        }
        tried += line.len();
        match agree(&line) {
            Ok(_) => messages += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(messages > 1000 && refused > 1000, "{messages} messages and {refused} refused try too little");
}

/// What other programs write between the CLI's bytes.
const AROUND: [&[u8]; 24] = [
    b"\xef\xbb\xbf",
    b"\x1b[H",
    b"\x1b[?2004h",
    b"\x1b[31m",
    b"\x1b]0;title\x07",
    b"\x1b]8;;x\x1b\\",
    b"\x1bPq\xc2\x9c",
    b"\x1b(B",
    b"\x1b",
    b"\x1b[",
    b"\x1b]",
    b"\xc2\x9b2J",
    b"\xc2\x9d",
    b"\0",
    b"\x07",
    b"\r",
    b" ",
    b"[log] ",
    b"\xff",
    b"\"",
    b"}",
    b"{}",
    b"{\"type\":\"keep_alive\"}",
    b"{\"type\":\"a\",\"uuid\":\"u\",\"session_id\":\"s\"}",
];

#[test]
fn text_around_a_line_scans_as_in_the_slow_scan() {
    const BYTES: usize = 4_000_000;
    let lines = recorded();
    let lines: Vec<&str> = lines.iter().map(String::as_str).filter(|line| line.len() < 600).collect();
    let mut dice = Dice(0x1234_5678_9abc_def1);
    let (mut tried, mut found, mut refused) = (0, 0, 0);
    while tried < BYTES {
        let mut line = Vec::new();
        for _ in 0..=dice.below(3) {
            (0..dice.below(3)).for_each(|_| line.extend_from_slice(dice.pick(&AROUND)));
            if dice.below(4) > 0 {
                line.extend_from_slice(dice.pick(&lines).as_bytes());
            }
        }
        (0..dice.below(3)).for_each(|_| line.extend_from_slice(dice.pick(&AROUND)));
        if dice.below(4) == 0 {
            mutate(&mut line, &mut dice);
        }
        tried += line.len();
        match agree_on_damage(&line) {
            Some((1.., _)) => found += 1,
            _ => refused += 1,
        }
    }
    assert!(found > 500 && refused > 500, "{found} found and {refused} refused try too little");
}
