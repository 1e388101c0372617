//! The command `run`.

use std::ffi::OsString;

use super::arguments::Arguments;
use super::{Failure, help, session};
use crate::launch;
use crate::place::SessionId;
use crate::token::Token;

/// Starts a session and prints its id.
pub(super) fn run(arguments: Vec<OsString>) -> Result<(), Failure> {
    let read = Arguments::of_run(arguments.clone())?;
    if read.help {
        return help::print(help::ALL);
    }
    if read.values.is_empty() {
        return Err(Failure::Usage("no program given; usage: run [OPTION]... -- PROGRAM [ARGUMENT]...".to_owned()));
    }
    let id = read.id.as_ref().map_or_else(|| Ok(SessionId::random()?), session)?;
    let token = read.token()?.map_or_else(Token::random, Ok)?;
    let mut own: Vec<OsString> = vec!["--dir".into(), read.place()?.path().into(), "--id".into(), id.as_str().into()];
    if !read.token_stdin {
        own.push("--token-file".into());
    }
    // An option that comes again has the same value.
    own.extend(arguments);
    launch::detach(&own, &token).map_err(|error| match error {
        crate::KeeperError::NotStarted(text) => Failure::Failed(text),
        error => error.into(),
    })?;
    help::print(&format!("{id}\n"))
}
