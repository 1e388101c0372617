//! What the real CLI asked in the recordings, read by the typed views; and what was answered, made by the typed answers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::recording::{self, What};
use claude_duplex::incoming::hook::{HookOutput, HookOutputDecision};
use claude_duplex::incoming::mcp::{McpReaction, SdkMcpServer, SdkMcpTool};
use claude_duplex::{
    Action, Config, Decision, DecodeError, Deny, IncomingKind, IncomingKinds, IncomingRequest, IncomingResponse, Json,
    Protocol, RespondError, Seed, SessionTime,
};
use serde_json::{Value, json};

/// Every recording: its version, its name, and what was said in it.
fn recordings() -> Vec<(String, String, Vec<What>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let children = |folder: &Path| {
        let children = std::fs::read_dir(folder).expect("a folder of recordings");
        let mut children: Vec<_> = children.map(|child| child.expect("a file or folder").path()).collect();
        children.sort();
        children
    };
    let name = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut all = Vec::new();
    for version in children(&root).into_iter().filter(|path| path.is_dir()) {
        for path in children(&version) {
            if path.extension().is_some_and(|extension| extension == "ndjson") {
                let text = std::fs::read(&path).expect("a readable file");
                let lines = recording::read(&text).unwrap_or_else(|reason| panic!("{}: {reason}", path.display()));
                let lines = lines.into_iter().map(|line| line.what).collect();
                // A version has dots, which are no extension.
                let version = version.file_name().unwrap_or_default().to_string_lossy().into_owned();
                all.push((version, name(&path), lines));
            }
        }
    }
    assert!(all.len() >= 46, "only {} recordings were found", all.len());
    all
}

fn session() -> Protocol {
    let mut config = Config::new(Seed::from_bytes([1; 16]));
    config.handled = IncomingKinds::ALL;
    Protocol::new(config, SessionTime::ZERO)
}

/// What a line of the CLI asks, if it asks.
fn request(protocol: &mut Protocol, line: &[u8]) -> Option<IncomingRequest> {
    protocol.receive(SessionTime::ZERO, line);
    protocol.receive(SessionTime::ZERO, b"\n");
    let actions: Vec<Action> = std::iter::from_fn(|| protocol.poll_action()).collect();
    actions.into_iter().find_map(|action| match action {
        Action::IncomingRequest(incoming_request) => Some(incoming_request),
        _ => None,
    })
}

/// What its view is called, and the fields that it does not name.
fn view(incoming_request: &IncomingRequest) -> Result<(String, Vec<String>), DecodeError> {
    let names = |fields: &claude_duplex::message::Fields| fields.iter().map(|(name, _)| name.to_owned()).collect();
    Ok(match incoming_request.kind() {
        IncomingKind::Permission => {
            let permission = incoming_request.permission()?;
            assert!(permission.suggestions().iter().all(|update| update.change().is_ok()), "{permission:?}");
            if permission.tool_name == "AskUserQuestion" {
                assert_eq!(permission.questions()?.list.len(), 1);
            }
            (format!("can_use_tool {}", permission.tool_name), names(&permission.unknown_fields))
        }
        IncomingKind::Hook => {
            let hook = incoming_request.hook()?;
            (hook.input.event.to_string(), names(hook.input.details()?.unknown_fields()))
        }
        IncomingKind::Mcp => {
            let message = incoming_request.mcp()?;
            assert!(message.rpc().is_ok(), "{message:?}");
            ("mcp_message".to_owned(), names(&message.unknown_fields))
        }
        kind => panic!("no recording has a {kind:?}"),
    })
}

#[test]
fn every_recorded_incoming_request_decodes() {
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut unknown_names = BTreeSet::new();
    let mut count = 0;
    for (version, name, lines) in recordings() {
        let mut protocol = session();
        for line in lines {
            let What::Out(line) = line else { continue };
            let Some(incoming_request) = request(&mut protocol, &line) else { continue };
            let (view, rest) = view(&incoming_request).unwrap_or_else(|error| panic!("{version}/{name}: {error}"));
            unknown_names.extend(rest.into_iter().map(|field| format!("{view}.{field}")));
            versions.entry(view).or_default().insert(version.clone());
            count += 1;
        }
    }
    for (view, versions) in &versions {
        println!("{view}: {}", versions.iter().cloned().collect::<Vec<_>>().join(", "));
    }
    println!("fields that no view names: {unknown_names:?}");
    assert_eq!(unknown_names, BTreeSet::new());
    assert!(count >= 100, "only {count} asks were found");
}

