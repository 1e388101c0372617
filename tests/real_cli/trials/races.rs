//! What comes at the same time: interrupts, commands and ends beside prompts that wait, open requests and running turns.

use std::time::Duration;

use claude_duplex::options::PermissionMode;
use claude_duplex::request::{SetModel, SetPermissionMode};
use claude_duplex::{
    Action, Config, Decision, Exit, IncomingRequest, Interrupt, Outcome as Ended, Prompt, PromptId, WhenBusy,
};
use serde_json::{Value, json};

use crate::script::{Step, script, text, tool};
use crate::talk::{Talk, Trial};
use crate::watch::Case;

trials![
    interrupt_between_two_queued_prompts,
    interrupt_with_an_open_tool_hook,
    interrupt_with_an_open_prompt_hook,
    interrupt_with_two_open_permissions,
    response_that_races_an_interrupt,
    cancel_the_second_of_three,
    compact_with_prompts_queued,
    clear_with_prompts_queued,
    mode_changes_in_mid_turn,
    model_changes_in_mid_turn,
    stdin_closed_right_after_a_prompt,
];

/// Starts a turn whose answer stops at a hold.
async fn held(talk: &mut Talk<'_>) -> Result<PromptId, String> {
    let prompt = talk.prompt(Prompt::text(script([text("first").chunks(2).hold("mid")])))?;
    talk.message("content_block_delta").await?;
    Ok(prompt)
}

fn send(talk: &mut Talk<'_>, text: &str) -> Result<PromptId, String> {
    talk.prompt(Prompt::text(text).when_busy(WhenBusy::Send))
}

/// Sends another prompt and closes.
async fn goes_on(mut talk: Talk<'_>) -> Trial {
    let again = talk.prompt(Prompt::text(script([text("here")])))?;
    assert_eq!(talk.ended(again).await?.text(), "here");
    talk.close().await?;
    Ok(())
}

/// The interrupt ends the running turn alone: the prompt before it and the prompt after it are answered.
async fn interrupt_between_two_queued_prompts(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let first = held(&mut talk).await?;
    let before = send(&mut talk, "before it")?;
    let interrupt = talk.claude.interrupt(Interrupt::running())?;
    let after = send(&mut talk, "after it")?;
    talk.replied(interrupt).await??;
    assert_eq!(talk.ended(first).await?.outcome, Ended::Interrupted);
    // The script goes on where it was cut.
    case.api.release("mid");
    for prompt in [before, after] {
        assert_eq!(talk.ended(prompt).await?.outcome, Ended::Success);
    }
    goes_on(talk).await
}

fn touch(name: &str) -> Step {
    tool("Bash", json!({ "command": format!("touch {name}"), "description": "make it" }))
}

/// A session whose hook of that event is open, for a prompt that calls a tool.
async fn with_open_hook<'c>(case: &'c Case, event: &str) -> Result<(Talk<'c>, PromptId), Box<dyn std::error::Error>> {
    let mut talk = Talk::with(case, |options| options.dangerously_skip_permissions(), |_| ())?;
    talk.initialize(json!({ "hooks": { event: [{ "matcher": null, "hookCallbackIds": [event] }] } })).await?;
    let prompt = talk.prompt(Prompt::text(script([touch("made.txt"), text("done")])))?;
    talk.next_request().await?;
    Ok((talk, prompt))
}

async fn interrupt_with_an_open_tool_hook(case: &Case) -> Trial {
    let (mut talk, prompt) = with_open_hook(case, "PreToolUse").await?;
    talk.claude.interrupt(Interrupt::running())?;
    assert_eq!(talk.ended(prompt).await?.outcome, Ended::Interrupted);
    assert_eq!(talk.withdrawn(), 1);
    assert!(!case.place.cwd().join("made.txt").exists());
    talk.close().await?;
    Ok(())
}

