//! A session with a child in memory, and a record of what was done to the child.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use claude_duplex::testing::{InMemory, Script, TestRuntime};
use claude_duplex::{
    Action, ChildCommand, Config, Exit, HandleLimits, IncomingKinds, Lagged, Message, Runner, Seed, Session,
    SessionBuilder, SessionTime, Subscriber, Transport, WhenDropped,
};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

pub(crate) struct Rig {
    pub(crate) runtime: TestRuntime,
    pub(crate) claude: Session,
    pub(crate) runner: Runner,
    pub(crate) log: Log,
}

/// What was done to the child.
#[derive(Clone, Default)]
pub(crate) struct Log {
    written: Arc<Mutex<Vec<u8>>>,
    signals: Arc<Mutex<Vec<ChildCommand>>>,
    gone: Arc<AtomicBool>,
    read: Arc<AtomicUsize>,
    /// The child has exited before its output was read, and who waits for that.
    exited: Arc<Mutex<(bool, Option<Waker>)>>,
    /// The next read panics.
    pub(crate) panics: Arc<AtomicBool>,
    /// Nothing is taken that is written.
    pub(crate) holds: Arc<AtomicBool>,
}

impl Log {
    /// The lines that the host wrote.
    pub(crate) fn written(&self) -> Vec<String> {
        String::from_utf8(self.written.lock().unwrap().clone()).unwrap().lines().map(str::to_owned).collect()
    }

    /// Those of them that answer something.
    pub(crate) fn answers(&self) -> Vec<String> {
        self.written().into_iter().filter(|line| line.contains("control_response")).collect()
    }

    /// How many of them give or withdraw something of that subtype.
    pub(crate) fn requests(&self, subtype: &str) -> usize {
        let named = format!(r#""subtype":"{subtype}""#);
        self.written().iter().filter(|line| line.contains("control_request") && line.contains(&named)).count()
    }

    pub(crate) fn signals(&self) -> Vec<ChildCommand> {
        self.signals.lock().unwrap().clone()
    }

    /// Returns how many bytes of stdout were read.
    pub(crate) fn read(&self) -> usize {
        self.read.load(Ordering::Relaxed)
    }

    /// Lets the child exit, whatever it has written that was not read.
    pub(crate) fn exit(&self) {
        let waker = std::mem::replace(&mut *self.exited.lock().unwrap(), (true, None)).1;
        waker.into_iter().for_each(Waker::wake);
    }

    /// Whether the transport was dropped, which kills the group.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }
}

/// The child, watched.
struct Tap {
    child: InMemory,
    log: Log,
}

impl Transport for Tap {
    fn now(&self) -> SessionTime {
        self.child.now()
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        assert!(!self.log.panics.load(Ordering::Relaxed), "a transport that panics");
        let read = self.child.poll_read(cx, buffer);
        if let Poll::Ready(Ok(count)) = &read {
            self.log.read.fetch_add(*count, Ordering::Relaxed);
        }
        read
    }

    fn poll_read_stderr(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.child.poll_read_stderr(cx, buffer)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.log.holds.load(Ordering::Relaxed) {
            return Poll::Pending;
        }
        let written = self.child.poll_write(cx, bytes);
        if let Poll::Ready(Ok(count)) = &written {
            self.log.written.lock().unwrap().extend_from_slice(&bytes[..*count]);
        }
        written
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.child.poll_flush(cx)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.child.poll_close(cx)
    }

    fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<Exit> {
        let mut exited = self.log.exited.lock().unwrap();
        if exited.0 {
            return Poll::Ready(Exit::Code(3));
        }
        exited.1 = Some(cx.waker().clone());
        self.child.poll_exit(cx)
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>, at: SessionTime) -> Poll<()> {
        self.child.poll_timer(cx, at)
    }

    fn process_id(&self) -> Option<u32> {
        Some(4242)
    }

    fn terminate(&mut self) {
        self.log.signals.lock().unwrap().push(ChildCommand::Terminate);
        self.child.terminate();
    }

    fn kill(&mut self) {
        self.log.signals.lock().unwrap().push(ChildCommand::Kill);
        self.child.kill();
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.log.gone.store(true, Ordering::Relaxed);
    }
}

/// A session that owns every incoming request.
pub(crate) fn open(script: Script) -> Rig {
    open_with(script, |_| {}, |_| {})
}

pub(crate) fn open_with(
    script: Script,
    configure: impl FnOnce(&mut Config),
    limit: impl FnOnce(&mut HandleLimits),
) -> Rig {
    open_in(&TestRuntime::new(), Seed::from_bytes([7; 16]), script, configure, limit)
}

/// A session that owns every incoming request, whose last handle ends it in that way.
pub(crate) fn open_dropped(script: Script, when_dropped: WhenDropped) -> Rig {
    let (runtime, log) = (TestRuntime::new(), Log::default());
    let transport = Tap { child: runtime.start(script), log: log.clone() };
    let mut config = Config::default();
    config.handled = IncomingKinds::ALL;
    let (claude, runner) = Session::builder().config(config).when_dropped(when_dropped).open_on(transport);
    Rig { runtime, claude, runner, log }
}

pub(crate) fn open_in(
    runtime: &TestRuntime,
    seed: Seed,
    script: Script,
    configure: impl FnOnce(&mut Config),
    limit: impl FnOnce(&mut HandleLimits),
) -> Rig {
    let mut config = Config::new(seed);
    config.handled = IncomingKinds::ALL;
    configure(&mut config);
    let mut limits = HandleLimits::default();
    limit(&mut limits);
    let log = Log::default();
    let transport = Tap { child: runtime.start(script), log: log.clone() };
    let (claude, runner) = Session::builder().config(config).limits(limits).open_on(transport);
    Rig { runtime: runtime.clone(), claude, runner, log }
}

/// A session of that builder.
pub(crate) fn open_built(script: Script, builder: SessionBuilder) -> Rig {
    let (runtime, log) = (TestRuntime::new(), Log::default());
    let transport = Tap { child: runtime.start(script), log: log.clone() };
    let (claude, runner) = builder.open_on(transport);
    Rig { runtime, claude, runner, log }
}

impl Rig {
    /// Runs the session beside what the test does with it, then to its end.
    pub(crate) fn run<'t, F: Future + 't>(self, test: impl FnOnce(Session) -> F) -> F::Output {
        // Boxed, so that the runner is not compiled once for each test.
        let test: Pin<Box<dyn Future<Output = F::Output> + 't>> = Box::pin(test(self.claude));
        self.runtime.run(self.runner.run_until(test))
    }
}

/// All that a subscriber is told until the end.
pub(crate) async fn all(mut subscriber: Subscriber) -> Vec<Result<Action, Lagged>> {
    let mut reported = Vec::new();
    while let Some(next) = subscriber.next().await {
        reported.push(next);
    }
    reported
}

/// The actions up to the first that is wanted.
pub(crate) async fn until(subscriber: &mut Subscriber, wanted: impl Fn(&Action) -> bool) -> Vec<Action> {
    let mut reported = Vec::new();
    while let Some(action) = subscriber.next().await {
        reported.push(action.expect("no lag"));
        if wanted(&reported[reported.len() - 1]) {
            return reported;
        }
    }
    panic!("it never came: {reported:?}");
}

/// The text that a message adds to an answer, in parts.
pub(crate) fn delta(message: &Message) -> Option<String> {
    match message.delta() {
        Some(claude_duplex::StreamDelta::Text(text)) => Some(text),
        _ => None,
    }
}

pub(crate) fn assert_send<T: Send>(value: T) -> T {
    value
}
