//! The command `list`.

use std::ffi::OsString;

use super::arguments::Arguments;
use super::{Failure, help};
use crate::attach::Attach;
use crate::frame::Start;
use crate::place::{Place, SessionId, SessionState};

/// Prints the sessions, one on each line.
pub(super) fn list(arguments: Vec<OsString>) -> Result<(), Failure> {
    let read = Arguments::of(arguments, &[])?;
    if read.help {
        return help::print(help::ALL);
    }
    if let Some(more) = read.values.first() {
        return Err(Failure::Usage(format!("list accepts no argument {more:?}")));
    }
    let place = read.place()?;
    let lines: String = place.sessions()?.iter().map(|(id, state)| line(&place, id, *state) + "\n").collect();
    help::print(&lines)
}

fn line(place: &Place, id: &SessionId, state: SessionState) -> String {
    if state == SessionState::Abandoned {
        return format!("{id}\tabandoned\tthe keeper was killed; `stop {id}` removes its files");
    }
    match Attach::observer().from(Start::Newest, Start::Newest).connect(place, id) {
        Ok(attached) => {
            let welcome = attached.welcome;
            let state = welcome.exit.map_or("running".to_owned(), |exit| format!("exited ({exit})"));
            let host = if welcome.controlled { "host" } else { "no host" };
            format!("{id}\t{state}\tpid {}\t{} bytes\t{host}", welcome.cli, welcome.stdout.end)
        }
        Err(error) => format!("{id}\tkept\t{error}"),
    }
}
