//! Requests of the CLI that the user decides.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use agent_client_protocol::Error;
use agent_client_protocol::v1::schema::{
    PermissionOption, PermissionOptionKind, RequestPermissionOutcome, RequestPermissionRequest,
    RequestPermissionResponse, ToolCallStatus, ToolCallUpdate,
};
use claude_duplex::incoming::{PermissionChange, PermissionDestination, PermissionUpdate, RuleBehavior};
use claude_duplex::options::PermissionMode;
use claude_duplex::{
    Allow, Decision, Deny, IncomingId, IncomingKind, IncomingRequest, IncomingResponse, PermissionRequest,
};

use super::{Session, elicitation, question};
use crate::tool;

/// Future of a decision.
pub(super) type Deciding = Pin<Box<dyn Future<Output = IncomingResponse> + Send>>;

/// Decisions that the client has not made yet. The library limits their number.
#[derive(Default)]
pub(super) struct Asked(Vec<(IncomingId, Deciding)>);

impl Asked {
    /// Polls for the next decision.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<(IncomingId, IncomingResponse)> {
        for (at, (id, deciding)) in self.0.iter_mut().enumerate() {
            if let Poll::Ready(response) = deciding.as_mut().poll(cx) {
                let id = *id;
                drop(self.0.remove(at));
                return Poll::Ready((id, response));
            }
        }
        Poll::Pending
    }

    /// Returns whether the user has decided all.
    #[cfg(feature = "protocol-v2")]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Cancels a request to the client.
    pub(super) fn withdraw(&mut self, id: IncomingId) {
        self.0.retain(|(open, _)| *open != id);
    }

    /// Cancels all requests to the client.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

impl Session {
    /// Asks the user about a request of the CLI.
    pub(super) fn ask(&mut self, request: IncomingRequest) {
        let deciding = match request.kind() {
            IncomingKind::Permission => self.ask_permission(&request),
            IncomingKind::Elicitation => elicitation::ask(&self.client, self.abilities, &request),
            _ => return,
        };
        self.asked.0.push((request.id(), deciding));
    }

    fn ask_permission(&mut self, request: &IncomingRequest) -> Deciding {
        let permission = match request.permission() {
            Ok(permission) => permission,
            Err(error) => return decided(deny(&error.to_string())),
        };
        let call = permission.tool_use_id.clone().unwrap_or_else(|| request.request_id());
        let announced = self.shown.call(&call, &permission.tool_name, &permission.input);
        if let Some(update) = announced {
            self.client.update(update);
        }
        if let Ok(questions) = permission.questions() {
            return question::ask(self.client.clone(), self.abilities, questions, call);
        }
        let choices = choices(&permission);
        let options = choices.iter().enumerate().map(|(at, choice)| choice.option(at)).collect();
        let request = RequestPermissionRequest::new(self.client.session().clone(), shown(&permission, call), options);
        let response = self.client.request(request);
        Box::pin(async move { decide(choices, response.await) })
    }
}

/// Returns the call that a permission is about.
fn shown(permission: &PermissionRequest, call: String) -> ToolCallUpdate {
    let mut described = tool::describe(&permission.tool_name, Some(&permission.input));
    let reason = permission.decision_reason.clone().filter(|reason| !reason.is_empty());
    described.content.extend(reason.map(tool::text));
    let fields = described.fields(&permission.input).status(ToolCallStatus::Pending);
    ToolCallUpdate::new(call, fields)
}

/// Option of the user.
struct Choice {
    name: String,
    kind: PermissionOptionKind,
    decision: Decision,
}

impl Choice {
    fn new(name: impl Into<String>, kind: PermissionOptionKind, decision: impl Into<Decision>) -> Self {
        Self { name: name.into(), kind, decision: decision.into() }
    }

    fn id(&self) -> &'static str {
        match self.kind {
            PermissionOptionKind::AllowOnce => "allow",
            PermissionOptionKind::AllowAlways => "allow_always",
            PermissionOptionKind::RejectOnce => "reject",
            _ => "reject_always",
        }
    }

    fn option(&self, at: usize) -> PermissionOption {
        PermissionOption::new(format!("{}.{at}", self.id()), self.name.clone(), self.kind)
    }
}

