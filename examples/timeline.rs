//! Draws a captured session: a journal of this crate, or a recording of the CLI's lines, as one picture.
//!
//! ```text
//! cargo run --example timeline -- FILE > out.svg
//! ```
//!
//! From top to bottom: what the host wrote, each prompt from when it was given to its outcome, the CLI's turns and what
//! joins the prompts to them, asks from asked to answered, requests from sent to replied, and every line that the CLI
//! wrote. Time runs to the right; where nothing happened for long, the axis is cut and says so.

#[path = "timeline/axis.rs"]
mod axis;
#[path = "timeline/draw.rs"]
mod draw;
#[path = "replay/journal.rs"]
#[allow(dead_code, reason = "the replay example compares with it")]
mod journal;
#[path = "timeline/lines.rs"]
mod lines;
#[path = "replay/play.rs"]
#[allow(dead_code, reason = "the replay example prints more of it")]
mod play;
#[path = "replay/recording.rs"]
mod recording;
#[path = "timeline/story.rs"]
mod story;
#[path = "timeline/svg.rs"]
mod svg;

use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(file) = std::env::args_os().nth(1).filter(|_| std::env::args_os().len() == 2) else {
        eprintln!("usage: timeline FILE > out.svg");
        return ExitCode::from(2);
    };
    let name = std::path::Path::new(&file).display();
    let picture = std::fs::read(&file)
        .map_err(|error| format!("{name}: {error}"))
        .and_then(|bytes| picture(&bytes).map_err(|why| format!("{name}: {why}")));
    match picture {
        Ok(svg) => {
            print!("{svg}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("timeline: {why}");
            ExitCode::from(2)
        }
    }
}

/// The picture of a journal or recording. Of a journal that is torn, what is whole is drawn.
fn picture(bytes: &[u8]) -> Result<String, String> {
    let (lines, played) = match journal::read(bytes).map_err(|error| error.to_string())? {
        Some((journal, _torn)) => (lines::of_journal(&journal), journal::play(&journal)),
        None => {
            let recording =
                recording::read(bytes).map_err(|why| format!("it is neither a journal nor a recording: {why}"))?;
            (lines::of_recording(&recording), play::Player::new().play(&recording))
        }
    };
    Ok(draw::draw(&story::Story::of(&lines, &played)))
}
