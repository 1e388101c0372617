//! The `claude` command line as an agent of the Agent Client Protocol, on stdin and stdout.

mod agent;
mod arguments;
mod bounded;
mod capabilities;
mod claude;
mod client;
mod content;
mod failure;
mod history;
#[cfg(unix)]
mod kept;
mod lines;
mod options;
mod servers;
mod session;
mod signals;
mod tied;
mod tool;
mod translate;
#[cfg(feature = "protocol-v2")]
mod v2;

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
    #[cfg(unix)]
    if words.peek().and_then(|word| word.to_str()).is_some_and(is_keepers) {
        return claude_duplex_keeper::commands::main(words.collect());
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

/// Returns `true` if the first argument is a command of the keeper, because this program is a keeper, too. The keeper itself
/// uses the commands that begin with two underscores.
#[cfg(unix)]
fn is_keepers(word: &str) -> bool {
    matches!(word, "run" | "list" | "attach" | "stop") || word.starts_with("__")
}

fn print(text: &str) -> ExitCode {
    match writeln!(std::io::stdout(), "{text}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
