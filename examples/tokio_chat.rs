//! A chat on tokio: waits for the session and for typed lines in one `select!`.
//!
//!     cargo run --example tokio_chat --features tokio
//!
//! Every line is a prompt. The end of the input closes the session gracefully. Without any line, the program sends `hello`.

#[path = "shared/claude.rs"]
mod claude;

use std::error::Error;
use std::io::{Write, stdout};
use std::process::ExitCode;

use claude_duplex::message::{Accumulator, Edit};
use claude_duplex::{Action, Config, Options, Outcome, Seed};

fn main() -> ExitCode {
    claude::with(|options| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(chat(options))
    })
}

async fn chat(options: Options) -> Result<(), Box<dyn Error>> {
    let options = options.include_partial_messages();
    let mut claude = claude_duplex::driver::tokio::spawn(&options, Config::new(Seed::random()))?;
    let (mut typed, mut open, mut silent) = (type_ahead(), true, true);
    let mut answer = Accumulator::new();
    loop {
        tokio::select! {
            action = claude.next() => match action {
                Some(action) => show(action, &mut answer)?,
                None => return Ok(()),
            },
            line = typed.recv(), if open => match line {
                Some(line) if line.trim().is_empty() => {}
                Some(line) => {
                    claude.prompt(line.as_str())?;
                    silent = false;
                }
                None => {
                    open = false;
                    if silent {
                        claude.prompt("hello")?;
                    }
                }
            },
        }
        if !open && claude.protocol().is_idle() {
            claude.close();
        }
    }
}

fn show(action: Action, answer: &mut Accumulator) -> Result<(), Box<dyn Error>> {
    match action {
        Action::Message { message, .. } => {
            for edit in answer.add(&message) {
                match edit {
                    Edit::Append { block, text, .. } if block.is_answer() => write!(stdout(), "{text}")?,
                    Edit::Replace { block, text, .. } if block.is_answer() => write!(stdout(), "\n(anew) {text}")?,
                    _ => {}
                }
            }
            stdout().flush()?;
        }
        Action::PromptEnded { outcome: Outcome::Success, .. } => writeln!(stdout())?,
        Action::PromptEnded { outcome, .. } => writeln!(stdout(), "({outcome})")?,
        Action::Closed(closed) => writeln!(stdout(), "{}", closed.reason)?,
        _ => {}
    }
    Ok(())
}

/// Lines come from a thread: a terminal cannot be waited for otherwise.
fn type_ahead() -> tokio::sync::mpsc::Receiver<String> {
    let (tell, typed) = tokio::sync::mpsc::channel(16);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if tell.blocking_send(line).is_err() {
                return;
            }
        }
    });
    typed
}
