//! Hooks that the host serves.

use claude_duplex::incoming::hook::{
    HookEvent, HookOutput, HookOutputDecision, HookPermissionDecision, PreToolUseOutput,
};
use claude_duplex::{
    Config, Decision, IncomingKind, IncomingKinds, IncomingRequest, IncomingResponse, Json, Options, Outcome as Ended,
    Prompt, PromptId, WhenBusy,
};
use serde_json::{Value, json};

use crate::script::{script, text, tool};
use crate::talk::{End, Talk, Trial};
use crate::watch::Case;

trials![
    hook_continues,
    hook_blocks_a_tool,
    hook_denies_a_tool,
    hook_asks_about_a_tool,
    hook_gives_a_tool_another_input,
    hook_defers_a_tool,
    hook_blocks_a_prompt,
    hook_blocks_one_of_a_batch,
    hook_times_out,
    hook_without_a_handler_blocks,
    hook_that_fails_blocks,
];

fn says(output: impl Into<HookOutput>) -> Option<IncomingResponse> {
    Some(IncomingResponse::from(output.into()))
}

fn block(reason: &str) -> HookOutput {
    HookOutput::new().decision(HookOutputDecision::Block).reason(reason)
}

/// The event that a hook is called for, all of whose fields are known.
fn event(incoming_request: &IncomingRequest) -> HookEvent {
    let hook = incoming_request.hook().expect("a hook");
    assert_eq!(hook.callback_id, hook.input.event.as_str());
    let details = hook.input.details().expect("its details");
    assert!(details.unknown_fields().is_empty(), "{details:?}");
    hook.input.event
}

/// A session in which the host serves hooks of these events.
async fn hooked<'c>(case: &'c Case, events: &[&str]) -> Result<Talk<'c>, Box<dyn std::error::Error>> {
    let mut talk = Talk::with(case, |options| options.dangerously_skip_permissions(), |_| ())?;
    let hook = |event: &&str| ((*event).to_owned(), json!([{ "matcher": null, "hookCallbackIds": [event] }]));
    let hooks: serde_json::Map<String, Value> = events.iter().map(hook).collect();
    talk.initialize(json!({ "hooks": hooks })).await?;
    Ok(talk)
}

fn running(talk: &mut Talk<'_>) -> Result<PromptId, String> {
    let touch = json!({ "command": "touch made.txt && echo made", "description": "make it" });
    talk.prompt(Prompt::text(script([tool("Bash", touch), text("done")])))
}

async fn hook_continues(case: &Case) -> Trial {
    let mut talk = hooked(case, &["UserPromptSubmit", "PreToolUse", "PostToolUse", "Stop"]).await?;
    let prompt = running(&mut talk)?;
    let mut events = Vec::new();
    let end = talk.ended_with(prompt, |incoming_request| {
        events.push(event(incoming_request));
        says(HookOutput::new().continue_turn())
    });
    assert_eq!(end.await?.text(), "done");
    let order = [HookEvent::UserPromptSubmit, HookEvent::PreToolUse, HookEvent::PostToolUse, HookEvent::Stop];
    assert_eq!(events, order);
    assert!(case.place.cwd().join("made.txt").exists());
    talk.close().await?;
    Ok(())
}

async fn hook_blocks_a_tool(case: &Case) -> Trial {
    let mut talk = hooked(case, &["PreToolUse"]).await?;
    let prompt = running(&mut talk)?;
    let end = talk.ended_with(prompt, |_| says(block("not this one")));
    assert_eq!(end.await?.text(), "done");
    assert!(!case.place.cwd().join("made.txt").exists());
    assert!(talk.tool_results().contains("not this one"), "{}", talk.tool_results());
    talk.close().await?;
    Ok(())
}

async fn hook_denies_a_tool(case: &Case) -> Trial {
    let mut talk = hooked(case, &["PreToolUse"]).await?;
    let prompt = running(&mut talk)?;
    let end = talk.ended_with(prompt, |incoming_request| {
        says(event(incoming_request).refusal("not this one").expect("it guards"))
    });
    assert_eq!(end.await?.text(), "done");
    assert!(!case.place.cwd().join("made.txt").exists());
    assert!(talk.tool_results().contains("not this one"), "{}", talk.tool_results());
    talk.close().await?;
    Ok(())
}

