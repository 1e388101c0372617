//! Seeds from the system.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::time::SystemTime;

use crate::ids::Seed;

impl Seed {
    /// Sixteen bytes of the system's random source.
    ///
    /// Where that cannot be read, as in a root directory without devices or outside Unix, they are made of the keys
    /// that the standard library draws from the system for its hash maps, with the time and the process's id.
    ///
    /// ```
    /// use claude_duplex::Seed;
    ///
    /// assert_ne!(Seed::random(), Seed::random());
    /// ```
    #[must_use]
    pub fn random() -> Self {
        Self(from_device().unwrap_or_else(|_| from_hash_keys()))
    }
}

#[cfg(unix)]
fn from_device() -> io::Result<[u8; 16]> {
    let mut bytes = [0; 16];
    io::Read::read_exact(&mut std::fs::File::open("/dev/urandom")?, &mut bytes)?;
    Ok(bytes)
}

#[cfg(not(unix))]
fn from_device() -> io::Result<[u8; 16]> {
    Err(io::ErrorKind::Unsupported.into())
}

fn from_hash_keys() -> [u8; 16] {
    let keys = RandomState::new();
    let half = |which: u8| keys.hash_one((which, SystemTime::now(), std::process::id()));
    ((u128::from(half(0)) << 64) | u128::from(half(1))).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_gives_other_bytes_each_time() {
        assert_ne!(from_hash_keys(), from_hash_keys());
        assert_ne!(Seed::random(), Seed::random());
    }
}
