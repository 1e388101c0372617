//! Draws a captured session: a journal of this crate, or a recording of the CLI's lines, as one picture.
//!
//! ```text
//! cargo run --example timeline -- FILE > out.svg
//! ```
//!
//! From top to bottom: what the host wrote, each prompt from when it was given to its outcome, the CLI's turns and what
//! joins the prompts to them, asks from asked to answered, requests from sent to replied, and every line that the CLI
//! wrote. Time runs to the right; where nothing happened for long, the axis is cut and says so.

mod axis;
mod draw;
#[path = "../../examples/shared/end.rs"]
mod end;
#[path = "../replay/journal.rs"]
#[allow(dead_code, reason = "the replay example compares with it")]
mod journal;
mod lines;
#[path = "../replay/play.rs"]
#[allow(dead_code, reason = "the replay example prints more of it")]
mod play;
#[path = "../replay/recording.rs"]
mod recording;
mod story;
mod svg;

use std::error::Error;
use std::io::{Write, stdout};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    match (arguments.next(), arguments.next()) {
        (Some(file), None) if !file.to_string_lossy().starts_with('-') => end::status(show(Path::new(&file))),
        _ => {
            eprintln!("usage: timeline FILE > out.svg");
            ExitCode::from(2)
        }
    }
}

fn show(file: &Path) -> Result<(), Box<dyn Error>> {
    let bytes = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let svg = picture(&bytes).map_err(|reason| format!("{}: {reason}", file.display()))?;
    Ok(stdout().write_all(svg.as_bytes())?)
}

/// The picture of a journal or recording. Of a journal that is torn, what is whole is drawn.
fn picture(bytes: &[u8]) -> Result<String, String> {
    let (lines, played) = match journal::read(bytes).map_err(|error| error.to_string())? {
        Some((journal, _torn)) => (lines::of_journal(&journal), journal::play(&journal)),
        None => {
            let recording = recording::read(bytes)
                .map_err(|reason| format!("it is neither a journal nor a recording: {reason}"))?;
            (lines::of_recording(&recording), play::Player::new().play(&recording))
        }
    };
    Ok(draw::draw(&story::Story::of(&lines, &played)))
}
