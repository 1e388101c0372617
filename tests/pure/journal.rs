//! Journals: what is recorded reads back and replays, and what is no journal is told apart.

mod refused;
mod stored;
mod writer;

use std::borrow::Cow;
use std::path::Path;
use std::sync::LazyLock;

use crate::cases;
use crate::sequence::{self, Sequence, Trace};
use arbitrary::Unstructured;
use claude_duplex::journal::ReplayStep;
use claude_duplex::{Action, Input, Journal, Recorder, SessionTime};

/// Number of recorded sequences. Miri takes a second and more for each.
static CASES: LazyLock<u64> = LazyLock::new(|| if cfg!(miri) { 20 } else { *cases::CASES });

fn sequences() -> impl Iterator<Item = (u64, Sequence)> {
    (0..*CASES).filter_map(|seed| {
        let mut state = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut next = || {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            (state >> 33) as u8
        };
        let bytes: Vec<u8> = (0..100 + (seed as usize % 20) * 60).map(|_| next()).collect();
        sequence::sequence(&mut Unstructured::new(&bytes)).ok().map(|sequence| (seed, sequence))
    })
}

/// The file of an input sequence, in which nothing is left out.
fn recorded(sequence: &Sequence) -> Vec<u8> {
    let mut recorder = Recorder::new(Vec::new(), &sequence.config, SessionTime::ZERO, u64::MAX);
    sequence.inputs.iter().for_each(|(now, input)| recorder.input(*now, input));
    assert!(recorder.stopped().is_none());
    recorder.into_inner()
}

/// Writes a journal into the folder of the variable `JOURNALS`, for another processor to replay.
fn keep(seed: u64, file: &[u8]) {
    if let Some(folder) = std::env::var_os("JOURNALS") {
        std::fs::write(Path::new(&folder).join(format!("{seed}.ndjson")), file).expect("there is such a folder");
    }
}

