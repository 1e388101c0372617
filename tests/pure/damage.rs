//! Lines into which other programs wrote: what is taken out of them, what is not, and what a host is told.

use claude_duplex::{
    Action, CloseReason, Config, DamagedLine, Exit, Interrupt, Outcome, Prompt, PromptId, Protocol, RejectedLine,
    RejectedReason, Seed, SessionTime,
};
use serde_json::{Value, json};

const SESSION: &str = "11111111-1111-4111-8111-111111111111";

fn init() -> Value {
    json!({ "type": "system", "subtype": "init", "session_id": SESSION, "claude_code_version": "2.1.329",
        "uuid": "00000000-0000-4000-8000-0000000000a1" })
}

fn echo(prompt: PromptId) -> Value {
    json!({ "type": "user", "message": { "role": "user", "content": "hello" }, "session_id": SESSION,
        "parent_tool_use_id": null, "uuid": prompt.uuid().to_string(), "isReplay": true })
}

fn assistant() -> Value {
    json!({ "type": "assistant", "message": { "content": [{ "type": "text", "text": "ok" }] }, "session_id": SESSION,
        "parent_tool_use_id": null, "uuid": "00000000-0000-4000-8000-0000000000b1" })
}

/// A result; `type` comes first, as the CLI writes it.
fn result(prompt: PromptId, number: u8) -> String {
    format!(
        r#"{{"type":"result","subtype":"success","is_error":false,"result":"ok","session_id":"{SESSION}","uuid":"00000000-0000-4000-8000-0000000000c{number}","user_message_uuids":["{}"]}}"#,
        prompt.uuid()
    )
}

/// A session with one prompt, and what it was told.
struct Host {
    session: Protocol,
    prompt: PromptId,
    actions: Vec<Action>,
}

impl Host {
    fn new() -> Self {
        let mut session = Protocol::new(Config::new(Seed::from_bytes([1; 16])), SessionTime::ZERO);
        let prompt = session.prompt(SessionTime::ZERO, Prompt::text("hello")).expect("there is room");
        session.sent(SessionTime::ZERO, usize::MAX);
        Self { session, prompt, actions: Vec::new() }
    }

    /// One whose turn has begun.
    fn in_turn() -> Self {
        let mut host = Self::new();
        host.receive_line(init());
        host.receive_line(echo(host.prompt));
        host
    }

    fn receive_line(&mut self, line: impl ToString) {
        self.reads(&[line.to_string().as_bytes(), b"\n"].concat());
    }

    fn reads(&mut self, bytes: &[u8]) {
        self.session.receive(SessionTime::ZERO, bytes);
        self.actions.extend(std::iter::from_fn(|| self.session.poll_action()));
    }

    fn outcomes(&self) -> Vec<Outcome> {
        self.actions
            .iter()
            .filter_map(|action| if let Action::PromptEnded { outcome, .. } = action { Some(*outcome) } else { None })
            .collect()
    }

    fn damaged(&self) -> Vec<&DamagedLine> {
        self.actions
            .iter()
            .filter_map(|action| if let Action::DamagedLine(line) = action { Some(line) } else { None })
            .collect()
    }

    fn rejected(&self) -> Vec<&RejectedLine> {
        self.actions
            .iter()
            .filter_map(|action| if let Action::RejectedLine(line) = action { Some(line) } else { None })
            .collect()
    }

    /// Checks that the prompt was answered once, and that the only damage was reported once, with those bytes.
    fn answered_with(&self, dropped: &[u8], messages: usize) {
        assert_eq!(self.outcomes(), [Outcome::Success]);
        let [line] = self.damaged()[..] else { panic!("one line was damaged: {:?}", self.damaged()) };
        assert_eq!((&*line.dropped, line.dropped_length, line.messages), (dropped, dropped.len() as u64, messages));
        assert_eq!(self.session.stats().damaged, 1);
        assert!(self.session.is_idle() && self.rejected().is_empty());
    }
}

const ESCAPES: &str = "\x1b[2J\x1b[3J\x1b[H";