fn choices(permission: &PermissionRequest) -> Vec<Choice> {
    let no = "The user does not want this; stop and wait for what they say next.";
    if permission.tool_name == "ExitPlanMode" {
        let mode = |mode| {
            let change = PermissionUpdate::new(&PermissionChange::SetMode(mode), PermissionDestination::Session);
            Allow::new().and_remember(change)
        };
        return vec![
            Choice::new("Yes, and accept edits", PermissionOptionKind::AllowAlways, mode(PermissionMode::AcceptEdits)),
            Choice::new("Yes, and ask before edits", PermissionOptionKind::AllowOnce, mode(PermissionMode::Default)),
            Choice::new("No, keep planning", PermissionOptionKind::RejectOnce, Deny::new(no)),
        ];
    }
    let mut choices = vec![Choice::new("Allow", PermissionOptionKind::AllowOnce, Allow::new())];
    let suggestions = permission.suggestions();
    if !suggestions.is_empty() && permission.suppress_always_allow_rule != Some(true) {
        let always = Allow::new().and_remember_all(suggestions);
        choices.push(Choice::new(remembered(suggestions), PermissionOptionKind::AllowAlways, always));
    }
    choices.push(Choice::new("Reject", PermissionOptionKind::RejectOnce, Deny::new(no)));
    choices
}

/// Returns the name of the option that is remembered.
fn remembered(suggestions: &[PermissionUpdate]) -> String {
    let changes = suggestions.iter().filter_map(|suggestion| {
        let text = match suggestion.change().ok()? {
            PermissionChange::AddRules { behavior: RuleBehavior::Allow, rules } => {
                let rules = rules.into_iter().map(|rule| match rule.content {
                    Some(content) => format!("{}({content})", rule.tool_name),
                    None => rule.tool_name,
                });
                rules.collect::<Vec<_>>().join(", ")
            }
            PermissionChange::SetMode(PermissionMode::AcceptEdits) => "edits".to_owned(),
            PermissionChange::SetMode(mode) => format!("tool calls that the mode {} allows", mode.as_str()),
            PermissionChange::AddDirectories(directories) => format!("access to {}", directories.join(", ")),
            _ => return None,
        };
        let extent = match suggestion.destination() {
            PermissionDestination::Session => " in this session",
            PermissionDestination::LocalSettings | PermissionDestination::ProjectSettings => " in this project",
            _ => "",
        };
        Some(format!("{text}{extent}"))
    });
    let changes: Vec<String> = changes.collect();
    if changes.is_empty() { "Always allow".to_owned() } else { format!("Always allow {}", changes.join(", ")) }
}

/// Returns the decision that the client's response stands for.
fn decide(choices: Vec<Choice>, response: Result<RequestPermissionResponse, Error>) -> IncomingResponse {
    match response.map(|response| response.outcome) {
        Ok(RequestPermissionOutcome::Selected(selected)) => {
            let chosen =
                choices.into_iter().enumerate().find(|(at, choice)| choice.option(*at).option_id == selected.option_id);
            match chosen {
                Some((_, choice)) => choice.decision.into(),
                None => deny("The client chose an option that was not offered."),
            }
        }
        Ok(_) => Deny::new("The user cancelled the turn.").and_interrupt().into(),
        Err(error) => deny(&format!("The user could not be asked: {}", error.message)),
    }
}

/// Returns a decision that does not depend on the user.
pub(super) fn decided(response: IncomingResponse) -> Deciding {
    Box::pin(std::future::ready(response))
}

/// Returns a refusal for the model to read.
pub(super) fn deny(reason: &str) -> IncomingResponse {
    Decision::deny(reason).into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn suggestion(json: serde_json::Value) -> PermissionUpdate {
        PermissionUpdate::from_json(&claude_duplex::Json::from(&json)).expect("a suggestion")
    }

    #[test]
    fn the_option_always_names_the_remembered_rule() {
        let rule = json!({ "type": "addRules", "behavior": "allow", "destination": "localSettings",
            "rules": [{ "toolName": "Bash", "ruleContent": "npm test:*" }] });
        let mode = json!({ "type": "setMode", "mode": "acceptEdits", "destination": "session" });
        let places = json!({ "type": "addDirectories", "directories": ["/tmp"], "destination": "session" });
        for (given, name) in [
            (vec![rule], "Always allow Bash(npm test:*) in this project"),
            (vec![mode, places], "Always allow edits in this session, access to /tmp in this session"),
            (
                vec![json!({ "type": "removeDirectories", "directories": ["/tmp"], "destination": "session" })],
                "Always allow",
            ),
        ] {
            let given: Vec<_> = given.into_iter().map(suggestion).collect();
            assert_eq!(remembered(&given), name);
        }
    }

    #[test]
    fn an_option_that_was_not_offered_allows_nothing() {
        let permission = PermissionRequest::new("Bash", json!({ "command": "ls" }));
        for (id, allows) in [("allow.0", true), ("reject.1", false), ("allow.7", false), ("", false)] {
            let outcome = json!({ "outcome": { "outcome": "selected", "optionId": id } });
            let response = serde_json::from_value(outcome).expect("a response");
            let decision = decide(choices(&permission), Ok(response));
            assert_eq!(matches!(decision, IncomingResponse::Permission(Decision::Allow(_))), allows, "{id}");
        }
        let decision = decide(choices(&permission), Err(Error::internal_error()));
        assert!(matches!(decision, IncomingResponse::Permission(Decision::Deny(_))));
    }
}
