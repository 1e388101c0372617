//! What a trial has seen so far, for the report of its failure.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

const NAMES: usize = 30;
const STDERR: usize = 4096;

/// The names of the last messages, and the end of stderr.
#[derive(Default)]
pub(crate) struct Seen(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// With how often in a row.
    names: VecDeque<(String, usize)>,
    stderr: VecDeque<u8>,
}

impl Seen {
    /// Takes note of a line of stdout.
    pub(crate) fn line(&self, line: &str) {
        let name = match serde_json::from_str(line) {
            Ok(message) => name(&message),
            Err(_) => format!("(not JSON: {})", line.chars().take(80).collect::<String>()),
        };
        let names = &mut self.lock().names;
        match names.back_mut() {
            Some((last, count)) if *last == name => *count += 1,
            _ => names.push_back((name, 1)),
        }
        if names.len() > NAMES {
            names.pop_front();
        }
    }

    /// Takes note of a piece of stderr.
    pub(crate) fn stderr(&self, bytes: &[u8]) {
        let stderr = &mut self.lock().stderr;
        stderr.extend(bytes);
        let surplus = stderr.len().saturating_sub(STDERR);
        stderr.drain(..surplus);
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut kept = self.lock();
        f.write_str("last messages:")?;
        for (name, count) in &kept.names {
            match count {
                1 => write!(f, " {name}")?,
                _ => write!(f, " {name}*{count}")?,
            }
        }
        if kept.names.is_empty() {
            f.write_str(" none")?;
        }
        let stderr = String::from_utf8_lossy(kept.stderr.make_contiguous());
        match stderr.trim() {
            "" => f.write_str("\nstderr: nothing"),
            stderr => write!(f, "\nstderr: {stderr}"),
        }
    }
}

/// `system/init`, `stream_event/message_start`, `control_request/can_use_tool`, `result/success`.
fn name(message: &Value) -> String {
    let kind = message["type"].as_str().unwrap_or("(no type)");
    let more = [
        &message["subtype"],
        &message["event"]["type"],
        &message["request"]["subtype"],
        &message["response"]["subtype"],
    ];
    match more.into_iter().find_map(Value::as_str) {
        Some(more) => format!("{kind}/{more}"),
        None => kind.to_owned(),
    }
}
