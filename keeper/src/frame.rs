//! Messages between a keeper and its clients.
//!
//! A frame consists of a length (`u32`, little endian, of the rest of the frame), a type (`u8`) and fields. Integers are little
//! endian. Texts and tokens are preceded by their length. A frame is at most [`MAX_FRAME`] bytes long. An unknown type ends the
//! connection. The keeper then reports both versions in [`FromKeeper::Refused`].
//!
//! The first frame of a client is [`Hello`], the first of the keeper [`Welcome`] or [`FromKeeper::Refused`]. Their first bytes
//! are the same in every version.

mod fields;
mod hello;
mod reader;
mod refusal;

pub use hello::{Hello, Role, Start, StreamState, Welcome};
pub use reader::FrameReader;
pub use refusal::Refusal;

use fields::{Fields, put_frame};

/// Version of the protocol that this crate speaks.
pub const VERSION: u16 = 1;

/// Maximum length of a frame, in bytes, without its length field.
pub const MAX_FRAME: usize = MAX_DATA + 1024;

/// Maximum number of bytes of a stream in one frame.
pub const MAX_DATA: usize = 64 * 1024;

/// Reason why a frame cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The frame is longer than [`MAX_FRAME`].
    #[error("frame of {0} bytes; at most {MAX_FRAME} are allowed")]
    TooLong(usize),
    /// The type of the frame is not known.
    #[error("frame of unknown type {0}; this side speaks version {VERSION}")]
    UnknownType(u8),
    /// A field is missing, has an impossible value, or bytes follow the last field.
    #[error("frame of type {0} is malformed")]
    Malformed(u8),
}

/// Stream of the CLI's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Signal that a controller can order, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Signal {
    /// SIGTERM to the CLI.
    Terminate,
    /// SIGKILL to the CLI and its process group.
    Kill,
}

/// Exit status of the CLI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exit {
    /// The CLI ended by itself with this code.
    Code(i32),
    /// A signal ended the CLI.
    Signal(i32),
    /// The system did not report the status.
    Unknown,
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
            Self::Unknown => write!(f, "unknown exit status"),
        }
    }
}

/// Frame of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToKeeper<'a> {
    /// First frame.
    Hello(Hello),
    /// Bytes for the CLI's stdin. Bytes that the keeper has received before are ignored.
    Stdin {
        /// Offset of the first byte.
        offset: u64,
        /// Bytes, at most [`MAX_DATA`].
        bytes: &'a [u8],
    },
    /// Stdin ends at this offset, up to which the keeper has received it.
    StdinEnd {
        /// Length of stdin.
        offset: u64,
    },
    /// Progress of the client. A number that is less than an earlier one is ignored.
    Progress {
        /// The keeper may drop stdout before this offset, because the client has stored it. Only a controller sends it.
        stdout_kept: u64,
        /// The same for stderr.
        stderr_kept: u64,
        /// The client has room for stdout up to this offset.
        stdout_window: u64,
        /// The same for stderr.
        stderr_window: u64,
    },
    /// Orders a signal to the CLI. A signal that was sent before is not sent again.
    Signal(Signal),
    /// Ends the session: stdin is closed, then the CLI is terminated, then killed, with the grace periods of the policy.
    Stop,
    /// Ends a session whose CLI has exited: the keeper removes its files and ends.
    Release,
}

/// Frame of a keeper.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FromKeeper<'a> {
    /// First frame to an accepted client.
    Welcome(Welcome),
    /// Last frame to a client that is not accepted, or that has violated the protocol.
    Refused(Refusal),
    /// Bytes of the CLI's output.
    Output {
        /// Stream of the bytes.
        stream: Stream,
        /// Offset of the first byte.
        offset: u64,
        /// Bytes, at most [`MAX_DATA`].
        bytes: &'a [u8],
    },
    /// The stream has ended at this offset.
    OutputEnd {
        /// Stream that has ended.
        stream: Stream,
        /// Length of the stream.
        offset: u64,
    },
    /// Bytes up to an offset are no longer kept. Sent only to an observer.
    Skipped {
        /// Stream that has the gap.
        stream: Stream,
        /// First offset after the gap.
        to: u64,
    },
    /// State of stdin.
    Stdin {
        /// Number of bytes that the keeper has received. It writes them, whatever happens to the host.
        taken: u64,
        /// Number of bytes that were written to the pipe.
        written: u64,
        /// `true` if the CLI has closed its stdin.
        closed: bool,
    },
    /// The CLI has exited.
    Exit(Exit),
    /// Another client controls the session now. The last frame of the connection.
    Replaced {
        /// Epoch of the new controller.
        epoch: u64,
        /// Process id of the new controller, or 0 if the system does not report it.
        pid: u32,
    },
    /// The keeper cannot keep output at the moment, e.g. because the disk is full. If the text is empty, it can again.
    Trouble {
        /// Subject, cause and remedy.
        text: String,
    },
}

