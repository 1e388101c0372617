//! Any line as a message of the CLI: every typed view of it decodes or says why not, and none panics.

use claude_duplex::message::Transcript;
use claude_duplex::request as of;
use claude_duplex::{
    Action, Config, IncomingKinds, IncomingRequest, IncomingResponse, Json, Message, Prompt, Protocol, Request,
    Response, Seed, SessionTime, UnknownIncoming,
};

pub(crate) fn body(line: &[u8]) {
    let _ = crate::slow_scan::agree(line);
    // A line costs the slow one as much as it has braces.
    if line.len() < 1000 {
        let _ = crate::slow_scan::agree_on_damage(line);
    }
    if let Ok(message) = Message::parse(line) {
        views(&message);
        transcript(&message);
    }
    session(line);
    let _ = Json::parse(&String::from_utf8_lossy(line)).map(|json| shown(&json));
}

fn views(message: &Message) {
    assert_eq!(Message::parse(message.as_bytes()).as_ref(), Ok(message));
    shown(&(message, message.kind(), message.type_name(), message.subtype(), message.uuid(), message.session_id()));
    shown(&(message.is_subagent(), message.line(), message.to_json()));
    shown(&(message.view(), message.result(), message.assistant(), message.user()));
    shown(&(message.stream_event(), message.system(), message.content(), message.delta()));
    if let Ok(view) = message.view() {
        assert_eq!(message.view().as_ref(), Ok(&view));
        shown(&view.unknown_names());
    }
    if let Ok(result) = message.result() {
        shown(&(result.error_text(), result.cost_since(None), result.cost_since(Some(&result))));
    }
    // What is read as text is JSON, and says the same.
    let text = Message::parse(message.line().as_bytes()).expect("the text of a message is one");
    assert_eq!((text.kind(), text.subtype(), text.uuid()), (message.kind(), message.subtype(), message.uuid()));
}

fn transcript(message: &Message) {
    let mut transcript = Transcript::with_limit(1000);
    for _ in 0..3 {
        transcript.add(message);
    }
    shown(&(transcript.text(), transcript.partial_text(), transcript.final_text(), transcript.result()));
    shown(&(transcript.texts().count(), transcript.calls().count(), transcript.dropped()));
}

/// What a session makes of the line, and of the answers to what it asks.
fn session(line: &[u8]) {
    let now = SessionTime::ZERO;
    let mut config = Config::new(Seed::from_bytes([0; 16]));
    config.handled = IncomingKinds::ALL;
    config.unknown_incoming = UnknownIncoming::Deliver;
    let mut session = Protocol::new(config, now);
    session.prompt(now, Prompt::text("hello")).expect("there is room");
    session.request(now, Request::initialize().id("r")).expect("there is room");
    // At the end, a last line needs no line end.
    session.receive(now, line);
    session.receive(now, b"\n");
    while let Some(action) = session.poll_action() {
        shown(&action);
        match action {
            Action::IncomingRequest(incoming) => {
                decode_incoming(&incoming);
                let answer = IncomingResponse::Error { message: "no".into() };
                session.respond(now, incoming.id(), answer).expect("the ask is open");
            }
            Action::ResponseReceived { response: Ok(reply), .. } => replied(&reply),
            _ => {}
        }
    }
}

macro_rules! each {
    ($reply:ident: $($call:ident),+) => { $(shown(&$reply.decode_as::<of::$call>());)+ };
}

fn decode_incoming(incoming: &IncomingRequest) {
    shown(&(
        incoming,
        incoming.kind(),
        incoming.message(),
        incoming.permission(),
        incoming.hook(),
        incoming.mcp(),
        incoming.elicitation(),
        incoming.dialog(),
    ));
    if let Ok(permission) = incoming.permission() {
        shown(&permission.questions());
        for update in permission.suggestions() {
            shown(&(update.change(), update.destination()));
        }
    }
    if let Ok(hook) = incoming.hook() {
        shown(&hook.input.details());
    }
}

fn replied(reply: &Response) {
    shown(&(reply, reply.payload(), reply.interrupted()));
    each!(reply: ApplyFlagSettings, BackgroundTasks, CancelAsyncMessage, EndSession, FileSuggestions, GetBinaryVersion, GetContextUsage, GetHooksListing, GetSessionCost, GetSettings, GetTaskOutput, GetUsage, Initialize, ListModels, ListPermissionRules, McpCall, McpMessage, McpReadResource, McpReconnect, McpSetServers, McpStatus, McpToggle, ReadFile, RegisterRepoRoot, ReloadOutputStyles, ReloadPlugins, ReloadSkills, RenameSession, RewindFiles, SeedReadState, SetColor, SetHasSubscribers, SetMaxThinkingTokens, SetMcpPermissionModeOverride, SetModel, SetPermissionMode, SideQuestion, StopTask, UpdateSettings);
}

/// Everything can be shown, and nothing that is shown has a control character in it.
fn shown(value: &impl std::fmt::Debug) {
    let text = format!("{value:?}");
    assert!(!text.chars().any(char::is_control), "{}", text.escape_debug());
}
