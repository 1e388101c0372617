//! The whole path of the core against `serde_json` skipping over the same lines: bytes in slices of 64 KiB, each line
//! checked, classified, attributed to its turn and owned, its action taken and dropped. A second line for each corpus adds
//! what a host reads: the view of each message, or the delta of each stream event and the view of each other message.
//!
//! In that line `value_ratio` is a `serde_json::Value` of each line, alone, and `view_over_value` the time that the views add
//! to the path over that of the values. A third line is the path and an `Accumulator` that is told of each message.
//!
//! `cargo bench --bench throughput`, or of one corpus: `cargo bench --bench throughput -- deltas`

mod clock;
mod corpora;
mod counting;

use std::cell::RefCell;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use claude_duplex::message::Accumulator;
use claude_duplex::{Action, Config, Message, MessageKind, Prompt, Protocol, Seed, SessionTime};
use corpora::Corpus;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

const READ: usize = 64 * 1024;

/// Of each kind; odd, for the median.
const RUNS: usize = 51;

/// What a corpus may cost.
struct Limits {
    ratio: f64,
    allocations: f64,
    peak: f64,
    /// With the view of each message, the ratio and the allocations.
    views: f64,
    view_allocations: f64,
    view_peak: f64,
}

fn main() -> ExitCode {
    let jobs = [
        (
            corpora::mixed(),
            Limits { ratio: 1.35, allocations: 2.0, peak: 2.5, views: 3.3, view_allocations: 10.0, view_peak: 2.5 },
        ),
        // The longest line is shorter than a read: what is held is the read's actions.
        (
            corpora::deltas(),
            Limits {
                ratio: 1.4,
                allocations: 2.0,
                peak: f64::INFINITY,
                views: 4.5,
                view_allocations: 10.0,
                view_peak: f64::INFINITY,
            },
        ),
        (
            corpora::big(),
            Limits { ratio: 1.2, allocations: 2.5, peak: 2.5, views: 2.9, view_allocations: 20.0, view_peak: 2.5 },
        ),
        // One line: its buffer grows some ten times.
        (
            corpora::image(),
            Limits { ratio: 1.6, allocations: 50.0, peak: 2.5, views: 2.9, view_allocations: 70.0, view_peak: 2.2 },
        ),
    ];
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_wanted = |corpus: &Corpus| wanted.is_empty() || wanted.iter().any(|name| name == corpus.name);
    let jobs = jobs.iter().filter(|(corpus, _)| is_wanted(corpus));
    let held = jobs.filter(|(corpus, limits)| !holds(corpus, limits)).count() == 0;
    if held { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn holds(corpus: &Corpus, limits: &Limits) -> bool {
    let edits = |mut session: Protocol| {
        let accumulator = RefCell::new(Accumulator::new());
        protocol(&mut session, corpus, |message| {
            black_box(accumulator.borrow_mut().add(message));
            true
        })
    };
    let [ours, views, deltas_or_views, edited, ignored, values] = medians(
        corpus,
        [
            &|mut session| protocol(&mut session, corpus, |_| true),
            &|mut session| protocol(&mut session, corpus, view),
            &|mut session| protocol(&mut session, corpus, delta_or_view),
            &edits,
            &|_| parsed::<IgnoredAny>(corpus),
            &|_| parsed::<Value>(corpus),
        ],
    );
    let speed = |time: f64| corpus.bytes.len() as f64 / 1e6 / time;
    let per_message = |look: fn(&Message) -> bool| {
        let mut session = begun(corpus);
        let (_, counted) = counting::counted(|| protocol(&mut session, corpus, look));
        (counted.count as f64 / corpus.lines as f64, counted.peak as f64 / corpus.longest as f64)
    };
    let (allocations, peak) = per_message(|_| true);
    let (view_allocations, view_peak) = per_message(view);
    println!(
        "{} protocol_MBps {:.0} ignored_any_MBps {:.0} ratio {:.2} allocs_per_msg {allocations:.2} peak_over_largest_line {peak:.2}",
        corpus.name,
        speed(ours),
        speed(ignored),
        ours / ignored,
    );
    println!(
        "{} views ratio {:.2} allocs_per_msg {view_allocations:.2} delta_or_view_ratio {:.2} value_ratio {:.2} view_over_value {:.2} peak_over_largest_line {view_peak:.2}",
        corpus.name,
        views / ignored,
        deltas_or_views / ignored,
        values / ignored,
        (views - ours) / values,
    );
    let edit_allocations = counting::counted(|| edits(begun(corpus))).1.count as f64 / corpus.lines as f64;
    println!(
        "{} edits ratio {:.2} allocs_per_msg {edit_allocations:.2} share_of_the_whole {:.2}",
        corpus.name,
        edited / ignored,
        (edited - ours) / edited,
    );
    println!("{} ms path {:.2} views {:.2} edits {:.2}", corpus.name, ours * 1e3, views * 1e3, edited * 1e3);
    let mut holds = true;
    for (what, value, limit) in [
        ("ratio", ours / ignored, limits.ratio),
        ("allocs_per_msg", allocations, limits.allocations),
        ("peak", peak, limits.peak),
        ("views ratio", views / ignored, limits.views),
        ("views allocs_per_msg", view_allocations, limits.view_allocations),
        ("views peak", view_peak, limits.view_peak),
        ("view_over_value", (views - ours) / values, 1.0),
    ] {
        if value > limit {
            eprintln!("{}: {what} {value:.2} is over {limit}", corpus.name);
            holds = false;
        }
    }
    holds
}

/// The median time of each job, in seconds. They take turns, so that a busy machine slows all; the first of each warms up.
fn medians<const N: usize>(corpus: &Corpus, jobs: [&dyn Fn(Protocol) -> usize; N]) -> [f64; N] {
    let mut times = [const { Vec::new() }; N];
    for run in 0..=RUNS {
        for (job, times) in jobs.iter().zip(&mut times) {
            let taken = timed(corpus, job);
            if run > 0 {
                times.push(taken);
            }
        }
    }
    times.map(clock::median)
}

/// What a host that shows everything reads of a message.
fn view(message: &Message) -> bool {
    black_box(message.view()).is_ok()
}

/// What a host that streams reads of a message.
fn delta_or_view(message: &Message) -> bool {
    match message.kind() {
        MessageKind::StreamEvent => black_box(message.delta()).is_some(),
        _ => view(message),
    }
}

/// A session in the turn in which the corpus comes, or right before it.
fn begun(corpus: &Corpus) -> Protocol {
    let mut session = Protocol::new(Config::new(Seed::from_bytes([1; 16])), SessionTime::ZERO);
    session.prompt(SessionTime::ZERO, Prompt::text("look at everything")).expect("the first prompt is taken");
    session.sent(SessionTime::ZERO, session.poll_transmit().len());
    session.receive(SessionTime::ZERO, &corpus.before);
    while session.poll_action().is_some() {}
    session
}

/// How many of the corpus's lines became messages of a turn that were looked at with success.
fn protocol(session: &mut Protocol, corpus: &Corpus, look: impl Fn(&Message) -> bool) -> usize {
    let mut messages = 0;
    for read in corpus.bytes.chunks(READ) {
        session.receive(SessionTime::ZERO, black_box(read));
        while let Some(action) = session.poll_action() {
            let looked =
                |action: &Action| matches!(action, Action::Message { turn: Some(_), message, .. } if look(message));
            messages += usize::from(looked(black_box(&action)));
        }
    }
    messages
}

/// How many of the corpus's lines are JSON of that type, by the obvious way.
fn parsed<T: DeserializeOwned>(corpus: &Corpus) -> usize {
    let (mut rest, mut lines) = (&corpus.bytes[..], 0);
    while let Some(end) = memchr::memchr(b'\n', rest) {
        lines += usize::from(black_box(serde_json::from_slice::<T>(black_box(&rest[..end]))).is_ok());
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
