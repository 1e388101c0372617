//! Law 7: what has to happen by a time is announced by then, and done then.

use std::time::Duration;

use claude_duplex::{Action, Deadline, Input, Request, RequestId, Time, Timeouts, TurnId};

use super::Case;

/// What the host may expect, by the settings and what it was told.
struct Expected {
    timeouts: Timeouts,
    requests: Vec<(RequestId, Time)>,
    turns: Vec<(TurnId, Time)>,
    last_byte: Time,
    /// That no byte comes was told.
    silence_told: bool,
    eof: bool,
}

/// Counts the deadlines that passed.
pub(crate) fn judge(case: &Case) -> usize {
    let history = &case.drained;
    let mut protocol = history.begin();
    let mut expected = Expected {
        timeouts: history.config.timeouts,
        requests: Vec::new(),
        turns: Vec::new(),
        last_byte: history.start,
        silence_told: false,
        eof: false,
    };
    let mut passed = 0;
    for (now, input) in &history.inputs {
        match input {
            Input::Request(request) => {
                if let Ok(id) = protocol.request(*now, request.clone()) {
                    expected.request(id, request, protocol.now());
                }
            }
            Input::Interrupt(interrupt) => {
                if let Ok(id) = protocol.interrupt(*now, interrupt.clone()) {
                    expected.due(id, protocol.now(), expected.timeouts.interrupt);
                }
            }
            input => protocol.apply(*now, input.clone()),
        }
        let now = protocol.now();
        match input {
            Input::Receive(bytes) if !bytes.is_empty() => (expected.last_byte, expected.silence_told) = (now, false),
            Input::Eof => expected.eof = true,
            _ => {}
        }
        while let Some(action) = protocol.poll_action() {
            passed += usize::from(expected.action(&action, now));
        }
        if protocol.is_closed() {
            break;
        }
        let is_silent = !expected.silence_told && !expected.eof && !protocol.is_idle();
        let stall = expected.timeouts.stall.filter(|_| is_silent).map(|wait| expected.last_byte.after(wait));
        let next = expected.requests.iter().map(|(_, due)| *due).chain(expected.turns.iter().map(|(_, due)| *due));
        for due in next.chain(stall) {
            assert!(*input != Input::Timeout || due > now, "{due:?} has passed, and nothing was done");
            assert!(protocol.poll_timeout().is_some_and(|(next, _)| next <= due), "nobody is woken at {due:?}");
        }
    }
    passed
}

impl Expected {
    fn request(&mut self, id: RequestId, request: &Request, now: Time) {
        let text = serde_json::to_value(request).expect("a request is plain data");
        let wait = match text["subtype"].as_str() {
            // It has a time of its own.
            _ if !text["within"].is_null() => return,
            Some("initialize") => self.timeouts.initialize,
            Some("interrupt") => self.timeouts.interrupt,
            _ => self.timeouts.request,
        };
        self.due(id, now, wait);
    }

    fn due(&mut self, id: RequestId, now: Time, wait: Option<Duration>) {
        self.requests.extend(wait.map(|wait| (id, now.after(wait))));
    }

    /// Whether it says that a time has passed.
    fn action(&mut self, action: &Action, now: Time) -> bool {
        match action {
            Action::Replied { request, .. } => self.requests.retain(|(open, _)| open != request),
            Action::TurnStarted { turn, .. } => {
                self.turns.extend(self.timeouts.turn.map(|wait| (*turn, now.after(wait))));
            }
            Action::TurnEnded { turn, .. } => self.turns.retain(|(open, _)| open != turn),
            Action::Stalled(Deadline::Turn) => self.turns.retain(|(_, due)| *due > now),
            Action::Stalled(_) => self.silence_told = true,
            _ => {}
        }
        matches!(action, Action::Stalled(_) | Action::Replied { reply: Err(claude_duplex::RequestError::TimedOut), .. })
    }
}
