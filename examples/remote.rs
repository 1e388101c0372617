//! A session over a socket: the CLI runs elsewhere, and two byte streams lead to it.
//!
//!     cargo run --example remote --features smol
//!
//! In this example a server on the loopback interface starts a child for each connection, like inetd. The streams can also be
//! the attached pipes of a container, or a channel of an SSH library. For `ssh HOST claude ...` as a local process, use
//! `Options::launcher`.

#![cfg_attr(
    not(unix),
    allow(dead_code, unused_imports, reason = "only there a socket is given to a child as its pipes")
)]

#[path = "shared/claude.rs"]
mod claude;

use std::error::Error;
use std::net::TcpListener;
use std::process::ExitCode;

use claude_duplex::Options;

fn main() -> ExitCode {
    claude::with(run)
}

#[cfg(unix)]
fn run(options: Options) -> Result<(), Box<dyn Error>> {
    use claude_duplex::{Action, Config, Seed};
    use smol::net::TcpStream;
    use std::io::{Write, stdout};

    /// Serves one connection: its bytes are the child's stdin and stdout.
    fn serve(listener: TcpListener, options: &Options) -> Result<(), Box<dyn Error + Send + Sync>> {
        let (socket, host) = listener.accept()?;
        eprintln!("the server starts a child for {host}");
        let mut command = options.invocation()?.to_command();
        command.stdin(std::os::fd::OwnedFd::from(socket.try_clone()?));
        command.stdout(std::os::fd::OwnedFd::from(socket));
        let spawned = command.spawn();
        let mut child = spawned.map_err(|reason| format!("{}: {reason}", command.get_program().to_string_lossy()))?;
        drop(command); // it holds the socket too
        eprintln!("the server's child ends: {}", child.wait()?);
        Ok(())
    }

    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = std::thread::spawn(move || serve(listener, &options));

    smol::block_on(async {
        let (reader, writer) = smol::io::split(TcpStream::connect(address).await?);
        let mut claude = claude_duplex::driver::smol::over(reader, writer, Config::new(Seed::random()));
        claude.prompt("hello")?;
        while let Some(action) = claude.next().await {
            match action {
                Action::PromptEnded { outcome, result, .. } => {
                    let result = result.map(|result| result.result()).transpose()?;
                    writeln!(stdout(), "{outcome}: {}", result.and_then(|result| result.result).unwrap_or_default())?;
                    claude.close();
                }
                Action::Closed(closed) => writeln!(stdout(), "{}", closed.reason)?,
                _ => {}
            }
        }
        Ok::<(), Box<dyn Error>>(())
    })?;
    server.join().map_err(|_| "the server panicked")?.map_err(|error| error.to_string())?;
    Ok(())
}

#[cfg(not(unix))]
fn run(_: Options) -> Result<(), Box<dyn Error>> {
    Err("here a socket cannot be a child's stdin".into())
}
