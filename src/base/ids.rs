//! Identifiers of prompts, turns, outgoing requests and incoming requests.
//!
//! Every id contains the [tag](Seed::tag) of its session. An id of another session is a
//! [`StaleIdError`](crate::StaleIdError), and is never taken for an id of this session.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::base::error::ParseUuidError;

/// Sixteen bytes that distinguish the ids of a session from those of all other sessions.
///
/// Use a new seed for every process, e.g. from [`Seed::random`] (feature `driver`), even to resume a session. Uuids of
/// prompts are derived from the seed. The CLI echoes a uuid that it has seen without running the prompt, which then ends as
/// [`Duplicate`](crate::Outcome::Duplicate). Tests can use any bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seed([u8; 16]);

impl Seed {
    /// Creates a seed from sixteen bytes: from another source of randomness, or constant ones for a test.
    ///
    /// ```
    /// use claude_duplex::Seed;
    ///
    /// assert_eq!(Seed::from_bytes([7; 16]).as_bytes(), &[7; 16]);
    /// ```
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Returns the sixteen bytes of the seed.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Returns the tag that all ids of the session contain.
    #[must_use]
    pub fn tag(self) -> u64 {
        let bits = u128::from_be_bytes(self.0);
        let mixed = (bits >> 64) as u64 ^ (bits as u64).rotate_left(29);
        mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    /// Returns the uuid of the session's prompt `number`. It has the form of version 4, and is distinct for every number
    /// below 2^62.
    pub(crate) fn uuid(self, number: u64) -> Uuid {
        const LOW: u128 = (1 << 62) - 1;
        let bits = u128::from_be_bytes(self.0);
        let counted = (bits & LOW).wrapping_add(u128::from(number)) & LOW;
        let high = bits & !((1 << 64) - 1) & !(0xf << 76);
        Uuid(high | 4 << 76 | 0b10 << 62 | counted)
    }
}

/// Uuid of a prompt, used on the wire, in the CLI's echoes, and in `result.user_message_uuids`.
///
/// ```
/// let uuid: claude_duplex::Uuid =
///     "00000001-0000-4000-8000-000000000000".parse().unwrap();
/// assert_eq!(uuid.to_string(), "00000001-0000-4000-8000-000000000000");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(u128);

impl Uuid {
    /// Creates a uuid from its 128 bits, in the order of its text.
    ///
    /// ```
    /// use claude_duplex::Uuid;
    ///
    /// let uuid = Uuid::from_u128(0x0102_0304_0506_4007_8009_0a0b_0c0d_0e0f);
    /// assert_eq!(uuid.to_string(), "01020304-0506-4007-8009-0a0b0c0d0e0f");
    /// assert_eq!(uuid.to_string().parse::<Uuid>().unwrap().as_u128(), uuid.as_u128());
    /// ```
    #[must_use]
    pub const fn from_u128(bits: u128) -> Self {
        Self(bits)
    }

    /// Returns the 128 bits, e.g. for the `uuid` crate.
    #[must_use]
    pub const fn as_u128(self) -> u128 {
        self.0
    }
}

/// Positions of the dashes in the text of a uuid.
const DASHES: [usize; 4] = [8, 13, 18, 23];

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [b'-'; 36];
        let mut rest = self.0;
        for at in (0..text.len()).rev().filter(|at| !DASHES.contains(at)) {
            text[at] = DIGITS[(rest & 0xf) as usize];
            rest >>= 4;
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Uuid {
    type Err = ParseUuidError;

    fn from_str(text: &str) -> Result<Self, ParseUuidError> {
        let bytes = text.as_bytes();
        if bytes.len() != 36 {
            return Err(ParseUuidError);
        }
        let mut bits = 0u128;
        for (at, byte) in bytes.iter().enumerate() {
            if DASHES.contains(&at) {
                if *byte != b'-' {
                    return Err(ParseUuidError);
                }
                continue;
            }
            let digit = char::from(*byte).to_digit(16).ok_or(ParseUuidError)?;
            bits = bits << 4 | u128::from(digit);
        }
        Ok(Self(bits))
    }
}

impl Serialize for Uuid {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Uuid {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Declares an id that consists of a session and a number.
macro_rules! session_id {
    ($(#[$doc:meta])* $name:ident, $shown:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name {
            session: u64,
            number: u64,
        }

        impl $name {
            pub(crate) const fn new(session: u64, number: u64) -> Self {
                Self { session, number }
            }

            /// Returns the tag of the session that the id belongs to.
            #[must_use]
            pub const fn session(self) -> u64 {
                self.session
            }

            /// Returns the number within the session. Numbers start at 1, in order of appearance.
            #[must_use]
            pub const fn number(self) -> u64 {
                self.number
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($shown, "-{}"), self.number)
            }
        }
    };
}

session_id! {
    /// Identifier of a turn: a run of the agent loop in the CLI. The CLI runs it for one prompt, for several merged
    /// prompts, or without a prompt.
    TurnId, "turn"
}
session_id! {
    /// Identifier of an outgoing control request, including [`initialize`](crate::Request::initialize) and interrupts.
    RequestId, "request"
}
session_id! {
    /// Identifier of an incoming request: a permission, a hook, an MCP message, an elicitation or a dialog.
    IncomingId, "ask"
}

/// Identifier of a prompt. Valid from its acceptance until [`PromptEnded`](crate::Action::PromptEnded).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PromptId {
    session: u64,
    number: u64,
    uuid: Uuid,
}

impl PromptId {
    pub(crate) const fn new(session: u64, number: u64, uuid: Uuid) -> Self {
        Self { session, number, uuid }
    }

    /// Returns the tag of the session that the prompt belongs to.
    #[must_use]
    pub const fn session(self) -> u64 {
        self.session
    }

    /// Returns the number of the prompt within the session. Numbers start at 1, in order of acceptance.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.number
    }

    /// Returns the uuid of the prompt on the wire.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        self.uuid
    }
}

impl fmt::Display for PromptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "prompt-{}", self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_of_a_session_differ_and_are_version_four() {
        let seed = Seed::from_bytes([0xff; 16]);
        let uuids: Vec<String> = (1..=1000).map(|n| seed.uuid(n).to_string()).collect();
        let mut distinct = uuids.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), uuids.len());
        for uuid in uuids {
            assert_eq!(&uuid[14..15], "4", "{uuid}");
            assert!(matches!(&uuid[19..20], "8" | "9" | "a" | "b"), "{uuid}");
        }
    }

    #[test]
    fn a_uuid_survives_a_round_trip() {
        let uuid = Seed::from_bytes(*b"sixteen bytes!!!").uuid(7);
        assert_eq!(uuid.to_string().parse(), Ok(uuid));
        for bad in ["", "0", "00000001-0000-4000-8000-00000000000g", "00000001+0000-4000-8000-000000000000"] {
            assert_eq!(bad.parse::<Uuid>(), Err(ParseUuidError), "{bad}");
        }
    }
}
