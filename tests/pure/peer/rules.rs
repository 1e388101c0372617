//! What an allow may take with it: the next call that it is about is not asked for.

use claude_duplex::ask::{Change, Rule, RuleBehavior};
use claude_duplex::testing::{Generation, Pair, Script, Step, Tool};
use claude_duplex::{Action, Answer, Ask, AskKind, Config, Decision, Json, Seed};

/// Each is a prompt of its own.
fn pair(generation: Generation, calls: impl IntoIterator<Item = Tool>) -> Pair {
    let script = calls
        .into_iter()
        .fold(Script::new(generation), |script, call| script.then([Step::from(call.asks()), Step::text("done")]));
    Pair::new(Config::new(Seed([7; 16])).own(AskKind::Permission), script)
}

/// Prompts, and answers what is asked until the prompt has ended: how often it was.
fn asked(pair: &mut Pair, mut answer: impl FnMut(&Ask) -> Answer) -> usize {
    pair.prompt("go on");
    let mut count = 0;
    loop {
        match pair.run_until(|action| matches!(action, Action::Asked(_) | Action::PromptEnded { .. })) {
            Action::Asked(ask) => {
                count += 1;
                pair.answer(ask.id(), answer(&ask));
            }
            _ => return count,
        }
    }
}

fn suggested(ask: &Ask) -> Answer {
    let permission = ask.permission().expect("a permission");
    permission.suggestions().iter().cloned().fold(Decision::allow(), Decision::and_remember).into()
}

fn allowing(rule: Rule) -> Answer {
    let change = Change::AddRules { behavior: RuleBehavior::Allow, rules: vec![rule] };
    Decision::allow().and_remember(change).into()
}

/// The answers to prompts that each run that command of Bash: how often it was asked each time.
fn counts<const N: usize>(commands: [&str; N], answer: impl Fn(&Ask) -> Answer) -> [usize; N] {
    let mut pair = pair(Generation::default(), commands.map(Tool::bash));
    commands.map(|_| asked(&mut pair, &answer))
}

/// As the suggestion for a command is recorded: that command, and no other.
#[test]
fn a_suggestion_that_goes_back_is_kept() {
    for &generation in Generation::ALL {
        let read = || Tool::new("Read", Json::parse(r#"{"file_path":"a"}"#).expect("JSON"));
        let calls = [Tool::bash("make"), Tool::bash("make"), Tool::bash("make install"), read(), read()];
        let mut pair = pair(generation, calls);
        let asked = [(); 5].map(|()| asked(&mut pair, suggested));
        assert_eq!(asked, [1, 0, 1, 1, 0], "{generation}");
        let run = pair.cli_lines().iter().filter(|line| line.as_str().contains(r#""type":"tool_result""#)).count();
        assert_eq!(run, 5, "{generation}: what is not asked for runs");
    }
}

#[test]
fn an_allow_alone_is_for_once() {
    assert_eq!(counts(["make", "make"], |_| Decision::allow().into()), [1, 1]);
}

#[test]
fn a_rule_is_for_the_calls_that_it_names() {
    let commands = ["cargo test", "cargo test --doc", "cargo tests", "cargo run"];
    assert_eq!(counts(commands, |_| allowing(Rule::calls("Bash", "cargo test:*"))), [1, 0, 1, 1]);
    assert_eq!(counts(commands, |_| allowing(Rule::tool("Bash"))), [1, 0, 0, 0]);
    assert_eq!(counts(commands, |_| allowing(Rule::tool("Read"))), [1, 1, 1, 1]);
}

#[test]
fn rules_can_be_replaced_and_taken_away() {
    // With the first command its own rule is added, with the other one that is changed.
    let counts = |other: Change| {
        counts(["a", "a", "b", "a", "b"], move |ask| match ask.permission().expect("a permission").input.as_str() {
            input if input.contains(r#""a""#) => allowing(Rule::calls("Bash", "a")),
            _ => Decision::allow().and_remember(other.clone()).into(),
        })
    };
    let rules = |command| vec![Rule::calls("Bash", command)];
    let behavior = RuleBehavior::Allow;
    assert_eq!(counts(Change::RemoveRules { behavior: behavior.clone(), rules: rules("a") }), [1, 0, 1, 1, 1]);
    assert_eq!(counts(Change::RemoveRules { behavior: behavior.clone(), rules: rules("b") }), [1, 0, 1, 0, 1]);
    assert_eq!(counts(Change::ReplaceRules { behavior, rules: rules("b") }), [1, 0, 1, 1, 0]);
}

/// Wire reference, section 4.2: one that the CLI cannot read makes it drop all of that answer.
#[test]
fn one_update_that_cannot_be_read_spoils_all() {
    let raw = |rule: &str| {
        let good = r#"{"type":"addRules","rules":[{"toolName":"Bash"}],"behavior":"allow","destination":"session"}"#;
        let answer = format!(
            r#"{{"behavior":"allow","updatedInput":{{"command":"a"}},"updatedPermissions":[{good},{{"type":"addRules","rules":[{rule}],"behavior":"allow","destination":"session"}}]}}"#
        );
        move |_: &Ask| Answer::Raw(Json::parse(&answer).expect("JSON"))
    };
    assert_eq!(counts(["a", "a"], raw(r#"{"toolName":"Read"}"#)), [1, 0]);
    assert_eq!(counts(["a", "a"], raw(r#"{"toolName":"Read","ruleContent":null}"#)), [1, 1]);
    assert_eq!(counts(["a", "a"], raw(r#""Read""#)), [1, 1]);
}
