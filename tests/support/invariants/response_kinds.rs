//! Invariant 9, for answers: what does not fit changes nothing, and what fits is one line of the wire's shape.

use std::collections::HashMap;

use claude_duplex::{
    Action, Decision, IncomingId, IncomingRequest, IncomingResponse, Input, Limits, Protocol, Seed, SessionTime,
};
use serde_json::Value;

use super::Case;
use crate::sequence::answer::{KINDS_OF_ANSWERS, answer};

/// More than any answer of the input sequences needs, in bytes.
const ROOM: usize = 1000;

/// How often an answer of each kind was taken and refused.
pub(crate) type Tried = HashMap<&'static str, [u64; 2]>;

/// Tries every answer at every incoming request. Counts those that were taken.
pub(crate) fn judge(case: &Case) -> usize {
    let mut tried = Tried::new();
    try_all(case, &mut tried);
    tried.values().map(|[taken, _]| *taken as usize).sum()
}

pub(crate) fn try_all(case: &Case, tried: &mut Tried) {
    let mut protocol = case.sequence.begin();
    let mut incoming_requests: Vec<IncomingRequest> = Vec::new();
    for (now, input) in &case.sequence.inputs {
        protocol.apply(*now, input.clone());
        let mut news = false;
        while let Some(action) = protocol.poll_action() {
            news = true;
            if let Action::IncomingRequest(incoming) = action {
                incoming_requests.push(incoming);
            }
        }
        let Some(incoming) = incoming_requests.last().filter(|_| news) else { continue };
        for answer in (0..KINDS_OF_ANSWERS).map(answer) {
            let is_taken =
                answered(&protocol, *now, incoming.id(), &answer, Some(incoming), &case.sequence.config.limits);
            let [taken, refused] = tried.entry(name(&answer)).or_default();
            *(if is_taken { taken } else { refused }) += 1;
        }
    }
}

/// An id of another session is nobody's. Counts the ids.
pub(crate) fn judge_foreign(case: &Case) -> usize {
    let mut config = case.sequence.config.clone();
    let mut bytes = *config.seed.as_bytes();
    bytes[0] ^= 1;
    config.seed = Seed::from_bytes(bytes);
    let mut protocol = Protocol::new(config, case.sequence.start);
    let mut judged = 0;
    for (now, input) in &case.sequence.inputs {
        if let Input::Respond(id, answer) = input {
            // A journal may name any session, this one too.
            if id.session() == protocol.config().seed.tag() {
                continue;
            }
            assert!(!answered(&protocol, *now, *id, answer, None, &case.sequence.config.limits));
            judged += 1;
            continue;
        }
        protocol.apply(*now, input.clone());
        while protocol.poll_action().is_some() {}
    }
    judged
}

/// Whether the answer is taken; judges what it changes.
fn answered(
    before: &Protocol,
    now: SessionTime,
    id: IncomingId,
    answer: &IncomingResponse,
    incoming: Option<&IncomingRequest>,
    limits: &Limits,
) -> bool {
    let mut after = before.clone();
    after.handle_timeout(now);
    while after.poll_action().is_some() {}
    let pending = after.poll_transmit().to_vec();
    let room = limits.unsent_hard.saturating_sub(pending.len()) > ROOM;
    if after.respond(now, id, answer.clone()).is_err() {
        // Where there is no room for the answer the session ends.
        if room {
            assert_eq!(after.poll_transmit(), pending, "{answer:?}");
            assert_eq!(after.poll_action(), None, "{answer:?}");
        }
        return false;
    }
    let incoming = incoming.expect("it was asked");
    assert!(answer.fits(incoming.kind()), "{answer:?}");
    let added = after.poll_transmit().strip_prefix(&pending[..]).expect("nothing is taken back");
    // A prompt that was held back behind the incoming request's turn may follow.
    let line = added.split_inclusive(|byte| *byte == b'\n').next().expect("a line");
    assert!(line.ends_with(b"\n") && !line[..line.len() - 1].contains(&b'\r'), "{answer:?}");
    let line: Value = serde_json::from_slice(line).expect("JSON");
    let response = &line["response"];
    assert_eq!(line["type"], "control_response");
    assert_eq!(response["request_id"], incoming.request_id().as_str());
    assert!(is_of_its_shape(answer, incoming, response), "{answer:?} is written as {response}");
    true
}

fn is_of_its_shape(answer: &IncomingResponse, incoming: &IncomingRequest, response: &Value) -> bool {
    let payload = &response["response"];
    let one_of = |key: &str, words: &[&str]| payload[key].as_str().is_some_and(|word| words.contains(&word));
    let is_success = response["subtype"] == "success";
    match answer {
        // What has no input cannot be allowed.
        IncomingResponse::Permission(Decision::Allow(_)) if incoming.permission().is_err() => !is_success,
        IncomingResponse::Permission(Decision::Allow(_)) => {
            payload["behavior"] == "allow" && payload["updatedInput"].is_object()
        }
        IncomingResponse::Permission(_) => payload["behavior"] == "deny" && payload["message"].is_string(),
        IncomingResponse::Hook(_) => is_success && payload.is_object(),
        IncomingResponse::Mcp(_) => !payload["mcp_response"].is_null(),
        IncomingResponse::Elicitation(_) => one_of("action", &["accept", "decline", "cancel"]),
        IncomingResponse::Dialog(_) => one_of("behavior", &["completed", "cancelled"]),
        IncomingResponse::Raw(_) => is_success,
        // It is of the incoming request's shape; that it refuses is an invariant of its own.
        IncomingResponse::Decline | IncomingResponse::Error { .. } => {
            is_success && payload.is_object() || response["error"].is_string()
        }
        _ => false,
    }
}

fn name(answer: &IncomingResponse) -> &'static str {
    match answer {
        IncomingResponse::Permission(_) => "Permission",
        IncomingResponse::Hook(_) => "Hook",
        IncomingResponse::Mcp(_) => "Mcp",
        IncomingResponse::Elicitation(_) => "Elicitation",
        IncomingResponse::Dialog(_) => "Dialog",
        IncomingResponse::Raw(_) => "Raw",
        IncomingResponse::Decline => "Decline",
        _ => "Error",
    }
}
