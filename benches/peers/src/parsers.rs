//! From bytes to owned messages, without a child; like with like: a view of each message beside the types of
//! `claude-codes`, a JSON value of each beside the tree of `claude-wrapper`, and a message by itself, which nobody else has.

use std::hint::black_box;

use claude_codes::ClaudeOutput;
use claude_duplex::{Action, Config, Message, Prompt, Protocol, Seed, SessionTime};
use serde_json::Value;
use tokio::sync::broadcast;

use crate::corpora::Corpus;
use crate::{Peer, READ, Run, clock, compared};

/// Of each kind; odd, for the median.
const RUNS: usize = 15;

pub(crate) fn compare(corpus: &Corpus) {
    let peer = |name, job: fn(&Corpus) -> usize| Peer {
        name,
        run: Box::new(move || {
            let (messages, taken) = clock::timed(|| job(corpus));
            Run { messages, taken, processor: taken }
        }),
    };
    compared(
        corpus,
        RUNS,
        vec![
            peer("claude-duplex", |corpus| ours(corpus, |_| true)),
            peer("claude-duplex/views", |corpus| ours(corpus, |message| black_box(message.view()).is_ok())),
            peer("claude-duplex/trees", |corpus| ours(corpus, |message| black_box(message.decode::<Value>()).is_ok())),
            peer("claude-codes", claude_codes),
            peer("claude-wrapper(emulated)", claude_wrapper),
        ],
    );
}

/// The whole core, as in the bench of its throughput; here the start of the session counts, with some 40 allocations.
fn ours(corpus: &Corpus, look: fn(&Message) -> bool) -> usize {
    let mut session = Protocol::new(Config::new(Seed::from_bytes([1; 16])), SessionTime::ZERO);
    session.prompt(SessionTime::ZERO, Prompt::text("look at everything")).expect("the first prompt is taken");
    session.sent(SessionTime::ZERO, session.poll_transmit().len());
    session.receive(SessionTime::ZERO, &corpus.before);
    while session.poll_action().is_some() {}
    let mut messages = 0;
    for read in corpus.bytes.chunks(READ) {
        session.receive(SessionTime::ZERO, black_box(read));
        while let Some(action) = session.poll_action() {
            let looked = |action| matches!(action, Action::Message { turn: Some(_), message, .. } if look(&message));
            messages += usize::from(looked(black_box(action)));
        }
    }
    messages
}

/// Its public parser, the one that its clients use. The lines are given to it: its own way to them is in its clients, and
/// copies each once more.
fn claude_codes(corpus: &Corpus) -> usize {
    let text = std::str::from_utf8(&corpus.bytes).expect("a corpus is text");
    lines(text.as_bytes())
        .map(|line| std::str::from_utf8(line).expect("a line is text"))
        .filter(|line| black_box(ClaudeOutput::parse_json_tolerant(black_box(line))).is_ok())
        .count()
}

/// Its parser is private. This does what 0.14.9 does to a message for a session with one subscriber: a tree of each line, a
/// copy of it for the subscribers, which takes another on its way out of the channel where the sender lives on, and the first
/// kept until the turn ends.
fn claude_wrapper(corpus: &Corpus) -> usize {
    let (sender, mut subscriber) = broadcast::channel(256);
    let (mut turn, mut messages) = (Vec::new(), 0);
    for line in lines(&corpus.bytes) {
        let Ok(message) = serde_json::from_slice::<Value>(black_box(line)) else { continue };
        sender.send(message.clone()).expect("there is a subscriber");
        turn.push(message);
        messages += usize::from(black_box(subscriber.try_recv()).is_ok());
    }
    black_box(turn);
    messages
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let end = memchr::memchr(b'\n', rest)?;
        let line = &rest[..end];
        rest = &rest[end + 1..];
        Some(line)
    })
}
