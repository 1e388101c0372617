//! Prompts one by one, and the end.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use claude_duplex::{Config, Exit, Prompt, StreamDelta};

use crate::cli;
use crate::script::{script, status, text, think};
use crate::talk::{Talk, Trial};
use crate::transport::Carrier;
use crate::watch::Case;

trials![hello, two_turns, chat_answers_once, partial_messages, thinking, closed_in_mid_turn, stdin_closed_in_mid_turn,];

async fn hello(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let prompt = talk.prompt("hello")?;
    assert_eq!(talk.ended(prompt).await?.text(), "ok");
    let closed = talk.close().await?;
    assert_eq!(closed.exit, Some(Exit::Code(0)), "{closed:?}");
    Ok(())
}

async fn two_turns(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    for answer in ["one by one", "two by two"] {
        let prompt = talk.prompt(Prompt::text(script([text(answer).chunks(3).hold(answer)])))?;
        // It comes in parts: the first is here while the model still speaks.
        talk.message("content_block_delta").await?;
        case.api.release(answer);
        assert_eq!(talk.ended(prompt).await?.text(), answer);
    }
    assert_eq!(talk.close().await?.exit, Some(Exit::Code(0)));
    Ok(())
}

/// The program of an example, which `cargo test` builds beside the tests.
pub(crate) fn example(name: &str) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let this = std::env::current_exe()?;
    let program = this.ancestors().nth(2).ok_or("target/PROFILE/deps/TEST")?.join("examples").join(name);
    assert!(program.exists(), "{name} is not built: run the whole `cargo test --all-features`");
    Ok(program)
}

/// Each transport has an example: `chat --prompt` is 0 with an answer, 1 with an error, 2 without a result; `tokio_chat` says
/// hello where nothing is typed.
async fn chat_answers_once(case: &Case) -> Trial {
    if case.carrier == Carrier::Tokio {
        let mut command = Command::new(example("tokio_chat")?);
        command.env_clear().envs(case.environment()).env(cli::VARIABLE, case.cli.named());
        let sent_text = command.current_dir(case.place.cwd()).stdin(Stdio::null()).output()?;
        assert!(sent_text.status.success(), "{sent_text:?}");
        assert!(sent_text.stdout.trim_ascii().starts_with(b"ok"), "{sent_text:?}");
        return Ok(());
    }
    let program = example("chat")?;
    let run = |prompt: &str, rest: &[&str]| {
        let mut command = Command::new(&program);
        command.arg("--claude").arg(case.cli.named()).args(["--prompt", prompt]).args(rest);
        command.env_clear().envs(case.environment()).current_dir(case.place.cwd()).stdin(Stdio::null()).output()
    };
    let good = run("hello", &[])?;
    assert_eq!((good.status.code(), good.stdout.trim_ascii()), (Some(0), b"ok".as_slice()), "{good:?}");
    let bad = run(&script([status(400).error("invalid_request_error", "scripted")]), &[])?;
    assert_eq!(bad.status.code(), Some(1), "{bad:?}");
    let none = run("hello", &["--", "--no-such-flag"])?;
    assert_eq!(none.status.code(), Some(2), "{none:?}");
    assert!(String::from_utf8_lossy(&none.stderr).contains("--no-such-flag"), "{none:?}");
    Ok(())
}

async fn partial_messages(case: &Case) -> Trial {
    let sent_text = "one after the other";
    let mut talk = Talk::start(case)?;
    let prompt = talk.prompt(Prompt::text(script([text(sent_text).chunks(6)])))?;
    assert_eq!(talk.ended(prompt).await?.text(), sent_text);
    let parts: Vec<String> = talk.messages().filter_map(|message| message.delta()).filter_map(text_of).collect();
    assert!(parts.len() > 3, "{parts:?}");
    assert_eq!(parts.concat(), sent_text);
    talk.close().await?;

    let mut talk = Talk::with(case, |options| options, |_| ())?;
    let prompt = talk.prompt(Prompt::text(script([text(sent_text).chunks(6)])))?;
    assert_eq!(talk.ended(prompt).await?.text(), sent_text);
    assert!(talk.messages().all(|message| message.delta().is_none()), "not asked for");
    talk.close().await?;
    Ok(())
}

fn text_of(delta: StreamDelta) -> Option<String> {
    match delta {
        StreamDelta::Text(text) => Some(text),
        _ => None,
    }
}

async fn thinking(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let prompt = talk.prompt(Prompt::text(script([think("hm, well").text("so it is")])))?;
    assert_eq!(talk.ended(prompt).await?.text(), "so it is");
    assert_eq!(talk.thoughts(), ["hm, well"]);
    talk.close().await?;
    Ok(())
}

async fn closed_in_mid_turn(case: &Case) -> Trial {
    let mut talk = Talk::start(case)?;
    let prompt = talk.prompt(Prompt::text(script([text("to the very end").chunks(4).hold("mid")])))?;
    talk.message("content_block_delta").await?;
    talk.claude.close();
    assert!(talk.claude.prompt("too late").is_err());
    case.api.release("mid");
    let closed = talk.closed().await?;
    assert_eq!(talk.ended(prompt).await?.text(), "to the very end");
    assert_eq!(closed.exit, Some(Exit::Code(0)));
    assert!(!closed.cut_input);
    Ok(())
}

/// The session does so only where the turn's grace is over: the CLI runs its turn to the end all the same.
async fn stdin_closed_in_mid_turn(case: &Case) -> Trial {
    let impatient = |config: &mut Config| config.timeouts.shutdown.turn = Duration::ZERO;
    let mut talk = Talk::with(case, |options| options.include_partial_messages(), impatient)?;
    let prompt = talk.prompt(Prompt::text(script([text("to the very end").chunks(4).hold("mid")])))?;
    talk.message("content_block_delta").await?;
    talk.claude.close();
    talk.quiet().await;
    case.api.release("mid");
    let closed = talk.closed().await?;
    assert_eq!(talk.ended(prompt).await?.text(), "to the very end");
    assert_eq!(closed.exit, Some(Exit::Code(0)));
    Ok(())
}
