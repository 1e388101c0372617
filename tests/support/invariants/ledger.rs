//! Invariant 5, of prompts: line by line, the session ends the prompts that the line says are over, with the results that it
//! names. Whatever else ends by a line is said to be inferred, and is one that no line had named. A prompt whose turn is
//! over without a result ends when the grace period has passed without a line, and not before.

#[path = "../ledger.rs"]
mod obvious;

use std::borrow::Cow;

use claude_duplex::{Action, Attribution, Input, LostReason, Message, Outcome, Protocol, SessionTime};
use obvious::{Effect, Ledger};
use serde_json::Value;

use super::Case;
use crate::sequence::Sequence;

/// Counts the prompts that ended by a line.
pub(crate) fn judge(case: &Case) -> usize {
    check(&case.sequence).unwrap_or_else(|reason| panic!("{reason}"))
}

pub(crate) fn check(sequence: &Sequence) -> Result<usize, String> {
    let (ledger, line, last_line_at) = (Ledger::default(), Vec::new(), SessionTime::ZERO);
    let (is_timeout, part) = (false, None);
    let mut watch = Watch {
        protocol: sequence.begin(),
        ledger,
        line,
        last_line_at,
        part,
        is_timeout,
        was_requested: false,
        is_joined: false,
        seen: 0,
        judged: 0,
    };
    for (now, input) in &sequence.inputs {
        watch.is_timeout = matches!(input, Input::Timeout);
        watch.was_requested = watch.protocol.open_incoming().next().is_some();
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
                watch.compare(&Effect::default())?;
            }
            Input::Eof => {
                let effect = watch.read_line(|protocol| protocol.eof(*now));
                watch.compare(&effect)?;
            }
            Input::Respond(incoming, answer) => {
                let is_taken = watch.protocol.respond(*now, *incoming, answer.clone()).is_ok();
                watch.last_line_at = if is_taken { watch.protocol.now() } else { watch.last_line_at };
                watch.compare(&Effect::default())?;
            }
            Input::Sent(count) => {
                watch.seen = watch.seen.saturating_sub(*count);
                watch.protocol.sent(*now, *count);
                watch.compare(&Effect::default())?;
            }
            input => {
                watch.protocol.apply(*now, input.clone());
                watch.compare(&Effect::default())?;
            }
        }
        if watch.is_joined {
            break;
        }
    }
    Ok(watch.judged)
}

struct Watch {
    protocol: Protocol,
    ledger: Ledger,
    /// The line that is arriving.
    line: Vec<u8>,
    /// The time of the last line, of a `keep_alive` aside, or of the last answer that was taken.
    last_line_at: SessionTime,
    /// The time of the last byte of the line that is arriving.
    part: Option<SessionTime>,
    is_timeout: bool,
    /// A request of the CLI was open before the input: the timeout itself can withdraw it.
    was_requested: bool,
    /// A line contained several messages: from there on nothing is judged.
    is_joined: bool,
    /// How much of what is to be sent was seen.
    seen: usize,
    judged: usize,
}

impl Watch {
    fn receive(&mut self, now: SessionTime, part: &[u8]) -> Result<(), String> {
        self.line.extend_from_slice(part);
        let is_whole = part.ends_with(b"\n");
        let kept_alive = self.protocol.stats().keep_alive;
        let read = |protocol: &mut Protocol| protocol.apply(now, Input::Receive(Cow::Borrowed(part)));
        let effect = if is_whole {
            self.read_line(read)
        } else {
            read(&mut self.protocol);
            Effect::default()
        };
        self.part = (!is_whole).then(|| self.protocol.now());
        if is_whole && self.protocol.stats().keep_alive == kept_alive {
            self.last_line_at = self.protocol.now();
        }
        self.compare(&effect)
    }

