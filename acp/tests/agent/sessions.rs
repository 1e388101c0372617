//! Sessions: opened, listed, loaded, closed, and those that cannot start.

use std::fs;

use serde_json::{Value, json};

use crate::client::{Agent, Directory, Setup, script};

const OLD: &str = "11111111-2222-4333-8444-555555555555";

/// Returns a configuration directory of the CLI with one session in it.
fn with_session(name: &str) -> Directory {
    let directory = Directory::new(name);
    let project = directory.0.join("projects").join("-tmp");
    fs::create_dir_all(&project).expect("a directory");
    let user =
        |content: Value| json!({ "type": "user", "cwd": "/tmp", "message": { "role": "user", "content": content } });
    let assistant = |id: &str, content: Value| json!({ "type": "assistant", "uuid": id, "message": { "id": id, "role": "assistant", "content": content } });
    let call = json!({ "type": "tool_use", "id": "t1", "name": "Read", "input": { "file_path": "/tmp/a" } });
    let result = json!({ "type": "tool_result", "tool_use_id": "t1", "content": "text of a" });
    let mut meta = user(json!("not typed"));
    meta["isMeta"] = json!(true);
    let lines = [
        json!({ "type": "summary", "summary": "Reading a" }),
        meta,
        user(json!("read a")),
        assistant("m1", json!([{ "type": "text", "text": "I read it." }])),
        assistant("m2", json!([call])),
        user(json!([result])),
        assistant("m3", json!([{ "type": "text", "text": "Done." }])),
    ];
    let lines = lines.map(|line| line.to_string()).join("\n");
    fs::write(project.join(format!("{OLD}.jsonl")), lines + "\nnot JSON\n").expect("a file");
    directory
}

#[test]
fn sessions_on_disk_are_listed() {
    let directory = with_session("list");
    let env = [("CLAUDE_CONFIG_DIR", directory.path())];
    let mut agent = Agent::start(&Setup { env: &env, ..Setup::default() });
    for (cwd, count) in [(json!("/tmp"), 1), (json!("/elsewhere"), 0), (Value::Null, 1)] {
        let list = agent.request("session/list", json!({ "cwd": cwd }));
        let response = agent.response(list);
        let sessions = response["result"]["sessions"].as_array().expect("sessions");
        assert_eq!(sessions.len(), count, "{response}");
        if let [session] = &sessions[..] {
            assert_eq!((&session["sessionId"], &session["cwd"]), (&json!(OLD), &json!("/tmp")));
            assert_eq!(session["title"], "Reading a");
            assert!(session["updatedAt"].as_str().is_some_and(|time| time.ends_with('Z')));
        }
    }
}

#[test]
fn a_session_is_loaded_with_its_history() {
    let directory = with_session("load");
    let env = [("CLAUDE_CONFIG_DIR", directory.path())];
    let mut agent = Agent::start(&Setup { env: &env, cli: &["--sessions", OLD], ..Setup::default() });
    let params = json!({ "sessionId": OLD, "cwd": "/tmp", "mcpServers": [] });
    for _ in 0..3 {
        // Again and again: the CLI of the last time ends.
        let from = agent.received.len();
        let load = agent.request("session/load", params.clone());
        let end = agent.response_at(load);
        assert!(agent.received[end]["result"]["modes"].is_object(), "{}", agent.received[end]);
        let history: Vec<_> =
            agent.received[from..end].iter().map(|received| received["params"]["update"].clone()).collect();
        // Updates of the last CLI may still be on their way.
        let is_history = |update: &Value| update["sessionUpdate"] != "available_commands_update";
        let history: Vec<_> = history.into_iter().filter(is_history).collect();
        let kinds: Vec<_> = history.iter().filter_map(|update| update["sessionUpdate"].as_str()).collect();
        let expected =
            ["user_message_chunk", "agent_message_chunk", "tool_call", "tool_call_update", "agent_message_chunk"];
        assert_eq!(kinds, expected);
        assert_eq!(history[0]["content"]["text"], "read a");
        assert_eq!((&history[2]["title"], &history[3]["status"]), (&json!("Read /tmp/a"), &json!("completed")));
    }
    let prompt = agent.prompt(OLD, &script(json!([{ "text": "on" }])));
    assert_eq!(agent.response(prompt)["result"]["stopReason"], "end_turn");
    // Resumed, it is the same without its history.
    let from = agent.received.len();
    let resume = agent.request("session/resume", params);
    let end = agent.response_at(resume);
    assert!(agent.received[end]["result"]["modes"].is_object(), "{}", agent.received[end]);
    assert!(agent.received[from..end].iter().all(|received| received["params"]["update"]["content"].is_null()));
    assert_eq!(agent.finish(), Some(0));
}

