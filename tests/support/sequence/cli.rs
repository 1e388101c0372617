//! The lines of the CLI in an input sequence.

use arbitrary::{Arbitrary, Result, Unstructured};
use serde_json::json;

use super::Author;

/// A line of the CLI. Numbers pick a prompt, ask or request of the session, or a foreign one.
#[derive(Debug, Clone)]
pub(crate) enum PeerLine {
    Init(u8),
    Echo { prompt: u8, subagent: bool },
    Lifecycle { prompt: u8, state: u8 },
    Assistant { subagent: bool },
    Delta,
    Result { named: Option<Vec<u8>>, own: bool, kind: u8, uuid: u8 },
    Ask { id: u8, kind: u8 },
    CancelAsk(u8),
    Response { request: u8, kind: u8, prompts: Vec<u8>, listed: Option<[(u8, u8); 2]> },
    EchoedAnswer(u8),
    Task(u8),
    State(u8),
    Prevented,
    KeepAlive,
    Blank,
    Noise(u8),
    Long(u16),
}

/// Somewhat more than the limit of a line, in bytes.
const LONGEST: usize = 5000;

/// Incoming requests and what becomes of them come often: in one of three lines.
impl<'b> Arbitrary<'b> for PeerLine {
    fn arbitrary(u: &mut Unstructured<'b>) -> Result<Self> {
        Ok(match u.arbitrary::<u8>()? {
            0..=71 => Self::Ask { id: u.arbitrary()?, kind: u.arbitrary()? },
            72..=83 => Self::CancelAsk(u.arbitrary()?),
            84..=89 => Self::EchoedAnswer(u.arbitrary()?),
            90..=104 => Self::Init(u.arbitrary()?),
            105..=119 => Self::Echo { prompt: u.arbitrary()?, subagent: u.ratio(1, 4)? },
            120..=137 => Self::Lifecycle { prompt: u.arbitrary()?, state: u.arbitrary()? },
            138..=149 => Self::Assistant { subagent: u.ratio(1, 4)? },
            150..=154 => Self::Delta,
            155..=181 => {
                Self::Result { named: u.arbitrary()?, own: u.ratio(1, 4)?, kind: u.arbitrary()?, uuid: u.arbitrary()? }
            }
            182..=208 => Self::Response {
                request: u.arbitrary()?,
                kind: u.arbitrary()?,
                prompts: u.arbitrary()?,
                listed: if u.ratio(1, 4)? { Some(u.arbitrary()?) } else { None },
            },
            209..=218 => Self::Task(u.arbitrary()?),
            219..=225 => Self::State(u.arbitrary()?),
            226..=231 => Self::Prevented,
            232..=234 => Self::KeepAlive,
            235..=238 => Self::Blank,
            239..=250 => Self::Noise(u.arbitrary()?),
            251..=255 => Self::Long(u.arbitrary()?),
        })
    }
}

