//! Hook asks: cases 78 to 84.

use std::time::Duration;

use claude_duplex::incoming::hook::{
    CwdChangedOutput, ElicitationOutput, ElicitationResultOutput, FileChangedOutput, HookDetails, HookEvent,
    HookOutput, HookOutputDecision, HookPermissionDecision, MessageDisplayOutput, NotificationOutput,
    PermissionDeniedOutput, PermissionRequestOutput, PostModelSwitchOutput, PostToolBatchOutput,
    PostToolUseFailureOutput, PostToolUseOutput, PreModelSwitchOutput, PreSkillShellCommandOutput, PreToolUseOutput,
    SessionSource, SessionStartOutput, SetupOutput, SkillInvoker, StopOutput, SubagentStartOutput, SubagentStopOutput,
    UserPromptExpansionOutput, UserPromptSubmitOutput, WorktreeCreateOutput,
};
use claude_duplex::incoming::{ElicitationAction, PermissionChange};
use claude_duplex::{
    Action, Allow, Decision, DeclinedReason, Deny, IncomingRequest, IncomingResponse, Json, RespondError, ResponseKind,
};
use serde_json::{Value, json};

use super::host::{Host, config, owner};

const EVENTS: [&str; 34] = [
    "PreToolUse",
    "PostToolUse",
    "PostToolUseFailure",
    "PostToolBatch",
    "Notification",
    "UserPromptSubmit",
    "UserPromptExpansion",
    "SessionStart",
    "SessionEnd",
    "Stop",
    "StopFailure",
    "SubagentStart",
    "SubagentStop",
    "PreCompact",
    "PostCompact",
    "PreModelSwitch",
    "PostModelSwitch",
    "PermissionRequest",
    "PermissionDenied",
    "Setup",
    "TeammateIdle",
    "TaskCreated",
    "TaskCompleted",
    "Elicitation",
    "ElicitationResult",
    "ConfigChange",
    "InstructionsLoaded",
    "WorktreeCreate",
    "WorktreeRemove",
    "CwdChanged",
    "FileChanged",
    "DirectoryAdded",
    "MessageDisplay",
    "PreSkillShellCommand",
];

/// Events whose hooks guard something, with one event that no version has, and one without a name.
const GUARDS: [Option<&str>; 13] = [
    Some("PreToolUse"),
    Some("PreModelSwitch"),
    Some("PreSkillShellCommand"),
    Some("PermissionRequest"),
    Some("UserPromptSubmit"),
    Some("UserPromptExpansion"),
    Some("ConfigChange"),
    Some("Elicitation"),
    Some("ElicitationResult"),
    Some("TaskCreated"),
    Some("TaskCompleted"),
    Some("PreSomethingNew"),
    None,
];

/// Checks that the response refuses what a hook of that event guards, for that reason.
fn check_refusal(event: Option<&str>, response: &Value, reason: &str) {
    assert_eq!(response["subtype"], "success", "{event:?}: {response}");
    let (payload, own) = (&response["response"], &response["response"]["hookSpecificOutput"]);
    match event {
        Some(event @ ("PreToolUse" | "PreModelSwitch" | "PreSkillShellCommand")) => {
            assert_eq!((&own["permissionDecision"], &own["hookEventName"]), (&json!("deny"), &json!(event)));
            assert_eq!(own["permissionDecisionReason"], reason, "{event}");
        }
        Some("PermissionRequest") => assert_eq!(own["decision"], json!({ "behavior": "deny", "message": reason })),
        _ => assert_eq!(payload, &json!({ "decision": "block", "reason": reason }), "{event:?}"),
    }
}

/// A hook request, whose event may have no name.
fn request_of(event: Option<&str>) -> Value {
    let mut request = request(event.unwrap_or_default(), json!({}));
    if event.is_none() {
        request["input"].as_object_mut().unwrap().remove("hook_event_name");
    }
    request
}

fn request(event: &str, fields: Value) -> Value {
    let mut input = json!({ "hook_event_name": event, "session_id": "s", "cwd": "/w", "transcript_path": "/t" });
    input.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    json!({ "subtype": "hook_callback", "callback_id": "hook_0", "input": input, "tool_use_id": "toolu_1" })
}

fn request_from_cli(event: &str, fields: Value) -> (Host, IncomingRequest) {
    let mut host = Host::with(owner());
    let incoming_request = host.request_from_cli("ask-1", request(event, fields));
    (host, incoming_request)
}

