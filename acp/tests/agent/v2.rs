//! Version 2 of the protocol: prompts get their responses when they are inserted, and turns are reported by the state.

mod sessions;
mod turns;
mod waiting;

use agent_client_protocol::v2::schema::{SessionUpdate, UpdateSessionNotification};
use serde_json::{Value, json};

use crate::client::{Agent, Setup, script};

const FLAG: &[&str] = &["--protocol-v2"];

/// Starts an agent for a client of version 2.
fn start(setup: &Setup<'_>) -> Agent {
    let mut agent = Agent::spawn(setup);
    let info = json!({ "name": "test", "version": "1" });
    let params = json!({ "protocolVersion": 2, "info": info, "capabilities": setup.capabilities });
    let id = agent.request("initialize", params);
    let response = agent.response(id);
    assert_eq!(response["result"]["protocolVersion"], 2, "{response}");
    agent
}

fn start_default() -> (Agent, String) {
    let mut agent = start(&Setup { agent: FLAG, ..Setup::default() });
    let session = agent.session();
    (agent, session)
}

/// Returns the states that were reported, e.g. `running` and `idle end_turn`.
fn states(received: &[Value]) -> Vec<String> {
    let updates = received.iter().map(|received| &received["params"]["update"]);
    let states = updates.filter(|update| update["sessionUpdate"] == "state_update");
    let words = |update: &Value| {
        let words = [&update["state"], &update["stopReason"]].map(|word| word.as_str().unwrap_or_default().to_owned());
        words.join(" ").trim().to_owned()
    };
    states.map(words).collect()
}

/// Waits for the next end of work after a position.
fn idle(agent: &mut Agent, from: usize) -> (usize, Value) {
    let is_idle = |received: &Value| received["params"]["update"]["state"] == "idle";
    let at = agent.until(from, "the end of the work", is_idle);
    (at, agent.received[at]["params"]["update"].clone())
}

fn slow() -> String {
    script(json!([{ "text": "A ".repeat(200), "chunks": 200, "delay_ms": 100 }]))
}

/// Checks that each update is one of version 2.
fn check_version_2(received: &[Value]) {
    for received in received.iter().filter(|received| received["method"] == "session/update") {
        let update: UpdateSessionNotification = serde_json::from_value(received["params"].clone()).expect("version 2");
        assert!(!matches!(update.update, SessionUpdate::Other(_)), "{received}");
    }
}

#[test]
fn the_version_is_negotiated() {
    // A client of version 1 gets version 1.
    let mut agent = Agent::start(&Setup { agent: FLAG, ..Setup::default() });
    let session = agent.session();
    let prompt = agent.prompt(&session, &script(json!([{ "text": "one" }])));
    let end = agent.response_at(prompt);
    assert_eq!((&agent.received[end]["result"]["stopReason"], &*agent.text(0, end)), (&json!("end_turn"), "one"));
    assert_eq!(states(&agent.received), [""; 0]);
    // Without the flag, each client does.
    let mut agent = Agent::spawn(&Setup::default());
    let params = json!({ "protocolVersion": 2, "info": { "name": "test", "version": "1" }, "capabilities": {} });
    let id = agent.request("initialize", params);
    assert_eq!(agent.response(id)["result"]["protocolVersion"], 1);
    // With it, a client of version 2 gets version 2.
    let (agent, _) = start_default();
    assert_eq!(agent.finish(), Some(0));
}
