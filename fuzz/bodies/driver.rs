//! A driver on a transport that does what the fuzzer chooses: parts of lines, errors, ends, stalls and short writes, in any
//! order. The driver keeps the rules of `Transport`: it polls nothing that has ended, and terminates no child that has exited. It
//! ends, its journal repeats its actions and its output, and all invariants hold for the inputs in the journal.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use claude_duplex::{
    Action, Config, Decision, Driver, Exit, IncomingKinds, Interrupt, Journal, Seed, SessionTime, Transport,
};

use crate::written::Written;
use crate::{invariants, sequence};

/// Longer inputs find nothing that shorter ones do not.
const LONGEST: usize = 1024;
/// How often a driver is polled at most: twice for each step of the input, and after that as often as an end takes.
const POLLS: usize = 2000;

/// What the transport does at the next poll of a kind.
#[derive(Debug, Clone, Copy, Arbitrary)]
enum Effect {
    /// At most so many bytes.
    Some(u8),
    All,
    Pending,
    Interrupted,
    Fails,
    End,
    /// Time passes, in milliseconds times a hundred, and nothing happens.
    Stalls(u8),
}

/// What the host does between two polls.
#[derive(Debug, Clone, Copy, Arbitrary)]
enum Call {
    Nothing,
    Prompt,
    Interrupt,
    Respond(bool),
    Close,
    CloseNow,
    Abort,
}

const LINES: [&str; 9] = [
    r#"{"type":"system","subtype":"init","session_id":"s","claude_code_version":"2.1.332"}"#,
    r#"{"type":"assistant","message":{"content":[{"type":"text","text":"hi"}]},"session_id":"s"}"#,
    r#"{"type":"result","subtype":"success","is_error":false,"result":"hi","session_id":"s"}"#,
    r#"{"type":"control_request","request_id":"a","request":{"subtype":"can_use_tool","tool_name":"Bash","input":{}}}"#,
    r#"{"type":"control_cancel_request","request_id":"a"}"#,
    r#"{"type":"control_request","request_id":"b","request":{"subtype":"hook_callback","callback_id":"h","input":{}}}"#,
    r#"{"type":"command_lifecycle","command_uuid":"c","state":"completed"}"#,
    "no JSON at all",
    r#"{"type":"stream_event","event":{"type":"ping"},"uuid":"u","session_id":"s"}"#,
];

struct World {
    effects: Vec<Effect>,
    at: usize,
    now: SessionTime,
    output: Vec<u8>,
    written: Vec<u8>,
    /// `true` for each of stdout, stderr and stdin that has ended.
    ended: [bool; 3],
    has_exited: bool,
    is_killed: bool,
    /// `true` once the driver knows that stdin was closed by itself, or by the child.
    is_closed: bool,
    is_stdin_closed: bool,
    /// The input is used up: everything succeeds and ends.
    is_over: bool,
}

impl World {
    fn effect(&mut self) -> Effect {
        let effect = self.effects.get(self.at).copied();
        self.at += 1;
        self.is_over |= effect.is_none();
        effect.unwrap_or(Effect::All)
    }

    fn wait<T>(&mut self, cx: &Context<'_>, after: Duration) -> Poll<T> {
        self.now = self.now.saturating_add(after);
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// The next poll of a stream of which `available` bytes can be taken.
    fn poll(&mut self, cx: &Context<'_>, stream: usize, available: usize) -> Poll<io::Result<usize>> {
        assert!(!self.ended[stream], "stream {stream} is polled after its end");
        match self.effect() {
            Effect::Pending => self.wait(cx, Duration::ZERO),
            Effect::Stalls(time) => self.wait(cx, Duration::from_millis(100) * u32::from(time)),
            Effect::Interrupted => Poll::Ready(Err(io::ErrorKind::Interrupted.into())),
            Effect::Fails => {
                self.ended[stream] = true;
                Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
            }
            Effect::End => {
                self.ended[stream] = true;
                Poll::Ready(Ok(0))
            }
            Effect::All if available == 0 && !self.is_over => Poll::Pending,
            Effect::Some(_) if available == 0 => Poll::Pending,
            Effect::All => {
                self.ended[stream] = available == 0;
                Poll::Ready(Ok(available))
            }
            Effect::Some(count) => Poll::Ready(Ok(available.min(usize::from(count.max(1))))),
        }
    }
}

struct Wire(Rc<RefCell<World>>);

impl Transport for Wire {
    fn now(&self) -> SessionTime {
        self.0.borrow().now
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let world = &mut *self.0.borrow_mut();
        let available = world.output.len().min(buffer.len());
        world.poll(cx, 0, available).map_ok(|count| {
            buffer[..count].copy_from_slice(&world.output[..count]);
            world.output.drain(..count);
            count
        })
    }

    fn poll_read_stderr(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let world = &mut *self.0.borrow_mut();
        let available = if world.is_over { 0 } else { 3 };
        world.poll(cx, 1, available).map_ok(|count| {
            buffer[..count].copy_from_slice(&b"e\n\xff"[..count]);
            count
        })
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let world = &mut *self.0.borrow_mut();
        assert!(!bytes.is_empty() && !world.is_closed, "a write of nothing, or after the close");
        world.poll(cx, 2, bytes.len()).map_ok(|count| {
            world.written.extend_from_slice(&bytes[..count]);
            count
        })
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let world = &mut *self.0.borrow_mut();
        assert!(!world.ended[2] && !world.is_closed, "flushed after the end");
        match world.effect() {
            Effect::Pending | Effect::Stalls(_) => world.wait(cx, Duration::ZERO),
            Effect::Interrupted => Poll::Ready(Err(io::ErrorKind::Interrupted.into())),
            Effect::Fails => {
                world.ended[2] = true;
                Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
            }
            Effect::Some(_) | Effect::All | Effect::End => Poll::Ready(Ok(())),
        }
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let world = &mut *self.0.borrow_mut();
        assert!(!world.is_closed, "closed twice");
        match world.effect() {
            Effect::Pending | Effect::Stalls(_) => world.wait(cx, Duration::ZERO),
            effect => {
                world.is_closed = true;
                Poll::Ready(if matches!(effect, Effect::Fails) {
                    Err(io::ErrorKind::BrokenPipe.into())
                } else {
                    Ok(())
                })
            }
        }
    }

