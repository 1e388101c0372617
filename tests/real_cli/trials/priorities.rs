//! Priorities of prompts that are sent during a turn.

use claude_duplex::{Action, Outcome as Ended, Priority, Prompt, PromptId, WhenBusy};
use serde_json::json;

use crate::script::{script, text, tool};
use crate::talk::{Talk, Trial};
use crate::watch::Case;

trials![priority_now_at_a_tool, priority_later_at_a_tool, priorities_of_waiting_prompts];

/// First version that heeds priorities.
const FIRST: &str = "2.1.69";

/// A session whose tool runs until there is a file `go`.
async fn at_a_tool<'c>(case: &'c Case) -> Result<(Talk<'c>, PromptId), Box<dyn std::error::Error>> {
    let mut talk = Talk::with(case, |options| options.dangerously_skip_permissions(), |_| ())?;
    let command = "touch started; until [ -e go ]; do sleep 0.05; done; echo gone";
    let wait = tool("Bash", json!({ "command": command, "description": "wait" }));
    let prompt = talk.prompt(Prompt::text(script([wait, text("done")])))?;
    talk.message("tool_use").await?;
    talk.file("started").await;
    Ok((talk, prompt))
}

fn send(talk: &mut Talk<'_>, text: &str, priority: Priority) -> Result<PromptId, String> {
    talk.prompt(Prompt::text(text).priority(priority).when_busy(WhenBusy::Send))
}

fn go(case: &Case) -> std::io::Result<()> {
    std::fs::write(case.place.cwd().join("go"), "")
}

/// The tool runs to its end. Then the prompt whose call it was is interrupted, and the prompt that does not wait runs.
async fn priority_now_at_a_tool(case: &Case) -> Trial {
    let (mut talk, running) = at_a_tool(case).await?;
    let now = send(&mut talk, "at once", Priority::Now)?;
    talk.read_up_to_here().await?;
    go(case)?;
    let joins = case.lacks_before(FIRST, "priorities are ignored: the prompt is added to the running turn");
    let expected = if joins { Ended::Success } else { Ended::Interrupted };
    assert_eq!(talk.ended(running).await?.outcome, expected);
    assert_eq!(talk.ended(now).await?.outcome, Ended::Success);
    assert_eq!(talk.turns(), if joins { 1 } else { 2 });
    assert!(talk.tool_results().contains("gone"), "{}", talk.tool_results());
    talk.close().await?;
    Ok(())
}

/// What can wait is not added to the running turn, and what need not wait is.
async fn priority_later_at_a_tool(case: &Case) -> Trial {
    let (mut talk, running) = at_a_tool(case).await?;
    let later = send(&mut talk, "later on", Priority::Later)?;
    let next = send(&mut talk, "by the way", Priority::Next)?;
    talk.read_up_to_here().await?;
    go(case)?;
    for prompt in [running, next, later] {
        assert_eq!(talk.ended(prompt).await?.outcome, Ended::Success);
    }
    let joins = case.lacks_before(FIRST, "priorities are ignored: both prompts are added to the running turn");
    assert_eq!(talk.turn_of(next), talk.turn_of(running));
    assert_eq!(talk.turn_of(later) == talk.turn_of(running), joins);
    talk.close().await?;
    Ok(())
}

/// Behind a turn without a tool, the prompts run in the order of their priorities.
async fn priorities_of_waiting_prompts(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let first = talk.prompt(Prompt::text(script([text("first").chunks(2).hold("mid")])))?;
    talk.message("content_block_delta").await?;
    let later = send(&mut talk, "later on", Priority::Later)?;
    let next = send(&mut talk, "by the way", Priority::Next)?;
    talk.read_up_to_here().await?;
    case.api.release("mid");
    for prompt in [first, next, later] {
        assert_eq!(talk.ended(prompt).await?.outcome, Ended::Success);
    }
    let ended = talk.actions.iter().filter_map(|action| match action {
        Action::PromptEnded { prompt, .. } => Some(*prompt),
        _ => None,
    });
    let ended: Vec<PromptId> = ended.collect();
    if case.lacks_before(FIRST, "priorities are ignored: prompts run in the order in which they were sent") {
        assert_eq!(ended, [first, later, next]);
    } else if talk.turn_of(next) == talk.turn_of(later) {
        assert!(case.is_before("2.1.250"), "a priority has a turn of its own");
        case.differs("prompts of both priorities are merged into one turn");
    } else {
        assert_eq!(ended, [first, next, later]);
    }
    talk.close().await?;
    Ok(())
}
