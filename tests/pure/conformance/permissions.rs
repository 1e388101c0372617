//! Permission asks: cases 66 to 77.

use claude_duplex::incoming::{
    Classification, DecisionReason, PermissionChange, PermissionDestination, PermissionRule, PermissionUpdate,
    RuleBehavior,
};
use claude_duplex::{Allow, Decision, Deny, IncomingRequest, IncomingResponse, Json, RespondError};
use serde_json::{Value, json};

use super::host::{Host, init, owner};

fn parse(json: &Value) -> Json {
    Json::parse(&json.to_string()).unwrap()
}

fn request_from_cli(request: Value) -> (Host, IncomingRequest) {
    let mut host = Host::with(owner());
    let incoming_request = host.request_from_cli("ask-1", request);
    (host, incoming_request)
}

fn bash() -> (Host, IncomingRequest) {
    request_from_cli(json!({ "subtype": "can_use_tool", "tool_name": "Bash", "input": { "command": "ls" } }))
}

fn suggesting(suggestions: Value) -> (Host, IncomingRequest) {
    let input = json!({ "command": "ls" });
    request_from_cli(json!({
        "subtype": "can_use_tool", "tool_name": "Bash", "input": input, "permission_suggestions": suggestions,
    }))
}

/// What an allow is written as that takes every suggestion.
fn taken_back(suggestions: &Value) -> Value {
    let (mut host, incoming_request) = suggesting(suggestions.clone());
    let permission = incoming_request.permission().unwrap();
    let decision = Allow::new().and_remember_all(permission.suggestions());
    host.payload(&incoming_request, decision)["updatedPermissions"].take()
}

/// What an update of the host's own is written as.
fn written(update: &Value) -> Value {
    let (mut host, incoming_request) = bash();
    let update = PermissionUpdate::from_json(&parse(update)).unwrap();
    host.payload(&incoming_request, Allow::new().and_remember(update))["updatedPermissions"][0].take()
}

