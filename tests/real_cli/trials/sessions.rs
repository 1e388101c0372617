//! What a session is started with, and what changes it: resume, limits, slash commands.

use std::process::{Command, Stdio};

use claude_duplex::{Action, CompactionState, Exit, Outcome as Ended, Prompt, WhenBusy};
use serde_json::json;

use crate::api::Call;
use crate::script::{Step, script, status, text, tool};
use crate::talk::{Talk, Trial};
use crate::transport::Carrier;
use crate::trials::turns::example;
use crate::watch::Case;

trials![
    resume,
    prompts_before_init_of_a_resume,
    bad_resume,
    bad_flag,
    turn_limit,
    slash_command_of_its_own,
    slash_clear,
    compaction,
    compaction_that_fails,
];

/// Runs a session that is told a word, and returns its id.
async fn remembered(case: &Case) -> Result<String, Box<dyn std::error::Error>> {
    let mut talk = Talk::start(case)?;
    let prompt = talk.prompt("remember the word heron")?;
    assert_eq!(talk.ended(prompt).await?.outcome, Ended::Success);
    let id = talk.claude.protocol().session().ok_or("no session")?.id.to_string();
    talk.close().await?;
    Ok(id)
}

async fn resume(case: &Case) -> Trial {
    let id = remembered(case).await?;
    let mut talk = Talk::with(case, |options| options.resume(id.as_str()), |_| ())?;
    let prompt = talk.prompt("which word?")?;
    assert_eq!(talk.ended(prompt).await?.outcome, Ended::Success);
    let calls = case.api.calls();
    let last = calls.iter().rev().find(|call| call.tools > 0).ok_or("no call with tools")?;
    assert!(last.messages.iter().any(|seen_text| seen_text.text.contains("heron")), "{last:?}");
    let resumed = talk.claude.protocol().session().ok_or("no session")?.id.to_string();
    assert_eq!(resumed, id);
    talk.close().await?;
    if case.carrier == Carrier::Tokio { resume_example(case) } else { Ok(()) }
}

/// Two prompts are written at once, before the resumed process has said anything.
async fn prompts_before_init_of_a_resume(case: &Case) -> Trial {
    let id = remembered(case).await?;
    let mut talk = Talk::with(case, |options| options.resume(id.as_str()), |_| ())?;
    let send = |text: &str| Prompt::text(text).when_busy(WhenBusy::Send);
    let prompts = [talk.prompt(send("which word?"))?, talk.prompt(send("and its plural?"))?];
    for prompt in prompts {
        assert_eq!(talk.ended(prompt).await?.outcome, Ended::Success);
    }
    let calls = case.api.calls();
    for words in ["which word?", "and its plural?"] {
        let is_requested =
            |call: &&Call| call.tools > 0 && call.messages.iter().any(|seen_text| seen_text.text.contains(words));
        let call = calls.iter().find(is_requested).ok_or("it was not asked")?;
        assert!(call.messages.iter().any(|seen_text| seen_text.text.contains("heron")), "{call:?}");
    }
    assert_eq!(talk.claude.protocol().session().ok_or("no session")?.id.to_string(), id);
    talk.close().await?;
    Ok(())
}

/// `examples/resume.rs` with the CLI in `PATH`: the second process of the CLI sends what the first one was asked.
fn resume_example(case: &Case) -> Trial {
    let folder = case.place.tmp().join("bin");
    std::fs::create_dir_all(&folder)?;
    std::os::unix::fs::symlink(case.cli.named(), folder.join("claude"))?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&path)))?;
    let mut command = Command::new(example("resume")?);
    command.env_clear().envs(case.environment()).env("PATH", path).current_dir(case.place.cwd());
    let output = command.stdin(Stdio::null()).output()?;
    assert!(output.status.success(), "{output:?}");
    let seen_text = String::from_utf8(output.stdout)?;
    assert!(seen_text.lines().count() == 2 && seen_text.lines().all(|line| line.ends_with("ok")), "{seen_text}");
    let calls = case.api.calls();
    let last = calls.iter().rev().find(|call| call.tools > 0).ok_or("no call with tools")?;
    assert!(last.messages.iter().any(|seen_text| seen_text.text.contains("42")), "{last:?}");
    Ok(())
}

async fn bad_resume(case: &Case) -> Trial {
    let id = "11111111-1111-4111-8111-111111111111";
    let mut talk = Talk::with(case, |options| options.resume(id), |_| ())?;
    let prompt = talk.prompt("hello")?;
    let closed = talk.closed().await?;
    assert!(talk.ended(prompt).await?.is_lost(), "the error is not its answer");
    assert_eq!(closed.exit, Some(Exit::Code(1)));
    if case.before("2.1.8", "only stderr says that there is no such session, no result does") {
        assert_eq!(talk.turns(), 0);
        assert!(closed.stderr.contains(id), "{}", closed.stderr);
    } else {
        assert!(closed.last_error.as_ref().is_some_and(|error| error.contains(id)), "{closed:?}");
    }
    Ok(())
}

