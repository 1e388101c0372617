//! An API that fails, is slow, or is gone.

use std::time::Duration;

use claude_duplex::options::Options;
use claude_duplex::{Action, Config, Deadline, Exit, Interrupt, Outcome as Ended, Prompt};

use crate::script::{script, silent, status, text, think};
use crate::talk::{Talk, Trial};
use crate::watch::Case;

trials![api_error, api_retried, api_retries_used_up, api_slow, api_cut, api_gone, api_silent];

/// With as many retries.
fn retries(options: Options, count: u32) -> Options {
    options.include_partial_messages().env("CLAUDE_CODE_MAX_RETRIES", count.to_string())
}

async fn api_error(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let failing = script([status(400).error("invalid_request_error", "scripted")]);
    let prompt = talk.prompt(Prompt::text(&failing))?;
    let end = talk.ended(prompt).await?;
    assert_eq!(end.outcome, Ended::Error);
    assert!(end.result.is_some_and(|result| result.error_text().contains("scripted")));
    let again = talk.prompt(Prompt::text(script([text("good")])))?;
    assert_eq!(talk.ended(again).await?.text(), "good");
    // The exit status repeats the last result's error, and that was none.
    assert_eq!(talk.close().await?.exit, Some(Exit::Code(0)));
    Ok(())
}

async fn api_retried(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let prompt = talk.prompt(Prompt::text(script([status(529).times(2), text("at last")])))?;
    assert_eq!(talk.ended(prompt).await?.text(), "at last");
    let untold = case.lacks_before("2.1.77", "retries are not told (`system/api_retry`)");
    assert_eq!(talk.systems("api_retry") == 0, untold);
    talk.close().await?;
    Ok(())
}

async fn api_retries_used_up(case: &Case) -> Trial {
    let mut talk = Talk::with(case, |options| retries(options, 1), |_| ())?;
    let prompt = talk.prompt(Prompt::text(script([status(529)])))?;
    assert_eq!(talk.ended(prompt).await?.outcome, Ended::Error);
    assert_eq!(talk.close().await?.exit, Some(Exit::Code(1)));
    Ok(())
}

async fn api_slow(case: &Case) -> Trial {
    let impatient = |config: &mut Config| config.timeouts.stall = Some(Duration::from_secs(3));
    let mut talk = Talk::with(case, |options| options.include_partial_messages(), impatient)?;
    let prompt = talk.prompt(Prompt::text(script([text("word ".repeat(20)).chunks(20).delay_ms(200)])))?;
    talk.message("content_block_delta").await?;
    let start = talk.actions.len();
    assert_eq!(talk.ended(prompt).await?.text().trim_end(), "word ".repeat(20).trim_end());
    let stalled = talk.actions[start..].iter().any(|action| matches!(action, Action::DeadlineExceeded { .. }));
    assert!(!stalled, "four seconds in all, but never three without a word");
    talk.close().await?;
    Ok(())
}

async fn api_cut(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let steps = [text("half of it").chunks(4).delay_ms(5).cut(2).times(1), think("hm").text("the whole")];
    let prompt = talk.prompt(Prompt::text(script(steps)))?;
    assert_eq!(talk.ended(prompt).await?.text(), "the whole");
    assert!(talk.thoughts().contains(&"hm".to_owned()));
    talk.close().await?;
    Ok(())
}

/// Nobody listens any more, in mid-answer.
async fn api_gone(case: &Case) -> Trial {
    let mut talk = Talk::with(case, |options| retries(options, 1), |_| ())?;
    let prompt = talk.prompt(Prompt::text(script([text("never said").chunks(9).hold("mid")])))?;
    talk.message("content_block_delta").await?;
    case.api.stop();
    let end = talk.ended(prompt).await?;
    assert_eq!(end.outcome, Ended::Error, "{end:?}");
    talk.close().await?;
    Ok(())
}

async fn api_silent(case: &Case) -> Trial {
    let impatient = |config: &mut Config| config.timeouts.stall = Some(Duration::from_millis(1500));
    let mut talk = Talk::with(case, |options| options, impatient)?;
    let prompt = talk.prompt(Prompt::text(script([silent().hold("reached")])))?;
    talk.until("a stall", |action| {
        matches!(action, Action::DeadlineExceeded { deadline: Deadline::Stall, .. }).then_some(())
    })
    .await?;
    case.api.wait_for("reached");
    talk.claude.interrupt(Interrupt::running())?;
    assert_eq!(talk.ended(prompt).await?.outcome, Ended::Interrupted);
    talk.close().await?;
    Ok(())
}
