//! One long line in small reads and in large ones: what was searched for a line end is not searched again, so both cost
//! about the same. A parser that searches the whole buffer with each read needs seconds here.
//!
//! `cargo bench --bench lines`

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use claude_duplex::{Action, Config, Protocol, Seed, SessionTime};

const KIB: usize = 1024;
const LENGTH: usize = 16 * KIB * KIB;

/// Of each kind; odd, for the median.
const RUNS: usize = 21;

/// How much more the small reads may cost.
const AT_MOST: f64 = 1.5;

fn main() -> ExitCode {
    let line = line();
    let (mut small, mut large) = (Vec::new(), Vec::new());
    // Alternating, so that a busy machine slows both; the first of each warms up.
    for run in 0..=RUNS {
        let (a, b) = (fed(&line, 8 * KIB), fed(&line, 64 * KIB));
        if run > 0 {
            small.push(a);
            large.push(b);
        }
    }
    let (small, large) = (median(small), median(large));
    let ratio = small / large;
    println!("lines 8KiB_ms {small:.2} 64KiB_ms {large:.2} ratio {ratio:.2}");
    if ratio <= AT_MOST {
        return ExitCode::SUCCESS;
    }
    eprintln!("lines: the ratio is over {AT_MOST}");
    ExitCode::FAILURE
}

fn line() -> Vec<u8> {
    let (head, tail) = (&b"{\"type\":\"assistant\",\"message\":{\"content\":\""[..], &b"\"}}\n"[..]);
    let text = vec![b'x'; LENGTH - head.len() - tail.len()];
    [head, &text, tail].concat()
}

/// How long a session takes to make a message of the line.
fn fed(line: &[u8], read: usize) -> Duration {
    let mut session = Protocol::new(Config::new(Seed::from_bytes([1; 16])), SessionTime::ZERO);
    let started = Instant::now();
    for bytes in line.chunks(read) {
        session.receive(SessionTime::ZERO, black_box(bytes));
    }
    let taken = started.elapsed();
    let Some(Action::Message { message, .. }) = session.poll_action() else { panic!("the line is a message") };
    assert_eq!(message.as_bytes().len() + 1, line.len());
    taken
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e3
}
