//! The end of stderr.

/// Keeps the last bytes of a stream.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tail {
    bytes: Vec<u8>,
}

impl Tail {
    pub(crate) fn push(&mut self, bytes: &[u8], limit: usize) {
        let bytes = &bytes[bytes.len().saturating_sub(limit)..];
        let excess = (self.bytes.len() + bytes.len()).saturating_sub(limit);
        self.bytes.drain(..excess.min(self.bytes.len()));
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_bytes_stay() {
        let mut tail = Tail::default();
        for part in ["ab", "cdef", "", "g", "0123456789"] {
            tail.push(part.as_bytes(), 5);
            assert!(tail.bytes.len() <= 5);
        }
        assert_eq!(tail.text(), "56789");
    }
}
