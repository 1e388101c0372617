//! The worst line of each kind: its time, as a multiple of the check of a plain message of the same length, and its peak memory,
//! as a multiple of its length. `tests/costs` asserts the limits; this prints the figures, the worst first.
//!
//! `cargo bench --bench worst`, or with the name of a kind (a part of its line) behind `--`.

#[path = "clock/mod.rs"]
mod clock;
#[path = "counting/mod.rs"]
mod counting;
#[path = "../tests/support/expensive_lines.rs"]
mod expensive_lines;

use std::process::ExitCode;

use claude_duplex::Message;
use expensive_lines::{FILLINGS, PLACES, length, line, receive, session};

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

/// Length of each line, in bytes.
const LENGTH: usize = 1024 * 1024;

/// Runs of each line; odd, for the median.
const RUNS: usize = 3;

/// The most memory, in lengths of the line: the line itself, four times as much, and what a line may cost however short it
/// is, which is 1 MiB.
const MOST: f64 = 6.0;

/// Cost of the worst filling of a kind.
#[derive(Default)]
struct Worst {
    time: f64,
    peak: f64,
    slowest: String,
    largest: String,
}

fn main() -> ExitCode {
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let mut kinds = Vec::new();
    // What is not a message is rejected early: its own check is no measure.
    let plain = line(("{\"type\":\"of_next_year\",\"list\":[", "]}"), b"0,", LENGTH);
    let checked = clock::median((0..RUNS).map(|_| clock::timed(|| Message::parse(&plain)).1).collect());
    for place in PLACES.into_iter().filter(|(before, _)| before.contains(&wanted)) {
        let mut worst = Worst::default();
        for filling in FILLINGS {
            let (time, peak) = cost(&line(place, filling, LENGTH), checked);
            let name = String::from_utf8_lossy(filling).into_owned();
            if time > worst.time {
                (worst.time, worst.slowest) = (time, name.clone());
            }
            if peak > worst.peak {
                (worst.peak, worst.largest) = (peak, name);
            }
        }
        kinds.push((place.0.escape_debug().to_string(), worst));
    }
    kinds.sort_by(|(_, a), (_, b)| b.peak.total_cmp(&a.peak));
    for (kind, Worst { time, peak, slowest, largest }) in &kinds {
        println!("worst peak_ratio {peak:.2} ({largest}) time_ratio {time:.2} ({slowest}) kind {kind}");
    }
    let over = kinds.iter().filter(|(_, worst)| worst.peak > MOST).count();
    if over == 0 && !kinds.is_empty() {
        return ExitCode::SUCCESS;
    }
    eprintln!("worst: {over} of {} kinds are over {MOST} times the line", kinds.len());
    ExitCode::FAILURE
}

/// The time of a line as a multiple of that of a check, and its peak memory in lengths of it.
fn cost(line: &[u8], checked: f64) -> (f64, f64) {
    let (mut received, mut peak) = (Vec::new(), 0);
    for _ in 0..RUNS {
        let mut session = session(line.len());
        let ((_, counted), time) = clock::timed(|| counting::counted(|| receive(&mut session, line, |_| {})));
        peak = counted.peak;
        received.push(time);
    }
    (clock::median(received) / checked, peak as f64 / length(line) as f64)
}
