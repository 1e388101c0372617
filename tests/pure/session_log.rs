//! What a viewer of a `SessionLog` has: whatever the session, the changes add up to the entries.

use std::collections::BTreeMap;

use claude_duplex::message::{ToolCall, Transcript};
use claude_duplex::testing::{CliVersion, Script, Step, TestSession, ToolStep};
use claude_duplex::{
    Action, Config, Decision, Exit, IncomingKind, LogChange, LogContent, LogEntry, Outcome, PromptState, Protocol,
    Seed, SessionLog, SessionTime, ToolState,
};

use crate::play::{Event, Player};
use crate::recorded::{name, recordings};

/// A viewer that applies changes, and accepts none that makes no sense.
#[derive(Default)]
struct Viewer {
    entries: BTreeMap<u64, LogEntry>,
    next: u64,
}

impl Viewer {
    fn apply(&mut self, changes: Vec<LogChange>) {
        for change in changes {
            match change {
                LogChange::Add(entry) => {
                    assert_eq!(entry.number, self.next, "numbers are given in order");
                    self.next += 1;
                    self.entries.insert(entry.number, entry);
                }
                LogChange::Replace(entry) => {
                    let old = self.entries.insert(entry.number, entry.clone()).expect("the entry was added");
                    assert_ne!(old, entry, "nothing has changed");
                    let kinds = [&old.content, &entry.content].map(std::mem::discriminant);
                    assert_eq!(kinds[0], kinds[1], "{old:?} {entry:?}");
                }
                LogChange::Append { number, text: more, .. } => {
                    let entry = self.entries.get_mut(&number).expect("the entry was added");
                    let (LogContent::Text { text, .. } | LogContent::Thinking { text, .. }) = &mut entry.content else {
                        panic!("{entry:?} has no text that grows")
                    };
                    text.push_str(&more);
                }
                LogChange::Remove { number, .. } => {
                    self.entries.remove(&number).expect("the entry was added");
                }
                other => panic!("{other:?} is new"),
            }
        }
    }

    fn has(&self, log: &SessionLog) {
        for entry in log.entries() {
            assert_eq!(self.entries.get(&entry.number), Some(entry));
        }
    }
}

fn texts<'a>(entries: impl Iterator<Item = &'a LogEntry>) -> Vec<&'a str> {
    let text = |entry: &'a LogEntry| match &entry.content {
        LogContent::Text { text, parent_tool_use_id: None, .. } => Some(text.as_str()),
        _ => None,
    };
    entries.filter_map(text).collect()
}

fn tool(log: &SessionLog) -> (&ToolCall, &ToolState) {
    let tools = log.entries().filter_map(|entry| match &entry.content {
        LogContent::ToolCall { call, state, .. } => Some((&**call, state)),
        _ => None,
    });
    tools.last().expect("a tool was called")
}

fn prompt(log: &SessionLog) -> (&str, PromptState) {
    let prompts = log.entries().filter_map(|entry| match &entry.content {
        LogContent::Prompt { text, state, .. } => Some((&**text, *state)),
        _ => None,
    });
    prompts.last().expect("a prompt was sent")
}

fn session(script: Script) -> TestSession {
    TestSession::new(Config::new(Seed::from_bytes([1; 16])).handle(IncomingKind::Permission), script)
}

fn add_all(log: &mut SessionLog, actions: &[Action]) {
    for action in actions {
        log.add(action);
    }
}

/// Every recording, with all that the log keeps, and with a limit that makes it forget most.
#[test]
fn the_changes_of_every_recording_add_up_to_its_entries() {
    let mut forgotten = 0;
    for (path, lines) in recordings() {
        let (mut log, mut small) = (SessionLog::new(), SessionLog::with_limit(2000));
        let mut viewers = [Viewer::default(), Viewer::default()];
        let mut transcript = Transcript::new();
        for (_, event) in Player::new().play(&lines).events {
            let Event::Action(action) = event else { continue };
            viewers[0].apply(log.add(&action));
            viewers[1].apply(small.add(&action));
            if let Action::Message { message, .. } = &action {
                transcript.add(message);
            }
        }
        assert_eq!(viewers[0].entries.len(), log.entries().count(), "{}", name(&path));
        viewers[0].has(&log);
        viewers[1].has(&small);
        // The log also has the texts of interrupted turns, which are not complete.
        let mut shown = texts(log.entries()).into_iter();
        for text in transcript.texts() {
            assert!(shown.any(|shown| shown == text), "{}: {text:?} is not there, or not in order", name(&path));
        }
        let mut calls = log.entries().filter_map(|entry| match &entry.content {
            LogContent::ToolCall { call, .. } => Some(&**call),
            _ => None,
        });
        for call in transcript.calls() {
            let found = calls.find(|found| found.id == call.id).unwrap_or_else(|| panic!("{}: {call:?}", name(&path)));
            assert_eq!((&found.input, &found.result), (&call.input, &call.result), "{}", name(&path));
        }
        forgotten += small.forgotten();
    }
    assert!(forgotten > 100, "{forgotten}");
}

