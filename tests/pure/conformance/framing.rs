//! Framing and decoding: cases 1 to 18.

use claude_duplex::{Action, Message, RejectedLine, RejectedReason};

use super::host::{Host, config, messages};

/// A line whose text is that long.
fn long(text: &str) -> String {
    serde_json::json!({ "type": "assistant", "text": text }).to_string()
}

/// The message's field `text`, by which a test knows it again.
fn text(message: &Message) -> String {
    #[derive(serde::Deserialize)]
    struct Body {
        text: String,
    }
    message.decode::<Body>().expect("a line with a text").text
}

/// The texts of the messages that come of these reads.
fn texts<'a>(reads: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
    let mut host = Host::new();
    let actions: Vec<Action> = reads.into_iter().flat_map(|read| host.receives(read)).collect();
    messages(&actions).into_iter().map(text).collect()
}

fn rejected(actions: &[Action]) -> Vec<&RejectedLine> {
    let rejected = actions.iter().filter_map(|action| match action {
        Action::RejectedLine(rejected) => Some(rejected),
        _ => None,
    });
    rejected.collect()
}

#[test]
fn case_001_two_lines_in_one_read_are_two_messages() {
    let read = format!("{}\n{}\n", long("one"), long("two"));
    assert_eq!(texts([read.as_bytes()]), ["one", "two"]);
}

#[test]
fn case_002_an_escaped_newline_does_not_end_a_line() {
    let read = format!("{}\n", long("first\nsecond\r\nthird"));
    assert_eq!(texts([read.as_bytes()]), ["first\nsecond\r\nthird"]);
}

#[test]
fn case_003_blank_lines_are_ignored() {
    let mut host = Host::new();
    let actions = host.receives(format!("{}\n\n\n\r\n{}\n", long("one"), long("two")).as_bytes());
    assert_eq!(actions.len(), 2, "{actions:?}");
}

#[test]
fn case_004_a_line_in_many_reads_is_one_message() {
    let line = format!("{}\n", long("whole"));
    assert_eq!(texts(line.as_bytes().chunks(1)), ["whole"]);
}

#[test]
fn case_005_a_large_line_in_reads_of_64_kib_is_one_message() {
    let large = "x".repeat(1_000_000);
    let line = format!("{}\n", long(&large));
    assert_eq!(texts(line.as_bytes().chunks(64 * 1024)), [large]);
}

#[test]
fn case_006_whole_and_partial_lines_mix() {
    let (one, two, three) = (long("one"), long("two"), long("three"));
    let (head, tail) = two.split_at(9);
    let mut host = Host::new();
    let mut actions = host.receives(format!("{one}\n{head}").as_bytes());
    actions.extend(host.receives(format!("{tail}\n{three}").as_bytes()));
    host.protocol.eof(host.now);
    actions.extend(host.actions());
    assert_eq!(messages(&actions).into_iter().map(text).collect::<Vec<_>>(), ["one", "two", "three"]);
}

/// The SDK ends the session at a line past its limit; here the line is lost, told, and the session lives.
#[test]
fn case_007_a_line_beyond_the_limit_is_reported_and_not_stored() {
    let mut limited = config();
    limited.limits.line = 1000;
    let mut host = Host::with(limited);
    let mut actions = Vec::new();
    for _ in 0..100 {
        actions.extend(host.receives(&[b'x'; 1000]));
    }
    actions.extend(host.receives(format!("\n{}\n", long("after")).as_bytes()));
    let [dropped] = rejected(&actions)[..] else { panic!("{actions:?}") };
    assert_eq!((dropped.reason, dropped.length), (RejectedReason::TooLong, 100_000));
    assert!(dropped.head.len() <= 256);
    assert_eq!(messages(&actions).into_iter().map(text).collect::<Vec<_>>(), ["after"]);
}

#[test]
fn case_008_the_limit_is_a_setting_and_the_error_contains_it() {
    for limit in [100, 200] {
        let mut limited = config();
        limited.limits.line = limit;
        let mut host = Host::with(limited);
        let exact = long(&"x".repeat(limit - long("").len()));
        assert_eq!(messages(&host.receive_line(&exact)).len(), 1);
        let actions = host.receive_line(&format!("{exact} "));
        assert_eq!(rejected(&actions)[0].reason.to_string(), "the line is longer than `Limits::line`");
    }
}

#[test]
fn case_009_the_limit_applies_to_a_line_in_one_read() {
    let mut limited = config();
    limited.limits.line = 50;
    let actions = Host::with(limited).receive_line(&long(&"x".repeat(100)));
    assert_eq!(rejected(&actions)[0].reason, RejectedReason::TooLong);
    assert!(messages(&actions).is_empty());
}

