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

/// What the threads tell.
enum Event {
    Read(Vec<u8>),
    Ended,
    Written(usize),
    /// Nobody reads stdout any more.
    Refused,
}

/// Plays the CLI over this process's stdin, stdout and stderr, in real time, until it ends; the exit status that it should
/// have. Blocks.
///
/// A [`Fault`](super::Fault) of the process is honored where the system allows: those that need a signal or a closed stdin start the
/// process again through `/bin/sh`, so give them before anything is read. SIGTERM ends the process as a signal does, where
/// the CLI itself exits with 143.
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
    let (tell, events) = channel();
    let permits = read_stdin(tell.clone());
    let lines = write_stdout(tell);
    let (mut reading, mut writing) = (false, false);
    loop {
        let noise = peer.poll_stderr();
        // Nobody may be there to read it.
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

/// Reads stdin on a thread of its own, once for each permit.
fn read_stdin(tell: Sender<Event>) -> Sender<()> {
    let (permits, permitted) = channel();
    std::thread::spawn(move || {
        let mut stdin = std::io::stdin().lock();
        let mut buffer = vec![0; 64 * 1024];
        while permitted.recv().is_ok() {
            let event = match stdin.read(&mut buffer) {
                Ok(count) if count > 0 => Event::Read(buffer[..count].to_vec()),
                _ => Event::Ended,
            };
            if tell.send(event).is_err() {
                return;
            }
        }
    });
    permits
}

/// Writes stdout on a thread of its own: the CLI reads on while nobody reads it.
fn write_stdout(tell: Sender<Event>) -> Sender<Vec<u8>> {
    let (lines, waiting) = channel::<Vec<u8>>();
    std::thread::spawn(move || {
        let mut stdout = std::io::stdout();
        for bytes in waiting {
            let written = stdout.write_all(&bytes).and_then(|()| stdout.flush());
            let event = if written.is_ok() { Event::Written(bytes.len()) } else { Event::Refused };
            if tell.send(event).is_err() {
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

/// Says to the process that it is what another one leaves behind.
const GRANDCHILD: &str = "CLAUDE_DUPLEX_PEER_GRANDCHILD";

/// Leaves something behind that holds stdout and stderr, where the script says so: this program once more.
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

    /// Says to the process that it was started again.
    const AGAIN: &str = "CLAUDE_DUPLEX_PEER_AGAIN";

    /// Ignores SIGTERM, which lasts over an `exec`.
    const DEAF: &str = r#"trap "" TERM; exec "$0" "$@""#;

    /// Gives the process the first lines and closes the pipe they came through: one to introduce the host, one prompt.
    const CLOSED: &str = r#"exec 3<&0 0</dev/null; { sed -u -e '/"type":"user"/q' <&3 3<&-; } | "$0" "$@" 3<&- & exec 3<&-; trap "kill $!" TERM; wait $!; wait $!"#;

    /// Starts the process again where a fault needs it; returns only if it does not, or cannot.
    pub(super) fn start_again(script: &Script) -> Option<io::Error> {
        if std::env::var_os(AGAIN).is_some() {
            return None;
        }
        let shell = match () {
            () if script.has(&Fault::CloseStdin) => CLOSED,
            () if script.has(&Fault::IgnoreTerminate) => DEAF,
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
