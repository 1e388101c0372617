//! Clients that stop reading: memory is bounded, and the session goes on.

use std::io::Write;
use std::sync::mpsc::channel;
use std::thread;

use serde_json::json;

use crate::client::{Agent, Setup, script};
use crate::processes::{bytes_read, status, this_thread, wait_until_asleep};

/// Largest memory that an agent has allocated, in KiB. The pages of its program do not count: an unoptimized one has many.
const MOST: u64 = 16 * 1024;

/// Number of chunks of text in a turn. The CLI writes some 300 bytes for each.
const PARTS: usize = 20_000;

/// Maximum that the agent reads of them while the client does not read, in bytes.
const READ: u64 = 1_500_000;

/// Waits until the agent and its CLI do nothing more, and checks the amount that the agent has read and keeps.
fn wait_until_stalled(agent: &Agent) {
    wait_until_asleep(agent.process(), &[]);
    assert!(bytes_read(agent.process()) < READ, "{} bytes are read", bytes_read(agent.process()));
    assert!(status(agent.process(), "RssAnon") < MOST, "{} KiB", status(agent.process(), "RssAnon"));
}

/// Agent in the middle of a turn, whose client does not read.
struct Stalled {
    agent: Agent,
    session: String,
    prompt: u64,
    text: String,
}

fn stalled_agent() -> Stalled {
    let mut agent = Agent::start(&Setup::default());
    let session = agent.session();
    agent.stop_reading();
    let text = "A ".repeat(PARTS);
    let prompt = agent.prompt(&session, &script(json!([{ "text": text, "chunks": PARTS }])));
    wait_until_stalled(&agent);
    Stalled { agent, session, prompt, text }
}

#[test]
fn updates_do_not_pile_up() {
    let Stalled { mut agent, prompt, text, .. } = stalled_agent();
    agent.read_on();
    let end = agent.response_at(prompt);
    assert_eq!(agent.received[end]["result"]["stopReason"], "end_turn");
    assert_eq!(agent.text(0, end).len(), text.len());
}

#[test]
fn a_turn_is_cancelled_while_the_client_does_not_read() {
    let Stalled { mut agent, session, prompt, .. } = stalled_agent();
    agent.cancel(&session);
    wait_until_asleep(agent.process(), &[]);
    agent.read_on();
    let end = agent.response_at(prompt);
    assert_eq!(agent.received[end]["result"]["stopReason"], "cancelled");
    let prompt = agent.prompt(&session, &script(json!([{ "text": "next" }])));
    assert_eq!(agent.response(prompt)["result"]["stopReason"], "end_turn");
}

#[test]
fn responses_do_not_pile_up() {
    const REQUESTS: u64 = 20_000;
    let mut agent = Agent::start(&Setup::default());
    agent.stop_reading();
    let mut stdin = agent.take_stdin();
    let (sender, receiver) = channel();
    let writer = thread::spawn(move || {
        sender.send(this_thread()).expect("the test waits for it");
        for id in 0..REQUESTS {
            let line = if id % 2 == 0 {
                "garbage".to_owned()
            } else {
                json!({ "jsonrpc": "2.0", "id": id, "method": "x" }).to_string()
            };
            stdin.write_all(format!("{line}\n").as_bytes()).expect("the agent reads in the end");
        }
        stdin
    });
    wait_until_asleep(agent.process(), &[receiver.recv().expect("the writer has started")]);
    assert!(!writer.is_finished(), "the agent reads on although the client does not");
    assert!(status(agent.process(), "RssAnon") < MOST, "{} KiB", status(agent.process(), "RssAnon"));
    agent.read_on();
    let stdin = writer.join().expect("all is written");
    agent.response(REQUESTS - 1);
    drop(stdin);
    assert_eq!(agent.exit(), Some(0));
}
