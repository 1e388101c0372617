//! Permission requests of the CLI, with the options of the user.

use agent_client_protocol::Error;
use agent_client_protocol::v1::schema::{
    PermissionOption, PermissionOptionKind, RequestPermissionOutcome, RequestPermissionRequest,
    RequestPermissionResponse, ToolCallStatus, ToolCallUpdate,
};
use claude_duplex::incoming::{PermissionChange, PermissionDestination, PermissionUpdate, RuleBehavior};
use claude_duplex::options::PermissionMode;
use claude_duplex::{Allow, Decision, Deny, IncomingRequest, IncomingResponse, PermissionRequest};

use super::incoming::{PendingResponse, deny, ready};
use super::{Session, question};
use crate::tool;

/// Announces the tool call to the client, and forwards its permission request.
pub(super) fn forward(session: &mut Session, request: &IncomingRequest) -> PendingResponse {
    let permission = match request.permission() {
        Ok(permission) => permission,
        Err(error) => return ready(deny(&error.to_string())),
    };
    let call = permission.tool_use_id.clone().unwrap_or_else(|| request.request_id());
    let announcement = session.translator.announce(&call, &permission.tool_name, &permission.input);
    if let Some(update) = announcement {
        session.client.update(update);
    }
    if let Ok(questions) = permission.questions() {
        return question::forward(session.client.clone(), session.abilities, questions, call);
    }
    let choices = choices(&permission);
    let options = choices.iter().enumerate().map(|(at, choice)| choice.option(at)).collect();
    let call = described(&permission, call);
    let request = RequestPermissionRequest::new(session.client.session().clone(), call, options);
    let response = session.client.request(request);
    Box::pin(async move { decision(choices, response.await) })
}

/// Describes the tool call of a permission request.
fn described(permission: &PermissionRequest, call: String) -> ToolCallUpdate {
    let mut description = tool::describe(&permission.tool_name, Some(&permission.input));
    let reason = permission.decision_reason.clone().filter(|reason| !reason.is_empty());
    description.content.extend(reason.map(tool::text));
    let fields = description.fields(&permission.input).status(ToolCallStatus::Pending);
    ToolCallUpdate::new(call, fields)
}

/// Option of a permission request, and the decision that it stands for.
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

/// Returns the options of the user for a permission request.
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
        choices.push(Choice::new(always_name(suggestions), PermissionOptionKind::AllowAlways, always));
    }
    choices.push(Choice::new("Reject", PermissionOptionKind::RejectOnce, Deny::new(no)));
    choices
}

/// Returns the name of the option that allows such calls from now on.
fn always_name(suggestions: &[PermissionUpdate]) -> String {
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

/// Returns the permission decision for the client's response.
fn decision(choices: Vec<Choice>, response: Result<RequestPermissionResponse, Error>) -> IncomingResponse {
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
        Err(error) => deny(&format!("The user could not decide: {}", error.message)),
    }
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
            assert_eq!(always_name(&given), name);
        }
    }

    #[test]
    fn an_option_that_was_not_offered_allows_nothing() {
        let permission = PermissionRequest::new("Bash", json!({ "command": "ls" }));
        for (id, allows) in [("allow.0", true), ("reject.1", false), ("allow.7", false), ("", false)] {
            let outcome = json!({ "outcome": { "outcome": "selected", "optionId": id } });
            let response = serde_json::from_value(outcome).expect("a response");
            let decision = decision(choices(&permission), Ok(response));
            assert_eq!(matches!(decision, IncomingResponse::Permission(Decision::Allow(_))), allows, "{id}");
        }
        let decision = decision(choices(&permission), Err(Error::internal_error()));
        assert!(matches!(decision, IncomingResponse::Permission(Decision::Deny(_))));
    }
}