#[test]
fn loading_a_missing_session_is_an_error() {
    let directory = with_session("missing");
    let env = [("CLAUDE_CONFIG_DIR", directory.path())];
    let mut agent = Agent::start(&Setup { env: &env, ..Setup::default() });
    for id in ["99999999-2222-4333-8444-555555555555", "../x"] {
        let load = agent.request("session/load", json!({ "sessionId": id, "cwd": "/tmp", "mcpServers": [] }));
        assert_eq!(agent.response(load)["error"]["code"], -32002);
        let prompt = agent.prompt(id, "hello");
        assert_eq!(agent.response(prompt)["error"]["code"], -32002);
    }
}

#[test]
fn unusable_parameters_are_refused() {
    let mut agent = Agent::start(&Setup::default());
    for (method, params) in [
        ("session/new", json!({ "cwd": "here", "mcpServers": [] })),
        ("session/load", json!({ "sessionId": OLD, "cwd": "here", "mcpServers": [] })),
        ("session/list", json!({ "cursor": "x" })),
    ] {
        let request = agent.request(method, params);
        assert_eq!(agent.response(request)["error"]["code"], -32602, "{method}");
    }
}

#[test]
fn a_closed_session_accepts_no_prompts() {
    let mut agent = Agent::start(&Setup::default());
    let session = agent.session();
    let slow = json!([{ "text": "A ".repeat(200), "chunks": 200, "delay_ms": 100 }]);
    let prompt = agent.prompt(&session, &script(slow));
    agent.update(0, "agent_message_chunk");
    let close = agent.request("session/close", json!({ "sessionId": session }));
    assert!(agent.response(close)["result"].is_object());
    assert_eq!(agent.response(prompt)["result"]["stopReason"], "cancelled");
    let prompt = agent.prompt(&session, "hello");
    assert_eq!(agent.response(prompt)["error"]["code"], -32002);
    assert_eq!(agent.finish(), Some(0));
}

#[test]
fn the_error_of_a_cli_that_cannot_start_contains_its_stderr() {
    for (agent, cli, words) in [
        (&["--claude", "/nowhere/claude"][..], &[][..], "/nowhere/claude"),
        (&[], &["--fault", "exit=3"], "the script says so"),
        (&[], &["--no-such-flag"][..], "no-such-flag"),
    ] {
        let mut agent = Agent::start(&Setup { agent, cli, ..Setup::default() });
        let new = agent.request("session/new", json!({ "cwd": "/tmp", "mcpServers": [] }));
        let response = agent.response(new);
        let message = response["error"]["message"].as_str().unwrap_or_else(|| panic!("no error: {response}"));
        assert!(message.contains(words), "{message}");
        // A program that is not there can be named.
        assert_eq!(message.contains("CLAUDE_BIN"), words == "/nowhere/claude", "{message}");
        assert_eq!(agent.finish(), Some(0));
    }
}

#[test]
fn a_session_is_deleted() {
    let directory = with_session("delete");
    let env = [("CLAUDE_CONFIG_DIR", directory.path())];
    let project = directory.0.join("projects").join("-tmp");
    let beside = project.join(OLD).join("subagents");
    fs::create_dir_all(&beside).expect("a directory");
    let mut agent = Agent::start(&Setup { env: &env, cli: &["--sessions", OLD], ..Setup::default() });
    let load = agent.request("session/load", json!({ "sessionId": OLD, "cwd": "/tmp", "mcpServers": [] }));
    assert!(agent.response(load)["result"].is_object());
    // Also one that runs, and one that is gone already.
    for _ in 0..2 {
        let delete = agent.request("session/delete", json!({ "sessionId": OLD }));
        assert!(agent.response(delete)["result"].is_object());
        assert_eq!(fs::read_dir(&project).expect("a directory").count(), 0);
        let prompt = agent.prompt(OLD, "hello");
        assert_eq!(agent.response(prompt)["error"]["code"], -32002);
    }
    for id in ["../x", ".."] {
        let delete = agent.request("session/delete", json!({ "sessionId": id }));
        assert!(agent.response(delete)["result"].is_object());
    }
    assert!(project.is_dir());
}

#[test]
fn a_session_is_forked() {
    let directory = with_session("fork");
    let env = [("CLAUDE_CONFIG_DIR", directory.path())];
    let mut agent = Agent::start(&Setup { env: &env, cli: &["--sessions", OLD], ..Setup::default() });
    let fork = agent.request("session/fork", json!({ "sessionId": OLD, "cwd": "/tmp", "mcpServers": [] }));
    let response = agent.response(fork);
    let new = response["result"]["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {response}")).to_owned();
    assert_ne!(new, OLD);
    let prompt = agent.prompt(&new, &script(json!([{ "text": "on" }])));
    assert_eq!(agent.response(prompt)["result"]["stopReason"], "end_turn");
    assert_eq!(agent.finish(), Some(0));
}

#[test]
fn a_session_is_renamed() {
    let mut agent = Agent::start(&Setup::default());
    let session = agent.session();
    let title = agent.request("session/set_title", json!({ "sessionId": session, "title": "All of it" }));
    let response = agent.response(title);
    assert!(response["result"].is_object(), "{response}");
    let (_, update) = agent.update(0, "session_info_update");
    assert_eq!(update["title"], "All of it");
}