#[test]
fn a_tool_waits_for_its_permission_runs_and_succeeds() {
    let call = ToolStep::bash("ls").requires_permission().returns("a.txt");
    let mut session = session(Script::default().then([Step::from(call), Step::text("one file")]));
    let (mut log, mut viewer) = (SessionLog::new(), Viewer::default());
    let id = session.prompt("look");
    viewer.apply(log.add_prompt(id, "look"));
    assert_eq!(prompt(&log), ("look", PromptState::Waiting));
    for action in session.run_until_idle() {
        viewer.apply(log.add(&action));
    }
    assert_eq!(prompt(&log), ("look", PromptState::Running));
    let ToolState::AwaitingPermission { incoming, request_id, .. } = tool(&log).1 else { panic!("{log:?}") };
    let incoming = *incoming;
    assert!(!request_id.is_empty());
    session.respond(incoming, Decision::allow());
    let mut states = Vec::new();
    for action in session.run_until_idle() {
        viewer.apply(log.add(&action));
        states.push(tool(&log).1.clone());
    }
    states.dedup();
    assert!(states.ends_with(&[ToolState::Running, ToolState::Succeeded]), "{states:?}");
    assert_eq!(tool(&log).0.result.as_ref().expect("a result").text(), "a.txt");
    let PromptState::Ended { outcome, total_cost_usd, .. } = prompt(&log).1 else { panic!("{:?}", prompt(&log)) };
    assert_eq!((outcome, total_cost_usd.is_some()), (Outcome::Success, true));
    viewer.has(&log);
}

/// 1.0.128 does not say in the request which call it is about.
#[test]
fn a_permission_is_attached_to_its_call_on_every_version() {
    for version in CliVersion::ALL {
        let calls = ["one", "two"].map(|command| ToolStep::bash(command).requires_permission());
        let mut session = session(Script::new(*version).then([Step::tools(calls), Step::text("done")]));
        let mut log = SessionLog::new();
        session.prompt("run them");
        for _ in 0..2 {
            add_all(&mut log, &session.run_until_idle());
            let open = log.entries().find_map(|entry| match &entry.content {
                LogContent::ToolCall { state: ToolState::AwaitingPermission { incoming, .. }, .. } => Some(*incoming),
                _ => None,
            });
            session.respond(open.unwrap_or_else(|| panic!("{version:?}: {log:?}")), Decision::allow());
        }
        add_all(&mut log, &session.run_until_idle());
        let states: Vec<_> = log
            .entries()
            .filter_map(|entry| match &entry.content {
                LogContent::ToolCall { call, state, .. } => Some((call.input.clone()?.as_str().to_owned(), state)),
                _ => None,
            })
            .collect();
        assert_eq!(states.len(), 2, "{version:?}: {states:?}");
        assert!(states[0].0.contains("one") && states[1].0.contains("two"), "{version:?}: {states:?}");
        assert!(states.iter().all(|(_, state)| **state == ToolState::Succeeded), "{version:?}: {states:?}");
    }
}

#[test]
fn a_denied_tool_stays_denied_for_any_result() {
    let script = Script::default().then([ToolStep::bash("rm x").requires_permission().into(), Step::text("well")]);
    let mut session = session(script);
    let mut log = SessionLog::new();
    session.prompt("remove it");
    add_all(&mut log, &session.run_until_idle());
    let ToolState::AwaitingPermission { incoming, .. } = tool(&log).1 else { panic!("{log:?}") };
    session.respond(*incoming, Decision::deny("not now"));
    add_all(&mut log, &session.run_until_idle());
    let (call, state) = tool(&log);
    assert_eq!(*state, ToolState::Refused);
    assert_eq!(call.result.as_ref().expect("a result").text(), "not now");
    assert_eq!(texts(log.entries()), ["well"]);
}

