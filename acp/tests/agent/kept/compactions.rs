//! Compactions of the context that begin or end between two agents of a kept session.

use claude_duplex::Action;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::last::{KeptSession, LastAgent, SESSION};
use super::unseen::{next_agent, system};
use crate::client::Agent;
use crate::processes::kill;

/// Returns a message of the CLI with an id of its own.
fn message(id: &str, subtype: &str, fields: Value) -> Value {
    let mut line = system(subtype, fields);
    line["uuid"] = id.into();
    line
}

fn begun(id: &str) -> Value {
    message(id, "status", json!({ "status": "compacting" }))
}

fn succeeded(id: &str) -> Value {
    message(id, "status", json!({ "status": null, "compact_result": "success" }))
}

fn failed(id: &str) -> Value {
    message(id, "status", json!({ "status": null, "compact_result": "failed", "compact_error": "too long" }))
}

/// Versions before 2.1.143 report no result.
fn stopped(id: &str) -> Value {
    message(id, "status", json!({ "status": null }))
}

fn boundary(id: &str) -> Value {
    message(id, "compact_boundary", json!({ "compact_metadata": { "trigger": "auto", "pre_tokens": 100 } }))
}

/// Ends the last agent, and waits until the CLI has written a line.
fn die_before(last: LastAgent, line: &Value) -> KeptSession {
    let mut session = last.die();
    session.watch(|message| message.uuid().as_deref() == line["uuid"].as_str());
    session
}

/// Ends the last agent before it has read a line.
fn unseen(name: &str, lines: &[Value]) -> KeptSession {
    die_before(LastAgent::with_output(name, lines), lines.last().expect("a line"))
}

/// Starts the next agent, and takes the session up.
fn next(session: &KeptSession, method: &str) -> Agent {
    let mut agent = next_agent(&session.user);
    let open = agent.request(method, json!({ "sessionId": SESSION, "cwd": "/tmp", "mcpServers": [] }));
    assert!(agent.response(open)["result"].is_object());
    agent
}

/// Takes a session up, and returns the updates of compactions.
fn shown(session: &KeptSession, method: &str) -> (Vec<(String, String)>, Value) {
    let mut agent = next(session, method);
    // Updates of the session come before the response to its next request.
    let set = agent.request("session/set_mode", json!({ "sessionId": SESSION, "modeId": "none" }));
    assert!(agent.response(set)["error"].is_object());
    received(&agent)
}

/// Returns the id and the status of each update of a compaction, and the error of the last one.
fn received(agent: &Agent) -> (Vec<(String, String)>, Value) {
    let updates = agent.received.iter().map(|received| &received["params"]["update"]);
    let updates: Vec<&Value> = updates.filter(|update| update["sessionUpdate"] == "compaction_update").collect();
    let text = |update: &Value, field: &str| update[field].as_str().expect("a text").to_owned();
    let states = updates.iter().map(|update| (text(update, "compactionId"), text(update, "status")));
    (states.collect(), updates.last().map_or(Value::Null, |update| update["error"].clone()))
}

/// Returns the states alone, of compactions that have the same id.
fn states(shown: &[(String, String)]) -> Vec<&str> {
    assert!(shown.iter().all(|(id, _)| *id == shown[0].0), "one compaction has one id: {shown:?}");
    shown.iter().map(|(_, state)| &**state).collect()
}

#[test]
fn a_compaction_without_an_agent_is_shown_from_its_start() {
    let cases = [
        ("m-new", vec![begun("a"), succeeded("b"), boundary("c")], "completed", Value::Null),
        ("m-failed", vec![begun("a"), failed("b")], "failed", json!("too long")),
        ("m-old", vec![begun("a"), boundary("b"), stopped("c")], "completed", Value::Null),
        // The CLI reports the progress of the summary too.
        ("m-long", vec![begun("a"), begun("b"), succeeded("c"), boundary("d")], "completed", Value::Null),
    ];
    for (name, lines, last_state, error) in cases {
        let (shown, last_error) = shown(&unseen(name, &lines), "session/load");
        assert_eq!((states(&shown), last_error), (vec!["in_progress", last_state], error), "{name}");
    }
}

#[test]
fn each_compaction_without_an_agent_is_shown() {
    let lines = [begun("a"), succeeded("b"), boundary("c"), begun("d"), failed("e"), boundary("f"), begun("g")];
    let (shown, _) = shown(&unseen("m-each", &lines), "session/load");
    let shown: Vec<(&str, &str)> = shown.iter().map(|(id, state)| (&**id, &**state)).collect();
    let expected = [
        ("a", "in_progress"),
        ("a", "completed"),
        ("d", "in_progress"),
        ("d", "failed"),
        // No version reports the start of this one.
        ("f", "completed"),
        ("g", "in_progress"),
    ];
    assert_eq!(shown, expected);
}

#[test]
fn a_compaction_that_the_last_agent_has_shown_is_not_shown_again() {
    let lines = [begun("a"), succeeded("b"), boundary("c")];
    let cases: [(&str, &[Value], usize, &[&str]); 3] = [
        ("m-running", &lines[..1], 1, &["in_progress"]),
        // Its end is new.
        ("m-ends", &lines, 1, &["completed"]),
        ("m-over", &lines, 3, &[]),
    ];
    for (name, lines, acknowledged, expected) in cases {
        let mut last = LastAgent::with_output(name, lines);
        (0..acknowledged).for_each(|_| last.until(|action| matches!(action, Action::Message { .. })));
        last.acknowledge();
        let (shown, _) = shown(&die_before(last, lines.last().expect("a line")), "session/load");
        assert_eq!(states(&shown), expected, "{name}");
    }
}

#[test]
fn only_a_running_compaction_is_shown_without_the_history() {
    for (name, lines, expected) in
        [("m-now", vec![begun("a")], &["in_progress"][..]), ("m-before", vec![begun("a"), failed("b")], &[])]
    {
        let (shown, _) = shown(&unseen(name, &lines), "session/resume");
        assert_eq!(states(&shown), expected, "{name}");
    }
}

#[test]
fn a_compaction_ends_in_the_next_agent() {
    let lines = [succeeded("b"), boundary("c"), begun("d"), failed("e")];
    let last = LastAgent::with_outputs("m-goes-on", &[begun("a")], &lines);
    let session = die_before(last, &begun("a"));
    let mut agent = next(&session, "session/load");
    assert_eq!(received(&agent).0, [("a".to_owned(), "in_progress".to_owned())]);
    // The CLI writes the other lines when it gets the request.
    agent.request("session/set_mode", json!({ "sessionId": SESSION, "modeId": "plan" }));
    agent.until(0, "the failure", |received| received["params"]["update"]["status"] == "failed");
    let (shown, error) = received(&agent);
    let shown: Vec<(&str, &str)> = shown.iter().map(|(id, state)| (&**id, &**state)).collect();
    assert_eq!(shown, [("a", "in_progress"), ("a", "completed"), ("d", "in_progress"), ("d", "failed")]);
    assert_eq!(error, "too long");
}

#[test]
fn a_compaction_fails_with_its_cli() {
    let session = unseen("m-dies", &[begun("a")]);
    let (_, cli) = session.user.kept().remove(0);
    kill(cli, Signal::KILL);
    let mut agent = next(&session, "session/load");
    agent.until(0, "the failure", |received| received["params"]["update"]["status"] == "failed");
    let (shown, error) = received(&agent);
    assert_eq!(states(&shown), ["in_progress", "failed"]);
    assert!(error.as_str().is_some_and(|error| error.contains("signal 9")), "{error}");
}
