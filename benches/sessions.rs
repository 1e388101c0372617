//! What the handles of a session cost over the driver that they are on.
//!
//! * A thousand sessions in one process, each idle after a turn of everything: text in parts, a tool that asks, a hook, a
//!   request; with a subscriber and an owner of the incoming requests. What each holds on the heap.
//! * A child that writes 10,000 small messages, read by a subscriber of a session; against the same child, read by a bare
//!   loop on the same runtime, and the core's own time on the same bytes. In the processor's time of the thread that reads.
//! * The same with a subscriber that the session waits for, and with one for which the oldest action is dropped: what the
//!   waiting costs a reader that keeps up.
//! * A turn of 10,000 parts of text, read as messages and as edits.
//!
//! `cargo bench --bench sessions --features smol`

#[path = "clock/mod.rs"]
mod clock;
#[allow(dead_code, reason = "another bench reads the rest")]
#[path = "corpora/mod.rs"]
mod corpora;
#[path = "counting/mod.rs"]
mod counting;
#[path = "streamed/mod.rs"]
mod streamed;

use std::hint::black_box;
use std::io;
use std::io::Write;
use std::pin::Pin;
use std::process::ExitCode;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_process::{Command, Stdio};
use claude_duplex::{
    Action, Config, Decision, Driver, Exit, IncomingKinds, IncomingRequests, Options, Overflow, Protocol, Request,
    Runner, Seed, Session, SessionTime, Subscriber, Transport,
};
use clock::{median, spent};
use counting::{Counting, counted};
use futures_lite::{AsyncReadExt, AsyncWriteExt, Future};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const SESSIONS: usize = 1000;
/// Bytes on the heap for each of them.
const EACH_AT_MOST: f64 = 32.0 * 1024.0;

const MESSAGES: usize = 10_000;
/// Odd, for the median.
const RUNS: usize = 15;
/// How much longer a session with a subscriber may take than the bare loop and the core.
const RATIO_AT_MOST: f64 = 1.3;
/// How much longer a session may take that waits for its reader than one that drops.
const WAITING_AT_MOST: f64 = 1.1;
/// Actions that such a reader may leave unread.
const CAPACITY: usize = 1024;

fn main() -> ExitCode {
    // The file of the child below is this program's, and it is told so.
    if std::env::args().nth(1).as_deref() == Some("--talk") {
        return talk();
    }
    let each = idle_sessions();
    println!("sessions idle {SESSIONS} bytes_each {each:.0} limit {EACH_AT_MOST:.0}");
    let Throughput { session, bare, core, dropping, waiting } = throughput();
    let ratio = session / (bare + core);
    let waits = waiting / dropping;
    println!(
        "sessions messages {MESSAGES} session_ms {:.2} bare_ms {:.2} core_ms {:.2} ratio {ratio:.2} limit {RATIO_AT_MOST}",
        session * 1e3,
        bare * 1e3,
        core * 1e3
    );
    println!(
        "sessions readers dropping_ms {:.2} waiting_ms {:.2} ratio {waits:.3} limit {WAITING_AT_MOST}",
        dropping * 1e3,
        waiting * 1e3
    );
    let streamed = streamed::streamed();
    println!(
        "sessions turn unread_ms {:.2} messages_ms {:.2} edits_ms {:.2} edits_share {:.2}",
        streamed.unread * 1e3,
        streamed.messages * 1e3,
        streamed.edits * 1e3,
        (streamed.edits - streamed.unread) / streamed.edits
    );
    if each <= EACH_AT_MOST && ratio <= RATIO_AT_MOST && waits <= WAITING_AT_MOST {
        return ExitCode::SUCCESS;
    }
    eprintln!("sessions: over a limit");
    ExitCode::FAILURE
}

// A thousand idle sessions.

/// A child that says a turn when it is spoken to, without any memory of its own: not the host's to count.
struct Canned {
    now: SessionTime,
    /// How much of the turn was said.
    text: usize,
    spoken_to: bool,
}

