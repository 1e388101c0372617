//! What waits for one who reads: bounded, and what was dropped is counted.

use std::collections::VecDeque;

use super::patience::Level;
use crate::message::Message;
use crate::protocol::action::Action;
use crate::wire::kind::MessageKind;

/// Beyond so many entries, an empty ring gives its memory back.
const KEPT: usize = 64;

/// Bytes that an entry counts beside its line, if the session waits for the reader.
const FLAT: usize = 64;

/// Policy for a reader whose buffer is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Overflow {
    /// The session waits: it reads nothing from the CLI until half of the buffer is free, and the CLI stops when the pipe is
    /// full. The default for the stream of a prompt, because a part that is missing is worse than a delay.
    ///
    /// Only reading waits. Commands and responses are written, signals are sent, stderr is read, and deadlines pass. The
    /// session reads on although the buffer is full
    ///
    /// * while the CLI owes a response to a request or an interrupt, and until a turn that is being stopped has ended,
    /// * once the session is closing, or the CLI has exited,
    /// * when a deadline is due, which is judged by what has arrived, and
    /// * when the reader has taken nothing for [`HandleLimits::reader_timeout`](crate::HandleLimits::reader_timeout), until
    ///   it reads again. So a task that waits for something else of its own session cannot block that session.
    ///
    /// What is read then is kept up to the limit of bytes; beyond it, something is dropped as by
    /// [`DeltasFirst`](Self::DeltasFirst) and reported as [`Lagged`]. While the session waits, nothing is dropped.
    #[default]
    Wait,
    /// The oldest goes, whatever it is.
    Oldest,
    /// The parts of messages that are still being written ([`StreamEvent`](MessageKind::StreamEvent)) go first, then
    /// other messages, the oldest of each. Results, asks and their ends, replies, and the begins and ends of turns and
    /// prompts never do: a reader that leaves its whole buffer full of those is cut off.
    DeltasFirst,
}

/// A reader was too slow: something was dropped before what it reads next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the subscriber was too slow and missed {missed} actions{}", if *.cut_off { "; it was cut off" } else { "" })]
#[non_exhaustive]
pub struct Lagged {
    /// How many were dropped since it was last told.
    pub missed: u64,
    /// Whether it gets nothing more: see [`Overflow::DeltasFirst`].
    pub cut_off: bool,
}

/// How much may wait.
#[derive(Debug, Clone, Copy)]
pub(in crate::session) struct Room {
    /// So many, and at least one. A reader that is waited for may exceed it.
    pub(in crate::session) items: usize,
    /// Bytes of their lines, but for one that is longer by itself. Half of them is what a reader is waited for at.
    pub(in crate::session) bytes: usize,
    pub(in crate::session) overflow: Overflow,
}

/// How soon something is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::session) enum Class {
    Delta,
    Plain,
    /// It settles something, or incoming requests.
    Vital,
}

pub(in crate::session) trait Item {
    fn class(&self) -> Class;
    fn bytes(&self) -> usize;
}

/// A bounded queue, oldest first. Each class has a lane of its own, so that nothing is searched when something must go.
#[derive(Debug)]
pub(in crate::session) struct Ring<T> {
    lanes: [VecDeque<(u64, T)>; 3],
    room: Room,
    next: u64,
    bytes: usize,
    missed: u64,
    cut_off: bool,
    /// The session waits for the reader, so nothing is dropped: what is pushed was read already.
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

    /// The next, or how many were dropped since this was last asked.
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

    /// Whether nothing is taken any more.
    pub(in crate::session) fn is_cut_off(&self) -> bool {
        self.cut_off
    }

    /// Forgets what waits, as if it had never come.
    pub(in crate::session) fn clear(&mut self) {
        self.lanes = [const { VecDeque::new() }; 3];
        self.bytes = 0;
    }

    /// What waits; in the order in which it came, if nothing goes before its time.
    pub(in crate::session) fn iter(&self) -> impl Iterator<Item = &T> {
        self.lanes.iter().flatten().map(|(_, item)| item)
    }

    /// So many were dropped elsewhere.
    pub(in crate::session) fn miss(&mut self, missed: u64) {
        self.missed += missed;
    }

    /// How many were dropped and not yet told.
    pub(in crate::session) fn missed(&self) -> u64 {
        self.missed
    }

    /// Returns whether a session waits for the reader of a full one.
    pub(in crate::session) fn is_waited_for(&self) -> bool {
        self.room.overflow == Overflow::Wait && !self.cut_off
    }

    /// Notes whether the session waits for the reader, who then loses nothing.
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

    /// Bytes that an entry counts. Where no number of entries bounds them, those without a line count too.
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

    /// A turn's end shares the line of the result's message.
    fn bytes(&self) -> usize {
        match self {
            Self::Message { message, .. }
            | Self::IncomingDeclined { message, .. }
            | Self::UnmatchedResponse(message) => message.bytes(),
            Self::IncomingRequest(ask) => ask.message().bytes(),
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
