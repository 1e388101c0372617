//! Fields of frames, and their order on the wire.

use super::{Exit, FrameError, Signal, Stream};

/// Writer of fields.
pub(super) struct Put<'a>(&'a mut Vec<u8>);

impl Put<'_> {
    pub(super) fn u8(self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    pub(super) fn u16(self, value: u16) -> Self {
        self.bytes(&value.to_le_bytes())
    }

    pub(super) fn u32(self, value: u32) -> Self {
        self.bytes(&value.to_le_bytes())
    }

    pub(super) fn u64(self, value: u64) -> Self {
        self.bytes(&value.to_le_bytes())
    }

    pub(super) fn bytes(self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Puts a text, truncated to 800 bytes.
    pub(super) fn text(self, text: &str) -> Self {
        let mut end = text.len().min(800);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most 800")]
        self.u16(end as u16).bytes(&text.as_bytes()[..end])
    }
}

/// Appends a frame. `fields` puts its fields.
pub(super) fn put_frame(out: &mut Vec<u8>, kind: u8, fields: impl FnOnce(Put<'_>) -> Put<'_>) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.push(kind);
    fields(Put(out));
    let length = u32::try_from(out.len() - start - 4).unwrap_or(u32::MAX);
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

/// Reader of fields.
pub(super) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// Decodes a frame whose type is between 1 and `types`. `read` returns `None` for malformed fields.
    pub(super) fn read<T>(
        frame: &'a [u8],
        types: u8,
        read: impl FnOnce(u8, &mut Fields<'a>) -> Option<T>,
    ) -> Result<T, FrameError> {
        let Some((&kind, rest)) = frame.split_first() else { return Err(FrameError::Malformed(0)) };
        let mut fields = Fields(rest);
        match read(kind, &mut fields) {
            Some(value) if fields.0.is_empty() => Ok(value),
            None if kind == 0 || kind > types => Err(FrameError::UnknownType(kind)),
            _ => Err(FrameError::Malformed(kind)),
        }
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn flag(&mut self) -> Option<bool> {
        self.u8().filter(|flag| *flag <= 1).map(|flag| flag == 1)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn text(&mut self) -> Option<String> {
        let length = self.u16()?;
        let (text, rest) = self.0.split_at_checked(length.into())?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).ok()
    }

    pub(super) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }
}

impl Signal {
    pub(super) fn from_number(number: u8) -> Option<Self> {
        [Self::Terminate, Self::Kill].into_iter().find(|signal| *signal as u8 == number)
    }
}

impl Stream {
    pub(super) fn from_number(number: u8) -> Option<Self> {
        [Self::Stdout, Self::Stderr].into_iter().find(|stream| *stream as u8 == number)
    }
}

impl Exit {
    pub(super) fn put<'a>(&self, out: Put<'a>) -> Put<'a> {
        let (kind, number) = match *self {
            Self::Code(code) => (0, code),
            Self::Signal(signal) => (1, signal),
            Self::Unknown => (2, 0),
        };
        out.u8(kind).bytes(&number.to_le_bytes())
    }

    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (kind, number) = (fields.u8()?, fields.array().map(i32::from_le_bytes)?);
        match kind {
            0 => Some(Self::Code(number)),
            1 => Some(Self::Signal(number)),
            2 => Some(Self::Unknown),
            _ => None,
        }
    }
}
