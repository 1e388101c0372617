//! `initialize`, both ways: cases 42 to 56.

use claude_duplex::incoming::hook::HookEvent;
use claude_duplex::request::response::InitializeResponse;
use claude_duplex::request::{
    AgentDefinition, HookMatcher, Initialize, InitializeError, McpServerConfig, OnFailure, PluginConfig,
};
use claude_duplex::{Action, Json, LostReason, Request, RequestError, RequestId, Response};
use serde_json::{Value, json};

use super::host::{Host, config, init, owner};

/// The `request` of the line that an `initialize` becomes.
fn line(initialize: impl Into<Request>) -> Value {
    let mut host = Host::new();
    host.protocol.request(host.now, initialize).expect("the request is taken");
    let line = host.written().remove(0);
    assert_eq!(line["type"], "control_request");
    assert_eq!(line["request"]["subtype"], "initialize");
    line["request"].clone()
}

fn open(host: &mut Host, initialize: impl Into<Request>) -> (RequestId, Value) {
    let id = host.protocol.request(host.now, initialize).expect("the request is taken");
    (id, host.written().remove(0)["request_id"].clone())
}

fn success(request_id: &Value, payload: &Value) -> String {
    json!({ "type": "control_response",
        "response": { "subtype": "success", "request_id": request_id, "response": payload } })
    .to_string()
}

fn replied(actions: &[Action], wanted: RequestId) -> Result<Response, RequestError> {
    let reply = |action: &Action| match action {
        Action::ResponseReceived { request, response: reply, .. } if *request == wanted => Some(reply.clone()),
        _ => None,
    };
    actions.iter().find_map(reply).expect("the request has its reply")
}

/// What the CLI's reply means to the one who asked.
fn checked(initialize: &Initialize, reply: &Value) -> Result<(), InitializeError> {
    let mut host = Host::new();
    let (id, request_id) = open(&mut host, initialize.clone());
    let reply = replied(&host.receive_line(&success(&request_id, reply)), id).expect("a success");
    initialize.check(&reply.decode_as::<Initialize>().expect("an object"))
}

fn guarded() -> Initialize {
    Initialize::new().hook(HookEvent::PreToolUse, HookMatcher::new("hook_0").for_matching("Bash").block())
}

#[test]
fn case_042_hook_ids_and_failure_policies_are_written() {
    let hook = HookMatcher::new("hook_0").callback_ids(["hook_0", "hook_1"]).for_matching("Bash").timeout(30).block();
    let initialize =
        Initialize::new().hook(HookEvent::PreToolUse, hook).hook(HookEvent::PreToolUse, HookMatcher::new("hook_2"));
    assert_eq!(
        line(initialize)["hooks"],
        json!({ "PreToolUse": [
            { "matcher": "Bash", "hookCallbackIds": ["hook_0", "hook_1"], "timeout": 30, "onFailure": "block" },
            { "hookCallbackIds": ["hook_2"] },
        ] })
    );
}

#[test]
fn case_043_an_unset_failure_policy_is_omitted() {
    let hooks = line(Initialize::new().hook(HookEvent::Stop, HookMatcher::new("h")))["hooks"].clone();
    assert_eq!(hooks, json!({ "Stop": [{ "hookCallbackIds": ["h"] }] }));
    assert_eq!(line(Initialize::new()), json!({ "subtype": "initialize" }));
}

#[test]
fn case_044_a_blocking_failure_policy_that_the_cli_does_not_know_is_an_error() {
    assert_eq!(checked(&guarded(), &json!({ "hooks_applied": true })), Err(InitializeError::BlockUnsupported));
    assert_eq!(
        checked(&guarded(), &json!({ "hook_on_failure_supported": false })),
        Err(InitializeError::BlockUnsupported)
    );
    assert_eq!(
        checked(&guarded(), &json!({ "hook_on_failure_supported": "yes" })),
        Err(InitializeError::BlockUnsupported)
    );
    assert_eq!(checked(&guarded(), &json!({ "hook_on_failure_supported": true, "hooks_applied": true })), Ok(()));
}

#[test]
fn case_045_an_unknown_failure_policy_counts_as_blocking() {
    let hook = HookMatcher::new("h").on_failure(OnFailure::from("explode"));
    let initialize = Initialize::new().hook(HookEvent::PreToolUse, hook);
    assert_eq!(line(initialize.clone())["hooks"]["PreToolUse"][0]["onFailure"], "explode");
    assert_eq!(checked(&initialize, &json!({})), Err(InitializeError::BlockUnsupported));
    // So too what is no word at all.
    let odd: HookMatcher = serde_json::from_value(json!({ "hookCallbackIds": ["h"], "onFailure": 5 })).unwrap();
    assert_eq!(
        checked(&Initialize::new().hook(HookEvent::Stop, odd), &json!({})),
        Err(InitializeError::BlockUnsupported)
    );
}

