//! More than a pipe holds, in each direction.

use claude_duplex::{Action, AskKind, Busy, Decision, Exit, Json, Outcome, Prompt};

use super::child::{all, bounded, closed, first_message, hasty, messages, prompt_ends, start, start_with};

const MIB: usize = 1024 * 1024;

#[test]
fn a_child_that_stops_reading_holds_up_no_end() {
    bounded(async {
        let mut claude = start_with("echo '{\"type\":\"system\"}'; exec sleep 1000", hasty);
        claude.prompt(Prompt::text(&"x".repeat(20 * MIB)).busy(Busy::Send)).unwrap();
        first_message(&mut claude).await;
        claude.close();
        let actions = all(&mut claude).await;
        assert!(matches!(prompt_ends(&actions)[..], [Outcome::Lost(_)]));
        let end = closed(&actions);
        assert_eq!((end.exit, end.cut_input), (Some(Exit::Signal(15)), true));
    });
}

#[test]
fn a_child_that_talks_first_and_reads_then_gets_all() {
    // Neither side would move if reading waited for writing.
    let script = r#"
        echo '{"type":"system","subtype":"init","session_id":"s"}'
        yes '{"type":"system","subtype":"note"}' | head -n 60000
        echo '{"type":"system","subtype":"size","bytes":'$(head -n 1 | wc -c)'}'
        echo '{"type":"result","subtype":"success","is_error":false,"terminal_reason":"completed"}'
        cat >/dev/null
    "#;
    bounded(async {
        let mut claude = start(script);
        claude.prompt(Prompt::text(&"x".repeat(20 * MIB))).unwrap();
        claude.close();
        let actions = all(&mut claude).await;
        assert_eq!(messages(&actions), 60_003);
        assert!(read_by_child(&actions) > 20 * MIB);
        assert_eq!(prompt_ends(&actions), [Outcome::Success]);
    });
}

#[test]
fn a_huge_answer_arrives_whole() {
    let script = r#"
        read -r prompt
        echo '{"type":"system","subtype":"init","session_id":"s"}'
        echo '{"type":"control_request","request_id":"a1","request":{"subtype":"can_use_tool","tool_name":"Bash","input":{}}}'
        echo '{"type":"system","subtype":"size","bytes":'$(head -n 1 | wc -c)'}'
        echo '{"type":"result","subtype":"success","is_error":false,"terminal_reason":"completed"}'
        cat >/dev/null
    "#;
    bounded(async {
        let mut claude = start_with(script, |config| *config = config.clone().own(AskKind::Permission));
        claude.prompt("hello").unwrap();
        claude.close();
        let mut actions = Vec::new();
        while let Some(action) = claude.next().await {
            if let Action::Asked(ask) = &action {
                let input = Json::parse(&format!("{{\"text\":\"{}\"}}", "y".repeat(20 * MIB))).unwrap();
                claude.answer(ask.id(), Decision::allow_with(input)).unwrap();
            }
            actions.push(action);
        }
        assert!(read_by_child(&actions) > 20 * MIB);
        assert_eq!((prompt_ends(&actions), closed(&actions).exit), (vec![Outcome::Success], Some(Exit::Code(0))));
    });
}

#[test]
fn stderr_never_holds_up_the_child() {
    bounded(async {
        let text = r#"head -c 1048576 /dev/zero | tr '\0' x >&2; echo end >&2; echo '{"type":"system"}'; exit 1"#;
        let mut claude = start(text);
        let actions = all(&mut claude).await;
        let end = closed(&actions);
        assert_eq!((messages(&actions), end.exit), (1, Some(Exit::Code(1))));
        assert!(end.stderr.ends_with("xxxend\n") && end.stderr.len() <= 16 * 1024, "{:?}", end.stderr);
    });
}

#[test]
fn a_hundred_thousand_lines_arrive_in_their_order() {
    bounded(async {
        let mut claude = start(r#"seq 0 99999 | sed 's/.*/{"type":"system","subtype":"note","number":&}/'"#);
        let mut count = 0;
        while let Some(action) = claude.next().await {
            if let Action::Message { message, .. } = action {
                assert_eq!(number(&message, "number"), Some(count));
                count += 1;
            }
        }
        assert_eq!(count, 100_000);
    });
}

#[test]
fn a_slow_reader_holds_reading_back_and_misses_nothing() {
    bounded(async {
        let text = r#"yes '{"type":"system","subtype":"note"}' | head -n 100000"#;
        let mut claude = start_with(text, |config| config.limits.unread = 1000);
        first_message(&mut claude).await;
        let mut count = 1;
        let mut held_back = 0;
        loop {
            held_back += usize::from(!claude.protocol().wants_read());
            match claude.next().await {
                Some(Action::Message { .. }) => count += 1,
                Some(_) => {}
                None => break,
            }
            // Other work, of which the driver knows nothing.
            smol::future::yield_now().await;
        }
        assert_eq!(count, 100_000);
        assert!(held_back > 0);
    });
}

/// What the child counted.
fn read_by_child(actions: &[Action]) -> usize {
    let counted = |action: &Action| match action {
        Action::Message { message, .. } => number(message, "bytes"),
        _ => None,
    };
    actions.iter().find_map(counted).unwrap()
}

fn number(message: &claude_duplex::Message, field: &str) -> Option<usize> {
    let value: serde_json::Value = message.decode().unwrap();
    value.get(field)?.as_u64().map(|number| number as usize)
}