/// The inputs with the bytes that follow each other at one time put together, as cuts between them mean nothing.
fn uncut(inputs: &[(SessionTime, Input<'static>)]) -> Vec<(SessionTime, Input<'static>)> {
    let mut uncut: Vec<(SessionTime, Input<'static>)> = Vec::new();
    for (now, input) in inputs {
        match (uncut.last_mut(), input) {
            (_, Input::Receive(bytes)) if bytes.is_empty() => {}
            (Some((then, Input::Receive(before))), Input::Receive(bytes)) if then == now => {
                before.to_mut().extend_from_slice(bytes);
            }
            (Some((then, Input::Stderr(before))), Input::Stderr(bytes)) if then == now => {
                before.to_mut().extend_from_slice(bytes);
            }
            _ => uncut.push((*now, input.clone())),
        }
    }
    uncut
}

#[test]
fn a_recorded_session_replays_to_the_same_actions() {
    let mut parts = 0;
    for (seed, sequence) in sequences() {
        let file = recorded(&sequence);
        keep(seed, &file);
        let journal = Journal::read(&file).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_eq!((&journal.config, journal.start), (&sequence.config, SessionTime::ZERO));
        assert_eq!(uncut(&journal.inputs), uncut(&sequence.inputs), "seed {seed}");
        parts += journal.inputs.len() - uncut(&journal.inputs).len();

        let (played, trace) = (Played::of(journal.replay()), sequence.play());
        assert_eq!(played.actions, trace.actions, "seed {seed}");
        assert_eq!(played.children, trace.children, "seed {seed}");
        assert_eq!(played.sent, trace.written, "seed {seed}");
        assert_eq!(played.waiting, trace.unsent, "seed {seed}");
        assert_eq!(played.deadline, trace.deadlines.last().and_then(|(_, deadline)| *deadline), "seed {seed}");
    }
    assert!(parts as u64 > *CASES, "only {parts} reads were cut into lines");
}

/// The steps of a run together.
#[derive(Default)]
struct Played {
    actions: Vec<Action>,
    children: Vec<claude_duplex::ChildCommand>,
    sent: Vec<u8>,
    waiting: Vec<u8>,
    deadline: Option<(SessionTime, claude_duplex::Deadline)>,
}

impl Played {
    fn of<'j>(steps: impl Iterator<Item = ReplayStep<'j>>) -> Self {
        let mut played = Self::default();
        for step in steps {
            if let Input::Sent(count) = step.input {
                let count = (*count).min(played.waiting.len());
                played.sent.extend(played.waiting.drain(..count));
            }
            played.waiting.extend_from_slice(&step.output);
            if step.unsent < played.waiting.len() {
                assert_eq!(step.unsent, 0, "what waits is given up as a whole");
                played.waiting.clear();
            }
            assert_eq!(step.unsent, played.waiting.len());
            played.actions.extend(step.actions);
            played.children.extend(step.children);
            played.deadline = step.deadline;
        }
        played
    }
}

#[test]
fn a_record_is_a_line_of_the_cli() {
    let mut recorder = Recorder::new(Vec::new(), &refused::config(), SessionTime::ZERO, u64::MAX);
    let receive = |bytes: &'static [u8]| Input::Receive(Cow::Borrowed(bytes));
    // Half an emoji ends the first read, and the other half begins the second.
    recorder.input(SessionTime::from_nanos(1), &receive(b"{\"a\":1}\n{\"b\":2}\r\n{\"c\":\"\xf0\x9f"));
    recorder.input(SessionTime::from_nanos(2), &receive(b"\xa6\x80\"}\nnoise \xff\n\x07"));
    recorder.input(SessionTime::from_nanos(3), &Input::Stderr(Cow::Borrowed(b"two\nlines")));
    let file = String::from_utf8(recorder.into_inner()).unwrap();
    let expected = r#"{"t":1,"receive":"{\"a\":1}\n"}
{"t":1,"receive":"{\"b\":2}\r\n"}
{"t":1,"receive":"{\"c\":\""}
{"t":1,"receive":{"hex":"f09f"}}
{"t":2,"receive":{"hex":"a680"}}
{"t":2,"receive":"\"}\n"}
{"t":2,"receive":{"hex":"6e6f69736520ff0a"}}
{"t":2,"receive":"\u0007"}
{"t":3,"stderr":"two\n"}
{"t":3,"stderr":"lines"}
"#;
    assert_eq!(file.split_once('\n').unwrap().1, expected);
}

#[test]
fn the_first_difference_of_two_runs_is_found() {
    use claude_duplex::journal::first_difference;
    let mut parted = 0;
    for (seed, sequence) in sequences().take(200) {
        let journal = Journal::read(&recorded(&sequence)).unwrap();
        assert_eq!(first_difference(journal.replay(), journal.replay()), None, "seed {seed}");
        if journal.inputs.is_empty() {
            continue;
        }
        let mut shorter = journal.clone();
        shorter.inputs.pop();
        let difference = first_difference(journal.replay(), shorter.replay()).unwrap();
        assert_eq!((difference.at, &difference.right), (shorter.inputs.len(), &None));

        let mut other = journal.clone();
        let middle = other.inputs.len() / 2;
        other.inputs[middle].1 = Input::Abort;
        if let Some(difference) = first_difference(journal.replay(), other.replay()) {
            assert!(difference.at >= middle, "seed {seed}");
            let same = |journal: &Journal| Trace::of(journal, difference.at);
            assert_eq!(same(&journal), same(&other), "seed {seed}: they part before {difference}");
            parted += 1;
        }
    }
    assert!(parted > *CASES / 20, "only {parted} runs parted");
}

impl Trace {
    /// What the first inputs of a journal give.
    fn of(journal: &Journal, count: usize) -> Self {
        Sequence { config: journal.config.clone(), start: journal.start, inputs: journal.inputs[..count].to_vec() }
            .play()
    }
}
