//! A session with the real CLI is recorded, and another process replays it to the same actions.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, ExitCode};

use claude_duplex::{Action, Decision, Interrupt, Journal, Outcome as Ended, Prompt};
use serde_json::json;

use crate::action_text;
use crate::script::{script, text, tool};
use crate::talk::{Talk, Trial};
use crate::watch::Case;

/// Set for the other process: what it is to replay.
const VARIABLE: &str = "CLAUDE_DUPLEX_JOURNAL";

trials![recorded_session_replays_to_the_same_elsewhere];

/// Two prompts, the second queued behind the first; a tool that asks; a turn that is interrupted; the end.
async fn recorded_session_replays_to_the_same_elsewhere(case: &Case) -> Trial {
    // It stays there for those who want to look, and for `.ci/wasm`.
    let name = format!("real_cli.{}.journal", case.carrier.name());
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let mut talk = Talk::start(case)?;
    talk.claude = talk.claude.record(File::create(&path)?, u64::MAX);
    let touch = json!({ "command": "touch made.txt && echo \u{1f980}", "description": "make it" });
    let first = talk.prompt(Prompt::text(script([tool("Bash", touch), text("done")])))?;
    let second = talk.prompt(Prompt::text(script([text("much too long").chunks(9).hold("mid")])))?;
    let incoming = talk.next_request().await?;
    talk.claude.respond(incoming.id(), Decision::allow())?;
    assert_eq!(talk.ended(first).await?.text(), "done");
    talk.message("content_block_delta").await?;
    talk.claude.interrupt(Interrupt::running())?;
    assert_eq!(talk.ended(second).await?.outcome, Ended::Interrupted);
    talk.close().await?;
    if let Some(reason) = talk.claude.recording_error() {
        return Err(format!("{reason:?}").into());
    }
    let other = Command::new(std::env::current_exe()?).env(VARIABLE, &path).output()?;
    assert!(other.status.success(), "{}", String::from_utf8_lossy(&other.stderr));
    assert_eq!(String::from_utf8_lossy(&other.stdout), action_text::of(&talk.actions));
    Ok(())
}

/// The other process: prints the actions of a journal.
pub(crate) fn other_process() -> Option<ExitCode> {
    let path = std::env::var_os(VARIABLE)?;
    let read = fs::read(&path).map_err(|error| error.to_string());
    match read.and_then(|bytes| Journal::read(&bytes).map_err(|error| error.to_string())) {
        Ok(journal) => {
            let actions: Vec<Action> = journal.replay().flat_map(|step| step.actions).collect();
            print!("{}", action_text::of(&actions));
            Some(ExitCode::SUCCESS)
        }
        Err(reason) => {
            eprintln!("{}: {reason}", Path::new(&path).display());
            Some(ExitCode::FAILURE)
        }
    }
}
