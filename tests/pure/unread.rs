//! Requests of the CLI that are too long to be delivered: they are declined, and the CLI does not wait.

use claude_duplex::{
    Action, Config, IncomingKind, IncomingKinds, Interrupt, Json, Protocol, RejectedLine, RejectedReason, Request,
    RequestError, Seed, SessionTime, UnknownIncoming,
};

use crate::incoming::{DIALOG, KINDS, Kind};

/// Longest line, in bytes.
const LINE: usize = 2000;

/// A session that asks its host everything.
fn session() -> Protocol {
    let mut config = Config::new(Seed::from_bytes([7; 16]));
    config.handled = IncomingKinds::ALL;
    config.unknown_incoming = UnknownIncoming::Deliver;
    config.limits.line = LINE;
    let mut session = Protocol::new(config, SessionTime::ZERO);
    let dialogs = Json::parse(&format!("[{DIALOG:?}]")).unwrap();
    session.request(SessionTime::ZERO, Request::initialize().field("supportedDialogKinds", dialogs)).unwrap();
    let written = session.poll_transmit().len();
    session.sent(SessionTime::ZERO, written);
    session
}

/// A request in the order in which the CLI writes its fields, with a long one at its end.
fn long(kind: &Kind, id: &str, length: usize) -> String {
    let line: serde_json::Value = serde_json::from_str(&kind.line(id)).unwrap();
    let request = line["request"].to_string();
    let request = request.strip_suffix('}').unwrap();
    let long = "x".repeat(length);
    format!("{{\"type\":\"control_request\",\"request_id\":{id:?},\"request\":{request},\"long\":\"{long}\"}}}}\n")
}

/// Gives the session a line in chunks of that size. Returns what was rejected, and what is written.
fn rejected(session: &mut Protocol, line: &str, chunk: usize) -> (RejectedLine, String) {
    line.as_bytes().chunks(chunk).for_each(|part| session.receive(SessionTime::ZERO, part));
    let actions: Vec<Action> = std::iter::from_fn(|| session.poll_action()).collect();
    let [Action::RejectedLine(rejected)] = &actions[..] else { panic!("{actions:?}") };
    (rejected.clone(), String::from_utf8(session.poll_transmit().to_vec()).unwrap())
}

#[test]
fn a_request_in_a_line_that_is_too_long_is_declined() {
    for kind in KINDS {
        for chunk in [1, 100, usize::MAX] {
            let mut session = session();
            let (rejected, written) = rejected(&mut session, &long(kind, "it", 3 * LINE), chunk);
            assert_eq!(rejected.reason, RejectedReason::TooLong);
            assert!(kind.is_refused(&written, "it"), "{}: {written}", kind.name);
            assert!(rejected.declined.is_some() && !rejected.result_due, "{}", kind.name);
            assert_eq!(session.open_incoming().count(), 0);
        }
    }
}

/// A request of ours whose response is too long ends at once. The CLI has dealt with it: an interrupt is acknowledged.
#[test]
fn a_response_in_a_line_that_is_too_long_ends_its_request() {
    for (subtype, chunk) in [("success", 1), ("success", usize::MAX), ("error", 100)] {
        let mut session = session();
        let wanted = session.request(SessionTime::ZERO, Request::new("mcp_status").id("of the host")).unwrap();
        let interrupt = session.interrupt(SessionTime::ZERO, Interrupt::running().id("stop")).unwrap();
        let queued = session.prompt(SessionTime::ZERO, "hello").unwrap().uuid().to_string();
        for (id, request, is_held) in
            [("other", None, true), ("of the host", Some(wanted), true), ("stop", Some(interrupt), false)]
        {
            let long = "x".repeat(3 * LINE);
            let line = format!(
                "{{\"type\":\"control_response\",\"response\":{{\"subtype\":{subtype:?},\"request_id\":{id:?},\
                 \"response\":{{\"long\":{long:?}}}}}}}\n"
            );
            line.as_bytes().chunks(chunk).for_each(|part| session.receive(SessionTime::ZERO, part));
            let actions: Vec<Action> = std::iter::from_fn(|| session.poll_action()).collect();
            let Some(Action::RejectedLine(rejected)) = actions.first() else { panic!("{actions:?}") };
            assert_eq!(
                (rejected.reason, rejected.result_due, rejected.declined),
                (RejectedReason::TooLong, false, None)
            );
            let length = line.len() as u64 - 1;
            let ended: Vec<_> = actions[1..]
                .iter()
                .map(|action| match action {
                    Action::ResponseReceived {
                        request,
                        response: Err(RequestError::TooLong { length: of, .. }),
                        ..
                    } => (*request, *of),
                    action => panic!("{action:?}"),
                })
                .collect();
            assert_eq!(ended, Vec::from_iter(request.map(|request| (request, length))), "{id}");
            let written = String::from_utf8_lossy(session.poll_transmit()).contains(&queued);
            assert_eq!(written, !is_held, "the prompt waits for the interrupt: {id}");
        }
    }
}

