//! Law 5, of prompts: line by line, the session ends the prompts that the line says are over, with the results that it
//! names. Whatever else ends by a line is said to be inferred, and is one that no line had named.

#[path = "../ledger.rs"]
mod obvious;

use std::borrow::Cow;

use claude_duplex::{Action, Attribution, Input, Message, Outcome, Protocol, Time};
use obvious::{Ledger, Said};
use serde_json::Value;

use super::Case;
use crate::history::History;

/// Counts the prompts that ended by a line.
pub(crate) fn judge(case: &Case) -> usize {
    check(&case.history).unwrap_or_else(|why| panic!("{why}"))
}

pub(crate) fn check(history: &History) -> Result<usize, String> {
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
                if let Ok(id) = watch.protocol.prompt(*now, prompt.clone()) {
                    watch.ledger.accepted(id.uuid().to_string());
                }
                watch.compare(&Said::default())?;
            }
            Input::Eof => {
                let said = watch.read_line();
                watch.protocol.eof(*now);
                watch.compare(&said)?;
            }
            Input::Sent(count) => {
                watch.seen = watch.seen.saturating_sub(*count);
                watch.protocol.sent(*now, *count);
                watch.compare(&Said::default())?;
            }
            input => {
                watch.protocol.apply(*now, input.clone());
                watch.compare(&Said::default())?;
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
        let said = if part.ends_with(b"\n") { self.read_line() } else { Said::default() };
        self.protocol.apply(now, Input::Receive(Cow::Borrowed(part)));
        self.compare(&said)
    }

    /// A line that is too long is none.
    fn read_line(&mut self) -> Said {
        let line = std::mem::take(&mut self.line);
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > self.protocol.config().limits.line || self.protocol.is_closed() {
            return Said::default();
        }
        serde_json::from_slice(line).map(|line: Value| self.ledger.read(&line)).unwrap_or_default()
    }

    /// The prompts that have ended now are those that the line ended, those that it may have ended by a guess, and those
    /// that ended for another reason.
    fn compare(&mut self, said: &Said) -> Result<(), String> {
        let mut told = Vec::new();
        while let Some(action) = self.protocol.poll_action() {
            let Action::PromptEnded { prompt, outcome, attribution, result, .. } = action else { continue };
            let uuid = prompt.uuid().to_string();
            let result = result.as_ref().and_then(Message::uuid).map(Cow::into_owned);
            self.ledger.over(&uuid);
            let by_line = said.over.iter().any(|(ended, _)| *ended == uuid);
            let by_host = matches!(outcome, Outcome::Cancelled | Outcome::Lost(_));
            if outcome == Outcome::Duplicate && said.skipped.as_ref() == Some(&uuid) {
                continue;
            }
            let by_guess = !by_line && attribution == Attribution::Inferred;
            if by_guess {
                let may = said.guesses.contains(&uuid) && said.by.contains(&result.clone().unwrap_or_default());
                if !may {
                    return Err(format!("{uuid} cannot be guessed to have ended with {result:?} by {said:?}"));
                }
            } else if by_line || !by_host {
                told.push((uuid, result));
            }
        }
        let mut expected = said.over.clone();
        expected.sort();
        told.sort();
        if told != expected {
            return Err(format!("ended with these results: {told:?}, and the line says: {expected:?}"));
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
