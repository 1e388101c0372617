//! An interrupt while the child writes 30,000 messages a second: time until the host has the acknowledgment.
//!
//! `cargo bench --bench flood --features smol`
//!
//! The child is this program, over a real pipe, under the driver on smol. In each turn it writes a batch every millisecond; the
//! host interrupts after some of them. The child acknowledges at once, between two batches, writes on for as long again, and
//! ends the turn. The delay is the whole way: to the child, and through everything that is in the pipe before the
//! acknowledgment. The host takes messages as they come and does nothing with them.

use std::hint::black_box;
use std::io::{BufRead, Write, stdin, stdout};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use async_io::block_on;
use claude_duplex::{Action, Config, Driver, Interrupt, Options, Outcome, Seed, Transport};

/// The argument that makes this program the child.
const CHILD: &str = "--child";

const RATE: f64 = 30_000.0;
const BATCH: usize = 30;
const TICK: Duration = Duration::from_millis(1);

/// Messages of a turn before the interrupt, and at least so many after its acknowledgment.
const PART: usize = 20 * BATCH;

/// After the first, which warms up.
const INTERRUPTS: usize = 500;

/// Of the delays. A scheduler's time slice is a few milliseconds, and a busy machine adds some of them.
const MEDIAN_AT_MOST: Duration = Duration::from_millis(5);
const P99_AT_MOST: Duration = Duration::from_millis(50);

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some(CHILD) {
        return child();
    }
    let options = Options::new().program(std::env::current_exe().expect("a bench has a path")).global_arg(CHILD);
    let mut claude = claude_duplex::driver::smol::spawn(&options, Config::new(Seed::from_bytes([1; 16])))
        .expect("this program starts");
    let mut turns: Vec<Turn> = (0..=INTERRUPTS).map(|_| block_on(interrupted(&mut claude))).skip(1).collect();

    turns.sort_by_key(|turn| turn.delay);
    let (median, p99) = (turns[turns.len() / 2].delay, turns[turns.len() * 99 / 100].delay);
    let (messages, taken) = turns
        .iter()
        .fold((0, Duration::ZERO), |(messages, taken), turn| (messages + turn.messages, taken + turn.taken));
    let rate = messages as f64 / taken.as_secs_f64();
    println!(
        "flood interrupts {INTERRUPTS} messages_per_s {rate:.0} median_ms {:.2} {} p99_ms {:.2} {} most_ms {:.2}",
        ms(median),
        ms(MEDIAN_AT_MOST),
        ms(p99),
        ms(P99_AT_MOST),
        ms(turns[turns.len() - 1].delay)
    );
    let mut held = true;
    for (what, value, limit) in [("median", median, MEDIAN_AT_MOST), ("p99", p99, P99_AT_MOST)] {
        if value > limit {
            eprintln!("flood: the {what} {:.2} ms is over {:.0} ms", ms(value), ms(limit));
            held = false;
        }
    }
    if rate < 0.9 * RATE {
        eprintln!("flood: it was none: {rate:.0} messages a second, of {RATE}");
        held = false;
    }
    if held { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

struct Turn {
    /// From the interrupt to its acknowledgment.
    delay: Duration,
    messages: usize,
    /// From the first message to the last.
    taken: Duration,
}

async fn interrupted(claude: &mut Driver<impl Transport>) -> Turn {
    let prompt = claude.prompt("go").expect("nothing else is asked of it");
    let (mut messages, mut after, mut begun) = (0, 0, None);
    let (mut request, mut delay) = (None, None);
    loop {
        match claude.next().await.expect("the child lives") {
            Action::Message { message, .. } => {
                black_box(message);
                begun.get_or_insert_with(Instant::now);
                messages += 1;
                after += usize::from(delay.is_some());
                if messages == PART {
                    let sent = claude.interrupt(Interrupt::prompt(prompt)).expect("a turn runs");
                    request = Some((sent, Instant::now()));
                }
            }
            Action::ResponseReceived { request: replied, response: reply, .. } => {
                let (sent, at) = request.expect("it was asked");
                assert_eq!(replied, sent);
                reply.expect("it is acknowledged");
                delay = Some(at.elapsed());
            }
            Action::PromptEnded { outcome, .. } => {
                assert_eq!(outcome, Outcome::Interrupted);
                assert!(after >= PART, "it is acknowledged while the flood runs");
                let taken = begun.expect("there were messages").elapsed();
                return Turn { delay: delay.expect("it is acknowledged"), messages, taken };
            }
            _ => {}
        }
    }
}

// The child.

const BEGIN: &str = r#"{"type":"system","subtype":"init","session_id":"0f5e","claude_code_version":"2.1.329"}"#;
const DELTA: &str = r#"{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a few words"}},"session_id":"0f5e","parent_tool_use_id":null,"uuid":"2f0f5e1c-0000-4000-8000-00000000beef"}"#;
const END: &str = r#"{"type":"result","subtype":"error_during_execution","is_error":false,"session_id":"0f5e","terminal_reason":"aborted_streaming"}"#;

/// Floods from each prompt until a while after the interrupt.
fn child() -> ExitCode {
    let (lines, given) = channel();
    thread::spawn(move || {
        for line in stdin().lock().lines().map_while(Result::ok) {
            if let Some(id) = interrupt_id(&line) {
                // Not by way of the thread that writes: between two of its batches.
                let reply = format!(
                    r#"{{"type":"control_response","response":{{"subtype":"success","request_id":"{id}","response":{{"still_queued":[]}}}}}}"#
                );
                if say(&(reply + "\n")).is_err() {
                    return;
                }
            }
            if lines.send(line).is_err() {
                return;
            }
        }
    });
    let flooded = flood(&given);
    if flooded.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn interrupt_id(line: &str) -> Option<String> {
    let line: serde_json::Value = serde_json::from_str(line).expect("the host writes JSON");
    let is_interrupt = line["request"]["subtype"] == "interrupt";
    is_interrupt.then(|| line["request_id"].as_str().expect("a request has an id").to_owned())
}

fn flood(given: &Receiver<String>) -> std::io::Result<()> {
    let batch = [DELTA, "\n"].concat().repeat(BATCH);
    // Each prompt.
    while given.recv().is_ok() {
        say(&format!("{BEGIN}\n"))?;
        let mut next = Instant::now();
        let mut left = None;
        while left != Some(0) {
            say(&batch)?;
            // A late batch does not make the next ones late.
            next += TICK;
            thread::sleep(next.saturating_duration_since(Instant::now()));
            if left.is_none() && given.try_recv().is_ok() {
                left = Some(2 * PART / BATCH);
            } else {
                left = left.map(|left| left - 1);
            }
        }
        say(&format!("{END}\n"))?;
    }
    Ok(())
}

/// Whole lines at once: another thread writes too.
fn say(lines: &str) -> std::io::Result<()> {
    let mut stdout = stdout().lock();
    stdout.write_all(lines.as_bytes())?;
    stdout.flush()
}
