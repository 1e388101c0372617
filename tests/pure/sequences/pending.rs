//! Incoming requests that the reply to an `initialize` lists as open: each is asked once, whether its own line comes too or not.

use claude_duplex::request::Initialize;
use claude_duplex::{
    Action, CancelledReason, Config, Decision, DeclinedReason, IncomingId, IncomingKind, IncomingRequest,
    PermissionRequest, Protocol, RejectedReason, RequestError, Seed, SessionTime, Stats,
};
use serde_json::{Value, json};

/// What may happen to the incoming requests `a` and `b`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The incoming request's own line comes.
    Line(u8),
    /// The reply to an `initialize` lists them.
    List(&'static [u8]),
    /// The host answers.
    Answer(u8),
}

const STEPS: [Step; 7] = [
    Step::Line(b'a'),
    Step::Line(b'b'),
    Step::List(b"a"),
    Step::List(b"ab"),
    Step::List(b"bba"),
    Step::Answer(b'a'),
    Step::Answer(b'b'),
];

fn request(id: &str) -> Value {
    json!({ "type": "control_request", "request_id": id, "request": {
        "subtype": "can_use_tool", "tool_name": "Bash", "input": { "command": id } } })
}

struct Host {
    protocol: Protocol,
    incoming_requests: Vec<IncomingRequest>,
    written: String,
}

impl Host {
    fn new(config: Config) -> Self {
        Self {
            protocol: Protocol::new(config, SessionTime::ZERO),
            incoming_requests: Vec::new(),
            written: String::new(),
        }
    }

    fn receive_line(&mut self, line: &Value) -> Vec<Action> {
        self.protocol.receive(SessionTime::ZERO, format!("{line}\n").as_bytes());
        let actions: Vec<Action> = std::iter::from_fn(|| self.protocol.poll_action()).collect();
        for action in &actions {
            if let Action::IncomingRequest(request) = action {
                self.incoming_requests.push(request.clone());
            }
        }
        self.write();
        actions
    }

    fn write(&mut self) {
        let bytes = self.protocol.poll_transmit().to_vec();
        self.written.push_str(std::str::from_utf8(&bytes).expect("lines are text"));
        self.protocol.sent(SessionTime::ZERO, bytes.len());
    }

    /// An `initialize`, and a reply that lists these.
    fn lists(&mut self, subtype: &str, pending: Value) -> Vec<Action> {
        let id = format!("init-{}", self.written.len());
        self.protocol
            .request(SessionTime::ZERO, claude_duplex::Request::from(Initialize::new()).id(&id))
            .expect("the request is taken");
        self.write();
        let mut response = json!({ "subtype": subtype, "request_id": id, "error": "Already initialized" });
        for (name, list) in pending.as_object().expect("lists") {
            response[name] = list.clone();
        }
        self.receive_line(&json!({ "type": "control_response", "response": response }))
    }

    fn id(&self, name: &str) -> Option<IncomingId> {
        self.incoming_requests.iter().find(|request| request.request_id() == name).map(IncomingRequest::id)
    }
}

fn config() -> Config {
    Config::new(Seed::from_bytes([5; 16])).handle(IncomingKind::Permission)
}

#[test]
fn every_incoming_request_is_reported_once_in_any_order() {
    let mut sequences: Vec<Vec<Step>> = vec![Vec::new()];
    let mut judged = 0;
    for _ in 0..5 {
        sequences = sequences
            .iter()
            .flat_map(|sequence| STEPS.map(|step| [sequence.as_slice(), &[step]].concat()))
            // The CLI writes an incoming request's own line once.
            .filter(|sequence| {
                let last = sequence[sequence.len() - 1];
                !matches!(last, Step::Line(_)) || sequence.iter().filter(|step| **step == last).count() == 1
            })
            .collect();
        for sequence in &sequences {
            walk(sequence);
            judged += 1;
        }
    }
    assert!(judged > 5_000, "only {judged} sequences");
}

