//! Law 9: every permission that is allowed on the wire was allowed by the host.

use std::collections::HashSet;

use claude_duplex::{Action, Answer, AskId, Decision, Input};
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
    for (now, input) in &history.inputs {
        if let Input::Answer(ask, answer @ (Answer::Permission(Decision::Allow { .. }) | Answer::Raw(_))) = input {
            if protocol.clone().answer(*now, *ask, answer.clone()).is_ok() {
                granted.extend(asked.iter().filter(|(id, _)| id == ask).map(|(_, wire)| wire.clone()));
            }
        }
        trace.apply(&mut protocol, *now, input.clone());
        while let Some(action) = protocol.poll_action() {
            if let Action::Asked(ask) = action {
                asked.push((ask.id(), ask.request_id()));
            }
        }
    }
    let mut allowed = 0;
    for line in trace.written.split(|byte| *byte == b'\n') {
        let Ok(line) = serde_json::from_slice::<Value>(line) else { continue };
        if line["response"]["response"]["behavior"] == "allow" {
            let id = line["response"]["request_id"].as_str().unwrap_or_default();
            assert!(granted.contains(id), "{id} was granted by nobody");
            allowed += 1;
        }
    }
    allowed
}
