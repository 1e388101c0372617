//! Bounded map of the most recent entries by name.

use std::collections::VecDeque;

use super::ID_BYTES;

/// At most `limit` entries with names; the oldest is removed first. Lookups are linear: entries are few, or lookups
/// rare.
#[derive(Clone)]
pub(super) struct Recent<T> {
    entries: VecDeque<(String, T)>,
    limit: usize,
}

impl<T> Recent<T> {
    pub(super) fn new(limit: usize) -> Self {
        Self { entries: VecDeque::new(), limit }
    }

    /// Stores the entry, unless its name is longer than [`ID_BYTES`].
    pub(super) fn insert(&mut self, name: String, entry: T) {
        if name.len() > ID_BYTES {
            return;
        }
        if self.entries.len() == self.limit {
            self.entries.pop_front();
        }
        self.entries.push_back((name, entry));
    }

    /// Removes and returns the newest entry with this name.
    pub(super) fn remove(&mut self, name: &str) -> Option<T> {
        let at = self.entries.iter().rposition(|(known, _)| known == name)?;
        self.entries.remove(at).map(|(_, entry)| entry)
    }

    pub(super) fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.entries.retain(|(_, entry)| keep(entry));
    }
}
