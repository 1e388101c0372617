//! Prompts behind prompts: held back here, in the CLI's queue, folded, joined, cancelled.

use claude_duplex::{Json, Outcome as Ended, Prompt, Request, WhenBusy};
use serde_json::json;

use crate::script::{script, text, tool};
use crate::talk::{Talk, Trial};
use crate::watch::Case;

trials![
    busy_queue_gives_a_result_each,
    busy_send_joins_waiting_prompts,
    busy_reject_returns_the_prompt,
    fold,
    cancel_a_queued_prompt,
    closed_with_a_prompt_queued,
];

async fn busy_queue_gives_a_result_each(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let answers = ["one", "two", "three"];
    let scripts = answers.map(|answer| script([text(answer).chunks(2)]));
    let prompts: Vec<_> = scripts.iter().map(|script| talk.prompt(Prompt::text(script))).collect::<Result<_, _>>()?;
    for (prompt, answer) in prompts.into_iter().zip(answers) {
        assert_eq!(talk.ended(prompt).await?.text(), answer);
    }
    assert_eq!(talk.turns(), answers.len());
    talk.close().await?;
    Ok(())
}

async fn busy_send_joins_waiting_prompts(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let first = talk.prompt(Prompt::text(script([text("first").chunks(2).hold("mid")])))?;
    talk.message("content_block_delta").await?;
    let second = talk.prompt(Prompt::text("second").when_busy(WhenBusy::Send))?;
    let third = talk.prompt(Prompt::text("third").when_busy(WhenBusy::Send))?;
    talk.read_up_to_here().await?;
    case.api.release("mid");
    assert_eq!(talk.ended(first).await?.text(), "first");
    for prompt in [second, third] {
        assert_eq!(talk.ended(prompt).await?.outcome, Ended::Success);
    }
    let one_each = case.before("2.1.85", "prompts that wait get a turn and a result each");
    assert_eq!(talk.turns(), if one_each { 3 } else { 2 });
    talk.close().await?;
    Ok(())
}

async fn busy_reject_returns_the_prompt(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let first = talk.prompt(Prompt::text(script([text("first").chunks(2).hold("mid")])))?;
    talk.message("content_block_delta").await?;
    let refused = talk.claude.prompt(Prompt::text("second").when_busy(WhenBusy::Reject));
    assert_eq!(refused.unwrap_err().into_inner(), Prompt::text("second").when_busy(WhenBusy::Reject));
    case.api.release("mid");
    assert_eq!(talk.ended(first).await?.text(), "first");
    let again = talk.prompt(Prompt::text("second").when_busy(WhenBusy::Reject))?;
    assert_eq!(talk.ended(again).await?.outcome, Ended::Success);
    talk.close().await?;
    Ok(())
}

/// Sent while a tool runs, a prompt becomes a part of the running turn.
async fn fold(case: &Case) -> Trial {
    let mut talk = Talk::with(case, |options| options.dangerously_skip_permissions(), |_| ())?;
    let wait = json!({ "command": "until [ -e go ]; do sleep 0.05; done; echo gone", "description": "wait" });
    let first = talk.prompt(Prompt::text(script([tool("Bash", wait), text("folded")])))?;
    talk.message("tool_use").await?;
    let second = talk.prompt(Prompt::text("by the way").when_busy(WhenBusy::Send))?;
    // Its reply shows that the prompt before it was read.
    let mode = Request::new("set_permission_mode").field("mode", Json::from_text("bypassPermissions"));
    talk.request(mode).await??;
    std::fs::write(case.place.cwd().join("go"), "")?;
    assert_eq!(talk.ended(first).await?.outcome, Ended::Success);
    assert_eq!(talk.ended(second).await?.outcome, Ended::Success);
    assert_eq!(talk.turns(), 1, "one result for both");
    let calls = case.api.calls();
    let last = calls.iter().rev().find(|call| call.tools > 0).ok_or("no call with tools")?;
    assert!(last.messages.iter().any(|seen| seen.text.contains("by the way")), "{last:?}");
    talk.close().await?;
    Ok(())
}

async fn cancel_a_queued_prompt(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let first = talk.prompt(Prompt::text(script([text("first").chunks(2).hold("mid")])))?;
    let held = talk.prompt("held back here")?;
    talk.message("content_block_delta").await?;
    let sent = talk.prompt(Prompt::text("in the queue of the CLI").when_busy(WhenBusy::Send))?;
    talk.claude.cancel(held)?;
    talk.claude.cancel(sent)?;
    assert_eq!(talk.ended(held).await?.outcome, Ended::Cancelled);
    talk.read_up_to_here().await?;
    case.api.release("mid");
    assert_eq!(talk.ended(first).await?.text(), "first");
    let end = talk.ended(sent).await?;
    if case.lacks_before("2.1.76", "the CLI cannot withdraw a prompt that it has, and runs it") {
        assert_eq!(end.outcome, Ended::Success);
    } else {
        assert_eq!(end.outcome, Ended::Cancelled);
    }
    talk.close().await?;
    Ok(())
}

async fn closed_with_a_prompt_queued(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let first = talk.prompt(Prompt::text(script([text("first").chunks(2).hold("mid")])))?;
    let held = talk.prompt("held back here")?;
    talk.message("content_block_delta").await?;
    let sent = talk.prompt(Prompt::text(script([text("sent")])).when_busy(WhenBusy::Send))?;
    talk.read_up_to_here().await?;
    talk.claude.close();
    case.api.release("mid");
    talk.closed().await?;
    assert_eq!(talk.ended(first).await?.text(), "first");
    assert_eq!(talk.ended(held).await?.outcome, Ended::Cancelled);
    assert_eq!(talk.ended(sent).await?.text(), "sent");
    Ok(())
}
