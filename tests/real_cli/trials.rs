//! What the real CLI is put through.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use async_io::block_on;
use claude_duplex::{
    Action, AskKinds, Busy, Config, Content, Deadline, Decision, Exit, Interrupt, Json, Outcome as Ended, Prompt,
    Request,
};
use serde_json::json;

use crate::script::{script, silent, text, think, tool};
use crate::talk::{Talk, Trial};
use crate::watch::Case;

type Body = fn(&Case) -> Trial;

pub(crate) const TRIALS: &[(&str, Body)] = &[
    ("hello", hello),
    ("the_chat_example_answers_once", chat),
    ("two_turns", two_turns),
    ("initialize_and_a_request", initialize),
    ("permission_allowed", permission_allowed),
    ("permission_denied", permission_denied),
    ("permission_with_another_input", permission_rewritten),
    ("permission_that_nobody_owns_is_denied", permission_unowned),
    ("interrupt_in_mid_turn", interrupted),
    ("interrupt_that_overtakes_its_prompt", interrupt_too_early),
    ("interrupt_with_an_open_ask", interrupt_with_ask),
    ("close_in_mid_turn", closed_in_mid_turn),
    ("close_with_a_prompt_queued", closed_with_queue),
    ("queued_prompts_get_a_result_each", queued),
    ("a_prompt_that_was_sent_is_folded_or_joined", folded),
    ("a_queued_prompt_is_cancelled", cancelled),
    ("an_api_error_is_an_error_and_the_session_goes_on", api_error),
    ("half_an_emoji_hides_no_answer", half_an_emoji),
    ("line_separators_end_no_line", separators),
    ("a_cut_answer_is_asked_for_again", cut),
    ("a_silent_api_is_told_as_a_stall", stalled),
    ("death_in_mid_turn_loses_the_prompt", death),
    ("a_recorded_session_replays_to_the_same_elsewhere", crate::journal::replays),
];

fn hello(case: &Case) -> Trial {
    block_on(async {
        let mut talk = Talk::start(case)?;
        let prompt = talk.prompt("hello")?;
        assert_eq!(talk.ended(prompt).await?.text(), "ok");
        let closed = talk.close().await?;
        assert_eq!(closed.exit, Some(Exit::Code(0)), "{closed:?}");
        Ok(())
    })
}

/// `chat --prompt`: 0 with an answer, 1 with an error, 2 without a result.
fn chat(case: &Case) -> Trial {
    let this = std::env::current_exe()?;
    let program = this.ancestors().nth(2).ok_or("target/PROFILE/deps/TEST")?.join("examples/chat");
    assert!(program.exists(), "the example is not built: run the whole `cargo test --all-features`");
    let claude = case.cli.script.clone().unwrap_or_else(|| PathBuf::from(&case.cli.program));
    let run = |prompt: &str, rest: &[&str]| {
        let mut command = Command::new(&program);
        command.arg("--claude").arg(&claude).args(["--prompt", prompt]).args(rest);
        command.env_clear().envs(case.environment()).current_dir(case.place.cwd()).stdin(Stdio::null()).output()
    };
    let good = run("hello", &[])?;
    assert_eq!((good.status.code(), good.stdout.trim_ascii()), (Some(0), b"ok".as_slice()), "{good:?}");
    let failing = script([crate::script::status(400).error("invalid_request_error", "scripted")]);
    let bad = run(&failing, &[])?;
    assert_eq!(bad.status.code(), Some(1), "{bad:?}");
    let none = run("hello", &["--", "--no-such-flag"])?;
    assert_eq!(none.status.code(), Some(2), "{none:?}");
    assert!(String::from_utf8_lossy(&none.stderr).contains("--no-such-flag"), "{none:?}");
    Ok(())
}

fn two_turns(case: &Case) -> Trial {
    block_on(async {
        let mut talk = Talk::start(case)?;
        for answer in ["one by one", "two by two"] {
            let prompt = talk.prompt(Prompt::text(&script([text(answer).chunks(3).hold(answer)])))?;
            // It comes in parts: the first is here while the model still speaks.
            talk.message("content_block_delta").await?;
            case.api.release(answer);
            assert_eq!(talk.ended(prompt).await?.text(), answer);
        }
        assert_eq!(talk.close().await?.exit, Some(Exit::Code(0)));
        Ok(())
    })
}

