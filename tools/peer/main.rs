//! The mock CLI as a program, to be started in place of `claude`.
//!
//!     cargo run --example peer -- --help

#[path = "../../examples/shared/end.rs"]
mod end;

use std::io::{Write, stdout};
use std::process::ExitCode;
use std::time::Duration;

use claude_duplex::options::{flags, flags_without_option};
use claude_duplex::testing::{Fault, Script, Step, serve_stdio, steps_in};

const HELP: &str = r#"peer: the claude command line, scripted

usage: peer [--generation VERSION] [--fault NAME]... [--sessions ID,ID...] [the CLI's own flags]

Uses stdin and stdout like the CLI: start it in place of `claude`
  CLAUDE_BIN=target/debug/examples/peer cargo run --example chat --features smol

The prompt selects the response:
  {"steps":[{"text":"hello","chunks":5,"delay_ms":100}]}   a text in parts
  {"steps":[{"tool":"Bash","input":{"command":"ls"}},{"text":"done"}]}
  {"steps":[{"status":529}]}                               an API error
  {"steps":[{"elicitation":{"mcp_server_name":"s","message":"m"}}]}   a request of an MCP server for input
  run: COMMAND                                             a call of Bash, which asks for permission
  anything else                                            the same text, in parts
Several answers of the model are several steps. A command is not run: `sleep 2; echo hi` takes two seconds and gives
`hi`, one without an echo gives its input back; with "run_in_background":true in its input it ends later, and the CLI
begins a turn of its own.

  --generation VERSION   version of the CLI: 1.0.128, 2.0.76, 2.1.50, 2.1.143, 2.1.250, 2.1.329 (default), or between
  --fault NAME           simulates a fault; can be given several times:
FAULTS
  --sessions ID,ID...    the sessions that `--resume` finds
These flags of the CLI are supported. Other known flags are ignored. An unknown flag ends the program, as it ends the CLI:
  --replay-user-messages, --include-partial-messages, --max-turns N, --dangerously-skip-permissions,
  --permission-mode MODE, --permission-prompt-tool NAME, --mcp-config JSON-OR-PATH (servers in the host), --resume SESSION, --version
"#;

pub(crate) fn main() -> ExitCode {
    match script(std::env::args().skip(1)) {
        Ok(Some(script)) => serve_stdio(script),
        Ok(None) => ExitCode::SUCCESS,
        Err(error) => end::status(Err(error)),
    }
}

/// Returns the script that the arguments describe, or `None` if they only request information.
fn script(mut args: impl Iterator<Item = String>) -> Result<Option<Script>, Box<dyn std::error::Error>> {
    let mut generation = Default::default();
    let (mut replay, mut partial, mut can_request, mut skips) = (false, false, false, false);
    let (mut max_turns, mut faults, mut servers) = (None, Vec::new(), Vec::new());
    let (mut resumes, mut sessions) = (None, String::new());
    while let Some(arg) = args.next() {
        let (name, given) = match arg.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name.to_owned(), Some(value.to_owned())),
            _ => (arg, None),
        };
        let mut value = || given.clone().or_else(|| args.next()).ok_or(format!("{name} needs a value"));
        match &*name {
            "--help" | "-h" => {
                let faults: String =
                    Fault::NAMES.iter().map(|name| format!("                           {name}\n")).collect();
                write!(stdout(), "{}", HELP.replace("FAULTS\n", &faults))?;
                return Ok(None);
            }
            "--version" => {
                writeln!(stdout(), "{generation} (peer)")?;
                return Ok(None);
            }
            "--generation" => generation = value()?.parse()?,
            "--fault" => faults.push(value()?.parse::<Fault>()?),
            "--max-turns" => max_turns = Some(value()?.parse()?),
            "--permission-prompt-tool" => can_request = !value()?.is_empty(),
            "--permission-mode" => skips |= value()? == "bypassPermissions",
            "--dangerously-skip-permissions" => skips = true,
            "--mcp-config" => servers.extend(host_servers(&value()?)?),
            "--replay-user-messages" => replay = true,
            "--include-partial-messages" => partial = true,
            "--sessions" => sessions = value()?,
            "--resume" | "-r" => resumes = Some(value()?),
            flag if flag.starts_with("--") && !is_known(flag) => faults.push(Fault::UnknownFlag(flag.to_owned())),
            _ => {}
        }
    }
    let unknown = resumes.filter(|resumed: &String| sessions.split(',').all(|known| known != resumed));
    faults.extend(unknown.map(Fault::BadResume));
    let needs_permission = can_request && !skips;
    let mut script = Script::new(generation)
        .replay_user_messages(replay)
        .include_partial_messages(partial)
        .answering(move |prompt| answer(prompt, needs_permission));
    if std::env::var_os("CLAUDE_CODE_SDK_READS_SESSION_STATE").is_some_and(|value| value == "1") {
        script = script.session_state_messages(true);
    }
    if let Some(most) = max_turns {
        script = script.max_turns(most);
    }
    let script = servers.into_iter().fold(script, Script::host_server);
    Ok(Some(faults.into_iter().fold(script, Script::fault)))
}

fn is_known(flag: &str) -> bool {
    let aliases = ["--allowed-tools", "--disallowed-tools"];
    let without = || flags_without_option().any(|(known, _)| known == flag);
    flags().any(|known| known == flag) || without() || aliases.contains(&flag)
}

/// The servers of an MCP configuration, in JSON or in a file, that are in the host.
fn host_servers(config: &str) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let config =
        if config.trim_start().starts_with('{') { config.to_owned() } else { std::fs::read_to_string(config)? };
    let config: serde_json::Value = serde_json::from_str(&config)?;
    let servers = config["mcpServers"].as_object().into_iter().flatten();
    Ok(servers.filter(|(_, server)| server["type"] == "sdk").map(|(name, _)| name.clone()).collect())
}

fn answer(prompt: &str, needs_permission: bool) -> Vec<Step> {
    let scripted = steps_in(prompt, needs_permission);
    if !scripted.is_empty() {
        return scripted;
    }
    match prompt.trim().strip_prefix("run:") {
        Some(command) => {
            let input = serde_json::json!({ "command": command.trim(), "description": "run" });
            let call = serde_json::json!({ "text": "I will run it.", "tool": "Bash", "input": input });
            let script = serde_json::json!({ "steps": [call, { "text": "That is all." }] });
            steps_in(&script.to_string(), needs_permission)
        }
        None => {
            let words = prompt.split_whitespace().count();
            vec![Step::text_in_parts(format!("You said: {prompt}"), words + 2, Duration::from_millis(40))]
        }
    }
}
