//! The invariants of the design. Each is a function over one history; it panics where the history breaks the invariant, and says how
//! much it judged, so that a test can tell that it judges anything.

#![allow(dead_code, reason = "each test takes its part")]

mod answers;
mod chunking;
mod damage;
mod deadlines;
mod ending;
pub(crate) mod fitting;
mod grants;
mod guarded;
pub(crate) mod ledger;
mod memory;
mod orders;
mod output;
mod polls;
mod queue;
mod reading;
mod replay;
mod room;
mod settling;
mod stdin;
mod time;
mod turns;

use crate::history::{History, Trace};

pub(crate) struct Law {
    pub(crate) name: &'static str,
    pub(crate) judge: fn(&Case) -> usize,
}

/// A history and what it gave, and both again with the session brought to its end.
pub(crate) struct Case {
    pub(crate) history: History,
    pub(crate) trace: Trace,
    pub(crate) drained: History,
    pub(crate) drained_trace: Trace,
}

impl Case {
    pub(crate) fn of(history: History) -> Self {
        let (trace, drained) = (history.play(), history.drained());
        Self { trace, drained_trace: drained.play(), history, drained }
    }
}

/// All of them; the numbers are those of the design.
pub(crate) const LAWS: [Law; 21] = [
    Law { name: "1: cuts between bytes change nothing", judge: chunking::judge },
    Law { name: "1: damage around a line changes nothing but the report", judge: damage::judge },
    Law { name: "2: nothing depends on what was read", judge: polls::judge },
    Law { name: "3: output is whole lines of JSON", judge: output::judge },
    Law { name: "3: no byte follows the close of stdin", judge: stdin::judge },
    Law { name: "4: a history that was written and read back gives the same", judge: replay::judge },
    Law { name: "5: everything is settled once", judge: settling::judge },
    Law { name: "5: an answer that is taken is on its way", judge: answers::judge },
    Law { name: "5: a message belongs to the turn that runs", judge: turns::judge },
    Law { name: "5: an open interrupt holds queued prompts back", judge: queue::judge },
    Law { name: "6: a close ends without help", judge: ending::judge },
    Law { name: "6: the child gets each order once, and no stranger gets one", judge: orders::judge },
    Law { name: "7: time does not go back, and early is nothing", judge: time::judge },
    Law { name: "7: what is due is announced and done", judge: deadlines::judge },
    Law { name: "8: what is held has limits", judge: memory::judge },
    Law { name: "8: stdout is read exactly while there is room", judge: reading::judge },
    Law { name: "8: what is refused for want of room is taken when there is room", judge: room::judge },
    Law { name: "9: nothing is granted that nobody gave", judge: grants::judge },
    Law { name: "9: stdin is closed under nothing that the host guards", judge: guarded::judge },
    Law { name: "9: an answer that fits is one line, and any other changes nothing", judge: fitting::judge },
    Law { name: "9: an id of another session is nobody's", judge: fitting::judge_foreign },
];

/// Law 5 of prompts, which reads the lines by itself: for histories whose lines are plain JSON.
pub(crate) const LEDGER: Law = Law { name: "5: an obvious ledger says the same", judge: ledger::judge };

/// Judges a history by every law.
pub(crate) fn judge(history: History) {
    let _told = Told("a law");
    let case = Case::of(history);
    for law in &LAWS {
        let _told = Told(law.name);
        (law.judge)(&case);
    }
}

/// Judges a history of lines that are plain JSON by every law, and by the obvious ledger.
pub(crate) fn judge_plain(history: History) {
    {
        let _told = Told(LEDGER.name);
        ledger::check(&history).unwrap_or_else(|reason| panic!("{reason}"));
    }
    judge(history);
}

/// Says what was under way when something panics.
pub(crate) struct Told<T: std::fmt::Display>(pub(crate) T);

impl<T: std::fmt::Display> Drop for Told<T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("broken: {}", self.0);
        }
    }
}