    /// Has the session read the end of a line, and says what the line means. A line that is too long is none; what was cut
    /// off may have the next line behind it. Whether anything is taken out of a line that is not JSON is not judged here. Nor is
    /// what follows from several messages in one line, of which each may change what the next one means: invariant 1 says that they
    /// are as if each had a line of its own.
    fn read_line(&mut self, read: impl FnOnce(&mut Protocol)) -> Effect {
        let (is_closed, damaged) = (self.protocol.is_closed(), self.protocol.stats().damaged);
        read(&mut self.protocol);
        let line = std::mem::take(&mut self.line);
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > self.protocol.config().limits.line || is_closed {
            return Effect::default();
        }
        let messages = match serde_json::from_slice(line) {
            Ok(message) => vec![message],
            Err(_) if self.protocol.stats().damaged > damaged => objects(line),
            Err(_) => Vec::new(),
        };
        let mut evidence = messages.iter().filter(|message| obvious::is_evidence(message));
        let first = evidence.next();
        self.is_joined |= evidence.next().is_some();
        first.map(|message| self.ledger.read(message)).unwrap_or_default()
    }

    /// The prompts that have ended now are those that the line ended, those that it may have ended by a guess, and those
    /// that ended for another reason.
    fn compare(&mut self, effect: &Effect) -> Result<(), String> {
        if self.is_joined {
            return Ok(());
        }
        let mut reported = Vec::new();
        let waited = self
            .protocol
            .config()
            .timeouts
            .missing_result
            .map(|wait| self.part.max(Some(self.last_line_at)).unwrap_or(self.last_line_at).saturating_add(wait));
        let is_waited = waited.is_some_and(|waited| self.is_timeout && waited <= self.protocol.now());
        while let Some(action) = self.protocol.poll_action() {
            if let Action::TurnEnded { result: None, turn, .. } = action {
                self.ledger.turn_ended(turn.number());
            }
            let Action::PromptEnded { prompt, outcome, attribution, result, .. } = action else { continue };
            let uuid = prompt.uuid().to_string();
            let result = result.as_ref().and_then(Message::uuid).map(Cow::into_owned);
            if outcome == (Outcome::TimedOut { stopped: false }) {
                self.ledger.give_up(&uuid);
                self.judged += 1;
                continue;
            }
            let was_over = self.ledger.is_over(&uuid);
            self.ledger.over(&uuid);
            let by_line = effect.over.iter().any(|(ended, _)| *ended == uuid);
            let in_time = outcome == (Outcome::TimedOut { stopped: true }) && self.is_timeout;
            let by_host = in_time || matches!(outcome, Outcome::Cancelled | Outcome::Lost(_));
            if outcome == Outcome::Duplicate && effect.skipped.contains(&uuid) {
                continue;
            }
            if outcome == Outcome::Lost(LostReason::NoResult) && !(is_waited && was_over) {
                return Err(format!("{uuid} is lost, and its turn was not over for so long"));
            }
            self.judged += usize::from(is_waited && outcome == Outcome::Lost(LostReason::NoResult));
            let by_guess = !by_line && attribution == Attribution::Inferred;
            if by_guess {
                let may = effect.guesses.contains(&uuid) && effect.by.contains(&result.clone().unwrap_or_default());
                if !may {
                    return Err(format!("{uuid} cannot be guessed to have ended with {result:?} by {effect:?}"));
                }
            } else if by_line || !by_host {
                reported.push((uuid, result));
            }
        }
        let is_requested = self.was_requested || self.protocol.open_incoming().next().is_some();
        let may_wait = is_requested || self.protocol.is_closed();
        if let Some(missing) = self.ledger.missing().next().filter(|_| is_waited && !may_wait) {
            return Err(format!("{missing} is open, and its turn has been over for long"));
        }
        let mut expected = effect.over.clone();
        expected.retain(|(uuid, _)| !self.ledger.is_given_up(uuid));
        expected.sort();
        reported.sort();
        if reported != expected {
            return Err(format!("ended with these results: {reported:?}, and the line says: {expected:?}"));
        }
        self.judged += reported.len();
        let fresh = self.protocol.poll_transmit().get(self.seen..).unwrap_or_default().to_vec();
        self.seen = self.protocol.poll_transmit().len();
        for line in fresh.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            self.ledger.wrote(&serde_json::from_slice(line).expect("a line of ours"));
        }
        Ok(())
    }
}

/// Returns the objects in a line, whatever stands between them.
pub(super) fn objects(mut line: &[u8]) -> Vec<Value> {
    let mut objects = Vec::new();
    while let Some(begin) = line.iter().position(|byte| *byte == b'{') {
        line = &line[begin..];
        let mut values = serde_json::Deserializer::from_slice(line).into_iter();
        objects.extend(values.next().and_then(Result::ok));
        line = &line[values.byte_offset().max(1)..];
    }
    objects
}
