//! Streams that break in the middle: what a host shows is what the CLI says in the end, on every version.

use claude_duplex::message::{Accumulator, Edit, Transcript};
use claude_duplex::{ContentBlock, Interrupt, MessageKind, Outcome as Ended, Prompt};
use serde_json::json;

use crate::script::{Step, script, text, think};
use crate::talk::{Talk, Trial};
use crate::watch::Case;

trials![
    stream_cut,
    stream_error,
    stream_cut_in_second_block,
    stream_error_at_a_call,
    stream_cut_often,
    stream_interrupted
];

const TEXT: &str = "one two three four five six";

fn parts() -> Step {
    text(TEXT).chunks(6).delay_ms(10)
}

/// One prompt whose stream breaks: what is shown is compared with the messages. Returns the text that is shown.
async fn shown(case: &Case, broken: Step) -> Result<String, Box<dyn std::error::Error>> {
    let options = |options: claude_duplex::options::Options| {
        options.include_partial_messages().host_permission_prompts().env("CLAUDE_CODE_MAX_RETRIES", "3")
    };
    let mut talk = Talk::with(case, options, |_| ())?;
    let prompt = talk.prompt(Prompt::text(script([broken, parts()])))?;
    let end = talk.ended(prompt).await?;
    assert!(matches!(end.outcome, Ended::Success | Ended::Error), "{end:?}");
    let text = judge(&talk);
    talk.close().await?;
    Ok(text)
}

/// Compares what the edits add up to with the messages.
fn judge(talk: &Talk<'_>) -> String {
    let (mut parts_seen, mut transcript) = (Vec::new(), Transcript::new());
    for message in talk.messages() {
        transcript.add(message);
        if message.kind() == MessageKind::Assistant && !message.is_subagent() {
            let blocks = message.content().expect("an answer has content");
            parts_seen.extend(blocks.iter().filter_map(ContentBlock::text).map(str::to_owned));
        }
    }
    assert!(transcript.texts().eq(&parts_seen), "{:?} is shown, {parts_seen:?} was said", transcript.text());
    parts_seen.concat()
}

async fn stream_cut(case: &Case) -> Trial {
    assert_eq!(shown(case, parts().cut(3).times(1)).await?, TEXT);
    Ok(())
}

async fn stream_error(case: &Case) -> Trial {
    // By the pace: 2.0.55 did both.
    let may_give_up =
        case.before("2.1.7", "the prompt may end with an error, and nothing that was streamed becomes a message then");
    let shown = shown(case, parts().breaks(3).times(1)).await?;
    assert!(shown == TEXT || may_give_up && shown.is_empty(), "{shown:?}");
    Ok(())
}

/// Behind thoughts that were complete. What versions make of it differs: the answer, an error, or nothing.
async fn stream_cut_in_second_block(case: &Case) -> Trial {
    shown(case, think("hm").text(TEXT).chunks(6).delay_ms(10).cut(4).times(1)).await?;
    Ok(())
}

async fn stream_error_at_a_call(case: &Case) -> Trial {
    let call = text("I look.").chunks(1).tool("Bash", json!({ "command": "echo looked", "description": "look" }));
    shown(case, call.delay_ms(10).breaks(1).times(1)).await?;
    Ok(())
}

async fn stream_cut_often(case: &Case) -> Trial {
    assert_eq!(shown(case, parts().cut(3).times(3)).await?, TEXT);
    Ok(())
}

/// The partial answer stays on the screen, whether the CLI sends it as a message or not.
async fn stream_interrupted(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let prompt = talk.prompt(Prompt::text(script([text(TEXT).chunks(6).hold("mid")])))?;
    talk.message("content_block_delta").await?;
    talk.claude.interrupt(Interrupt::running())?;
    assert_eq!(talk.ended(prompt).await?.outcome, Ended::Interrupted);
    judge(&talk);
    let (mut accumulator, mut shown) = (Accumulator::new(), String::new());
    for message in talk.messages() {
        for edit in accumulator.add(message) {
            match edit {
                Edit::Append { block, text, .. } if block.is_answer() => shown += &text,
                Edit::Replace { block, .. } if block.is_answer() => panic!("nothing was said again"),
                Edit::Remove { .. } => panic!("nothing was taken back"),
                _ => {}
            }
        }
    }
    assert!(!shown.is_empty() && TEXT.starts_with(&shown), "{shown:?}");
    talk.close().await?;
    Ok(())
}
