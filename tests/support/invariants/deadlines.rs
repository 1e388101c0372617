//! Invariant 7: what has to happen by a time is announced by then, and done then, and not sooner.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use claude_duplex::{
    Action, ChildCommand, Config, Deadline, IncomingId, Input, PromptId, Protocol, Request, RequestId, SessionTime,
    Timeouts, TransportKind, TurnId, WhenBusy,
};

use super::Case;

/// Counts the deadlines that passed.
pub(crate) fn judge(case: &Case) -> usize {
    let sequence = &case.drained;
    let mut protocol = sequence.begin();
    let mut expected = Expected::new(&sequence.config);
    let (mut passed, mut stdin_closed) = (0, false);
    for (now, input) in &sequence.inputs {
        let stall = expected.stall();
        let given = expected.give(&mut protocol, *now, input);
        let now = protocol.now();
        if let Input::Receive(bytes) = input {
            expected.bytes(bytes, now);
        }
        while let Some(action) = protocol.poll_action() {
            if matches!(action, Action::DeadlineExceeded { deadline: Deadline::Stall, .. }) {
                assert!(stall.is_some_and(|due| due <= now), "a stall is told at {now:?}, and due is {stall:?}");
            }
            passed += usize::from(expected.action(&action, now));
        }
        if protocol.is_closed() {
            break;
        }
        let orders: Vec<ChildCommand> = std::iter::from_fn(|| protocol.poll_child_command()).collect();
        let killed = orders.contains(&ChildCommand::Kill);
        stdin_closed |= orders.contains(&ChildCommand::CloseStdin);
        expected.gone |= killed || matches!(input, Input::Eof | Input::Exited(_) | Input::Abort);
        expected.settle(given, protocol.is_idle(), now);
        let requests = expected.requests.values().flatten().copied();
        for (due, stopped) in expected.limits.values_mut() {
            match stopped {
                Some(stopped) => {
                    let last = stopped.saturating_add(2 * sequence.config.timeouts.prompt_grace);
                    assert!(
                        *input != Input::Timeout || now < last,
                        "a prompt is open after its time limit and its grace"
                    );
                }
                // The CLI has its grace although the host comes late.
                None if *input == Input::Timeout && now >= *due => *stopped = Some(now),
                None => {
                    let is_woken = protocol.poll_timeout().is_some_and(|(next, _)| next <= *due);
                    assert!(is_woken, "nobody is woken for the time limit at {due:?}");
                }
            }
        }
        // Two streams get no kill, so nothing shows that such a session was given up before its end.
        let may_be_over = stdin_closed && sequence.config.transport == TransportKind::Streams;
        let stall = expected.stall().filter(|_| !may_be_over);
        for due in requests.chain(expected.turns.values().copied().flatten()).chain(stall) {
            assert!(*input != Input::Timeout || due > now, "{due:?} has passed, and nothing was done");
            assert!(
                protocol.poll_timeout().is_some_and(|(next, _)| next <= due),
                "nobody is woken at {due:?}: {protocol:?}"
            );
        }
    }
    passed
}

/// What the host may expect, by the settings and what it was told.
struct Expected {
    timeouts: Timeouts,
    longest_line: usize,
    prompts: HashSet<PromptId>,
    /// Prompts that were written at once and have a time limit, when that passes, and when it was
    /// stopped.
    limits: BTreeMap<PromptId, (SessionTime, Option<SessionTime>)>,
    busy: WhenBusy,
    incoming_requests: HashSet<IncomingId>,
    /// Open requests, and when each is given up.
    requests: BTreeMap<RequestId, Option<SessionTime>>,
    /// Open turns, and when it is told that each takes long.
    turns: BTreeMap<TurnId, Option<SessionTime>>,
    /// The line that is arriving.
    line: Vec<u8>,
    /// The last byte of a whole line that was no `keep_alive`.
    last_line: SessionTime,
    /// The last byte of the line that is arriving.
    last_part: Option<SessionTime>,
    /// Since when the CLI owes something.
    owed: Option<SessionTime>,
    /// Since when the host waits although it was told that the CLI is silent; none, if it was not told.
    reported: Option<Option<SessionTime>>,
    gone: bool,
}

impl Expected {
    fn new(config: &Config) -> Self {
        let (prompts, limits, incoming_requests, requests, turns) = Default::default();
        let (last_line, last_part, owed, reported) = (SessionTime::ZERO, None, None, None);
        let line = Vec::new();
        let gone = false;
        let (timeouts, longest_line, busy) = (config.timeouts, config.limits.line, config.when_busy);
        Self {
            timeouts,
            longest_line,
            prompts,
            limits,
            busy,
            incoming_requests,
            requests,
            turns,
            line,
            last_line,
            last_part,
            owed,
            reported,
            gone,
        }
    }