const PROMPT_UUID: &str = "@UUID@";
const PART: &str = r#"{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a part of the answer"}},"session_id":"9a0c2f0e-0000-4000-8000-000000000000","parent_tool_use_id":null,"uuid":"00000000-0000-4000-8000-000000000001"}"#;
const TURN: [&str; 8] = [
    r#"{"type":"system","subtype":"init","session_id":"9a0c2f0e-0000-4000-8000-000000000000","claude_code_version":"2.1.329","capabilities":["interrupt_receipt_v1","interrupt_cancel_queued_v1","queued_notifications","msg_lifecycle_v1"],"tools":["Bash","Read","Edit","Grep"]}"#,
    r#"{"type":"user","uuid":"@UUID@","isReplay":true,"message":{"role":"user","content":"hello"},"session_id":"9a0c2f0e-0000-4000-8000-000000000000"}"#,
    "parts",
    r#"{"type":"assistant","message":{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"Bash","input":{"command":"ls"}}]},"session_id":"9a0c2f0e-0000-4000-8000-000000000000","parent_tool_use_id":null}"#,
    r#"{"type":"control_request","request_id":"a1","request":{"subtype":"can_use_tool","tool_name":"Bash","input":{"command":"ls"},"tool_use_id":"t1"}}"#,
    r#"{"type":"control_request","request_id":"a2","request":{"subtype":"hook_callback","callback_id":"h","input":{"hook_event_name":"PreToolUse"}}}"#,
    r#"{"type":"user","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"README.md"}]},"session_id":"9a0c2f0e-0000-4000-8000-000000000000"}"#,
    r#"{"type":"result","subtype":"success","is_error":false,"result":"done","session_id":"9a0c2f0e-0000-4000-8000-000000000000","total_cost_usd":0.01,"duration_ms":3}"#,
];

/// The whole turn, for a prompt of that uuid.
fn turn(uuid: &str) -> Vec<u8> {
    let parts = vec![PART; 50].join("\n");
    TURN.map(|line| line.replace(PROMPT_UUID, uuid).replace("parts", &parts) + "\n").concat().into_bytes()
}

thread_local! {
    static LINES: std::cell::RefCell<Vec<u8>> = const { std::cell::RefCell::new(Vec::new()) };
}

impl Transport for Canned {
    fn now(&self) -> SessionTime {
        self.now
    }

    fn poll_read(&mut self, _: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        LINES.with_borrow(|lines| {
            let rest = &lines[self.text..];
            if !self.spoken_to || rest.is_empty() {
                return Poll::Pending;
            }
            // As a pipe gives it: not all at once.
            let count = rest.len().min(buffer.len()).min(4096);
            buffer[..count].copy_from_slice(&rest[..count]);
            self.text += count;
            Poll::Ready(Ok(count))
        })
    }

    fn poll_read_stderr(&mut self, _: &mut Context<'_>, _: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Pending
    }

