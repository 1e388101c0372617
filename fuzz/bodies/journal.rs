//! Any bytes as a journal: it is read or refused, what is read is written again as it was, and the session that it holds
//! keeps all invariants, whatever its settings are.

use claude_duplex::journal::JournalError;
use claude_duplex::{Journal, Recorder};

use crate::invariants;
use crate::sequence::Sequence;

/// The invariants play an input sequence many times.
const MOST_INPUTS: usize = 200;

pub(crate) fn body(data: &[u8]) {
    let journal = match Journal::read(data) {
        Ok(journal) => journal,
        Err(JournalError::Torn { journal, .. }) => *journal,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    assert!(!format!("{journal:?}").is_empty());
    let again = Journal::read(&recorded(&journal)).expect("what was recorded can be read");
    assert_eq!(again.config, journal.config);
    assert_eq!(again.start, journal.start);
    // The parts of one read are records of their own; the records of those are the same.
    assert_eq!(recorded(&again), recorded(&journal));
    if journal.inputs.len() <= MOST_INPUTS {
        let Journal { config, start, inputs, .. } = journal;
        invariants::judge(Sequence { config, start, inputs });
    }
}

fn recorded(journal: &Journal) -> Vec<u8> {
    let mut recorder = Recorder::new(Vec::new(), &journal.config, journal.start, u64::MAX);
    journal.inputs.iter().for_each(|(now, input)| recorder.input(*now, input));
    recorder.into_inner()
}
