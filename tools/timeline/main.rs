//! Draws a captured session: a journal of this crate, or a recording of the CLI's lines, as one picture.
//!
//! ```text
//! cargo run --example timeline -- FILE > out.svg
//! ```
//!
//! From top to bottom, the picture shows the lines of the host, each prompt until its outcome, the turns of the CLI with links
//! to their prompts, incoming requests until their response, requests of the host until their response, and every line of the
//! CLI. Time runs to the right. The axis is shortened at long pauses and at repeated prompts. A long
//! session is drawn in bands, one below the other: no picture is wider than 2,400 pixels.

mod axis;
mod draw;
#[path = "../../examples/shared/end.rs"]
mod end;
mod fold;
#[path = "../replay/journal.rs"]
#[allow(dead_code, reason = "the replay example compares with it")]
mod journal;
mod labels;
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
        Some((journal, _torn)) => (lines::of_journal(&journal), lines::play(&journal)),
        None => {
            let recording = recording::read(bytes)
                .map_err(|reason| format!("it is neither a journal nor a recording: {reason}"))?;
            let mut played = play::Player::new().play(&recording);
            lines::without_commands(&mut played);
            (lines::of_recording(&recording), played)
        }
    };
    Ok(draw::draw(&story::Story::of(&lines, &played)))
}
