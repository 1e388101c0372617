//! The mock CLI as a process.

use std::io::{Read, Write};
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use super::fault::Fault;
use super::mock_cli::MockCli;
use super::script::Script;
use crate::base::time::SessionTime;
use crate::protocol::end::Exit;

/// Report of an I/O thread.
enum Event {
    Read(Vec<u8>),
    Ended,
    Written(usize),
    /// The reader of stdout is gone.
    Refused,
}

/// Runs the mock CLI on stdin, stdout and stderr of this process until it ends. Returns the exit status for the process.
/// Blocks the thread and runs in real time.
///
/// Each [`Fault`] of the process is simulated if the system allows it. Faults that need a signal or a closed
/// stdin start the process again through `/bin/sh`. Therefore set them before anything is read from stdin. SIGTERM ends the
/// process as a signal does, unlike the real CLI, which exits with 143.
#[must_use]
pub fn serve_stdio(script: Script) -> ExitCode {
    #[cfg(unix)]
    if let Some(error) = unix::start_again(&script) {
        eprintln!("cannot start again: {error}");
        return ExitCode::FAILURE;
    }
    if std::env::var_os(GRANDCHILD).is_some() {
        std::thread::sleep(Duration::from_secs(600));
        return ExitCode::SUCCESS;
    }
    leave_grandchild(&script);
    let start = Instant::now();
    let now = || SessionTime::from(start.elapsed());
    let mut peer = MockCli::new(script, SessionTime::ZERO);
    let (sender, events) = channel();
    let permits = read_stdin(sender.clone());
    let lines = write_stdout(sender);
    let (mut reading, mut writing) = (false, false);
    loop {
        let noise = peer.poll_stderr();
        // A write to stderr may fail if it has no reader.
        let _ = std::io::stderr().write_all(&noise);
        if !writing && !peer.poll_transmit().is_empty() {
            writing = lines.send(peer.poll_transmit().to_vec()).is_ok();
        }
        if !reading && peer.wants_read() {
            reading = permits.send(()).is_ok();
        }
        if let Some(exit) = peer.poll_exit() {
            return leave(exit);
        }
        match next(&events, peer.poll_timeout().map(|due| due.saturating_duration_since(now()))) {
            Some(Event::Read(bytes)) => {
                reading = false;
                peer.receive(now(), &bytes);
            }
            Some(Event::Ended) => peer.eof(now()),
            Some(Event::Written(count)) => {
                writing = false;
                peer.sent(now(), count);
            }
            Some(Event::Refused) => return ExitCode::FAILURE,
            None => peer.handle_timeout(now()),
        }
    }
}

fn next(events: &Receiver<Event>, wait: Option<Duration>) -> Option<Event> {
    match wait {
        None => events.recv().ok(),
        Some(wait) => events.recv_timeout(wait).ok(),
    }
}

/// Reads stdin on a separate thread, once for each permit.
fn read_stdin(events: Sender<Event>) -> Sender<()> {
    let (permits, permitted) = channel();
    std::thread::spawn(move || {
        let mut stdin = std::io::stdin().lock();
        let mut buffer = vec![0; 64 * 1024];
        while permitted.recv().is_ok() {
            let event = match stdin.read(&mut buffer) {
                Ok(count) if count > 0 => Event::Read(buffer[..count].to_vec()),
                _ => Event::Ended,
            };
            if events.send(event).is_err() {
                return;
            }
        }
    });
    permits
}

/// Writes stdout on a separate thread: the CLI continues to read while stdout has no reader.
fn write_stdout(events: Sender<Event>) -> Sender<Vec<u8>> {
    let (lines, waiting) = channel::<Vec<u8>>();
    std::thread::spawn(move || {
        let mut stdout = std::io::stdout();
        for bytes in waiting {
            let written = stdout.write_all(&bytes).and_then(|()| stdout.flush());
            let event = if written.is_ok() { Event::Written(bytes.len()) } else { Event::Refused };
            if events.send(event).is_err() {
                return;
            }
        }
    });
    lines
}

fn leave(exit: Exit) -> ExitCode {
    match exit {
        Exit::Code(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        Exit::Signal(signal) => ExitCode::from(u8::try_from(signal.saturating_add(128)).unwrap_or(1)),
        Exit::Unknown => ExitCode::FAILURE,
    }
}

/// Environment variable that marks the process as a grandchild.
const GRANDCHILD: &str = "CLAUDE_DUPLEX_PEER_GRANDCHILD";

/// Starts a grandchild that keeps stdout and stderr open, if the script requires it. The grandchild is this program again.
fn leave_grandchild(script: &Script) {
    if !script.has(&Fault::Grandchild) {
        return;
    }
    let spawned = std::env::current_exe().and_then(|program| {
        let mut command = Command::new(program);
        command.args(std::env::args_os().skip(1)).env(GRANDCHILD, "1").stdin(Stdio::null()).spawn()
    });
    if let Err(error) = spawned {
        eprintln!("no grandchild: {error}");
    }
}

#[cfg(unix)]
mod unix {
    use std::io;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    use super::Script;
    use crate::testing::Fault;

    /// Environment variable that marks the process as already started again.
    const AGAIN: &str = "CLAUDE_DUPLEX_PEER_AGAIN";

    /// Shell script that ignores SIGTERM. The setting is kept across `exec`.
    const IGNORING_TERM: &str = r#"trap "" TERM; exec "$0" "$@""#;

    /// Shell script that passes the lines up to the first prompt to the process, and then closes the pipe.
    const CLOSED: &str = r#"exec 3<&0 0</dev/null; { sed -u -e '/"type":"user"/q' <&3 3<&-; } | "$0" "$@" 3<&- & exec 3<&-; trap "kill $!" TERM; wait $!; wait $!"#;

    /// Starts the process again if a fault requires it. Returns `None` if no fault does, and an error if the start fails.
    pub(super) fn start_again(script: &Script) -> Option<io::Error> {
        if std::env::var_os(AGAIN).is_some() {
            return None;
        }
        let shell = match () {
            () if script.has(&Fault::CloseStdin) => CLOSED,
            () if script.has(&Fault::IgnoreTerminate) => IGNORING_TERM,
            () => return None,
        };
        let program = match std::env::current_exe() {
            Ok(program) => program,
            Err(error) => return Some(error),
        };
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(shell).arg(program).args(std::env::args_os().skip(1)).env(AGAIN, "1");
        Some(command.exec())
    }
}
