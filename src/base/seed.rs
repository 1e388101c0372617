//! A seed for those who bring none: the one place of the crate that asks the system for something random.

use std::hash::{BuildHasher, RandomState};
use std::time::SystemTime;

use crate::base::ids::Seed;

impl Seed {
    /// A seed unlike every other, in this process and elsewhere: made of the keys that the standard library draws from
    /// the system for its hash maps, of the time, and of the process's id.
    ///
    /// It is unique, not secret: 128 bits that nothing repeats in practice, but the standard library does not promise
    /// that nobody can guess them. Ids need no more. Not on wasm, which has neither time nor processes: there the host
    /// brings the sixteen bytes, as from `crypto.getRandomValues`.
    ///
    /// ```
    /// use claude_duplex::Seed;
    ///
    /// assert_ne!(Seed::random(), Seed::random());
    /// ```
    #[must_use]
    pub fn random() -> Self {
        let keys = RandomState::new();
        let half = |which: u8| keys.hash_one((which, SystemTime::now(), std::process::id()));
        Self::from_bytes((u128::from(half(0)) << 64 | u128::from(half(1))).to_be_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_seed_comes_twice_on_any_thread() {
        let some = || (0..1000).map(|_| Seed::random()).collect::<Vec<_>>();
        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(some)).collect();
        let seeds: HashSet<Seed> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert_eq!(seeds.len(), 4000);
    }
}