async fn interrupt_with_an_open_prompt_hook(case: &Case) -> Trial {
    let (mut talk, prompt) = with_open_hook(case, "UserPromptSubmit").await?;
    talk.claude.interrupt(Interrupt::running())?;
    let end = talk.ended(prompt).await?;
    assert_eq!(talk.withdrawn(), 1);
    if !case.is_before("2.1.160") && case.before("2.1.296", "the interrupt ends the CLI, with an error result") {
        assert_eq!(end.outcome, Ended::Error);
        assert_eq!(talk.closed().await?.exit, Some(Exit::Code(1)));
        return Ok(());
    }
    assert!(matches!(end.outcome, Ended::Interrupted | Ended::Cancelled), "{end:?}");
    talk.close().await?;
    Ok(())
}

async fn interrupt_with_two_open_permissions(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let read = |name: &str| json!({ "file_path": case.place.cwd().join(name), "content": "here" });
    let both = Step::default().tool("Write", read("one.txt")).tool("Write", read("two.txt"));
    let prompt = talk.prompt(Prompt::text(script([both, text("done")])))?;
    talk.next_request().await?;
    talk.quiet().await;
    talk.claude.interrupt(Interrupt::running())?;
    assert_eq!(talk.ended(prompt).await?.outcome, Ended::Interrupted);
    let request_count = talk.actions.iter().filter(|action| matches!(action, Action::IncomingRequest(_))).count();
    assert_eq!(talk.withdrawn(), request_count);
    for name in ["one.txt", "two.txt"] {
        assert!(!case.place.cwd().join(name).exists(), "{name}");
    }
    goes_on(talk).await
}

/// Written together: the turn ends as interrupted, whether the tool ran or not.
async fn response_that_races_an_interrupt(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let prompt = talk.prompt(Prompt::text(script([touch("made.txt"), text("first").chunks(2).hold("mid")])))?;
    let incoming = talk.next_request().await?;
    talk.claude.respond(incoming.id(), Decision::allow())?;
    let interrupt = talk.claude.interrupt(Interrupt::running())?;
    assert_eq!(talk.ended(prompt).await?.outcome, Ended::Interrupted);
    talk.replied(interrupt).await??;
    assert_eq!(talk.withdrawn(), 0, "it was answered");
    goes_on(talk).await
}

async fn cancel_the_second_of_three(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let first = held(&mut talk).await?;
    let (second, third) = (send(&mut talk, "second")?, send(&mut talk, "third")?);
    talk.claude.cancel(second)?;
    talk.read_up_to_here().await?;
    case.api.release("mid");
    assert_eq!(talk.ended(first).await?.text(), "first");
    assert_eq!(talk.ended(third).await?.outcome, Ended::Success);
    let runs = case.lacks_before("2.1.76", "the CLI cannot withdraw a prompt that it has, and runs it");
    assert_eq!(talk.ended(second).await?.outcome, if runs { Ended::Success } else { Ended::Cancelled });
    goes_on(talk).await
}

/// A command of the CLI between two prompts, all behind a running turn: each has its own end. Returns the last request's text.
async fn queued_around(case: &Case, command: &str) -> Result<String, Box<dyn std::error::Error>> {
    let mut talk = Talk::start(case)?;
    for prompt in ["remember the word heron", "hello"] {
        let prompt = talk.prompt(prompt)?;
        assert_eq!(talk.ended(prompt).await?.outcome, Ended::Success);
    }
    let first = held(&mut talk).await?;
    let before = send(&mut talk, "before it")?;
    let command = send(&mut talk, command)?;
    let after = send(&mut talk, "after it")?;
    talk.read_up_to_here().await?;
    case.api.release("mid");
    assert_eq!(talk.ended(first).await?.text(), "first");
    assert_eq!(talk.ended(before).await?.outcome, Ended::Success);
    let outcome = talk.ended(command).await?.outcome;
    assert!(outcome.is_success(), "{outcome}");
    assert_eq!(talk.ended(after).await?.outcome, Ended::Success);
    let calls = case.api.calls();
    let last = calls.iter().rev().find(|call| call.tools > 0).ok_or("no call with tools")?;
    let received: Vec<&str> = last.messages.iter().map(|seen| seen.text.as_str()).collect();
    let received = received.join("\n");
    goes_on(talk).await?;
    Ok(received)
}

