//! First frames of a connection.

use super::fields::{Fields, Put};
use super::{Exit, Signal, VERSION};

/// First bytes of a hello, in every version.
const MAGIC: u32 = u32::from_le_bytes(*b"CDKP");

/// Role of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// Reads, writes, acknowledges output, and ends the session. There is at most one: a new controller replaces the former
    /// one.
    Controller,
    /// Only reads. The keeper does not wait for observers: it may drop bytes that the controller has acknowledged before an
    /// observer has read them.
    Observer,
}

/// Offset at which a client begins to read a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Start {
    /// This offset. The client is refused if the bytes after it are no longer kept.
    At(u64),
    /// First offset that is kept.
    Oldest,
    /// End of the bytes that the CLI has written.
    Newest,
}

/// First frame of a client.
#[derive(Clone, PartialEq, Eq)]
pub struct Hello {
    /// Version that the client speaks.
    pub version: u16,
    /// Role that the client requests.
    pub role: Role,
    /// `true` if a connected controller is not to be replaced.
    pub only_if_free: bool,
    /// Epoch that the client requests. 0 requests the last epoch plus one.
    pub epoch: u64,
    /// Token of the session. It is empty only on the way to a bridge, which adds it.
    pub token: String,
    /// Offset at which the client begins to read stdout.
    pub stdout: Start,
    /// Offset at which the client begins to read stderr.
    pub stderr: Start,
    /// Number of bytes of each stream that the client accepts before it reports progress.
    pub window: u64,
}

impl Hello {
    /// Creates the hello of a controller or observer that reads from the oldest byte, with a window of 256 KiB.
    #[must_use]
    pub fn new(role: Role, token: impl Into<String>) -> Self {
        Self {
            version: VERSION,
            role,
            only_if_free: false,
            epoch: 0,
            token: token.into(),
            stdout: Start::Oldest,
            stderr: Start::Oldest,
            window: 256 * 1024,
        }
    }

    pub(super) fn put<'a>(&self, out: Put<'a>) -> Put<'a> {
        let out = out.u32(MAGIC).u16(self.version).u8(self.role as u8).u8(u8::from(self.only_if_free));
        let out = out.u64(self.epoch).text(&self.token);
        self.stderr.put(self.stdout.put(out)).u64(self.window)
    }

    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.u32().filter(|magic| *magic == MAGIC)?;
        let version = fields.u16()?;
        if version != VERSION {
            // What follows may differ. The version alone is judged.
            fields.rest();
            return Some(Self { version, ..Self::new(Role::Observer, "") });
        }
        Some(Self {
            version,
            role: [Role::Controller, Role::Observer].into_iter().nth(fields.u8()?.into())?,
            only_if_free: fields.flag()?,
            epoch: fields.u64()?,
            token: fields.text()?,
            stdout: Start::read(fields)?,
            stderr: Start::read(fields)?,
            window: fields.u64()?,
        })
    }
}

/// Shows everything but the token.
impl std::fmt::Debug for Hello {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hello")
            .field("version", &self.version)
            .field("role", &self.role)
            .field("epoch", &self.epoch)
            .field("stdout", &self.stdout)
            .field("stderr", &self.stderr)
            .finish_non_exhaustive()
    }
}

impl Start {
    fn put(self, out: Put<'_>) -> Put<'_> {
        match self {
            Self::At(offset) => out.u8(0).u64(offset),
            Self::Oldest => out.u8(1).u64(0),
            Self::Newest => out.u8(2).u64(0),
        }
    }

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (kind, offset) = (fields.u8()?, fields.u64()?);
        [Self::At(offset), Self::Oldest, Self::Newest].into_iter().nth(kind.into())
    }
}

/// State of an output stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StreamState {
    /// First offset that is kept.
    pub oldest: u64,
    /// Offset after the last byte that the keeper has read from the CLI.
    pub end: u64,
    /// `true` if the stream has ended: no more bytes follow.
    pub ended: bool,
}

/// First frame to a client that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Welcome {
    /// Version that the keeper speaks.
    pub version: u16,
    /// Id of the session.
    pub session: String,
    /// Epoch: the number of controllers so far, or the epoch that the last one requested.
    pub epoch: u64,
    /// For an observer, `true` if a controller is connected. For a controller, `true` if it has replaced another one.
    pub controlled: bool,
    /// Process id of the CLI.
    pub cli: u32,
    /// Standard output.
    pub stdout: StreamState,
    /// Standard error.
    pub stderr: StreamState,
    /// Number of bytes of stdin that the keeper has received.
    pub stdin_taken: u64,
    /// Number of bytes of stdin that were written to the pipe.
    pub stdin_written: u64,
    /// `true` if the host has ended stdin.
    pub stdin_ended: bool,
    /// `true` if the CLI has closed its stdin.
    pub stdin_closed: bool,
    /// Maximum number of bytes of stdin that a controller may send beyond the bytes that were written.
    pub stdin_window: u32,
    /// Strongest signal that was ordered.
    pub signal: Option<Signal>,
    /// Exit of the CLI, if it has exited.
    pub exit: Option<Exit>,
}

impl Welcome {
    pub(super) fn put<'a>(&self, out: Put<'a>) -> Put<'a> {
        let out = out.u16(self.version).text(&self.session).u64(self.epoch).u8(u8::from(self.controlled)).u32(self.cli);
        let out = self.stderr.put(self.stdout.put(out)).u64(self.stdin_taken).u64(self.stdin_written);
        let out = out.u8(u8::from(self.stdin_ended)).u8(u8::from(self.stdin_closed)).u32(self.stdin_window);
        let out = out.u8(self.signal.map_or(0, |signal| signal as u8 + 1)).u8(u8::from(self.exit.is_some()));
        self.exit.unwrap_or(Exit::Unknown).put(out)
    }

    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            version: fields.u16()?,
            session: fields.text()?,
            epoch: fields.u64()?,
            controlled: fields.flag()?,
            cli: fields.u32()?,
            stdout: StreamState::read(fields)?,
            stderr: StreamState::read(fields)?,
            stdin_taken: fields.u64()?,
            stdin_written: fields.u64()?,
            stdin_ended: fields.flag()?,
            stdin_closed: fields.flag()?,
            stdin_window: fields.u32()?,
            signal: match fields.u8()? {
                0 => None,
                number => Some(Signal::from_number(number - 1)?),
            },
            exit: {
                let exited = fields.flag()?;
                Some(Exit::read(fields)?).filter(|_| exited)
            },
        })
    }
}

impl StreamState {
    fn put(self, out: Put<'_>) -> Put<'_> {
        out.u64(self.oldest).u64(self.end).u8(u8::from(self.ended))
    }

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { oldest: fields.u64()?, end: fields.u64()?, ended: fields.flag()? })
    }
}
