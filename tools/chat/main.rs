//! A chat in the terminal.
//!
//! ```text
//! cargo run --example chat --features smol
//! cargo run --example chat --features smol -- --prompt "what is in this folder?"
//! ```
//!
//! If no `claude` is installed, the chat runs with a mock CLI: this program itself, started as the child.

mod arguments;
mod conversation;
mod screen;
mod stand_in;
mod typed;

use std::io::{IsTerminal, Write, stdout};
use std::process::ExitCode;

use arguments::{Arguments, Claude};
use claude_duplex::options::Options;
use conversation::Conversation;
use screen::Screen;

/// There was no result: nothing could be started, or it ended first.
const NO_RESULT: u8 = 2;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some(stand_in::FLAG) {
        return stand_in::run();
    }
    match Arguments::parse(std::env::args_os().skip(1)).and_then(chat) {
        Ok(status) => ExitCode::from(status),
        Err(reason) => {
            eprintln!("chat: {reason}");
            ExitCode::from(NO_RESULT)
        }
    }
}

fn chat(arguments: Arguments) -> Result<u8, String> {
    if arguments.help {
        // Where nobody reads it, nobody asked.
        let _ = writeln!(stdout(), "{}", arguments::USAGE);
        return Ok(0);
    }
    let mut options = Options::new().include_partial_messages().host_permission_prompts();
    match arguments.claude()? {
        Claude::Program(program) => options = options.program(program),
        Claude::StandIn => {
            eprintln!("no claude was found (--claude PATH, CLAUDE_BIN, PATH): this is its stand-in.");
            eprintln!("try `run: ls` and the answer `always`, or `slow` and Ctrl-C");
            let this = std::env::current_exe().map_err(|error| format!("this program cannot be found: {error}"))?;
            options = options.program(this).global_arg(stand_in::FLAG);
        }
    }
    let options = options.args(arguments.rest);
    let has_terminal = std::io::stdin().is_terminal() || arguments.prompt.is_none();
    let screen = Screen::new(arguments.prompt.is_none());
    async_io::block_on(async {
        let mut conversation = Conversation::start(&options, screen, has_terminal, arguments.stall)?;
        match arguments.prompt {
            Some(prompt) => conversation.once(&prompt).await,
            None => conversation.talk().await,
        }
    })
}
