//! The host's own code, which a session calls (wakers, the writer of the journal, the subscriber of the trace), may itself
//! call any handle of that session.

use std::cell::Cell;
use std::future::Future;
use std::io::{self, Write};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use claude_duplex::testing::{Script, Step, ToolStep};
use claude_duplex::{
    Action, CloseReason, Config, Decision, Handlers, IncomingKinds, Interrupt, Journal, Overflow, Prompt, PromptId,
    Request, Session,
};
use futures_lite::future::zip;

use crate::stage::{Stage, scenarios};

scenarios! {
    callbacks_can_call_every_handle: chat(),
    callbacks_can_close_the_session: chat(),
    callbacks_can_abort_the_session: chat(),
    a_failing_or_panicking_writer_ends_only_the_journal: chat(),
}

fn chat() -> Script {
    Script::default()
        .then([Step::from(ToolStep::bash("ls").requires_permission()), Step::text("done")])
        .then([Step::text("and again")])
}

/// How many commands a curious host gives: each causes more of its own calls.
const COMMANDS: usize = 40;

/// Places in the host's code.
#[derive(Debug, Clone, Copy)]
enum Place {
    Wake,
    DropWaker,
    Write,
    Trace,
}

/// A host that calls the handles wherever it is called.
#[derive(Clone)]
struct Reentrant(Arc<Inner>);

struct Inner {
    session: Mutex<Option<(Session, PromptId)>>,
    calls: [AtomicUsize; 4],
    commands: AtomicUsize,
    last: fn(&Session),
}

thread_local! {
    /// It calls a handle: what that calls, calls none.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

impl Reentrant {
    fn new(last: fn(&Session)) -> Self {
        let calls = [const { AtomicUsize::new(0) }; 4];
        Self(Arc::new(Inner { session: Mutex::default(), calls, commands: AtomicUsize::new(0), last }))
    }

    fn about(&self, claude: &Session, prompt: PromptId) {
        *self.0.session.lock().unwrap() = Some((claude.clone(), prompt));
    }

    fn forget(&self) {
        let forgotten = self.0.session.lock().unwrap().take();
        drop(forgotten);
    }

    fn calls(&self, place: Place) -> usize {
        self.0.calls[place as usize].load(Ordering::Relaxed)
    }

    fn call(&self, place: Place) {
        // A thread that ends has none.
        if INSIDE.try_with(|inside| inside.replace(true)) != Ok(false) {
            return;
        }
        let about = self.0.session.lock().unwrap().clone();
        if let Some((claude, prompt)) = about {
            self.0.calls[place as usize].fetch_add(1, Ordering::Relaxed);
            self.send_request(&claude);
            if self.0.commands.fetch_add(1, Ordering::Relaxed) < COMMANDS {
                command(&claude, prompt);
                (self.0.last)(&claude);
            }
        }
        INSIDE.set(false);
    }

    /// Every query.
    fn send_request(&self, claude: &Session) {
        let _ = (claude.session_id(), claude.cli_session(), claude.pid(), claude.is_alive(), claude.exit_status());
        let _ = (claude.recording_error(), claude.io_error(), claude.stats(), format!("{claude:?}"));
        drop((claude.subscribe(1, Overflow::Oldest), claude.incoming_of(IncomingKinds::NONE), claude.wait_for_exit()));
        let mut room = std::pin::pin!(claude.ready());
        let _ = room.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let mut exit = std::pin::pin!(claude.wait_for_exit());
        let _ = exit.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    }
}

/// Every command, in a form that changes little.
fn command(claude: &Session, prompt: PromptId) {
    let _ = claude.cancel(prompt);
    drop(claude.interrupt(Interrupt::prompt(prompt)).map_err(|refused| refused.to_string()));
    drop(claude.request(Request::new("mcp_status")).map_err(|refused| refused.to_string()));
    drop(
        claude
            .prompt(Prompt::text("more").when_busy(claude_duplex::WhenBusy::Reject))
            .map_err(|refused| refused.to_string()),
    );
}

impl Write for Reentrant {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.call(Place::Write);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.call(Place::Write);
        Ok(())
    }
}

/// A waker that calls when it is woken or dropped.
struct Bell {
    task: Waker,
    host: Reentrant,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.host.call(Place::Wake);
        self.task.wake_by_ref();
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        self.host.call(Place::DropWaker);
    }
}

/// A future whose wakers and subscriber are the curious host's.
struct Listened<F> {
    future: Pin<Box<F>>,
    host: Reentrant,
}

impl<F: Future> Future for Listened<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // Another one for each poll, so that the former is dropped.
        let waker = Waker::from(Arc::new(Bell { task: cx.waker().clone(), host: self.host.clone() }));
        let host = self.host.clone();
        tracing::subscriber::with_default(host, || self.future.as_mut().poll(&mut Context::from_waker(&waker)))
    }
}

