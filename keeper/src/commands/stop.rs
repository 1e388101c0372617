//! The command `stop`.

use std::ffi::OsString;

use super::arguments::Arguments;
use super::{Failure, help};
use crate::attach::Attach;
use crate::frame::{FromKeeper, Start, ToKeeper};
use crate::place::SessionState;

/// Ends a session, or removes what a killed keeper has left.
pub(super) fn stop(arguments: Vec<OsString>) -> Result<(), Failure> {
    let read = Arguments::of(arguments, &["token-stdin", "no-wait"])?;
    if read.help {
        return help::print(help::ALL);
    }
    let (place, id) = (read.place()?, read.session()?);
    if place.state(&id)? == SessionState::Abandoned {
        return Ok(place.remove(&id)?);
    }
    let attach = Attach::controller().from(Start::Newest, Start::Newest);
    let attach = match read.token()? {
        Some(token) => attach.token(token),
        None => attach,
    };
    let mut attached = attach.connect(&place, &id)?;
    attached.send(&ToKeeper::Stop)?;
    if read.no_wait {
        return Ok(());
    }
    // The keeper closes the connection when all is over. What the CLI says at its end is read so that it can end.
    loop {
        let progress = attached.receive(|frame| match frame {
            FromKeeper::Output { stream, offset, bytes } => Ok(Some((stream, offset + bytes.len() as u64))),
            FromKeeper::Replaced { pid, .. } => {
                Err(Failure::Failed(format!("process {pid} has attached since; the session ends all the same")))
            }
            FromKeeper::Refused(refusal) => Err(refusal.into()),
            _ => Ok(None),
        });
        // A keeper that is killed meanwhile has ended its session too.
        let Ok(Some(progress)) = progress else { return Ok(()) };
        if progress?.is_some() {
            let all = u64::MAX;
            let progress =
                ToKeeper::Progress { stdout_kept: all, stderr_kept: all, stdout_window: all, stderr_window: all };
            attached.send(&progress)?;
        }
    }
}
