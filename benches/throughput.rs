//! The whole path of the core against `serde_json` skipping over the same lines: bytes in slices of 64 KiB, each line
//! checked, classified, attributed to its turn and owned, its action taken and dropped.
//!
//! `cargo bench --bench throughput`, or of one corpus: `cargo bench --bench throughput -- deltas`

mod clock;
mod corpora;
mod counting;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use claude_duplex::{Action, Config, Prompt, Protocol, Seed, Time};
use corpora::Corpus;
use serde::de::IgnoredAny;

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

const READ: usize = 64 * 1024;

/// Of each kind; odd, for the median.
const RUNS: usize = 101;

/// What a corpus may cost.
struct Limits {
    ratio: f64,
    allocations: f64,
    peak: f64,
}

fn main() -> ExitCode {
    // With the deltas the longest line is shorter than a read: what is held is the read's actions.
    let jobs = [
        (corpora::mixed(), Limits { ratio: 1.4, allocations: 2.0, peak: 2.5 }),
        (corpora::deltas(), Limits { ratio: 1.5, allocations: 2.0, peak: f64::INFINITY }),
        (corpora::big(), Limits { ratio: 1.4, allocations: 2.0, peak: 2.5 }),
    ];
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_wanted = |corpus: &Corpus| wanted.is_empty() || wanted.iter().any(|name| name == corpus.name);
    let jobs = jobs.iter().filter(|(corpus, _)| is_wanted(corpus));
    let held = jobs.filter(|(corpus, limits)| !holds(corpus, limits)).count() == 0;
    if held { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn holds(corpus: &Corpus, limits: &Limits) -> bool {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    // Alternating, so that a busy machine slows both; the first of each warms up.
    for run in 0..=RUNS {
        let (a, b) =
            (timed(corpus, |mut session| protocol(&mut session, corpus)), timed(corpus, |_| ignored_any(corpus)));
        if run > 0 {
            ours.push(a);
            theirs.push(b);
        }
    }
    let (ours, theirs) = (clock::median(ours), clock::median(theirs));
    let speed = |time: f64| corpus.bytes.len() as f64 / 1e6 / time;
    let mut session = begun(corpus);
    let (_, counted) = counting::counted(|| protocol(&mut session, corpus));

    let ratio = ours / theirs;
    let allocations = counted.count as f64 / corpus.lines as f64;
    let peak = counted.peak as f64 / corpus.longest as f64;
    println!(
        "{} protocol_MBps {:.0} ignored_any_MBps {:.0} ratio {ratio:.2} allocs_per_msg {allocations:.2} peak_over_largest_line {peak:.2}",
        corpus.name,
        speed(ours),
        speed(theirs),
    );
    let mut holds = true;
    for (what, value, limit) in [
        ("ratio", ratio, limits.ratio),
        ("allocs_per_msg", allocations, limits.allocations),
        ("peak", peak, limits.peak),
    ] {
        if value > limit {
            eprintln!("{}: {what} {value:.2} is over {limit}", corpus.name);
            holds = false;
        }
    }
    holds
}

/// A session in the turn in which the corpus comes, or right before it.
fn begun(corpus: &Corpus) -> Protocol {
    let mut session = Protocol::new(Config::new(Seed([1; 16])), Time::ZERO);
    session.prompt(Time::ZERO, Prompt::text("look at everything")).expect("the first prompt is taken");
    session.sent(Time::ZERO, session.poll_transmit().len());
    session.receive(Time::ZERO, &corpus.before);
    while session.poll_action().is_some() {}
    session
}

/// How many of the corpus's lines became messages of a turn.
fn protocol(session: &mut Protocol, corpus: &Corpus) -> usize {
    let mut messages = 0;
    for read in corpus.bytes.chunks(READ) {
        session.receive(Time::ZERO, black_box(read));
        while let Some(action) = session.poll_action() {
            messages += usize::from(matches!(black_box(&action), Action::Message { turn: Some(_), .. }));
        }
    }
    messages
}

/// How many of the corpus's lines are JSON, by the obvious way.
fn ignored_any(corpus: &Corpus) -> usize {
    let (mut rest, mut lines) = (&corpus.bytes[..], 0);
    while let Some(end) = memchr::memchr(b'\n', rest) {
        lines += usize::from(black_box(serde_json::from_slice::<IgnoredAny>(black_box(&rest[..end]))).is_ok());
        rest = &rest[end + 1..];
    }
    lines
}

/// The time that `job` takes, on a session that is ready for it.
fn timed(corpus: &Corpus, job: impl FnOnce(Protocol) -> usize) -> Duration {
    let session = begun(corpus);
    let (lines, taken) = clock::timed(|| job(session));
    assert_eq!(lines, corpus.lines, "every line of {} counts", corpus.name);
    taken
}
