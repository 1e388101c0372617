//! The end of stdin under a turn that a hook guards.

use std::time::Duration;

use claude_duplex::incoming::hook::HookEvent;
use claude_duplex::{CancelledReason, Config, IncomingKind, LostReason, Outcome as Ended, Prompt};
use serde_json::json;

use crate::raw::{Raw, Way};
use crate::script::{script, text, tool};
use crate::talk::{Talk, Trial};
use crate::watch::Case;

trials![end_of_stdin_under_a_hook, guard_of_a_close, guard_of_a_later_close];

fn touch() -> serde_json::Value {
    json!({ "command": "touch made.txt", "description": "make it" })
}

fn is_made(case: &Case) -> bool {
    case.place.cwd().join("made.txt").exists()
}

/// Without the library: the reason for the two trials below.
async fn end_of_stdin_under_a_hook(case: &Case) -> Trial {
    let mut raw = Raw::start(case, HookEvent::PreToolUse, &["--dangerously-skip-permissions"])?;
    raw.way = Way::Nothing;
    raw.prompt(&script([tool("Bash", touch()), text("done")]))?;
    raw.until("the hook", |line| (line["request"]["subtype"] == "hook_callback").then_some(()))?;
    raw.close()?;
    assert_eq!(is_made(case), case.before("2.1.218", "a tool whose hook is open at the end of stdin runs"));
    Ok(())
}

/// A session that registers a hook before tools, and whose close gives its turn no time.
async fn impatient<'c>(case: &'c Case) -> Result<Talk<'c>, Box<dyn std::error::Error>> {
    let configure = |config: &mut Config| config.timeouts.shutdown.turn = Duration::ZERO;
    let options =
        |options: claude_duplex::options::Options| options.dangerously_skip_permissions().include_partial_messages();
    let mut talk = Talk::with(case, options, configure)?;
    let hook = json!([{ "matcher": null, "hookCallbackIds": ["guard"] }]);
    talk.initialize(json!({ "hooks": { "PreToolUse": hook } })).await?;
    Ok(talk)
}

async fn guard_of_a_close(case: &Case) -> Trial {
    let mut talk = impatient(case).await?;
    let prompt = talk.prompt(Prompt::text(script([tool("Bash", touch()), text("done")])))?;
    let incoming_request = talk.next_request().await?;
    assert_eq!(incoming_request.kind(), IncomingKind::Hook);
    talk.close().await?;
    assert!(!is_made(case), "the tool ran");
    let is_withdrawn = |action: &claude_duplex::Action| {
        let closed = CancelledReason::Ended(LostReason::Closed);
        matches!(action, claude_duplex::Action::IncomingCancelled { id, reason, .. } if (*id, *reason) == (incoming_request.id(), closed))
    };
    assert!(talk.actions.iter().any(is_withdrawn));
    let end = talk.ended(prompt).await?;
    assert!(end.outcome == Ended::Interrupted || end.is_lost(), "{end:?}");
    Ok(())
}

/// The model calls the tool after the end of stdin.
async fn guard_of_a_later_close(case: &Case) -> Trial {
    let mut talk = impatient(case).await?;
    let call = text("and now to it").chunks(4).hold("mid").tool("Bash", touch());
    let prompt = talk.prompt(Prompt::text(script([call, text("done")])))?;
    talk.message("content_block_delta").await?;
    talk.claude.close();
    talk.quiet().await;
    case.api.release("mid");
    // The turn may have ended at once.
    if !talk.claude.protocol().is_closed() {
        talk.closed().await?;
    }
    assert!(!is_made(case), "the tool ran");
    let end = talk.ended(prompt).await?;
    assert!(end.outcome == Ended::Interrupted || end.is_lost(), "{end:?}");
    Ok(())
}
