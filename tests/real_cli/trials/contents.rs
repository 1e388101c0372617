//! Prompts of every content: images, blocks, nothing, and very much.

use claude_duplex::{Block, Json, Outcome as Ended, Prompt};
use serde_json::json;

use crate::api::ApiMessage;
use crate::talk::{Talk, Trial};
use crate::watch::Case;

trials![prompt_with_an_image, prompt_of_blocks, empty_prompt, blank_prompt, prompt_of_5_mb];

/// A picture of one black pixel, PNG.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==";

/// Every message that the model has received.
fn messages_of(case: &Case) -> Vec<ApiMessage> {
    case.api.calls().into_iter().filter(|call| call.tools > 0).flat_map(|call| call.messages).collect()
}

async fn answered(case: &Case, prompt: Prompt) -> Result<Vec<ApiMessage>, Box<dyn std::error::Error>> {
    let mut talk = Talk::start(case)?;
    let prompt = talk.prompt(prompt)?;
    assert_eq!(talk.ended(prompt).await?.text(), "ok");
    let again = talk.prompt("hello")?;
    assert_eq!(talk.ended(again).await?.text(), "ok");
    talk.close().await?;
    Ok(messages_of(case))
}

async fn prompt_with_an_image(case: &Case) -> Trial {
    let blocks = [Block::text("what is in it?"), Block::image_base64("image/png", PIXEL)];
    let messages_of = answered(case, Prompt::from_blocks(blocks)).await?;
    assert!(
        messages_of.iter().any(|message| message.images == 1 && message.text.contains("what is in it?")),
        "{messages_of:?}"
    );
    Ok(())
}

async fn prompt_of_blocks(case: &Case) -> Trial {
    let blocks = json!([{ "type": "text", "text": "of herons" }, { "type": "text", "text": "and of cranes" }]);
    let messages_of = answered(case, Prompt::from_json(Json::from_value(&blocks)?)?).await?;
    let is_whole = |message: &ApiMessage| message.text.contains("of herons\nand of cranes");
    assert!(messages_of.iter().any(is_whole), "{messages_of:?}");
    Ok(())
}

/// A prompt that says nothing has an end, and disturbs no other.
async fn says_nothing(case: &Case, text: &str) -> Result<[Ended; 2], Box<dyn std::error::Error>> {
    let mut talk = Talk::start(case)?;
    let mut outcomes = [Ended::Cancelled; 2];
    for outcome in &mut outcomes {
        let nothing = talk.prompt(text)?;
        *outcome = talk.ended(nothing).await?.outcome;
        let next = talk.prompt("hello")?;
        assert_eq!(talk.ended(next).await?.text(), "ok");
    }
    talk.close().await?;
    Ok(outcomes)
}

async fn empty_prompt(case: &Case) -> Trial {
    assert_eq!(says_nothing(case, "").await?, [Ended::Success; 2]);
    Ok(())
}

/// The newest version does not ask the model.
async fn blank_prompt(case: &Case) -> Trial {
    let outcomes = says_nothing(case, "   \n\t ").await?;
    if outcomes == [Ended::Success; 2] {
        assert!(case.is_before("2.1.332"), "{outcomes:?}");
        case.differs("the model is asked");
    } else {
        assert_eq!(outcomes, [Ended::Local; 2]);
    }
    Ok(())
}

/// Longer than [`Limits::unsent`](claude_duplex::Limits::unsent): it is accepted as nothing else is unsent. For the model it is
/// too long, which is for the CLI or the API to say.
async fn prompt_of_5_mb(case: &Case) -> Trial {
    let word = "heron ";
    let text = word.repeat((5 << 20) / word.len());
    let mut talk = Talk::with(case, |options| options, |_| ())?;
    let prompt = talk.prompt(&*text)?;
    let end = talk.ended(prompt).await?;
    if end.outcome == Ended::Success {
        assert!(case.is_before("2.1.329"), "{end:?}");
        case.differs("the CLI sends it to the API, whole or for a summary");
        let calls = case.api.calls();
        let is_whole = |message: &ApiMessage| message.text.contains(text.trim_end());
        assert!(calls.iter().flat_map(|call| &call.messages).any(is_whole), "it did not arrive whole");
    } else {
        assert_eq!(end.outcome, Ended::Error);
        assert_eq!(end.result.ok_or("no result")?.error_text(), "Prompt is too long");
    }
    let next = talk.prompt("hello")?;
    assert_eq!(talk.ended(next).await?.text(), "ok");
    talk.close().await?;
    Ok(())
}
