//! Reasons why a keeper ends a connection.

use super::VERSION;
use super::fields::{Fields, Put};

/// Reason why a keeper ends a connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The client uses another version of the protocol.
    #[error(
        "client speaks version {client} of the keeper's protocol, but this keeper speaks version {keeper}; use a client of the keeper's version"
    )]
    Version {
        /// Version of the client, or 0 if the client sent none.
        client: u16,
        /// Version of the keeper.
        keeper: u16,
    },
    /// The token is wrong or missing.
    #[error(
        "token does not match this session; use the token printed by `run`, or the file `token` in the session's directory"
    )]
    Token,
    /// The client belongs to another user.
    #[error("client belongs to user {client}; this session belongs to user {owner}")]
    User {
        /// User id of the client.
        client: u32,
        /// User id of the keeper.
        owner: u32,
    },
    /// A controller is connected, and the client did not want to replace it.
    #[error("session has a controller (process {pid}); attach without `only_if_free` to replace it")]
    Busy {
        /// Process id of the controller, or 0 if the system does not report it.
        pid: u32,
    },
    /// The client's epoch is not greater than the current one.
    #[error(
        "client requests epoch {requested}, but the session is at epoch {current}: another host has controlled it since; continue from the journal of that host"
    )]
    Epoch {
        /// Epoch that the client requested.
        requested: u64,
        /// Epoch of the session.
        current: u64,
    },
    /// The bytes from the client's offset on are no longer kept, or do not exist yet.
    #[error(
        "client requests {stream} from offset {requested}, but only bytes {oldest} to {end} are stored: its journal belongs to another session, or another host has acknowledged the missing bytes"
    )]
    Offset {
        /// Name of the stream.
        stream: String,
        /// Offset that the client requested.
        requested: u64,
        /// First offset that is kept.
        oldest: u64,
        /// End of the stream.
        end: u64,
    },
    /// The client has violated the protocol.
    #[error("client violates the protocol: {0}")]
    Protocol(String),
    /// The keeper cannot read its files.
    #[error("keeper cannot read its files: {0}")]
    Files(String),
    /// The keeper is ending, or has too many clients.
    #[error("keeper accepts no client: {0}")]
    Unavailable(String),
}

impl Refusal {
    /// Creates the refusal of a frame that the keeper does not understand.
    #[must_use]
    pub fn unknown(error: &super::FrameError) -> Self {
        Self::Protocol(format!("{error}; the keeper speaks version {VERSION}"))
    }

    pub(super) fn put<'a>(&self, out: Put<'a>) -> Put<'a> {
        match self {
            Self::Version { client, keeper } => out.u8(0).u16(*client).u16(*keeper),
            Self::Token => out.u8(1),
            Self::User { client, owner } => out.u8(2).u32(*client).u32(*owner),
            Self::Busy { pid } => out.u8(3).u32(*pid),
            Self::Epoch { requested, current } => out.u8(4).u64(*requested).u64(*current),
            Self::Offset { stream, requested, oldest, end } => {
                out.u8(5).text(stream).u64(*requested).u64(*oldest).u64(*end)
            }
            Self::Protocol(text) => out.u8(6).text(text),
            Self::Files(text) => out.u8(7).text(text),
            Self::Unavailable(text) => out.u8(8).text(text),
        }
    }

    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(match fields.u8()? {
            0 => Self::Version { client: fields.u16()?, keeper: fields.u16()? },
            1 => Self::Token,
            2 => Self::User { client: fields.u32()?, owner: fields.u32()? },
            3 => Self::Busy { pid: fields.u32()? },
            4 => Self::Epoch { requested: fields.u64()?, current: fields.u64()? },
            5 => Self::Offset {
                stream: fields.text()?,
                requested: fields.u64()?,
                oldest: fields.u64()?,
                end: fields.u64()?,
            },
            6 => Self::Protocol(fields.text()?),
            7 => Self::Files(fields.text()?),
            8 => Self::Unavailable(fields.text()?),
            _ => return None,
        })
    }
}