async fn bad_flag(case: &Case) -> Trial {
    let mut talk = Talk::with(case, |options| options.arg("--no-such-flag"), |_| ())?;
    let prompt = talk.prompt("hello")?;
    let closed = talk.closed().await?;
    assert!(talk.ended(prompt).await?.is_lost());
    assert_eq!(closed.exit, Some(Exit::Code(1)));
    assert!(closed.stderr.contains("--no-such-flag"), "{}", closed.stderr);
    assert_eq!(talk.messages().count(), 0);
    Ok(())
}

async fn turn_limit(case: &Case) -> Trial {
    let mut talk = Talk::with(case, |options| options.max_turns(1).dangerously_skip_permissions(), |_| ())?;
    let echo = json!({ "command": "echo hi", "description": "say it" });
    let prompt = talk.prompt(Prompt::text(script([tool("Bash", echo), text("never said")])))?;
    let end = talk.ended(prompt).await?;
    assert_eq!(end.outcome, Ended::Error);
    let result = end.result.ok_or("no result")?;
    assert_eq!(result.subtype.to_string(), "error_max_turns");
    let no_error = case.before("2.1.88", "the result's `is_error` is false, and the exit code 0");
    assert_eq!(result.is_error, !no_error);
    let closed = talk.close().await?;
    assert_eq!(closed.exit, Some(Exit::Code(i32::from(!no_error))));
    Ok(())
}

/// A command that the CLI runs by itself: the model never hears of it.
async fn slash_command_of_its_own(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let prompt = talk.prompt("/context")?;
    assert_eq!(talk.ended(prompt).await?.outcome, Ended::Local);
    let received =
        case.api.calls().iter().any(|call| call.messages.iter().any(|seen_text| seen_text.text.trim() == "/context"));
    assert!(!received);
    let prompt = talk.prompt("hello")?;
    assert_eq!(talk.ended(prompt).await?.text(), "ok");
    talk.close().await?;
    Ok(())
}

async fn slash_clear(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    for (prompt, outcome) in
        [("remember the word heron", Ended::Success), ("/clear", Ended::Local), ("which word?", Ended::Success)]
    {
        let prompt = talk.prompt(prompt)?;
        assert_eq!(talk.ended(prompt).await?.outcome, outcome);
    }
    let calls = case.api.calls();
    let last = calls.iter().rev().find(|call| call.tools > 0).ok_or("no call with tools")?;
    let unknown =
        case.lacks_before("2.1.117", "there is no such command: the prompt succeeds, and nothing is forgotten");
    let kept = unknown || case.before("2.1.129", "it has another id, but the model still hears what was said before");
    assert_eq!(last.messages.iter().any(|seen_text| seen_text.text.contains("heron")), kept, "{last:?}");
    let sessions = talk.actions.iter().filter(|action| matches!(action, Action::Session(_))).count();
    assert_eq!(sessions, if unknown { 1 } else { 2 }, "cleared, it has another id");
    talk.close().await?;
    Ok(())
}

/// A compaction replaces what was said by a summary. One that fails is not a success, and the session goes on.
async fn compaction(case: &Case) -> Trial {
    compacted(case, text("about herons"), CompactionState::Succeeded).await
}

async fn compaction_that_fails(case: &Case) -> Trial {
    let refused = status(400).error("invalid_request_error", "no summary today");
    compacted(case, refused, CompactionState::Failed).await
}

/// First version after 2.1.62 whose `/compact` ends with an error if the compaction failed.
const COMPACTION_ERRORS: &str = "2.1.105";

/// Some prompts (2.1.250 compacts nothing shorter), `/compact`, whose request to the API gets that answer, and another prompt.
async fn compacted(case: &Case, answer: Step, expected: CompactionState) -> Trial {
    let mut talk = Talk::start(case)?;
    for prompt in ["one", "two", "three"] {
        let prompt = talk.prompt(prompt)?;
        assert_eq!(talk.ended(prompt).await?.text(), "ok");
    }
    case.api.answer_everything(Some(answer));
    let prompt = talk.prompt("/compact")?;
    let outcome = talk.ended(prompt).await?.outcome;
    case.api.answer_everything(None);
    let compaction = talk.claude.protocol().status().compaction.clone();
    let failed = expected == CompactionState::Failed;
    let by_its_text = failed
        && !case.is_before("2.1.63")
        && case.before(COMPACTION_ERRORS, "a synthetic message alone says that a compaction failed");
    assert_eq!(outcome == Ended::Error, failed && !by_its_text, "{outcome}, {compaction:?}");
    if by_its_text {
        assert_eq!(
            (outcome, compaction.map(|compaction| compaction.state)),
            (Ended::Local, Some(CompactionState::Unknown))
        );
        let last = talk.messages().filter_map(|message| message.assistant().ok()).last().ok_or("no message")?;
        let text = last.texts().collect::<String>();
        assert!(text.contains("Error during compaction") && text.contains("no summary today"), "{text}");
    } else if failed && case.before("2.0.42", "the prompt's error alone says that a compaction failed") {
        assert_eq!(compaction, None);
    } else {
        let compaction = compaction.ok_or("no compaction")?;
        assert_eq!(compaction.state, expected, "{compaction:?}");
        // The reason is the API's.
        assert!(compaction.error.is_none_or(|error| error.contains("no summary today")));
    }
    let prompt = talk.prompt(Prompt::text(script([text("and on")])))?;
    assert_eq!(talk.ended(prompt).await?.text(), "and on");
    talk.close().await?;
    Ok(())
}
