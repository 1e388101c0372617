//! Bounded queue for one reader, which counts what it drops.

use std::collections::VecDeque;

use super::patience::Level;
use crate::message::Message;
use crate::protocol::action::Action;
use crate::wire::kind::MessageKind;

/// Number of entries beyond which an empty ring releases its memory.
const KEPT: usize = 64;

/// Bytes that an entry counts in addition to its line, if the session waits for the reader.
const FLAT: usize = 64;

/// Policy for a reader whose buffer is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Overflow {
    /// The session waits: it reads nothing from the CLI until half of the buffer is free. The CLI stops when the
    /// pipe is full. This policy is the default for the stream of a prompt, because a missing part is worse than
    /// a delay.
    ///
    /// Only reading waits. Commands and responses are written, signals are sent, stderr is read, and deadlines
    /// pass. The session continues to read although the buffer is full:
    ///
    /// * while a response of the CLI to a request or an interrupt is missing, and until a turn that is being stopped has ended,
    /// * once the session is closing, or the CLI has exited,
    /// * when a deadline is due, which is judged by what has arrived, and
    /// * when the reader has taken nothing for [`HandleLimits::reader_timeout`](crate::HandleLimits::reader_timeout), until
    ///   it reads again. So a task that waits for something else of its own session cannot block that session.
    ///
    /// Messages that are read then are kept up to the limit of bytes. Beyond it, messages are dropped as by
    /// [`DeltasFirst`](Self::DeltasFirst) and reported as [`Lagged`]. While the session waits, nothing is
    /// dropped.
    #[default]
    Wait,
    /// The oldest entry is dropped, whatever its kind.
    Oldest,
    /// Parts of incomplete messages ([`StreamEvent`](MessageKind::StreamEvent)) are dropped first, then other
    /// messages, the oldest of each first. Results, incoming requests and their ends, responses, and the starts
    /// and ends of turns and prompts are never dropped. If they fill the whole buffer of a reader, its stream ends.
    DeltasFirst,
}

/// Report that the reader was too slow, and that entries before the next one were dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the subscriber was too slow and missed {missed} actions{}", if *.cut_off { "; it gets no more actions" } else { "" })]
#[non_exhaustive]
pub struct Lagged {
    /// Number of entries that were dropped since the last report.
    pub missed: u64,
    /// `true` if the reader receives nothing more: see [`Overflow::DeltasFirst`].
    pub cut_off: bool,
}

/// Limits of a ring.
#[derive(Debug, Clone, Copy)]
pub(in crate::session) struct Room {
    /// Maximum number of entries, at least one. A reader that the session waits for may exceed it.
    pub(in crate::session) items: usize,
    /// Maximum bytes of the entries' lines, except for a single longer one. The session waits for a reader at
    /// half of them.
    pub(in crate::session) bytes: usize,
    pub(in crate::session) overflow: Overflow,
}

/// Order in which entries are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::session) enum Class {
    Delta,
    Plain,
    /// Ends of prompts and requests, and incoming requests. They are never dropped.
    Vital,
}

pub(in crate::session) trait Item {
    fn class(&self) -> Class;
    fn bytes(&self) -> usize;
}

/// A bounded queue, oldest first. Each class has a separate lane, so that dropping an entry requires no search.
#[derive(Debug)]
pub(in crate::session) struct Ring<T> {
    lanes: [VecDeque<(u64, T)>; 3],
    room: Room,
    next: u64,
    bytes: usize,
    missed: u64,
    cut_off: bool,
    /// `true` while the session waits for the reader and reads nothing more from the CLI. What it read before may
    /// exceed the limits, and is not dropped.
    keeps: bool,
}

impl<T: Item> Ring<T> {
    pub(in crate::session) fn new(room: Room) -> Self {
        let lanes = [const { VecDeque::new() }; 3];
        Self { lanes, room, next: 0, bytes: 0, missed: 0, cut_off: false, keeps: false }
    }

    pub(in crate::session) fn push(&mut self, item: T) {
        if self.cut_off {
            return;
        }
        let lane = match self.room.overflow {
            Overflow::Oldest => Class::Delta,
            Overflow::DeltasFirst | Overflow::Wait => item.class(),
        };
        self.bytes += self.weight(&item);
        self.lanes[lane as usize].push_back((self.next, item));
        self.next += 1;
        while self.is_over() {
            if self.drop_from(Class::Delta as usize).or_else(|| self.drop_from(Class::Plain as usize)).is_none() {
                self.missed += self.len() as u64;
                self.clear();
                self.cut_off = true;
            }
        }
    }