#[test]
fn case_066_an_allow_is_a_success_with_the_original_input() {
    let mut host = Host::with(owner());
    let line = r#"{"type":"control_request","request_id":"a","request":{"input":{"n":1e400,"t":"\ud83d"},"tool_name":"T","subtype":"can_use_tool"}}"#;
    let [claude_duplex::Action::IncomingRequest(incoming_request)] = &host.receive_line(line)[..] else {
        panic!("it was asked")
    };
    host.protocol.respond(host.now, incoming_request.id(), Decision::allow()).unwrap();
    let written = String::from_utf8(host.protocol.poll_transmit().to_vec()).unwrap();
    assert!(
        written.contains(r#""response":{"behavior":"allow","updatedInput":{"n":1e400,"t":"\ud83d"}}"#),
        "{written}"
    );
}

#[test]
fn case_067_a_deny_has_a_reason() {
    let (mut host, incoming_request) = bash();
    assert_eq!(host.payload(&incoming_request, Decision::deny("no")), json!({ "behavior": "deny", "message": "no" }));
    let (mut host, incoming_request) = bash();
    let payload = host.payload(&incoming_request, Deny::new("no").and_interrupt());
    assert_eq!(payload, json!({ "behavior": "deny", "message": "no", "interrupt": true }));
}

#[test]
fn a_response_may_contain_the_classification_and_the_tool_use_id() {
    let (mut host, incoming_request) = bash();
    let allow = Allow::new().classified(Classification::UserPermanent).about_tool_use("toolu_1");
    let payload = host.payload(&incoming_request, allow);
    let allowed = json!({
        "behavior": "allow", "updatedInput": { "command": "ls" },
        "toolUseID": "toolu_1", "decisionClassification": "user_permanent",
    });
    assert_eq!(payload, allowed);
    let (mut host, incoming_request) = bash();
    let payload = host.payload(&incoming_request, Deny::new("no").classified(Classification::UserReject));
    assert_eq!(payload["decisionClassification"], "user_reject");
}

#[test]
fn case_068_a_rewritten_input_replaces_the_original() {
    let (mut host, incoming_request) = bash();
    let payload = host.payload(&incoming_request, Decision::allow_with(parse(&json!({ "command": "pwd" }))));
    assert_eq!(payload, json!({ "behavior": "allow", "updatedInput": { "command": "pwd" } }));
    let (mut host, incoming_request) = bash();
    let no_object = IncomingResponse::from(Decision::allow_with(Json::from_text("pwd")));
    assert_eq!(host.protocol.respond(host.now, incoming_request.id(), no_object), Err(RespondError::Mismatch));
    assert_eq!(host.written(), [] as [Value; 0]);
}

#[test]
fn case_069_suggestions_are_returned_byte_for_byte() {
    let suggestion =
        r#"{"type":"addRules","rules":[{"toolName":"Bash","new":1e400}],"destination":"tomorrow","behavior":"allow"}"#;
    let line = format!(
        r#"{{"type":"control_request","request_id":"a","request":{{"subtype":"can_use_tool","tool_name":"Bash","input":{{}},"permission_suggestions":[{suggestion}]}}}}"#
    );
    let mut host = Host::with(owner());
    let [claude_duplex::Action::IncomingRequest(incoming_request)] = &host.receive_line(&line)[..] else {
        panic!("it was asked")
    };
    let permission = incoming_request.permission().unwrap();
    assert_eq!(permission.suggestions()[0].as_json().as_str(), suggestion);
    let decision = Allow::new().and_remember(&permission.suggestions()[0]);
    host.protocol.respond(host.now, incoming_request.id(), decision).unwrap();
    let written = String::from_utf8(host.protocol.poll_transmit().to_vec()).unwrap();
    assert!(written.contains(&format!(r#""updatedPermissions":[{suggestion}]"#)), "{written}");
}

#[test]
fn a_suggestion_of_unknown_kind_is_returned_unchanged() {
    let new = json!([{ "type": "lendKeys", "to": "Bash" }, 7]);
    assert_eq!(taken_back(&new), new);
    let (_, incoming_request) = suggesting(new);
    assert_eq!(incoming_request.permission().unwrap().suggestions()[0].change().unwrap_err().path(), "type");
}

#[test]
fn case_070_a_rule_for_a_whole_tool_has_no_rule_content() {
    let whole = json!([{ "type": "addRules", "rules": [{ "toolName": "Read" }], "behavior": "allow", "destination": "session" }]);
    assert_eq!(taken_back(&whole), whole);
    // Null would make the CLI drop every update of the answer.
    let null =
        json!({ "type": "addRules", "rules": [{ "toolName": "Read", "ruleContent": null }], "behavior": "allow" });
    assert_eq!(written(&null), whole[0]);
    let change =
        PermissionChange::AddRules { behavior: RuleBehavior::Allow, rules: vec![PermissionRule::tool("Read")] };
    let made: Value = PermissionUpdate::from(change).as_json().decode().unwrap();
    assert_eq!(made, whole[0]);
}

#[test]
fn case_071_an_empty_rule_content_stays_an_empty_string() {
    let update = json!({
        "type": "removeRules", "rules": [{ "toolName": "Bash", "ruleContent": "" }], "behavior": "deny",
        "destination": "localSettings",
    });
    assert_eq!(written(&update), update);
    let PermissionChange::RemoveRules { rules, behavior } =
        PermissionUpdate::from_json(&parse(&update)).unwrap().change().unwrap()
    else {
        panic!("it removes rules")
    };
    assert_eq!((rules, behavior), (vec![PermissionRule::calls("Bash", "")], RuleBehavior::Deny));
}

#[test]
fn case_072_one_malformed_update_sends_none_and_the_allow_stands() {
    let list = [json!({ "type": "setMode", "mode": "plan" }), json!({ "type": "setMode" })];
    let updates: Result<Vec<_>, _> = list.iter().map(|update| PermissionUpdate::from_json(&parse(update))).collect();
    assert!(updates.is_err());
    let (mut host, incoming_request) = bash();
    let decision = Allow::new().and_remember_all(updates.into_iter().flatten());
    assert_eq!(
        host.payload(&incoming_request, decision),
        json!({ "behavior": "allow", "updatedInput": { "command": "ls" } })
    );
}

#[test]
fn case_073_an_update_without_a_destination_applies_to_the_session() {
    assert_eq!(
        written(&json!({ "type": "addDirectories", "directories": ["/tmp"] })),
        json!({ "type": "addDirectories", "directories": ["/tmp"], "destination": "session" })
    );
    let made = PermissionUpdate::from(PermissionChange::SetMode("acceptEdits".into()));
    assert_eq!(made.destination(), PermissionDestination::Session);
    assert_eq!(made.as_json().as_str(), r#"{"type":"setMode","mode":"acceptEdits","destination":"session"}"#);
}

#[test]
fn case_074_a_malformed_permission_update_is_an_error() {
    let rules = json!([{ "toolName": "Bash" }]);
    for (update, path) in [
        (json!({}), "type"),
        (json!({ "type": "addRule" }), "type"),
        (json!({ "type": "addRules", "behavior": "allow" }), "rules"),
        (json!({ "type": "addRules", "rules": [{}], "behavior": "allow" }), "rules.0.toolName"),
        (
            json!({ "type": "addRules", "rules": [{ "toolName": "B", "ruleContent": 5 }], "behavior": "ask" }),
            "rules.0.ruleContent",
        ),
        (json!({ "type": "replaceRules", "rules": rules }), "behavior"),
        (json!({ "type": "removeRules", "rules": rules }), "behavior"),
        (json!({ "type": "setMode" }), "mode"),
        (json!({ "type": "addDirectories" }), "directories"),
        (json!({ "type": "removeDirectories", "directories": "/" }), "directories"),
    ] {
        assert_eq!(PermissionUpdate::from_json(&parse(&update)).unwrap_err().path(), path, "{update}");
    }
}

#[test]
fn the_six_permission_updates_survive_a_round_trip() {
    let rules = || vec![PermissionRule::tool("Read"), PermissionRule::calls("Bash", "ls:*")];
    let behavior = || RuleBehavior::Ask;
    for (change, destination) in [
        (PermissionChange::AddRules { behavior: behavior(), rules: rules() }, PermissionDestination::UserSettings),
        (
            PermissionChange::ReplaceRules { behavior: behavior(), rules: rules() },
            PermissionDestination::ProjectSettings,
        ),
        (PermissionChange::RemoveRules { behavior: behavior(), rules: rules() }, PermissionDestination::CliArg),
        (PermissionChange::SetMode("tomorrow".into()), PermissionDestination::Session),
        (PermissionChange::AddDirectories(vec!["/a".into()]), PermissionDestination::LocalSettings),
        (PermissionChange::RemoveDirectories(Vec::new()), PermissionDestination::from("new")),
    ] {
        let update = PermissionUpdate::new(&change, destination.clone());
        assert_eq!((update.change(), update.destination()), (Ok(change), destination));
        assert_eq!(PermissionUpdate::from_json(update.as_json()), Ok(update));
    }
}

#[test]
fn case_075_a_permission_request_names_tool_call_and_subagent() {
    let (_, incoming_request) = request_from_cli(json!({
        "subtype": "can_use_tool", "tool_name": "Bash", "input": {}, "tool_use_id": "toolu_1", "agent_id": "a1",
    }));
    let permission = incoming_request.permission().unwrap();
    assert_eq!((permission.tool_use_id.as_deref(), permission.agent_id.as_deref()), (Some("toolu_1"), Some("a1")));
    let (_, incoming_request) = bash();
    let permission = incoming_request.permission().unwrap();
    assert_eq!((permission.tool_use_id, permission.agent_id), (None, None));
}

#[test]
fn case_076_a_permission_request_has_its_reason_and_subject() {
    let (_, incoming_request) = request_from_cli(json!({
        "subtype": "can_use_tool", "tool_name": "Bash", "input": {}, "blocked_path": "/etc", "decision_reason": "outside",
        "decision_reason_type": "workingDir", "title": "Run?", "display_name": "Shell", "description": "list",
        "classifier_approvable": false, "suppress_always_allow_rule": true, "default_to_no": true,
        "matched_ask_rule": { "source": "session", "tool_name": "Bash", "rule_content": "ls:*" },
        "mcp_server": { "name": "s", "source": "sdk" }, "requires_user_interaction": true, "tomorrow": 1,
    }));
    let permission = incoming_request.permission().unwrap();
    let text = Option::<String>::as_deref;
    assert_eq!(text(&permission.blocked_path), Some("/etc"));
    assert_eq!(text(&permission.decision_reason), Some("outside"));
    assert_eq!(permission.decision_reason_type, Some(DecisionReason::WorkingDir));
    assert_eq!(text(&permission.title), Some("Run?"));
    assert_eq!(text(&permission.display_name), Some("Shell"));
    assert_eq!(text(&permission.description), Some("list"));
    assert_eq!(permission.classifier_approvable, Some(false));
    assert_eq!(permission.suppress_always_allow_rule, Some(true));
    assert_eq!(permission.default_to_no, Some(true));
    assert_eq!(permission.matched_ask_rule.and_then(|rule| rule.rule_content).as_deref(), Some("ls:*"));
    assert_eq!(permission.mcp_server.map(|server| server.name).as_deref(), Some("s"));
    assert_eq!(permission.requires_user_interaction, Some(true));
    assert_eq!(permission.unknown_fields.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["tomorrow"]);
}

#[test]
fn only_a_malformed_required_field_is_an_error_that_names_it() {
    let (_, incoming_request) = request_from_cli(json!({
        "subtype": "can_use_tool", "tool_name": "Bash", "input": {}, "tool_use_id": 7, "title": "Run?",
        "permission_suggestions": null,
    }));
    let permission = incoming_request.permission().unwrap();
    assert_eq!((permission.tool_use_id, permission.title.as_deref()), (None, Some("Run?")));
    let (_, incoming_request) = request_from_cli(json!({ "subtype": "can_use_tool", "tool_name": "Bash" }));
    assert_eq!(incoming_request.permission().unwrap_err().path(), "request.input");
    assert!(incoming_request.hook().is_err());
}

#[test]
fn case_077_an_error_response_keeps_the_session_open() {
    let (mut host, incoming_request) = bash();
    let response = host.answers(&incoming_request, IncomingResponse::Error { message: "the host broke".into() });
    assert_eq!((&response["subtype"], &response["error"]), (&json!("error"), &json!("the host broke")));
    assert!(host.receive_line(init()).iter().any(|action| matches!(action, claude_duplex::Action::TurnStarted { .. })));
}

mod questions {
    use claude_duplex::incoming::UnansweredKind;

    use super::*;

    fn request_from_cli() -> (Host, IncomingRequest) {
        let choices = json!([{ "label": "A", "description": "a", "preview": "AAA" }, { "label": "B" }]);
        super::request_from_cli(json!({
            "subtype": "can_use_tool", "tool_name": "AskUserQuestion", "requires_user_interaction": true,
            "input": { "questions": [
                { "question": "Which?", "header": "Pick", "options": choices, "multiSelect": false },
                { "question": "What else?", "options": choices, "multiSelect": true },
            ], "tomorrow": 1, "answers": { "Which?": "stale" } },
        }))
    }

    #[test]
    fn questions_of_the_model_decode() {
        let (_, incoming_request) = request_from_cli();
        let questions = incoming_request.permission().unwrap().questions().unwrap();
        let [which, what] = &questions.list[..] else { panic!("there are two") };
        assert_eq!((which.question.as_str(), which.header.as_deref()), ("Which?", Some("Pick")));
        assert_eq!((which.multi_select, what.multi_select), (Some(false), Some(true)));
        let choices = which.choices.as_deref().unwrap();
        assert_eq!((choices[0].label.as_str(), choices[0].preview.as_deref()), ("A", Some("AAA")));
        assert_eq!(choices[1].description, None);
        let (_, incoming_request) = bash();
        assert!(incoming_request.permission().unwrap().questions().is_err());
    }

    #[test]
    fn answers_are_returned_in_the_tool_input() {
        let (mut host, incoming_request) = request_from_cli();
        let questions = incoming_request.permission().unwrap().questions().unwrap();
        let reply = questions.reply().choose("Which?", "A").unwrap().choose("Which?", "B").unwrap();
        let reply = reply.choose_all("What else?", ["A", "B"]).unwrap();
        let reply = reply.note("Which?", "surely").unwrap().preview("Which?", "AAA").unwrap();
        let payload = host.payload(&incoming_request, reply.decision());
        let input = &payload["updatedInput"];
        assert_eq!(payload["behavior"], "allow");
        assert_eq!(input["answers"], json!({ "Which?": "B", "What else?": "A, B" }));
        assert_eq!(input["annotations"], json!({ "Which?": { "notes": "surely", "preview": "AAA" } }));
        assert_eq!((&input["tomorrow"], input["questions"].as_array().map(Vec::len)), (&json!(1), Some(2)));
    }

    #[test]
    fn unset_annotations_are_omitted() {
        let (mut host, incoming_request) = request_from_cli();
        let reply = incoming_request.permission().unwrap().questions().unwrap().reply().choose("Which?", "A").unwrap();
        assert_eq!(host.payload(&incoming_request, reply.decision())["updatedInput"].get("annotations"), None);
        let (mut host, incoming_request) = request_from_cli();
        let questions = incoming_request.permission().unwrap().questions().unwrap();
        let skipped = questions.reply().unanswered("Which?", UnansweredKind::Skipped, "the user skipped it").unwrap();
        let input = host.payload(&incoming_request, skipped.decision())["updatedInput"].take();
        assert_eq!(input["annotations"], json!({ "Which?": { "unanswered": "skipped" } }));
        assert_eq!(input["answers"], json!({ "Which?": "the user skipped it" }));
    }

    #[test]
    fn an_answer_to_an_unknown_question_is_an_error() {
        let (_, incoming_request) = request_from_cli();
        let reply = || incoming_request.permission().unwrap().questions().unwrap().reply();
        let error = reply().choose("which?", "A").unwrap_err();
        assert_eq!(error.question, "which?");
        assert_eq!(
            error.to_string(),
            "the request has no question \"which?\"; use the complete text of one of its questions"
        );
        assert!(reply().choose_all("Who?", ["A"]).is_err());
        assert!(reply().note("Who?", "a").is_err() && reply().preview("Who?", "a").is_err());
        assert!(reply().unanswered("Who?", UnansweredKind::Skipped, "a").is_err());
    }

    #[test]
    fn without_a_user_the_questions_are_declined() {
        let (mut host, incoming_request) = request_from_cli();
        let questions = incoming_request.permission().unwrap().questions().unwrap();
        assert_eq!(host.payload(&incoming_request, questions.decline())["behavior"], "deny");
    }
}
