//! Where hosts depend on it, the mock CLI does what the CLI does: hooks that send the model on, modes, what `initialize` says, numbers
//! in results, command lines, and faults by name.

use std::time::Duration;

use claude_duplex::incoming::PermissionChange;
use claude_duplex::incoming::hook::{HookOutput, HookOutputDecision, PreToolUseOutput};
use claude_duplex::message::Transcript;
use claude_duplex::options::PermissionMode;
use claude_duplex::testing::{CliVersion, Damage, Fault, MockCli, Script, Step, TestSession, ToolStep};
use claude_duplex::{
    Action, Allow, Config, Decision, Exit, IncomingKind, IncomingResponse, Json, Message, Outcome, Request, Seed,
    SessionTime, TurnResult,
};
use serde_json::{Value, json};

fn pair(script: Script) -> TestSession {
    let config = IncomingKind::KNOWN.iter().copied().fold(Config::new(Seed::from_bytes([3; 16])), Config::handle);
    TestSession::new(config, script).cut_by(1)
}

fn initialize(pair: &mut TestSession, fields: Value) -> Value {
    let mut request = Request::initialize();
    for (name, value) in fields.as_object().into_iter().flatten() {
        request = request.field(name, Json::from_value(value).unwrap());
    }
    pair.request(request);
    let replied = pair.run_until(|action| matches!(action, Action::ResponseReceived { .. }));
    let Action::ResponseReceived { response: Ok(reply), .. } = replied else { panic!("{replied:?}") };
    reply.payload().map(|payload| payload.decode().unwrap()).unwrap_or_default()
}

/// Runs a prompt to its end; asks are answered by `answer`. Returns how it ended.
fn run(
    pair: &mut TestSession,
    mut answer: impl FnMut(&claude_duplex::IncomingRequest) -> IncomingResponse,
) -> (Outcome, Option<TurnResult>) {
    pair.prompt("hello");
    loop {
        match pair.run_until(|action| matches!(action, Action::IncomingRequest(_) | Action::PromptEnded { .. })) {
            Action::IncomingRequest(incoming) => {
                let answer = answer(&incoming);
                pair.respond(incoming.id(), answer);
            }
            Action::PromptEnded { outcome, result, .. } => {
                return (outcome, result.map(|result| result.result().unwrap()));
            }
            _ => unreachable!(),
        }
    }
}

/// A host that sends the model on once ends, on every version.
#[test]
fn a_stop_hook_sees_that_it_continued_the_turn() {
    for generation in CliVersion::ALL {
        let mut pair = pair(Script::new(*generation).then([Step::text("first")]));
        initialize(&mut pair, json!({ "hooks": { "Stop": [{ "matcher": null, "hookCallbackIds": ["h"] }] } }));
        let mut reported = Vec::new();
        let (outcome, _) = run(&mut pair, |incoming| {
            let input: Value = serde_json::from_str(&incoming.message().line()).unwrap();
            let active = input["request"]["input"]["stop_hook_active"].as_bool().unwrap();
            reported.push(active);
            assert!(reported.len() < 10, "it never ends");
            if active {
                HookOutput::new().into()
            } else {
                HookOutput::new().decision(HookOutputDecision::Block).reason("not yet").into()
            }
        });
        assert_eq!((outcome, reported.as_slice()), (Outcome::Success, &[false, true][..]), "{generation:?}");
    }
}

/// Runs a call of a tool with hooks before it, which respond in order. Returns the kinds of the requests, and whether the call ran.
fn hooked(version: CliVersion, tool: ToolStep, outputs: &[HookOutput]) -> (Vec<IncomingKind>, bool) {
    let mut pair = pair(Script::new(version).then([tool.returns("it ran").into(), Step::text("done")]));
    let callbacks: Vec<String> = (0..outputs.len()).map(|number| number.to_string()).collect();
    initialize(&mut pair, json!({ "hooks": { "PreToolUse": [{ "matcher": "Bash", "hookCallbackIds": callbacks }] } }));
    let mut kinds = Vec::new();
    run(&mut pair, |incoming| {
        kinds.push(incoming.kind());
        match incoming.hook() {
            Ok(hook) => outputs[hook.callback_id.parse::<usize>().unwrap()].clone().into(),
            Err(_) => Decision::allow().into(),
        }
    });
    let ran = pair.cli_lines().iter().any(|line| line.as_str().contains("it ran"));
    (kinds, ran)
}

/// `hook_asks_about_a_tool` in `tests/real_cli`: before 2.1.85 such a command runs.
#[test]
fn a_hook_can_require_a_permission_request_for_any_call() {
    use IncomingKind::{Hook, Permission};
    let hook = [PreToolUseOutput::ask("the host decides").into()];
    for version in CliVersion::ALL {
        let kinds = if *version >= CliVersion::V2_1_143 { vec![Hook, Permission] } else { vec![Hook] };
        assert_eq!(hooked(*version, ToolStep::bash("ls"), &hook), (kinds, true), "{version:?}");
        let requested = hooked(*version, ToolStep::bash("ls").requires_permission(), &hook);
        assert_eq!(requested, (vec![Hook, Permission], true), "{version:?}");
    }
}

