//! May the tool run?

use claude_duplex::options::PermissionMode;
use claude_duplex::{
    Action, Allow, Config, Decision, Deny, IncomingKind, IncomingKinds, IncomingResponse, Json, Outcome as Ended,
    Prompt,
};
use serde_json::{Value, json};

use crate::script::{script, text, tool};
use crate::talk::{Talk, Trial};
use crate::watch::Case;

trials![
    permission_allowed,
    permission_denied,
    permission_with_another_input,
    permission_allowed_always,
    permission_answered_by_an_error,
    permission_denied_and_interrupted,
    permissions_of_several_tools,
    permission_without_a_handler,
    permission_mode_is_the_one_that_asks,
    ask_user_question,
];

/// A call that makes a file.
fn touch(file: &str) -> Value {
    json!({ "command": format!("touch {file} && echo made"), "description": "make it" })
}

/// A prompt by which the model makes a file.
fn touching(file: &str) -> String {
    script([tool("Bash", touch(file)), text("done")])
}

async fn permission_allowed(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let prompt = talk.prompt(Prompt::text(touching("made.txt")))?;
    let incoming = talk.next_request().await?;
    let permission = incoming.permission()?;
    assert_eq!(permission.tool_name, "Bash");
    assert_eq!(permission.tool_use_id.is_none(), case.before("2.0.28", "the ask does not name its tool call"));
    talk.claude.respond(incoming.id(), Decision::allow())?;
    assert_eq!(talk.ended(prompt).await?.text(), "done");
    assert!(case.place.cwd().join("made.txt").exists());
    assert!(talk.tool_results().contains("made"));
    talk.close().await?;
    Ok(())
}

async fn permission_denied(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let prompt = talk.prompt(Prompt::text(touching("made.txt")))?;
    let incoming = talk.next_request().await?;
    talk.claude.respond(incoming.id(), Decision::deny("not today"))?;
    assert_eq!(talk.ended(prompt).await?.text(), "done");
    assert!(!case.place.cwd().join("made.txt").exists());
    assert!(talk.tool_results().contains("not today"), "{}", talk.tool_results());
    talk.close().await?;
    Ok(())
}

async fn permission_with_another_input(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let prompt = talk.prompt(Prompt::text(touching("made.txt")))?;
    let incoming = talk.next_request().await?;
    talk.claude.respond(incoming.id(), Decision::allow_with(Json::from_value(&touch("other.txt"))?))?;
    assert_eq!(talk.ended(prompt).await?.text(), "done");
    assert!(!case.place.cwd().join("made.txt").exists());
    assert!(case.place.cwd().join("other.txt").exists());
    talk.close().await?;
    Ok(())
}

/// The CLI's own suggestion, taken with an allow: the next call is not asked for.
async fn permission_allowed_always(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let write = |name: &str| {
        let path = case.place.cwd().join(name);
        tool("Write", json!({ "file_path": path, "content": "x" }))
    };
    let prompt = talk.prompt(Prompt::text(script([write("one.txt"), write("two.txt"), text("done")])))?;
    let incoming = talk.next_request().await?;
    let suggestion = incoming.permission()?.suggestions().first().cloned().ok_or("no suggestion")?;
    talk.claude.respond(incoming.id(), Allow::new().and_remember(suggestion))?;
    assert_eq!(talk.ended(prompt).await?.text(), "done");
    assert!(case.place.cwd().join("one.txt").exists() && case.place.cwd().join("two.txt").exists());
    assert_eq!(talk.actions.iter().filter(|action| matches!(action, Action::IncomingRequest(_))).count(), 1);
    talk.close().await?;
    Ok(())
}

async fn permission_answered_by_an_error(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let prompt = talk.prompt(Prompt::text(touching("made.txt")))?;
    let incoming = talk.next_request().await?;
    talk.claude.respond(incoming.id(), IncomingResponse::Error { message: "nobody can tell".into() })?;
    assert_eq!(talk.ended(prompt).await?.text(), "done", "only the call fails");
    assert!(!case.place.cwd().join("made.txt").exists());
    assert!(talk.tool_results().contains("nobody can tell"), "{}", talk.tool_results());
    talk.close().await?;
    Ok(())
}

async fn permission_denied_and_interrupted(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let prompt = talk.prompt(Prompt::text(touching("made.txt")))?;
    let incoming = talk.next_request().await?;
    talk.claude.respond(incoming.id(), Deny::new("stop it").and_interrupt())?;
    assert_eq!(talk.ended(prompt).await?.outcome, Ended::Interrupted);
    assert!(!case.place.cwd().join("made.txt").exists());
    let again = talk.prompt(Prompt::text(script([text("here")])))?;
    assert_eq!(talk.ended(again).await?.text(), "here");
    talk.close().await?;
    Ok(())
}

