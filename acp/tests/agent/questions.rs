//! Questions to the user, and plans.

use serde_json::{Value, json};

use crate::client::{Agent, Setup, calls, script};

fn question() -> String {
    let options = json!([{ "label": "Red", "description": "warm" }, { "label": "Blue", "description": "cold" }]);
    let colors = json!({ "question": "Which color?", "header": "Color", "options": options });
    let sizes = json!({ "question": "Which sizes?", "header": "Sizes", "multiSelect": true,
        "options": [{ "label": "S", "description": "" }, { "label": "L", "description": "" }] });
    let input = json!({ "questions": [colors, sizes] });
    script(json!([{ "tool": "AskUserQuestion", "input": input, "ask": true }, { "text": "done" }]))
}

/// Returns the result of the question, which is its input with the answers.
fn result(agent: &Agent, end: usize) -> String {
    let call: Value = calls(&agent.received[..end]).into_values().next().expect("a call");
    assert_eq!(call["status"], "completed", "{call}");
    call["content"].to_string()
}

#[test]
fn a_client_with_forms_gets_a_form() {
    let setup = Setup { capabilities: json!({ "elicitation": { "form": {} } }), ..Setup::default() };
    let mut agent = Agent::start(&setup);
    let session = agent.session();
    let prompt = agent.prompt(&session, &question());
    let (_, request) = agent.next_request(0);
    assert_eq!((&request["method"], &request["params"]["mode"]), (&json!("elicitation/create"), &json!("form")));
    let properties = &request["params"]["requestedSchema"]["properties"];
    assert_eq!(properties["q0"]["oneOf"][1]["const"], "Blue");
    assert_eq!(properties["q1"]["type"], "array");
    let content = json!({ "q0": "Blue", "q1": ["S", "L"] });
    agent.respond(&request, json!({ "action": "accept", "content": content }));
    let end = agent.response_at(prompt);
    let result = result(&agent, end);
    assert!(result.contains("Which color?") && result.contains("Blue") && result.contains("S, L"), "{result}");
}

#[test]
fn a_client_without_forms_gets_one_request_per_question() {
    let mut agent = Agent::start(&Setup::default());
    let session = agent.session();
    let prompt = agent.prompt(&session, &question());
    let (at, request) = agent.next_request(0);
    assert_eq!(request["params"]["toolCall"]["title"], "Which color?");
    let options = request["params"]["options"].as_array().expect("options");
    let names: Vec<_> = options.iter().map(|option| option["name"].as_str().unwrap_or_default()).collect();
    assert_eq!(names, ["Red", "Blue", "Skip"]);
    let blue = options[1]["optionId"].clone();
    agent.respond(&request, json!({ "outcome": { "outcome": "selected", "optionId": blue } }));
    let (_, request) = agent.next_request(at + 1);
    assert_eq!(request["params"]["toolCall"]["title"], "Which sizes?");
    agent.choose(&request, "allow_once");
    let end = agent.response_at(prompt);
    let result = result(&agent, end);
    assert!(result.contains("Blue") && result.contains("\\\"S\\\""), "{result}");
}

#[test]
fn a_skipped_question_is_declined() {
    let mut agent = Agent::start(&Setup::default());
    let session = agent.session();
    let prompt = agent.prompt(&session, &question());
    let (_, request) = agent.next_request(0);
    agent.choose(&request, "reject_once");
    let end = agent.response_at(prompt);
    let call = calls(&agent.received[..end]).into_values().next().expect("a call");
    assert_eq!((&call["status"], &agent.received[end]["result"]["stopReason"]), (&json!("failed"), &json!("end_turn")));
}

#[test]
fn a_plan_is_accepted_with_the_mode_that_follows() {
    for (kind, status) in [("allow_always", "completed"), ("allow_once", "completed"), ("reject_once", "failed")] {
        let mut agent = Agent::start(&Setup { agent: &["--mode", "plan"], ..Setup::default() });
        let session = agent.session();
        let steps = json!([{ "tool": "ExitPlanMode", "input": { "plan": "# Plan" }, "ask": true }, { "text": "done" }]);
        let prompt = agent.prompt(&session, &script(steps));
        let (_, request) = agent.next_request(0);
        assert_eq!(request["params"]["toolCall"]["kind"], "switch_mode");
        assert!(request["params"]["toolCall"]["content"].to_string().contains("# Plan"));
        agent.choose(&request, kind);
        let end = agent.response_at(prompt);
        assert_eq!(calls(&agent.received[..end]).into_values().next().expect("a call")["status"], status);
    }
}
