//! Journals that are kept: every later version reads them.

use std::path::Path;
use std::time::Duration;

use claude_duplex::ask::hook::{HookEvent, Output};
use claude_duplex::ask::mcp::McpAnswer;
use claude_duplex::ask::{Classification, DialogAnswer, ElicitationAnswer, PermissionUpdate};
use claude_duplex::{
    Action, Answer, AskId, CloseReason, Decision, Exit, Input, Interrupt, Journal, Json, Outcome, Prompt, PromptId,
    Recorder, Request, Time,
};

/// Every kind of input, as format 1 writes it.
const EVERY_KIND: &str = include_str!("../../journals/every_kind.ndjson");

fn every_kind() -> Vec<Input<'static>> {
    // Only a session can make ids, and serde.
    let ask: AskId = serde_json::from_str(r#"{"session":7,"number":1}"#).unwrap();
    let prompt = r#"{"session":7,"number":2,"uuid":"00000001-0000-4000-8000-000000000000"}"#;
    let prompt: PromptId = serde_json::from_str(prompt).unwrap();
    let json = |text| Json::parse(text).unwrap();
    // A suggestion, which is kept whatever it says.
    let suggestion: PermissionUpdate = serde_json::from_str("{}").unwrap();
    let classified = Decision::deny("no").classified(Classification::UserReject).about_tool_use("toolu_1");
    vec![
        Input::StderrEof,
        Input::Prompt(Prompt::text("hello")),
        Input::Prompt(
            Prompt::blocks(json("[ {\"type\":\"new\",\"n\": 1e400} ]"))
                .unwrap()
                .uuid(prompt.uuid())
                .busy(claude_duplex::Busy::Send),
        ),
        Input::Prompt(Prompt::text("later").field("priority", json("\"later\""))),
        Input::Cancel(prompt),
        Input::Interrupt(Interrupt::running()),
        Input::Interrupt(Interrupt::prompt(prompt).cancel_queued().id("mine")),
        Input::Request(Request::new("set_model").field("model", json("\"m\"")).id("mine")),
        Input::Answer(ask, Decision::allow().into()),
        Input::Answer(ask, Decision::allow_with(json("{\"a\":1}")).and_remember(suggestion).into()),
        Input::Answer(ask, Decision::deny("no").and_interrupt().into()),
        Input::Answer(ask, Answer::Raw(json("{\"b\":2}"))),
        Input::Answer(ask, Answer::Error { message: "no".into() }),
        Input::Receive(b"{\"type\":\"x\",\"text\":\"\\\\ \xc3\xa9 \x01\"}\r\n".into()),
        Input::Receive(b"\xff\n".into()),
        Input::Stderr(b"a warning\n".into()),
        Input::Sent(133),
        Input::SendFailed,
        Input::Timeout,
        Input::Eof,
        Input::Exited(Exit::Code(1)),
        Input::Exited(Exit::Signal(9)),
        Input::Exited(Exit::Unknown),
        Input::Close,
        Input::Abort,
        Input::Answer(ask, classified.into()),
        Input::Answer(ask, HookEvent::PreToolUse.refusal("no").unwrap().into()),
        Input::Answer(ask, Output::in_background(Some(Duration::from_secs(1))).into()),
        Input::Answer(ask, McpAnswer::raw(json("{\"id\":1e400}")).into()),
        Input::Answer(ask, ElicitationAnswer::accept_with(json("{\"a\":1}")).into()),
        Input::Answer(ask, DialogAnswer::cancelled().into()),
    ]
}

#[test]
fn every_kind_of_input_is_read_and_written_as_it_was() {
    let mut recorder = Recorder::new(Vec::new(), &super::refused::config(), Time::from_nanos(3), u64::MAX);
    for (input, nanos) in every_kind().iter().zip(10..) {
        recorder.input(Time::from_nanos(nanos), input);
    }
    let written = String::from_utf8(recorder.into_inner()).unwrap();
    if std::env::var_os("BLESS").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/journals/every_kind.ndjson");
        std::fs::write(path, &written).unwrap();
        return;
    }
    let journal = Journal::read(EVERY_KIND.as_bytes()).unwrap();
    assert_eq!(journal.start, Time::from_nanos(3));
    assert_eq!(journal.config, super::refused::config());
    let inputs: Vec<_> = journal.inputs.into_iter().map(|(_, input)| input).collect();
    assert_eq!(inputs, every_kind());
    // The header of a later version may say more.
    let records = |text: &str| text.split_once('\n').map(|(_, records)| records.to_owned());
    assert_eq!(records(&written), records(EVERY_KIND));
}

/// One that `tests/real_cli` recorded: a permission, a prompt that was queued, an interrupt, the end.
#[test]
fn a_session_of_the_real_cli_replays_to_its_end() {
    let journal = Journal::read(include_bytes!("../../journals/2.1.329.ndjson")).unwrap();
    let actions: Vec<Action> = journal.replay().flat_map(|step| step.actions).collect();
    let outcomes = actions.iter().filter_map(|action| match action {
        Action::PromptEnded { outcome, .. } => Some(*outcome),
        _ => None,
    });
    assert_eq!(outcomes.collect::<Vec<_>>(), [Outcome::Success, Outcome::Interrupted]);
    let Some(Action::Closed(closed)) = actions.last() else { panic!("it was closed") };
    assert_eq!((closed.why, closed.exit, closed.cut_input), (CloseReason::Closed, Some(Exit::Code(1)), false));
}
