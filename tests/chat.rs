//! `examples/chat.rs` as a person meets it: with nothing installed, and with a `claude` that is none.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Long for a busy machine; the chat itself needs a second.
const LIMIT: Duration = Duration::from_secs(60);

/// The example's program, which `cargo test` builds beside this one.
fn chat() -> Command {
    let this = std::env::current_exe().expect("a test has a path");
    let program = this.ancestors().nth(2).expect("target/PROFILE/deps/TEST").join("examples/chat");
    assert!(program.exists(), "{} is not built: run the whole `cargo test --all-features`", program.display());
    let mut command = Command::new(program);
    // A `claude` of this machine must not be found.
    command.env_remove("CLAUDE_BIN").env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
    command
}

/// Runs it to its end, or fails when that does not come.
fn run(command: &mut Command) -> Output {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the chat starts");
    let (id, (done, end)) = (child.id(), mpsc::channel());
    std::thread::spawn(move || done.send(child.wait_with_output()));
    match end.recv_timeout(LIMIT) {
        Ok(output) => output.expect("it can be waited for"),
        Err(_) => {
            let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
            panic!("the chat hangs");
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A program of that shell script, in a folder of its own.
fn program(name: &str, script: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("claude");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a script");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("may be run");
    path
}

/// What it says where there is no answer: one line on stderr, and the exit status 2.
fn refusal(command: &mut Command) -> String {
    let output = run(command.args(["--prompt", "hello"]));
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert_eq!(text(&output.stdout), "");
    said
}

#[test]
fn with_nothing_installed_the_stand_in_answers() {
    let output = run(chat().args(["--prompt", "hello"]));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("hello"));
    assert!(text(&output.stderr).starts_with("no claude was found"));
}

#[test]
fn nobody_to_ask_means_no() {
    let output = run(chat().args(["--prompt", "run: ls"]));
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stderr).contains("nobody to ask"), "{}", text(&output.stderr));
}

#[test]
fn a_missing_program_is_named() {
    let said = refusal(chat().args(["--claude", "/nowhere/claude"]));
    assert!(said.contains("/nowhere/claude") && said.contains("no such file"), "{said}");
}

#[test]
fn an_exit_at_once_is_told_with_its_status_and_stderr() {
    let claude = program("exits", "echo first line >&2; echo 'not logged in' >&2; exit 3");
    let said = refusal(chat().arg("--claude").arg(claude));
    assert!(said.contains("exit status 3") && said.contains("not logged in"), "{said}");
}

#[test]
fn a_program_that_prints_something_else_is_no_claude() {
    let claude = program("noise", "while :; do echo 'Welcome to another program'; done");
    let said = refusal(chat().arg("--claude").arg(claude));
    assert!(said.contains("not claude") && said.contains("Welcome"), "{said}");
}

#[test]
fn a_bad_argument_is_named() {
    let said = refusal(chat().arg("--no-such-flag"));
    assert!(said.contains("--no-such-flag"), "{said}");
}

#[test]
fn what_a_dead_chat_started_ends_too() {
    let claude = program("grandchild", "sleep 1234 & echo $! > \"$0.pid\"; echo gone wrong >&2; exit 1");
    refusal(chat().arg("--claude").arg(&claude));
    let id = fs::read_to_string(claude.with_extension("pid")).expect("it wrote its child's id");
    let state = Command::new("ps").args(["-o", "stat=", "-p", id.trim()]).output().expect("ps runs");
    let state = text(&state.stdout);
    assert!(state.trim().is_empty() || state.starts_with('Z'), "{id} still runs: {state}");
}
