//! Text of every kind and size, both ways.

use claude_duplex::{Outcome as Ended, Prompt, StreamDelta};

use crate::script::{HALF_EMOJI, script, text};
use crate::talk::{Talk, Trial};
use crate::watch::Case;

trials![half_an_emoji, line_separators, prompts_in_every_script, answer_of_2_mb, answer_in_20_000_parts];

async fn half_an_emoji(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let sent_text = format!("{HALF_EMOJI} \u{1f980}");
    let prompt = talk.prompt(Prompt::text(script([text(sent_text).chunks(1)])))?;
    assert_eq!(talk.ended(prompt).await?.text(), "\u{fffd} \u{1f980}");
    talk.close().await?;
    Ok(())
}

/// What some readers of lines take for an end of line.
async fn line_separators(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let prompt = talk.prompt(Prompt::text(script([text("a\u{2028}b\u{2029}c").chunks(1)])))?;
    assert_eq!(talk.ended(prompt).await?.text(), "a\u{2028}b\u{2029}c");
    talk.close().await?;
    Ok(())
}

async fn prompts_in_every_script(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let sent_text = [
        "line\u{2028}separator\r\nand \u{85} more",
        "gr\u{fc}\u{df} e\u{301} \u{4f60}\u{597d} \u{5e9}\u{5dc}\u{5d5}\u{5dd}",
        "\u{1f980} \u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
        "quotes \" ' ` and \\ and {\"json\": \"\\n\"}",
    ];
    for sent_text in sent_text {
        let prompt = talk.prompt(sent_text)?;
        assert_eq!(talk.ended(prompt).await?.outcome, Ended::Success);
        let calls = case.api.calls();
        let received = calls.iter().flat_map(|call| &call.messages).any(|received| received.text.contains(sent_text));
        assert!(received, "{sent_text:?} did not arrive whole");
    }
    talk.close().await?;
    Ok(())
}

async fn answer_of_2_mb(case: &Case) -> Trial {
    let line = "0123456789abcde\n";
    let mut talk = Talk::with(case, |options| options, |_| ())?;
    let prompt = talk.prompt(Prompt::text(script([text(line).repeat(128 * 1024).chunks(64)])))?;
    let end = talk.ended(prompt).await?;
    assert_eq!(end.text().len(), 2 << 20);
    assert!(end.text() == line.repeat(128 * 1024), "as long, but another text");
    talk.close().await?;
    Ok(())
}

async fn answer_in_20_000_parts(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let prompt = talk.prompt(Prompt::text(script([text("parts").repeat(20_000).chunks(20_000)])))?;
    let sent_text = "parts".repeat(20_000);
    assert!(talk.ended(prompt).await?.text() == sent_text);
    let parts = talk.messages().filter_map(|message| message.delta());
    let parts: Vec<String> =
        parts.filter_map(|part| if let StreamDelta::Text(text) = part { Some(text) } else { None }).collect();
    assert_eq!(parts.len(), 20_000);
    assert!(parts.concat() == sent_text, "the parts are not the whole");
    talk.close().await?;
    Ok(())
}
