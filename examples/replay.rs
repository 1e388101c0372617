//! Shows what a captured session says: plays a recording through a `Protocol` and prints what happened.
//!
//! ```text
//! cargo run --example replay -- FILE          one JSON object for each action
//! cargo run --example replay -- --text FILE   the same for people
//! ```

#[path = "replay/play.rs"]
mod play;
#[path = "replay/print.rs"]
mod print;
#[path = "replay/recording.rs"]
mod recording;

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage: replay [--text] FILE";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("replay: {why}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), String> {
    let (mut text, mut file) = (false, None);
    for argument in std::env::args_os().skip(1) {
        match argument.to_str() {
            Some("--text") => text = true,
            Some("--help" | "-h") => {
                println!("{USAGE}");
                return Ok(());
            }
            Some(flag) if flag.starts_with("--") => return Err(format!("unknown option {flag}; {USAGE}")),
            _ if file.is_none() => file = Some(argument),
            _ => return Err(format!("more than one file; {USAGE}")),
        }
    }
    let file = file.ok_or(USAGE)?;
    let name = Path::new(&file).display();
    let bytes = std::fs::read(&file).map_err(|error| format!("{name}: {error}"))?;
    let recording = recording::read(&bytes).map_err(|why| format!("{name} is not a recording: {why}"))?;

    let width = terminal_size::terminal_size().map_or(usize::MAX, |(width, _)| width.0.into());
    let played = play::Player::new().play(&recording);
    let mut out = BufWriter::new(io::stdout().lock());
    for (time, entry) in played.entries() {
        let written = match entry {
            Ok(entry) if text => writeln!(out, "{}", entry.text(time, width)),
            Ok(entry) => writeln!(out, "{}", entry.json(time)),
            Err(why) => {
                eprintln!("replay: a host line was skipped: {why}");
                Ok(())
            }
        };
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            written => written.map_err(|error| error.to_string())?,
        }
    }
    if text {
        let claude_duplex::Counts { blank, keep_alive, echoed_answers, .. } = played.counts;
        let quiet = format!("{blank} blank, {keep_alive} keep-alive, {echoed_answers} echoed answers");
        writeln!(out, "{:>9}  lines without an action: {quiet}", "").map_err(|error| error.to_string())?;
    }
    match out.flush() {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.to_string()),
        _ => Ok(()),
    }
}