    /// Returns the next entry, or the number of entries that were dropped since the last call.
    pub(in crate::session) fn pop(&mut self) -> Option<Result<T, Lagged>> {
        if self.missed > 0 {
            return Some(Err(Lagged { missed: std::mem::take(&mut self.missed), cut_off: self.cut_off }));
        }
        let first = |lane: &VecDeque<(u64, T)>| lane.front().map_or(u64::MAX, |(number, _)| *number);
        let lane = match self.room.overflow {
            Overflow::Oldest => &mut self.lanes[0],
            Overflow::DeltasFirst | Overflow::Wait => self.lanes.iter_mut().min_by_key(|lane| first(lane))?,
        };
        let (_, item) = lane.pop_front()?;
        if lane.is_empty() && lane.capacity() > KEPT {
            *lane = VecDeque::new();
        }
        self.bytes -= self.weight(&item);
        Some(Ok(item))
    }

    pub(in crate::session) fn len(&self) -> usize {
        self.lanes.iter().map(VecDeque::len).sum()
    }

    /// Returns `true` if no further entries are accepted.
    pub(in crate::session) fn is_cut_off(&self) -> bool {
        self.cut_off
    }

    /// Removes all entries without counting them as dropped.
    pub(in crate::session) fn clear(&mut self) {
        self.lanes = [const { VecDeque::new() }; 3];
        self.bytes = 0;
    }

    /// Returns the entries, in their order of arrival if nothing was dropped early.
    pub(in crate::session) fn iter(&self) -> impl Iterator<Item = &T> {
        self.lanes.iter().flatten().map(|(_, item)| item)
    }

    /// Counts entries that were dropped elsewhere.
    pub(in crate::session) fn miss(&mut self, missed: u64) {
        self.missed += missed;
    }

    /// Returns the number of dropped entries that were not reported yet.
    pub(in crate::session) fn missed(&self) -> u64 {
        self.missed
    }

    /// Returns `true` if the session waits for the reader of a full ring.
    pub(in crate::session) fn is_waited_for(&self) -> bool {
        self.room.overflow == Overflow::Wait && !self.cut_off
    }

    /// Sets whether the session waits for the reader, who then loses nothing.
    pub(in crate::session) fn keep(&mut self, keeps: bool) {
        self.keeps = keeps;
    }

    /// Returns the fill level, for a session that waits for the reader.
    pub(in crate::session) fn level(&self) -> Level {
        let (len, items, bytes) = (self.len(), self.room.items.max(1), self.room.bytes / 2);
        match () {
            () if !self.is_waited_for() => Level::Low,
            () if len >= items || len > 0 && self.bytes >= bytes => Level::Full,
            () if len > items / 2 || len > 0 && self.bytes > bytes / 2 => Level::Half,
            () => Level::Low,
        }
    }

    fn is_over(&self) -> bool {
        let len = self.len();
        let items = if self.room.overflow == Overflow::Wait { usize::MAX } else { self.room.items.max(1) };
        !self.keeps && (len > items || len > 1 && self.bytes > self.room.bytes)
    }

    /// Returns the number of bytes that an entry counts toward the limit. If the number of entries is unlimited, each entry
    /// counts some bytes, also without a line.
    fn weight(&self, item: &T) -> usize {
        item.bytes() + if self.room.overflow == Overflow::Wait { FLAT } else { 0 }
    }

    fn drop_from(&mut self, lane: usize) -> Option<()> {
        let (_, item) = self.lanes[lane].pop_front()?;
        self.bytes -= self.weight(&item);
        self.missed += 1;
        Some(())
    }
}

impl Item for Message {
    fn class(&self) -> Class {
        match self.kind() {
            MessageKind::StreamEvent => Class::Delta,
            MessageKind::Result => Class::Vital,
            _ => Class::Plain,
        }
    }

    fn bytes(&self) -> usize {
        self.as_bytes().len()
    }
}

impl Item for Action {
    fn class(&self) -> Class {
        match self {
            Self::Message { message, .. } => message.class(),
            Self::IncomingDeclined { .. }
            | Self::RejectedLine(_)
            | Self::DamagedLine(_)
            | Self::StderrLine(_)
            | Self::WireLine(_)
            | Self::UnmatchedResponse(_)
            | Self::DeadlineExceeded { .. } => Class::Plain,
            _ => Class::Vital,
        }
    }

    /// The end of a turn shares the line of the result's message.
    fn bytes(&self) -> usize {
        match self {
            Self::Message { message, .. }
            | Self::IncomingDeclined { message, .. }
            | Self::UnmatchedResponse(message) => message.bytes(),
            Self::IncomingRequest(incoming) => incoming.message().bytes(),
            Self::StderrLine(line) => line.text.len(),
            Self::WireLine(line) => line.bytes.len(),
            Self::ResponseReceived { response: Ok(reply), .. } => 2 * reply.message().bytes(),
            Self::PromptEnded { result: Some(result), .. } | Self::TurnEnded { result: Some(result), .. } => {
                result.bytes()
            }
            _ => 0,
        }
    }
}