#[test]
fn open_entries_are_unfinished_at_the_end_of_the_session() {
    let mut protocol = Protocol::new(Config::new(Seed::from_bytes([1; 16])), SessionTime::ZERO);
    let call = r#"{"type":"assistant","message":{"content":[{"type":"tool_use","id":"t","name":"Bash","input":{}}]}}"#;
    protocol.receive(SessionTime::ZERO, format!("{call}\n").as_bytes());
    let (mut log, mut viewer) = (SessionLog::new(), Viewer::default());
    while let Some(action) = protocol.poll_action() {
        viewer.apply(log.add(&action));
    }
    assert_eq!(tool(&log).1, &ToolState::Running);
    protocol.eof(SessionTime::ZERO);
    protocol.stderr_eof(SessionTime::ZERO);
    protocol.exited(SessionTime::ZERO, Exit::Code(1));
    let mut closed = None;
    while let Some(action) = protocol.poll_action() {
        viewer.apply(log.add(&action));
        if let Action::Closed(end) = action {
            closed = Some(end);
        }
    }
    assert_eq!(tool(&log).1, &ToolState::Unfinished);
    let last = log.entries().last().expect("an entry");
    assert!(matches!(&last.content, LogContent::Closed { end, .. } if Some(&**end) == closed.as_ref()));
    viewer.has(&log);
}

#[test]
fn a_prompt_that_was_taken_before_its_text_is_known_has_one_entry() {
    let mut session = session(Script::default());
    let (mut log, mut viewer) = (SessionLog::new(), Viewer::default());
    let id = session.prompt("hello");
    for action in session.run_until_idle() {
        viewer.apply(log.add(&action));
    }
    assert_eq!(prompt(&log).0, "");
    viewer.apply(log.add_prompt(id, "hello"));
    assert!(matches!(prompt(&log), ("hello", PromptState::Ended { .. })));
    let prompts = log.entries().filter(|entry| matches!(entry.content, LogContent::Prompt { .. }));
    assert_eq!((prompts.count(), viewer.entries.len()), (1, log.entries().count()));
    viewer.has(&log);
}

/// The message of a line, as a session reports it.
fn message(line: &str) -> Action {
    let mut protocol = Protocol::new(Config::new(Seed::from_bytes([1; 16])), SessionTime::ZERO);
    protocol.receive(SessionTime::ZERO, format!("{line}\n").as_bytes());
    let mut actions = std::iter::from_fn(|| protocol.poll_action());
    actions.find(|action| matches!(action, Action::Message { .. })).expect("a message")
}

#[test]
fn retracted_entries_are_removed() {
    let text = |uuid: &str, text: &str, more: &str| {
        message(&format!(
            r#"{{"type":"assistant","uuid":"{uuid}"{more},"message":{{"content":[{{"type":"text","text":"{text}"}}]}}}}"#
        ))
    };
    let (mut log, mut viewer) = (SessionLog::new(), Viewer::default());
    viewer.apply(log.add(&text("u1", "one", "")));
    viewer.apply(log.add(&text("u2", "two", r#","supersedes":["u1"]"#)));
    assert_eq!(texts(log.entries()), ["two"]);
    assert_eq!(texts(viewer.entries.values()), ["two"]);
}

#[test]
fn an_entry_dropped_by_the_limit_does_not_change() {
    let stream = |text: &str| {
        message(&format!(
            r#"{{"type":"stream_event","event":{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}}}}}"#
        ))
    };
    let mut log = SessionLog::with_limit(1000);
    log.add(&stream("begun"));
    for number in 0..4 {
        log.add_note(format!("note {number}"));
    }
    assert_eq!(texts(log.entries()), [""; 0]);
    assert!(log.forgotten() > 0);
    assert_eq!(log.add(&stream("and not shown any more")), []);
    let held: usize = log.entries().count();
    assert!((1..=3).contains(&held), "{held}");
    log.add_note("x".repeat(2000));
    assert_eq!(log.entries().count(), 0, "one that is longer than the limit is reported, and not kept");
}

/// Lines that belong to no turn are entries of their own.
#[test]
fn stderr_noise_and_notes_are_entries() {
    let mut config = Config::new(Seed::from_bytes([1; 16]));
    config.stderr_lines = true;
    let mut protocol = Protocol::new(config, SessionTime::ZERO);
    protocol.stderr(SessionTime::ZERO, b"a warning\n");
    protocol.receive(SessionTime::ZERO, b"npm notice\n");
    let mut log = SessionLog::new();
    while let Some(action) = protocol.poll_action() {
        log.add(&action);
    }
    log.add_note("of the host");
    let contents: Vec<_> = log.entries().map(|entry| &entry.content).collect();
    let [
        LogContent::Stderr { text: warning, .. },
        LogContent::RejectedLine { text: noise, .. },
        LogContent::Note { text: note, .. },
    ] = contents[..]
    else {
        panic!("{contents:?}")
    };
    assert_eq!([&**warning, noise, note], ["a warning", "npm notice", "of the host"]);
}
