//! The host's process is killed: what remains of the CLI, and for how long.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use claude_duplex::options::Options;
use claude_duplex::{Action, Config, Outcome, Prompt, Seed};

use crate::script::{script, text};
use crate::talk::Trial;
use crate::traffic;
use crate::transport::{Carrier, Timer};
use crate::watch::Case;

trials![
    host_killed_when_idle,
    host_killed_in_mid_turn,
    host_killed_under_a_death_signal,
    every_flag_has_a_method_or_a_reason
];

/// Set for the host's process, a line each: what carries its session, the program, then the launcher's words.
const VARIABLE: &str = "CLAUDE_DUPLEX_HOST";
/// How long the CLI may take to notice, on a busy machine.
const SOON: Duration = Duration::from_secs(20);

/// A host in a process of its own, with its session.
struct Host {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Host {
    fn start(case: &Case, launcher: &str) -> Result<Self, Box<dyn std::error::Error>> {
        let words = format!("{}\n{}\n{launcher}", case.carrier.name(), case.cli.named().display());
        let mut command = Command::new(std::env::current_exe()?);
        command.env_clear().envs(case.environment()).env(VARIABLE, words).current_dir(case.place.cwd());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let lines = BufReader::new(child.stdout.take().ok_or("no stdout")?).lines();
        Ok(Self { child, lines })
    }

    /// Sends a prompt, and waits until its turn is as far as `what`.
    fn prompt(&mut self, prompt: &str, what: &str) -> Trial {
        writeln!(self.child.stdin.as_mut().ok_or("no stdin")?, "{prompt}")?;
        for line in self.lines.by_ref() {
            if line?.contains(what) {
                return Ok(());
            }
        }
        Err(format!("the host ended before {what}").into())
    }

    fn kill(mut self) -> Trial {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

/// Waits until nothing of the place runs any more.
async fn gone(case: &Case) -> Result<Duration, String> {
    let start = Instant::now();
    while case.place.runs() {
        if start.elapsed() > SOON {
            return Err(format!("the CLI still runs after {SOON:?}"));
        }
        Timer::after(Duration::from_millis(10)).await;
    }
    Ok(start.elapsed())
}

async fn host_killed_when_idle(case: &Case) -> Trial {
    let mut host = Host::start(case, "")?;
    host.prompt("hello", "\"result\"")?;
    host.kill()?;
    gone(case).await?;
    Ok(())
}

/// All that the CLI sees is the end of its input: it finishes the turn first.
async fn host_killed_in_mid_turn(case: &Case) -> Trial {
    let mut host = Host::start(case, "")?;
    host.prompt(&script([text("nobody hears it").chunks(5).hold("mid")]), "content_block_delta")?;
    host.kill()?;
    Timer::after(Duration::from_millis(1500)).await;
    assert!(case.place.runs(), "it waits for its turn's end");
    case.api.release("mid");
    gone(case).await?;
    Ok(())
}

async fn host_killed_under_a_death_signal(case: &Case) -> Trial {
    let mut host = Host::start(case, "setpriv\n--pdeathsig\nKILL")?;
    host.prompt(&script([text("nobody hears it").chunks(5).hold("mid")]), "content_block_delta")?;
    host.kill()?;
    gone(case).await?;
    Ok(())
}

/// The host's process: a prompt for each line of its input; it prints the CLI's lines.
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
    let mut words = words.lines();
    let carrier = words.next().and_then(Carrier::named).ok_or("no carrier")?;
    let mut options = Options::new().program(words.next().unwrap_or_default()).include_partial_messages();
    if let Some(launcher) = words.next() {
        options = options.launcher(launcher, words);
    }
    carrier.block_on(async {
        let mut claude = carrier.spawn(&options, Config::new(Seed::random()))?;
        for prompt in std::io::stdin().lines() {
            let prompt = claude.prompt(Prompt::text(&prompt?))?;
            while let Some(action) = claude.next().await {
                match action {
                    Action::Message { message, .. } => println!("{}", message.line()),
                    Action::PromptEnded { outcome: Outcome::Lost(reason), .. } => {
                        return Err(reason.to_string().into());
                    }
                    Action::PromptEnded { prompt: ended, .. } if ended == prompt => break,
                    _ => {}
                }
            }
        }
        Ok(())
    })
}

/// What `--help` lists and no option writes, is in the list of flags that have none.
async fn every_flag_has_a_method_or_a_reason(case: &Case) -> Trial {
    let mut command = std::process::Command::new(&case.cli.program);
    command.args(&case.cli.script).arg("--help").env_clear().envs(case.environment()).current_dir(case.place.cwd());
    let help = String::from_utf8(command.output()?.stdout)?;
    let without: Vec<&str> = claude_duplex::options::flags_without_option().map(|(flag, _)| flag).collect();
    let known = |flag: &str| claude_duplex::options::flags().any(|own| own == flag) || without.contains(&flag);
    let mut listed = Vec::new();
    for line in help.lines().filter(|line| line.starts_with("  -")) {
        // `  -c, --continue   Continue ...`, `  --allowedTools, --allowed-tools <tools...>`: the first long spelling counts.
        let words = line.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
        let spellings: Vec<&str> =
            words.take_while(|word| word.starts_with('-')).filter(|word| word.starts_with("--")).collect();
        assert!(spellings.iter().any(|flag| known(flag)), "{line:?} has no method and no reason to have none");
        // The explanation stands two spaces behind.
        traffic::flag(line.trim_start().split("  ").next().unwrap_or_default());
        listed.extend(spellings.iter().map(|flag| (*flag).to_owned()));
    }
    assert!(listed.len() > 25, "{help}");
    // On the newest version the list names nothing that is gone.
    if !case.is_before("2.1.332") {
        let gone: Vec<_> = without.iter().filter(|flag| !listed.iter().any(|listed| listed == *flag)).collect();
        assert_eq!(gone, [&"--mcp-debug"], "not in {help}");
    }
    Ok(())
}
