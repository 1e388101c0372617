//! Law 9: every permission that is allowed on the wire was allowed by the host, and is told to have been.

use std::collections::HashSet;

use claude_duplex::{Action, Answer, AskId, Decision, Input, Verdict};
use serde_json::Value;

use super::Case;
use crate::history::Trace;

/// Counts what was allowed.
pub(crate) fn judge(case: &Case) -> usize {
    let history = &case.drained;
    let mut protocol = history.begin();
    let mut trace = Trace::default();
    let mut asked: Vec<(AskId, String)> = Vec::new();
    let mut granted: HashSet<String> = HashSet::new();
    let mut told: HashSet<String> = HashSet::new();
    for (now, input) in &history.inputs {
        if let Input::Answer(ask, answer @ (Answer::Permission(Decision::Allow { .. }) | Answer::Raw(_))) = input {
            if protocol.clone().answer(*now, *ask, answer.clone()).is_ok() {
                granted.extend(asked.iter().filter(|(id, _)| id == ask).map(|(_, wire)| wire.clone()));
            }
        }
        trace.apply(&mut protocol, *now, input.clone());
        while let Some(action) = protocol.poll_action() {
            match action {
                Action::Asked(ask) => asked.push((ask.id(), ask.request_id())),
                Action::Answered { ask, verdict: Verdict::Allowed } => {
                    told.extend(asked.iter().filter(|(id, _)| *id == ask).map(|(_, wire)| wire.clone()));
                }
                _ => {}
            }
        }
    }
    let mut allowed = 0;
    for line in trace.written.split(|byte| *byte == b'\n') {
        let Ok(line) = serde_json::from_slice::<Value>(line) else { continue };
        if line["response"]["response"]["behavior"] == "allow" {
            let id = line["response"]["request_id"].as_str().unwrap_or_default();
            assert!(granted.contains(id), "{id} was granted by nobody");
            assert!(told.contains(id), "nobody is told that {id} was granted");
            allowed += 1;
        }
    }
    assert!(told.is_subset(&granted), "{told:?} are told to be granted, {granted:?} are");
    allowed
}