    /// Gives an input. Whether it gives the CLI something new to do.
    fn give(&mut self, protocol: &mut Protocol, now: SessionTime, input: &Input<'static>) -> bool {
        let begun = now.max(protocol.now());
        match input.clone() {
            Input::Request(request) => {
                let wait = self.wait(&request);
                let id = protocol.request(now, request);
                self.requests.extend(id.iter().map(|id| (*id, wait.map(|wait| begun.saturating_add(wait)))));
                id.is_ok()
            }
            Input::Interrupt(interrupt) => {
                let wait = self.timeouts.interrupt;
                let id = protocol.interrupt(now, interrupt);
                self.requests.extend(id.iter().map(|id| (*id, wait.map(|wait| begun.saturating_add(wait)))));
                id.is_ok()
            }
            Input::Prompt(prompt) => {
                let text = serde_json::to_value(&prompt).expect("a prompt is plain data");
                let busy = serde_json::from_value(text["when_busy"].clone()).unwrap_or(self.busy);
                let id = protocol.prompt(now, prompt);
                self.prompts.extend(&id);
                if let (Ok(id), WhenBusy::Send, Some(limit)) = (&id, busy, self.timeouts.prompt) {
                    self.limits.insert(*id, (begun.saturating_add(limit), None));
                }
                id.is_ok()
            }
            Input::Respond(incoming, answer) => protocol.respond(now, incoming, answer).is_ok(),
            input => {
                protocol.apply(now, input);
                false
            }
        }
    }

    fn wait(&self, request: &Request) -> Option<Duration> {
        let text = serde_json::to_value(request).expect("a request is plain data");
        match text["subtype"].as_str() {
            _ if !text["timeout"].is_null() => serde_json::from_value(text["timeout"].clone()).expect("a duration"),
            Some("initialize") => self.timeouts.initialize,
            Some("interrupt") => self.timeouts.interrupt,
            _ => self.timeouts.request,
        }
    }

    fn bytes(&mut self, bytes: &[u8], now: SessionTime) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if !part.ends_with(b"\n") {
                self.last_part = Some(now);
                return;
            }
            let line = std::mem::take(&mut self.line);
            self.last_part = None;
            let line = line.trim_ascii();
            if line.len() > self.longest_line || !is_keep_alive(line) {
                self.last_line = now;
                self.reported = None;
            }
        }
    }

    /// What the CLI owes now; `given` is whether the host gave it something new.
    fn settle(&mut self, given: bool, is_idle: bool, now: SessionTime) {
        let works = !self.prompts.is_empty() || !self.turns.is_empty();
        let for_itself = self.requests.is_empty() && self.incoming_requests.is_empty() && !works && !is_idle;
        let owes =
            !self.gone && (!self.requests.is_empty() || self.incoming_requests.is_empty() && (works || for_itself));
        match (owes, self.owed) {
            (true, None) => (self.owed, self.reported) = (Some(now), None),
            (true, Some(_)) if given && self.reported == Some(None) => self.reported = Some(Some(now)),
            (true, Some(_)) => {}
            (false, _) => (self.owed, self.reported) = (None, None),
        }
    }

    /// When the host is to be told that the CLI is silent.
    fn stall(&self) -> Option<SessionTime> {
        let since = match self.reported {
            None => self.owed?.max(self.last_line),
            Some(again) => again?.max(self.owed?),
        };
        Some(since.max(self.last_part.unwrap_or(since)).saturating_add(self.timeouts.stall?))
    }

    /// Whether it says that a time has passed.
    fn action(&mut self, action: &Action, now: SessionTime) -> bool {
        match action {
            Action::PromptEnded { prompt, .. } => {
                self.prompts.remove(prompt);
                self.limits.remove(prompt);
            }
            Action::IncomingRequest(incoming) => drop(self.incoming_requests.insert(incoming.id())),
            Action::IncomingAnswered { id: incoming, .. } | Action::IncomingCancelled { id: incoming, .. } => {
                self.incoming_requests.remove(incoming);
            }
            Action::ResponseReceived { request, .. } => drop(self.requests.remove(request)),
            Action::TurnStarted { turn, .. } => {
                self.turns.insert(*turn, self.timeouts.turn.map(|wait| now.saturating_add(wait)));
            }
            Action::TurnEnded { turn, .. } => drop(self.turns.remove(turn)),
            Action::DeadlineExceeded { deadline: Deadline::Turn, .. } => {
                self.turns.values_mut().for_each(|due| *due = due.filter(|due| *due > now));
            }
            Action::DeadlineExceeded { .. } => self.reported = Some(None),
            _ => {}
        }
        matches!(
            action,
            Action::DeadlineExceeded { .. }
                | Action::ResponseReceived { response: Err(claude_duplex::RequestError::TimedOut), .. }
        )
    }
}

/// Whether the messages of a line, damaged or not, are all of the kind `keep_alive`.
fn is_keep_alive(line: &[u8]) -> bool {
    let is_one = |value: &serde_json::Value| value["type"] == "keep_alive";
    let Some((objects, _)) = crate::slow_scan::damage(line) else {
        return serde_json::from_slice(line).is_ok_and(|value| is_one(&value));
    };
    let start = line.iter().position(|byte| *byte == b'{').unwrap_or(line.len());
    let values = serde_json::Deserializer::from_slice(&line[start..]).into_iter();
    objects > 0 && values.map_while(Result::ok).filter(is_one).count() == objects
}
