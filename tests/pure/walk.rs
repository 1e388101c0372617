//! The model check: every sequence of a few inputs from a small alphabet keeps all invariants, closed from its end and not.
//!
//! All sequences of one length come before those of the next, until the time is up: `cases::seconds`.
//! `cargo test --test pure walk:: -- --nocapture` prints how far it came: what `docs/testing.md` reports.

use std::time::{Duration, Instant};

use crate::cases::seconds;
use crate::invariants;
use crate::sequence::Author;
use crate::sequence::cli::PeerLine;
use crate::sequence::step::{PickedBusy, Step};
use claude_duplex::{Config, IncomingKinds, Seed};

/// What each letter says. Numbers pick the first prompt, the latest ask and the latest request.
fn alphabet() -> Vec<(&'static str, Step)> {
    let result = |named, kind| Step::Line(PeerLine::Result { named, own: false, kind, uuid: 1 });
    let incoming = |kind| Step::Line(PeerLine::Ask { id: 1, kind });
    let response = |kind| Step::Line(PeerLine::Response { request: 0, kind, prompts: vec![0], listed: None });
    let life = |state| Step::Line(PeerLine::Lifecycle { prompt: 0, state });
    vec![
        ("prompt", Step::Prompt { text: 1, busy: Some(PickedBusy::Send), slash: false }),
        ("queued prompt", Step::Prompt { text: 1, busy: Some(PickedBusy::Queue), slash: true }),
        ("cancel", Step::Cancel(0)),
        ("interrupt", Step::Interrupt { target: None, cancel_queued: false }),
        ("aimed interrupt", Step::Interrupt { target: Some(0), cancel_queued: true }),
        ("initialize", Step::Request(0)),
        ("allow", Step::Answer { incoming: 0, how: 0 }),
        ("init of 2.1.50", Step::Line(PeerLine::Init(1))),
        ("init of 2.1.329", Step::Line(PeerLine::Init(4))),
        ("echo", Step::Line(PeerLine::Echo { prompt: 0, subagent: false })),
        ("started", life(1)),
        ("completed", life(2)),
        ("cancelled", life(3)),
        ("assistant", Step::Line(PeerLine::Assistant { subagent: false })),
        ("result", result(None, 0)),
        ("naming result", result(Some(vec![0]), 0)),
        ("aborted result", result(None, 3)),
        ("delta", Step::Line(PeerLine::Delta)),
        ("prevented", Step::Line(PeerLine::Prevented)),
        ("permission", incoming(0)),
        ("hook", incoming(2)),
        ("dialog", incoming(5)),
        ("withdrawal", Step::Line(PeerLine::CancelAsk(1))),
        ("echoed answer", Step::Line(PeerLine::EchoedAnswer(1))),
        ("success", response(0)),
        ("error", response(1)),
        ("still queued", response(2)),
        ("task ended", Step::Line(PeerLine::Task(1))),
        ("idle state", Step::Line(PeerLine::State(0))),
        ("keep alive", Step::Line(PeerLine::KeepAlive)),
        ("blank", Step::Line(PeerLine::Blank)),
        ("long line", Step::Line(PeerLine::Long(2000))),
        ("cut line", Step::Part(PeerLine::Init(4), 128)),
        ("noise", Step::Line(PeerLine::Noise(0))),
        ("written", Step::Sent(u16::MAX)),
        ("written in part", Step::Sent(7)),
        ("write failed", Step::SendFailed),
        ("deadline", Step::Deadline(0)),
        ("eof", Step::Eof),
        ("stderr's eof", Step::StderrEof),
        ("exit", Step::Exited(0)),
        ("close", Step::Close),
        ("close now", Step::CloseNow),
        ("abort", Step::Abort),
    ]
}

/// Up to how many inputs all input sequences are judged, whatever the time.
const SHORTEST: usize = 2;

struct Walk {
    alphabet: Vec<(&'static str, Step)>,
    /// When it ends, unless it goes on until all are judged.
    until: Option<Instant>,
    sequences: u64,
}

impl Walk {
    /// Judges all input sequences that are `more` inputs longer. Whether there was time for all.
    fn go(&mut self, from: &Author, path: &mut Vec<&'static str>, more: usize) -> bool {
        if more == 0 {
            if self.until.is_some_and(|until| Instant::now() > until) {
                return false;
            }
            let _context = invariants::PanicContext(path.join(", "));
            invariants::judge_plain(from.sequence());
            self.sequences += 1;
            return true;
        }
        for (name, step) in self.alphabet.clone() {
            let mut next = from.clone();
            next.step(step);
            // A letter that means nothing here is no input.
            if next.sequence().inputs.len() == from.sequence().inputs.len() {
                continue;
            }
            path.push(name);
            let whole = self.go(&next, path, more - 1);
            path.pop();
            if !whole {
                return false;
            }
        }
        true
    }
}

/// The time since then, and the processor time of this process, which other tests may share.
fn taken(begun: Instant) -> String {
    let elapsed = begun.elapsed().as_secs_f64();
    #[cfg(unix)]
    {
        let spent = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        format!("{elapsed:.1} s ({} s of processor time)", spent.tv_sec)
    }
    #[cfg(not(unix))]
    format!("{elapsed:.1} s")
}

fn config() -> Config {
    let mut config = Config::new(Seed::from_bytes([7; 16]));
    config.handled = IncomingKinds::ALL;
    config.limits.line = 1000;
    config.timeouts.turn = Some(Duration::from_secs(5));
    config.timeouts.stall = Some(Duration::from_secs(3));
    config
}

#[test]
fn every_short_sequence_keeps_all_invariants() {
    let seconds = seconds(10);
    let begun = Instant::now();
    let mut walk = Walk { alphabet: alphabet(), until: None, sequences: 0 };
    let (mut depth, mut shorter) = (0, 0);
    println!("{} inputs, and {seconds} seconds", walk.alphabet.len());
    loop {
        // The shortest are judged however busy the machine is.
        walk.until = (depth >= SHORTEST).then_some(begun + Duration::from_secs(seconds));
        if !walk.go(&Author::new(config()), &mut Vec::new(), depth + 1) {
            break;
        }
        depth += 1;
        println!("all {} sequences of up to {depth} inputs, in {}", walk.sequences, taken(begun));
        shorter = walk.sequences;
    }
    println!("{} more of {} inputs; together {}", walk.sequences - shorter, depth + 1, taken(begun));
    assert!(depth >= SHORTEST && walk.sequences > 1000, "{} sequences, all of up to {depth} inputs", walk.sequences);
}
