//! Updates of the client.

use serde_json::json;

use crate::client::{Agent, Setup, calls, script};

#[test]
fn tool_calls_have_kinds_locations_and_diffs() {
    let mut agent = Agent::start(&Setup::default());
    let session = agent.session();
    let edit = json!({ "file_path": "/src/a.rs", "old_string": "x", "new_string": "y" });
    let steps = json!([
        { "tool": "Edit", "input": edit, "ask": false },
        { "tool": "Read", "input": { "file_path": "/src/b.rs", "offset": 7 }, "ask": false },
        { "tool": "Bash", "input": { "command": "echo hi", "description": "Greet" }, "ask": false },
        { "text": "done" },
    ]);
    let prompt = agent.prompt(&session, &script(steps));
    let end = agent.response_at(prompt);
    let mut calls: Vec<_> = calls(&agent.received[..end]).into_values().collect();
    calls.sort_by_key(|call| call["title"].to_string());
    let titles: Vec<_> = calls.iter().map(|call| (&call["title"], &call["kind"], &call["status"])).collect();
    let done = json!("completed");
    assert_eq!(
        titles,
        [
            (&json!("Edit /src/a.rs"), &json!("edit"), &done),
            (&json!("Read /src/b.rs (from line 7)"), &json!("read"), &done),
            (&json!("echo hi"), &json!("execute"), &done),
        ]
    );
    assert_eq!(calls[0]["content"][0], json!({ "type": "diff", "path": "/src/a.rs", "oldText": "x", "newText": "y" }));
    assert_eq!(calls[1]["locations"], json!([{ "path": "/src/b.rs", "line": 7 }]));
    assert_eq!(calls[2]["content"][0]["content"]["text"], "```\nhi\n```");
    assert_eq!(calls[2]["_meta"]["claudeCode"]["toolName"], "Bash");
}

#[test]
fn todos_are_the_plan() {
    let mut agent = Agent::start(&Setup::default());
    let session = agent.session();
    let todos = json!([{ "content": "look", "status": "completed", "activeForm": "looking" },
        { "content": "write", "status": "in_progress", "activeForm": "writing" }]);
    let steps = json!([{ "tool": "TodoWrite", "input": { "todos": todos }, "ask": false }, { "text": "done" }]);
    let prompt = agent.prompt(&session, &script(steps));
    let end = agent.response_at(prompt);
    let (_, plan) = agent.update(0, "plan");
    let entries = plan["entries"].as_array().expect("entries");
    let entries: Vec<_> = entries.iter().map(|entry| (&entry["content"], &entry["status"])).collect();
    assert_eq!(entries, [(&json!("look"), &json!("completed")), (&json!("write"), &json!("in_progress"))]);
    assert!(calls(&agent.received[..end]).is_empty(), "the plan is not a call too");
}

#[test]
fn commands_and_usage_are_reported() {
    let mut agent = Agent::start(&Setup::default());
    let session = agent.session();
    agent.update(0, "available_commands_update");
    let prompt = agent.prompt(&session, "hello");
    let end = agent.response_at(prompt);
    let (at, usage) = agent.update(0, "usage_update");
    assert!(at < end && usage["used"].as_u64().is_some_and(|used| used > 0), "{usage}");
    assert!(usage["size"].as_u64().is_some_and(|size| size > 0) && usage["cost"]["currency"] == "USD", "{usage}");
}

#[test]
fn modes_can_be_set_and_are_reported() {
    let mut agent = Agent::start(&Setup::default());
    let new = agent.request("session/new", json!({ "cwd": "/tmp", "mcpServers": [] }));
    let opened = agent.response(new)["result"].clone();
    let session = opened["sessionId"].as_str().expect("an id").to_owned();
    assert_eq!(opened["modes"]["currentModeId"], "default");
    assert_eq!(opened["configOptions"][0]["id"], "mode");
    let set = agent.request("session/set_mode", json!({ "sessionId": session, "modeId": "plan" }));
    assert!(agent.response(set)["result"].is_object());
    let (_, update) = agent.update(0, "config_option_update");
    assert_eq!(update["configOptions"][0]["currentValue"], "plan");
    let option = json!({ "sessionId": session, "configId": "mode", "value": "acceptEdits" });
    let set = agent.request("session/set_config_option", option);
    assert_eq!(agent.response(set)["result"]["configOptions"][0]["currentValue"], "acceptEdits");
    let (_, update) = agent.update(0, "current_mode_update");
    assert_eq!(update["currentModeId"], "acceptEdits");
    for wrong in ["bypassPermissions", "", "new"] {
        let set = agent.request("session/set_mode", json!({ "sessionId": session, "modeId": wrong }));
        assert_eq!(agent.response(set)["error"]["code"], -32602, "{wrong}");
    }
}

#[test]
fn images_and_resources_reach_the_cli() {
    let journals = crate::client::Directory::new("images");
    let mut agent = Agent::start(&Setup { agent: &["--journal", journals.path()], ..Setup::default() });
    let session = agent.session();
    let prompt = json!([
        { "type": "text", "text": "look" },
        { "type": "image", "mimeType": "image/png", "data": "iVBORw0KGgo=" },
        { "type": "resource", "resource": { "uri": "file:///notes.txt", "text": "remember" } },
    ]);
    let prompt = agent.request("session/prompt", json!({ "sessionId": session, "prompt": prompt }));
    assert_eq!(agent.response(prompt)["result"]["stopReason"], "end_turn");
    assert_eq!(agent.finish(), Some(0));
    // The journal has what was sent, and replays.
    let path = journals.0.join(format!("{session}.0.journal"));
    let journal = claude_duplex::Journal::read(&std::fs::read(path).expect("a journal")).expect("a whole journal");
    let inputs = format!("{:?}", journal.inputs);
    let prompts = journal.inputs.iter().filter(|(_, input)| matches!(input, claude_duplex::Input::Prompt(_))).count();
    assert_eq!(prompts, 1, "{inputs}");
}
