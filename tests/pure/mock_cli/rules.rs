//! What an allow may take with it: the next call that it is about is not asked for.

use claude_duplex::incoming::{PermissionChange, PermissionRule, RuleBehavior};
use claude_duplex::testing::{CliVersion, Script, Step, TestSession, ToolStep};
use claude_duplex::{Action, Allow, Config, Decision, IncomingKind, IncomingRequest, IncomingResponse, Json, Seed};

/// Each is a prompt of its own.
fn pair(generation: CliVersion, calls: impl IntoIterator<Item = ToolStep>) -> TestSession {
    let script = calls.into_iter().fold(Script::new(generation), |script, call| {
        script.then([Step::from(call.requires_permission()), Step::text("done")])
    });
    TestSession::new(Config::new(Seed::from_bytes([7; 16])).handle(IncomingKind::Permission), script)
}

/// Prompts, and answers what is asked until the prompt has ended: how often it was.
fn answer_requests(pair: &mut TestSession, mut answer: impl FnMut(&IncomingRequest) -> IncomingResponse) -> usize {
    pair.prompt("go on");
    let mut count = 0;
    loop {
        match pair.run_until(|action| matches!(action, Action::IncomingRequest(_) | Action::PromptEnded { .. })) {
            Action::IncomingRequest(incoming_request) => {
                count += 1;
                pair.respond(incoming_request.id(), answer(&incoming_request));
            }
            _ => return count,
        }
    }
}

fn suggested(incoming_request: &IncomingRequest) -> IncomingResponse {
    let permission = incoming_request.permission().expect("a permission");
    Allow::new().and_remember_all(permission.suggestions()).into()
}

fn allowing(rule: PermissionRule) -> IncomingResponse {
    let change = PermissionChange::AddRules { behavior: RuleBehavior::Allow, rules: vec![rule] };
    Allow::new().and_remember(change).into()
}

/// The answers to prompts that each run that command of Bash: how often it was asked each time.
fn counts<const N: usize>(commands: [&str; N], answer: impl Fn(&IncomingRequest) -> IncomingResponse) -> [usize; N] {
    let mut pair = pair(CliVersion::default(), commands.map(ToolStep::bash));
    commands.map(|_| answer_requests(&mut pair, &answer))
}

/// As the suggestion for a command is recorded: that command, and no other.
#[test]
fn a_returned_suggestion_becomes_a_rule() {
    for &generation in CliVersion::ALL {
        let read = || ToolStep::new("Read", Json::parse(r#"{"file_path":"a"}"#).expect("JSON"));
        let calls = [ToolStep::bash("make"), ToolStep::bash("make"), ToolStep::bash("make install"), read(), read()];
        let mut pair = pair(generation, calls);
        let answer_requests = [(); 5].map(|()| answer_requests(&mut pair, suggested));
        assert_eq!(answer_requests, [1, 0, 1, 1, 0], "{generation}");
        let run = pair.cli_lines().iter().filter(|line| line.as_str().contains(r#""type":"tool_result""#)).count();
        assert_eq!(run, 5, "{generation}: what is not asked for runs");
    }
}

#[test]
fn an_allow_without_a_rule_applies_once() {
    assert_eq!(counts(["make", "make"], |_| Decision::allow().into()), [1, 1]);
}

#[test]
fn a_rule_applies_to_matching_calls() {
    let commands = ["cargo test", "cargo test --doc", "cargo tests", "cargo run"];
    assert_eq!(counts(commands, |_| allowing(PermissionRule::calls("Bash", "cargo test:*"))), [1, 0, 1, 1]);
    assert_eq!(counts(commands, |_| allowing(PermissionRule::tool("Bash"))), [1, 0, 0, 0]);
    assert_eq!(counts(commands, |_| allowing(PermissionRule::tool("Read"))), [1, 1, 1, 1]);
}

#[test]
fn rules_can_be_replaced_and_removed() {
    // With the first command its own rule is added, with the other one that is changed.
    let counts = |other: PermissionChange| {
        counts(["a", "a", "b", "a", "b"], move |incoming_request| {
            match incoming_request.permission().expect("a permission").input.as_str() {
                input if input.contains(r#""a""#) => allowing(PermissionRule::calls("Bash", "a")),
                _ => Allow::new().and_remember(other.clone()).into(),
            }
        })
    };
    let rules = |command| vec![PermissionRule::calls("Bash", command)];
    let behavior = RuleBehavior::Allow;
    assert_eq!(
        counts(PermissionChange::RemoveRules { behavior: behavior.clone(), rules: rules("a") }),
        [1, 0, 1, 1, 1]
    );
    assert_eq!(
        counts(PermissionChange::RemoveRules { behavior: behavior.clone(), rules: rules("b") }),
        [1, 0, 1, 0, 1]
    );
    assert_eq!(counts(PermissionChange::ReplaceRules { behavior, rules: rules("b") }), [1, 0, 1, 1, 0]);
}

/// Wire reference, section 4.2: one that the CLI cannot read makes it drop all of that answer.
#[test]
fn one_malformed_update_discards_all() {
    let raw = |rule: &str| {
        let good = r#"{"type":"addRules","rules":[{"toolName":"Bash"}],"behavior":"allow","destination":"session"}"#;
        let answer = format!(
            r#"{{"behavior":"allow","updatedInput":{{"command":"a"}},"updatedPermissions":[{good},{{"type":"addRules","rules":[{rule}],"behavior":"allow","destination":"session"}}]}}"#
        );
        move |_: &IncomingRequest| IncomingResponse::Raw(Json::parse(&answer).expect("JSON"))
    };
    assert_eq!(counts(["a", "a"], raw(r#"{"toolName":"Read"}"#)), [1, 0]);
    assert_eq!(counts(["a", "a"], raw(r#"{"toolName":"Read","ruleContent":null}"#)), [1, 1]);
    assert_eq!(counts(["a", "a"], raw(r#""Read""#)), [1, 1]);
}