fn walk(sequence: &[Step]) {
    let mut host = Host::new(config());
    let (mut was_sent, mut answered) = ([false; 2], [false; 2]);
    let at = |id: u8| usize::from(id - b'a');
    for step in sequence {
        match step {
            Step::Line(id) => {
                host.receive_line(&request(&char::from(*id).to_string()));
                was_sent[at(*id)] = true;
            }
            Step::List(ids) => {
                let list: Vec<Value> = ids.iter().map(|id| request(&char::from(*id).to_string())).collect();
                let subtype = if ids.len() == 1 { "error" } else { "success" };
                host.lists(subtype, json!({ "pending_permission_requests": list }));
                ids.iter().for_each(|id| was_sent[at(*id)] = true);
            }
            Step::Answer(id) => {
                let request = host.id(&char::from(*id).to_string());
                let taken = request.map(|request| host.protocol.respond(SessionTime::ZERO, request, Decision::allow()));
                host.write();
                assert_eq!(
                    taken,
                    was_sent[at(*id)].then_some(if answered[at(*id)] {
                        Err(claude_duplex::RespondError::Stale)
                    } else {
                        Ok(())
                    }),
                    "{sequence:?}"
                );
                answered[at(*id)] |= was_sent[at(*id)];
            }
        }
    }
    for id in [b'a', b'b'] {
        let name = char::from(id).to_string();
        let incoming = host.incoming_requests.iter().filter(|request| request.request_id() == name).count();
        assert_eq!(incoming, usize::from(was_sent[at(id)]), "{name} in {sequence:?}");
        let allows = host.written.matches(&format!("\"request_id\":\"{name}\"")).count();
        assert_eq!(allows, usize::from(answered[at(id)]), "{name} in {sequence:?}");
    }
}

