//! Secret of a session, which a client must send.

use std::fmt;

/// Number of characters of a token.
const LENGTH: usize = 64;

/// Secret of a session, which a client must send: 256 random bits, as 64 hexadecimal digits.
///
/// The tools of the CLI run as the same user, so the user id does not keep them out. No argument, environment variable or
/// working directory of the CLI contains the token. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Creates a token from the system's random numbers.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub fn random() -> std::io::Result<Self> {
        let mut bytes = [0; LENGTH / 2];
        getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
        Ok(Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// Parses a token of 64 hexadecimal digits. Whitespace around it is ignored.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        (text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| Self(text.to_owned()))
    }

    /// Returns the 64 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Compares two tokens, in a time that does not depend on the position of the first difference.
    pub(crate) fn matches(&self, shown: &str) -> bool {
        let pairs = self.0.bytes().zip(shown.bytes());
        shown.len() == LENGTH && pairs.fold(0, |differences, (own, shown)| differences | (own ^ shown)) == 0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_matches_only_itself() {
        let token = Token::random().unwrap();
        assert!(token.matches(token.as_str()));
        assert_eq!(Token::parse(&format!("{}\n", token.as_str())), Some(token.clone()));
        for other in ["", &token.as_str()[1..], &"0".repeat(64), Token::random().unwrap().as_str()] {
            assert!(!token.matches(other));
        }
        assert_eq!(Token::parse(&"g".repeat(64)), None);
        assert!(!format!("{token:?}").contains(token.as_str()));
    }
}
