//! What a person sees of values: names, and contents that are cut and marked as cut, on one line.

use claude_duplex::incoming::hook::PreToolUseOutput;
use claude_duplex::incoming::mcp::{IncomingMcpMessage, JsonRpc, McpResponse, SdkMcpServer, SdkMcpTool};
use claude_duplex::incoming::{
    DialogResponse, ElicitationResponse, PermissionChange, PermissionDestination, PermissionRule, PermissionUpdate,
    QuestionResponse, Questions, RuleBehavior,
};
use claude_duplex::message::Transcript;
use claude_duplex::{
    Action, Allow, CancelledReason, ChildCommand, Config, ContentBlock, Deadline, Decision, DeclinedReason,
    IncomingKind, IncomingResponse, Input, Interrupt, Journal, Json, LostReason, Message, MessageKind, Outcome, Prompt,
    Protocol, Recorder, Request, RequestError, ResponseKind, Seed, SessionTime, StreamDelta,
};

/// A content as nobody wants it in a log: long, with an escape sequence that clears the screen.
fn long() -> String {
    format!("start\u{1b}[2J\n\u{202e}{}", "é".repeat(50_000))
}

fn json() -> Json {
    Json::from_text(long())
}

fn config() -> Config {
    Config::new(Seed::from_bytes([1; 16])).handle(IncomingKind::Permission)
}

/// The content blocks of an assistant that says these.
fn contents(blocks: &serde_json::Value) -> Vec<ContentBlock> {
    let line = serde_json::json!({ "type": "assistant", "message": { "content": blocks } });
    Message::parse(line.to_string().as_bytes()).unwrap().content().unwrap()
}

/// All that follows from those lines of the CLI.
fn actions(lines: &[serde_json::Value]) -> Vec<Action> {
    let mut protocol = Protocol::new(config(), SessionTime::ZERO);
    protocol.request(SessionTime::ZERO, Request::new("mcp_status").id("r")).unwrap();
    protocol.stderr(SessionTime::ZERO, long().as_bytes());
    lines.iter().for_each(|line| protocol.receive(SessionTime::ZERO, format!("{line}\n").as_bytes()));
    protocol.abort(SessionTime::ZERO);
    while let Some((due, _)) = protocol.poll_timeout() {
        protocol.handle_timeout(due);
    }
    std::iter::from_fn(|| protocol.poll_action()).collect()
}

fn lines() -> Vec<serde_json::Value> {
    let long = long();
    vec![
        serde_json::json!({ "type": "system", "subtype": "init", "session_id": long, "claude_code_version": "2.1.329",
            "capabilities": vec![&long; 100] }),
        serde_json::json!({ "type": "control_request", "request_id": "a",
            "request": { "subtype": "can_use_tool", "tool_name": long, "input": { "a": long }, "description": long,
                "permission_suggestions": vec![serde_json::json!({ "a": long }); 100] } }),
        serde_json::json!({ "type": "control_response",
            "response": { "subtype": "error", "request_id": "r", "error": long, "error_code": long } }),
        serde_json::json!({ "type": "result", "subtype": long, "is_error": true, "result": long, "usage": { "a": long },
            "errors": vec![&long; 100], "terminal_reason": long, "session_id": long, "origin": { "kind": long } }),
        serde_json::json!({ "type": "assistant", "message": { "content": [{ "type": "text", "text": long }] } }),
    ]
}

/// The error of a request that the CLI refuses with many words.
fn refusal() -> RequestError {
    let refused = actions(&lines()).into_iter().find_map(|action| match action {
        Action::ResponseReceived { response, .. } => response.err(),
        _ => None,
    });
    refused.expect("the request is refused")
}

