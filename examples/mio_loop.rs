//! A session in an event loop of `mio`, with the core alone: readiness, one thread, no async.
//!
//!     cargo run --example mio_loop

#[cfg(unix)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    use std::io::{ErrorKind, Read, Write};
    use std::process::Stdio;
    use std::time::{Duration, Instant, UNIX_EPOCH};

    use claude_duplex::{Action, ChildCommand, Config, Options, Protocol, Seed, SessionTime};
    use mio::unix::pipe::{Receiver, Sender};
    use mio::{Events, Interest, Poll, Token};

    let mut command = Options::new().invocation()?.to_command();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut stdin = child.stdin.take().map(Sender::from).ok_or("stdin is piped")?;
    let mut stdout = child.stdout.take().map(Receiver::from).ok_or("stdout is piped")?;
    stdin.set_nonblocking(true)?;
    stdout.set_nonblocking(true)?;
    let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(8));
    poll.registry().register(&mut stdin, Token(0), Interest::WRITABLE)?;
    poll.registry().register(&mut stdout, Token(1), Interest::READABLE)?;
    let (mut stdin, mut stdout) = (Some(stdin), Some(stdout));

    let epoch = Instant::now();
    let now = || SessionTime::from(epoch.elapsed());
    // Unique on this machine; prompts get their UUIDs from it.
    let unique = UNIX_EPOCH.elapsed()?.as_nanos() << 32 | u128::from(std::process::id());
    let mut claude = Protocol::new(Config::new(Seed::from_bytes(unique.to_be_bytes())), now());
    claude.stderr_eof(now()); // it is inherited: nobody reads it here
    claude.prompt(now(), "What is in this folder?")?;

    let mut buffer = vec![0; 64 * 1024];
    loop {
        // Readiness is reported once: what is ready is used until it would block.
        while let Some(pipe) = stdout.as_mut().filter(|_| claude.wants_read()) {
            match pipe.read(&mut buffer) {
                Ok(count @ 1..) => claude.receive(now(), &buffer[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Ok(_) | Err(_) => {
                    claude.eof(now());
                    stdout = None;
                }
            }
        }
        if let Some(status) = child.try_wait()? {
            claude.exited(now(), status.into());
        }
        claude.handle_timeout(now());
        let mut has_acted = false;
        while let Some(action) = claude.poll_action() {
            has_acted = true;
            match action {
                Action::PromptEnded { outcome, result, .. } => {
                    println!("{outcome}: {}", result.and_then(|result| result.result_text()).unwrap_or_default());
                    claude.close(now());
                }
                Action::Closed(closed) => {
                    println!("{closed}");
                    return Ok(());
                }
                _ => {}
            }
        }
        while let Some(command) = claude.poll_child_command() {
            match command {
                ChildCommand::CloseStdin => stdin = None,
                ChildCommand::Terminate | ChildCommand::Kill => child.kill()?,
            }
        }
        while let (Some(pipe), bytes @ [_, ..]) = (&mut stdin, claude.poll_transmit()) {
            match pipe.write(bytes) {
                Ok(count) => claude.sent(now(), count),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => {
                    claude.send_failed(now());
                    stdin = None;
                }
            }
        }
        // An exit is no event of a pipe: towards the end the child is looked at every 10 ms.
        let wait = match claude.poll_timeout() {
            _ if has_acted => Some(Duration::ZERO),
            _ if stdin.is_none() || stdout.is_none() => Some(Duration::from_millis(10)),
            due => due.map(|(due, _)| due.saturating_duration_since(now())),
        };
        match poll.poll(&mut events, wait) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error.into()),
            _ => {}
        }
    }
}

#[cfg(not(unix))]
fn main() {
    eprintln!("mio has pipes of children on Unix alone");
}
