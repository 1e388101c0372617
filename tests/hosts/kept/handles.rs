//! Handles on a session that goes on: each open prompt and each open request of the CLI has one again.

use std::future::Future as _;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use claude_duplex::journal::{JournalFile, RecordingError};
use claude_duplex::testing::{InMemory, TestRuntime};
use claude_duplex::{
    Action, Decision, Driver, Exit, Handlers, IncomingError, IncomingKind, Outcome, Protocol, ResumedSession, Session,
    SessionTime, Transport,
};

use super::{Folder, config, script};

/// A child that outlives its driver, and that nothing is kept for: the hosts are not killed within a write.
#[derive(Clone)]
struct Kept(Arc<Mutex<InMemory>>);

impl Kept {
    fn with<R>(&self, call: impl FnOnce(&mut InMemory) -> R) -> R {
        call(&mut self.0.lock().expect("nothing panics with it"))
    }
}

impl Transport for Kept {
    fn now(&self) -> SessionTime {
        self.with(|child| child.now())
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.with(|child| child.poll_read(cx, buffer))
    }

    fn poll_read_stderr(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.with(|child| child.poll_read_stderr(cx, buffer))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.with(|child| child.poll_write(cx, bytes))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|child| child.poll_flush(cx))
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|child| child.poll_close(cx))
    }

    fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<Exit> {
        self.with(|child| child.poll_exit(cx))
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>, at: SessionTime) -> Poll<()> {
        self.with(|child| child.poll_timer(cx, at))
    }

    fn kill(&mut self) {
        self.with(Transport::kill);
    }
}

/// Returns a session with three prompts, of which the first waits for a permission that the former host was asked for.
fn with_open_request(runtime: &TestRuntime) -> (Protocol, Kept) {
    let child = Kept(Arc::new(Mutex::new(runtime.start(script()))));
    let mut driver = Driver::new(config(), child.clone());
    for text in ["first", "second", "third"] {
        driver.prompt(text).expect("there is room");
    }
    runtime.run(async { while !matches!(driver.next().await, Some(Action::IncomingRequest(_))) {} });
    let restored = Protocol::restore(&driver.protocol().snapshot()).expect("it is whole");
    (restored, child)
}

#[test]
fn each_open_prompt_has_a_handle_and_each_open_request_its_handler() {
    let runtime = TestRuntime::new();
    let (restored, child) = with_open_request(&runtime);
    let number = restored.action_number();
    let called = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&called);
    let handlers = Handlers::new().permission(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        async { Decision::allow() }
    });
    let driver = Driver::resume(restored, child).expect("it fits");
    let ResumedSession { session, runner, prompts, .. } =
        Session::builder().handlers(handlers).resume(driver).expect("the session handles permissions");
    assert_eq!(prompts.iter().map(|prompt| prompt.id().number()).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(session.action_number(), number);
    assert!(session.session_id().is_some(), "the CLI has introduced itself before");
    let ends = runtime.run(runner.run_until(async move {
        let mut ends = Vec::new();
        for prompt in prompts {
            ends.push(prompt.finish().await);
        }
        assert!(session.action_number() > number);
        ends
    }));
    assert!(ends.iter().all(|end| end.outcome == Outcome::Success), "{ends:?}");
    assert_eq!(ends[0].text(), "three files");
    // The request that was open, and the one of the third prompt.
    assert_eq!(called.load(Ordering::Relaxed), 2);
}

#[test]
fn a_stream_gets_the_open_request_or_it_is_declined() {
    for takes in [true, false] {
        let runtime = TestRuntime::new();
        let (restored, child) = with_open_request(&runtime);
        let driver = Driver::resume(restored, child).expect("it fits");
        let ResumedSession { session, runner, mut prompts, .. } =
            Session::builder().resume(driver).expect("it has no handlers");
        let first = prompts.remove(0);
        let incoming = takes.then(|| session.incoming().expect("nobody takes them"));
        let end = runtime.run(runner.run_until(async move {
            if let Some(mut incoming) = incoming {
                let request = incoming.next().await.expect("it is open");
                assert_eq!(request.kind(), IncomingKind::Permission);
                request.respond(Decision::allow()).expect("it is open");
            }
            let end = first.finish().await;
            session.abort();
            end
        }));
        assert_eq!(end.declined().is_empty(), takes, "{end:?}");
        assert_eq!(end.outcome, Outcome::Success);
    }
}

