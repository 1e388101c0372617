//! Lines as they are on the pipes, for a host that wants them.

use claude_duplex::testing::{Script, Step, TestSession, ToolStep};
use claude_duplex::{
    Action, Config, Decision, Direction, Exit, IncomingKind, IncomingKinds, Protocol, Seed, SessionTime, TransportKind,
};

use crate::recorded::recordings;
use crate::recording::{Recorded, What};

const NOW: SessionTime = SessionTime::ZERO;

fn config() -> Config {
    let mut config = Config::new(Seed::from_bytes([1; 16]));
    (config.stderr_lines, config.wire_lines) = (true, true);
    config
}

fn actions(protocol: &mut Protocol) -> Vec<Action> {
    std::iter::from_fn(|| protocol.poll_action()).collect()
}

/// The lines of stderr, each with what is missing of it.
fn stderr(protocol: &mut Protocol) -> Vec<(String, u64)> {
    let lines = actions(protocol).into_iter().filter_map(|action| match action {
        Action::StderrLine(line) => Some((String::from(line.text), line.omitted)),
        _ => None,
    });
    lines.collect()
}

#[test]
fn stderr_is_reported_by_lines_for_any_chunks() {
    let bytes = b"one\r\n\ntwo \xff\n0123456789\n0123456789ab\nlast";
    let expected = [("one", 0), ("", 0), ("two \u{fffd}", 0), ("0123456789", 0), ("0123456789", 2), ("last", 0)];
    for chunk in 1..bytes.len() + 1 {
        let mut config = config();
        config.limits.stderr_line = 10;
        let mut protocol = Protocol::new(config, NOW);
        bytes.chunks(chunk).for_each(|chunk| protocol.stderr(NOW, chunk));
        let mut lines = stderr(&mut protocol);
        assert_eq!(lines.len(), 5, "the last has no end yet");
        protocol.stderr_eof(NOW);
        lines.extend(stderr(&mut protocol));
        let lines: Vec<(&str, u64)> = lines.iter().map(|(text, omitted)| (&**text, *omitted)).collect();
        assert_eq!(lines, expected, "chunks of {chunk}");
    }
}

#[test]
fn the_last_line_of_stderr_is_reported_before_the_end() {
    let mut protocol = Protocol::new(config(), NOW);
    protocol.stderr(NOW, b"panicked");
    protocol.exited(NOW, Exit::Code(101));
    protocol.eof(NOW);
    while let Some((due, _)) = protocol.poll_timeout() {
        protocol.handle_timeout(due);
    }
    let actions = actions(&mut protocol);
    let [.., Action::StderrLine(line), Action::Closed(closed)] = &actions[..] else { panic!("{actions:?}") };
    assert_eq!((&*line.text, &*closed.stderr), ("panicked", "panicked"));
}

#[test]
fn stderr_lines_count_as_unread_actions() {
    let mut config = config();
    config.limits.unread = 10_000;
    let mut protocol = Protocol::new(config, NOW);
    for _ in 0..20 {
        protocol.stderr(NOW, format!("{}\n", "x".repeat(1000)).as_bytes());
    }
    assert!(!protocol.wants_read());
    assert_eq!(stderr(&mut protocol).len(), 20);
    assert!(protocol.wants_read());
}

/// Echoes, keep-alive lines, error responses and control lines are there, each once and in order.
#[test]
fn every_received_line_is_reported_unchanged() {
    let mut lines = 0;
    for (path, recorded) in recordings() {
        let mut config = config();
        config.transport = TransportKind::Streams;
        let mut protocol = Protocol::new(config, NOW);
        let mut expected: Vec<Vec<u8>> = Vec::new();
        for line in recorded.iter().filter_map(received) {
            protocol.receive(NOW, &[&line, &b"\n"[..]].concat());
            expected.push(line);
        }
        let actions = actions(&mut protocol);
        let wire = |wanted| {
            actions.iter().filter_map(move |action| match action {
                Action::WireLine(line) if line.direction == wanted => Some(&*line.bytes),
                _ => None,
            })
        };
        assert!(wire(Direction::Received).eq(expected.iter().map(Vec::as_slice)), "{}", path.display());
        lines += expected.len();
        // What has a line of its own tells none that did not come.
        let own = actions.iter().filter_map(Action::line).all(|line| expected.iter().any(|came| came == line));
        assert!(own, "{}", path.display());
    }
    assert!(lines > 1000, "{lines}");
}

fn received(recorded: &Recorded) -> Option<Vec<u8>> {
    match &recorded.what {
        What::Out(line) => Some(line.clone()),
        _ => None,
    }
}

#[test]
fn every_sent_line_is_reported() {
    let script =
        Script::default().then([Step::tools([ToolStep::bash("ls").requires_permission()]), Step::text("done")]);
    let mut config = config().handle(IncomingKind::Permission);
    config.handled = IncomingKinds::ALL;
    let mut pair = TestSession::new(config, script);
    pair.prompt("look");
    let Action::IncomingRequest(request) = pair.run_until(|action| matches!(action, Action::IncomingRequest(_))) else {
        unreachable!()
    };
    let now = pair.now();
    let before: Vec<Action> = pair.take_actions();
    pair.host.respond(now, request.id(), Decision::allow()).unwrap();
    let line = pair.host.poll_transmit().to_vec();
    let sent = pair.host.poll_action();
    assert!(before.iter().all(|action| !matches!(action, Action::IncomingAnswered { .. })));
    let Some(Action::IncomingAnswered { .. }) = sent else { panic!("{sent:?}") };
    let Some(Action::WireLine(sent)) = pair.host.poll_action() else { panic!("it is written") };
    assert_eq!((sent.direction, [&sent.bytes, &b"\n"[..]].concat()), (Direction::Sent, line));
}

#[test]
fn lines_are_reported_only_if_enabled() {
    let mut protocol = Protocol::new(Config::new(Seed::from_bytes([1; 16])), NOW);
    protocol.stderr(NOW, b"noise\n");
    protocol.receive(NOW, b"{\"type\":\"keep_alive\"}\n");
    assert_eq!(actions(&mut protocol), []);
}