impl ToKeeper<'_> {
    /// Appends the frame to `out`.
    pub fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Hello(hello) => put_frame(out, 1, |out| hello.put(out)),
            Self::Stdin { offset, bytes } => put_frame(out, 2, |out| out.u64(*offset).bytes(bytes)),
            Self::StdinEnd { offset } => put_frame(out, 3, |out| out.u64(*offset)),
            Self::Progress { stdout_kept, stderr_kept, stdout_window, stderr_window } => {
                put_frame(out, 4, |out| out.u64(*stdout_kept).u64(*stderr_kept).u64(*stdout_window).u64(*stderr_window))
            }
            Self::Signal(signal) => put_frame(out, 5, |out| out.u8(*signal as u8)),
            Self::Stop => put_frame(out, 6, |out| out),
            Self::Release => put_frame(out, 7, |out| out),
        };
    }
}

impl<'a> ToKeeper<'a> {
    /// Decodes a frame, without its length field.
    ///
    /// # Errors
    /// [`FrameError`] if the type is unknown or a field is invalid.
    pub fn read(frame: &'a [u8]) -> Result<Self, FrameError> {
        Fields::read(frame, 7, |kind, fields| {
            Some(match kind {
                1 => Self::Hello(Hello::read(fields)?),
                2 => Self::Stdin { offset: fields.u64()?, bytes: fields.rest() },
                3 => Self::StdinEnd { offset: fields.u64()? },
                4 => Self::Progress {
                    stdout_kept: fields.u64()?,
                    stderr_kept: fields.u64()?,
                    stdout_window: fields.u64()?,
                    stderr_window: fields.u64()?,
                },
                5 => Self::Signal(Signal::from_number(fields.u8()?)?),
                6 => Self::Stop,
                7 => Self::Release,
                _ => return None,
            })
        })
    }
}

impl FromKeeper<'_> {
    /// Appends the frame to `out`.
    pub fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Welcome(welcome) => put_frame(out, 1, |out| welcome.put(out)),
            Self::Refused(refusal) => put_frame(out, 2, |out| refusal.put(out)),
            Self::Output { stream, offset, bytes } => {
                put_frame(out, 3, |out| out.u8(*stream as u8).u64(*offset).bytes(bytes))
            }
            Self::OutputEnd { stream, offset } => put_frame(out, 4, |out| out.u8(*stream as u8).u64(*offset)),
            Self::Skipped { stream, to } => put_frame(out, 5, |out| out.u8(*stream as u8).u64(*to)),
            Self::Stdin { taken, written, closed } => {
                put_frame(out, 6, |out| out.u64(*taken).u64(*written).u8(u8::from(*closed)))
            }
            Self::Exit(exit) => put_frame(out, 7, |out| exit.put(out)),
            Self::Replaced { epoch, pid } => put_frame(out, 8, |out| out.u64(*epoch).u32(*pid)),
            Self::Trouble { text } => put_frame(out, 9, |out| out.text(text)),
        };
    }
}

impl<'a> FromKeeper<'a> {
    /// Decodes a frame, without its length field.
    ///
    /// # Errors
    /// [`FrameError`] if the type is unknown or a field is invalid.
    pub fn read(frame: &'a [u8]) -> Result<Self, FrameError> {
        Fields::read(frame, 9, |kind, fields| {
            Some(match kind {
                1 => Self::Welcome(Welcome::read(fields)?),
                2 => Self::Refused(Refusal::read(fields)?),
                3 => Self::Output {
                    stream: Stream::from_number(fields.u8()?)?,
                    offset: fields.u64()?,
                    bytes: fields.rest(),
                },
                4 => Self::OutputEnd { stream: Stream::from_number(fields.u8()?)?, offset: fields.u64()? },
                5 => Self::Skipped { stream: Stream::from_number(fields.u8()?)?, to: fields.u64()? },
                6 => Self::Stdin { taken: fields.u64()?, written: fields.u64()?, closed: fields.flag()? },
                7 => Self::Exit(Exit::read(fields)?),
                8 => Self::Replaced { epoch: fields.u64()?, pid: fields.u32()? },
                9 => Self::Trouble { text: fields.text()? },
                _ => return None,
            })
        })
    }
}

#[cfg(test)]
mod tests;