    fn poll_stdin_closed(&mut self, _: &mut Context<'_>) -> Poll<()> {
        let world = &mut *self.0.borrow_mut();
        assert!(!world.is_closed && !world.is_stdin_closed, "stdin is waited for after its end");
        world.is_stdin_closed = matches!(world.effect(), Effect::End | Effect::Fails);
        if world.is_stdin_closed { Poll::Ready(()) } else { Poll::Pending }
    }

    fn poll_exit(&mut self, _: &mut Context<'_>) -> Poll<Exit> {
        let world = &mut *self.0.borrow_mut();
        assert!(!world.has_exited, "the exit is waited for again");
        if !world.is_over && !world.is_killed && !matches!(world.effect(), Effect::End) {
            return Poll::Pending;
        }
        world.has_exited = true;
        Poll::Ready(if world.is_killed { Exit::Signal(9) } else { Exit::Code(0) })
    }

    fn poll_timer(&mut self, _: &mut Context<'_>, at: SessionTime) -> Poll<()> {
        let world = &mut *self.0.borrow_mut();
        if world.is_over {
            world.now = world.now.max(at);
        }
        if world.now >= at { Poll::Ready(()) } else { Poll::Pending }
    }

    fn terminate(&mut self) {
        assert!(!self.0.borrow().has_exited, "a signal after the exit");
    }

    fn kill(&mut self) {
        // After the exit, the rest of the process group is killed.
        self.0.borrow_mut().is_killed = true;
    }
}

pub(crate) fn body(data: &[u8]) {
    let mut bytes = Unstructured::new(&data[..data.len().min(LONGEST)]);
    if let Ok(script) = Script::arbitrary(&mut bytes) {
        play(script);
    }
}

#[derive(Debug, Arbitrary)]
struct Script {
    is_handled: bool,
    lines: Vec<u8>,
    calls: Vec<Call>,
    effects: Vec<Effect>,
}

fn play(script: Script) {
    let mut output = Vec::new();
    for line in &script.lines {
        output.extend_from_slice(LINES[usize::from(*line) % LINES.len()].as_bytes());
        output.push(b'\n');
    }
    let world = Rc::new(RefCell::new(World {
        effects: script.effects,
        at: 0,
        now: SessionTime::ZERO,
        output,
        written: Vec::new(),
        ended: [false; 3],
        has_exited: false,
        is_killed: false,
        is_closed: false,
        is_stdin_closed: false,
        is_over: false,
    }));
    let mut config = Config::new(Seed::from_bytes([7; 16]));
    if script.is_handled {
        config.handled = IncomingKinds::ALL;
    }
    let journal = Written::default();
    let mut driver = Driver::new(config, Wire(Rc::clone(&world))).record(journal.clone(), u64::MAX);
    let actions = run(&mut driver, script.calls, &world);
    drop(driver);
    let journal = Journal::read(&journal.0.lock().unwrap()).expect("the journal of a driver");
    let steps: Vec<_> = journal.replay().map(|step| (step.actions, step.output)).collect();
    let (replayed, sent): (Vec<_>, Vec<_>) = steps.into_iter().unzip();
    assert_eq!(replayed.concat(), actions, "the journal repeats the session");
    let (written, sent) = (&world.borrow().written, sent.concat());
    assert!(sent.starts_with(written), "what was written is what was to be sent");
    invariants::judge(sequence::Sequence { config: journal.config, start: journal.start, inputs: journal.inputs });
}

/// Polls the driver to its end, with the calls of the host between the polls.
fn run(driver: &mut Driver<Wire>, calls: Vec<Call>, world: &RefCell<World>) -> Vec<Action> {
    let most = 2 * (calls.len() + world.borrow().effects.len());
    let (mut actions, mut open, mut calls) = (Vec::new(), Vec::new(), calls.into_iter());
    for polled in 0..most + POLLS {
        match driver.poll_next(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(None) => return actions,
            Poll::Ready(Some(action)) => {
                if let Action::IncomingRequest(request) = &action {
                    open.push(request.id());
                }
                actions.push(action);
            }
            Poll::Pending => {}
        }
        match calls.next() {
            Some(call) => make(driver, call, &mut open),
            None if polled > most => {
                world.borrow_mut().is_over = true;
                driver.close();
            }
            None => {}
        }
    }
    panic!("the driver does not end: {actions:?}");
}

fn make(driver: &mut Driver<Wire>, call: Call, open: &mut Vec<claude_duplex::IncomingId>) {
    match call {
        Call::Nothing => {}
        Call::Prompt => drop(driver.prompt("hello")),
        Call::Interrupt => drop(driver.interrupt(Interrupt::running())),
        Call::Respond(allows) => {
            if let Some(id) = open.pop() {
                let decision = if allows { Decision::allow() } else { Decision::deny("no") };
                // The request may be a hook, or cancelled.
                let _ = driver.respond(id, decision);
            }
        }
        Call::Close => driver.close(),
        Call::CloseNow => driver.close_now(),
        Call::Abort => driver.abort(),
    }
}
