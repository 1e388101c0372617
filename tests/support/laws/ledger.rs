//! Law 5, of prompts: line by line, the session ends the prompts that an obvious ledger ends, with the same results.

#[path = "../ledger.rs"]
mod obvious;

use std::borrow::Cow;

use claude_duplex::{Action, Input, Message, Outcome, Protocol, Time};
use obvious::{Ledger, Over};
use serde_json::Value;

use super::Case;
use crate::history::History;

/// Counts the prompts that ended by a line.
pub(crate) fn judge(case: &Case) -> usize {
    check(&case.history).unwrap_or_else(|why| panic!("{why}"))
}

pub(crate) fn check(history: &History) -> Result<usize, String> {
    // It knows no time.
    if history.config.timeouts.prompt.is_some() {
        return Ok(0);
    }
    let mut watch =
        Watch { protocol: history.begin(), ledger: Ledger::default(), line: Vec::new(), seen: 0, judged: 0 };
    for (now, input) in &history.inputs {
        match input {
            Input::Receive(bytes) => {
                for part in bytes.split_inclusive(|byte| *byte == b'\n') {
                    watch.receive(*now, part)?;
                }
            }
            Input::Prompt(prompt) => {
                let text = serde_json::to_value(prompt).expect("a prompt is plain data");
                let slash = text["content"].as_str().is_some_and(|text| text.starts_with('/'));
                if let Ok(id) = watch.protocol.prompt(*now, prompt.clone()) {
                    watch.ledger.accepted(id.uuid().to_string(), slash);
                }
                watch.compare(&Over::new())?;
            }
            Input::Eof => {
                let over = watch.read_line();
                watch.protocol.eof(*now);
                watch.compare(&over)?;
            }
            Input::Sent(count) => {
                watch.seen = watch.seen.saturating_sub(*count);
                watch.protocol.sent(*now, *count);
                watch.compare(&Over::new())?;
            }
            input => {
                watch.protocol.apply(*now, input.clone());
                watch.compare(&Over::new())?;
            }
        }
    }
    Ok(watch.judged)
}

struct Watch {
    protocol: Protocol,
    ledger: Ledger,
    /// The line that is arriving.
    line: Vec<u8>,
    /// How much of what is to be sent was seen.
    seen: usize,
    judged: usize,
}

impl Watch {
    fn receive(&mut self, now: Time, part: &[u8]) -> Result<(), String> {
        self.line.extend_from_slice(part);
        let over = if part.ends_with(b"\n") { self.read_line() } else { Over::new() };
        self.protocol.apply(now, Input::Receive(Cow::Borrowed(part)));
        self.compare(&over)
    }

    /// A line that is too long is none.
    fn read_line(&mut self) -> Over {
        let line = std::mem::take(&mut self.line);
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > self.protocol.config().limits.line || self.protocol.is_closed() {
            return Over::new();
        }
        serde_json::from_slice(line).map(|line: Value| self.ledger.read(&line)).unwrap_or_default()
    }

    /// The prompts that have ended now are those that the ledger ended, and those that ended for another reason.
    fn compare(&mut self, over: &Over) -> Result<(), String> {
        let mut told = Over::new();
        while let Some(action) = self.protocol.poll_action() {
            let Action::PromptEnded { prompt, outcome, result, .. } = action else { continue };
            let uuid = prompt.uuid().to_string();
            self.ledger.over(&uuid);
            let by_line = over.iter().any(|(ended, _)| *ended == uuid);
            let by_host = matches!(outcome, Outcome::Cancelled | Outcome::Lost(_));
            if by_line || !by_host {
                told.push((uuid, result.as_ref().and_then(Message::uuid).map(Cow::into_owned)));
            }
        }
        let mut expected = over.clone();
        expected.sort();
        told.sort();
        if told != expected {
            return Err(format!("ended with these results: {told:?}, and to an obvious ledger: {expected:?}"));
        }
        self.judged += told.len();
        let fresh = self.protocol.poll_transmit().get(self.seen..).unwrap_or_default().to_vec();
        self.seen = self.protocol.poll_transmit().len();
        for line in fresh.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            self.ledger.wrote(&serde_json::from_slice(line).expect("a line of ours"));
        }
        Ok(())
    }
}