/// What is no JSON is not fatal; it is not passed over in silence either.
#[test]
fn case_010_lines_that_are_not_json_are_reported_and_skipped() {
    let read = format!("[SandboxDebug] starting\n{}\nwarning: x\n{}\n", long("one"), long("two"));
    let actions = Host::new().receives(read.as_bytes());
    assert_eq!(messages(&actions).into_iter().map(text).collect::<Vec<_>>(), ["one", "two"]);
    let noise: Vec<_> = rejected(&actions).iter().map(|rejected| (rejected.reason, rejected.head.len())).collect();
    assert_eq!(noise, [(RejectedReason::NotJson, 23), (RejectedReason::NotJson, 10)]);
}

#[test]
fn case_011_noise_in_a_separate_read_is_reported() {
    let (one, two) = (format!("{}\n", long("one")), format!("{}\n", long("two")));
    assert_eq!(texts([&b"noise\n"[..], one.as_bytes(), b"more", b" noise\n", two.as_bytes()]), ["one", "two"]);
}

#[test]
fn case_012_noise_after_the_last_message_is_reported_at_the_end() {
    let mut host = Host::new();
    host.receives(format!("{}\nbye", long("one")).as_bytes());
    host.protocol.eof(host.now);
    assert_eq!(rejected(&host.actions())[0].reason, RejectedReason::CutOff);
}

#[test]
fn case_013_blanks_at_a_chunk_boundary_inside_a_string_are_kept() {
    for blank in [" ", "\u{a0}", "\u{2009}", "\u{3000}", "\u{2028}"] {
        let wanted = format!("a{blank}{blank}b");
        let line = format!("{}\n", long(&wanted));
        for cut in 0..line.len() {
            let (head, tail) = line.as_bytes().split_at(cut);
            assert_eq!(texts([head, tail]), [wanted.as_str()], "cut at {cut}");
        }
    }
}

#[test]
fn case_014_a_long_run_of_blanks_is_kept() {
    let wanted = " ".repeat(400_000);
    let line = format!("{}\n", long(&wanted));
    assert_eq!(texts(line.as_bytes().chunks(64 * 1024)), [wanted]);
}

#[test]
fn case_015_an_object_that_does_not_parse_is_reported() {
    let actions = Host::new().receive_line(r#"{"type":"assistant","text":}"#);
    assert_eq!(rejected(&actions)[0].reason, RejectedReason::NotJson);
    assert_eq!(&*rejected(&actions)[0].head, br#"{"type":"assistant","text":}"#);
}

#[test]
fn case_016_a_last_line_without_a_newline_is_a_message() {
    let mut host = Host::new();
    assert!(host.receives(long("last").as_bytes()).is_empty());
    host.protocol.eof(host.now);
    assert_eq!(messages(&host.actions()).into_iter().map(text).collect::<Vec<_>>(), ["last"]);
}

#[test]
fn case_017_a_truncated_last_line_is_not_a_message() {
    let mut host = Host::new();
    host.receives(&long("last").as_bytes()[..12]);
    host.protocol.eof(host.now);
    let actions = host.actions();
    assert!(messages(&actions).is_empty());
    assert_eq!(rejected(&actions)[0].reason, RejectedReason::CutOff);
}

/// Whoever writes, all lines go through one buffer: whatever parts the pipe takes, they come out whole and in order.
#[test]
fn case_018_concurrent_writes_are_whole_lines() {
    let mut sends = config();
    sends.when_busy = claude_duplex::WhenBusy::Send;
    let mut host = Host::with(sends);
    for number in 0..20 {
        let prompt = format!("prompt {number} {}", "y".repeat(number * 100));
        host.protocol.prompt(host.now, prompt.as_str()).expect("there is room");
    }
    let mut bytes = Vec::new();
    while !host.protocol.poll_transmit().is_empty() {
        let taken = host.protocol.poll_transmit().len().min(37);
        bytes.extend_from_slice(&host.protocol.poll_transmit()[..taken]);
        host.protocol.sent(host.now, taken);
    }
    let text = String::from_utf8(bytes).expect("UTF-8");
    assert!(text.ends_with('\n'));
    for (number, line) in text.lines().enumerate() {
        let line: serde_json::Value = serde_json::from_str(line).expect("one object");
        assert!(line["message"]["content"].as_str().is_some_and(|text| text.starts_with(&format!("prompt {number} "))));
    }
    assert_eq!(text.lines().count(), 20);
}