#[test]
fn debug_output_truncates_and_marks_content() {
    let mut shown: Vec<(String, String)> = Vec::new();
    let mut show = |what: &str, value: &dyn std::fmt::Debug| shown.push((what.to_owned(), format!("{value:?}")));

    let prompt = || Prompt::text(long());
    let inputs = [
        Input::Receive(long().into_bytes().into()),
        Input::Stderr(long().into_bytes().into()),
        Input::Prompt(prompt()),
        Input::Interrupt(Interrupt::running().id(long())),
        Input::Request(Request::new(long())),
    ];
    inputs.iter().for_each(|input| show("input", input));
    let answers = [
        IncomingResponse::Raw(json()),
        IncomingResponse::Error { message: long() },
        Decision::deny(long()).into(),
        Allow::new()
            .with_input(json())
            .and_remember_all((0..100).map(|_| PermissionChange::AddDirectories(vec![long()])))
            .into(),
    ];
    answers.iter().for_each(|answer| show("answer", answer));
    let contents = contents(&serde_json::json!([
        { "type": "text", "text": long() },
        { "type": "thinking", "thinking": long() },
        { "type": "tool_use", "id": long(), "name": long(), "input": long(), (long()): vec![long(); 100] },
        { "type": "tool_result", "tool_use_id": long(), "content": long() },
        { "type": long(), "a": long() },
    ]));
    contents.iter().for_each(|content| show("content", content));
    let deltas = [
        StreamDelta::Text(long()),
        StreamDelta::Thinking(long()),
        StreamDelta::Signature(long()),
        StreamDelta::Input(long()),
        StreamDelta::Citation(json()),
        StreamDelta::Other(json()),
    ];
    deltas.iter().for_each(|delta| show("delta", delta));
    show("refused", &refusal());

    for action in actions(&lines()) {
        match &action {
            Action::Session(session) => show("session", session),
            Action::IncomingRequest(incoming_request) => show("permission", &incoming_request.permission().unwrap()),
            Action::Message { message, .. } => {
                show("message", message);
                show("view", &message.view());
                let mut transcript = Transcript::new();
                transcript.add(message);
                show("transcript", &transcript);
                if let Ok(result) = message.result() {
                    show("result", &result);
                    #[derive(Debug, serde::Deserialize)]
                    #[allow(dead_code, reason = "it is never decoded")]
                    struct Other {
                        result: u8,
                    }
                    // Such an error repeats the text that was not expected.
                    show("decode error", &message.decode::<Other>().unwrap_err());
                    show("bad json", &message.to_json().decode::<Other>().unwrap_err());
                }
            }
            Action::Closed(closed) => {
                show("closed", closed);
                assert!(format!("{closed:?}").contains("ééé\""), "the end of stderr says what went wrong");
            }
            _ => {}
        }
        show("action", &action);
    }

    let mut file = Vec::new();
    let mut recorder = Recorder::new(&mut file, &config(), SessionTime::ZERO, u64::MAX);
    let mut protocol = Protocol::new(config(), SessionTime::ZERO);
    for input in inputs {
        recorder.input(SessionTime::ZERO, &input);
        protocol.apply(SessionTime::ZERO, input);
    }
    show("protocol", &protocol);
    let journal = Journal::read(&file).unwrap();
    show("journal", &journal);
    show("replay", &journal.replay());
    journal.replay().for_each(|step| show("step", &step));

    for (what, shown) in &shown {
        assert!(shown.len() < 3000, "{what} shows {} bytes: {}", shown.len(), &shown[..300]);
        assert!(!shown.contains(|c: char| c.is_control() || c == '\u{202e}'), "{what} is raw: {shown}");
        assert!(!shown.contains("éééé") || shown.contains("bytes)"), "{what} is not marked as cut: {shown}");
    }
    let marked = shown.iter().filter(|(_, shown)| shown.contains("bytes)")).count();
    assert!(marked > 30, "{marked}");
}

