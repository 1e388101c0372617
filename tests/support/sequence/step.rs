//! The steps of an input sequence, and how often each comes.

use arbitrary::{Arbitrary, Result, Unstructured};

use super::cli::PeerLine;

/// One step of an input sequence, before it is known which prompts, asks and requests there are to speak of.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Peer([PeerLine; 3]),
    Line(PeerLine),
    /// A part of a line; the rest may never come.
    Part(PeerLine, u8),
    Bytes(Vec<u8>),
    Prompt {
        text: u8,
        busy: Option<PickedBusy>,
        slash: bool,
    },
    Cancel(u8),
    Interrupt {
        target: Option<u8>,
        cancel_queued: bool,
    },
    Request(u8),
    Answer {
        incoming: u8,
        how: u8,
    },
    Sent(u16),
    SendFailed,
    Stderr(u8),
    StderrEof,
    Eof,
    Exited(u8),
    Close,
    CloseNow,
    Abort,
    Wait(u16),
    /// Until the next deadline, and a little more or less.
    Deadline(i8),
}

#[derive(Debug, Clone, Copy, Arbitrary)]
pub(crate) enum PickedBusy {
    Queue,
    Send,
    Refuse,
}

/// A session should live for a while, and be asked much: an incoming request and its answer are two of a hundred other things. What
/// ends a session comes once in some fifty steps.
impl<'b> Arbitrary<'b> for Step {
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        Ok(match u.arbitrary::<u8>()? {
            0..=63 => Self::Line(u.arbitrary()?),
            64..=83 => Self::Peer(u.arbitrary()?),
            84..=89 => Self::Part(u.arbitrary()?, u.arbitrary()?),
            90..=114 => Self::Prompt { text: u.arbitrary()?, busy: u.arbitrary()?, slash: u.arbitrary()? },
            115..=122 => Self::Cancel(u.arbitrary()?),
            123..=134 => Self::Interrupt { target: u.arbitrary()?, cancel_queued: u.arbitrary()? },
            135..=146 => Self::Request(u.arbitrary()?),
            147..=186 => Self::Answer { incoming: u.arbitrary()?, how: u.arbitrary()? },
            187..=202 => Self::Sent(u.arbitrary()?),
            203..=208 => Self::Stderr(u.arbitrary()?),
            209..=211 => Self::StderrEof,
            212..=230 => Self::Wait(u.arbitrary()?),
            231..=248 => Self::Deadline(u.arbitrary()?),
            249 => Self::CloseNow,
            250 => Self::SendFailed,
            251 => Self::Eof,
            252 => Self::Exited(u.arbitrary()?),
            253 => Self::Close,
            254 => Self::Abort,
            255 => Self::Bytes(u.arbitrary()?),
        })
    }
}
