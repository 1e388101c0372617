//! Invariant 9: what is granted on the wire was granted by the host, to that ask, while it was open, and in those words; everybody
//! is told so. What is said to an incoming request without the host refuses.

use claude_duplex::{
    Action, CancelledReason, Decision, DeclinedReason, IncomingId, IncomingKind, IncomingRequest, IncomingResponse,
    Input, Json, LostReason, Message, Protocol, ResponseKind, SessionTime,
};
use serde::Deserialize;
use serde_json::Value;

use super::Case;

/// Counts the grants.
pub(crate) fn judge(case: &Case) -> usize {
    let sequence = &case.drained;
    let mut host = Host { protocol: sequence.begin(), open: Vec::new(), granted: 0 };
    sequence.inputs.iter().for_each(|(now, input)| host.input(*now, input));
    host.granted
}

struct Host {
    protocol: Protocol,
    open: Vec<IncomingRequest>,
    granted: usize,
}

/// A request that the host did not answer.
struct Refused {
    /// `None` if its line was not kept.
    id: Option<Value>,
    is_guard: bool,
    /// Whether it must have a response.
    is_answered: bool,
}

impl Refused {
    fn new(message: &Message, kind: IncomingKind, is_answered: bool) -> Self {
        let id = Some(value(message)["request_id"].clone());
        Self { id, is_guard: is_guard(message, kind), is_answered }
    }

    fn is_of(&self, response: &Response) -> bool {
        self.id.as_ref().is_none_or(|id| *id == *response.request_id)
    }
}

/// A response of ours.
#[derive(Deserialize)]
struct Response {
    subtype: String,
    request_id: String,
    #[serde(default)]
    response: Option<Json>,
}

impl Host {
    fn input(&mut self, now: SessionTime, input: &Input<'static>) {
        let mut waited = self.protocol.poll_transmit().len();
        let mut answered = None;
        match input {
            Input::Respond(incoming, answer) => {
                if self.protocol.respond(now, *incoming, answer.clone()).is_ok() {
                    answered = Some((self.close(*incoming).expect("only what is open can be answered"), answer));
                }
            }
            Input::Sent(count) => {
                waited = waited.saturating_sub(*count);
                self.protocol.sent(now, *count);
            }
            input => self.protocol.apply(now, input.clone()),
        }
        let (mut declined, mut reported) = (Vec::new(), Vec::new());
        while let Some(action) = self.protocol.poll_action() {
            match action {
                Action::IncomingRequest(incoming) => self.open.push(incoming),
                Action::IncomingAnswered { id: incoming, response: verdict, .. } => reported.push((incoming, verdict)),
                // A close may refuse what it does not wait for any more.
                Action::IncomingCancelled {
                    id: incoming, reason: CancelledReason::Ended(LostReason::Closed), ..
                } => {
                    let incoming = self.close(incoming).expect("it was open");
                    declined.push(Refused::new(incoming.message(), incoming.kind(), false));
                }
                Action::IncomingCancelled { id: incoming, .. } => drop(self.close(incoming)),
                // This is left to others.
                Action::IncomingDeclined { reason: DeclinedReason::Undeclared, .. } => {}
                Action::IncomingDeclined { message, kind, reason, .. } => {
                    declined.push(Refused::new(&message, kind, reason != DeclinedReason::Closing));
                }
                Action::RejectedLine(rejected) => declined.extend(rejected.declined.map(|kind| {
                    let start = String::from_utf8_lossy(&rejected.head).into_owned();
                    // The event may be behind what is shown.
                    let is_guard = kind == IncomingKind::Hook && GUARDS.iter().any(|event| start.contains(event));
                    Refused { id: None, is_guard, is_answered: true }
                })),
                _ => {}
            }
        }
        let reported_of: Vec<IncomingId> = reported.iter().map(|(incoming, _)| *incoming).collect();
        assert_eq!(reported_of, answered.iter().map(|(incoming, _)| incoming.id()).collect::<Vec<_>>());
        // What must have a response, and what has one if stdin is still open.
        let mut declined = declined.into_iter();
        // Where all that waited was given up, nothing was added.
        let added = self.protocol.poll_transmit().get(waited..).unwrap_or_default();
        for response in added.split(|byte| *byte == b'\n').filter_map(response) {
            match &answered {
                Some((incoming, answer)) => {
                    assert_eq!(response.request_id, incoming.request_id(), "another ask is answered");
                    judge_answer(incoming, answer, &response);
                    let is_allowed =
                        incoming.kind() == IncomingKind::Permission && text(&response)["behavior"] == "allow";
                    assert_eq!(
                        reported[0].1 == ResponseKind::Allowed,
                        is_allowed,
                        "{answer:?} is told as {reported:?}"
                    );
                    self.granted += usize::from(!refuses(&response, is_guard(incoming.message(), incoming.kind())));
                }
                None => {
                    let mut declined =
                        declined.by_ref().filter(|refused| refused.is_answered || refused.is_of(&response));
                    let refused = declined.next().expect("nobody answered, and nothing was declined");
                    assert!(refused.is_of(&response), "another ask is declined");
                    assert!(refuses(&response, refused.is_guard), "granted by nobody: {:?}", response.response);
                }
            }
        }
    }

