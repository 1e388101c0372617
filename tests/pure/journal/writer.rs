//! The writer's side: one write for each line, the cap, and errors.

use std::io::{self, Write};

use claude_duplex::journal::RecordingError;
use claude_duplex::{Input, Journal, Recorder, SessionTime};

use super::refused::config;

/// Takes note of each call, and fails from the call `fails` on.
struct Calls {
    writes: Vec<Vec<u8>>,
    flushed: usize,
    fails: usize,
}

impl Calls {
    fn failing_at(fails: usize) -> Self {
        Self { writes: Vec::new(), flushed: 0, fails }
    }
}

impl Write for Calls {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.writes.len() >= self.fails {
            return Err(io::ErrorKind::StorageFull.into());
        }
        assert_eq!(self.flushed, self.writes.len(), "each line is flushed before the next");
        self.writes.push(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flushed = self.writes.len();
        Ok(())
    }
}

const LINES: &[u8] = b"one\ntwo\nthree\n";

#[test]
fn each_record_is_one_write_and_is_flushed() {
    let mut recorder = Recorder::new(Calls::failing_at(usize::MAX), &config(), SessionTime::ZERO, u64::MAX);
    recorder.input(SessionTime::ZERO, &Input::Receive(LINES.into()));
    recorder.input(SessionTime::ZERO, &Input::Receive((&[]).into()));
    recorder.input(SessionTime::ZERO, &Input::Stderr((&[]).into()));
    recorder.input(SessionTime::ZERO, &Input::Eof);
    let written = recorder.written();
    let calls = recorder.into_inner();
    assert_eq!((calls.writes.len(), calls.flushed), (6, 6));
    for write in &calls.writes {
        assert_eq!(write.iter().position(|byte| *byte == b'\n'), Some(write.len() - 1));
    }
    assert_eq!(calls.writes.concat().len() as u64, written);
}

#[test]
fn a_failing_writer_ends_only_the_recording() {
    for fails in 0..4 {
        let mut recorder = Recorder::new(Calls::failing_at(fails), &config(), SessionTime::ZERO, u64::MAX);
        for _ in 0..3 {
            recorder.input(SessionTime::ZERO, &Input::Receive(LINES.into()));
        }
        let Some(RecordingError::Failed(error)) = recorder.stopped() else { panic!("it has failed") };
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        let writes = recorder.into_inner().writes;
        assert_eq!(writes.len(), fails, "it is not tried again");
        assert_eq!(Journal::read(&writes.concat()).map_or(0, |journal| journal.inputs.len() + 1), fails);
    }
}

#[test]
fn the_last_record_reports_the_cap() {
    let mut whole = Recorder::new(Vec::new(), &config(), SessionTime::ZERO, u64::MAX);
    let header = whole.written();
    let inputs = |recorder: &mut Recorder<Vec<u8>>| {
        for nanos in 0..20 {
            recorder.input(SessionTime::from_nanos(nanos), &Input::Receive(LINES.into()));
        }
    };
    inputs(&mut whole);
    let whole = whole.into_inner();
    for cap in (0..whole.len() as u64 + 200).step_by(7) {
        let mut recorder = Recorder::new(Vec::new(), &config(), SessionTime::ZERO, cap);
        inputs(&mut recorder);
        let stopped = recorder.stopped().map(ToString::to_string);
        let file = recorder.into_inner();
        let journal = Journal::read(&file).unwrap();
        assert!(file.len() as u64 <= cap.max(header + 96), "{} bytes at a cap of {cap}", file.len());
        match stopped {
            None => assert_eq!((file, journal.stopped), (whole.clone(), None)),
            Some(reason) => {
                assert_eq!(
                    reason,
                    format!("the journal has reached its limit of {cap} bytes; pass a higher limit to `Recorder::new`")
                );
                let last = String::from_utf8_lossy(&file);
                let last = last.lines().last().unwrap();
                let nanos = journal.inputs.len() / 3;
                assert_eq!(last, format!("{{\"t\":{nanos},\"stopped\":\"at its cap of {cap} bytes\"}}"));
                assert_eq!(journal.stopped, Some(SessionTime::from_nanos(nanos as u64)));
                assert!(whole.starts_with(&file[..file.len() - last.len() - 1]));
            }
        }
    }
}

#[test]
fn the_record_of_the_cap_is_within_the_cap() {
    let latest = SessionTime::from_nanos(u64::MAX);
    let cap = 9_999;
    let mut recorder = Recorder::new(Vec::new(), &config(), latest, cap);
    while recorder.stopped().is_none() {
        recorder.input(latest, &Input::Receive(b"x".into()));
    }
    assert!(recorder.written() <= cap);
}
