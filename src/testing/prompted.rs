//! Prompts that contain a script.

use std::time::Duration;

use serde_json::Value;

use super::step::{Step, TaskKind, ToolStep};
use crate::base::json::Json;
use crate::base::strings::readable;

/// Returns the steps of a prompt that is a JSON object with `steps`, or that has such an object as one of its lines.
/// Returns an empty list for any other prompt.
///
/// Each element of `steps` is one response of the model:
///
/// | Element | Response |
/// |---|---|
/// | `{"text": "...", "chunks": N, "delay_ms": D}` | a text in N deltas, with D milliseconds after each |
/// | `{"think": "..."}` | thinking before the text |
/// | `{"tool": "Bash", "input": {...}}`, or several as `"tools": [...]` | a tool call. `"ask": true` requires permission; the default is the argument `requires_permission` |
/// | `{"elicitation": {"mcp_server_name": "...", "message": "...", ...}}` | before the response, a request of an MCP server for input of the user |
/// | `{"status": 529, "retries": N}` | an API error |
/// | `{"wait_ms": N}` | a wait before the response, with any of these |
///
/// A `Bash` call simulates its command: `sleep 2; echo done` takes two seconds and returns `done`. With
/// `"run_in_background": true` it becomes a background task. A `Task` is a background task too, and its `prompt` may be
/// such a script.
///
/// A response without a tool call ends the turn. The elements after it are the responses of the turn that the CLI starts
/// when a background task ends.
///
/// ```
/// use claude_duplex::testing::{Script, steps_in};
///
/// let script = Script::default().answering(|prompt| steps_in(prompt, true));
/// assert_eq!(steps_in(r#"{"steps":[{"text":"hello"}]}"#, true).len(), 1);
/// assert!(steps_in("hello", true).is_empty());
/// ```
#[must_use]
pub fn steps_in(prompt: &str, requires_permission: bool) -> Vec<Step> {
    let answers = |text: &str| {
        let value: Value = serde_json::from_str(&readable(text.trim().as_bytes())).ok()?;
        Some(value.get("steps")?.as_array()?.clone())
    };
    let script = prompt.lines().rev().find_map(answers).or_else(|| answers(prompt));
    script.map(|answers| steps(&answers, requires_permission)).unwrap_or_default()
}

fn steps(answers: &[Value], requires_permission: bool) -> Vec<Step> {
    let mut steps = Vec::new();
    for (at, answer) in answers.iter().enumerate() {
        if let Some(wait) = answer["wait_ms"].as_u64() {
            steps.push(Step::pause(Duration::from_millis(wait)));
        }
        if let Some(status) = answer["status"].as_u64() {
            let message = answer["body"]["error"]["message"].as_str().unwrap_or("scripted");
            let retries = answer["retries"].as_u64().unwrap_or(0);
            let status = u16::try_from(status).unwrap_or(500);
            steps.push(Step::api_error(status, message, u32::try_from(retries).unwrap_or(0)));
            return steps;
        }
        if let Some(fields) = answer["elicitation"].as_object() {
            steps.push(Step::request("elicitation", fields.iter().map(|(name, value)| (&**name, Json::from(value)))));
        }
        if let Some(text) = answer["think"].as_str() {
            steps.push(Step::thinking(text));
        }
        if let Some(text) = answer["text"].as_str() {
            let parts = answer["chunks"].as_u64().unwrap_or(1);
            let every = Duration::from_millis(answer["delay_ms"].as_u64().unwrap_or(0));
            steps.push(Step::text_in_parts(text, usize::try_from(parts).unwrap_or(1), every));
        }
        let several = answer["tools"].as_array().cloned();
        let calls = several.unwrap_or_else(|| answer["tool"].is_string().then(|| answer.clone()).into_iter().collect());
        if calls.is_empty() {
            return steps;
        }
        let own = after_the_turn(&answers[at + 1..]);
        let tools: Vec<ToolStep> = calls.iter().map(|call| tool(call, own, requires_permission)).collect();
        let only_read = calls.iter().all(|call| matches!(call["tool"].as_str(), Some("Read" | "Glob" | "Grep")));
        steps.push(if only_read { Step::tools_at_once(tools) } else { Step::tools(tools) });
    }
    steps.push(Step::text("done"));
    steps
}

/// Returns the elements after the end of the turn, i.e. after the first one without a tool call.
fn after_the_turn(answers: &[Value]) -> &[Value] {
    let calls = |answer: &Value| answer["tool"].is_string() || answer["tools"].is_array();
    let end = answers.iter().position(|answer| !calls(answer)).map_or(answers.len(), |at| at + 1);
    &answers[end..]
}

fn tool(call: &Value, own: &[Value], requires_permission: bool) -> ToolStep {
    let name = call["tool"].as_str().unwrap_or_default();
    let input = &call["input"];
    let (takes, output) = pretend(input["command"].as_str().unwrap_or_default());
    let mut tool = ToolStep::new(name, Json::from(input)).duration(takes);
    if let Some(output) = output {
        tool = tool.returns(output);
    }
    if call["ask"].as_bool().unwrap_or(requires_permission) {
        tool = tool.requires_permission();
    }
    let own = || if own.is_empty() { Vec::new() } else { steps(own, requires_permission) };
    if name == "Task" {
        let script: Value =
            input["prompt"].as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let answers = script["steps"].as_array().into_iter().flatten();
        let time = |answer: &Value| answer["chunks"].as_u64().unwrap_or(1) * answer["delay_ms"].as_u64().unwrap_or(0);
        let takes = Duration::from_millis(answers.map(time).sum::<u64>().max(10));
        return tool.in_background(TaskKind::Agent, takes, own());
    }
    match input["run_in_background"] == true {
        true => tool.in_background(TaskKind::Shell, takes, own()),
        false => tool,
    }
}

/// Returns the simulated duration and output of a command.
fn pretend(command: &str) -> (Duration, Option<String>) {
    let mut takes = Duration::ZERO;
    let mut error_text = None;
    for part in command.split(';').flat_map(|part| part.split("&&")).map(str::trim) {
        if let Some(seconds) = part.strip_prefix("sleep ").and_then(|text| text.parse::<f64>().ok()) {
            takes = takes.saturating_add(Duration::try_from_secs_f64(seconds).unwrap_or_default());
        } else if let Some(text) = part.strip_prefix("echo ") {
            error_text = Some(text.to_owned());
        }
    }
    (takes, error_text)
}
