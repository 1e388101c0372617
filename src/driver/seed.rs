//! Seeds and default settings for sessions that a driver runs. Only this module requests random bytes from the system.

use crate::base::ids::Seed;
use crate::protocol::config::Config;

impl Seed {
    /// Draws a seed from the random number generator of the operating system (feature `driver`).
    ///
    /// Not available on wasm, where no generator is known: the host provides the sixteen bytes, e.g. from
    /// `crypto.getRandomValues`.
    ///
    /// ```
    /// use claude_duplex::Seed;
    ///
    /// assert_ne!(Seed::random(), Seed::random());
    /// ```
    ///
    /// # Panics
    /// If the operating system has no random bytes, as [`RandomState`](std::hash::RandomState) does.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the operating system has random bytes");
        Self::from_bytes(bytes)
    }
}

/// The settings of [`Config::new`] with a [random seed](Seed::random) (feature `driver`): each call draws another seed.
impl Default for Config {
    fn default() -> Self {
        Self::new(Seed::random())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn seeds_are_unique_across_threads() {
        let some = || (0..1000).map(|_| Config::default().seed).collect::<Vec<_>>();
        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(some)).collect();
        let seeds: HashSet<Seed> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert_eq!(seeds.len(), 4000);
    }
}
