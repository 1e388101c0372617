//! `Kept::over` on any byte stream: a keeper that the test plays, and the bridge of the program.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::task::{Context, Poll};

use async_io::Async;
use claude_duplex::{Action, Config, Decision, Driver, IncomingKind, Outcome, Seed, Transport};
use claude_duplex_keeper::frame::{
    Exit, FrameReader, FromKeeper, Hello, Refusal, Stream, StreamState, ToKeeper, VERSION, Welcome,
};
use claude_duplex_keeper::transport::Kept;
use claude_duplex_keeper::transport::smol::SmolTimer;
use claude_duplex_keeper::{Attach, AttachError, Launch};
use futures_lite::future;

use crate::bridge::Bridge;
use crate::drivers::PROMPT;
use crate::kept::{self, KEEPER};

pub(crate) const TRIALS: [(&str, fn()); 8] = [
    ("stdin_counts_as_sent_when_the_keeper_has_taken_it", stdin_counts_as_sent_when_the_keeper_has_taken_it),
    ("output_in_any_chunks_is_read_completely", output_in_any_chunks_is_read_completely),
    ("reads_are_acknowledged_to_the_keeper", reads_are_acknowledged_to_the_keeper),
    ("a_connection_that_ends_reports_the_reason", a_connection_that_ends_reports_the_reason),
    ("a_keeper_without_a_welcome_is_an_error", a_keeper_without_a_welcome_is_an_error),
    ("a_conversation_over_the_bridge", a_conversation_over_the_bridge),
    ("a_bridge_that_is_killed_in_a_turn_is_replaced", a_bridge_that_is_killed_in_a_turn_is_replaced),
    ("a_bridge_that_cannot_attach_reports_the_reason", a_bridge_that_cannot_attach_reports_the_reason),
];

type Session = Kept<Async<UnixStream>, SmolTimer>;

/// Keeper that the test plays.
struct Keeper {
    socket: UnixStream,
    reader: FrameReader,
}

impl Keeper {
    fn send(&mut self, frame: &FromKeeper<'_>) {
        let mut bytes = Vec::new();
        frame.put(&mut bytes);
        self.socket.write_all(&bytes).unwrap();
    }

