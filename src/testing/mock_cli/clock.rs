//! Events that are due at a time.

use super::state::Turn;
use super::{MockCli, Stdin};
use crate::base::time::SessionTime;

/// Kind of the next event, in the order of events that are due at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Request,
    Task,
    Turn,
    Begin,
    Exit,
}

impl MockCli {
    pub(super) fn enter(&mut self, now: SessionTime) {
        self.now = self.now.max(now);
        self.run();
    }

    /// Handles all events that are due.
    pub(super) fn run(&mut self) {
        while let Some((time, due)) = self.next_due().filter(|(time, _)| *time <= self.now) {
            match due {
                Due::Request => self.withdraw_due(time),
                Due::Task => self.end_task(time),
                Due::Turn => self.go_on(time),
                Due::Begin => self.begin(time),
                Due::Exit => self.leave_in_order(),
            }
        }
    }

    pub(super) fn next_time(&self) -> Option<SessionTime> {
        self.next_due().map(|(time, _)| time)
    }

    fn next_due(&self) -> Option<(SessionTime, Due)> {
        if self.exit.is_some() {
            return None;
        }
        let request = self.open_requests.iter().filter_map(|request| request.withdrawn_at).min();
        let task = self.tasks.iter().map(|task| task.ends).min();
        let dues = [
            (request, Due::Request),
            (task, Due::Task),
            (self.turn.as_ref().and_then(Turn::due), Due::Turn),
            (self.begins, Due::Begin),
            (self.leaves, Due::Exit),
        ];
        dues.into_iter().filter_map(|(time, due)| Some((time?, due))).min()
    }

    pub(super) fn write(&mut self, line: &[u8]) {
        self.output.extend_from_slice(line);
    }

    pub(super) fn has_ended(&self) -> bool {
        self.stdin == Stdin::Ended
    }
}
