//! Requests in lines that are longer than the host reads.

use claude_duplex::{Action, Config, IncomingKind, Prompt};
use serde_json::json;

use crate::script::{script, text, tool};
use crate::talk::{Talk, Trial};
use crate::watch::Case;

trials![request_in_a_line_that_is_too_long, hook_in_a_line_that_is_too_long];

/// Longest line, in bytes. No other line of these sessions is longer.
const LINE: usize = 64 * 1024;

fn short_lines(config: &mut Config) {
    config.limits.line = LINE;
}

/// Has the model write a long file, and returns whether the file exists afterwards. The host does not answer the request.
async fn writes(case: &Case, talk: &mut Talk<'_>, kind: IncomingKind) -> Result<bool, Box<dyn std::error::Error>> {
    let path = case.place.cwd().join("long.txt");
    let write = json!({ "file_path": path, "content": "x".repeat(2 * LINE) });
    talk.prompt(Prompt::text(script([tool("Write", write), text("done")])))?;
    let is_declined = |action: &Action| matches!(action, Action::RejectedLine(line) if line.declined == Some(kind));
    talk.until("the request", |action| is_declined(action).then_some(())).await?;
    // The turn goes on. Its result is too long as well: it lists what was denied.
    while case.api.calls().len() < 2 {
        talk.quiet().await;
    }
    let is_made = path.exists();
    talk.claude.abort();
    talk.closed().await?;
    Ok(is_made)
}

async fn request_in_a_line_that_is_too_long(case: &Case) -> Trial {
    let mut talk = Talk::with(case, |options| options.host_permission_prompts(), short_lines)?;
    assert!(!writes(case, &mut talk, IncomingKind::Permission).await?);
    Ok(())
}

async fn hook_in_a_line_that_is_too_long(case: &Case) -> Trial {
    let mut talk = Talk::with(case, |options| options.dangerously_skip_permissions(), short_lines)?;
    let hook = json!([{ "matcher": null, "hookCallbackIds": ["guard"] }]);
    talk.initialize(json!({ "hooks": { "PreToolUse": hook } })).await?;
    assert!(!writes(case, &mut talk, IncomingKind::Hook).await?);
    Ok(())
}
