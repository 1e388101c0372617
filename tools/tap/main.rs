//! Stands in for `claude` and shows what goes over its pipes: passes everything on, records every line, and writes down what
//! looks wrong. It works with any client of the CLI that lets its users name the program.
//!
//! ```text
//! cargo build --example tap
//! CLAUDE_TAP_FILE=/tmp/taps CLAUDE_BIN=target/debug/examples/tap cargo run --example chat --features smol
//! cargo run --example replay -- --text /tmp/taps/claude-4711.ndjson
//! cargo run --example timeline -- /tmp/taps/claude-4711.ndjson > out.svg
//! ```
//!
//! Arguments, stdin, stdout, stderr, signals and the exit status are those of the CLI. The tap is set by variables, so that
//! it takes no argument away:
//!
//! | Variable | Value | Default |
//! |---|---|---|
//! | `CLAUDE_TAP_PROGRAM` | the CLI | `claude` |
//! | `CLAUDE_TAP_FILE` | the recording, or a directory for it | the directory for temporary files |
//! | `CLAUDE_TAP_SECONDS` | time after which a request or a prompt without an answer is reported | 60 |
//!
//! In a directory the recording is `claude-PID.ndjson`. Only its owner can read it: it holds all that is said. What looks wrong
//! is a remark in the recording, an `err` line in angle brackets, and a line of the file beside it, which ends in `.report`:
//!
//! * a line that is not JSON, or not an object with a type,
//! * a request of the CLI, or of the host, that has no response in time,
//! * a prompt after which the CLI was silent for so long, or that has no result when the CLI exits.
//!
//! What a Ctrl-C of a terminal sends to both is passed on, too, so the CLI gets it twice.

mod pipes;
mod record;
mod signals;
mod watch;

use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::Duration;

use pipes::Direction;
use record::{Record, Settings};

/// How many chunks wait for the recorder. A disk that is slower than the session slows it down.
const WAITING: usize = 1024;

/// How long the CLI's output is read once it has exited.
const REST: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(reason) => {
            eprintln!("tap: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode, String> {
    let settings = Settings::from_env();
    let record = Record::create(&settings).map_err(|error| format!("{}: {error}", settings.file.display()))?;
    let mut command = Command::new(&settings.program);
    command.args(std::env::args_os().skip(1)).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for name in record::VARIABLES {
        command.env_remove(name);
    }
    let signals = signals::Forward::new();
    let mut child = command.spawn().map_err(|error| format!("{}: {error}", settings.program.display()))?;
    let signals = signals.to(child.id());
    let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(stdin), Some(stdout), Some(stderr)) = pipes else { return Err("the CLI has no pipes".into()) };
    let (sender, received_lines) = std::sync::mpsc::sync_channel(WAITING);
    let recorder = thread::spawn(move || record.run(&received_lines));
    let to_cli = sender.clone();
    // It waits for the host, so it is not waited for.
    thread::spawn(move || pipes::pass(Direction::In, std::io::stdin(), stdin, &to_cli));
    let (open, ended) = std::sync::mpsc::channel::<()>();
    let (to_host, is_open) = (sender.clone(), open.clone());
    thread::spawn(move || {
        pipes::pass(Direction::Out, stdout, std::io::stdout(), &to_host);
        drop(is_open);
    });
    let to_host = sender.clone();
    thread::spawn(move || {
        pipes::pass(Direction::Err, stderr, std::io::stderr(), &to_host);
        drop(open);
    });
    signals.wait();
    let status = child.wait().map_err(|error| format!("the CLI cannot be waited for: {error}"))?;
    // What it left running may hold its output open.
    let _ = ended.recv_timeout(REST);
    let _ = sender.send((Direction::Exit, record::status(status).to_string().into_bytes()));
    let _ = recorder.join();
    Ok(signals::leave(status))
}
