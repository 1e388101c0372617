//! State of a session in the host, from the frames of the keeper.

use claude_duplex::Exit;

use super::inbox::Inbox;
use super::lost::{Lost, LostReason};
use crate::attach::READ;
use crate::frame::{
    self, FrameReader, FromKeeper, Hello, MAX_DATA, Signal, Start, Stream, StreamState, ToKeeper, Welcome,
};

/// Minimum number of bytes for which an acknowledgment is sent on its own.
const ACKNOWLEDGED: u64 = 64 * 1024;

#[derive(Debug)]
pub(super) struct Link {
    reader: FrameReader,
    output: Vec<u8>,
    pub(super) stdout: Inbox,
    pub(super) stderr: Inbox,
    /// Ends of stdout and stderr at the time when the exit was reported.
    ends: [u64; 2],
    /// Number of bytes of stdin that were sent to the keeper.
    forwarded: u64,
    /// Number of bytes of stdin that were reported to the driver as sent.
    reported: u64,
    /// Number of bytes of stdin that the keeper has received.
    taken: u64,
    written: u64,
    stdin_window: u64,
    stdin_ended: bool,
    pub(super) stdin_closed: bool,
    exit: Option<frame::Exit>,
    pub(super) acknowledges_reads: bool,
    pub(super) lost: Lost,
}

/// Returns the offset at which a stream begins.
fn begin(start: Start, state: &StreamState) -> u64 {
    match start {
        Start::At(offset) => offset,
        Start::Oldest => state.oldest,
        Start::Newest => state.end,
    }
}

impl Link {
    pub(super) fn new(hello: &Hello, welcome: &Welcome, reader: FrameReader) -> Self {
        let inbox = |start, state| Inbox::new(begin(start, state), hello.window);
        let mut this = Self {
            reader,
            output: Vec::new(),
            stdout: inbox(hello.stdout, &welcome.stdout),
            stderr: inbox(hello.stderr, &welcome.stderr),
            ends: [welcome.stdout.end, welcome.stderr.end],
            forwarded: welcome.stdin_taken,
            reported: welcome.stdin_taken,
            taken: welcome.stdin_taken,
            written: welcome.stdin_written,
            stdin_window: welcome.stdin_window.into(),
            stdin_ended: welcome.stdin_ended,
            stdin_closed: welcome.stdin_closed,
            exit: welcome.exit,
            acknowledges_reads: false,
            lost: Lost::default(),
        };
        // Frames may have come with the welcome.
        this.receive(0);
        this
    }

    /// Returns memory for received bytes.
    pub(super) fn space(&mut self) -> &mut [u8] {
        self.reader.space(READ)
    }

    /// Handles `count` bytes that were received into [`space`](Self::space).
    pub(super) fn receive(&mut self, count: usize) {
        self.reader.filled(count);
        let mut reader = std::mem::take(&mut self.reader);
        while !self.lost.is_lost() {
            match reader.next_frame().map(|frame| frame.map(FromKeeper::read).transpose()) {
                Ok(Ok(Some(frame))) => self.take(frame),
                Ok(Ok(None)) => break,
                Ok(Err(error)) | Err(error) => self.lost.set(LostReason::Failed(error.to_string())),
            }
        }
        self.reader = reader;
    }

    fn take(&mut self, frame: FromKeeper<'_>) {
        match frame {
            FromKeeper::Output { stream, offset, bytes } => {
                let inbox = if stream == Stream::Stdout { &mut self.stdout } else { &mut self.stderr };
                if !inbox.push(offset, bytes) {
                    self.lost.set(LostReason::Failed(format!("{stream:?} does not continue at byte {offset}")));
                }
            }
            FromKeeper::OutputEnd { stream: Stream::Stdout, .. } => self.stdout.end(),
            FromKeeper::OutputEnd { stream: Stream::Stderr, .. } => self.stderr.end(),
            FromKeeper::Stdin { taken, written, closed } => {
                (self.taken, self.written) = (taken, written);
                self.stdin_closed |= closed;
            }
            FromKeeper::Exit(exit) => self.exit = Some(exit),
            FromKeeper::Replaced { epoch, pid } => self.lost.set(LostReason::Replaced { epoch, pid }),
            FromKeeper::Refused(refusal) => self.lost.set(LostReason::Refused(refusal)),
            FromKeeper::Skipped { stream, to } => {
                self.lost.set(LostReason::Failed(format!("bytes of {stream:?} before {to} are no longer stored")));
            }
            FromKeeper::Trouble { text } => self.lost.set_trouble(text),
            FromKeeper::Welcome(_) => self.lost.set(LostReason::Failed("a second welcome".to_owned())),
        }
    }

