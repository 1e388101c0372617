//! Journals that are kept: every later version reads them.

use std::path::Path;
use std::time::Duration;

use claude_duplex::incoming::hook::{HookEvent, HookOutput};
use claude_duplex::incoming::mcp::McpResponse;
use claude_duplex::incoming::{Classification, DialogResponse, ElicitationResponse, PermissionUpdate};
use claude_duplex::{
    Action, Allow, CloseReason, Decision, Deny, Exit, IncomingId, IncomingResponse, Input, Interrupt, Journal, Json,
    Outcome, Prompt, PromptId, Recorder, Request, SessionTime,
};

/// Every kind of input, as format 1 writes it.
const EVERY_KIND: &str = include_str!("../../journals/every_kind.ndjson");

fn every_kind() -> Vec<Input<'static>> {
    // Only a session can make ids, and serde.
    let incoming_id: IncomingId = serde_json::from_str(r#"{"session":7,"number":1}"#).unwrap();
    let prompt = r#"{"session":7,"number":2,"uuid":"00000001-0000-4000-8000-000000000000"}"#;
    let prompt: PromptId = serde_json::from_str(prompt).unwrap();
    let json = |text| Json::parse(text).unwrap();
    // A suggestion, which is kept whatever it says.
    let suggestion: PermissionUpdate = serde_json::from_str("{}").unwrap();
    let classified = Deny::new("no").classified(Classification::UserReject).about_tool_use("toolu_1");
    vec![
        Input::StderrEof,
        Input::Prompt(Prompt::text("hello")),
        Input::Prompt(
            Prompt::from_json(json("[ {\"type\":\"new\",\"n\": 1e400} ]"))
                .unwrap()
                .uuid(prompt.uuid())
                .when_busy(claude_duplex::WhenBusy::Send),
        ),
        Input::Prompt(Prompt::text("later").field("priority", json("\"later\""))),
        Input::Cancel(prompt),
        Input::Interrupt(Interrupt::running()),
        Input::Interrupt(Interrupt::prompt(prompt).cancel_queued().id("mine")),
        Input::Request(Request::new("set_model").field("model", json("\"m\"")).id("mine")),
        Input::Respond(incoming_id, Decision::allow().into()),
        Input::Respond(incoming_id, Allow::new().with_input(json("{\"a\":1}")).and_remember(suggestion).into()),
        Input::Respond(incoming_id, Deny::new("no").and_interrupt().into()),
        Input::Respond(incoming_id, IncomingResponse::Raw(json("{\"b\":2}"))),
        Input::Respond(incoming_id, IncomingResponse::Error { message: "no".into() }),
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
        Input::Respond(incoming_id, classified.into()),
        Input::Respond(incoming_id, HookEvent::PreToolUse.refusal("no").unwrap().into()),
        Input::Respond(incoming_id, HookOutput::in_background(Some(Duration::from_secs(1))).into()),
        Input::Respond(incoming_id, McpResponse::raw(json("{\"id\":1e400}")).into()),
        Input::Respond(incoming_id, ElicitationResponse::accept_with(json("{\"a\":1}")).into()),
        Input::Respond(incoming_id, DialogResponse::cancelled().into()),
        Input::CloseNow,
    ]
}

#[test]
fn every_kind_of_input_survives_a_round_trip() {
    let mut recorder = Recorder::new(Vec::new(), &super::refused::config(), SessionTime::from_nanos(3), u64::MAX);
    for (input, nanos) in every_kind().iter().zip(10..) {
        recorder.input(SessionTime::from_nanos(nanos), input);
    }
    let written = String::from_utf8(recorder.into_inner()).unwrap();
    if std::env::var_os("BLESS").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/journals/every_kind.ndjson");
        std::fs::write(path, &written).unwrap();
        return;
    }
    let journal = Journal::read(EVERY_KIND.as_bytes()).unwrap();
    assert_eq!(journal.start, SessionTime::from_nanos(3));
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
    assert_eq!((closed.reason, closed.exit, closed.cut_input), (CloseReason::Closed, Some(Exit::Code(1)), false));
}