/// The typed answer that says what was said.
fn typed(incoming_request: &IncomingRequest, recorded_response: &Value) -> IncomingResponse {
    let parse = |value: &Value| Json::parse(&value.to_string()).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match incoming_request.kind() {
        IncomingKind::Permission if incoming_request.permission().unwrap().tool_name == "AskUserQuestion" => {
            let questions = incoming_request.permission().unwrap().questions().unwrap();
            let [question] = &questions.list[..] else { panic!("there is one question") };
            let answer = text(&recorded_response["updatedInput"]["answers"][&question.question]);
            IncomingResponse::from(questions.reply().choose(&question.question, answer).unwrap().decision())
        }
        IncomingKind::Permission if recorded_response["behavior"] == "allow" => Decision::allow().into(),
        IncomingKind::Permission => {
            let deny = Deny::new(text(&recorded_response["message"]));
            IncomingResponse::from(if recorded_response["interrupt"] == true { deny.and_interrupt() } else { deny })
        }
        IncomingKind::Hook => {
            let output = HookOutput::new();
            IncomingResponse::from(
                match (recorded_response["continue"].as_bool(), recorded_response["decision"].as_str()) {
                    (Some(false), _) => output.stop(text(&recorded_response["stopReason"])),
                    (Some(true), _) => output.continue_turn(),
                    (None, Some(decision)) => {
                        output.decision(HookOutputDecision::from(decision)).reason(text(&recorded_response["reason"]))
                    }
                    (None, None) => output,
                },
            )
        }
        IncomingKind::Mcp => {
            let message = incoming_request.mcp().unwrap();
            let result = &recorded_response["mcp_response"]["result"];
            if result["capabilities"]["tools"]["listChanged"] == true {
                // That host could change its tools; a `SdkMcpServer` has those that it has.
                return message.result(&parse(result)).into();
            }
            // What a host's tools take is its own affair.
            let schema = parse(&result["tools"][0]["inputSchema"]);
            let calc = SdkMcpServer::new("calc", "1").tool(SdkMcpTool::new("add", "add", schema));
            match calc.react(&message) {
                McpReaction::Answer(answer) => answer.into(),
                McpReaction::Call(call) => {
                    let arguments: Value = call.arguments.decode().unwrap();
                    let sum = arguments["a"].as_i64().zip(arguments["b"].as_i64()).map(|(a, b)| a + b);
                    call.text(sum.unwrap().to_string()).into()
                }
            }
        }
        kind => panic!("no recording has a {kind:?}"),
    }
}

#[test]
fn every_recorded_response_can_be_built() {
    let mut answers = BTreeMap::new();
    for (version, name, lines) in recordings() {
        let mut protocol = session();
        let mut open: Vec<IncomingRequest> = Vec::new();
        let mut withdrawn: Vec<String> = Vec::new();
        for line in lines {
            match line {
                What::Out(line) => {
                    open.extend(request(&mut protocol, &line));
                    let recorded_response: Value = serde_json::from_slice(&line).unwrap_or_default();
                    if recorded_response["type"] == "control_cancel_request" {
                        withdrawn.extend(recorded_response["request_id"].as_str().map(str::to_owned));
                    }
                }
                What::In(line) => {
                    let Ok(recorded) = serde_json::from_slice::<Value>(&line) else { continue };
                    if recorded["type"] != "control_response" {
                        continue;
                    }
                    let id = recorded["response"]["request_id"].as_str().unwrap_or_default();
                    let incoming_request = open
                        .iter()
                        .find(|incoming_request| incoming_request.request_id() == id)
                        .expect("an answer to an ask");
                    let answer = typed(incoming_request, &recorded["response"]["response"]);
                    if let Err(reason) = protocol.respond(SessionTime::ZERO, incoming_request.id(), answer) {
                        // The host of the recording answered what was withdrawn.
                        assert!(
                            reason == RespondError::Stale && withdrawn.iter().any(|it| it == id),
                            "{version}/{name}"
                        );
                        continue;
                    }
                    let written: Value = serde_json::from_slice(protocol.poll_transmit()).expect("one line");
                    protocol.sent(SessionTime::ZERO, protocol.poll_transmit().len());
                    let mut expected = recorded.clone();
                    let payload = &mut expected["response"]["response"];
                    if payload == &json!({ "behavior": "allow" }) {
                        // Three versions refuse an allow without input, so none is made.
                        payload["updatedInput"] = incoming_request.permission().unwrap().input.decode().unwrap();
                    }
                    assert_eq!(written, expected, "{version}/{name}");
                    *answers.entry(incoming_request.kind()).or_insert(0) += 1;
                }
                _ => {}
            }
        }
    }
    println!("answers: {answers:?}");
    assert_eq!(answers.len(), 3);
}
