//! Shell commands in the text of a skill, which the CLI runs before the model sees the text.

use claude_duplex::options::Options;
use claude_duplex::{Decision, Outcome as Ended};

use crate::api::ApiMessage;
use crate::talk::{Talk, Trial};
use crate::watch::Case;

trials![skill_with_a_shell_command, skill_with_a_shell_command_that_nothing_allows];

/// A skill whose text contains a command that makes a file.
fn write_skill(case: &Case, allowed: &str) -> std::io::Result<()> {
    let folder = case.place.cwd().join(".claude/commands");
    std::fs::create_dir_all(&folder)?;
    let text = format!("---\n{allowed}description: makes it\n---\nIt is done: !`touch made.txt`\n");
    std::fs::write(folder.join("make.md"), text)
}

fn is_made(case: &Case) -> bool {
    case.place.cwd().join("made.txt").exists()
}

/// Whether the model receives the text, without the command.
fn is_heard(case: &Case) -> bool {
    let is_run = |message: &ApiMessage| message.text.contains("It is done: ") && !message.text.contains("!`touch");
    case.api.calls().iter().flat_map(|call| &call.messages).any(is_run)
}

async fn skill_with_a_shell_command(case: &Case) -> Trial {
    write_skill(case, "allowed-tools: Bash(touch:*)\n")?;
    let mut talk = Talk::with(case, Options::host_permission_prompts, |_| ())?;
    let prompt = talk.prompt("/make")?;
    let end = talk.ended_with(prompt, |incoming| panic!("nothing is to be decided: {incoming:?}"));
    let end = end.await?;
    if end.outcome == Ended::Error {
        assert!(case.is_before("2.1.143"), "{end:?}");
        case.differs("a rule does not allow a command that writes: it does not run, and the prompt ends with an error");
        assert!(!is_made(case) && !is_heard(case));
    } else {
        assert_eq!(end.outcome, Ended::Success);
        assert!(is_made(case) && is_heard(case));
    }
    talk.close().await?;
    Ok(())
}

/// Neither a rule nor the host allows the command: it does not run.
async fn skill_with_a_shell_command_that_nothing_allows(case: &Case) -> Trial {
    write_skill(case, "")?;
    let mut talk = Talk::with(case, Options::host_permission_prompts, |_| ())?;
    let prompt = talk.prompt("/make")?;
    let end = talk.ended_with(prompt, |_| Some(Decision::deny("not today").into())).await?;
    assert!(!is_made(case) && !is_heard(case), "{end:?}");
    let next = talk.prompt("hello")?;
    assert_eq!(talk.ended(next).await?.text(), "ok");
    talk.close().await?;
    Ok(())
}
