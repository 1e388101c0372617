//! Prints the actions of a captured session: replays a journal of this crate, or a recording of the CLI's lines, with a
//! `Protocol`.
//!
//! ```text
//! cargo run --example replay -- FILE                one JSON object for each action (docs/json.md)
//! cargo run --example replay -- --text FILE         the same for people
//! cargo run --example replay -- --against A.journal B.journal
//!                                                   at which input the two first differ; exit 1 if they do
//! ```

mod journal;
mod play;
mod print;
mod recording;

use std::ffi::OsStr;
use std::fmt::Display;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use claude_duplex::Journal;
use play::Played;
use print::Entry;

const USAGE: &str = "usage: replay [--text | --against OTHER] FILE";

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(reason) => {
            eprintln!("replay: {reason}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<ExitCode, String> {
    let (mut text, mut against, mut file) = (false, None, None);
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--text") => text = true,
            Some("--against") => against = Some(arguments.next().ok_or(USAGE)?),
            Some("--help" | "-h") => {
                return failure(&USAGE).map(|()| ExitCode::SUCCESS);
            }
            Some(flag) if flag.starts_with("--") => return Err(format!("unknown option {flag}; {USAGE}")),
            _ if file.is_none() => file = Some(argument),
            _ => return Err(format!("more than one file; {USAGE}")),
        }
    }
    let file = file.ok_or(USAGE)?;
    match against {
        None => show(&file, text).map(|()| ExitCode::SUCCESS),
        Some(other) => compare(&other, &file),
    }
}

fn show(file: &OsStr, text: bool) -> Result<(), String> {
    let (bytes, name) = (bytes(file)?, Path::new(file).display());
    let (played, torn) = match journal::read(&bytes).map_err(|error| format!("{name}: {error}"))? {
        Some((journal, torn)) => (journal::play(&journal), torn),
        None => {
            let recording = recording::read(&bytes)
                .map_err(|reason| format!("{name} is neither a journal nor a recording: {reason}"))?;
            (play::Player::new().play(&recording), None)
        }
    };
    unless_left(print(&played, text))?;
    torn.map_or(Ok(()), |torn| Err(format!("{name}: {torn}")))
}

fn print(played: &Played, text: bool) -> io::Result<()> {
    let width = terminal_size::terminal_size().map_or(usize::MAX, |(width, _)| width.0.into());
    let mut out = BufWriter::new(io::stdout().lock());
    for (time, entry) in played.entries() {
        match entry {
            Ok(Entry::Schema { .. }) if text => {}
            Ok(entry) if text => writeln!(out, "{}", entry.text(time, width))?,
            Ok(entry) => writeln!(out, "{}", entry.json(time))?,
            Err(reason) => eprintln!("replay: a host line was skipped: {reason}"),
        }
    }
    if text {
        let claude_duplex::Stats { blank, keep_alive, echoed_responses, repeated_requests, .. } = played.counts;
        let quiet = format!(
            "{blank} blank, {keep_alive} keep-alive, {echoed_responses} echoed answers, {repeated_requests} asked again"
        );
        writeln!(out, "{:>9}  lines without an action: {quiet}", "")?;
    }
    out.flush()
}

fn compare(left: &OsStr, right: &OsStr) -> Result<ExitCode, String> {
    let journal = |file: &OsStr| -> Result<Journal, String> {
        let (bytes, name) = (bytes(file)?, Path::new(file).display());
        // Two recordings of one thing have other ids in every line, so what is told of them is all that can be compared.
        if recording::read(&bytes).is_ok() {
            return Err(format!(
                "{name} is a recording, and --against compares journals, input by input; \
                 of recordings compare what is shown: diff <(replay --text ONE) <(replay --text OTHER)"
            ));
        }
        Journal::read(&bytes).map_err(|error| format!("{name}: {error}"))
    };
    match journal::difference(&journal(left)?, &journal(right)?) {
        None => Ok(ExitCode::SUCCESS),
        Some(difference) => failure(&difference).map(|()| ExitCode::from(1)),
    }
}

fn failure(what: &dyn Display) -> Result<(), String> {
    unless_left(writeln!(io::stdout(), "{what}"))
}

/// That the reader of the output has left, as `head` does, is no error.
fn unless_left(written: io::Result<()>) -> Result<(), String> {
    written.or_else(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(error.to_string()),
    })
}

fn bytes(file: &OsStr) -> Result<Vec<u8>, String> {
    std::fs::read(file).map_err(|error| format!("{}: {error}", Path::new(file).display()))
}