/// Of values that are made of others, one of each kind that holds a content.
#[test]
fn debug_output_truncates_values_of_the_host() {
    use claude_duplex::testing::{MockCli, Script, Step, TestSession, ToolStep as Called};

    let mut shown: Vec<(&str, String)> = Vec::new();
    let mut show = |what, value: &dyn std::fmt::Debug| shown.push((what, format!("{value:?}")));

    let rules = || vec![PermissionRule::calls(long(), long()); 100];
    let behavior = || RuleBehavior::Allow;
    show("rules", &PermissionChange::AddRules { behavior: behavior(), rules: rules() });
    show("rules", &PermissionChange::ReplaceRules { behavior: behavior(), rules: rules() });
    show("rules", &PermissionChange::RemoveRules { behavior: behavior(), rules: rules() });
    show("directories", &PermissionChange::AddDirectories(vec![long(); 100]));
    show("directories", &PermissionChange::RemoveDirectories(vec![long(); 100]));
    show(
        "update",
        &PermissionUpdate::new(&PermissionChange::AddDirectories(vec![long()]), PermissionDestination::Session),
    );
    show("hook's output", &PreToolUseOutput::new().permission_decision_reason(long()).updated_input(json()));
    show("elicitation", &ElicitationResponse::accept_with(json()));
    show("dialog", &DialogResponse::completed(json()));
    show("MCP answer", &McpResponse::raw(json()));

    let tool = || SdkMcpTool::new(long(), long(), json());
    let server = (0..9).fold(SdkMcpServer::new(long(), long()), |server, at| server.tool(tool_named(at)));
    show("server's tool", &tool());
    show("server", &server);
    show("rpc", &JsonRpc::Request { id: json(), method: long(), params: Some(json()) });
    show("rpc", &JsonRpc::Notification { method: long(), params: Some(json()) });
    show("rpc", &JsonRpc::Response { id: json(), outcome: Err(json()) });
    let (message, questions, reply) = incoming_examples();
    show("MCP message", &message);
    show("reaction", &SdkMcpServer::new("docs", "1").tool(SdkMcpTool::new("add", "", json())).react(&message));
    show("questions", &questions);
    show("questions' reply", &reply);

    let steps = || {
        let call = || Called::new(long(), json()).returns(long());
        let calls = std::iter::repeat_with(call).take(9);
        let incoming_request = Step::request(&long(), [("a", json())]);
        [
            Step::text(long()),
            Step::thinking(long()),
            Step::tools(calls),
            incoming_request,
            Step::raw(long()),
            Step::api_error(500, long(), 0),
        ]
    };
    steps().iter().for_each(|step| show("step", step));
    let script = || (0..9).fold(Script::default(), |script, _| script.then(steps()));
    show("peer", &MockCli::new(script(), SessionTime::ZERO));
    let mut pair = TestSession::new(config(), script());
    pair.prompt(long());
    pair.run_until(|action| matches!(action, Action::PromptEnded { .. }));
    // Which shows no content at all.
    show("pair", &pair);

    for (what, shown) in &shown {
        // Questions hold lists within lists, each cut.
        assert!(shown.len() < 9000, "{what} shows {} bytes: {:.300}", shown.len(), shown);
        assert!(!shown.contains(|c: char| c.is_control() || c == '\u{202e}'), "{what} is raw: {shown}");
        assert!(!shown.contains("éééé") || shown.contains("bytes)"), "{what} is not marked as cut: {shown}");
    }
    let marked = shown.iter().filter(|(_, shown)| shown.contains("bytes)")).count();
    assert!(marked > 20, "{marked}");
}

fn tool_named(number: usize) -> SdkMcpTool {
    SdkMcpTool::new(format!("{number}{}", long()), long(), json())
}

