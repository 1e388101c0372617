//! Answers that end in another way than by the model's own end: at a limit, by a refusal, or in a shape that was asked for.

use claude_duplex::{Exit, Json, Outcome as Ended, Prompt};
use serde_json::json;

use crate::script::{script, text, tool};
use crate::talk::{Talk, Trial};
use crate::watch::Case;

trials![answer_at_max_tokens, answer_refused, structured_output];

/// Sends another prompt and closes.
async fn goes_on(mut talk: Talk<'_>) -> Trial {
    let again = talk.prompt(Prompt::text(script([text("here")])))?;
    assert_eq!(talk.ended(again).await?.text(), "here");
    talk.close().await?;
    Ok(())
}

async fn answer_at_max_tokens(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let steps = [text("half of it").chunks(2).stop("max_tokens"), text("the rest")];
    let prompt = talk.prompt(Prompt::text(script(steps)))?;
    let end = talk.ended(prompt).await?;
    if end.outcome == Ended::Error {
        assert!(case.is_before("2.1.73"), "{end:?}");
        case.differs("the prompt ends with an error: the model is not asked to go on");
        let result = end.result.ok_or("no result")?;
        assert!(result.error_text().contains("output token maximum"), "{result:?}");
    } else {
        assert_eq!(end.text(), "the rest");
    }
    goes_on(talk).await
}

/// Newer versions ask the model once more. What the host is told does not depend on it.
async fn answer_refused(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    case.api.answer_everything(Some(text("I will").chunks(2).stop("refusal")));
    let prompt = talk.prompt("hello")?;
    let end = talk.ended(prompt).await?;
    case.api.answer_everything(None);
    assert_eq!(end.outcome, Ended::Error, "{end:?}");
    let result = end.result.ok_or("no result")?;
    assert!(result.error_text().starts_with("API Error: "), "{result:?}");
    goes_on(talk).await
}

async fn structured_output(case: &Case) -> Trial {
    let number = json!({ "type": "number" });
    let schema = json!({ "type": "object", "properties": { "number": number }, "required": ["number"] });
    let schema = Json::from_value(&schema)?;
    let mut talk = Talk::with(case, |options| options.json_schema(schema), |_| ())?;
    let prompt =
        talk.prompt(Prompt::text(script([tool("StructuredOutput", json!({ "number": 42 })), text("done")])))?;
    if case.lacks_before("2.0.55", "there is no such flag, and the CLI does not start") {
        assert_eq!(talk.closed().await?.exit, Some(Exit::Code(1)));
        assert!(talk.ended(prompt).await?.is_lost());
        return Ok(());
    }
    let end = talk.ended(prompt).await?;
    assert_eq!(end.outcome, Ended::Success);
    let output = end.result.and_then(|result| result.structured_output).ok_or("no structured output")?;
    assert_eq!(output.decode::<serde_json::Value>()?, json!({ "number": 42 }));
    talk.close().await?;
    Ok(())
}
