//! The `claude` command line as an agent of the Agent Client Protocol, on stdin and stdout.

mod agent;
mod arguments;
mod bounded;
mod capabilities;
mod client;
mod content;
mod failure;
mod history;
mod lines;
mod options;
mod session;
mod signals;
mod tied;
mod tool;
mod translate;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use async_executor::Executor;

use crate::arguments::{Arguments, USAGE, Wanted};

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1).peekable();
    if words.peek().is_some_and(|word| word == tied::WORD) {
        return tied::run(words.skip(1));
    }
    let arguments = match Arguments::parse(words) {
        Ok(Wanted::Serve(arguments)) => arguments,
        Ok(Wanted::Print(text)) => return print(&text),
        Err(error) => {
            eprintln!("claude-duplex-acp: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let executor = Arc::new(Executor::new());
    let served = async_io::block_on(executor.run(agent::serve(arguments, Arc::clone(&executor))));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("claude-duplex-acp: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print(text: &str) -> ExitCode {
    match writeln!(std::io::stdout(), "{text}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
