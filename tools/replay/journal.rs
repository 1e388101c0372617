//! Plays a journal, and says where the runs of two part.

use std::collections::HashMap;

use claude_duplex::journal::{JournalError, ReplayStep, first_difference};
use claude_duplex::{Action, Journal};
use serde::Deserialize;

use crate::play::{Event, Played};

/// A journal, and where it is torn the error that says so; `None` where it is another kind of file.
pub(crate) fn read(bytes: &[u8]) -> Result<Option<(Journal, Option<JournalError>)>, JournalError> {
    match Journal::read(bytes) {
        Ok(journal) => Ok(Some((journal, None))),
        Err(JournalError::NotAJournal) => Ok(None),
        Err(error) => match &error {
            JournalError::Torn { journal, .. } => Ok(Some((Journal::clone(journal), Some(error)))),
            _ => Err(error),
        },
    }
}

pub(crate) fn play(journal: &Journal) -> Played {
    let (mut events, mut requests, mut incoming_ids) = (Vec::new(), HashMap::new(), HashMap::new());
    let mut written = Vec::new();
    let mut replay = journal.replay();
    for step in &mut replay {
        written.extend(request_ids(&step));
        events.extend(step.children.into_iter().map(|order| (step.time, Event::Child(order))));
        for action in step.actions {
            match &action {
                // Requests are numbered in the order in which they are written.
                Action::ResponseReceived { request, .. } => {
                    let id: Option<&String> = written.get(request.number() as usize - 1);
                    requests.extend(id.map(|id| (*request, id.clone())));
                }
                Action::IncomingRequest(incoming) => drop(incoming_ids.insert(incoming.id(), incoming.request_id())),
                _ => {}
            }
            events.push((step.time, Event::Action(action)));
        }
    }
    Played { events, requests, incoming_ids, counts: replay.protocol().stats() }
}

/// The ids on the wire of the requests that a step writes.
fn request_ids(step: &ReplayStep<'_>) -> Vec<String> {
    #[derive(Deserialize)]
    struct Line {
        r#type: String,
        request_id: String,
    }
    let lines = step.output.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Line>(line).ok());
    lines.filter(|line| line.r#type == "control_request").map(|line| line.request_id).collect()
}

/// Where the runs of two journals first differ, for people.
pub(crate) fn difference(left: &Journal, right: &Journal) -> Option<String> {
    first_difference(left.replay(), right.replay()).map(|difference| difference.to_string())
}
