//! Lines that are made to cost much: one part of a message, filled with one small thing over and over.

use claude_duplex::{
    Action, Config, Decision, IncomingKinds, Interrupt, Prompt, Protocol, Request, Seed, SessionTime, UnknownIncoming,
};

/// Lines with a part that can be filled: what stands before it and what stands behind it. The session that they are told
/// to has open requests of the ids `i` (an interrupt), `n` (an `initialize`) and `r`.
#[rustfmt::skip]
pub(crate) const PLACES: [(&str, &str); 32] = [
    // Items of a list.
    (r#"{"type":"control_response","response":{"subtype":"success","request_id":"n","response":{},"pending_permission_requests":["#, "]}}"),
    (r#"{"type":"control_response","response":{"subtype":"error","request_id":"n","error":"no","pending_elicitation_requests":["#, "]}}"),
    (r#"{"type":"control_response","response":{"subtype":"success","request_id":"i","response":{"still_queued":["#, "]}}}"),
    (r#"{"type":"control_response","response":{"subtype":"success","request_id":"i","response":{"still_queued":[],"cancelled":["#, "]}}}"),
    (r#"{"type":"control_response","response":{"subtype":"success","request_id":"r","response":["#, "]}}"),
    (r#"{"type":"control_response","response":{"subtype":"success","request_id":"unknown","response":["#, "]}}"),
    (r#"{"type":"result","subtype":"success","is_error":true,"permission_denials":["#, "]}"),
    (r#"{"type":"result","subtype":"error_during_execution","is_error":true,"errors":["#, "]}"),
    (r#"{"type":"result","subtype":"success","is_error":false,"user_message_uuids":["#, "]}"),
    (r#"{"type":"system","subtype":"init","session_id":"s","capabilities":["#, "]}"),
    (r#"{"type":"system","subtype":"background_tasks_changed","tasks":["#, "]}"),
    (r#"{"type":"control_request","request_id":"a","request":{"subtype":"can_use_tool","tool_name":"Bash","input":{},"permission_suggestions":["#, "]}}"),
    (r#"{"type":"control_request","request_id":"b","request":{"subtype":"can_use_tool","tool_name":"Bash","input":{"list":["#, "]}}}"),
    (r#"{"type":"control_request","request_id":"c","request":{"subtype":"hook_callback","callback_id":"c","input":{"hook_event_name":"PreToolUse","list":["#, "]}}}"),
    (r#"{"type":"control_request","request_id":"d","request":{"subtype":"mcp_message","server_name":"m","message":["#, "]}}"),
    (r#"{"type":"assistant","message":{"content":["#, "]}}"),
    (r#"{"type":"user","message":{"content":["#, "]}}"),
    (r#"{"type":"of_next_year","list":["#, "]}"),
    // A text.
    (r#"{"type":"result","subtype":"success","is_error":true,"result":""#, "\"}"),
    (r#"{"type":"result","subtype":"error_during_execution","is_error":true,"errors":["a",""#, "\"]}"),
    (r#"{"type":"result","is_error":false,"subtype":""#, "\"}"),
    (r#"{"type":"result","subtype":"success","origin":{"kind":""#, "\"}}"),
    (r#"{"type":"system","subtype":"init","session_id":"s","claude_code_version":""#, "\"}"),
    (r#"{"type":"system","uuid":"u","subtype":""#, "\"}"),
    (r#"{"type":"user","uuid":""#, "\"}"),
    (r#"{"type":"control_request","request_id":"e","request":{"subtype":"can_use_tool","tool_name":"Bash","input":{"command":""#, "\"}}}"),
    (r#"{"type":"control_request","request_id":""#, "\"}"),
    (r#"{"type":"control_response","response":{"subtype":"error","request_id":"r","error":""#, "\"}}"),
    (r#"{"uuid":"u","type":""#, "\"}"),
    // A damaged line.
    ("\x1b[H{\"type\":\"of_next_year\",\"list\":[", "]}\x1b[m"),
    ("[log] {\"type\":\"assistant\",\"uuid\":\"u\",\"session_id\":\"s\",\"list\":[", "]}"),
    // What is no message.
    ("", ""),
];

/// Items of a list, and what a text has: what stands in a place of the other kind is a line that is rejected.
#[rustfmt::skip]
pub(crate) const FILLINGS: [&[u8]; 23] = [
    b"0,",
    b"\"\",",
    b"[],",
    b"{},",
    b"\"00000000-0000-4000-8000-0000000000a1\",",
    b"{\"task_id\":\"t\",\"task_type\":\"local_agent\"},",
    b"{\"type\":\"control_request\",\"request_id\":\"x\"},",
    b"{\"type\":\"control_request\",\"request_id\":\"#\",\"request\":{\"subtype\":\"can_use_tool\"}},",
    b"{\"type\":\"control_request\",\"request_id\":\"#\",\"request\":{\"subtype\":\"can_use_tool\",\"tool_name\":\"T\",\"input\":{}}},",
    b"{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"Bash\",\"input\":{}},",
    b"{\"type\":\"text\",\"text\":\"a\"},",
    b"{\"tool_name\":\"Bash\",\"tool_use_id\":\"t\",\"tool_input\":{}},",
    b"{\"type\":\"addRules\",\"rules\":[{\"toolName\":\"Bash\"}],\"behavior\":\"allow\",\"destination\":\"session\"},",
    b"{\"a\":0,\"b\":0,\"a\":0},",
    b"\"\xff\",",
    b" 0 , ",
    b"x",
    b"\\u0061",
    b"\\ud83d",
    b"\xff",
    b"{\"type\":\"keep_alive\"}",
    b"\x1b]",
    b"\x1b[31m ",
];

/// Fills a place up to about that length in bytes. A `#` in the filling is a number, another one each time.
pub(crate) fn line((before, behind): (&str, &str), filling: &[u8], length: usize) -> Vec<u8> {
    let mut line = before.as_bytes().to_vec();
    let mut number = 0;
    while line.len() + filling.len() + behind.len() < length {
        for byte in filling {
            match byte {
                b'#' => line.extend_from_slice(number.to_string().as_bytes()),
                byte => line.push(*byte),
            }
        }
        number += 1;
    }
    if line.last() == Some(&b',') || line.ends_with(b", ") {
        let comma = line.iter().rposition(|byte| *byte == b',').expect("it is there");
        line[comma] = b' ';
    }
    line.extend_from_slice(behind.as_bytes());
    line
}

/// A line's length in bytes, as text: a byte that is not UTF-8 is one character of three bytes.
pub(crate) fn length(line: &[u8]) -> usize {
    let chunks = line.utf8_chunks();
    chunks.map(|chunk| chunk.valid().len() + if chunk.invalid().is_empty() { 0 } else { 3 }).sum()
}

/// A session that hears the lines of [`PLACES`]: it has a prompt and three requests open, and owns every request of the
/// CLI.
pub(crate) fn session(line: usize) -> Protocol {
    let now = SessionTime::ZERO;
    let mut config = Config::new(Seed::from_bytes([0; 16]));
    config.handled = IncomingKinds::ALL;
    config.unknown_incoming = UnknownIncoming::Deliver;
    config.limits.line = config.limits.line.max(line);
    config.limits.open_incoming_bytes = config.limits.open_incoming_bytes.max(line);
    let mut session = Protocol::new(config, now);
    let prompt = session.prompt(now, Prompt::text("hello")).expect("there is room");
    session.request(now, Request::new("mcp_status").id("r")).expect("there is room");
    session.request(now, Request::initialize().id("n")).expect("there is room");
    session.interrupt(now, Interrupt::prompt(prompt).id("i")).expect("there is room");
    session.sent(now, usize::MAX);
    session
}

/// Tells a line to a session, takes what follows, and allows every tool that wants to run.
pub(crate) fn receive(session: &mut Protocol, line: &[u8], mut action: impl FnMut(&Action)) {
    session.receive(SessionTime::ZERO, line);
    session.receive(SessionTime::ZERO, b"\n");
    while let Some(next) = session.poll_action() {
        action(&next);
        if let Action::IncomingRequest(incoming) = next {
            // One that the host cannot allow stays open.
            let _ = session.respond(SessionTime::ZERO, incoming.id(), Decision::allow());
            session.sent(SessionTime::ZERO, usize::MAX);
        }
    }
}