#[test]
fn case_046_a_blocking_failure_policy_without_applied_hooks_is_an_error() {
    let reply = json!({ "hook_on_failure_supported": true, "hooks_applied": false });
    assert_eq!(checked(&guarded(), &reply), Err(InitializeError::HooksNotApplied));
}

#[test]
fn case_047_a_hook_that_may_fail_has_no_requirement() {
    let hook = HookMatcher::new("h").on_failure(OnFailure::Continue);
    let initialize = Initialize::new().hook(HookEvent::PreToolUse, hook).hook(HookEvent::Stop, HookMatcher::new("g"));
    assert_eq!(checked(&initialize, &json!({})), Ok(()));
    assert_eq!(checked(&initialize, &json!({ "hooks_applied": false })), Ok(()));
}

/// Beside the Python SDK's cases: what the TypeScript SDK refuses (wire reference, section 3.4).
#[test]
fn servers_that_were_sent_must_be_applied() {
    let initialize = Initialize::new().mcp_server("files", McpServerConfig::stdio("mcp-files"));
    assert_eq!(line(initialize.clone())["mcpServers"], json!({ "files": { "type": "stdio", "command": "mcp-files" } }));
    assert_eq!(checked(&initialize, &json!({})), Err(InitializeError::McpServersNotApplied));
    assert_eq!(checked(&initialize, &json!({ "mcp_servers_applied": true })), Ok(()));
    let plugins = Initialize::new().plugins([PluginConfig::local("/plug")]);
    assert_eq!(line(plugins.clone())["plugins"], json!([{ "type": "local", "path": "/plug" }]));
    assert_eq!(checked(&plugins, &json!({})), Ok(()));
}

#[test]
fn case_048_unset_dynamic_sections_are_omitted() {
    assert_eq!(line(Initialize::new().exclude_dynamic_sections(true))["excludeDynamicSections"], true);
    assert_eq!(line(Initialize::new().exclude_dynamic_sections(false))["excludeDynamicSections"], false);
    assert_eq!(line(Initialize::new()).get("excludeDynamicSections"), None);
}

#[test]
fn case_049_a_false_snapshot_is_sent_and_an_unset_one_is_omitted() {
    assert_eq!(line(Initialize::new().system_prompt_snapshot(false))["systemPromptSnapshot"], false);
    assert_eq!(line(Initialize::new().system_prompt_snapshot(true))["systemPromptSnapshot"], true);
    assert_eq!(line(Initialize::new()).get("systemPromptSnapshot"), None);
}

#[test]
fn case_050_a_list_of_skills_is_sent_even_empty() {
    assert_eq!(line(Initialize::new().skills(["pdf", "docx"]))["skills"], json!(["pdf", "docx"]));
    assert_eq!(line(Initialize::new().skills([] as [String; 0]))["skills"], json!([]));
    assert_eq!(line(Initialize::new()).get("skills"), None);
}

#[test]
fn case_051_subagent_text_is_forwarded_only_if_set() {
    assert_eq!(line(Initialize::new().forward_subagent_text(true))["forwardSubagentText"], true);
    assert_eq!(line(Initialize::new()).get("forwardSubagentText"), None);
}

#[test]
fn case_052_agents_of_any_size_are_in_initialize() {
    let prompt = "look ".repeat(100_000);
    let initialize = Initialize::new().agent("scout", AgentDefinition::new("looks", &prompt));
    assert_eq!(line(initialize)["agents"]["scout"]["prompt"], prompt);
}

#[test]
fn case_053_agent_keys_are_camel_case_and_unset_ones_are_omitted() {
    let agent = AgentDefinition::new("looks", "look")
        .tools(["Read"])
        .disallowed_tools(["Bash"])
        .model("haiku")
        .skills(["pdf"])
        .memory("project")
        .mcp_servers([claude_duplex::Json::from_text("files")])
        .initial_prompt("begin")
        .max_turns(3)
        .background(true)
        .permission_mode("plan".into());
    let expected = json!({
        "description": "looks", "prompt": "look", "tools": ["Read"], "disallowedTools": ["Bash"], "model": "haiku",
        "skills": ["pdf"], "memory": "project", "mcpServers": ["files"], "initialPrompt": "begin", "maxTurns": 3,
        "background": true, "permissionMode": "plan",
    });
    assert_eq!(serde_json::to_value(&agent).unwrap(), expected);
    let plain = AgentDefinition::new("looks", "look");
    assert_eq!(serde_json::to_value(&plain).unwrap(), json!({ "description": "looks", "prompt": "look" }));
    assert_eq!(serde_json::from_value::<AgentDefinition>(expected).unwrap(), agent);
}

