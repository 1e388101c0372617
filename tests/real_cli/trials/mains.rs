//! A host whose `main` returns without a word about the session: the CLI ends with it, and the session can be resumed.

use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use claude_duplex::{Options, Outcome, Session};

use crate::script::{script, text, tool};
use serde_json::json;
use crate::talk::{Talk, Trial};
use crate::transport::{Carrier, Timer};
use crate::watch::Case;

trials![main_returns_after_an_answer, main_returns_in_mid_turn, main_returns_while_a_tool_runs];

/// Set for the host's process, a line each: what runs its session, the program, whether it waits for the answer, the prompt.
const VARIABLE: &str = "CLAUDE_DUPLEX_MAIN";
const ANSWER: &str = "answer";
/// How long what is killed may take to be gone, on a busy machine.
const SOON: Duration = Duration::from_secs(20);

/// Runs a host until its `main` has returned. Returns the id of its session.
async fn main_returns(case: &Case, until: &str, prompt: &str) -> Result<String, Box<dyn std::error::Error>> {
    let words = format!("{}\n{}\n{until}\n{prompt}", case.carrier.name(), case.cli.named().display());
    let mut command = Command::new(std::env::current_exe()?);
    command.env_clear().envs(case.environment()).env(VARIABLE, words).current_dir(case.place.cwd());
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    assert!(output.status.success(), "{output:?}");
    let start = Instant::now();
    while case.place.runs() {
        assert!(start.elapsed() < SOON, "the CLI still runs");
        Timer::after(Duration::from_millis(10)).await;
    }
    eprintln!("{}", String::from_utf8_lossy(&output.stdout));
    eprintln!("gone after {:?}", start.elapsed());
    Ok(String::from_utf8(output.stdout)?.lines().next().unwrap_or_default().to_owned())
}

/// Resumes the session. Returns whether the model hears of the word.
async fn remembers(case: &Case, id: &str, word: &str) -> Result<bool, Box<dyn std::error::Error>> {
    let mut talk = Talk::with(case, |options| options.resume(id), |_| ())?;
    let prompt = talk.prompt("which word?")?;
    assert_eq!(talk.ended(prompt).await?.outcome, Outcome::Success);
    let calls = case.api.calls();
    let last = calls.iter().rev().find(|call| call.tools > 0).ok_or("no call with tools")?;
    let remembers = last.messages.iter().any(|said| said.text.contains(word));
    eprintln!("{:?}", last.messages.iter().map(|said| said.text.chars().take(60).collect::<String>()).collect::<Vec<_>>());
    talk.close().await?;
    Ok(remembers)
}

async fn main_returns_after_an_answer(case: &Case) -> Trial {
    let id = main_returns(case, ANSWER, &script([text("the heron stands")])).await?;
    assert!(remembers(case, &id, "the heron stands").await?);
    Ok(())
}

async fn main_returns_in_mid_turn(case: &Case) -> Trial {
    let id = main_returns(case, "message", &script([text("the heron stands").chunks(5).hold("mid")])).await?;
    case.api.release("mid");
    assert!(remembers(case, &id, "heron").await?);
    Ok(())
}

async fn main_returns_while_a_tool_runs(case: &Case) -> Trial {
    let sleep = json!({ "command": "echo heron; sleep 300", "description": "sleep" });
    let id = main_returns(case, "tool", &script([tool("Bash", sleep), text("never said")])).await?;
    assert!(remembers(case, &id, "heron").await?);
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
    let builder = Session::builder().options(Options::new().program(program).include_partial_messages().dangerously_skip_permissions());
    let talk = async |claude: Session| {
        let mut turn = claude.prompt(prompt)?;
        while claude.session_id().is_none() {
            turn.next().await;
        }
        println!("{}", claude.session_id().ok_or("no session")?);
        match until {
            ANSWER => drop(turn.await?),
 "tool" => {
 while std::process::Command::new("pgrep").args(["-f", "sleep 300"]).output()?.stdout.is_empty() { Timer::after(Duration::from_millis(50)).await; }
 println!("{}", String::from_utf8_lossy(&std::process::Command::new("ps").args(["-eo", "pid,ppid,pgid,sid,args"]).output()?.stdout).lines().filter(|l| l.contains("sleep 300")||l.contains("claude-code-linux")).map(|l| l.chars().take(150).collect::<String>()).collect::<Vec<_>>().join("
"));
},
            _ => while turn.next().await.is_some_and(|message| message.is_ok_and(|message| message.delta().is_none())) {},
        }
        Ok(())
    };
    match carrier.ok_or("no carrier")? {
        Carrier::Tokio => tokio::runtime::Runtime::new()?.block_on(async { talk(builder.spawn_tokio()?).await }),
        Carrier::Smol => todo!(),
    }
}