/// `initialize_pending` of 2.1.50 and 2.1.143: the error too lists what is open.
#[test]
fn an_error_response_also_lists_pending_requests() {
    let mut host = Host::new(config().handle(IncomingKind::Elicitation));
    let elicitation = json!({ "type": "control_request", "request_id": "e", "request": { "subtype": "elicitation", "message": "?" } });
    let actions = host.lists(
        "error",
        json!({ "pending_permission_requests": [request("p")], "pending_elicitation_requests": [elicitation] }),
    );
    let [
        Action::ResponseReceived { response: Err(RequestError::Refused { message, .. }), .. },
        Action::IncomingRequest(p),
        Action::IncomingRequest(e),
    ] = &actions[..]
    else {
        panic!("{actions:?}")
    };
    assert_eq!(
        (message.as_str(), p.kind(), e.kind()),
        ("Already initialized", IncomingKind::Permission, IncomingKind::Elicitation)
    );
    let input = p.permission().map(|permission: PermissionRequest| permission.input.as_str().to_owned());
    assert_eq!(input.as_deref(), Ok(r#"{"command":"p"}"#));
}

#[test]
fn an_unhandled_request_is_declined_once() {
    let mut host = Host::new(Config::new(Seed::from_bytes([5; 16])));
    let list = json!({ "pending_permission_requests": [request("p"), request("p")] });
    let declined = |actions: &[Action]| {
        actions
            .iter()
            .filter(|action| matches!(action, Action::IncomingDeclined { reason: DeclinedReason::Unhandled, .. }))
            .count()
    };
    assert_eq!(declined(&host.lists("success", list.clone())), 1);
    assert_eq!(declined(&host.receive_line(&request("p"))), 0);
    assert_eq!(declined(&host.lists("success", list)), 0);
    assert_eq!(host.written.matches("\"behavior\":\"deny\"").count(), 1);
    assert_eq!(host.protocol.stats(), {
        let mut counts = Stats::default();
        counts.repeated_requests = 1;
        counts
    });
}

#[test]
fn an_undeclared_dialog_gets_no_response() {
    let mut host = Host::new(config());
    let dialog = json!({ "type": "control_request", "request_id": "d",
        "request": { "subtype": "request_user_dialog", "dialog_kind": "new", "payload": {} } });
    let list = json!({ "pending_user_dialog_requests": [dialog] });
    let first = host.lists("success", list.clone());
    assert!(
        matches!(&first[..], [_, Action::IncomingDeclined { reason: DeclinedReason::Undeclared, .. }, ..]),
        "{first:?}"
    );
    let second = host.lists("success", list);
    assert!(!second.iter().any(|action| matches!(action, Action::IncomingDeclined { .. })), "{second:?}");
    assert_eq!(host.written.matches("control_response").count(), 0);
}

#[test]
fn a_withdrawn_request_that_is_listed_again_is_reported_again() {
    let mut host = Host::new(config());
    host.receive_line(&request("p"));
    let actions = host.receive_line(&json!({ "type": "control_cancel_request", "request_id": "p" }));
    assert!(matches!(actions[0], Action::IncomingCancelled { reason: CancelledReason::Cli, .. }));
    host.lists("success", json!({ "pending_permission_requests": [request("p")] }));
    assert_eq!(host.incoming_requests.len(), 2);
}

#[test]
fn only_initialize_lists_requests_and_invalid_entries_are_rejected() {
    let mut host = Host::new(config());
    host.protocol.request(SessionTime::ZERO, claude_duplex::Request::new("get_settings").id("r")).unwrap();
    host.receive_line(&json!({ "type": "control_response", "response": { "subtype": "success", "request_id": "r",
        "pending_permission_requests": [request("p")] } }));
    host.receive_line(
        &json!({ "type": "control_response", "response": { "subtype": "success", "request_id": "foreign",
        "pending_permission_requests": [request("p")] } }),
    );
    assert_eq!(host.incoming_requests.len(), 0);
    let list = json!([7, {}, { "type": "user" }, { "type": "control_request" }, request("p")]);
    let actions = host.lists("success", json!({ "pending_permission_requests": list }));
    let reason: Vec<_> = actions
        .iter()
        .filter_map(|action| match action {
            Action::RejectedLine(rejected) => Some(rejected.reason),
            _ => None,
        })
        .collect();
    let expected = [
        RejectedReason::NotAnObject,
        RejectedReason::NoType,
        RejectedReason::NotAnIncomingRequest,
        RejectedReason::NoRequestId,
    ];
    assert_eq!((&reason[..], host.incoming_requests.len()), (&expected[..], 1));
    // Lists that are none do no harm.
    host.lists("success", json!({ "pending_permission_requests": 5, "pending_elicitation_requests": null }));
}

/// Two lines with one id are two incoming requests of a broken peer, as ever.
#[test]
fn an_invalid_request_with_an_open_id_is_rejected() {
    let mut host = Host::new(config());
    host.receive_line(&request("p"));
    host.lists("success", json!({ "pending_permission_requests": [request("p")] }));
    let actions = host.receive_line(&request("p"));
    assert!(
        matches!(&actions[..], [Action::RejectedLine(rejected)] if rejected.reason == RejectedReason::DuplicateIncomingRequest)
    );
    assert_eq!(host.incoming_requests.len(), 1);
}

/// A list as long as a line may be cannot make the session grow beyond its limits.
#[test]
fn a_long_list_of_pending_requests_is_limited() {
    let mut config = config();
    config.limits.open_incoming = 3;
    config.limits.unsent_hard = 1000;
    let mut host = Host::new(config);
    let list: Vec<Value> = (0..1000).map(|number| request(&number.to_string())).collect();
    let actions = host.lists("success", json!({ "pending_permission_requests": list }));
    assert_eq!(host.incoming_requests.len(), 3);
    assert!(actions.len() < 100, "the session went on: {} actions", actions.len());
    assert!(host.protocol.poll_transmit().len() <= 1000);
}