/// Whether the prompt behind a waiting command is joined to that before it, and the command is overtaken.
fn overtakes(case: &Case) -> bool {
    !case.is_before("2.1.85") && case.before("2.1.147", "the prompt behind the command is joined to that before it")
}

async fn compact_with_prompts_queued(case: &Case) -> Trial {
    let received = queued_around(case, "/compact").await?;
    assert!(received.contains("after it"), "{received}");
    assert_eq!(received.contains("heron"), overtakes(case), "{received}");
    Ok(())
}

async fn clear_with_prompts_queued(case: &Case) -> Trial {
    let received = queued_around(case, "/clear").await?;
    let kept = case.before("2.1.129", "the model still hears what was said before") || overtakes(case);
    assert!(received.contains("after it"), "{received}");
    assert_eq!(received.contains("heron"), kept, "{received}");
    Ok(())
}

/// From the next call on, the CLI decides by the new mode.
async fn mode_changes_in_mid_turn(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let write = |name: &str| -> Value { json!({ "file_path": case.place.cwd().join(name), "content": "here" }) };
    let steps = [tool("Write", write("one.txt")), tool("Write", write("two.txt")), text("done")];
    let prompt = talk.prompt(Prompt::text(script(steps)))?;
    let incoming: IncomingRequest = talk.next_request().await?;
    talk.request(SetPermissionMode::new("acceptEdits").into()).await??;
    talk.claude.respond(incoming.id(), Decision::allow())?;
    assert_eq!(talk.ended(prompt).await?.text(), "done");
    let request_count = talk.actions.iter().filter(|action| matches!(action, Action::IncomingRequest(_))).count();
    assert_eq!(request_count, 1, "the second is not asked for");
    for name in ["one.txt", "two.txt"] {
        assert!(case.place.cwd().join(name).exists(), "{name}");
    }
    let mode = talk.claude.protocol().status().permission_mode.clone();
    let silent = case.before("2.1.84", "no message says that the mode changed, until the next turn");
    assert_eq!(mode, Some(if silent { PermissionMode::Default } else { PermissionMode::AcceptEdits }));
    talk.close().await?;
    Ok(())
}

/// From the next call on, the CLI asks the new model.
async fn model_changes_in_mid_turn(case: &Case) -> Trial {
    const OTHER: &str = "claude-haiku-4-5";
    let mut talk = Talk::start(case)?;
    let prompt = talk.prompt(Prompt::text(script([touch("made.txt"), text("done")])))?;
    let incoming = talk.next_request().await?;
    talk.request(SetModel::new(OTHER).into()).await??;
    talk.claude.respond(incoming.id(), Decision::allow())?;
    assert_eq!(talk.ended(prompt).await?.text(), "done");
    let next = talk.prompt(Prompt::text(script([text("and on")])))?;
    assert_eq!(talk.ended(next).await?.text(), "and on");
    let calls = case.api.calls();
    let models: Vec<_> = calls.iter().filter(|call| call.step.is_some()).map(|call| call.model == OTHER).collect();
    if models == [false, false, true] {
        assert!(case.is_before("2.1.250"));
        case.differs("the running turn keeps its model");
    } else {
        assert_eq!(models, [false, true, true]);
    }
    talk.close().await?;
    Ok(())
}

/// The CLI answers what it has read, and ends.
async fn stdin_closed_right_after_a_prompt(case: &Case) -> Trial {
    let impatient = |config: &mut Config| config.timeouts.shutdown.turn = Duration::ZERO;
    let mut talk = Talk::with(case, |options| options, impatient)?;
    let prompt = talk.prompt("hello")?;
    while talk.unsent() > 0 {
        talk.quiet().await;
    }
    talk.claude.close();
    let closed = talk.closed().await?;
    assert_eq!(talk.ended(prompt).await?.text(), "ok");
    assert_eq!(closed.exit, Some(Exit::Code(0)));
    Ok(())
}