/// The SDK takes its own limit from the environment; here it is a setting, with the same default.
#[test]
fn case_054_the_timeout_of_initialize_is_a_minute_and_can_be_set() {
    let wait = |config: claude_duplex::Config| {
        let mut host = Host::with(config);
        let (id, _) = open(&mut host, Initialize::new());
        let start = host.now;
        host.times_out().expect("it has a deadline");
        assert_eq!(replied(&host.actions(), id), Err(RequestError::TimedOut));
        host.now.saturating_duration_since(start).as_secs()
    };
    assert_eq!(wait(config()), 60);
    let mut longer = config();
    longer.timeouts.initialize = Some(std::time::Duration::from_secs(90));
    assert_eq!(wait(longer), 90);
}

const CANNOT_START: &str = r#"{"type":"result","subtype":"error_during_execution","is_error":true,"errors":["No conversation found with session ID: x"]}"#;

#[test]
fn case_055_an_error_result_before_the_response_is_its_cause() {
    let mut host = Host::new();
    let (id, _) = open(&mut host, Initialize::new());
    host.receive_line(CANNOT_START);
    let later = host.protocol.request(host.now, Request::new("get_settings")).unwrap();
    host.protocol.eof(host.now);
    let actions = host.actions();
    let error = replied(&actions, id).unwrap_err();
    let RequestError::Failed { message, reason: LostReason::Eof, .. } = error else { panic!("{error:?}") };
    assert_eq!(message, "No conversation found with session ID: x");
    // What was asked afterwards did not fail by it.
    assert_eq!(replied(&actions, later), Err(RequestError::Lost(LostReason::Eof)));
}

#[test]
fn the_error_of_an_earlier_turn_does_not_explain_the_end() {
    for line in [init(), r#"{"type":"result","subtype":"success","is_error":false,"result":"ok"}"#] {
        let mut host = Host::new();
        let (id, _) = open(&mut host, Initialize::new());
        host.receive_line(CANNOT_START);
        host.receive_line(line);
        host.protocol.eof(host.now);
        assert_eq!(replied(&host.actions(), id), Err(RequestError::Lost(LostReason::Eof)), "{line}");
    }
}

#[test]
fn case_056_a_success_without_a_payload_is_a_success() {
    for response in ["", r#","response":null"#, r#","response":{}"#] {
        let mut host = Host::new();
        let (id, request_id) = open(&mut host, Initialize::new());
        let line = format!(
            r#"{{"type":"control_response","response":{{"subtype":"success","request_id":{request_id}{response}}}}}"#
        );
        let reply = replied(&host.receive_line(&line), id).expect("a success");
        let InitializeResponse { commands, unknown_fields, .. } =
            reply.decode_as::<Initialize>().expect("an empty object");
        assert_eq!((commands, unknown_fields.len()), (None, 0), "{response}");
    }
}

fn refusal(request_id: &Value) -> String {
    json!({ "type": "control_response",
        "response": { "subtype": "error", "request_id": request_id, "error": "already initialized" } })
    .to_string()
}

/// Whether a dialog of that kind reaches the host.
fn is_requested(host: &mut Host, id: &str, kind: &str) -> bool {
    host.actions();
    let actions = host.receive_request(id, json!({ "subtype": "request_user_dialog", "dialog_kind": kind }));
    actions.iter().any(|action| matches!(action, Action::IncomingRequest(_)))
}

#[test]
fn dialogs_are_declared_by_the_accepted_initialize() {
    let declaring =
        |kinds: Value| Request::initialize().field("supportedDialogKinds", Json::from_value(&kinds).unwrap());
    let mut host = Host::with(owner());
    let (_, first) = open(&mut host, declaring(json!(["pick"])));
    assert!(is_requested(&mut host, "1", "pick"), "the CLI may have accepted it");
    host.receive_line(&success(&first, &json!({})));
    let (_, second) = open(&mut host, declaring(json!(["other"])));
    assert!(is_requested(&mut host, "2", "pick") && is_requested(&mut host, "3", "other"));
    host.receive_line(&refusal(&second));
    assert!(is_requested(&mut host, "4", "pick"), "what the CLI accepted still holds");
    assert!(!is_requested(&mut host, "5", "other"), "it was refused");
    let (_, third) = open(&mut host, declaring(json!(["third"])));
    host.receive_line(&success(&third, &json!({})));
    assert!(
        is_requested(&mut host, "6", "third") && !is_requested(&mut host, "7", "pick"),
        "the last one that was accepted counts"
    );
}

#[test]
fn a_late_response_to_initialize_still_declares_dialogs() {
    let kinds = Json::from_value(&json!(["pick"])).unwrap();
    let mut host = Host::with(owner());
    let (_, request_id) = open(&mut host, Request::initialize().field("supportedDialogKinds", kinds));
    host.times_out();
    assert!(is_requested(&mut host, "1", "pick"));
    host.receive_line(&success(&request_id, &json!({})));
    assert!(is_requested(&mut host, "2", "pick"));
}
