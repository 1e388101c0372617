//! Other crates beside this one on the same corpora.
//!
//! `cargo run --release` here prints a line for each: `PEER corpus MBps ratio_to_ours allocs_per_msg`, where a ratio is the
//! time that a peer takes over ours. The first part is the parsers alone, in the processor's time of the thread; the second
//! is a turn from the prompt to its end over real pipes, through what each crate makes public, on the wall, and behind it
//! `cpu_ratio`: the processor's time of all threads of the host over ours.

#[path = "../../clock/mod.rs"]
mod clock;
#[allow(dead_code, reason = "another bench reads the rest")]
#[path = "../../corpora/mod.rs"]
mod corpora;
#[path = "../../counting/mod.rs"]
mod counting;
mod parsers;
mod pipes;

use std::process::ExitCode;
use std::time::Duration;

use corpora::Corpus;

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

const READ: usize = 64 * 1024;

fn main() -> ExitCode {
    if let Ok(corpus) = std::env::var(pipes::CORPUS) {
        return pipes::child(&corpus);
    }
    for corpus in [corpora::mixed(), corpora::deltas(), corpora::big()] {
        parsers::compare(&corpus);
    }
    for corpus in [corpora::mixed(), corpora::deltas(), corpora::big()] {
        pipes::compare(&corpus);
    }
    ExitCode::SUCCESS
}

/// What one crate makes of a corpus.
struct Peer<'a> {
    name: &'static str,
    /// How many messages it gave, and the time that it took.
    run: Box<dyn FnMut() -> Run + 'a>,
}

#[derive(Clone, Copy)]
struct Run {
    messages: usize,
    taken: Duration,
    /// Of all threads of this process; of the thread alone where only that is measured.
    processor: Duration,
}

/// Runs all in turns, so that a busy machine slows each, and prints a line for each; the first is ours.
fn compared(corpus: &Corpus, runs: usize, mut peers: Vec<Peer<'_>>) {
    let mut times = vec![(Vec::new(), Vec::new()); peers.len()];
    let mut counts = vec![(0, 0.0); peers.len()];
    for round in 0..=runs {
        for (at, peer) in peers.iter_mut().enumerate() {
            // The first round warms up, and counts.
            if round == 0 {
                let (run, counted) = counting::counted(|| (peer.run)());
                counts[at] = (run.messages, counted.count as f64 / corpus.lines as f64);
                continue;
            }
            let run = (peer.run)();
            assert_eq!(run.messages, counts[at].0, "{} gives the same each time", peer.name);
            times[at].0.push(run.taken);
            times[at].1.push(run.processor);
        }
    }
    let medians: Vec<_> = times.into_iter().map(|(wall, cpu)| (clock::median(wall), clock::median(cpu))).collect();
    for (at, peer) in peers.iter().enumerate() {
        let ((taken, processor), (messages, allocations)) = (medians[at], counts[at]);
        println!(
            "{} {} {:.0} {:.2} {allocations:.2} cpu_ratio {:.2} messages {messages}/{}",
            peer.name,
            corpus.name,
            corpus.bytes.len() as f64 / 1e6 / taken,
            taken / medians[0].0,
            processor / medians[0].1,
            corpus.lines,
        );
    }
}