/// What the answer to a hook of that event is written as.
fn response_of(event: &str, answer: impl Into<IncomingResponse>) -> Value {
    let (mut host, incoming_request) = request_from_cli(event, json!({}));
    host.payload(&incoming_request, answer)
}

fn details(event: &str, fields: Value) -> HookDetails {
    let (_, incoming_request) = request_from_cli(event, fields);
    let details = incoming_request.hook().unwrap().input.details().unwrap();
    assert!(details.unknown_fields().is_empty(), "{event}: {:?}", details.unknown_fields());
    details
}

#[test]
fn case_078_a_hook_request_has_callback_id_input_and_tool_call() {
    let (_, incoming_request) = request_from_cli(
        "PreToolUse",
        json!({ "tool_name": "Bash", "tool_input": { "command": "ls" }, "tool_use_id": "toolu_1" }),
    );
    let hook = incoming_request.hook().unwrap();
    assert_eq!((hook.callback_id.as_str(), hook.tool_use_id.as_deref()), ("hook_0", Some("toolu_1")));
    assert_eq!((hook.input.event.clone(), hook.input.session_id.as_deref()), (HookEvent::PreToolUse, Some("s")));
    let HookDetails::PreToolUse(call) = hook.input.details().unwrap() else { panic!("it is of a tool") };
    assert_eq!((call.tool_name.as_str(), call.tool_input.as_str()), ("Bash", r#"{"command":"ls"}"#));
}

#[test]
fn case_079_every_key_of_an_output_is_written() {
    let own = PreToolUseOutput::new()
        .permission_decision(HookPermissionDecision::Allow)
        .permission_decision_reason("fine")
        .updated_input(Json::parse(r#"{"command":"pwd"}"#).unwrap());
    let output = HookOutput::from(own)
        .continue_turn()
        .suppress_output()
        .decision(HookOutputDecision::Approve)
        .reason("why")
        .system_message("told")
        .terminal_sequence("\u{7}");
    assert_eq!(
        response_of("PreToolUse", output),
        json!({
            "continue": true, "suppressOutput": true, "decision": "approve", "reason": "why", "systemMessage": "told",
            "terminalSequence": "\u{7}",
            "hookSpecificOutput": {
                "hookEventName": "PreToolUse", "permissionDecision": "allow", "permissionDecisionReason": "fine",
                "updatedInput": { "command": "pwd" },
            },
        })
    );
    assert_eq!(
        response_of("Stop", HookOutput::new().stop("enough")),
        json!({ "continue": false, "stopReason": "enough" })
    );
    assert_eq!(response_of("Stop", HookOutput::new()), json!({}));
}

#[test]
fn case_080_continue_and_async_are_spelled_as_on_the_wire() {
    let later = HookOutput::in_background(Some(Duration::from_millis(1500)));
    assert_eq!(response_of("PostToolUse", later), json!({ "async": true, "asyncTimeout": 1500 }));
    assert_eq!(response_of("PostToolUse", HookOutput::in_background(None)), json!({ "async": true }));
    let stop = HookOutput::new().stop("enough");
    assert_eq!(response_of("PostToolUse", stop), json!({ "continue": false, "stopReason": "enough" }));
}

#[test]
fn case_081_a_hook_that_fails_is_an_error_and_never_a_success() {
    let (mut host, incoming_request) = request_from_cli("Stop", json!({}));
    let response = host.answers(&incoming_request, IncomingResponse::Error { message: "the hook broke".into() });
    assert_eq!((&response["subtype"], &response["error"]), (&json!("error"), &json!("the hook broke")));
    // What is no object cannot be made: an output is one, whatever is said with it.
    assert!(response_of("Stop", HookOutput::default()).is_object());
}

#[test]
fn case_082_events_keep_their_own_fields() {
    let HookDetails::Notification(note) =
        details("Notification", json!({ "message": "m", "title": "t", "notification_type": "n" }))
    else {
        panic!("a notification")
    };
    assert_eq!((note.message.as_str(), note.notification_type.as_deref()), ("m", Some("n")));

    let suggestion = json!({ "type": "setMode", "mode": "plan", "destination": "session" });
    let HookDetails::PermissionRequest(request_fields) = details(
        "PermissionRequest",
        json!({ "tool_name": "Bash", "tool_input": {}, "permission_suggestions": [suggestion] }),
    ) else {
        panic!("a permission request")
    };
    let suggestions = request_fields.permission_suggestions.unwrap();
    assert_eq!(suggestions[0].change(), Ok(PermissionChange::SetMode("plan".into())));

    let (_, incoming_request) = request_from_cli("SubagentStart", json!({ "agent_id": "a1", "agent_type": "Explore" }));
    let input = incoming_request.hook().unwrap().input;
    assert_eq!((input.agent_id.as_deref(), input.agent_type.as_deref()), (Some("a1"), Some("Explore")));

    let mcp = PostToolUseOutput::new().updated_mcp_tool_output(Json::parse("[1]").unwrap());
    let own = response_of("PostToolUse", mcp)["hookSpecificOutput"].take();
    assert_eq!(own, json!({ "hookEventName": "PostToolUse", "updatedMCPToolOutput": [1] }));
    let context = response_of("PreToolUse", PreToolUseOutput::new().additional_context("more"));
    assert_eq!(context["hookSpecificOutput"]["additionalContext"], "more");
}

/// Each output with all that it can say.
fn outputs() -> Vec<(&'static str, HookOutput, Value)> {
    let json = |text| Json::parse(text).unwrap();
    let context = || json!({ "additionalContext": "c" });
    let paths = || json!({ "watchPaths": ["/a"] });
    let filled = || json!({ "action": "accept", "content": { "a": 1 } });
    let watched = || vec!["/a".to_owned()];
    let switched =
        PreModelSwitchOutput::new().permission_decision(HookPermissionDecision::Ask).permission_decision_reason("dear");
    let started = SessionStartOutput::new().additional_context("c").initial_user_message("hi").session_title("t");
    let used = PostToolUseOutput::new().additional_context("c").classifier_context("k").updated_tool_output(json("1"));
    let submitted =
        UserPromptSubmitOutput::new().additional_context("c").session_title("t").suppress_original_prompt(true);
    let decision = Deny::new("no").and_interrupt().about_tool_use("toolu_1");
    vec![
        (
            "PreToolUse",
            PreToolUseOutput::new()
                .permission_decision(HookPermissionDecision::Defer)
                .permission_decision_reason("r")
                .updated_input(json("{}"))
                .additional_context("c")
                .into(),
            json!({
                "permissionDecision": "defer", "permissionDecisionReason": "r", "updatedInput": {},
                "additionalContext": "c",
            }),
        ),
        (
            "PostToolUse",
            used.updated_mcp_tool_output(json("2")).into(),
            json!({
                "additionalContext": "c", "classifierContext": "k", "updatedToolOutput": 1, "updatedMCPToolOutput": 2,
            }),
        ),
        ("PostToolUseFailure", PostToolUseFailureOutput::new().additional_context("c").into(), context()),
        ("PostToolBatch", PostToolBatchOutput::new().additional_context("c").into(), context()),
        ("Notification", NotificationOutput::new().additional_context("c").into(), context()),
        (
            "UserPromptSubmit",
            submitted.into(),
            json!({ "additionalContext": "c", "sessionTitle": "t", "suppressOriginalPrompt": true }),
        ),
        (
            "UserPromptExpansion",
            UserPromptExpansionOutput::new().additional_context("c").suppress_original_prompt(false).into(),
            json!({ "additionalContext": "c", "suppressOriginalPrompt": false }),
        ),
        (
            "SessionStart",
            started.watch_paths(watched()).reload_skills(true).into(),
            json!({
                "additionalContext": "c", "initialUserMessage": "hi", "sessionTitle": "t", "watchPaths": ["/a"],
                "reloadSkills": true,
            }),
        ),
        ("Stop", StopOutput::new().additional_context("c").into(), context()),
        ("SubagentStart", SubagentStartOutput::new().additional_context("c").into(), context()),
        ("SubagentStop", SubagentStopOutput::new().additional_context("c").into(), context()),
        ("PreModelSwitch", switched.into(), json!({ "permissionDecision": "ask", "permissionDecisionReason": "dear" })),
        ("PostModelSwitch", PostModelSwitchOutput::new().additional_context("c").into(), context()),
        (
            "PermissionRequest",
            PermissionRequestOutput::new().decision(decision).into(),
            json!({ "decision": { "behavior": "deny", "message": "no", "interrupt": true } }),
        ),
        ("PermissionDenied", PermissionDeniedOutput::new().retry(true).into(), json!({ "retry": true })),
        ("Setup", SetupOutput::new().additional_context("c").into(), context()),
        (
            "Elicitation",
            ElicitationOutput::new().action(ElicitationAction::Accept).content(json(r#"{"a":1}"#)).into(),
            filled(),
        ),
        (
            "ElicitationResult",
            ElicitationResultOutput::new().action(ElicitationAction::Accept).content(json(r#"{"a":1}"#)).into(),
            filled(),
        ),
        ("WorktreeCreate", WorktreeCreateOutput::new().worktree_path("/w").into(), json!({ "worktreePath": "/w" })),
        ("CwdChanged", CwdChangedOutput::new().watch_paths(watched()).into(), paths()),
        ("FileChanged", FileChangedOutput::new().watch_paths(watched()).into(), paths()),
        (
            "PreSkillShellCommand",
            PreSkillShellCommandOutput::new()
                .permission_decision(HookPermissionDecision::Deny)
                .permission_decision_reason("r")
                .into(),
            json!({ "permissionDecision": "deny", "permissionDecisionReason": "r" }),
        ),
        ("MessageDisplay", MessageDisplayOutput::new().display_content("d").into(), json!({ "displayContent": "d" })),
    ]
}

#[test]
fn case_083_each_event_uses_the_keys_of_the_wire() {
    for (event, output, mut own) in outputs() {
        own["hookEventName"] = event.into();
        assert_eq!(response_of(event, output), json!({ "hookSpecificOutput": own }));
    }
}

#[test]
fn a_permission_request_hook_can_allow_with_the_original_input() {
    let output = PermissionRequestOutput::new().decision(Decision::allow());
    assert_eq!(
        response_of("PermissionRequest", output)["hookSpecificOutput"]["decision"],
        json!({ "behavior": "allow" })
    );
    let other =
        Allow::new().with_input(Json::parse("{}").unwrap()).and_remember(PermissionChange::SetMode("plan".into()));
    let own =
        response_of("PermissionRequest", PermissionRequestOutput::new().decision(other))["hookSpecificOutput"].take();
    let remembered = json!([{ "type": "setMode", "mode": "plan", "destination": "session" }]);
    assert_eq!(own["decision"], json!({ "behavior": "allow", "updatedInput": {}, "updatedPermissions": remembered }));
}

#[test]
fn an_output_for_another_event_is_refused_and_the_request_stays_open() {
    for (event, output, _) in outputs() {
        let (mut host, incoming_request) = request_from_cli(if event == "Stop" { "Setup" } else { "Stop" }, json!({}));
        assert_eq!(
            host.protocol.respond(host.now, incoming_request.id(), output),
            Err(RespondError::Mismatch),
            "{event}"
        );
        assert_eq!(host.written(), [] as [Value; 0]);
        host.answers(&incoming_request, HookOutput::new());
    }
}

#[test]
fn case_084_optional_hook_fields_are_read() {
    let (_, incoming_request) = request_from_cli(
        "Stop",
        json!({
            "prompt_id": "p", "permission_mode": "plan", "effort": { "level": "high" }, "stop_hook_active": true,
            "last_assistant_message": "bye",
            "background_tasks": [{ "id": "b", "type": "subagent", "status": "running", "description": "d" }],
            "session_crons": [{ "id": "c", "schedule": "* * * * *", "recurring": true, "prompt": "p" }],
        }),
    );
    let input = incoming_request.hook().unwrap().input;
    assert_eq!((input.prompt_id.as_deref(), input.permission_mode.as_deref()), (Some("p"), Some("plan")));
    assert_eq!(input.effort.as_ref().map(|effort| effort.level.as_str()), Some("high"));
    let HookDetails::Stop(stop) = input.details().unwrap() else { panic!("a stop") };
    assert_eq!(stop.background_tasks.unwrap()[0].kind.as_deref(), Some("subagent"));
    assert_eq!(stop.session_crons.unwrap()[0].recurring, Some(true));
    let HookDetails::PostToolUse(call) =
        details("PostToolUse", json!({ "tool_name": "Bash", "tool_input": {}, "duration_ms": 23 }))
    else {
        panic!("of a tool")
    };
    assert_eq!(call.duration_ms, Some(23));
    let HookDetails::SessionStart(start) =
        details("SessionStart", json!({ "source": "compact", "estimated_cache_write_usd": 0 }))
    else {
        panic!("a start")
    };
    assert_eq!((start.source, start.estimated_cache_write_usd), (Some(SessionSource::Compact), Some(0.0)));
}

#[test]
fn every_hook_event_is_typed_and_an_unknown_event_is_readable() {
    // What each must say; the others say nothing that they must.
    let all = json!({
        "tool_name": "T", "tool_input": {}, "tool_calls": [], "message": "m", "prompt": "p", "command_name": "c",
        "to_model": "m", "teammate_name": "t", "task_id": "1", "mcp_server_name": "s", "action": "accept",
        "file_path": "/f", "name": "w", "worktree_path": "/w", "new_cwd": "/n", "directory": "/d", "delta": "d",
    });
    for event in EVENTS {
        assert!(!matches!(HookEvent::from(event), HookEvent::Other(..)), "{event}");
        let (_, incoming_request) = request_from_cli(event, all.clone());
        let details = incoming_request.hook().unwrap().input.details().unwrap();
        assert!(format!("{details:?}").starts_with(&format!("{event}({event}HookInput {{")), "{event}: {details:?}");
    }
    let (_, incoming_request) = request_from_cli("Tomorrow", json!({ "new": 1 }));
    let hook = incoming_request.hook().unwrap();
    assert!(matches!(&hook.input.event, HookEvent::Other(event) if **event == *"Tomorrow"));
    let HookDetails::Unknown(fields) = hook.input.details().unwrap() else { panic!("it is not known") };
    assert_eq!(fields.get("new").map(Json::as_str), Some("1"));
    let (_, incoming_request) = request_from_cli("PreToolUse", json!({ "tool_input": {} }));
    assert_eq!(incoming_request.hook().unwrap().input.details().unwrap_err().path(), "input.tool_name");
}

#[test]
fn an_unhandled_hook_that_guards_an_action_blocks_it() {
    let declined = |event| {
        let mut host = Host::with(config());
        let declined = host.receive_request("ask-1", request_of(event));
        assert!(
            matches!(&declined[..], [Action::IncomingDeclined { reason: DeclinedReason::Unhandled, .. }]),
            "{event:?}"
        );
        host.written().remove(0)["response"].take()
    };
    for event in GUARDS {
        check_refusal(event, &declined(event), "no handler for this permission request");
    }
    for event in EVENTS.map(Some).into_iter().filter(|event| !GUARDS.contains(event)) {
        assert_eq!(declined(event)["subtype"], "error", "{event:?}");
    }
}

/// The CLI takes an error for an empty output.
#[test]
fn an_error_response_to_a_guarding_hook_blocks_the_action() {
    let failed = |event| {
        let mut host = Host::with(owner());
        let incoming_request = host.request_from_cli("ask-1", request_of(event));
        let response = host.answers(&incoming_request, IncomingResponse::Error { message: "the hook broke".into() });
        let reported = host.actions();
        assert!(matches!(&reported[0], Action::IncomingAnswered { response: ResponseKind::Error, .. }), "{reported:?}");
        response
    };
    for event in GUARDS {
        check_refusal(event, &failed(event), "the hook broke");
    }
    for event in EVENTS.map(Some).into_iter().filter(|event| !GUARDS.contains(event)) {
        let response = failed(event);
        assert_eq!((&response["subtype"], &response["error"]), (&json!("error"), &json!("the hook broke")));
    }
}

#[test]
fn a_declined_guarding_hook_blocks_the_action() {
    for event in GUARDS {
        let mut host = Host::with(owner());
        let incoming_request = host.request_from_cli("ask-1", request_of(event));
        check_refusal(
            event,
            &host.answers(&incoming_request, IncomingResponse::Decline),
            "no handler for this permission request",
        );
    }
}

#[test]
fn a_skill_shell_command_hook_is_typed() {
    let HookDetails::PreSkillShellCommand(command) = details(
        "PreSkillShellCommand",
        json!({
            "tool_name": "Bash", "tool_input": { "command": "touch a" }, "tool_use_id": "c", "command_name": "deploy",
            "command_source": "projectSettings", "invoked_by": "user",
        }),
    ) else {
        panic!("a command of a skill")
    };
    assert_eq!((command.tool_name.as_str(), command.command().as_deref()), ("Bash", Some("touch a")));
    assert_eq!((command.command_name.as_str(), command.invoked_by), ("deploy", Some(SkillInvoker::User)));
}
