//! No ending of client, agent or CLI leaves a process behind.

use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use crate::client::{Agent, Setup, script};
use crate::processes::{children, is_running, kill, wait_for_the_end_of};

/// Returns an agent with two sessions, one in a turn that takes long.
fn busy(setup: &Setup<'_>) -> (Agent, String, u64, Vec<u32>) {
    let mut agent = Agent::start(setup);
    let session = agent.session();
    agent.session();
    let slow = json!([{ "text": "A ".repeat(600), "chunks": 600, "delay_ms": 100 }]);
    let prompt = agent.prompt(&session, &script(slow));
    agent.update(0, "agent_message_chunk");
    let processes = children(agent.process());
    assert_eq!(processes.len(), 2, "{processes:?}");
    assert!(processes.iter().all(|process| is_running(*process)));
    (agent, session, prompt, processes)
}

#[test]
fn the_agent_ends_when_the_client_closes_its_input() {
    let (agent, _, _, processes) = busy(&Setup::default());
    assert_eq!(agent.finish(), Some(0));
    wait_for_the_end_of(&processes);
}

#[test]
fn the_agent_ends_on_sigterm() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let (mut agent, _, _, processes) = busy(&Setup::default());
        kill(agent.process(), signal);
        assert_eq!(agent.exit(), Some(0));
        wait_for_the_end_of(&processes);
    }
}

#[test]
fn a_killed_agent_leaves_no_child() {
    let (mut agent, _, _, processes) = busy(&Setup::default());
    agent.kill();
    wait_for_the_end_of(&processes);
}

#[test]
fn the_prompt_fails_if_the_cli_is_killed() {
    let (mut agent, session, prompt, processes) = busy(&Setup::default());
    processes.iter().for_each(|process| kill(*process, Signal::KILL));
    let first = prompt;
    let response = agent.response(first);
    let message = response["error"]["message"].as_str().unwrap_or_else(|| panic!("no error: {response}"));
    assert!(message.contains("signal 9"), "{message}");
    // The next prompt starts it again.
    let prompt = agent.prompt(&session, &script(json!([{ "text": "back" }])));
    let end = agent.response_at(prompt);
    assert_eq!(agent.received[end]["result"]["stopReason"], "end_turn", "{}", agent.received[end]);
    // Nothing of the turn that was lost is in it.
    let from = agent.response_at(first);
    let (at, chunk) = agent.update(from, "agent_message_chunk");
    assert_eq!((&*agent.text(at, end), &chunk["content"]["text"]), ("back", &json!("back")));
    let processes = children(agent.process());
    assert_eq!(agent.finish(), Some(0));
    wait_for_the_end_of(&processes);
}

#[test]
fn the_prompt_fails_if_the_cli_exits() {
    for fault in ["die=3", "partial-line", "close-stdin"] {
        let mut agent = Agent::start(&Setup { cli: &["--fault", fault], ..Setup::default() });
        let session = agent.session();
        let prompt = agent.prompt(&session, "hello");
        let response = agent.response(prompt);
        assert!(response.get("error").is_some() || response.get("result").is_some(), "{fault}: {response}");
        assert_eq!(agent.finish(), Some(0), "{fault}");
    }
}

#[test]
fn a_cli_that_ignores_signals_is_killed() {
    let (agent, _, _, processes) = busy(&Setup { cli: &["--fault", "ignore-terminate"], ..Setup::default() });
    assert_eq!(agent.finish(), Some(0));
    wait_for_the_end_of(&processes);
}

#[test]
fn the_client_may_end_while_a_session_starts() {
    let mut agent = Agent::start(&Setup { cli: &["--fault", "no-initialize"], ..Setup::default() });
    agent.request("session/new", json!({ "cwd": "/tmp", "mcpServers": [] }));
    let end = Instant::now() + Duration::from_secs(30);
    while children(agent.process()).is_empty() {
        assert!(Instant::now() < end, "no CLI is started");
        thread::sleep(Duration::from_millis(5));
    }
    let processes = children(agent.process());
    assert_eq!(agent.finish(), Some(0));
    wait_for_the_end_of(&processes);
}
