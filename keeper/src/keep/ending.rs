//! End of a session: its time and its steps.

use std::time::{Duration, Instant};

use super::keeper::Keeper;
use crate::frame::{Signal, Stream};

/// Time for the rest of the output after a kill, and for clients to read it.
const DRAIN: Duration = Duration::from_secs(5);

/// Time between attempts to write to a full disk.
const RETRY: Duration = Duration::from_secs(1);

/// Step of the end, with the time of the next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// No end was ordered.
    No,
    /// Stdin was closed.
    Closed(Instant),
    /// The CLI was terminated.
    Terminated(Instant),
    /// The CLI and its group were killed.
    Killed(Instant),
}

impl Keeper {
    /// Begins the end of the session.
    pub(super) fn begin_end(&mut self, now: Instant) {
        if self.ending == Ending::No {
            self.stdin.end_here();
            self.stdin.write();
            self.stdin_changed();
            self.ending = Ending::Closed(now + self.policy.close_grace);
        }
    }

    /// Takes the next step of the end at once, without its grace period.
    pub(super) fn hasten_end(&mut self, now: Instant) {
        match self.ending {
            Ending::No => self.begin_end(now),
            Ending::Closed(_) => self.ending = Ending::Closed(now),
            Ending::Terminated(_) => self.ending = Ending::Terminated(now),
            Ending::Killed(_) => {}
        }
    }

    /// Does everything that is due at `now`. Returns `true` if the keeper has to end.
    pub(super) fn expire(&mut self, now: Instant) -> bool {
        for (stream, spool) in [(Stream::Stdout, &mut self.stdout), (Stream::Stderr, &mut self.stderr)] {
            let end = spool.state().end;
            let is_taken = self.clients.iter().any(|client| client.is_taking(stream, end, now));
            spool.relieve(is_taken, now);
        }
        if self.released {
            // Tools that the CLI has left behind end too.
            self.child.send(Signal::Kill);
            return true;
        }
        if self.ending == Ending::No && self.policy_time().is_some_and(|due| due <= now) {
            self.begin_end(now);
        }
        let exited = self.child.exit().is_some();
        match self.ending {
            Ending::Closed(_) | Ending::Terminated(_) if exited => {
                self.kill(now);
                return self.expire(now);
            }
            Ending::Closed(due) if due <= now => {
                self.child.send(Signal::Terminate);
                self.ending = Ending::Terminated(now + self.policy.terminate_grace);
            }
            Ending::Terminated(due) if due <= now => self.kill(now),
            Ending::Killed(due) => {
                let all_read = exited && self.stdout.state().ended && self.stderr.state().ended;
                return due <= now || all_read && self.clients.iter().all(super::client::Client::knows_all);
            }
            _ => {}
        }
        false
    }

    /// Kills the CLI and what it has started.
    fn kill(&mut self, now: Instant) {
        self.child.send(Signal::Kill);
        self.ending = Ending::Killed(now + DRAIN);
    }

    /// Returns when the policy ends a session without a host.
    fn policy_time(&self) -> Option<Instant> {
        let alone = self.alone_since?;
        let limit = self.policy.without_host.and_then(|limit| alone.checked_add(limit));
        let idle = self.policy.idle.and_then(|idle| self.last_output.max(alone).checked_add(idle));
        [limit, idle].into_iter().flatten().min()
    }

    /// Returns the time of the next step or deadline.
    pub(super) fn next_time(&self, now: Instant) -> Option<Instant> {
        let ending = match self.ending {
            Ending::No => self.policy_time(),
            Ending::Closed(due) | Ending::Terminated(due) | Ending::Killed(due) => Some(due),
        };
        let trouble = self.stdout.trouble().or(self.stderr.trouble()).map(|_| now + RETRY);
        let greetings = self.clients.iter().filter_map(|client| match client.state {
            super::client::State::Greeting(until) => Some(until),
            _ => None,
        });
        let unsaved = [self.stdout.due(), self.stderr.due()].into_iter().flatten();
        greetings.chain(ending).chain(trouble).chain(unsaved).min()
    }
}