#[test]
fn a_request_with_an_id_that_is_too_long_is_declined() {
    for kind in KINDS {
        for length in [257, 1000] {
            let (id, mut session) = ("i".repeat(length), session());
            let (rejected, written) = rejected(&mut session, &long(kind, &id, 1), usize::MAX);
            assert_eq!(rejected.reason, RejectedReason::NoRequestId);
            assert!(kind.is_refused(&written, &id) && rejected.declined.is_some(), "{}: {written}", kind.name);
        }
    }
}

/// The line of a hook is cut within its input, behind the event.
#[test]
fn an_unreadable_hook_is_declined_as_its_event_demands() {
    let hook = |event: &str| {
        let input = format!("{{\"session_id\":\"s\",\"hook_event_name\":\"{event}\",\"tool_input\":{{\"content\":\"");
        let request = format!("{{\"subtype\":\"hook_callback\",\"callback_id\":\"h\",\"input\":{input}");
        let long = "x".repeat(3 * LINE);
        format!("{{\"type\":\"control_request\",\"request_id\":\"it\",\"request\":{request}{long}\"}}}}}}}}\n")
    };
    for (event, expected) in [
        ("PreToolUse", "\"permissionDecision\":\"deny\""),
        ("PermissionRequest", "\"behavior\":\"deny\""),
        ("UserPromptSubmit", "\"decision\":\"block\""),
        ("PostToolUse", "\"subtype\":\"error\""),
    ] {
        let (rejected, written) = rejected(&mut session(), &hook(event), usize::MAX);
        assert_eq!(rejected.declined, Some(IncomingKind::Hook));
        assert!(written.contains(expected) && written.contains("too long"), "{event}: {written}");
    }
}

#[test]
fn other_long_lines_get_no_response() {
    let long = "x".repeat(3 * LINE);
    for line in [
        format!("{{\"type\":\"assistant\",\"request_id\":\"it\",\"long\":\"{long}\"}}\n"),
        format!("{{\"type\":\"control_cancel_request\",\"request_id\":\"it\",\"long\":\"{long}\"}}\n"),
        format!("{{\"type\":\"control_request\",\"long\":\"{long}\",\"request_id\":\"it\"}}\n"),
        format!("say {{\"type\":\"control_request\",\"request_id\":\"it\",\"long\":\"{long}\"}}\n"),
        "{\"type\":\"control_request\",\"request_id\":5}\n".to_owned(),
    ] {
        let (rejected, written) = rejected(&mut session(), &line, usize::MAX);
        assert_eq!((rejected.declined, &*written), (None, ""), "{line:.80}");
    }
    // As of every dialog that the host did not declare: the CLI asks its other hosts.
    let dialog = "{\"type\":\"control_request\",\"request_id\":\"it\",\"request\":{\"subtype\":\"request_user_dialog\",\
                  \"dialog_kind\":\"other\",\"long\":\"";
    let (rejected, written) = rejected(&mut session(), &format!("{dialog}{long}\"}}}}\n"), usize::MAX);
    assert_eq!((rejected.declined, &*written), (None, ""));
}

#[test]
fn after_the_end_of_stdin_nothing_is_written() {
    let mut session = session();
    session.send_failed(SessionTime::ZERO);
    while session.poll_action().is_some() {}
    let (rejected, written) = rejected(&mut session, &long(&KINDS[0], "it", 3 * LINE), usize::MAX);
    assert_eq!((rejected.declined, &*written), (None, ""));
}
