//! Other programs that write into the CLI's lines: each prompt is answered as without them.

use claude_duplex::Action;

use crate::talk::{Talk, Trial};
use crate::watch::Case;

trials![escape_before_the_first_line, escape_before_init, escape_before_a_result, log_text_before_a_result,];

/// A login shell's setup, which then becomes the CLI.
const SHELL: &str = r#"printf '\033[?2004h'; exec "$@""#;

/// A program beside the CLI that writes into the lines of a kind: `$1` is what it writes, `$2` a part of those lines.
const BESIDE: &str = r#"noise=$(printf "$1"); line=$2; shift 2; "$@" | sed -u "/$line/s/^/$noise/""#;

const INIT: &str = r#""subtype":"init""#;
const RESULT: &str = r#""type":"result""#;

fn start<'c>(case: &'c Case, launcher: &[&str]) -> Result<Talk<'c>, Box<dyn std::error::Error>> {
    let words = ["-c"].iter().chain(launcher).map(|word| (*word).to_owned()).collect::<Vec<_>>();
    Talk::with(case, |options| options.host_permission_prompts().launcher("sh", words), |_| ())
}

/// Two prompts, the second held back behind the first, and a local command. Each has its own end.
async fn answered(mut talk: Talk<'_>) -> Result<usize, Box<dyn std::error::Error>> {
    let prompts = [talk.prompt("hello")?, talk.prompt("once more")?];
    for prompt in prompts {
        assert_eq!(talk.ended(prompt).await?.text(), "ok");
    }
    let local = talk.prompt("/context")?;
    let ended = talk.ended(local).await?.outcome;
    assert!(ended.is_success(), "{ended}");
    talk.close().await?;
    let reports = talk.actions.iter().filter(|action| matches!(action, Action::DamagedLine(_))).count();
    assert_eq!(talk.claude.protocol().stats().damaged, reports as u64);
    let rejected: Vec<_> = talk.actions.iter().filter(|action| matches!(action, Action::RejectedLine(_))).collect();
    assert!(rejected.is_empty(), "{rejected:?}");
    Ok(reports)
}

async fn escape_before_the_first_line(case: &Case) -> Trial {
    assert_eq!(answered(start(case, &[SHELL, "sh"])?).await?, 1);
    Ok(())
}

async fn escape_before_init(case: &Case) -> Trial {
    let reports = answered(start(case, &[BESIDE, "sh", r"\033[2J\033[H", INIT])?).await?;
    assert!(reports >= 2, "{reports}");
    Ok(())
}

async fn escape_before_a_result(case: &Case) -> Trial {
    assert_eq!(answered(start(case, &[BESIDE, "sh", r"\033[2J\033[H", RESULT])?).await?, 3);
    Ok(())
}

async fn log_text_before_a_result(case: &Case) -> Trial {
    assert_eq!(answered(start(case, &[BESIDE, "sh", r"[SandboxDebug] ready ", RESULT])?).await?, 3);
    Ok(())
}
