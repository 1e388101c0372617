//! Hooks that the host serves.

use claude_duplex::{Answer, Ask, AskKind, Json, Outcome as Ended, Prompt, PromptId};
use serde_json::{Value, json};

use crate::script::{script, text, tool};
use crate::talk::{End, Talk, Trial};
use crate::watch::Case;

trials![hook_continues, hook_blocks_a_tool, hook_blocks_a_prompt, hook_times_out];

fn says(answer: &Value) -> Option<Answer> {
    Some(Answer::Raw(Json::from_value(answer).expect("JSON")))
}

/// The event that a hook is called for.
fn event(ask: &Ask) -> String {
    assert_eq!(ask.kind(), AskKind::Hook);
    let line: Value = ask.message().decode().expect("JSON");
    line["request"]["input"]["hook_event_name"].as_str().unwrap_or_default().to_owned()
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
    talk.prompt(Prompt::text(&script([tool("Bash", touch), text("done")])))
}

async fn hook_continues(case: &Case) -> Trial {
    let mut talk = hooked(case, &["UserPromptSubmit", "PreToolUse", "PostToolUse", "Stop"]).await?;
    let prompt = running(&mut talk)?;
    let mut events = Vec::new();
    let end = talk.ended_with(prompt, |ask| {
        events.push(event(ask));
        says(&json!({ "continue": true }))
    });
    assert_eq!(end.await?.text(), "done");
    assert_eq!(events, ["UserPromptSubmit", "PreToolUse", "PostToolUse", "Stop"]);
    assert!(case.place.cwd().join("made.txt").exists());
    talk.close().await?;
    Ok(())
}

async fn hook_blocks_a_tool(case: &Case) -> Trial {
    let mut talk = hooked(case, &["PreToolUse"]).await?;
    let prompt = running(&mut talk)?;
    let end = talk.ended_with(prompt, |_| says(&json!({ "decision": "block", "reason": "not this one" })));
    assert_eq!(end.await?.text(), "done");
    assert!(!case.place.cwd().join("made.txt").exists());
    assert!(talk.tool_results().contains("not this one"), "{}", talk.tool_results());
    talk.close().await?;
    Ok(())
}

async fn hook_blocks_a_prompt(case: &Case) -> Trial {
    let mut talk = hooked(case, &["UserPromptSubmit"]).await?;
    let prompt = talk.prompt("about secrets")?;
    let End { outcome, .. } =
        talk.ended_with(prompt, |_| says(&json!({ "decision": "block", "reason": "no secrets" }))).await?;
    assert_eq!(outcome, Ended::Blocked);
    let next = talk.prompt(Prompt::text(&script([text("good")])))?;
    assert_eq!(talk.ended_with(next, |_| says(&json!({ "continue": true }))).await?.text(), "good");
    let heard =
        case.api.calls().iter().flat_map(|call| call.messages.clone()).any(|said| said.text.contains("secrets"));
    assert!(!heard, "the model heard a blocked prompt");
    talk.close().await?;
    Ok(())
}

async fn hook_times_out(case: &Case) -> Trial {
    let mut talk = Talk::with(case, |options| options.dangerously_skip_permissions(), |_| ())?;
    let hook = json!([{ "matcher": "Bash", "hookCallbackIds": ["slow"], "timeout": 1 }]);
    talk.initialize(json!({ "hooks": { "PreToolUse": hook } })).await?;
    let prompt = running(&mut talk)?;
    if case.before("2.0.0", "the hook's timeout is not kept: the turn waits for the answer") {
        let ask = talk.asked().await?;
        talk.claude.answer(ask.id(), says(&json!({ "continue": true })).expect("an answer"))?;
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
