//! The last entries by a name: bounded, and without an order of its own.

use std::collections::VecDeque;

use super::ID_BYTES;

/// At most so many entries; the oldest is forgotten first. There are few, or they are rarely looked for.
#[derive(Clone)]
pub(super) struct Recent<T> {
    entries: VecDeque<(String, T)>,
    limit: usize,
}

impl<T> Recent<T> {
    pub(super) fn new(limit: usize) -> Self {
        Self { entries: VecDeque::new(), limit }
    }

    /// Remembers the entry, unless its name is too long.
    pub(super) fn insert(&mut self, name: String, entry: T) {
        if name.len() > ID_BYTES {
            return;
        }
        if self.entries.len() == self.limit {
            self.entries.pop_front();
        }
        self.entries.push_back((name, entry));
    }

    /// Takes out the newest entry of that name.
    pub(super) fn remove(&mut self, name: &str) -> Option<T> {
        let at = self.entries.iter().rposition(|(known, _)| known == name)?;
        self.entries.remove(at).map(|(_, entry)| entry)
    }

    pub(super) fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.entries.retain(|(_, entry)| keep(entry));
    }
}
