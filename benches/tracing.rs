//! Cost of the feature `tracing` without a subscriber: the same lines through a session alone, and through one that is
//! traced, without a subscriber and with one that wants warnings. `cargo bench --bench tracing --features tracing`.
//!
//! With `--job alone`, `untold` or `warnings` only that, once, in a function that callgrind can count within.

#[allow(dead_code, reason = "another bench reads the rest")]
mod corpora;

use std::hint::black_box;
use std::time::{Duration, Instant};

use claude_duplex::{Action, Config, Input, Protocol, Seed, SessionTime, Tracer};
use corpora::Corpus;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

const READ: usize = 64 * 1024;
const ROUNDS: usize = 15;

fn main() {
    let corpora = [corpora::deltas(), corpora::mixed()];
    let mut words = std::env::args().skip_while(|word| word != "--job").skip(1);
    if let Some(job) = words.next() {
        return once(&job, &corpora[0]);
    }
    println!("{:<8} {:>12} {:>12} {:>12}", "", "alone", "untold", "warnings");
    for corpus in &corpora {
        let per_line = |traced| best(|| measured(corpus, traced)).as_nanos() as f64 / corpus.lines as f64;
        let (alone, untold) = (per_line(false), per_line(true));
        let mut warnings = 0.0;
        listening(|| warnings = per_line(true));
        let name = corpus.name;
        println!("{name:<8} {alone:>9.0} ns {untold:>9.0} ns {warnings:>9.0} ns  for each line");
        println!("{:<8} {:>12} {:>11.3}x {:>11.3}x", "", "", untold / alone, warnings / alone);
    }
}

/// One job alone, for a machine that counts instructions.
fn once(job: &str, corpus: &Corpus) {
    let mut took = Duration::ZERO;
    match job {
        "alone" => took = measured(corpus, false),
        "untold" => took = measured(corpus, true),
        "warnings" => listening(|| took = measured(corpus, true)),
        other => panic!("{other} is no job"),
    }
    println!("{job} {took:?}");
}

fn best(mut job: impl FnMut() -> Duration) -> Duration {
    (0..ROUNDS).map(|_| job()).min().unwrap_or_default()
}

#[inline(never)]
fn measured(corpus: &Corpus, traced: bool) -> Duration {
    let config = Config::new(Seed::from_bytes([1; 16]));
    let mut tracer = traced.then(|| Tracer::new(&config, None));
    let mut session = Protocol::new(config, SessionTime::ZERO);
    session.receive(SessionTime::ZERO, &corpus.before);
    let start = Instant::now();
    let mut messages = 0;
    for read in corpus.bytes.chunks(READ) {
        if let Some(tracer) = &mut tracer {
            tracer.input(&Input::Receive(read.into()));
        }
        session.receive(SessionTime::ZERO, black_box(read));
        while let Some(action) = session.poll_action() {
            if let Some(tracer) = &mut tracer {
                tracer.action(&action);
            }
            messages += usize::from(matches!(black_box(&action), Action::Message { .. }));
        }
    }
    let took = start.elapsed();
    assert!(messages >= corpus.lines, "{messages} of {}", corpus.lines);
    took
}

fn listening(job: impl FnOnce()) {
    tracing::subscriber::with_default(Warnings, job);
}

/// Wants warnings alone.
struct Warnings;

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= tracing::Level::WARN
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::WARN)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
