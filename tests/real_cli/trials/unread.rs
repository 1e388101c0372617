//! Requests in lines that are longer than the host reads.

use claude_duplex::{Action, AskKind, Config, Prompt};
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

/// Has the model write a long file, and returns whether the file exists afterwards. Nobody else answers the request.
async fn writes(case: &Case, talk: &mut Talk<'_>, kind: AskKind) -> Result<bool, Box<dyn std::error::Error>> {
    let path = case.place.cwd().join("long.txt");
    let write = json!({ "file_path": path, "content": "x".repeat(2 * LINE) });
    let prompt = talk.prompt(Prompt::text(script([tool("Write", write), text("done")])))?;
    // The line of the model's call and that of the tool's result may be too long as well.
    assert_eq!(talk.ended(prompt).await?.text(), "done");
    let is_declined = |action: &Action| matches!(action, Action::Rejected(line) if line.declined == Some(kind));
    assert!(talk.actions.iter().any(is_declined), "{:?}", talk.actions);
    talk.close().await?;
    Ok(path.exists())
}

async fn request_in_a_line_that_is_too_long(case: &Case) -> Trial {
    let mut talk = Talk::with(case, |options| options.host_permission_prompts(), short_lines)?;
    assert!(!writes(case, &mut talk, AskKind::Permission).await?);
    Ok(())
}

async fn hook_in_a_line_that_is_too_long(case: &Case) -> Trial {
    let mut talk = Talk::with(case, |options| options.dangerously_skip_permissions(), short_lines)?;
    let hook = json!([{ "matcher": null, "hookCallbackIds": ["guard"] }]);
    talk.initialize(json!({ "hooks": { "PreToolUse": hook } })).await?;
    assert!(!writes(case, &mut talk, AskKind::Hook).await?);
    Ok(())
}