#[test]
fn of_several_hooks_the_strictest_decides() {
    use IncomingKind::{Hook, Permission};
    let output = |output: PreToolUseOutput| HookOutput::from(output);
    let [allow, ask, deny] =
        [PreToolUseOutput::allow(), PreToolUseOutput::ask("decide"), PreToolUseOutput::deny("no")].map(output);
    let tool = || ToolStep::bash("ls").requires_permission();
    let version = CliVersion::V2_1_329;
    for outputs in [[allow.clone(), ask.clone()], [ask.clone(), allow.clone()]] {
        assert_eq!(hooked(version, tool(), &outputs), (vec![Hook, Hook, Permission], true));
    }
    for outputs in [[HookOutput::new(), allow.clone()], [allow.clone(), HookOutput::new()]] {
        assert_eq!(hooked(version, tool(), &outputs), (vec![Hook, Hook], true));
    }
    assert_eq!(hooked(version, tool(), &[ask, deny]), (vec![Hook, Hook], false));
}

#[test]
fn a_mode_in_an_allow_changes_later_permission_requests() {
    let write =
        || ToolStep::new("Write", Json::parse(r#"{"file_path":"a","content":"b"}"#).unwrap()).requires_permission();
    let script = || {
        Script::default().then([
            Step::from(write()),
            Step::from(write()),
            Step::from(ToolStep::bash("ls").requires_permission()),
        ])
    };
    let requested = |mode: PermissionMode| {
        let (mut pair, mut requested) = (pair(script()), Vec::new());
        run(&mut pair, |incoming| {
            let tool = incoming.permission().unwrap().tool_name;
            let mut decision = Allow::new();
            if requested.is_empty() {
                decision = decision.and_remember(PermissionChange::SetMode(mode.clone()));
            }
            requested.push(tool);
            decision.into()
        });
        requested
    };
    assert_eq!(requested(PermissionMode::Default), ["Write", "Write", "Bash"]);
    assert_eq!(requested(PermissionMode::AcceptEdits), ["Write", "Bash"]);
    assert_eq!(requested(PermissionMode::BypassPermissions), ["Write"]);
}

/// The fields that each version was recorded to have.
#[test]
fn initialize_is_answered_with_models_commands_and_agents() {
    for generation in CliVersion::ALL {
        let reply = initialize(&mut pair(Script::new(*generation)), json!({}));
        let count = |name: &str| reply[name].as_array().map_or(0, Vec::len);
        assert!(count("models") > 0 && count("commands") > 0, "{generation:?}: {reply}");
        assert!(reply["models"][0]["value"].is_string() && reply["commands"][0]["name"].is_string());
        assert_eq!(count("agents") > 0, *generation >= CliVersion::V2_1_143, "{generation:?}");
    }
    let own = Script::default().initialize_field("models", Json::parse(r#"[{"value":"mine"}]"#).unwrap());
    assert_eq!(initialize(&mut pair(own), json!({}))["models"], json!([{ "value": "mine" }]));
}

#[test]
fn usage_cost_and_terminal_reason_come_from_the_script() {
    let fields = Json::parse(
        r#"{ "usage": { "input_tokens": 7 }, "total_cost_usd": 0.5, "terminal_reason": "prompt_too_long", "is_error": true }"#,
    );
    let script = Script::default().then([Step::text("Prompt is too long"), Step::result_fields(&fields.unwrap())]);
    let (outcome, result) = run(&mut pair(script), |incoming| panic!("{incoming:?}"));
    let result = result.unwrap();
    assert_eq!((outcome, result.total_cost_usd), (Outcome::Error, Some(0.5)));
    assert_eq!(result.usage.as_ref().unwrap().input_tokens, Some(7));
    assert_eq!(result.failure().unwrap().kind, claude_duplex::message::FailureKind::ContextOverflow);
    assert_eq!(result.result.as_deref(), Some("Prompt is too long"));
}

/// `bad_resume` and `bad_flag` of 2.1.143 and 2.1.332.
#[test]
fn a_bad_session_and_an_unknown_flag_end_the_process() {
    let closed = |script: Script| {
        let actions = pair(script).run_until_idle();
        let Some(Action::Closed(closed)) = actions.last().cloned() else { panic!("{actions:?}") };
        closed
    };
    let id = "11111111-1111-4111-8111-111111111111";
    let resumed = closed(Script::default().args(["--print", "--resume", id]));
    let error = format!("No conversation found with session ID: {id}");
    assert_eq!((resumed.exit, resumed.last_error.as_deref()), (Some(Exit::Code(1)), Some(&*error)));
    assert_eq!(resumed.stderr, format!("{error}\n"));
    let named = closed(Script::default().args(["--resume=nothing of that name"]));
    assert!(named.stderr.contains("does not match any session title"), "{named:?}");
    let flag = closed(Script::default().args(["--model", "opus", "--wrong"]));
    assert_eq!((flag.exit, &*flag.stderr), (Some(Exit::Code(1)), "error: unknown option '--wrong'\n"));
    let fine = Script::default().session(id).args(["--resume", id, "--replay-user-messages", "--max-turns", "3"]);
    assert_eq!(run(&mut pair(fine), |incoming| panic!("{incoming:?}")).0, Outcome::Success);
    // What this crate writes is known.
    let options = claude_duplex::Options::new().model("opus").host_permission_prompts().allowed_tools(["Read"]);
    let args = options.invocation().unwrap().args;
    let script = Script::default().args(args.iter().map(|arg| arg.to_string_lossy()));
    assert_eq!(run(&mut pair(script), |incoming| panic!("{incoming:?}")).0, Outcome::Success);
}

/// All that a peer writes for one prompt.
fn lines(script: Script) -> Vec<String> {
    let mut peer = MockCli::new(script, SessionTime::ZERO);
    let prompt =
        r#"{"type":"user","message":{"role":"user","content":"hello"},"uuid":"00000000-0000-4000-8000-000000000001"}"#;
    peer.receive(SessionTime::ZERO, format!("{prompt}\n").as_bytes());
    while let Some(due) = peer.poll_timeout() {
        peer.handle_timeout(due);
    }
    String::from_utf8_lossy(peer.poll_transmit()).lines().map(str::to_owned).collect()
}

/// As `stream_cut` of each version: what a host shows is the answer, once.
#[test]
fn a_broken_stream_is_repeated_as_by_each_version() {
    for generation in CliVersion::ALL {
        let step = Step::text_in_parts("one two three four", 4, Duration::from_millis(1));
        let lines = lines(Script::new(*generation).then([step]).fault(Fault::BreakStream(2)));
        let has = |part: &str| lines.iter().any(|line| line.contains(part));
        assert_eq!(has("abandoned_blocks"), *generation >= CliVersion::V2_1_329, "{generation:?}");
        assert_eq!(has("api_retry"), *generation >= CliVersion::V2_1_250, "{generation:?}");
        let starts = lines.iter().filter(|line| line.contains("message_start")).count();
        assert_eq!(starts, if *generation >= CliVersion::V2_1_250 { 2 } else { 1 }, "{generation:?}");
        let mut transcript = Transcript::new();
        for line in &lines {
            transcript.add(&Message::parse(line.as_bytes()).unwrap());
        }
        assert_eq!(transcript.text(), "one two three four", "{generation:?}: {lines:#?}");
        assert_eq!(transcript.final_text(), Some("one two three four"), "{generation:?}");
    }
}

#[test]
fn each_damage_fault_damages_lines_as_named() {
    let damaged = |name: &str| {
        let lines = lines(Script::default().fault(name.parse().unwrap()));
        let of = |kind: &str| lines.iter().find(|line| line.contains(kind)).cloned().unwrap();
        [of(r#""subtype":"init""#), of(r#""type":"result""#)]
    };
    assert!(damaged("damage=escape").iter().all(|line| line.starts_with('\u{1b}')));
    assert!(damaged("damage=bom").iter().all(|line| line.starts_with('\u{feff}')));
    assert!(damaged("damage=log").iter().all(|line| line.starts_with("[DEBUG] ")));
    assert!(damaged("damage=tail").iter().all(|line| line.ends_with("\u{1b}[0m")));
    assert!(damaged("damage=joined").iter().all(|line| line.ends_with(r#"}{"type":"keep_alive"}"#)));
    assert_eq!("damage=bom".parse(), Ok(Fault::Damage(Damage::Bom)));
    assert!("damage=rust".parse::<Fault>().is_err());
}

#[test]
fn a_missing_result_is_scripted_with_and_without_lifecycle() {
    let with =
        |fault: Fault| lines(Script::default().session_state_messages(true).then([Step::text("said")]).fault(fault));
    let has = |lines: &[String], part: &str| lines.iter().any(|line| line.contains(part));
    for (fault, reported) in [(Fault::NoResult, false), (Fault::IdleWithoutResult, true)] {
        let lines = with(fault.clone());
        assert!(has(&lines, "said") && !has(&lines, r#""type":"result""#), "{fault:?}: {lines:?}");
        assert_eq!(has(&lines, r#""state":"completed""#), reported, "{fault:?}: {lines:?}");
        assert_eq!(has(&lines, r#""state":"idle""#), reported, "{fault:?}: {lines:?}");
    }
    assert!(has(&with(Fault::Grandchild), r#""type":"result""#));
}