/// A call of a server's tool, and questions with their answers, out of incoming requests that say too much.
fn incoming_examples() -> (IncomingMcpMessage, Questions, QuestionResponse) {
    let examples = [
        serde_json::json!({ "type": "control_request", "request_id": "a", "request": { "subtype": "mcp_message",
            "server_name": "docs", "message": { "jsonrpc": "2.0", "id": long(), "method": "tools/call",
                "params": { "name": "add", "arguments": { "a": long() }, "_meta": { "claudecode/toolUseId": long() } } } } }),
        serde_json::json!({ "type": "control_request", "request_id": "b", "request": { "subtype": "can_use_tool",
            "tool_name": "AskUserQuestion", "input": { "questions": vec![serde_json::json!({ "question": long(),
                "header": long(), "multiSelect": false, "options": vec![serde_json::json!({ "label": long(),
                    "description": long() }); 9] }); 9] } } }),
    ];
    let mut protocol = Protocol::new(config().handle(IncomingKind::Mcp), SessionTime::ZERO);
    examples
        .iter()
        .for_each(|incoming_request| protocol.receive(SessionTime::ZERO, format!("{incoming_request}\n").as_bytes()));
    let mut examples = std::iter::from_fn(|| protocol.poll_action()).filter_map(|action| match action {
        Action::IncomingRequest(incoming_request) => Some(incoming_request),
        _ => None,
    });
    let message = examples.next().unwrap().mcp().unwrap();
    let questions = examples.next().unwrap().permission().unwrap().questions().unwrap();
    let reply = questions.reply().choose(&questions.list[0].question, long()).unwrap();
    (message, questions, reply)
}

#[test]
fn debug_output_shows_short_content_completely() {
    let block = serde_json::json!([{ "type": "tool_use", "id": "t", "name": "Bash", "input": "ls" }]);
    let shown = format!("{:?}", contents(&block)[0]);
    assert_eq!(shown, r#"ToolUse(ToolUseBlock { id: "t", name: "Bash", input: "ls" })"#);
    assert_eq!(format!("{:?}", IncomingResponse::Error { message: "a\nb".into() }), r#"Error { message: "a\nb" }"#);
    assert_eq!(format!("{:?}", Input::Stderr(b"a\tb".as_slice().into())), r#"Stderr("a\tb")"#);
    assert_eq!(format!("{:?}", Input::Sent(7)), "Sent(7)");
}

#[test]
fn debug_output_uses_wire_names() {
    assert_eq!(IncomingKind::KNOWN.iter().map(IncomingKind::to_string).collect::<Vec<_>>().join(" "), {
        "can_use_tool hook_callback mcp_message elicitation request_user_dialog"
    });
    assert_eq!(MessageKind::ControlCancelRequest.to_string(), "control_cancel_request");
    assert_eq!(format!("{:>8}|{:<8}|", MessageKind::Other, IncomingKind::Unknown), "   other|unknown |");
    for outcome in [Outcome::Success, Outcome::Error, Outcome::Interrupted, Outcome::Cancelled, Outcome::Blocked] {
        assert_eq!(serde_json::to_string(&outcome).unwrap(), format!("\"{outcome}\""));
    }
    assert_eq!(Outcome::Lost(LostReason::Eof).to_string(), "lost: the CLI's output ended");
    let deadlines = [Deadline::Initialize, Deadline::Request, Deadline::Interrupt, Deadline::Turn, Deadline::Result];
    assert_eq!(deadlines.map(|deadline| deadline.to_string()).join(" "), "initialize request interrupt turn result");
    let orders = [ChildCommand::CloseStdin, ChildCommand::Terminate, ChildCommand::Kill];
    assert_eq!(orders.map(|order| order.to_string()).join(", "), "close stdin, terminate, kill");
    assert_eq!(DeclinedReason::Unhandled.to_string(), "the host does not handle incoming requests of this kind");
    let verdicts = [
        ResponseKind::Allowed,
        ResponseKind::Denied,
        ResponseKind::Answered,
        ResponseKind::Error,
        ResponseKind::Declined,
    ];
    for verdict in verdicts {
        assert_eq!(serde_json::to_string(&verdict).unwrap(), format!("\"{verdict}\""));
    }
    assert_eq!(CancelledReason::Cli.to_string(), "cancelled by the CLI");
    assert_eq!(CancelledReason::Ended(LostReason::Unsent).to_string(), "the CLI no longer reads its input");
}