    /// Reports progress to the keeper, if there is enough of it.
    pub(super) fn read(&mut self) {
        if self.acknowledges_reads {
            (self.stdout.kept, self.stderr.kept) = (self.stdout.offset(), self.stderr.offset());
        }
        let ((stdout_window, stdout), (stderr_window, stderr)) = (self.stdout.grant(), self.stderr.grant());
        let is_due = |inbox: &Inbox| inbox.kept - inbox.kept_sent >= ACKNOWLEDGED;
        if stdout || stderr || is_due(&self.stdout) || is_due(&self.stderr) {
            let (stdout_kept, stderr_kept) = (self.stdout.kept, self.stderr.kept);
            ToKeeper::Progress { stdout_kept, stderr_kept, stdout_window, stderr_window }.put(&mut self.output);
            self.stdout.announced(stdout_window);
            self.stderr.announced(stderr_window);
        }
    }

    /// Records that the host needs nothing before these offsets again.
    pub(super) fn acknowledge(&mut self, stdout: u64, stderr: u64) {
        self.stdout.kept = self.stdout.kept.max(stdout);
        self.stderr.kept = self.stderr.kept.max(stderr);
        self.read();
    }

    /// Sends bytes of stdin that were not sent yet. `bytes` starts after the bytes that were reported to the driver as sent.
    pub(super) fn forward(&mut self, bytes: &[u8]) {
        let known = usize::try_from(self.forwarded - self.reported).unwrap_or(usize::MAX);
        let room = (self.written + self.stdin_window).saturating_sub(self.forwarded);
        let new = bytes.get(known..).unwrap_or_default();
        let new = &new[..new.len().min(usize::try_from(room).unwrap_or(usize::MAX))];
        if self.stdin_ended || self.stdin_closed {
            return;
        }
        for chunk in new.chunks(MAX_DATA) {
            ToKeeper::Stdin { offset: self.forwarded, bytes: chunk }.put(&mut self.output);
            self.forwarded += chunk.len() as u64;
        }
    }

    /// Returns the number of bytes that the keeper has received and that were not reported to the driver yet, at most `most`.
    /// Counts them as reported.
    pub(super) fn report(&mut self, most: usize) -> usize {
        let count = usize::try_from(self.taken - self.reported).unwrap_or(usize::MAX).min(most);
        self.reported += count as u64;
        count
    }

    /// Returns the number of bytes of stdin that the keeper has received.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    pub(super) fn end_stdin(&mut self) {
        if !self.stdin_ended {
            self.stdin_ended = true;
            ToKeeper::StdinEnd { offset: self.forwarded }.put(&mut self.output);
        }
    }

    pub(super) fn signal(&mut self, signal: Signal) {
        ToKeeper::Signal(signal).put(&mut self.output);
    }

    /// Returns the exit, once everything was read that the keeper had before it reported the exit. With pipes that is at most
    /// their size, and a driver does not wait long for it.
    pub(super) fn exit(&self) -> Option<Exit> {
        let behind = self.stdout.offset() < self.ends[0] || self.stderr.offset() < self.ends[1];
        let unread = !self.stdout.is_read() || !self.stderr.is_read();
        self.exit.filter(|_| !behind && !unread).map(|exit| match exit {
            frame::Exit::Code(code) => Exit::Code(code),
            frame::Exit::Signal(signal) => Exit::Signal(signal),
            frame::Exit::Unknown => Exit::Unknown,
        })
    }

    pub(super) fn has_output(&self) -> bool {
        !self.output.is_empty()
    }

    pub(super) fn output(&self) -> &[u8] {
        &self.output
    }

    pub(super) fn written(&mut self, count: usize) {
        self.output.drain(..count);
    }

    pub(super) fn drop_output(&mut self) {
        self.output.clear();
    }
}
