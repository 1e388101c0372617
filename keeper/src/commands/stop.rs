//! The command `stop`.

use std::ffi::OsString;

use super::arguments::Arguments;
use super::{Failure, help};
use crate::attach::Attach;
use crate::frame::{Start, ToKeeper};
use crate::place::SessionState;

/// Ends a session, or removes the files of a keeper that was killed.
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
    if read.no_wait {
        return Ok(attached.send(&ToKeeper::Stop)?);
    }
    Ok(attached.stop()?)
}