fn initialize(case: &Case) -> Trial {
    block_on(async {
        let mut talk = Talk::start(case)?;
        let replied = |wanted| {
            move |action: &Action| match action {
                Action::Replied { request, reply } if *request == wanted => Some(reply.clone()),
                _ => None,
            }
        };
        let request = talk.claude.request(Request::initialize())?;
        let reply = talk.until("the reply", replied(request)).await??;
        assert!(reply.payload().is_some_and(|payload| payload.as_str().contains("\"commands\"")));
        let mode = Request::new("set_permission_mode").field("mode", Json::string("plan"));
        let request = talk.claude.request(mode)?;
        talk.until("the reply", replied(request)).await??;
        let prompt = talk.prompt("hello")?;
        assert_eq!(talk.ended(prompt).await?.text(), "ok");
        talk.close().await?;
        Ok(())
    })
}

/// A prompt by which the model touches a file; `hold` names where it speaks afterwards.
fn touching(file: &str) -> String {
    script([
        tool("Bash", json!({ "command": format!("touch {file} && echo made"), "description": "make it" })),
        text("done"),
    ])
}

fn permission_allowed(case: &Case) -> Trial {
    block_on(async {
        let mut talk = Talk::start(case)?;
        let prompt = talk.prompt(Prompt::text(&touching("made.txt")))?;
        let ask = talk.asked().await?;
        assert_eq!(ask.permission()?.tool_name, "Bash");
        talk.claude.answer(ask.id(), Decision::allow())?;
        assert_eq!(talk.ended(prompt).await?.text(), "done");
        assert!(case.place.cwd().join("made.txt").exists());
        talk.close().await?;
        Ok(())
    })
}

fn permission_denied(case: &Case) -> Trial {
    block_on(async {
        let mut talk = Talk::start(case)?;
        let prompt = talk.prompt(Prompt::text(&touching("made.txt")))?;
        let ask = talk.asked().await?;
        talk.claude.answer(ask.id(), Decision::deny("not on a Friday"))?;
        assert_eq!(talk.ended(prompt).await?.text(), "done");
        assert!(!case.place.cwd().join("made.txt").exists());
        assert!(talk.tool_results().contains("not on a Friday"), "{}", talk.tool_results());
        // A second answer is told to be late, and says nothing to the CLI.
        assert!(talk.claude.answer(ask.id(), Decision::allow()).is_err());
        talk.close().await?;
        Ok(())
    })
}

fn permission_rewritten(case: &Case) -> Trial {
    block_on(async {
        let mut talk = Talk::start(case)?;
        let prompt = talk.prompt(Prompt::text(&touching("made.txt")))?;
        let ask = talk.asked().await?;
        let other = Json::from_value(&json!({ "command": "touch other.txt && echo made", "description": "make it" }))?;
        talk.claude.answer(ask.id(), Decision::allow_with(other))?;
        assert_eq!(talk.ended(prompt).await?.text(), "done");
        assert!(!case.place.cwd().join("made.txt").exists());
        assert!(case.place.cwd().join("other.txt").exists());
        talk.close().await?;
        Ok(())
    })
}

fn permission_unowned(case: &Case) -> Trial {
    block_on(async {
        let owns_nothing = |config: &mut Config| config.owned = AskKinds::NONE;
        let mut talk = Talk::with(case, |options| options.host_permission_prompts(), owns_nothing)?;
        let prompt = talk.prompt(Prompt::text(&touching("made.txt")))?;
        assert_eq!(talk.ended(prompt).await?.text(), "done");
        assert!(!case.place.cwd().join("made.txt").exists());
        assert!(talk.actions.iter().any(|action| matches!(action, Action::Declined { .. })));
        talk.close().await?;
        Ok(())
    })
}

fn interrupted(case: &Case) -> Trial {
    block_on(async {
        let mut talk = Talk::start(case)?;
        let prompt = talk.prompt(Prompt::text(&script([text("much too long").chunks(9).hold("mid")])))?;
        talk.message("content_block_delta").await?;
        talk.claude.interrupt(Interrupt::running())?;
        assert_eq!(talk.ended(prompt).await?.outcome, Ended::Interrupted);
        assert!(talk.actions.iter().any(|action| matches!(action, Action::Replied { reply: Ok(_), .. })));
        let again = talk.prompt(Prompt::text(&script([text("here")])))?;
        assert_eq!(talk.ended(again).await?.text(), "here");
        talk.close().await?;
        Ok(())
    })
}

/// A prompt and its interrupt written together: later versions let such a prompt run, and the session follows up.
fn interrupt_too_early(case: &Case) -> Trial {
    block_on(async {
        let mut talk = Talk::start(case)?;
        let first = talk.prompt("hello")?;
        talk.ended(first).await?;
        let prompt = talk.prompt(Prompt::text(&script([text("much too long").chunks(9).hold("mid")])))?;
        talk.claude.interrupt(Interrupt::prompt(prompt))?;
        let end = talk.ended(prompt).await?;
        assert!(matches!(end.outcome, Ended::Interrupted | Ended::Cancelled), "{end:?}");
        let again = talk.prompt(Prompt::text(&script([text("here")])))?;
        assert_eq!(talk.ended(again).await?.text(), "here");
        talk.close().await?;
        Ok(())
    })
}

