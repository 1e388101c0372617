//! What is said to the mock CLI, and what the SDK must have delivered; the hosts know the scenarios by their names.

use claude_duplex::testing::CliVersion;
use serde_json::{Value, json};

use crate::delivered::{Checked, Delivered, same};

pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// Each is sent when the result of the one before was delivered.
    pub(crate) prompts: &'static [&'static str],
    pub(crate) check: fn(&Delivered, CliVersion) -> Checked,
}

const RUN: &[&str] = &[r#"{"steps":[{"tool":"Bash","input":{"command":"ls"}},{"text":"finished"}]}"#];

pub(crate) const SCENARIOS: [Scenario; 7] = [
    Scenario { name: "hello", prompts: &[r#"{"steps":[{"text":"hello there","chunks":3}]}"#], check: hello },
    Scenario {
        name: "two_turns",
        prompts: &[r#"{"steps":[{"text":"one"}]}"#, r#"{"steps":[{"text":"two"}]}"#],
        check: two_turns,
    },
    Scenario { name: "permission_allowed", prompts: RUN, check: permission_allowed },
    Scenario { name: "permission_denied", prompts: RUN, check: permission_denied },
    Scenario { name: "hook", prompts: RUN, check: hook },
    Scenario {
        name: "mcp",
        prompts: &[r#"{"steps":[{"tool":"mcp__calc__add","input":{"a":2,"b":3}},{"text":"five"}]}"#],
        check: mcp,
    },
    Scenario {
        name: "interrupt",
        prompts: &[
            r#"{"steps":[{"text":"one two three four","chunks":9,"delay_ms":1000}]}"#,
            r#"{"steps":[{"text":"went on"}]}"#,
        ],
        check: interrupt,
    },
];

fn hello(delivered: &Delivered, _: CliVersion) -> Checked {
    same("the texts", delivered.texts_seen(), vec!["hello there"])?;
    succeeded(delivered.one("result")?, "hello there")
}

fn two_turns(delivered: &Delivered, _: CliVersion) -> Checked {
    same("the texts", delivered.texts_seen(), vec!["one", "two"])?;
    let results: Vec<&Value> = delivered.all("result").collect();
    same("the results", results.len(), 2)?;
    succeeded(results[0], "one")?;
    succeeded(results[1], "two")
}

fn permission_allowed(delivered: &Delivered, generation: CliVersion) -> Checked {
    permission_scenario(delivered, generation)?;
    // The callback has changed the input, which the call gives back.
    let output = json!({ "command": "ls -l" }).to_string();
    returned(delivered, &output.into(), false)?;
    same("the denials", &delivered.one("result")?["denials"], &json!([]))?;
    succeeded(delivered.one("result")?, "finished")
}

fn permission_denied(delivered: &Delivered, generation: CliVersion) -> Checked {
    permission_scenario(delivered, generation)?;
    returned(delivered, &"not today".into(), true)?;
    let call = delivered.one("tool_use")?;
    let denial = json!({ "tool_name": "Bash", "tool_use_id": call["id"], "tool_input": { "command": "ls" } });
    same("the denials", &delivered.one("result")?["denials"], &json!([denial]))?;
    succeeded(delivered.one("result")?, "finished")
}

fn hook(delivered: &Delivered, _: CliVersion) -> Checked {
    let hooks: Vec<&Value> = delivered.all("hook").collect();
    let events: Vec<&Value> = hooks.iter().map(|hook| &hook["input"]["hook_event_name"]).collect();
    // The one for another tool is not called.
    same("the hooks", events, vec![&"PreToolUse".into(), &"PostToolUse".into()])?;
    let call = delivered.one("tool_use")?;
    for hook in &hooks {
        same("the hook's call", &hook["id"], &call["id"])?;
        same("the hook's tool", &hook["input"]["tool_name"], &"Bash".into())?;
        same("the hook's input", &hook["input"]["tool_input"], &call["input"])?;
        for field in ["session_id", "transcript_path", "cwd"] {
            same(field, hook["input"][field].is_string(), true)?;
        }
    }
    let output = json!({ "command": "ls" }).to_string();
    same("the hook's output", &hooks[1]["input"]["tool_response"]["stdout"], &output.as_str().into())?;
    returned(delivered, &output.into(), false)?;
    succeeded(delivered.one("result")?, "finished")
}

fn mcp(delivered: &Delivered, _: CliVersion) -> Checked {
    let servers = &delivered.one("init")?["servers"];
    same("the server", [&servers[0]["name"], &servers[0]["status"]], [&"calc".into(), &"connected".into()])?;
    let called = delivered.one("called")?;
    same("the tool's arguments", &called["input"], &json!({ "a": 2, "b": 3 }))?;
    returned(delivered, &json!([{ "type": "text", "text": "5" }]), false)?;
    succeeded(delivered.one("result")?, "five")
}

fn interrupt(delivered: &Delivered, generation: CliVersion) -> Checked {
    delivered.one("interrupted")?;
    let results: Vec<&Value> = delivered.all("result").collect();
    same("the results", results.len(), 2)?;
    let says_why = generation >= CliVersion::V2_1_143;
    same("the first result", &results[0]["subtype"], &"error_during_execution".into())?;
    same("its error", &results[0]["is_error"], &says_why.into())?;
    let reason = if says_why { "aborted_streaming".into() } else { Value::Null };
    same("its reason", &results[0]["reason"], &reason)?;
    same("the whole text", delivered.texts_seen().contains(&"one two three four"), false)?;
    same("the last text", delivered.texts_seen().last(), Some(&"went on"))?;
    succeeded(results[1], "went on")
}

/// The host was asked about the model's call.
fn permission_scenario(delivered: &Delivered, generation: CliVersion) -> Checked {
    let (call, permission_scenario) = (delivered.one("tool_use")?, delivered.one("asked")?);
    same("the asked tool", &permission_scenario["name"], &"Bash".into())?;
    same("the asked input", &permission_scenario["input"], &json!({ "command": "ls" }))?;
    let id = if generation == CliVersion::V1_0_128 { &Value::Null } else { &call["id"] };
    same("the asked call", &permission_scenario["id"], id)
}

/// The model's call gave this.
fn returned(delivered: &Delivered, content: &Value, is_error: bool) -> Checked {
    let (call, result) = (delivered.one("tool_use")?, delivered.one("tool_result")?);
    same("the result's call", &result["id"], &call["id"])?;
    same("the call's output", &result["content"], content)?;
    same("the call's error", &result["is_error"], &is_error.into())
}

fn succeeded(result: &Value, text: &str) -> Checked {
    same("the result", [&result["subtype"], &result["text"]], [&"success".into(), &text.into()])?;
    same("its error", &result["is_error"], &false.into())
}