    fn close(&mut self, incoming: IncomingId) -> Option<IncomingRequest> {
        let at = self.open.iter().position(|open| open.id() == incoming)?;
        Some(self.open.remove(at))
    }
}

fn response(line: &[u8]) -> Option<Response> {
    #[derive(Deserialize)]
    struct Line {
        response: Response,
    }
    serde_json::from_slice(line).ok().map(|line: Line| line.response)
}

/// Events of the input sequences whose hooks guard something.
const GUARDS: [&str; 2] = ["PreToolUse", "PermissionRequest"];

/// Events whose hooks guard nothing: an error to one of these is as good as any other response.
const HARMLESS: [&str; 23] = [
    "PostToolUse",
    "PostToolUseFailure",
    "PostToolBatch",
    "Notification",
    "SessionStart",
    "SessionEnd",
    "Stop",
    "StopFailure",
    "SubagentStart",
    "SubagentStop",
    "PreCompact",
    "PostCompact",
    "PostModelSwitch",
    "PermissionDenied",
    "Setup",
    "TeammateIdle",
    "InstructionsLoaded",
    "WorktreeCreate",
    "WorktreeRemove",
    "CwdChanged",
    "FileChanged",
    "DirectoryAdded",
    "MessageDisplay",
];

/// Whether the request is a hook for which the CLI takes an error as permission. An event that is not known may be one.
fn is_guard(message: &Message, kind: IncomingKind) -> bool {
    let message = value(message);
    let event = message["request"]["input"]["hook_event_name"].as_str();
    kind == IncomingKind::Hook && event.is_none_or(|event| !HARMLESS.contains(&event))
}

fn value(message: &Message) -> Value {
    message.to_json().decode().expect("a message is JSON")
}

fn text(response: &Response) -> Value {
    response.response.as_ref().and_then(|payload| payload.decode().ok()).unwrap_or_default()
}

/// Whether the response keeps what was asked for from happening.
fn refuses(response: &Response, is_guard: bool) -> bool {
    if response.subtype == "error" {
        return !is_guard;
    }
    let payload = text(response);
    let own = &payload["hookSpecificOutput"];
    let words = [&payload["behavior"], &payload["action"], &payload["decision"], &own["permissionDecision"]];
    let is_no = |word: &Value| ["deny", "cancelled", "cancel", "decline", "block"].iter().any(|no| word == no);
    words.into_iter().any(is_no) || is_no(&own["decision"]["behavior"]) || payload["continue"] == false
}

/// An allow says what the host said, with the input that the host saw if it gave no other; a denial stays one.
fn judge_answer(incoming: &IncomingRequest, answer: &IncomingResponse, response: &Response) {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Allow {
        behavior: String,
        updated_input: Json,
        #[serde(default)]
        updated_permissions: Vec<Json>,
    }
    match answer {
        IncomingResponse::Permission(Decision::Allow(claude_duplex::Allow { input, remember, .. })) => {
            let Ok(permission) = incoming.permission() else { return assert_eq!(response.subtype, "error") };
            let text: Allow = response.response.as_ref().and_then(|text| text.decode().ok()).expect("an allow");
            assert_eq!(text.behavior, "allow");
            assert_eq!(text.updated_input, *input.as_ref().unwrap_or(&permission.input));
            assert!(text.updated_permissions.iter().eq(remember.iter().map(|update| update.as_json())));
        }
        IncomingResponse::Raw(payload) => assert_eq!(response.response.as_ref(), Some(payload)),
        IncomingResponse::Permission(_) | IncomingResponse::Decline | IncomingResponse::Error { .. } => {
            assert!(
                refuses(response, is_guard(incoming.message(), incoming.kind())),
                "{answer:?}: {:?}",
                response.response
            );
        }
        _ => {}
    }
}
