//! Interrupts, wherever they hit.

use claude_duplex::{Action, Decision, Interrupt, Outcome as Ended, Prompt, PromptId};
use serde_json::json;

use crate::script::{script, text, tool};
use crate::talk::{Talk, Trial};
use crate::watch::Case;

trials![
    interrupt_in_a_text,
    interrupt_in_a_tool,
    interrupt_with_an_open_permission,
    interrupt_when_idle,
    interrupt_before_the_first_turn,
    interrupt_twice,
    interrupt_that_overtakes_its_prompt,
    interrupt_with_the_queue,
];

const LONG: &str = "much too long";

/// A prompt whose answer stops after its first part, which has come.
async fn held(talk: &mut Talk<'_>) -> Result<PromptId, String> {
    let prompt = talk.prompt(Prompt::text(script([text(LONG).chunks(9).hold("mid")])))?;
    talk.message("content_block_delta").await?;
    Ok(prompt)
}

/// The session is as good as before.
async fn goes_on(mut talk: Talk<'_>) -> Trial {
    let again = talk.prompt(Prompt::text(script([text("here")])))?;
    assert_eq!(talk.ended(again).await?.text(), "here");
    talk.close().await?;
    Ok(())
}

async fn interrupt_in_a_text(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let prompt = held(&mut talk).await?;
    let interrupt = talk.claude.interrupt(Interrupt::running())?;
    assert_eq!(talk.ended(prompt).await?.outcome, Ended::Interrupted);
    talk.replied(interrupt).await??;
    goes_on(talk).await
}

async fn interrupt_in_a_tool(case: &Case) -> Trial {
    let mut talk = Talk::with(case, |options| options.dangerously_skip_permissions(), |_| ())?;
    let wait = json!({ "command": "touch started; sleep 50", "description": "wait" });
    let prompt = talk.prompt(Prompt::text(script([tool("Bash", wait), text("done")])))?;
    talk.message("tool_use").await?;
    talk.file("started").await;
    let interrupt = talk.claude.interrupt(Interrupt::running())?;
    assert_eq!(talk.ended(prompt).await?.outcome, Ended::Interrupted);
    talk.replied(interrupt).await??;
    goes_on(talk).await
}

async fn interrupt_with_an_open_permission(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let touch = json!({ "command": "touch made.txt", "description": "make it" });
    let prompt = talk.prompt(Prompt::text(script([tool("Bash", touch), text("done")])))?;
    let incoming = talk.next_request().await?;
    talk.claude.interrupt(Interrupt::running())?;
    assert_eq!(talk.ended(prompt).await?.outcome, Ended::Interrupted);
    assert_eq!(talk.withdrawn(), 1);
    assert!(talk.claude.respond(incoming.id(), Decision::allow()).is_err(), "it is stale");
    assert!(!case.place.cwd().join("made.txt").exists());
    goes_on(talk).await
}

async fn interrupt_when_idle(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let first = talk.prompt("hello")?;
    talk.ended(first).await?;
    let interrupt = talk.claude.interrupt(Interrupt::running())?;
    talk.replied(interrupt).await??;
    assert_eq!(talk.turns(), 1, "it ends nothing");
    goes_on(talk).await
}

async fn interrupt_before_the_first_turn(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let interrupt = talk.claude.interrupt(Interrupt::running())?;
    talk.replied(interrupt).await??;
    assert_eq!(talk.turns(), 0, "it ends nothing");
    goes_on(talk).await
}

async fn interrupt_twice(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let prompt = held(&mut talk).await?;
    let first = talk.claude.interrupt(Interrupt::running())?;
    let second = talk.claude.interrupt(Interrupt::running())?;
    assert_eq!(talk.ended(prompt).await?.outcome, Ended::Interrupted);
    talk.replied(first).await??;
    talk.replied(second).await??;
    assert_eq!(talk.turns(), 1);
    goes_on(talk).await
}

/// A prompt and its interrupt written together: later versions let such a prompt run, and the session follows up.
async fn interrupt_that_overtakes_its_prompt(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let first = talk.prompt("hello")?;
    talk.ended(first).await?;
    let prompt = talk.prompt(Prompt::text(script([text(LONG).chunks(9).hold("mid")])))?;
    talk.claude.interrupt(Interrupt::prompt(prompt))?;
    let end = talk.ended(prompt).await?;
    assert!(matches!(end.outcome, Ended::Interrupted | Ended::Cancelled), "{end:?}");
    goes_on(talk).await
}

async fn interrupt_with_the_queue(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let running = held(&mut talk).await?;
    let waiting = talk.prompt("waits here")?;
    talk.claude.interrupt(Interrupt::running().cancel_queued())?;
    assert_eq!(talk.ended(running).await?.outcome, Ended::Interrupted);
    assert_eq!(talk.ended(waiting).await?.outcome, Ended::Cancelled);
    assert!(
        !talk.actions.iter().any(|action| matches!(action, Action::PromptTaken { prompt, .. } if *prompt == waiting))
    );
    goes_on(talk).await
}
