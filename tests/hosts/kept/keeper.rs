//! A keeper in memory: it has the streams of a scripted CLI, with offsets, while hosts come and go.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll};

use claude_duplex::testing::{InMemory, Script, TestRuntime};
use claude_duplex::{Exit, Offsets, SessionTime, Transport};

pub(crate) struct Keeper {
    child: InMemory,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    /// All that the CLI was given.
    pub(crate) stdin: Vec<u8>,
    pub(crate) acknowledged: Offsets,
}

impl Keeper {
    pub(crate) fn new(runtime: &TestRuntime, script: Script) -> Rc<RefCell<Self>> {
        let (stdout, stderr, stdin) = Default::default();
        let child = runtime.start(script);
        Rc::new(RefCell::new(Self { child, stdout, stderr, stdin, acknowledged: Offsets::default() }))
    }
}

/// The transport of one host. Its clock begins as it attaches, and its drop ends nothing.
pub(crate) struct Attached {
    keeper: Rc<RefCell<Keeper>>,
    stdout: usize,
    stderr: usize,
    /// Bytes of stdin that were reported to the host.
    reported: usize,
    since: SessionTime,
}

impl Attached {
    pub(crate) fn new(keeper: &Rc<RefCell<Keeper>>, offsets: Offsets) -> Self {
        let since = keeper.borrow().child.now();
        let reported = keeper.borrow().stdin.len();
        let (stdout, stderr) = (offsets.stdout as usize, offsets.stderr as usize);
        Self { keeper: Rc::clone(keeper), stdout, stderr, reported, since }
    }
}

/// Reads what is kept behind an offset; what is new is kept first.
fn read(
    kept: &mut Vec<u8>,
    at: &mut usize,
    buffer: &mut [u8],
    poll: impl FnOnce(&mut [u8]) -> Poll<io::Result<usize>>,
) -> Poll<io::Result<usize>> {
    if *at == kept.len() {
        let mut chunk = [0; 512];
        match poll(&mut chunk) {
            Poll::Ready(Ok(0)) => return Poll::Ready(Ok(0)),
            Poll::Ready(Ok(count)) => kept.extend_from_slice(&chunk[..count]),
            other => return other,
        }
    }
    let count = (kept.len() - *at).min(buffer.len());
    buffer[..count].copy_from_slice(&kept[*at..*at + count]);
    *at += count;
    Poll::Ready(Ok(count))
}

impl Transport for Attached {
    fn now(&self) -> SessionTime {
        SessionTime::from(self.keeper.borrow().child.now().saturating_duration_since(self.since))
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let Keeper { child, stdout, .. } = &mut *self.keeper.borrow_mut();
        read(stdout, &mut self.stdout, buffer, |chunk| child.poll_read(cx, chunk))
    }

    fn poll_read_stderr(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let Keeper { child, stderr, .. } = &mut *self.keeper.borrow_mut();
        read(stderr, &mut self.stderr, buffer, |chunk| child.poll_read_stderr(cx, chunk))
    }

    /// Takes bytes by their offsets, a few at a time, and reports with the next call: a host can be killed between.
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Keeper { child, stdin, .. } = &mut *self.keeper.borrow_mut();
        let taken = stdin.len() - self.reported;
        if taken > 0 {
            self.reported = stdin.len();
            return Poll::Ready(Ok(taken));
        }
        let some = &bytes[..bytes.len().min(50)];
        let Poll::Ready(count) = child.poll_write(cx, some)? else { return Poll::Pending };
        stdin.extend_from_slice(&some[..count]);
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.keeper.borrow_mut().child.poll_close(cx)
    }

    fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<Exit> {
        self.keeper.borrow_mut().child.poll_exit(cx)
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>, at: SessionTime) -> Poll<()> {
        let at = self.since.saturating_add(at.saturating_duration_since(SessionTime::ZERO));
        self.keeper.borrow_mut().child.poll_timer(cx, at)
    }

    fn stdin_taken(&self) -> Option<u64> {
        Some(self.keeper.borrow().stdin.len() as u64)
    }

    fn acknowledge(&mut self, offsets: Offsets) {
        let acknowledged = &mut self.keeper.borrow_mut().acknowledged;
        assert!(offsets.stdout >= acknowledged.stdout && offsets.stdin >= acknowledged.stdin);
        *acknowledged = offsets;
    }

    fn terminate(&mut self) {
        self.keeper.borrow_mut().child.terminate();
    }

    fn kill(&mut self) {
        self.keeper.borrow_mut().child.kill();
    }
}
