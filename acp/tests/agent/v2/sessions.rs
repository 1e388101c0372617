//! Sessions that are closed and resumed.

use serde_json::{Value, json};

use super::{FLAG, check_version_2, idle, slow, start, start_default, states};
use crate::client::{Directory, Setup};

#[test]
fn a_session_is_closed_in_a_turn() {
    let (mut agent, session) = start_default();
    agent.prompt(&session, &slow());
    agent.update(0, "agent_message_chunk");
    let waiting = agent.prompt(&session, "waits");
    let close = agent.request("session/close", json!({ "sessionId": session }));
    let closed = agent.response_at(close);
    assert!(agent.received[closed]["result"].is_object(), "{}", agent.received[closed]);
    let (end, update) = idle(&mut agent, 0);
    assert_eq!(update["stopReason"], "cancelled");
    assert!(end < closed, "{end} {closed}");
    assert_eq!(agent.response(waiting)["error"]["code"], -32800);
    // One that is not there is closed.
    let close = agent.request("session/close", json!({ "sessionId": session }));
    assert!(agent.response(close)["result"].is_object());
    let prompt = agent.prompt(&session, "hello");
    assert_eq!(agent.response(prompt)["error"]["code"], -32002);
}

#[test]
fn a_session_is_resumed_with_its_history_or_without() {
    const OLD: &str = "11111111-2222-4333-8444-555555555555";
    let directory = Directory::new("v2-resume");
    let project = directory.0.join("projects").join("-tmp");
    std::fs::create_dir_all(&project).expect("a directory");
    let lines = [
        json!({ "type": "user", "uuid": "u1", "cwd": "/tmp", "message": { "role": "user", "content": "read a" } }),
        json!({ "type": "assistant", "uuid": "m1", "message": { "id": "m1", "role": "assistant",
            "content": [{ "type": "text", "text": "I read it." }] } }),
    ];
    let lines = lines.map(|line| line.to_string()).join("\n");
    std::fs::write(project.join(format!("{OLD}.jsonl")), lines + "\n").expect("a file");
    let env = [("CLAUDE_CONFIG_DIR", directory.path())];
    let mut agent = start(&Setup { agent: FLAG, env: &env, cli: &["--sessions", OLD], ..Setup::default() });
    let kinds = |received: &[Value]| -> Vec<String> {
        let kinds = received.iter().filter_map(|received| received["params"]["update"]["sessionUpdate"].as_str());
        kinds.filter(|kind| *kind != "available_commands_update").map(str::to_owned).collect()
    };
    for (replay, expected) in [
        (json!({ "type": "start" }), &["user_message_chunk", "agent_message_chunk", "state_update"][..]),
        (Value::Null, &["state_update"][..]),
    ] {
        let from = agent.received.len();
        let params = json!({ "sessionId": OLD, "cwd": "/tmp", "replayFrom": replay });
        let resume = agent.request("session/resume", params);
        let end = agent.response_at(resume);
        assert!(agent.received[end]["result"]["configOptions"].is_array(), "{}", agent.received[end]);
        assert_eq!(kinds(&agent.received[from..end]), expected);
        assert_eq!(states(&agent.received[from..end]), ["idle"]);
    }
    let (_, message) = agent.update(0, "user_message_chunk");
    assert_eq!(message["messageId"], "u1");
    let params = json!({ "sessionId": OLD, "cwd": "/tmp", "replayFrom": { "type": "end" } });
    let resume = agent.request("session/resume", params);
    assert_eq!(agent.response(resume)["error"]["code"], -32602);
    check_version_2(&agent.received);
}

#[test]
#[cfg(target_os = "linux")]
fn a_turn_that_ended_without_a_client_is_reported() {
    use crate::client::script;
    use crate::kept::last::{LastAgent, SESSION};

    for replay in [json!({ "type": "start" }), Value::Null] {
        let is_replayed = replay.is_object();
        let mut last = LastAgent::start(if is_replayed { "v2-replay" } else { "v2-resume" });
        last.prompt(&script(json!([{ "text": "hello" }])));
        let kept = last.die();
        let setup = Setup { agent: &["--protocol-v2", "--keep"], env: &kept.user.env(), ..Setup::default() };
        let mut agent = start(&setup);
        let params = json!({ "sessionId": SESSION, "cwd": "/tmp", "replayFrom": replay });
        let resume = agent.request("session/resume", params);
        let opened = agent.response_at(resume);
        assert_eq!(states(&agent.received[..opened]), ["running", "idle end_turn"]);
        assert_eq!(agent.text(0, opened), if is_replayed { "hello" } else { "" });
        check_version_2(&agent.received);
    }
}
