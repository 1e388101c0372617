//! Queue of actions, and the size of its unread part.

use std::collections::VecDeque;

use crate::base::error::RequestError;
use crate::protocol::action::{Action, TurnOrigin};

/// Bytes that are counted for an action without content.
const FLAT: usize = 64;
/// Maximum capacity that the queue keeps when it becomes empty, in actions. A read of 64 KiB of a stream contains fewer
/// actions. An idle session releases all memory.
const KEPT: usize = 256;
/// Capacity below which the queue releases its memory when it becomes empty. A new block from the allocator is probably in the
/// cache, but memory kept by each of many sessions is not: with 10,000 sessions, keeping it was half the cost of a message.
const SMALL: usize = 8;

#[derive(Debug, Clone, Default)]
pub(crate) struct Actions {
    /// First action, if it arrived while the queue was empty: a read with one action needs no queue.
    first: Option<Action>,
    queue: VecDeque<Action>,
    bytes: usize,
    prompts_ended: bool,
    /// Number of actions that were handed out.
    handed_out: u64,
}

impl Actions {
    pub(crate) fn push(&mut self, action: Action) {
        self.bytes += weight(&action);
        self.prompts_ended |= matches!(action, Action::PromptEnded { .. });
        if self.first.is_none() && self.queue.is_empty() {
            self.first = Some(action);
        } else {
            self.queue.push_back(action);
        }
    }

    pub(crate) fn pop(&mut self) -> Option<Action> {
        let action = self.first.take().or_else(|| self.queue.pop_front())?;
        self.bytes -= weight(&action);
        self.handed_out += 1;
        if self.queue.is_empty() && self.queue.capacity() > 0 {
            // Starts at the beginning again, because the memory that was used last is in the cache.
            self.queue.clear();
            let is_over = matches!(action, Action::Idle | Action::Closed(_));
            let is_small = self.queue.capacity() <= SMALL;
            self.queue.shrink_to(if is_over || is_small { 0 } else { KEPT });
        }
        Some(action)
    }

    /// Restores the queue of a snapshot.
    pub(crate) fn restored(queue: Vec<Action>, prompts_ended: bool, handed_out: u64) -> Self {
        let mut this = Self { handed_out, ..Self::default() };
        queue.into_iter().for_each(|action| this.push(action));
        this.prompts_ended = prompts_ended;
        this
    }

    /// Returns the unread actions, the flag of [`prompts_ended`](Self::prompts_ended), and the number of actions
    /// handed out.
    pub(crate) fn parts(&self) -> (impl Iterator<Item = &Action>, bool, u64) {
        (self.first.iter().chain(&self.queue), self.prompts_ended, self.handed_out)
    }

    /// Returns the number of actions that were handed out.
    pub(crate) fn handed_out(&self) -> u64 {
        self.handed_out
    }

    /// Returns `true` if a prompt ended since the last call.
    pub(crate) fn prompts_ended(&mut self) -> bool {
        std::mem::take(&mut self.prompts_ended)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Returns the bytes that an action holds, for the limit on unread actions. A result counts with the message that
/// carries it; turns and prompts share that message.
fn weight(action: &Action) -> usize {
    FLAT + match action {
        Action::Message { message, .. }
        | Action::IncomingDeclined { message, .. }
        | Action::UnmatchedResponse(message) => message.as_bytes().len(),
        Action::IncomingRequest(incoming) => incoming.message().as_bytes().len(),
        Action::ResponseReceived { response: Ok(reply), .. } => 2 * reply.message().as_bytes().len(),
        Action::ResponseReceived { response: Err(RequestError::Refused { message, code }), .. } => {
            message.len() + code.as_ref().map_or(0, String::len)
        }
        Action::RejectedLine(rejected) => rejected.head.len(),
        Action::DamagedLine(damaged) => damaged.dropped.len(),
        Action::StderrLine(line) => line.text.len(),
        Action::WireLine(line) => line.bytes.len(),
        Action::Session(session) => {
            let capabilities = session.capabilities.iter().map(|capability| size_of::<String>() + capability.len());
            session.id.len() + session.version.as_ref().map_or(0, |version| version.len()) + capabilities.sum::<usize>()
        }
        Action::TurnStarted { origin: TurnOrigin::Own(kind), .. }
        | Action::TurnEnded { origin: TurnOrigin::Own(kind), .. } => kind.len(),
        Action::Closed(closed) => {
            closed.stderr.len() + closed.rejected_tail.len() + closed.last_error.as_ref().map_or(0, String::len)
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::{Config, Protocol, Request, Seed, SessionTime};

    /// Returns the unread bytes after this line of the CLI, in a session with one open request `r`.
    fn unread(line: &Value) -> usize {
        let mut protocol = Protocol::new(Config::new(Seed::from_bytes([1; 16])), SessionTime::ZERO);
        protocol.request(SessionTime::ZERO, Request::new("mcp_status").id("r")).expect("it is open");
        protocol.receive(SessionTime::ZERO, format!("{line}\n").as_bytes());
        protocol.actions.bytes()
    }

    #[test]
    fn the_size_of_an_action_includes_its_content() {
        let long = "x".repeat(10_000);
        let refused = |error: &str, code: &str| {
            json!({ "type": "control_response",
                "response": { "subtype": "error", "request_id": "r", "error": error, "error_code": code } })
        };
        // Longer names are not kept.
        let names = vec!["x".repeat(200); 50];
        let init = json!({ "type": "system", "subtype": "init", "session_id": "s", "capabilities": names });
        // The message itself counts its line; copies of parts of the line count in addition.
        for (holds, line) in [
            (1, refused(&long, "")),
            (1, refused("", &long)),
            (2, init),
            (1, json!({ "type": "control_request", "request_id": "a", "request": { "subtype": long } })),
            (1, json!({ "type": "control_response", "response": { "subtype": "success", "request_id": long } })),
        ] {
            let unread = unread(&line);
            assert!((holds * 10_000..holds * 10_000 + 2000).contains(&unread), "{holds}: {unread}");
        }
    }

    #[test]
    fn the_size_of_a_turn_start_includes_its_origin() {
        let unread = |kind: &str| {
            let mut protocol = Protocol::new(Config::new(Seed::from_bytes([1; 16])), SessionTime::ZERO);
            let lines = [
                json!({ "type": "system", "subtype": "init", "claude_code_version": "2.1.329" }),
                json!({ "type": "result", "subtype": "success", "origin": { "kind": kind } }),
            ];
            lines.iter().for_each(|line| protocol.receive(SessionTime::ZERO, format!("{line}\n").as_bytes()));
            let unread = protocol.actions.bytes();
            while protocol.poll_action().is_some() {}
            assert_eq!(protocol.actions.bytes(), 0);
            unread
        };
        // The name counts once in the line, and once as the origin of the turn that has ended.
        assert_eq!(unread(&"x".repeat(256)) - unread("x"), 2 * 255);
    }
}