#[test]
fn an_escape_sequence_before_init_is_dropped() {
    let mut host = Host::new();
    host.receive_line(format!("{ESCAPES}{}", init()));
    host.receive_line(echo(host.prompt));
    host.receive_line(assistant());
    host.receive_line(result(host.prompt, 1));
    host.answered_with(ESCAPES.as_bytes(), 1);
    assert_eq!(host.session.session().map(|session| &*session.id), Some(SESSION));
}

#[test]
fn an_escape_sequence_before_a_result_is_dropped() {
    let mut host = Host::in_turn();
    host.receive_line(format!("{ESCAPES}{}", result(host.prompt, 1)));
    host.answered_with(ESCAPES.as_bytes(), 1);
}

#[test]
fn an_escape_sequence_after_a_result_is_dropped() {
    let mut host = Host::in_turn();
    host.reads(format!("\u{feff}{}\x1b[?25h", result(host.prompt, 1)).as_bytes());
    assert_eq!(host.outcomes(), []);
    host.session.eof(SessionTime::ZERO);
    host.reads(b"");
    assert_eq!(host.outcomes(), [Outcome::Success]);
    assert_eq!(host.damaged()[0].dropped_length, 9);
}

#[test]
fn log_text_before_a_result_is_dropped() {
    let mut host = Host::in_turn();
    let text = b"[SandboxDebug] proxy ready ";
    host.reads(text);
    host.receive_line(result(host.prompt, 1));
    host.answered_with(text, 1);
}

/// From 2.1.250 on, `type` is not the first key of a result.
#[test]
fn log_text_before_a_result_with_another_key_order_is_dropped() {
    let mut host = Host::in_turn();
    let line = result(host.prompt, 1).replacen('{', "{\"duration_api_ms\":5,", 1);
    host.receive_line(format!("ready {line}"));
    host.answered_with(b"ready ", 1);
}

