//! The run loop with the standard library alone: a thread for each pipe, and the loop.

use std::io::{self, Read, Write};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant, UNIX_EPOCH};
use std::{process::Stdio, thread};

use claude_duplex::{Action, ChildCommand, Config, Input, Options, Prompt, Protocol, Seed, SessionTime};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let program = std::env::var_os("CLAUDE_BIN").unwrap_or("claude".into());
    let mut command = Options::new().program(&program).invocation()?.to_command();
    let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child =
        spawned.map_err(|reason| format!("{}: {reason} (is CLAUDE_BIN right?)", program.to_string_lossy()))?;
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());

    let (facts, inbox) = channel();
    let (output, outbox) = channel::<Vec<u8>>();
    let (read, written) = (facts.clone(), facts.clone());
    // Each thread ends with its pipe, or with the loop.
    thread::spawn(move || {
        let mut buffer = [0; 64 * 1024];
        while let Ok(count @ 1..) = stdout.read(&mut buffer) {
            read.send(Input::Receive(buffer[..count].to_vec().into())).ok()?;
        }
        read.send(Input::Eof).ok()
    });
    thread::spawn(move || {
        for bytes in outbox {
            let sent = stdin.write_all(&bytes).map_or(Input::SendFailed, |()| Input::Sent(bytes.len()));
            written.send(sent).ok()?;
        }
        Some(())
    });

    let epoch = Instant::now();
    let now = || SessionTime::from(epoch.elapsed());
    // Unique on this machine; prompts get their UUIDs from it.
    let unique = UNIX_EPOCH.elapsed()?.as_nanos() << 32 | u128::from(std::process::id());
    let seed = Seed::from_bytes(unique.to_be_bytes());
    let mut session = Protocol::new(Config::new(seed), now());
    session.stderr_eof(now()); // it is inherited: nobody reads it here
    session.prompt(now(), Prompt::text("hello"))?;

    let (mut output, mut writing) = (Some(output), false);
    loop {
        if let (Some(output), false, pending @ [_, ..]) = (&output, writing, session.poll_transmit()) {
            output.send(pending.to_vec())?;
            writing = true;
        }
        while let Some(order) = session.poll_child_command() {
            match order {
                ChildCommand::CloseStdin => output = None,
                ChildCommand::Terminate | ChildCommand::Kill => child.kill()?,
            }
        }
        while let Some(action) = session.poll_action() {
            match action {
                Action::PromptEnded { outcome, result, .. } => {
                    let answer = result.and_then(|result| result.result_text());
                    writeln!(io::stdout(), "{outcome}: {}", answer.unwrap_or_default())?;
                    session.close(now());
                }
                Action::Closed(closed) => {
                    writeln!(io::stdout(), "{}", closed.reason)?;
                    return Ok(());
                }
                _ => {}
            }
        }
        let wait = session.poll_timeout().map_or(Duration::MAX, |(due, _)| due.saturating_duration_since(now()));
        if let Ok(fact) = inbox.recv_timeout(wait.min(Duration::from_millis(50))) {
            writing &= !matches!(fact, Input::Sent(_));
            session.apply(now(), fact);
        }
        session.handle_timeout(now());
        if let Some(status) = child.try_wait()? {
            session.exited(now(), status.into());
        }
    }
}