fn interrupt_with_ask(case: &Case) -> Trial {
    block_on(async {
        let mut talk = Talk::start(case)?;
        let prompt = talk.prompt(Prompt::text(&touching("made.txt")))?;
        let ask = talk.asked().await?;
        talk.claude.interrupt(Interrupt::running())?;
        assert_eq!(talk.ended(prompt).await?.outcome, Ended::Interrupted);
        // 1.0.128 does not withdraw its ask.
        let withdrawn = talk.actions.iter().any(|action| matches!(action, Action::Withdrawn { .. }));
        let version = talk.claude.protocol().session().and_then(|session| session.version.clone());
        assert!(withdrawn || version.is_none(), "{version:?}");
        assert_eq!(talk.claude.answer(ask.id(), Decision::allow()).is_err(), withdrawn);
        assert!(!case.place.cwd().join("made.txt").exists());
        talk.close().await?;
        Ok(())
    })
}

fn closed_in_mid_turn(case: &Case) -> Trial {
    block_on(async {
        let mut talk = Talk::start(case)?;
        let prompt = talk.prompt(Prompt::text(&script([text("to the very end").chunks(4).hold("mid")])))?;
        talk.message("content_block_delta").await?;
        talk.claude.close();
        assert!(talk.claude.prompt("too late").is_err());
        case.api.release("mid");
        let closed = talk.closed().await?;
        assert_eq!(talk.ended(prompt).await?.text(), "to the very end");
        assert_eq!(closed.exit, Some(Exit::Code(0)));
        assert!(!closed.cut_input);
        Ok(())
    })
}

fn closed_with_queue(case: &Case) -> Trial {
    block_on(async {
        let mut talk = Talk::start(case)?;
        let first = talk.prompt(Prompt::text(&script([text("first").chunks(2).hold("mid")])))?;
        let second = talk.prompt("second")?;
        talk.message("content_block_delta").await?;
        talk.claude.close();
        case.api.release("mid");
        talk.closed().await?;
        assert_eq!(talk.ended(first).await?.text(), "first");
        assert_eq!(talk.ended(second).await?.outcome, Ended::Cancelled);
        Ok(())
    })
}

fn queued(case: &Case) -> Trial {
    block_on(async {
        let mut talk = Talk::start(case)?;
        let answers = ["one", "two", "three"];
        let scripts = answers.map(|answer| script([text(answer).chunks(2)]));
        let prompts: Vec<_> =
            scripts.iter().map(|script| talk.prompt(Prompt::text(script))).collect::<Result<_, _>>()?;
        for (prompt, answer) in prompts.into_iter().zip(answers) {
            assert_eq!(talk.ended(prompt).await?.text(), answer);
        }
        let turns = talk.actions.iter().filter(|action| matches!(action, Action::TurnEnded { .. })).count();
        assert_eq!(turns, answers.len());
        talk.close().await?;
        Ok(())
    })
}

fn folded(case: &Case) -> Trial {
    block_on(async {
        let mut talk = Talk::with(case, |options| options.dangerously_skip_permissions(), |_| ())?;
        let wait = json!({ "command": "until [ -e go ]; do sleep 0.05; done; echo gone", "description": "wait" });
        let first = talk.prompt(Prompt::text(&script([tool("Bash", wait), text("folded")])))?;
        talk.message("tool_use").await?;
        let second = talk.prompt(Prompt::text("by the way").busy(Busy::Send))?;
        // Its reply shows that the prompt before it was read.
        let mode = Request::new("set_permission_mode").field("mode", Json::string("bypassPermissions"));
        talk.claude.request(mode)?;
        talk.until("the reply", |action| matches!(action, Action::Replied { .. }).then_some(())).await?;
        std::fs::write(case.place.cwd().join("go"), "")?;
        assert_eq!(talk.ended(first).await?.outcome, Ended::Success);
        assert_eq!(talk.ended(second).await?.outcome, Ended::Success);
        let turns = talk.actions.iter().filter(|action| matches!(action, Action::TurnEnded { .. })).count();
        assert_eq!(turns, 1, "one result for both");
        let calls = case.api.calls();
        let last = calls.iter().rev().find(|call| call.tools > 0).ok_or("no call with tools")?;
        assert!(last.messages.iter().any(|said| said.text.contains("by the way")), "{last:?}");
        talk.close().await?;
        Ok(())
    })
}

