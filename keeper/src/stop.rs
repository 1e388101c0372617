//! The end of a session by its host.

use std::io;

use crate::attach::Attached;
use crate::frame::{FromKeeper, ToKeeper};

impl Attached {
    /// Ends the session: the keeper closes the CLI's stdin, then terminates the CLI, then kills its process group, each after the
    /// grace period of the [policy](crate::Policy). Blocks until the keeper has removed its files.
    ///
    /// ```no_run
    /// use claude_duplex_keeper::frame::Start;
    /// use claude_duplex_keeper::{Attach, Place, SessionId};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let attach = Attach::controller().from(Start::Newest, Start::Newest);
    /// attach.connect(&Place::of_user()?, &SessionId::parse("review")?)?.stop()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the client is not the controller, or if another host has attached since the order to stop. The session then ends
    /// nevertheless.
    pub fn stop(mut self) -> io::Result<()> {
        // A keeper that has ended meanwhile takes nothing more, and has closed the connection: it is read to its end.
        let _ = self.send(&ToKeeper::Stop);
        // The last output of the CLI is read so that the CLI can end.
        loop {
            let is_output = self.receive(|frame| match frame {
                FromKeeper::Output { .. } => Ok(true),
                FromKeeper::Replaced { pid, .. } => Err(io::Error::other(format!(
                    "process {pid} has attached meanwhile; the session ends nevertheless"
                ))),
                FromKeeper::Refused(refusal) => Err(io::Error::other(refusal)),
                _ => Ok(false),
            });
            // The keeper closes the connection at its end. One that is killed meanwhile has ended its session too.
            let Ok(Some(is_output)) = is_output else { return Ok(()) };
            if is_output? {
                let all = u64::MAX;
                let progress =
                    ToKeeper::Progress { stdout_kept: all, stderr_kept: all, stdout_window: all, stderr_window: all };
                let _ = self.send(&progress);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::Shutdown;
    use std::os::unix::net::UnixStream;

    use super::*;
    use crate::frame::{FrameReader, Stream, StreamState, Welcome};

    fn attached(socket: UnixStream) -> Attached {
        let stream = StreamState { oldest: 0, end: 0, ended: false };
        let welcome = Welcome {
            version: 1,
            session: "it".into(),
            epoch: 1,
            controlled: false,
            cli: 1,
            stdout: stream,
            stderr: stream,
            stdin_taken: 0,
            stdin_written: 0,
            stdin_ended: false,
            stdin_closed: false,
            stdin_window: 1,
            signal: None,
            exit: None,
        };
        Attached { welcome, reader: FrameReader::default(), socket }
    }

    fn output(keeper: &mut UnixStream) {
        let mut frame = Vec::new();
        FromKeeper::Output { stream: Stream::Stdout, offset: 0, bytes: b"over" }.put(&mut frame);
        keeper.shutdown(Shutdown::Read).unwrap();
        keeper.write_all(&frame).unwrap();
    }

    #[test]
    fn a_keeper_that_ends_before_it_reads_the_progress_has_stopped() {
        let (socket, mut keeper) = UnixStream::pair().unwrap();
        let ending = std::thread::spawn(move || {
            let mut stop = Vec::new();
            ToKeeper::Stop.put(&mut stop);
            keeper.read_exact(&mut stop).unwrap();
            output(&mut keeper);
        });
        attached(socket).stop().unwrap();
        ending.join().unwrap();
    }

    #[test]
    fn a_keeper_that_has_ended_already_has_stopped() {
        let (socket, mut keeper) = UnixStream::pair().unwrap();
        output(&mut keeper);
        drop(keeper);
        attached(socket).stop().unwrap();
        let (socket, keeper) = UnixStream::pair().unwrap();
        drop(keeper);
        attached(socket).release().unwrap();
    }
}
