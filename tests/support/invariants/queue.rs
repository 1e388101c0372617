//! Invariant 5, of queued prompts: while an interrupt has no reply, none is written. It would be what the interrupt stops.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

use claude_duplex::{Action, Input, Protocol, RequestError, RequestId, SessionTime, Timeouts, WhenBusy};
use serde_json::Value;

use super::Case;
use super::ledger::objects;

/// Counts the queued prompts that were written.
pub(crate) fn judge(case: &Case) -> usize {
    let sequence = &case.sequence;
    let mut watch = Watch::new(sequence.begin());
    for (now, input) in &sequence.inputs {
        match input {
            // Line by line: what a line sets in motion is seen before the next.
            Input::Receive(bytes) => {
                for part in bytes.split_inclusive(|byte| *byte == b'\n') {
                    watch.receive(*now, part);
                }
            }
            input => watch.input(*now, input),
        }
    }
    watch.judged
}

struct Watch {
    protocol: Protocol,
    /// The line that is arriving.
    line: Vec<u8>,
    /// How much of what is to be sent was seen.
    seen: usize,
    /// Open interrupts by their ids on the wire, and when they are given up.
    open: HashMap<String, Option<SessionTime>>,
    /// The host's, by the ids in their replies.
    of_host: HashMap<RequestId, String>,
    /// Prompts that were not to wait.
    at_once: HashSet<String>,
    judged: usize,
}

impl Watch {
    fn new(protocol: Protocol) -> Self {
        let (open, of_host, at_once) = Default::default();
        Self { protocol, line: Vec::new(), seen: 0, open, of_host, at_once, judged: 0 }
    }

    fn receive(&mut self, now: SessionTime, part: &[u8]) {
        self.line.extend_from_slice(part);
        let damaged = self.protocol.stats().damaged;
        self.protocol.apply(now, Input::Receive(Cow::Borrowed(part)));
        if part.ends_with(b"\n") {
            let line = std::mem::take(&mut self.line);
            // A response may be taken out of a damaged line, too, and one in a line that is too long ends its request as well.
            let messages = match serde_json::from_slice::<Value>(&line) {
                Ok(message) => vec![message],
                Err(_) if self.protocol.stats().damaged > damaged => objects(&line),
                _ => Vec::new(),
            };
            for message in messages.iter().filter(|message| message["type"] == "control_response") {
                self.open.remove(message["response"]["request_id"].as_str().unwrap_or_default());
            }
        }
        self.look(None);
    }

    fn input(&mut self, now: SessionTime, input: &Input<'static>) {
        let mut request = None;
        match input.clone() {
            Input::Prompt(prompt) => {
                let text = serde_json::to_value(&prompt).expect("a prompt is plain data");
                let busy =
                    serde_json::from_value(text["when_busy"].clone()).unwrap_or(self.protocol.config().when_busy);
                if let Ok(id) = self.protocol.prompt(now, prompt) {
                    self.at_once.extend((busy == WhenBusy::Send).then(|| id.uuid().to_string()));
                }
            }
            Input::Interrupt(interrupt) => request = self.protocol.interrupt(now, interrupt).ok(),
            Input::Request(of_host) => request = self.protocol.request(now, of_host).ok(),
            Input::Sent(count) => {
                self.seen = self.seen.saturating_sub(count);
                self.protocol.sent(now, count);
            }
            input => self.protocol.apply(now, input),
        }
        // Of its own requests the session does not say that it gives them up.
        let now = self.protocol.now();
        if *input == Input::Timeout {
            self.open.retain(|_, due| due.is_none_or(|due| due > now));
        }
        self.look(request);
    }

    /// Judges the lines that are new. `request` is the host's own, which the first of them is then.
    fn look(&mut self, mut request: Option<RequestId>) {
        while let Some(action) = self.protocol.poll_action() {
            if let Action::ResponseReceived { request, response: Err(RequestError::TimedOut), .. } = action {
                self.of_host.remove(&request).map(|id| self.open.remove(&id));
            }
        }
        let fresh = self.protocol.poll_transmit().get(self.seen..).unwrap_or_default().to_vec();
        self.seen = self.protocol.poll_transmit().len();
        for line in fresh.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let line: Value = serde_json::from_slice(line).expect("a line of ours");
            match line["type"].as_str() {
                Some("user") if !self.at_once.contains(line["uuid"].as_str().unwrap_or_default()) => {
                    assert!(self.open.is_empty(), "{line} is written, and these interrupts are open: {:?}", self.open);
                    self.judged += 1;
                }
                Some("control_request") => {
                    let id = line["request_id"].as_str().unwrap_or_default().to_owned();
                    let host = request.take();
                    if line["request"]["subtype"] == "interrupt" {
                        self.open.insert(id.clone(), host.is_none().then(|| self.given_up()));
                        self.of_host.extend(host.map(|host| (host, id)));
                    }
                }
                _ => {}
            }
        }
    }

    /// When an interrupt of the session's own that is written now is given up.
    fn given_up(&self) -> SessionTime {
        let wait = self.protocol.config().timeouts.interrupt.or(Timeouts::default().interrupt);
        self.protocol.now().saturating_add(wait.unwrap_or(Duration::ZERO))
    }
}