fn cancelled(case: &Case) -> Trial {
    block_on(async {
        let mut talk = Talk::start(case)?;
        let first = talk.prompt(Prompt::text(&script([text("first").chunks(2).hold("mid")])))?;
        let held = talk.prompt("held back here")?;
        talk.message("content_block_delta").await?;
        let sent = talk.prompt(Prompt::text("in the queue of the CLI").busy(Busy::Send))?;
        talk.claude.cancel(held)?;
        talk.claude.cancel(sent)?;
        assert_eq!(talk.ended(held).await?.outcome, Ended::Cancelled);
        case.api.release("mid");
        assert_eq!(talk.ended(first).await?.text(), "first");
        // Up to 2.1.50 the CLI cannot withdraw a prompt, and runs it.
        let end = talk.ended(sent).await?;
        assert!(matches!(end.outcome, Ended::Cancelled | Ended::Success), "{end:?}");
        talk.close().await?;
        Ok(())
    })
}

fn api_error(case: &Case) -> Trial {
    block_on(async {
        let mut talk = Talk::start(case)?;
        let failing = script([crate::script::status(400).error("invalid_request_error", "scripted")]);
        let prompt = talk.prompt(Prompt::text(&failing))?;
        let end = talk.ended(prompt).await?;
        assert_eq!(end.outcome, Ended::Error);
        assert!(end.result.is_some_and(|result| result.error_text().contains("scripted")));
        let again = talk.prompt(Prompt::text(&script([text("good")])))?;
        assert_eq!(talk.ended(again).await?.text(), "good");
        // The exit status repeats the last result's error, and that was none.
        assert_eq!(talk.close().await?.exit, Some(Exit::Code(0)));
        Ok(())
    })
}

fn half_an_emoji(case: &Case) -> Trial {
    block_on(async {
        let mut talk = Talk::start(case)?;
        let said = format!("{} \u{1f980}", crate::script::HALF_EMOJI);
        let prompt = talk.prompt(Prompt::text(&script([text(said).chunks(1)])))?;
        assert_eq!(talk.ended(prompt).await?.text(), "\u{fffd} \u{1f980}");
        talk.close().await?;
        Ok(())
    })
}

/// What some readers of lines take for an end of line.
fn separators(case: &Case) -> Trial {
    block_on(async {
        let mut talk = Talk::start(case)?;
        let prompt = talk.prompt(Prompt::text(&script([text("a\u{2028}b\u{2029}c").chunks(1)])))?;
        assert_eq!(talk.ended(prompt).await?.text(), "a\u{2028}b\u{2029}c");
        let prompt = talk.prompt("line\u{2028}separator\r\nand \u{85} more")?;
        assert_eq!(talk.ended(prompt).await?.outcome, Ended::Success);
        let calls = case.api.calls();
        let heard =
            calls.iter().flat_map(|call| &call.messages).any(|said| said.text.contains("line\u{2028}separator"));
        assert!(heard, "the prompt did not arrive whole");
        talk.close().await?;
        Ok(())
    })
}

fn cut(case: &Case) -> Trial {
    block_on(async {
        let mut talk = Talk::start(case)?;
        let steps = [text("half of it").chunks(4).delay_ms(5).cut(2).times(1), think("hm").text("the whole")];
        let prompt = talk.prompt(Prompt::text(&script(steps)))?;
        assert_eq!(talk.ended(prompt).await?.text(), "the whole");
        let thought = |action: &Action| match action {
            Action::Message { message, .. } => {
                message.content().ok().filter(|blocks| blocks.iter().any(|block| matches!(block, Content::Thinking(_))))
            }
            _ => None,
        };
        assert!(talk.actions.iter().any(|action| thought(action).is_some()));
        talk.close().await?;
        Ok(())
    })
}

fn stalled(case: &Case) -> Trial {
    block_on(async {
        let impatient = |config: &mut Config| config.timeouts.stall = Some(Duration::from_millis(1500));
        let mut talk = Talk::with(case, |options| options, impatient)?;
        let prompt = talk.prompt(Prompt::text(&script([silent().hold("reached")])))?;
        talk.until("a stall", |action| matches!(action, Action::Stalled(Deadline::Stall)).then_some(())).await?;
        case.api.wait_for("reached");
        talk.claude.interrupt(Interrupt::running())?;
        assert_eq!(talk.ended(prompt).await?.outcome, Ended::Interrupted);
        talk.close().await?;
        Ok(())
    })
}

fn death(case: &Case) -> Trial {
    block_on(async {
        let mut talk = Talk::start(case)?;
        let prompt = talk.prompt(Prompt::text(&script([text("never").chunks(5).hold("mid")])))?;
        let second = talk.prompt("waits")?;
        talk.message("content_block_delta").await?;
        case.place.kill();
        let closed = talk.closed().await?;
        assert!(talk.ended(prompt).await?.is_lost());
        assert!(talk.ended(second).await?.is_lost());
        assert_eq!(closed.exit, Some(Exit::Signal(9)));
        Ok(())
    })
}
