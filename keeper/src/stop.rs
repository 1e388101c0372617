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
    /// The client is not the controller, or another host has attached since. The session then ends nevertheless.
    pub fn stop(mut self) -> io::Result<()> {
        self.send(&ToKeeper::Stop)?;
        // The last output of the CLI is read so that the CLI can end.
        loop {
            let is_output = self.receive(|frame| match frame {
                FromKeeper::Output { .. } => Ok(true),
                FromKeeper::Replaced { pid, .. } => {
                    Err(io::Error::other(format!("process {pid} has attached since; the session ends all the same")))
                }
                FromKeeper::Refused(refusal) => Err(io::Error::other(refusal)),
                _ => Ok(false),
            });
            // The keeper closes the connection at its end. One that is killed meanwhile has ended its session too.
            let Ok(Some(is_output)) = is_output else { return Ok(()) };
            if is_output? {
                let all = u64::MAX;
                let progress =
                    ToKeeper::Progress { stdout_kept: all, stderr_kept: all, stdout_window: all, stderr_window: all };
                self.send(&progress)?;
            }
        }
    }
}