impl tracing::Subscriber for Reentrant {
    /// Calls nothing: `tracing` holds a lock of its own while it registers a call site.
    fn register_callsite(&self, _: &'static tracing::Metadata<'static>) -> tracing::subscriber::Interest {
        tracing::subscriber::Interest::sometimes()
    }

    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        self.call(Place::Trace);
        true
    }

    fn max_level_hint(&self) -> Option<tracing::level_filters::LevelFilter> {
        Some(tracing::level_filters::LevelFilter::TRACE)
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        self.call(Place::Trace);
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {
        self.call(Place::Trace);
    }

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, _: &tracing::Event<'_>) {
        self.call(Place::Trace);
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}

    fn try_close(&self, _: tracing::span::Id) -> bool {
        self.call(Place::Trace);
        false
    }
}

/// A chat in which everything that the session calls is the curious host's.
async fn listened(stage: &Stage, host: &Reentrant) -> claude_duplex::SessionClosed {
    let (claude, runner) = stage.open_recorded(|_| {}, Some(Box::new(host.clone())));
    let run = stage.spawn(Listened { future: Box::pin(runner), host: host.clone() });
    let (incoming_requests, exit) = (claude.incoming().unwrap(), claude.wait_for_exit());
    let handlers = Handlers::new().permission(async |_| Decision::allow());
    let talk = async move {
        let mut turn = claude.prompt("go").unwrap();
        let over = claude.prompt("and again").unwrap();
        host.about(&claude, turn.id());
        while turn.next().await.is_some() {}
        turn.finish().await;
        over.finish().await;
        claude.close();
    };
    let talk = Listened { future: Box::pin(talk), host: host.clone() };
    let exit = Listened { future: Box::pin(exit), host: host.clone() };
    let serve = Listened { future: Box::pin(incoming_requests.serve(handlers).unwrap()), host: host.clone() };
    let (closed, (_, exit)) = zip(run, zip(zip(talk, serve), exit)).await;
    assert_eq!(exit, closed);
    host.forget();
    closed
}

async fn callbacks_can_call_every_handle(stage: &Stage) {
    let host = Reentrant::new(|_| {});
    let closed = listened(stage, &host).await;
    assert_eq!(closed.reason, CloseReason::Closed);
    for place in [Place::Wake, Place::DropWaker, Place::Write] {
        assert!(host.calls(place) > 0, "{place:?} was never called");
    }
    assert!(!cfg!(feature = "tracing") || host.calls(Place::Trace) > 0);
}

async fn callbacks_can_close_the_session(stage: &Stage) {
    let host = Reentrant::new(Session::close);
    assert_eq!(listened(stage, &host).await.reason, CloseReason::Closed);
}

async fn callbacks_can_abort_the_session(stage: &Stage) {
    let host = Reentrant::new(Session::abort);
    assert_eq!(listened(stage, &host).await.reason, CloseReason::Aborted);
}

/// Writes some lines, then breaks.
struct Breaks {
    lines: usize,
    panics: bool,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Write for Breaks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.lines == 0 {
            assert!(!self.panics, "a writer that panics");
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.lines -= 1;
        self.written.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn a_failing_or_panicking_writer_ends_only_the_journal(stage: &Stage) {
    let written = Arc::<Mutex<Vec<u8>>>::default();
    let writer = Breaks { lines: 3, panics: false, written: Arc::clone(&written) };
    let (claude, runner) = stage.open_recorded(|_| {}, Some(Box::new(writer)));
    let run = stage.spawn(runner);
    let mut watch = claude.subscribe(10_000, Overflow::Oldest);
    assert!(claude.recording_error().is_none() && claude.io_error().is_none());
    drop(claude.prompt("go").unwrap());
    while !matches!(watch.next().await, Some(Ok(Action::IncomingRequest(_)))) {}
    let is_full = |claude: &Session| match claude.recording_error() {
        Some(claude_duplex::journal::RecordingError::Failed(error)) => error.kind() == io::ErrorKind::StorageFull,
        _ => false,
    };
    assert!(is_full(&claude), "{:?}", claude.recording_error());
    claude.close();
    assert_eq!(run.await.reason, CloseReason::Closed);
    // It can still be asked for.
    assert!(is_full(&claude));
    // What was written is a journal.
    assert!(!Journal::read(&written.lock().unwrap()).unwrap().inputs.is_empty());

    // A panic goes to whoever gave the command, or runs the session; there it ends the session as any panic does.
    let writer = Breaks { lines: 1, panics: true, written: Arc::default() };
    let (claude, runner) = stage.open_recorded(|_: &mut Config| {}, Some(Box::new(writer)));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(claude.prompt("go"))));
    assert!(panicked.is_err());
    let run = stage.spawn(runner);
    drop(claude.prompt("and again").unwrap());
    assert!(claude.recording_error().is_some() && claude.is_alive());
    claude.close();
    run.await;
}
