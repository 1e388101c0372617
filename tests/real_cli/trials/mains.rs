//! A host whose `main` returns without a word about the session: the CLI ends with it, and the session can be resumed.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use claude_duplex::{Config, Options, Outcome, Session};
use serde_json::json;

use crate::script::{script, text, tool};
use crate::talk::{Talk, Trial};
use crate::transport::{Carrier, Timer};
use crate::watch::Case;

trials![main_returns_after_an_answer, main_returns_in_mid_turn, main_returns_while_a_tool_runs];

/// Set for the host's process, a line each: what runs its session, the program, how far it waits, the prompt.
const VARIABLE: &str = "CLAUDE_DUPLEX_MAIN";
/// The points up to which a host waits.
const ANSWER: &str = "answer";
const MESSAGE: &str = "message";
const TOOL: &str = "tool";
/// File by which a tool says that it runs.
const RUNS: &str = "runs";
/// Time that what was ended may take to be gone, on a busy machine.
const SOON: Duration = Duration::from_secs(20);

/// Runs a host until its `main` has returned. Returns the id of its session.
async fn main_returns(case: &Case, until: &str, prompt: &str) -> Result<String, Box<dyn std::error::Error>> {
    let words = format!("{}\n{}\n{until}\n{prompt}", case.carrier.name(), case.cli.named().display());
    let mut command = Command::new(std::env::current_exe()?);
    command.env_clear().envs(case.environment()).env(VARIABLE, words).current_dir(case.place.cwd());
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    assert!(output.status.success(), "{output:?}");
    let start = Instant::now();
    let left = until == TOOL && case.before("2.1.250", "the command of an interrupted tool may outlive the CLI");
    while !left && case.place.runs() {
        assert!(start.elapsed() < SOON, "the CLI, or what it started, still runs");
        Timer::after(Duration::from_millis(10)).await;
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// Resumes the session, and returns whether the model hears of the word.
async fn remembers(case: &Case, id: &str, word: &str) -> Result<bool, Box<dyn std::error::Error>> {
    let mut talk = Talk::with(case, |options| options.resume(id), |_| ())?;
    let prompt = talk.prompt("which word?")?;
    let end = talk.ended(prompt).await?;
    assert_eq!(end.outcome, Outcome::Success, "{end:?}");
    talk.close().await?;
    let calls = case.api.calls();
    let last = calls.iter().rev().find(|call| call.tools > 0).ok_or("no call with tools")?;
    Ok(last.messages.iter().any(|message| message.text.contains(word)))
}

async fn main_returns_after_an_answer(case: &Case) -> Trial {
    let id = main_returns(case, ANSWER, "remember the word heron").await?;
    assert!(remembers(case, &id, "heron").await?);
    Ok(())
}

async fn main_returns_in_mid_turn(case: &Case) -> Trial {
    let id = main_returns(case, MESSAGE, &script([text("about herons").chunks(5).hold("mid")])).await?;
    case.api.release("mid");
    assert!(remembers(case, &id, "about herons").await?);
    Ok(())
}

/// The tool runs in a session of the system that is its own, where no signal to the CLI's group reaches it.
async fn main_returns_while_a_tool_runs(case: &Case) -> Trial {
    let sleep = json!({ "command": format!("touch {RUNS}; sleep 300"), "description": "about herons" });
    let id = main_returns(case, TOOL, &script([tool("Bash", sleep), text("never said")])).await?;
    assert!(remembers(case, &id, "about herons").await?);
    Ok(())
}

/// The host's process.
pub(crate) fn other_process() -> Option<ExitCode> {
    let words = std::env::var(VARIABLE).ok()?;
    match host(&words) {
        Ok(()) => Some(ExitCode::SUCCESS),
        Err(reason) => {
            eprintln!("{reason}");
            Some(ExitCode::FAILURE)
        }
    }
}

fn host(words: &str) -> Trial {
    let mut words = words.splitn(4, '\n');
    let mut word = || words.next().unwrap_or_default();
    let (carrier, program, until, prompt) = (Carrier::named(word()), word(), word(), word());
    let options = Options::new().program(program).include_partial_messages().dangerously_skip_permissions();
    let talk = async |claude: Session| {
        let mut turn = claude.prompt(prompt)?;
        while claude.session_id().is_none() {
            turn.next().await.ok_or("the prompt ended")??;
        }
        println!("{}", claude.session_id().ok_or("no session")?);
        match until {
            ANSWER => drop(turn.await?),
            MESSAGE => while turn.next().await.ok_or("the prompt ended")??.delta().is_none() {},
            _ => {
                while !Path::new(RUNS).exists() {
                    Timer::after(Duration::from_millis(10)).await;
                }
            }
        }
        Ok(())
    };
    let mut config = Config::default();
    // On a busy machine an exit takes its time.
    (config.timeouts.shutdown.exit, config.timeouts.shutdown.pipes) = (SOON, SOON);
    let builder = Session::builder().options(options).config(config);
    match carrier.ok_or("no carrier")? {
        Carrier::Tokio => tokio::runtime::Runtime::new()?.block_on(async { talk(builder.spawn_tokio()?).await }),
        Carrier::Smol => async_io::block_on(async { talk(builder.spawn_thread()?).await }),
    }
}
