//! A transport in memory: the test says what comes and what is accepted, and reads in the log what was done.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use claude_duplex::{Action, ChildCommand, Config, Driver, Exit, Seed, SessionTime, Transport};

/// What was done to the transport, polls that were pending aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Done {
    Read(usize),
    ReadStderr(usize),
    Wrote(usize),
    WriteFailed,
    Flushed,
    Closed,
    Exited,
    Signal(ChildCommand),
}

/// How a poll of `poll_write` is met. Where the test says nothing, everything is taken.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Write {
    Take(usize),
    Pending,
    Fail(io::ErrorKind),
}

#[derive(Default)]
pub(crate) struct World {
    pub(crate) now: SessionTime,
    pub(crate) stdout: VecDeque<io::Result<Vec<u8>>>,
    pub(crate) stderr: VecDeque<io::Result<Vec<u8>>>,
    /// Lines that never end.
    pub(crate) flood: Option<&'static str>,
    pub(crate) writes: VecDeque<Write>,
    pub(crate) written: Vec<u8>,
    pub(crate) flushes_pending: usize,
    pub(crate) closes_pending: usize,
    pub(crate) exit: Option<Exit>,
    pub(crate) timer_lies: bool,
    pub(crate) timer: Option<SessionTime>,
    pub(crate) log: Vec<Done>,
    ended: [bool; 4],
}

impl World {
    pub(crate) fn say(&mut self, line: &str) {
        self.stdout.push_back(Ok(format!("{line}\n").into_bytes()));
    }

    /// The end of stdout, of stderr, and of the process.
    pub(crate) fn end(&mut self, exit: Exit) {
        self.stdout.push_back(Ok(Vec::new()));
        self.stderr.push_back(Ok(Vec::new()));
        self.exit = Some(exit);
    }

    pub(crate) fn wait(&mut self, wait: Duration) {
        self.now = self.now.saturating_add(wait);
    }

    pub(crate) fn written(&self) -> String {
        String::from_utf8(self.written.clone()).unwrap()
    }

    fn take(&mut self, stream: usize, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        assert!(!self.ended[stream], "read after the end");
        let source = if stream == 0 { &mut self.stdout } else { &mut self.stderr };
        let next = match (source.pop_front(), self.flood) {
            (None, Some(line)) if stream == 0 => Ok(line.repeat(buffer.len() / line.len()).into_bytes()),
            (None, _) => return Poll::Pending,
            (Some(next), _) => next,
        };
        let again = matches!(&next, Err(error) if error.kind() == io::ErrorKind::Interrupted);
        self.ended[stream] = !again && next.as_ref().map_or(true, Vec::is_empty);
        let count = next.as_ref().map_or(0, Vec::len);
        self.log.push(if stream == 0 { Done::Read(count) } else { Done::ReadStderr(count) });
        Poll::Ready(next.map(|bytes| {
            buffer[..bytes.len()].copy_from_slice(&bytes);
            bytes.len()
        }))
    }
}

#[derive(Clone)]
pub(crate) struct Mock(pub(crate) Rc<RefCell<World>>);

impl Transport for Mock {
    fn now(&self) -> SessionTime {
        self.0.borrow().now
    }

    fn poll_read(&mut self, _: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        assert_eq!(buffer.len(), 64 * 1024);
        self.0.borrow_mut().take(0, buffer)
    }

    fn poll_read_stderr(&mut self, _: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.0.borrow_mut().take(1, buffer)
    }

    fn poll_write(&mut self, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let world = &mut *self.0.borrow_mut();
        assert!(!bytes.is_empty() && !world.ended[2], "a write of nothing, or after the end");
        let count = match world.writes.pop_front() {
            None => bytes.len(),
            Some(Write::Take(count)) => count.min(bytes.len()),
            Some(Write::Pending) => return Poll::Pending,
            Some(Write::Fail(kind)) => {
                world.ended[2] = kind != io::ErrorKind::Interrupted;
                world.log.push(Done::WriteFailed);
                return Poll::Ready(Err(kind.into()));
            }
        };
        world.ended[2] = count == 0;
        world.written.extend_from_slice(&bytes[..count]);
        world.log.push(Done::Wrote(count));
        Poll::Ready(Ok(count))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let world = &mut *self.0.borrow_mut();
        assert!(!world.ended[2], "flushed after the end");
        if world.flushes_pending > 0 {
            world.flushes_pending -= 1;
            return Poll::Pending;
        }
        world.log.push(Done::Flushed);
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let world = &mut *self.0.borrow_mut();
        world.ended[2] = true;
        assert!(!world.log.contains(&Done::Closed), "closed twice");
        if world.closes_pending > 0 {
            world.closes_pending -= 1;
            return Poll::Pending;
        }
        world.log.push(Done::Closed);
        Poll::Ready(Ok(()))
    }

    fn poll_exit(&mut self, _: &mut Context<'_>) -> Poll<Exit> {
        let world = &mut *self.0.borrow_mut();
        assert!(!world.ended[3], "waited for after the exit");
        let Some(exit) = world.exit else { return Poll::Pending };
        world.ended[3] = true;
        world.log.push(Done::Exited);
        Poll::Ready(exit)
    }

    fn poll_timer(&mut self, _: &mut Context<'_>, at: SessionTime) -> Poll<()> {
        let world = &mut *self.0.borrow_mut();
        world.timer = Some(at);
        if world.timer_lies { Poll::Ready(()) } else { Poll::Pending }
    }

    fn terminate(&mut self) {
        self.0.borrow_mut().log.push(Done::Signal(ChildCommand::Terminate));
    }

    fn kill(&mut self) {
        self.0.borrow_mut().log.push(Done::Signal(ChildCommand::Kill));
    }
}

/// A driver on the mock, and the world that it lives in.
pub(crate) struct Rig {
    pub(crate) driver: Driver<Mock>,
    pub(crate) world: Rc<RefCell<World>>,
    wakes: Arc<Wakes>,
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

pub(crate) fn rig(adjust: impl FnOnce(&mut Config)) -> Rig {
    let world = Rc::new(RefCell::new(World::default()));
    let mut config = Config::new(Seed::from_bytes([7; 16]));
    adjust(&mut config);
    Rig { driver: Driver::new(config, Mock(Rc::clone(&world))), world, wakes: Arc::default() }
}

impl Rig {
    pub(crate) fn poll(&mut self) -> Poll<Option<Action>> {
        let waker = Waker::from(Arc::clone(&self.wakes));
        self.driver.poll_next(&mut Context::from_waker(&waker))
    }

    pub(crate) fn wakes(&self) -> usize {
        self.wakes.0.load(Ordering::Relaxed)
    }

    /// All actions until nothing moves any more, however often the driver lets others have their turn.
    pub(crate) fn settle(&mut self) -> Vec<Action> {
        let mut actions = Vec::new();
        for _ in 0..100_000 {
            let wakes = self.wakes();
            match self.poll() {
                Poll::Ready(Some(action)) => actions.push(action),
                Poll::Ready(None) => return actions,
                Poll::Pending if self.wakes() == wakes => return actions,
                Poll::Pending => {}
            }
        }
        panic!("the driver does not come to rest");
    }

    pub(crate) fn log(&self) -> Vec<Done> {
        self.world.borrow().log.clone()
    }
}