impl Author {
    /// The line as the CLI would write it.
    pub(super) fn line(&self, line: &PeerLine) -> Vec<u8> {
        let uuids = |picks: &[u8]| picks.iter().map(|pick| self.uuid(*pick)).collect::<Vec<_>>();
        let value = match line {
            PeerLine::Init(version) => {
                let version = ["2.0.76", "2.1.50", "2.1.100", "2.1.143", "2.1.329"].get(usize::from(version % 6));
                json!({ "type": "system", "subtype": "init", "session_id": "s", "claude_code_version": version })
            }
            PeerLine::Echo { prompt, subagent } => json!({
                "type": "user", "uuid": self.uuid(*prompt), "parent_tool_use_id": subagent.then_some("toolu"),
            }),
            PeerLine::Lifecycle { prompt, state } => json!({
                "type": "command_lifecycle", "command_uuid": self.uuid(*prompt),
                "state": (["queued", "started", "completed", "cancelled", "new"][usize::from(state % 5)]),
            }),
            PeerLine::Assistant { subagent } => json!({
                "type": "assistant", "parent_tool_use_id": subagent.then_some("toolu"), "message": { "content": [] },
            }),
            PeerLine::Delta => json!({ "type": "stream_event", "event": {} }),
            PeerLine::Result { named, own, kind, uuid } => {
                let (subtype, is_error, reason) = [
                    ("success", false, Some("completed")),
                    ("success", false, None),
                    ("error_during_execution", false, None),
                    ("error_during_execution", true, Some("aborted_tools")),
                    ("error_max_turns", true, Some("max_turns")),
                ][usize::from(kind % 5)];
                let mut result = json!({
                    "subtype": subtype, "is_error": is_error, "uuid": format!("r-{uuid}"), "result": "done", "type": "result",
                });
                if let Some(named) = named {
                    result["user_message_uuids"] = uuids(named).into();
                }
                if *own {
                    result["origin"] = json!({ "kind": "task-notification" });
                }
                if let Some(reason) = reason {
                    result["terminal_reason"] = reason.into();
                }
                result
            }
            PeerLine::Ask { id, kind } => self.incoming_line(*id, *kind),
            PeerLine::CancelAsk(id) => {
                json!({ "type": "control_cancel_request", "request_id": format!("ask-{}", id % 8) })
            }
            PeerLine::Response { request, kind, prompts, listed } => {
                let request_id = self.request_id(*request);
                let mut response = match kind % 5 {
                    0 => json!({ "subtype": "success", "request_id": request_id }),
                    1 => json!({ "subtype": "error", "request_id": request_id, "error": "no" }),
                    2 => json!({ "subtype": "success", "request_id": request_id,
                        "response": { "still_queued": uuids(prompts) } }),
                    3 => json!({ "subtype": "success", "request_id": request_id,
                        "response": { "still_queued": [], "cancelled": uuids(prompts) } }),
                    _ => json!({ "subtype": "success", "request_id": request_id,
                        "response": { "cancelled": prompts.is_empty() } }),
                };
                if let Some(listed) = listed {
                    let incoming_requests = listed.map(|(id, kind)| self.incoming_line(id, kind));
                    response["pending_permission_requests"] = json!([incoming_requests[0], "noise", {}]);
                    response["pending_elicitation_requests"] = json!([incoming_requests[1]]);
                }
                json!({ "type": "control_response", "response": response })
            }
            PeerLine::EchoedAnswer(id) => json!({ "type": "control_response",
                "response": { "subtype": "success", "request_id": format!("ask-{}", id % 8) } }),
            PeerLine::Task(kind) => json!({ "type": "system", "task_id": "t",
                "subtype": (["task_started", "task_notification", "task_updated", "background_tasks_changed"][usize::from(kind % 4)]),
                "task_type": "local_agent", "patch": { "status": "completed" }, "tasks": [] }),
            PeerLine::State(kind) => json!({ "type": "system", "subtype": "session_state_changed",
                "state": (["idle", "running", "requires_action"][usize::from(kind % 3)]) }),
            PeerLine::Prevented => {
                json!({ "type": "system", "subtype": "informational", "prevent_continuation": true })
            }
            PeerLine::KeepAlive => json!({ "type": "keep_alive" }),
            PeerLine::Blank => return b"  \r\n".to_vec(),
            PeerLine::Noise(kind) => {
                let noise: [&[u8]; 10] = [
                    b"noise\n",
                    b"null\n",
                    b"{}\n",
                    b"{\"type\":\"\xff\"}\n",
                    b"\xff\xfe\n",
                    b"{\"type\":\"control_request\"}\n",
                    b"\x1b[H{\"type\":\"active_goal\"}\x1b[m\n",
                    b"{\"type\":\"active_goal\"}{\"type\":\"tool_progress\"}\n",
                    b"[log] {\"type\":\"active_goal\",\"uuid\":\"u\",\"session_id\":\"s\"}\n",
                    b"\x1b[?2004h\n",
                ];
                return noise[usize::from(kind % 10)].to_vec();
            }
            // A request of the CLI, or nothing that is known.
            PeerLine::Long(length) => {
                let long = "x".repeat(usize::from(*length) % LONGEST);
                let request = self.incoming_line(*length as u8, (*length >> 8) as u8);
                let (id, mut content) = (&request["request_id"], request["request"].to_string());
                if content.ends_with('}') {
                    content.truncate(content.len() - 1);
                    content += &format!(",\"long\":\"{long}\"}}");
                }
                return match length % 3 {
                    0 => format!("{long}\n"),
                    1 => format!("{{\"type\":\"control_request\",\"request_id\":{id},\"request\":{content}}}\n"),
                    _ => format!("{{\"type\":\"control_request\",\"request_id\":\"{long}\",\"request\":{content}}}\n"),
                }
                .into_bytes();
            }
        };
        let mut line = value.to_string().into_bytes();
        line.extend_from_slice(b"\r\n");
        line
    }
    /// What the CLI asks, in one of eight names. No two inputs are alike, so that a grant of one cannot pass for another's.
    fn incoming_line(&self, id: u8, kind: u8) -> serde_json::Value {
        let number = self.inputs.len();
        let hook = |event: &str| {
            json!({ "subtype": "hook_callback", "callback_id": "h",
            "input": { "hook_event_name": event, "tool_name": "Bash", "tool_input": { "n": number }, "tool_use_id": "t" } })
        };
        let request = match kind % 16 {
            0 | 9..=11 => {
                json!({ "subtype": "can_use_tool", "tool_name": "Bash", "input": { "n": number, "a": [1e3] } })
            }
            1 => json!({ "subtype": "can_use_tool" }),
            2 => hook("PreToolUse"),
            3 => json!({ "subtype": "mcp_message", "server_name": "s", "message": { "id": number } }),
            4 => json!({ "subtype": "elicitation", "mcp_server_name": "s", "message": "?" }),
            5 | 12 => json!({ "subtype": "request_user_dialog", "dialog_kind": "known" }),
            6 => json!({ "subtype": "request_user_dialog", "dialog_kind": "other" }),
            7 => json!({ "subtype": "tomorrow" }),
            8 => serde_json::Value::Null,
            13 => hook("PermissionRequest"),
            14 => hook("Stop"),
            _ => json!({ "subtype": "elicitation" }),
        };
        json!({ "type": "control_request", "request_id": format!("ask-{}", id % 8), "request": request })
    }
}