/// The command is one that the CLI runs without a question.
async fn hook_asks_about_a_tool(case: &Case) -> Trial {
    let mut talk = Talk::with(case, Options::host_permission_prompts, |_| ())?;
    talk.initialize(json!({ "hooks": { "PreToolUse": [{ "hookCallbackIds": ["PreToolUse"] }] } })).await?;
    let echo = json!({ "command": "echo made", "description": "make it" });
    let prompt = talk.prompt(Prompt::text(script([tool("Bash", echo), text("done")])))?;
    let mut requests_seen = Vec::new();
    let end = talk.ended_with(prompt, |incoming_request| match incoming_request.kind() {
        IncomingKind::Hook => says(PreToolUseOutput::ask("the host decides")),
        _ => {
            requests_seen.push(incoming_request.permission().expect("a permission request"));
            Some(Decision::allow().into())
        }
    });
    assert_eq!(end.await?.text(), "done");
    let reasons: Vec<_> = requests_seen.iter().map(|requests_seen| requests_seen.decision_reason.as_deref()).collect();
    if case.before("2.1.85", "`ask` of a hook changes nothing for a command that the CLI runs without a question") {
        assert!(reasons.is_empty(), "{reasons:?}");
    } else {
        assert_eq!(reasons.len(), 1, "{reasons:?}");
    }
    assert!(talk.tool_results().contains("made"), "{}", talk.tool_results());
    talk.close().await?;
    Ok(())
}

async fn hook_gives_a_tool_another_input(case: &Case) -> Trial {
    let mut talk = hooked(case, &["PreToolUse"]).await?;
    let prompt = running(&mut talk)?;
    let other = Json::from_value(&json!({ "command": "touch other.txt", "description": "make it" }))?;
    let end = talk.ended_with(prompt, |_| {
        let allow = PreToolUseOutput::new().permission_decision(HookPermissionDecision::Allow);
        says(allow.updated_input(other.clone()))
    });
    assert_eq!(end.await?.text(), "done");
    let made = |file: &str| case.place.cwd().join(file).exists();
    let ignored = case.lacks_before("2.0.10", "a hook cannot change the input");
    assert_eq!((made("made.txt"), made("other.txt")), (ignored, !ignored));
    talk.close().await?;
    Ok(())
}

/// A call that is deferred to the host: the turn ends there, and its result names the call.
async fn hook_defers_a_tool(case: &Case) -> Trial {
    let mut talk = hooked(case, &["PreToolUse"]).await?;
    let prompt = running(&mut talk)?;
    let defer = || PreToolUseOutput::new().permission_decision(HookPermissionDecision::Defer);
    let End { outcome, result } = talk.ended_with(prompt, |_| says(defer())).await?;
    let runs = case.lacks_before("2.1.91", "a hook cannot defer: the tool runs");
    assert_eq!(case.place.cwd().join("made.txt").exists(), runs);
    assert_eq!(outcome, if runs { Ended::Success } else { Ended::Deferred });
    let call = result.and_then(|result| result.deferred_tool_use).map(|call| call.name);
    assert_eq!(call.as_deref(), (!runs).then_some("Bash"));
    let next = talk.prompt(Prompt::text(script([text("good")])))?;
    assert_eq!(talk.ended(next).await?.text(), "good");
    talk.close().await?;
    Ok(())
}

/// The host has hooks, but owns no hook request: what they guard is refused.
async fn hook_without_a_handler_blocks(case: &Case) -> Trial {
    let owns_nothing = |config: &mut Config| config.handled = IncomingKinds::NONE;
    for (name, runs) in [("PreToolUse", true), ("UserPromptSubmit", false)] {
        let mut talk = Talk::with(case, |options| options.dangerously_skip_permissions(), owns_nothing)?;
        let hook = json!([{ "matcher": null, "hookCallbackIds": [name] }]);
        talk.initialize(json!({ "hooks": { name: hook } })).await?;
        let prompt = running(&mut talk)?;
        let outcome = talk.ended(prompt).await?.outcome;
        assert_eq!(outcome, if runs { Ended::Success } else { Ended::Blocked });
        assert!(!case.place.cwd().join("made.txt").exists(), "{name}");
        talk.close().await?;
    }
    Ok(())
}