    fn poll_write(&mut self, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.spoken_to = true;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_exit(&mut self, _: &mut Context<'_>) -> Poll<Exit> {
        Poll::Pending
    }

    fn poll_timer(&mut self, _: &mut Context<'_>, _: SessionTime) -> Poll<()> {
        Poll::Pending
    }
}

type Idle = (Session, Runner, Subscriber, IncomingRequests);

/// A session that had its turn and is idle.
fn idle(number: usize) -> Idle {
    let mut seed = [0; 16];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    let mut config = Config::new(Seed::from_bytes(seed));
    config.handled = IncomingKinds::ALL;
    let transport = Canned { now: SessionTime::ZERO, text: 0, spoken_to: false };
    let (claude, mut runner) = Driver::new(config, transport).into_session();
    let mut subscriber = claude.subscribe(1024, Overflow::Oldest);
    let mut incoming_requests = claude.incoming().expect("the first owner");
    let mut turn = claude.prompt("hello").expect("there is room");
    LINES.with_borrow_mut(|lines| *lines = self::turn(&turn.id().uuid().to_string()));
    let mut cx = Context::from_waker(Waker::noop());
    let mut ended = false;
    while !ended {
        assert!(Pin::new(&mut runner).poll(&mut cx).is_pending());
        while let Poll::Ready(Some(incoming_request)) = std::pin::pin!(incoming_requests.next()).poll(&mut cx) {
            match incoming_request.permission() {
                Ok(_) => incoming_request.respond(Decision::allow()).expect("it is open"),
                Err(_) => drop(incoming_request),
            }
        }
        while let Poll::Ready(Some(action)) = std::pin::pin!(subscriber.next()).poll(&mut cx) {
            ended |= matches!(action.expect("no lag"), Action::Idle);
        }
        while let Poll::Ready(Some(message)) = std::pin::pin!(turn.next()).poll(&mut cx) {
            black_box(message.expect("no lag"));
        }
    }
    drop(claude.request(Request::new("mcp_status")).expect("there is room"));
    assert!(Pin::new(&mut runner).poll(&mut cx).is_pending());
    (claude, runner, subscriber, incoming_requests)
}

fn idle_sessions() -> f64 {
    // What a thread has once is no session's.
    drop(idle(SESSIONS));
    LINES.with_borrow_mut(|lines| lines.reserve(64 * 1024));
    let (sessions, counted) = counted(|| (0..SESSIONS).map(idle).collect::<Vec<_>>());
    drop(sessions);
    counted.held as f64 / SESSIONS as f64
}

// Ten thousand messages.

const NOTE: &str = r#"{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"word"}},"session_id":"9a0c2f0e-0000-4000-8000-000000000000","parent_tool_use_id":null}"#;

fn lines() -> Vec<u8> {
    format!("{NOTE}\n").repeat(MESSAGES).into_bytes()
}

/// The child: waits for a line, writes them all, and waits for the end of its input.
fn talk() -> ExitCode {
    let mut line = String::new();
    let mut text = Ok(());
    while std::io::stdin().read_line(&mut line).is_ok_and(|count| count > 0) {
        text = std::io::stdout().lock().write_all(&lines());
    }
    if text.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Processor seconds: with a session, with a bare loop, in the core, and with a session of each policy.
struct Throughput {
    session: f64,
    bare: f64,
    core: f64,
    dropping: f64,
    waiting: f64,
}

fn throughput() -> Throughput {
    let mut times: [Vec<Duration>; 5] = Default::default();
    // Alternating, so that a busy machine slows all; the first of each warms up.
    for run in 0..=RUNS {
        let each = [
            session(MESSAGES, Overflow::Oldest),
            bare_loop(),
            in_core(),
            session(CAPACITY, Overflow::Oldest),
            session(CAPACITY, Overflow::Wait),
        ];
        if run > 0 {
            times.iter_mut().zip(each).for_each(|(times, time)| times.push(time));
        }
    }
    let [session, bare, core, dropping, waiting] = times.map(median);
    Throughput { session, bare, core, dropping, waiting }
}

fn this() -> std::path::PathBuf {
    std::env::current_exe().expect("a bench has a path")
}

fn session(capacity: usize, overflow: Overflow) -> Duration {
    let options = Options::new().launcher(this(), ["--talk"]).program("unused");
    let (claude, runner) = claude_duplex::Session::builder().options(options).open_smol().expect("this program starts");
    let mut subscriber = claude.subscribe(capacity, overflow);
    let reading = async {
        drop(claude.request(Request::new("begin")).expect("there is room"));
        let started = spent();
        let mut seen = 0;
        while seen < MESSAGES {
            if let Action::Message { message, .. } = subscriber.next().await.expect("more").expect("no lag") {
                black_box(message);
                seen += 1;
            }
        }
        spent() - started
    };
    async_io::block_on(runner.run_until(reading))
}

fn bare_loop() -> Duration {
    async_io::block_on(async {
        let mut child = Command::new(this())
            .arg("--talk")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program starts");
        let (mut stdin, mut stdout) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        stdin.write_all(b"begin\n").await.expect("it reads");
        let mut buffer = vec![0; 64 * 1024];
        let (mut left, started) = (lines().len(), spent());
        while left > 0 {
            let count = stdout.read(&mut buffer).await.expect("it writes");
            left -= black_box(&buffer[..count]).len();
        }
        let taken = spent() - started;
        drop(stdin);
        child.status().await.expect("it ends");
        taken
    })
}

fn in_core() -> Duration {
    let lines = lines();
    let mut protocol = Protocol::new(Config::new(Seed::from_bytes([1; 16])), SessionTime::ZERO);
    let started = spent();
    let mut seen = 0;
    for chunk in lines.chunks(64 * 1024) {
        protocol.receive(SessionTime::ZERO, black_box(chunk));
        while let Some(action) = protocol.poll_action() {
            black_box(action);
            seen += 1;
        }
    }
    let taken = spent() - started;
    assert_eq!(seen, MESSAGES);
    taken
}