async fn permissions_of_several_tools(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let files = ["a.txt", "b.txt", "c.txt"];
    let calls = files.iter().fold(text("three at once"), |step, file| step.tool("Bash", touch(file)));
    let prompt = talk.prompt(Prompt::text(script([calls, text("done")])))?;
    let mut request_count = 0;
    let end = talk.ended_with(prompt, |incoming| {
        request_count += 1;
        let input = incoming.permission().expect("a permission").input.as_str().to_owned();
        Some(if input.contains("b.txt") { Decision::deny("not b").into() } else { Decision::allow().into() })
    });
    assert_eq!(end.await?.text(), "done");
    let cancels = !case.is_before("2.1.154")
        && case.before("2.1.161", "a call that is refused cancels those behind it: nobody is asked for them");
    assert_eq!(request_count, if cancels { 2 } else { 3 });
    let made = files.map(|file| case.place.cwd().join(file).exists());
    assert_eq!(made, [true, false, !cancels]);
    assert!(talk.tool_results().contains("not b"));
    talk.close().await?;
    Ok(())
}

async fn permission_without_a_handler(case: &Case) -> Trial {
    let owns_nothing = |config: &mut Config| config.handled = IncomingKinds::NONE;
    let mut talk = Talk::with(case, |options| options.host_permission_prompts(), owns_nothing)?;
    let prompt = talk.prompt(Prompt::text(touching("made.txt")))?;
    assert_eq!(talk.ended(prompt).await?.text(), "done");
    assert!(!case.place.cwd().join("made.txt").exists());
    assert!(talk.actions.iter().any(|action| matches!(action, Action::IncomingDeclined { .. })));
    talk.close().await?;
    Ok(())
}

/// Whatever the version starts in by itself, and whatever the project's settings say.
async fn permission_mode_is_the_one_that_asks(case: &Case) -> Trial {
    let settings = case.place.cwd().join(".claude");
    std::fs::create_dir(&settings)?;
    std::fs::write(settings.join("settings.json"), r#"{"permissions":{"defaultMode":"acceptEdits"}}"#)?;
    let write = tool("Write", json!({ "file_path": case.place.cwd().join("made.txt"), "content": "x" }));
    let prompt = Prompt::text(script([write, text("done")]));
    for (mode, incoming_requests) in [(None, true), (Some(PermissionMode::AcceptEdits), false)] {
        let mut talk = Talk::with(
            case,
            |options| {
                let options = options.host_permission_prompts();
                mode.into_iter().fold(options, |options, mode| options.permission_mode(mode))
            },
            |_| (),
        )?;
        let id = talk.prompt(prompt.clone())?;
        let end = talk.ended_with(id, |incoming| {
            assert_eq!(incoming.kind(), IncomingKind::Permission);
            Some(Decision::deny("refused by the host").into())
        });
        assert_eq!(end.await?.text(), "done");
        assert_eq!(talk.tool_results().contains("refused by the host"), incoming_requests, "{}", talk.tool_results());
        assert_eq!(case.place.cwd().join("made.txt").exists(), !incoming_requests);
        talk.close().await?;
    }
    Ok(())
}

async fn ask_user_question(case: &Case) -> Trial {
    let question = json!({ "questions": [{
        "question": "Which?", "header": "Pick", "multiSelect": false,
        "options": [{ "label": "Left", "description": "a" }, { "label": "Right", "description": "b" }],
    }] });
    let mut talk = Talk::start(case)?;
    let prompt = talk.prompt(Prompt::text(script([tool("AskUserQuestion", question), text("done")])))?;
    let end = talk.ended_with(prompt, |incoming| {
        let questions = incoming.permission().expect("a permission").questions().expect("questions");
        let [request_count] = &questions.list[..] else { panic!("there is one") };
        let right = request_count.choices.as_ref().expect("choices")[1].label.clone();
        Some(questions.reply().choose(&request_count.question, right).expect("it was asked").decision().into())
    });
    assert_eq!(end.await?.text(), "done");
    if case.lacks_before("2.0.71", "there is no such tool: the call fails, and nobody is asked") {
        assert!(!talk.actions.iter().any(|action| matches!(action, Action::IncomingRequest(_))));
    } else {
        assert!(talk.tool_results().contains("Right"), "{}", talk.tool_results());
    }
    talk.close().await?;
    Ok(())
}
