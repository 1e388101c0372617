//! The lines that went over the pipes, with their times.

use claude_duplex::{Input, Journal, SessionTime};

use crate::journal;
use crate::play::{Event, Played};
use crate::recording::{Recorded, What};

pub(crate) struct Line {
    pub(crate) time: SessionTime,
    pub(crate) from_host: bool,
    pub(crate) bytes: Vec<u8>,
}

/// A recording has them as they are.
pub(crate) fn of_recording(recording: &[Recorded]) -> Vec<Line> {
    let line = |recorded: &Recorded| {
        let (from_host, bytes) = match &recorded.what {
            What::In(line) => (true, line),
            What::Out(line) => (false, line),
            What::Err(_) | What::Exit(_) => return None,
        };
        Some(Line { time: recorded.time(), from_host, bytes: bytes.clone() })
    };
    recording.iter().filter_map(line).collect()
}

/// A journal holds what the CLI said in pieces, and what we said follows from it.
pub(crate) fn of_journal(journal: &Journal) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut partial = Vec::new();
    for step in journal.replay() {
        let time = since_start(journal, step.time);
        if let Input::Receive(bytes) = step.input {
            for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
                partial.extend_from_slice(piece);
                if piece.ends_with(b"\n") {
                    lines.push(Line { time, from_host: false, bytes: std::mem::take(&mut partial) });
                }
            }
        }
        let ours = step.output.split_inclusive(|byte| *byte == b'\n');
        lines.extend(ours.map(|bytes| Line { time, from_host: true, bytes: bytes.to_vec() }));
    }
    lines
}

fn since_start(journal: &Journal, time: SessionTime) -> SessionTime {
    SessionTime::from_nanos(time.as_nanos().saturating_sub(journal.start.as_nanos()))
}

/// Plays a journal. What the host does to a child that has exited, whose process group is killed then, is left out.
pub(crate) fn play(journal: &Journal) -> Played {
    let mut played = journal::play(journal);
    let exit = journal.replay().find(|step| matches!(step.input, Input::Exited(_))).map(|step| step.time);
    if let Some(exit) = exit {
        played.events.retain(|(time, event)| *time < exit || !matches!(event, Event::Child(_)));
    }
    for (time, _) in &mut played.events {
        *time = since_start(journal, *time);
    }
    played
}

/// Removes what the host did to the child: a recording has none of it. The player makes it up at the end of the lines.
pub(crate) fn without_commands(played: &mut Played) {
    played.events.retain(|(_, event)| !matches!(event, Event::Child(_)));
}
