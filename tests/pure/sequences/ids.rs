//! Ids that the host gives: none takes what belongs to another.

use std::time::Duration;

use claude_duplex::{
    Action, Config, Interrupt, Json, Outcome, Prompt, Protocol, RefusedReason, Request, RequestError, Seed, SessionTime,
};
use serde_json::json;

fn session() -> Protocol {
    Protocol::new(Config::new(Seed::from_bytes([4; 16])), SessionTime::ZERO)
}

fn actions(protocol: &mut Protocol) -> Vec<Action> {
    std::iter::from_fn(|| protocol.poll_action()).collect()
}

#[test]
fn a_request_id_is_in_use_until_its_late_response() {
    let mut protocol = session();
    let request_named = |subtype: &str| Request::new(subtype).id("mine").timeout(Duration::from_secs(1));
    protocol.request(SessionTime::ZERO, request_named("get_settings")).unwrap();
    let (due, _) = protocol.poll_timeout().unwrap();
    protocol.handle_timeout(due);
    let reported = actions(&mut protocol);
    assert!(
        matches!(reported[0], Action::ResponseReceived { response: Err(RequestError::TimedOut), .. }),
        "{reported:?}"
    );

    assert_eq!(protocol.request(due, request_named("mcp_status")).unwrap_err().reason(), RefusedReason::Reused);
    assert_eq!(protocol.interrupt(due, Interrupt::running().id("mine")).unwrap_err().reason(), RefusedReason::Reused);
    let reply = json!({ "type": "control_response", "response": { "subtype": "success", "request_id": "mine" } });
    protocol.receive(due, format!("{reply}\n").as_bytes());
    assert!(matches!(actions(&mut protocol)[..], [Action::UnmatchedResponse(_)]));
    protocol.request(due, request_named("mcp_status")).unwrap();
    protocol.receive(due, format!("{reply}\n").as_bytes());
    assert!(matches!(actions(&mut protocol)[0], Action::ResponseReceived { response: Ok(_), .. }));
}

/// Two requests of one id on the wire: the reply to either would be taken for the other's.
#[test]
fn generated_ids_are_reserved_for_the_session() {
    let mut protocol = session();
    protocol.request(SessionTime::ZERO, Request::new("mcp_status")).unwrap();
    let line: serde_json::Value = serde_json::from_slice(protocol.poll_transmit()).unwrap();
    let own = line["request_id"].as_str().unwrap();
    let next = own.replace("-1", "-2");
    assert_ne!(own, next);
    for id in [own, &next] {
        assert_eq!(
            protocol.request(SessionTime::ZERO, Request::new("x").id(id)).unwrap_err().reason(),
            RefusedReason::Reused
        );
        let interrupt = Interrupt::running().id(id);
        assert_eq!(protocol.interrupt(SessionTime::ZERO, interrupt).unwrap_err().reason(), RefusedReason::Reused);
    }
}

#[test]
fn a_generated_uuid_used_by_the_host_does_not_block_later_prompts() {
    let mut protocol = session();
    let second = {
        let mut twin = session();
        [(); 2].map(|()| twin.prompt(SessionTime::ZERO, "x").unwrap().uuid())[1]
    };
    let mut uuids = vec![protocol.prompt(SessionTime::ZERO, Prompt::text("given").uuid(second)).unwrap().uuid()];
    uuids.extend((0..5).map(|_| protocol.prompt(SessionTime::ZERO, "x").unwrap().uuid()));
    uuids.sort();
    uuids.dedup();
    assert_eq!(uuids.len(), 6);
    assert_eq!(
        protocol.prompt(SessionTime::ZERO, Prompt::text("x").uuid(second)).unwrap_err().reason(),
        RefusedReason::Reused
    );
}

/// Up to 2.1.143 a local command is not echoed and ends without a word of the model: the slash alone tells it from a prompt
/// that a hook blocked.
#[test]
fn an_escaped_slash_is_recognized_as_a_command() {
    let commands = [r#""/cost""#, r#""\/cost""#, r#""\u002fcost""#, r#"[{"type":"text","text":"\/cost"}]"#];
    let others = [r#""cost""#, r#""\\/cost""#, r#"[{"type":"new","x":1},{"type":"text","text":"/cost"}]"#];
    let outcome = |content: &str| {
        let mut protocol = session();
        protocol.prompt(SessionTime::ZERO, Prompt::from_json(Json::parse(content).unwrap()).unwrap()).unwrap();
        for line in [
            json!({ "type": "system", "subtype": "init", "session_id": "s", "claude_code_version": "2.0.76" }),
            json!({ "type": "result", "subtype": "success", "is_error": false, "result": "" }),
        ] {
            protocol.receive(SessionTime::ZERO, format!("{line}\n").as_bytes());
        }
        actions(&mut protocol).into_iter().find_map(|action| match action {
            Action::PromptEnded { outcome, .. } => Some(outcome),
            _ => None,
        })
    };
    commands.iter().for_each(|content| assert_eq!(outcome(content), Some(Outcome::Local), "{content}"));
    others.iter().for_each(|content| assert_eq!(outcome(content), Some(Outcome::Blocked), "{content}"));
}

/// Each of the bad ones makes the CLI exit with status 1, up to 2.1.143.
#[test]
fn content_that_the_cli_cannot_read_is_refused() {
    let bad = [
        ("null", ""),
        ("5", ""),
        ("true", ""),
        (r#"{"type":"text","text":"x"}"#, ""),
        ("[null]", "0"),
        (r#"["text"]"#, "0"),
        ("[{}]", "0.type"),
        (r#"[{"type":7}]"#, "0.type"),
        (r#"[{"type":"text"}]"#, "0.text"),
        (r#"[{"type":"text","text":null}]"#, "0.text"),
        (r#"[{"type":"text","text":"x"},{"type":"image"}]"#, "1.source"),
        (r#"[{"type":"document","source":"x"}]"#, "0.source"),
        (r#"[{"type":"tool_result"}]"#, "0.tool_use_id"),
    ];
    for (content, path) in bad {
        let json = Json::parse(content).unwrap();
        assert_eq!(Prompt::from_json(json).unwrap_err().path(), path, "{content}");
        let prompt = format!(r#"{{"content":{content},"uuid":null,"when_busy":null,"fields":[]}}"#);
        assert!(serde_json::from_str::<Prompt>(&prompt).is_err(), "{content} is read back");
        if let Some(block) = content.strip_prefix('[').and_then(|list| list.strip_suffix(']')) {
            let is_bad = |block| claude_duplex::Block::raw(block).is_err();
            assert!(Json::parse(block).map_or(true, is_bad), "{block}");
        }
    }
    for good in [r#""x""#, r#""""#, r#"[{"type":"text","text":""}]"#, r#"[{"type":"new"}]"#] {
        let prompt = Prompt::from_json(Json::parse(good).unwrap()).unwrap();
        let text = serde_json::to_string(&prompt).unwrap();
        assert_eq!(serde_json::from_str::<Prompt>(&text).unwrap(), prompt);
    }
}