    /// Waits for the next frame.
    fn next<T>(&mut self, use_frame: impl FnOnce(ToKeeper<'_>) -> T) -> T {
        while !self.reader.has_frame().unwrap() {
            let count = self.socket.read(self.reader.space(1000)).unwrap();
            assert!(count > 0, "the host has closed the connection");
            self.reader.filled(count);
        }
        use_frame(ToKeeper::read(self.reader.next_frame().unwrap().unwrap()).unwrap())
    }
}

fn welcome(stdin_taken: u64) -> Welcome {
    Welcome {
        version: VERSION,
        session: "it".into(),
        epoch: 1,
        controlled: false,
        cli: 1,
        stdout: StreamState { oldest: 0, end: 0, ended: false },
        stderr: StreamState { oldest: 0, end: 0, ended: false },
        stdin_taken,
        stdin_written: stdin_taken,
        stdin_ended: false,
        stdin_closed: false,
        stdin_window: 100,
        signal: None,
        exit: None,
    }
}

/// Responds to the hello of a host with these frames, and returns both sides.
fn attach(frames: &[FromKeeper<'_>]) -> (Result<Session, AttachError>, Keeper) {
    let (host, keeper) = UnixStream::pair().unwrap();
    keeper.set_read_timeout(Some(kept::PATIENCE)).unwrap();
    let mut keeper = Keeper { socket: keeper, reader: FrameReader::default() };
    // They fit into the socket.
    frames.iter().for_each(|frame| keeper.send(frame));
    let host = Async::new(host).unwrap();
    let hello = Attach::controller().window(40).hello();
    let session = async_io::block_on(Kept::over(host, SmolTimer::default(), hello));
    let reported = keeper.next(|frame| matches!(frame, ToKeeper::Hello(Hello { token, .. }) if token.is_empty()));
    assert!(reported, "the hello has no token: a bridge puts it in");
    (session, keeper)
}

fn attached(stdin_taken: u64) -> (Session, Keeper) {
    let (session, keeper) = attach(&[FromKeeper::Welcome(welcome(stdin_taken))]);
    (session.unwrap(), keeper)
}

/// Polls once.
fn once<T>(poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> Option<T> {
    async_io::block_on(future::poll_once(future::poll_fn(poll)))
}

fn until<T>(poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
    let late = async {
        async_io::Timer::after(kept::PATIENCE).await;
        panic!("nothing has come");
    };
    async_io::block_on(future::or(future::poll_fn(poll), late))
}

/// A byte that the socket has, and the keeper not, is lost with the link: it must be given again.
fn stdin_counts_as_sent_when_the_keeper_has_taken_it() {
    let (mut session, mut keeper) = attached(7);
    assert_eq!(session.stdin_taken(), Some(7));
    assert!(once(|cx| session.poll_write(cx, b"hello\n")).is_none());
    keeper.next(|frame| assert_eq!(frame, ToKeeper::Stdin { offset: 7, bytes: b"hello\n" }));
    // The keeper has read the frame and has not reported it.
    assert!(once(|cx| session.poll_write(cx, b"hello\n")).is_none());
    keeper.send(&FromKeeper::Stdin { taken: 10, written: 8, closed: false });
    assert_eq!(until(|cx| session.poll_write(cx, b"hello\n")).unwrap(), 3);
    assert!(once(|cx| session.poll_write(cx, b"lo\nmore\n")).is_none());
    // What was sent before is not sent again.
    keeper.next(|frame| assert_eq!(frame, ToKeeper::Stdin { offset: 13, bytes: b"more\n" }));
    // More than the call offers is reported by the next one.
    keeper.send(&FromKeeper::Stdin { taken: 18, written: 18, closed: false });
    assert_eq!(until(|cx| session.poll_write(cx, b"lo")).unwrap(), 2);
    assert_eq!(until(|cx| session.poll_write(cx, b"\nmore\n")).unwrap(), 6);
    assert_eq!(session.stdin_taken(), Some(18));
    // No more than the window is ahead of the CLI.
    let long = [b'x'; 300];
    assert!(once(|cx| session.poll_write(cx, &long)).is_none());
    keeper.next(|frame| assert_eq!(frame, ToKeeper::Stdin { offset: 18, bytes: &long[..100] }));
    keeper.send(&FromKeeper::Stdin { taken: 118, written: 50, closed: false });
    assert_eq!(until(|cx| session.poll_write(cx, &long)).unwrap(), 100);
    assert!(once(|cx| session.poll_write(cx, &long[100..])).is_none());
    keeper.next(|frame| assert_eq!(frame, ToKeeper::Stdin { offset: 118, bytes: &long[..32] }));
    // The end comes behind it, once.
    for _ in 0..2 {
        assert!(until(|cx| session.poll_close(cx)).is_ok());
    }
    keeper.next(|frame| assert_eq!(frame, ToKeeper::StdinEnd { offset: 150 }));
    session.terminate();
    assert!(once(|cx| session.poll_exit(cx)).is_none());
    keeper.next(|frame| assert!(matches!(frame, ToKeeper::Signal(_)), "{frame:?}"));
    keeper.send(&FromKeeper::Stdin { taken: 118, written: 60, closed: true });
    until(|cx| session.poll_stdin_closed(cx));
    let error = until(|cx| session.poll_write(cx, &long[100..])).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
}

fn output_in_any_chunks_is_read_completely() {
    let frames = [
        FromKeeper::Output { stream: Stream::Stdout, offset: 0, bytes: b"one " },
        FromKeeper::Output { stream: Stream::Stderr, offset: 0, bytes: b"oops" },
        FromKeeper::Output { stream: Stream::Stdout, offset: 4, bytes: b"two" },
        FromKeeper::Exit(Exit::Code(3)),
        FromKeeper::OutputEnd { stream: Stream::Stderr, offset: 4 },
        FromKeeper::OutputEnd { stream: Stream::Stdout, offset: 7 },
    ];
    let mut bytes = Vec::new();
    frames.iter().for_each(|frame| frame.put(&mut bytes));
    for cut in [1, 2, 5, 16, bytes.len()] {
        let (mut session, mut keeper) = attached(0);
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let mut ended = [false; 2];
        for chunk in bytes.chunks(cut) {
            keeper.socket.write_all(chunk).unwrap();
            // A read that has nothing waits; one behind the end gives nothing.
            let mut buffer = [0; 3];
            while let Some(count) = once(|cx| session.poll_read(cx, &mut buffer)).filter(|_| !ended[0]) {
                let count = count.unwrap();
                ended[0] = count == 0;
                stdout.extend_from_slice(&buffer[..count]);
            }
            while let Some(count) = once(|cx| session.poll_read_stderr(cx, &mut buffer)).filter(|_| !ended[1]) {
                let count = count.unwrap();
                ended[1] = count == 0;
                stderr.extend_from_slice(&buffer[..count]);
            }
        }
        let mut buffer = [0; 3];
        while let count @ 1.. = until(|cx| session.poll_read(cx, &mut buffer)).unwrap() {
            stdout.extend_from_slice(&buffer[..count]);
        }
        while let count @ 1.. = until(|cx| session.poll_read_stderr(cx, &mut buffer)).unwrap() {
            stderr.extend_from_slice(&buffer[..count]);
        }
        assert_eq!((&*stdout, &*stderr), (&b"one two"[..], &b"oops"[..]), "cut into {cut}");
        assert_eq!(until(|cx| session.poll_exit(cx)), claude_duplex::Exit::Code(3));
    }
}

fn reads_are_acknowledged_to_the_keeper() {
    let (session, mut keeper) = attached(0);
    let mut session = session.without_journal();
    keeper.send(&FromKeeper::Output { stream: Stream::Stdout, offset: 0, bytes: &[b'x'; 40] });
    let mut buffer = [0; 30];
    assert_eq!(until(|cx| session.poll_read(cx, &mut buffer)).unwrap(), 30);
    let progress =
        |kept| ToKeeper::Progress { stdout_kept: kept, stderr_kept: 0, stdout_window: kept + 40, stderr_window: 40 };
    keeper.next(|frame| assert_eq!(frame, progress(30)));
    assert_eq!(until(|cx| session.poll_read(cx, &mut buffer)).unwrap(), 10);
    keeper.next(|frame| assert_eq!(frame, progress(40)));
}

fn a_connection_that_ends_reports_the_reason() {
    let gap = FromKeeper::Output { stream: Stream::Stdout, offset: 1, bytes: b"x" };
    let skipped = FromKeeper::Skipped { stream: Stream::Stderr, to: 9 };
    let cases: [(Option<FromKeeper<'_>>, &str); 6] = [
        (None, "is closed; attach again"),
        (Some(gap), "Stdout does not continue at byte 1"),
        (Some(skipped), "bytes of Stderr before 9 are no longer stored"),
        (Some(FromKeeper::Welcome(welcome(0))), "a second welcome"),
        (Some(FromKeeper::Refused(Refusal::Files("gone".into()))), "cannot read its files: gone"),
        (Some(FromKeeper::Replaced { epoch: 4, pid: 5 }), "process 5) has controlled the session since epoch 4"),
    ];
    for (frame, reason) in cases {
        let (mut session, mut keeper) = attached(0);
        let lost = session.lost();
        keeper.send(&FromKeeper::Trouble { text: "the disk is full".into() });
        match &frame {
            Some(frame) => keeper.send(frame),
            None => drop(keeper),
        }
        let mut buffer = [0; 10];
        // The session gets no end: it has not ended.
        let read = future::poll_fn(|cx| session.poll_read(cx, &mut buffer));
        let event = async_io::block_on(future::or(async { Ok(lost.clone().await) }, async { Err(read.await) }));
        let event = event.expect("nothing was read");
        assert!(event.to_string().contains(reason), "{event}");
        assert_eq!((lost.reason(), lost.trouble().as_deref()), (Some(event), Some("the disk is full")));
        assert!(once(|cx| session.poll_write(cx, b"x")).is_none());
    }
}

fn a_keeper_without_a_welcome_is_an_error() {
    let (refused, _keeper) = attach(&[FromKeeper::Refused(Refusal::Token)]);
    assert!(matches!(refused, Err(AttachError::Refused(Refusal::Token))), "{refused:?}");
    let (wrong, _keeper) = attach(&[FromKeeper::Exit(Exit::Unknown)]);
    assert!(wrong.unwrap_err().to_string().contains("the first frame is not a welcome"));
    let (host, keeper) = UnixStream::pair().unwrap();
    drop(keeper);
    let host = Async::new(host).unwrap();
    let ended = async_io::block_on(Kept::over(host, SmolTimer::default(), Attach::controller().hello()));
    assert!(matches!(ended, Err(AttachError::Connection(_))), "{ended:?}");
}

fn bridge(kept: &kept::Kept) -> Command {
    let mut command = Command::new(KEEPER);
    command.args(["attach", "--dir"]).arg(kept.place.path()).arg(kept.id.as_str());
    command
}

async fn over_bridge(kept: &kept::Kept, attach: Attach) -> Result<Kept<Bridge, SmolTimer>, AttachError> {
    Kept::over(Bridge::start(&mut bridge(kept)), SmolTimer::default(), attach.hello()).await
}

fn a_conversation_over_the_bridge() {
    let kept = kept::Kept::new().start();
    let done = async_io::block_on(async {
        let transport = over_bridge(&kept, Attach::controller()).await.unwrap().without_journal();
        crate::drivers::converse(Driver::new(crate::drivers::config(), transport)).await
    });
    assert_eq!(done, crate::drivers::whole());
}

fn a_bridge_that_is_killed_in_a_turn_is_replaced() {
    let kept = kept::Kept::new().start();
    let journal = kept.folder.join("journal");
    let config = Config::new(Seed::from_bytes([8; 16])).handle(IncomingKind::Permission);
    let open = |attach: Attach| over_bridge(&kept, attach);
    let outcomes = async_io::block_on(async {
        let transport = open(Attach::controller()).await.unwrap();
        let file = claude_duplex::journal::JournalFile::create(&journal).unwrap();
        let mut claude = Driver::new(config, transport).record_required(file);
        claude.prompt(PROMPT).unwrap();
        while !matches!(claude.next().await, Some(Action::IncomingRequest(_))) {}
        let handled = claude.action_number();
        // The bridge dies with the driver, which has a request open.
        drop(claude);
        let (file, mut session) = claude_duplex::journal::JournalFile::open(&journal).unwrap();
        session.skip_actions(handled);
        let transport = open(Attach::resume(session.offsets())).await.unwrap();
        assert_eq!(transport.welcome().epoch, 2);
        let mut claude = Driver::resume(session, transport).unwrap().record_required(file);
        let request = claude.protocol().open_incoming().next().unwrap().id();
        claude.respond(request, Decision::allow()).unwrap();
        let mut outcomes = Vec::new();
        while let Some(action) = claude.next().await {
            assert!(!matches!(action, Action::IncomingRequest(_)), "it was handled");
            if let Action::PromptEnded { outcome, .. } = action {
                outcomes.push(outcome);
                claude.close();
            }
        }
        outcomes
    });
    assert_eq!(outcomes, [Outcome::Success]);
}

fn a_bridge_that_cannot_attach_reports_the_reason() {
    let kept = kept::Kept::new();
    // There is no session.
    let output = bridge(&kept).stdin(Stdio::null()).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("no session it"), "{output:?}");
    assert_eq!(output.status.code(), Some(1));
    let launch = Launch::new(kept.place.clone(), "/bin/sleep").args(["600"]).keeper(KEEPER).id(kept.id.clone());
    launch.without_token_file().start().unwrap();
    // The program does not know the token, nor does the client.
    let error = async_io::block_on(over_bridge(&kept, Attach::controller())).unwrap_err();
    assert!(matches!(error, AttachError::Connection(_)), "{error}");
    // A client shows a wrong one: the keeper's refusal comes through.
    let wrong = Attach::controller().token(claude_duplex_keeper::Token::random().unwrap());
    let error = async_io::block_on(over_bridge(&kept, wrong)).unwrap_err();
    assert!(matches!(error, AttachError::Refused(Refusal::Token)), "{error}");
    // Something else than the protocol.
    for (reported, reason) in [
        (&b"GET / HTTP/1.1\r\n\r\n"[..], "at most"),
        (&[1, 0, 0, 0, 6][..], "its first frame is not a hello"),
        (&[][..], ""),
    ] {
        let mut child = bridge(&kept);
        child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = child.spawn().unwrap();
        child.stdin.take().unwrap().write_all(reported).unwrap();
        let output = child.wait_with_output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!((error.contains(reason), output.status.success()), (true, reason.is_empty()), "{output:?}");
        assert!(output.stdout.is_empty());
    }
}
