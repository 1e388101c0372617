//! A crash at any byte of the journal: what was acknowledged is there, and the session goes on.

use std::fs;

use super::{Chance, Folder, run};
use claude_duplex::Journal;
use claude_duplex::journal::{JournalError, JournalFile, JournalFileError};

#[test]
fn a_truncated_journal_has_all_complete_records() {
    // Once from the start, and once from a snapshot.
    for rotates_at in [u64::MAX, 3000] {
        let folder = Folder::new();
        run(&folder, &mut Chance(3), rotates_at);
        let whole = fs::read(folder.journal()).expect("the journal");
        let journal = Journal::read(&whole).expect("it is whole");
        let header = whole.iter().position(|byte| *byte == b'\n').expect("a header") + 1;
        let torn = folder.0.join("torn.journal");
        let (mut opened, step) = (0, (whole.len() / 1500).max(1));
        for end in (0..whole.len()).step_by(step) {
            fs::write(&torn, &whole[..end]).expect("a file");
            let (file, session) = match JournalFile::open(&torn) {
                Ok(opened) => opened,
                Err(JournalFileError::Journal(JournalError::Empty)) if end < header => continue,
                Err(error) => panic!("at {end}: {error}"),
            };
            // Every whole line before counts, and one that lacks its line end alone.
            let records = whole[..end].iter().filter(|byte| **byte == b'\n').count();
            let again = Journal::read(&fs::read(&torn).expect("a file")).expect("its end is mended");
            let inputs = again.inputs.len();
            assert!(journal.inputs[..inputs] == again.inputs[..], "at {end}");
            let others = whole[..end].split_inclusive(|byte| *byte == b'\n').filter(|line| {
                line.ends_with(b"\n")
                    && [&b"\"handled\":"[..], b"\"epoch\":", b"\"journal\":"]
                        .iter()
                        .any(|name| line.windows(name.len()).take(60).any(|at| at == *name))
            });
            assert!(inputs + others.count() >= records, "at {end}: {inputs} of {records}");
            assert_eq!(session.snapshot(), again.resume().snapshot(), "at {end}");
            drop(file);
            opened += 1;
        }
        assert!(opened > 50, "{opened}");
    }
}
