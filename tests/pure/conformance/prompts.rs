//! Prompts that are written: cases 57 to 62.

use claude_duplex::{Block, Json, Priority, Prompt, RefusedReason, WhenBusy};
use serde_json::{Value, json};

use super::host::{Host, init, success};

fn line(prompt: Prompt) -> Value {
    let mut host = Host::new();
    host.protocol.prompt(host.now, prompt).expect("the prompt is taken");
    host.written().remove(0)
}

#[test]
fn case_057_a_text_becomes_a_user_message() {
    let mut line = line(Prompt::text("hello").session_id("default"));
    assert!(line["uuid"].take().is_string());
    assert_eq!(
        line,
        json!({ "type": "user", "message": { "role": "user", "content": "hello" }, "parent_tool_use_id": null,
            "uuid": null, "session_id": "default" })
    );
}

#[test]
fn case_058_the_hosts_session_id_is_kept() {
    assert_eq!(line(Prompt::text("hello").session_id("mine"))["session_id"], "mine");
    assert_eq!(line(Prompt::text("hello").session_id("one").session_id("two"))["session_id"], "two");
    assert_eq!(line(Prompt::text("hello")).get("session_id"), None);
}

/// The SDK has a mode for all messages; here it is said of each.
#[test]
fn case_059_a_verbatim_prompt_overrides_earlier_fields() {
    let own = Prompt::text("/clear").field("client_composed", Json::parse("false").unwrap());
    let verbatim = own.clone().verbatim();
    assert_eq!(line(verbatim)["client_composed"], true);
    assert_eq!(line(own)["client_composed"], false, "the prompt itself is not changed");
}

#[test]
fn case_060_a_prompt_that_is_not_verbatim_is_unchanged() {
    assert_eq!(line(Prompt::text("hello")).get("client_composed"), None);
    let own = Prompt::text("hello").field("client_composed", Json::parse("true").unwrap());
    assert_eq!(line(own)["client_composed"], true);
}

#[test]
fn case_061_a_prompt_is_fixed_when_it_is_accepted() {
    let mut host = Host::new();
    host.prompt("first");
    let prompt = Prompt::text("second");
    host.protocol.prompt(host.now, prompt.clone()).unwrap();
    let _verbatim = prompt.verbatim();
    assert_eq!(host.written(), [] as [Value; 0], "it waits for the first");
    host.receive_line(init());
    host.receive_line(success());
    let second = host.written().remove(0);
    assert_eq!((&second["message"]["content"], second.get("client_composed")), (&json!("second"), None));
}

#[test]
fn case_062_a_prompt_after_the_close_is_refused_and_returned() {
    let mut host = Host::new();
    host.protocol.close(host.now);
    host.protocol.eof(host.now);
    let refused = host.protocol.prompt(host.now, Prompt::text("hello")).unwrap_err();
    assert_eq!((refused.reason(), refused.into_inner()), (RefusedReason::Closed, Prompt::text("hello")));
    let refused = host.protocol.request(host.now, claude_duplex::request::McpStatus::new()).unwrap_err();
    assert_eq!((refused.reason(), refused.into_inner().subtype()), (RefusedReason::Closed, "mcp_status"));
    let refused = host.protocol.interrupt(host.now, claude_duplex::Interrupt::running()).unwrap_err();
    assert_eq!(refused.reason(), RefusedReason::Closed);
}

/// Wire reference, section 1.4: every field that a host may send.
#[test]
fn every_field_of_a_prompt_is_written_with_its_wire_name() {
    let prompt = Prompt::from_blocks([Block::text("look"), Block::image("image/png", "f")])
        .uuid("11111111-1111-4111-8111-111111111111".parse().unwrap())
        .when_busy(WhenBusy::Send)
        .priority(Priority::Later)
        .without_query()
        .synthetic()
        .verbatim()
        .from_human()
        .pasted(["a", "b"])
        .inline_pastes(["c"])
        .timestamp("2026-01-01T00:00:00Z")
        .session_id("s");
    assert_eq!(
        line(prompt),
        json!({
            "type": "user",
            "message": { "role": "user", "content": [
                { "type": "text", "text": "look" },
                { "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": "Zg==" } },
            ] },
            "parent_tool_use_id": null, "uuid": "11111111-1111-4111-8111-111111111111", "priority": "later",
            "shouldQuery": false, "isSynthetic": true, "client_composed": true, "origin": { "kind": "human" },
            "pasted_content": ["a", "b"], "inline_pastes": ["c"], "timestamp": "2026-01-01T00:00:00Z", "session_id": "s",
        })
    );
}

/// A key that is there twice means one thing to one reader and another to the next.
#[test]
fn a_field_that_is_set_twice_is_written_once() {
    let mut host = Host::new();
    let prompt = Prompt::text("x").priority(Priority::Now).priority(Priority::Next);
    host.protocol.prompt(host.now, prompt).unwrap();
    let text = String::from_utf8(host.protocol.poll_transmit().to_vec()).unwrap();
    assert_eq!(text.matches("priority").count(), 1, "{text}");
    assert!(text.contains(r#""priority":"next""#), "{text}");
}