#[test]
fn an_unread_end_is_delivered_to_the_new_handle() {
    let runtime = TestRuntime::new();
    let child = Kept(Arc::new(Mutex::new(runtime.start(Default::default()))));
    let mut driver = Driver::new(config(), child.clone());
    driver.prompt("first").expect("there is room");
    // The actions that came with it are not read.
    runtime.run(async { while !matches!(driver.next().await, Some(Action::TurnStarted { .. })) {} });
    let mut protocol = Protocol::restore(&driver.protocol().snapshot()).expect("it is whole");
    drop(driver);
    // Nor is what follows: the prompt ends unread.
    let (mut child, mut buffer) = (child, [0; 512]);
    while !protocol.is_idle() {
        let read = runtime.run(std::future::poll_fn(|cx| child.poll_read(cx, &mut buffer)));
        let now = protocol.now();
        protocol.receive(now, &buffer[..read.expect("it is readable")]);
    }
    let driver = Driver::resume(protocol, child).expect("it fits");
    let ResumedSession { session, runner, mut prompts, .. } = Session::builder().resume(driver).expect("no handlers");
    let prompt = prompts.remove(0);
    let end = runtime.run(runner.run_until(async move {
        let end = prompt.finish().await;
        session.abort();
        end
    }));
    assert_eq!((end.outcome, end.text()), (Outcome::Success, "ok".into()));
}

#[test]
fn handlers_of_kinds_that_the_session_declines_are_refused() {
    let runtime = TestRuntime::new();
    let (restored, child) = with_open_request(&runtime);
    let driver = Driver::resume(restored, child).expect("it fits");
    let handlers = Handlers::new().elicitation(async |_| claude_duplex::incoming::ElicitationResponse::decline());
    let refused = Session::builder().handlers(handlers).resume(driver).map(drop);
    assert!(matches!(refused, Err(IncomingError::NotHandled(_))), "{refused:?}");
}

/// The host that leaves drops its runner: the next one goes on, also with the request that nobody answered.
#[test]
fn a_runner_that_is_dropped_leaves_the_session_to_the_next_host() {
    let folder = Folder::new();
    let runtime = TestRuntime::new();
    let child = Kept(Arc::new(Mutex::new(runtime.start(script()))));
    let journal = JournalFile::create(folder.journal()).expect("a new file");
    let driver = Driver::new(config(), child.clone()).record_required(journal);
    let (session, mut runner) = driver.into_session();
    let prompts: Vec<_> = ["first", "second"].map(|text| session.prompt(text).expect("there is room")).into();
    let mut incoming = session.incoming().expect("nobody takes them");
    let request = runtime.run(async {
        let mut next = std::pin::pin!(incoming.next());
        std::future::poll_fn(|cx| {
            assert!(std::pin::Pin::new(&mut runner).poll(cx).is_pending());
            next.as_mut().poll(cx)
        })
        .await
    });
    assert!(request.is_some());
    session.acknowledge(session.action_number());
    drop(runner);
    let ended = runtime.run(prompts.into_iter().next().expect("two prompts").finish());
    assert!(matches!(ended.outcome, Outcome::Lost(_)), "it ends for this host");
    drop((session, incoming, request));

    let opened = std::iter::repeat_with(|| JournalFile::open(folder.journal()).ok()).flatten().next();
    let (journal, restored) = opened.expect("the former host is gone");
    assert!(!restored.is_closed() && restored.open_incoming().count() == 1);
    let driver = Driver::resume(restored, child).expect("it fits").record_required(journal);
    let handlers = Handlers::new().permission(async |_| Decision::allow());
    let ResumedSession { session, runner, prompts, .. } =
        Session::builder().handlers(handlers).resume(driver).expect("the session handles permissions");
    let outcomes = runtime.run(runner.run_until(async move {
        let mut outcomes = Vec::new();
        for prompt in prompts {
            outcomes.push(prompt.finish().await.outcome);
        }
        drop(session);
        outcomes
    }));
    assert_eq!(outcomes, [Outcome::Success, Outcome::Success]);
}

#[test]
fn a_session_whose_required_journal_fails_ends_for_this_host() {
    let folder = Folder::new();
    let runtime = TestRuntime::new();
    let child = Kept(Arc::new(Mutex::new(runtime.start(script()))));
    let journal = JournalFile::create(folder.journal()).expect("a new file").rotate_at(0);
    let (session, runner) = Driver::new(config(), child).record_required(journal).into_session();
    let prompt = session.prompt("first").expect("there is room");
    std::fs::remove_dir_all(&folder.0).expect("it is gone");
    let outcome = runtime.run(runner.run_until(async {
        session.ready().await;
        let mut prompt = prompt;
        let _ = prompt.next().await;
        session.acknowledge(session.action_number());
        prompt.finish().await.outcome
    }));
    assert!(matches!(outcome, Outcome::Lost(_)), "{outcome:?}");
    assert!(matches!(session.recording_error(), Some(RecordingError::Failed(_))));
}
