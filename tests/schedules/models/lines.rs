//! Journal in memory. Its lock is not part of a model: no thread of a model holds it between two steps.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use crate::journal::Journal;
use crate::protocol::action::Action;

#[derive(Clone, Default)]
pub(super) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// Replays the journal.
    pub(super) fn actions(&self) -> Vec<Action> {
        let journal = Journal::read(&self.0.lock().unwrap()).expect("a journal");
        journal.replay().flat_map(|step| step.actions).collect()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