#[test]
fn log_text_before_the_first_init_is_dropped() {
    let mut host = Host::new();
    let init = format!(r#"{{"type":"system","subtype":"init","session_id":"{SESSION}","uuid":"u"}}"#);
    host.receive_line(format!("loading ... {init}"));
    host.receive_line(echo(host.prompt));
    host.receive_line(result(host.prompt, 1));
    host.answered_with(b"loading ... ", 1);
}

#[test]
fn log_text_before_a_response_and_a_request_is_dropped() {
    let mut host = Host::in_turn();
    let request = host.session.interrupt(SessionTime::ZERO, Interrupt::running().id("i")).expect("there is room");
    host.receive_line(r#"log {"type":"control_response","response":{"subtype":"success","request_id":"i"}}"#);
    assert!(host.actions.iter().any(
        |action| matches!(action, Action::ResponseReceived { request: of, response: Ok(_), .. } if *of == request)
    ));
    host.receive_line(r#"log {"type":"control_request","request_id":"a","request":{"subtype":"can_use_tool"}}"#);
    assert!(host.actions.iter().any(|action| matches!(action, Action::IncomingDeclined { .. })));
}

#[test]
fn two_messages_on_one_line_are_both_delivered() {
    let mut host = Host::in_turn();
    host.receive_line(format!("{}{}", assistant(), result(host.prompt, 1)));
    host.answered_with(b"", 2);
}

#[test]
fn only_an_object_that_is_not_a_message_is_rejected() {
    let mut host = Host::in_turn();
    host.receive_line(format!(r#"{{"level":"warn"}}{}"#, result(host.prompt, 1)));
    assert_eq!(host.outcomes(), [Outcome::Success]);
    assert_eq!(host.rejected()[0].reason, RejectedReason::NoType);
}

#[test]
fn a_line_of_escape_sequences_is_not_reported() {
    let mut host = Host::in_turn();
    host.receive_line("\x1b[?25h");
    assert_eq!((host.damaged().len(), host.damaged()[0].messages, host.rejected().len()), (1, 0, 0));
}

#[test]
fn a_message_quoted_in_a_log_line_is_not_a_message() {
    let prompt = Host::new().prompt;
    let result = |session: &str| result(prompt, 1).replace(SESSION, session);
    let ours = result(SESSION);
    for line in [
        "[SandboxDebug] Linux sandbox ready".to_owned(),
        // A log entry of several lines: the object is neither in quotes nor in braces of its own line.
        r#"  body: {"type":"result","subtype":"success"}"#.to_owned(),
        format!("body: {}", result("22222222-2222-4222-8222-222222222222")),
        format!("post {{ body: {ours}"),
        format!("post '{ours}'"),
        format!("post \"{ours}"),
        format!("post {ours} done"),
        format!("{ours} done"),
        r#"log {"type":"keep_alive"}"#.to_owned(),
        r#"{"level":"warn","message":"[BashTool] pre-flight check"}"#.to_owned(),
        format!(r#"{{"message":{ours}}}"#),
        format!("[{ours}]"),
    ] {
        let mut host = Host::in_turn();
        host.receive_line(&line);
        assert_eq!((host.outcomes(), host.damaged().len(), host.rejected().len()), (vec![], 0, 1), "{line}");
        host.receive_line(result(SESSION));
        assert_eq!(host.outcomes(), [Outcome::Success]);
    }
    // JSON of a log that has a `type` is a message of an unknown kind, which says nothing of prompts.
    let mut host = Host::in_turn();
    host.receive_line(r#"{"type":"warning","message":"x"}"#);
    assert_eq!((host.outcomes(), host.rejected().len()), (vec![], 0));
}

#[test]
fn a_repeated_result_ends_a_prompt_once() {
    let mut host = Host::in_turn();
    let first = result(host.prompt, 1);
    host.receive_line(format!("[debug] wrote {first}"));
    let second = host.session.prompt(SessionTime::ZERO, Prompt::text("again")).expect("there is room");
    host.session.sent(SessionTime::ZERO, usize::MAX);
    host.receive_line(init());
    host.receive_line(echo(second));
    // The line itself, late: the second prompt is not over.
    host.receive_line(first);
    assert_eq!(host.outcomes(), [Outcome::Success]);
    host.receive_line(result(second, 2));
    assert_eq!(host.outcomes(), [Outcome::Success, Outcome::Success]);
    let results = host.actions.iter().filter(|action| matches!(action, Action::TurnEnded { .. })).count();
    assert_eq!(results, 2);
}

#[test]
fn a_rejected_line_reports_if_a_result_is_due() {
    let mut session = Protocol::new(Config::new(Seed::from_bytes([1; 16])), SessionTime::ZERO);
    session.receive(SessionTime::ZERO, b"motd\n");
    assert!(matches!(session.poll_action(), Some(Action::RejectedLine(RejectedLine { result_due: false, .. }))));
    let mut host = Host::in_turn();
    host.receive_line(r#"{"type":"result","subtype":"suc"#);
    host.reads(&[&vec![b'x'; 70 << 20][..], b"\n"].concat());
    let rejected = host.rejected();
    assert_eq!(
        rejected.iter().map(|line| line.reason).collect::<Vec<_>>(),
        [RejectedReason::NotJson, RejectedReason::TooLong]
    );
    assert!(rejected.iter().all(|line| line.result_due));
}

#[test]
fn the_end_contains_the_last_rejected_lines() {
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let message = "Es gibt keine Distribution f\u{fc}r \u{201e}x\u{201c}.\r\nError code: WSL_E_DISTRO_NOT_FOUND\r\n";
    let mut host = Host::new();
    host.receive_line("x".repeat(10_000));
    host.reads(&utf16(message));
    host.session.exited(SessionTime::ZERO, Exit::Code(1));
    host.session.eof(SessionTime::ZERO);
    host.session.stderr_eof(SessionTime::ZERO);
    host.reads(b"");
    let Some(Action::Closed(closed)) = host.actions.last() else { panic!("it is over") };
    assert_eq!(closed.reason, CloseReason::Exited);
    let tail = &closed.rejected_tail;
    assert!(tail.len() <= 4096 && tail.starts_with("xxx"), "{tail}");
    assert!(tail.contains(&message.replace('\r', "")), "{tail}");
}
