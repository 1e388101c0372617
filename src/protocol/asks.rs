//! What the CLI asks and has no answer to yet.

use std::collections::VecDeque;

use crate::action::{Action, WhyWithdrawn};
use crate::ask::{Answer, Ask, AskKind, Decision};
use crate::config::Limits;
use crate::ids::AskId;
use crate::message::Message;
use crate::protocol::actions::Actions;
use crate::wire::{control, outgoing};

/// How many answered ids are remembered, to know the CLI's echo of an answer (from 2.0.76 on).
const REMEMBERED: usize = 256;

/// Why a permission is denied that nobody was asked about.
const UNASKED: &str = "there is nobody to ask for this permission";

#[derive(Debug, Clone, Default)]
pub(crate) struct Asks {
    open: Vec<Open>,
    bytes: usize,
    last: u64,
    answered: VecDeque<String>,
}

#[derive(Debug, Clone)]
struct Open {
    request_id: String,
    ask: Ask,
}

impl Asks {
    pub(crate) fn is_open(&self, request_id: &str) -> bool {
        self.open.iter().any(|open| open.request_id == request_id)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub(crate) fn has_room(&self, message: &Message, limits: &Limits) -> bool {
        self.open.len() < limits.open_asks && self.bytes + message.as_bytes().len() <= limits.open_ask_bytes
    }

    pub(crate) fn open(&mut self, session: u64, request_id: String, kind: AskKind, message: Message) -> Ask {
        self.last += 1;
        self.bytes += message.as_bytes().len();
        let ask = Ask { id: AskId::new(session, self.last), kind, message };
        self.open.push(Open { request_id, ask: ask.clone() });
        ask
    }

    pub(crate) fn kind(&self, id: AskId) -> Option<AskKind> {
        self.open.iter().find(|open| open.ask.id == id).map(|open| open.ask.kind)
    }

    /// The line that says that answer, which is of the ask's kind.
    pub(crate) fn line(&self, id: AskId, answer: &Answer) -> Option<Vec<u8>> {
        let open = self.open.iter().find(|open| open.ask.id == id)?;
        Some(match answer {
            Answer::Permission(decision) => decide(&open.request_id, decision, &open.ask.message),
            Answer::Raw(payload) => outgoing::success(&open.request_id, payload),
            Answer::Error { message } => outgoing::error(&open.request_id, message, None),
        })
    }

    /// Closes an ask whose answer is written.
    pub(crate) fn answered(&mut self, id: AskId) {
        if let Some(at) = self.open.iter().position(|open| open.ask.id == id) {
            let open = self.remove(at);
            self.remember(&open.request_id);
        }
    }

    /// The CLI withdrew an ask; whether it was open.
    pub(crate) fn withdraw(&mut self, request_id: &str, actions: &mut Actions) -> bool {
        let Some(at) = self.open.iter().position(|open| open.request_id == request_id) else { return false };
        let ask = self.remove(at).ask.id;
        actions.push(Action::Withdrawn { ask, why: WhyWithdrawn::Cli });
        true
    }

    pub(crate) fn withdraw_all(&mut self, why: WhyWithdrawn, actions: &mut Actions) {
        for open in std::mem::take(&mut self.open) {
            actions.push(Action::Withdrawn { ask: open.ask.id, why });
        }
        self.bytes = 0;
    }

    /// Notes an answer that was written without an open ask.
    pub(crate) fn remember(&mut self, request_id: &str) {
        if self.answered.len() == REMEMBERED {
            self.answered.pop_front();
        }
        self.answered.push_back(request_id.to_owned());
    }

    /// Whether a `control_response` is the CLI's echo of an answer of ours; each is expected once.
    pub(crate) fn is_echo(&mut self, request_id: &str) -> bool {
        let at = self.answered.iter().position(|answered| answered == request_id);
        at.and_then(|at| self.answered.remove(at)).is_some()
    }

    fn remove(&mut self, at: usize) -> Open {
        let open = self.open.remove(at);
        self.bytes -= open.ask.message.as_bytes().len();
        open
    }
}

fn decide(request_id: &str, decision: &Decision, ask: &Message) -> Vec<u8> {
    match control::permission(ask.as_bytes()) {
        Ok(permission) => outgoing::decision(request_id, decision, &permission.input),
        // Without an input there is nothing to allow.
        Err(error) => outgoing::error(request_id, &error.to_string(), None),
    }
}

/// The answer that grants nothing (design law 9): a permission is denied, a hook that guards something blocks it, and
/// everything else is told that nobody is there.
pub(crate) fn safe_answer(request_id: &str, kind: AskKind, hook_event: Option<&str>) -> Vec<u8> {
    let payload = match (kind, hook_event) {
        (AskKind::Permission, _) => serde_json::json!({ "behavior": "deny", "message": UNASKED }),
        (AskKind::Hook, Some(event @ "PreToolUse")) => serde_json::json!({ "hookSpecificOutput": {
            "hookEventName": event, "permissionDecision": "deny", "permissionDecisionReason": UNASKED,
        }}),
        (AskKind::Hook, Some(event @ "PermissionRequest")) => serde_json::json!({ "hookSpecificOutput": {
            "hookEventName": event, "decision": { "behavior": "deny", "message": UNASKED },
        }}),
        (AskKind::Hook, Some("UserPromptSubmit" | "UserPromptExpansion")) => {
            serde_json::json!({ "decision": "block", "reason": UNASKED })
        }
        (AskKind::Elicitation, _) => serde_json::json!({ "action": "cancel" }),
        (AskKind::Dialog, _) => serde_json::json!({ "behavior": "cancelled" }),
        (AskKind::Hook | AskKind::Mcp, _) => return outgoing::error(request_id, "nobody serves this", None),
        (AskKind::Unknown, _) => {
            return outgoing::error(request_id, "unsupported request", Some("unsupported_request"));
        }
    };
    outgoing::success(request_id, &(&payload).into())
}
