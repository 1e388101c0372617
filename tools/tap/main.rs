//! Runs in place of `claude`, and records the lines on its pipes. All data are passed on unchanged, and problems are reported.
//! The tap works with every client that has a setting for the program.
//!
//! ```text
//! cargo build --example tap
//! CLAUDE_TAP_FILE=/tmp/taps CLAUDE_BIN=target/debug/examples/tap cargo run --example chat --features smol
//! cargo run --example replay -- --text /tmp/taps/claude-4711.ndjson
//! cargo run --example timeline -- /tmp/taps/claude-4711.ndjson > out.svg
//! ```
//!
//! Arguments, stdin, stdout, stderr, signals and the exit status are those of the CLI. The tap is configured by environment
//! variables, because all arguments belong to the CLI:
//!
//! | Variable | Value | Default |
//! |---|---|---|
//! | `CLAUDE_TAP_PROGRAM` | the CLI | `claude` |
//! | `CLAUDE_TAP_FILE` | the recording, or a directory for it | the directory for temporary files |
//! | `CLAUDE_TAP_SECONDS` | time after which a request or a prompt without an answer is reported | 60 |
//!
//! In a directory the recording is `claude-PID.ndjson`. Only its owner can read it, because it contains the whole conversation.
//! A problem is written to the recording, as an `err` line in angle brackets, and to a second file with the extension
//! `.report`:
//!
//! * a line that is not JSON, or not an object with a type,
//! * a request of the CLI, or of the host, that has no response in time,
//! * a prompt after which the CLI was silent for so long, or that has no result when the CLI exits.
//!
//! A Ctrl-C in a terminal reaches both processes, and the tap passes the signal on, so the CLI gets it twice.

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
