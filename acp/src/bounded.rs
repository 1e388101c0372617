//! Lines of a reader, none longer than a limit.

use std::io::{self, BufRead};

/// A line of a reader, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Whole(Vec<u8>),
    /// Length, in bytes, of a line over the limit. The line itself was not kept.
    TooLong(usize),
}

/// Lines of a reader. Bytes after the last line end are a line too.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    reader: R,
    longest: usize,
}

impl<R: BufRead> Lines<R> {
    /// Reads lines of at most `longest` bytes.
    pub(crate) fn new(reader: R, longest: usize) -> Self {
        Self { reader, longest }
    }

    fn read(&mut self) -> io::Result<Option<Line>> {
        let (mut line, mut length) = (Vec::new(), 0_usize);
        loop {
            let part = match self.reader.fill_buf() {
                Ok(part) => part,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if part.is_empty() && length == 0 {
                return Ok(None);
            }
            let end = part.iter().position(|byte| *byte == b'\n');
            let count = end.unwrap_or(part.len());
            let is_over = end.is_some() || part.is_empty();
            length = length.saturating_add(count);
            match length <= self.longest {
                true => line.extend_from_slice(&part[..count]),
                false => line = Vec::new(),
            }
            self.reader.consume(end.map_or(count, |end| end + 1));
            if is_over {
                return Ok(Some(if length <= self.longest { Line::Whole(line) } else { Line::TooLong(length) }));
            }
        }
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    #[test]
    fn long_lines_are_counted_but_not_stored() {
        let bytes: &[u8] = b"1234\n\n12345\n123456789\nx";
        for size in 1..30 {
            let lines = Lines::new(BufReader::with_capacity(size, bytes), 4);
            let whole = |text: &str| Line::Whole(text.as_bytes().to_vec());
            let expected = [whole("1234"), whole(""), Line::TooLong(5), Line::TooLong(9), whole("x")];
            assert_eq!(lines.map(Result::unwrap).collect::<Vec<_>>(), expected);
        }
    }
}
