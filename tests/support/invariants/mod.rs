//! The invariants of the design. Each is a function over one input sequence; it panics where the input sequence breaks the invariant, and says how
//! much it judged, so that a test can tell that it judges anything.

#![allow(dead_code, reason = "each test takes its part")]

mod answers;
mod chunking;
mod damage;
mod deadlines;
mod ending;
mod grants;
mod guarded;
pub(crate) mod ledger;
mod memory;
mod one_end_each;
mod orders;
mod output;
mod polls;
mod queue;
mod reading;
mod replay;
pub(crate) mod response_kinds;
pub(crate) mod restore;
mod room;
mod stdin;
mod time;
mod turns;
mod wire;

use crate::sequence::{Sequence, Trace};

pub(crate) struct Invariant {
    pub(crate) name: &'static str,
    pub(crate) judge: fn(&Case) -> usize,
}

/// A sequence and what it gave, and both again with the session brought to its end.
pub(crate) struct Case {
    pub(crate) sequence: Sequence,
    pub(crate) trace: Trace,
    pub(crate) drained: Sequence,
    pub(crate) drained_trace: Trace,
}

impl Case {
    pub(crate) fn of(sequence: Sequence) -> Self {
        let (trace, drained) = (sequence.play(), sequence.drained());
        Self { trace, drained_trace: drained.play(), sequence, drained }
    }
}

/// All of them; the numbers are those of the design.
pub(crate) const INVARIANTS: [Invariant; 23] = [
    Invariant { name: "1: chunk boundaries change nothing", judge: chunking::judge },
    Invariant { name: "1: damage around a line changes only its report", judge: damage::judge },
    Invariant { name: "2: nothing depends on what was read", judge: polls::judge },
    Invariant { name: "3: the output consists of complete lines of JSON", judge: output::judge },
    Invariant { name: "3: no byte is written after stdin is closed", judge: stdin::judge },
    Invariant { name: "3: reported lines are the lines of the pipes", judge: wire::judge },
    Invariant { name: "4: a sequence that was written and read again behaves equally", judge: replay::judge },
    Invariant { name: "4: a session restored at any point behaves equally", judge: restore::judge },
    Invariant { name: "5: everything that begins ends once", judge: one_end_each::judge },
    Invariant { name: "5: an accepted response is written", judge: answers::judge },
    Invariant { name: "5: a message belongs to the turn that runs", judge: turns::judge },
    Invariant { name: "5: an open interrupt holds queued prompts back", judge: queue::judge },
    Invariant { name: "6: a close ends without cooperation of the child", judge: ending::judge },
    Invariant {
        name: "6: each child command is returned once, and no other process gets a signal",
        judge: orders::judge,
    },
    Invariant { name: "7: time does not go back, and early calls have no effect", judge: time::judge },
    Invariant { name: "7: deadlines are announced and take effect", judge: deadlines::judge },
    Invariant { name: "8: memory has limits", judge: memory::judge },
    Invariant { name: "8: stdout is read if and only if there is room", judge: reading::judge },
    Invariant { name: "8: a command refused as full is accepted when there is room", judge: room::judge },
    Invariant { name: "9: nothing is allowed without a decision of the host", judge: grants::judge },
    Invariant { name: "9: stdin is not closed during a guarded action", judge: guarded::judge },
    Invariant {
        name: "9: a response of the right kind is one line, and any other changes nothing",
        judge: response_kinds::judge,
    },
    Invariant { name: "9: an id of another session has no effect", judge: response_kinds::judge_foreign },
];

/// Invariant 5 of prompts, which reads the lines by itself: for sequences whose lines are plain JSON.
pub(crate) const LEDGER: Invariant = Invariant { name: "5: the simple ledger agrees", judge: ledger::judge };

/// Judges an input sequence by every invariant.
pub(crate) fn judge(sequence: Sequence) {
    let _context = PanicContext("an invariant");
    let case = Case::of(sequence);
    for invariant in &INVARIANTS {
        let _context = PanicContext(invariant.name);
        (invariant.judge)(&case);
    }
}

/// Judges a sequence of lines that are plain JSON by every invariant, and by the obvious ledger.
pub(crate) fn judge_plain(sequence: Sequence) {
    {
        let _context = PanicContext(LEDGER.name);
        ledger::check(&sequence).unwrap_or_else(|reason| panic!("{reason}"));
    }
    judge(sequence);
}

/// Says what was under way when something panics.
pub(crate) struct PanicContext<T: std::fmt::Display>(pub(crate) T);

impl<T: std::fmt::Display> Drop for PanicContext<T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("broken: {}", self.0);
        }
    }
}
