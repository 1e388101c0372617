//! The cost of reading a turn through its handle: its messages, or its edits, over the same turn whose handle only waits for
//! the end. In memory, in the processor's time of the thread.

use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use claude_duplex::{Config, Driver, PromptHandle, Seed, SessionTime};
use futures_lite::Future;

use super::clock::{median, spent};
use super::corpora::Writer;
use super::{Canned, LINES, RUNS};

/// Parts of text in the turn, 300 bytes each.
const PARTS: usize = 10_000;

/// Processor seconds of a turn.
pub(crate) struct Streamed {
    pub(crate) unread: f64,
    pub(crate) messages: f64,
    pub(crate) edits: f64,
}

/// Measures all three in turns, so that a busy machine slows each; the first of each warms up.
pub(crate) fn streamed() -> Streamed {
    let jobs: [fn(PromptHandle) -> Reader; 3] = [ended, messages, edits];
    let mut times = [const { Vec::new() }; 3];
    for run in 0..=RUNS {
        for (job, times) in jobs.iter().zip(&mut times) {
            let taken = turn(job);
            if run > 0 {
                times.push(taken);
            }
        }
    }
    let [unread, messages, edits] = times.map(median);
    Streamed { unread, messages, edits }
}

/// Takes what is there of a turn; returns whether the turn has ended.
type Reader = Box<dyn FnMut(&mut Context<'_>) -> bool>;

/// Returns the time of a turn that is read by a reader of its handle.
fn turn(reader: impl Fn(PromptHandle) -> Reader) -> Duration {
    let transport = Canned { now: SessionTime::ZERO, text: 0, spoken_to: false };
    let (claude, mut runner) = Driver::new(Config::new(Seed::from_bytes([1; 16])), transport).into_session();
    let turn = claude.prompt("hello").expect("there is room");
    LINES.with_borrow_mut(|lines| *lines = lines_of(&turn.id().uuid().to_string()));
    let mut read = reader(turn);
    let mut cx = Context::from_waker(Waker::noop());
    let started = spent();
    loop {
        assert!(Pin::new(&mut runner).poll(&mut cx).is_pending());
        if read(&mut cx) {
            return spent() - started;
        }
    }
}

fn lines_of(prompt: &str) -> Vec<u8> {
    let mut writer = Writer::new();
    let mut lines = writer.init();
    let echo =
        format!(r#"{{"type":"user","uuid":"{prompt}","isReplay":true,"message":{{"role":"user","content":"hello"}}}}"#);
    lines.extend((echo + "\n").into_bytes());
    (0..PARTS).for_each(|_| lines.extend(writer.delta(300)));
    lines.extend(writer.result());
    lines
}

fn ended(turn: PromptHandle) -> Reader {
    let mut end = Box::pin(turn.finish());
    Box::new(move |cx| end.as_mut().poll(cx).is_ready())
}

fn messages(mut turn: PromptHandle) -> Reader {
    Box::new(move |cx| {
        loop {
            match pin!(turn.next()).poll(cx) {
                Poll::Ready(Some(message)) => drop(black_box(message.expect("no lag"))),
                Poll::Ready(None) => return true,
                Poll::Pending => return false,
            }
        }
    })
}

fn edits(mut turn: PromptHandle) -> Reader {
    Box::new(move |cx| {
        loop {
            match pin!(turn.next_edit()).poll(cx) {
                Poll::Ready(Some(edit)) => drop(black_box(edit.expect("no lag"))),
                Poll::Ready(None) => return true,
                Poll::Pending => return false,
            }
        }
    })
}