/// An error of the host refuses what the hook guards.
async fn hook_that_fails_blocks(case: &Case) -> Trial {
    for (name, runs) in [("PreToolUse", true), ("UserPromptSubmit", false)] {
        let mut talk = hooked(case, &[name]).await?;
        let prompt = running(&mut talk)?;
        let end = talk.ended_with(prompt, |_| Some(IncomingResponse::Error { message: "it broke".into() }));
        assert_eq!(end.await?.outcome, if runs { Ended::Success } else { Ended::Blocked });
        assert!(!case.place.cwd().join("made.txt").exists(), "{name}");
        talk.close().await?;
    }
    Ok(())
}

async fn hook_blocks_a_prompt(case: &Case) -> Trial {
    let mut talk = hooked(case, &["UserPromptSubmit"]).await?;
    let prompt = talk.prompt("about secrets")?;
    let End { outcome, .. } = talk.ended_with(prompt, |_| says(block("no secrets"))).await?;
    assert_eq!(outcome, Ended::Blocked);
    let next = talk.prompt(Prompt::text(script([text("good")])))?;
    assert_eq!(talk.ended_with(next, |_| says(HookOutput::new().continue_turn())).await?.text(), "good");
    let received =
        case.api.calls().iter().flat_map(|call| call.messages.clone()).any(|seen| seen.text.contains("secrets"));
    assert!(!received, "the model heard a blocked prompt");
    talk.close().await?;
    Ok(())
}

/// Of two prompts that wait, the hook refuses one. Prompts that are merged are judged together.
async fn hook_blocks_one_of_a_batch(case: &Case) -> Trial {
    let options = |options: Options| options.dangerously_skip_permissions().include_partial_messages();
    let mut talk = Talk::with(case, options, |_| ())?;
    let hook = json!([{ "matcher": null, "hookCallbackIds": ["UserPromptSubmit"] }]);
    talk.initialize(json!({ "hooks": { "UserPromptSubmit": hook } })).await?;
    let judge = |incoming_request: &IncomingRequest| {
        let is_secret = incoming_request.message().line().contains("secrets");
        says(if is_secret { block("no secrets") } else { HookOutput::new().continue_turn() })
    };
    let first = talk.prompt(Prompt::text(script([text("first").chunks(2).hold("mid")])))?;
    let incoming_request = talk.next_request().await?;
    talk.claude.respond(incoming_request.id(), judge(&incoming_request).expect("a response"))?;
    talk.message("content_block_delta").await?;
    let good = talk.prompt(Prompt::text("about herons").when_busy(WhenBusy::Send))?;
    let bad = talk.prompt(Prompt::text("about secrets").when_busy(WhenBusy::Send))?;
    talk.read_up_to_here().await?;
    case.api.release("mid");
    assert_eq!(talk.ended_with(first, judge).await?.text(), "first");
    let alone = case.before("2.1.85", "each prompt has a turn of its own, and only the refused one is blocked");
    let expected = if alone { Ended::Success } else { Ended::Blocked };
    assert_eq!(talk.ended_with(good, judge).await?.outcome, expected);
    assert_eq!(talk.ended_with(bad, judge).await?.outcome, Ended::Blocked);
    let next = talk.prompt(Prompt::text(script([text("good")])))?;
    assert_eq!(talk.ended_with(next, judge).await?.text(), "good");
    let calls = case.api.calls();
    assert!(!calls.iter().flat_map(|call| &call.messages).any(|seen| seen.text.contains("secrets")), "{calls:?}");
    talk.close().await?;
    Ok(())
}

async fn hook_times_out(case: &Case) -> Trial {
    let mut talk = Talk::with(case, |options| options.dangerously_skip_permissions(), |_| ())?;
    let hook = json!([{ "matcher": "Bash", "hookCallbackIds": ["slow"], "timeout": 1 }]);
    talk.initialize(json!({ "hooks": { "PreToolUse": hook } })).await?;
    let prompt = running(&mut talk)?;
    if case.before("2.0.42", "the hook's timeout is not kept: the turn waits for the answer") {
        let incoming_request = talk.next_request().await?;
        talk.claude.respond(incoming_request.id(), says(HookOutput::new().continue_turn()).expect("an answer"))?;
        assert_eq!(talk.ended(prompt).await?.text(), "done");
        assert_eq!(talk.withdrawn(), 0);
    } else {
        assert_eq!(talk.ended_with(prompt, |_| None).await?.text(), "done");
        assert_eq!(talk.withdrawn(), 1);
        let runs = case.before("2.1.160", "the tool of a hook that was not answered in time runs");
        assert_eq!(case.place.cwd().join("made.txt").exists(), runs);
    }
    talk.close().await?;
    Ok(())
}
