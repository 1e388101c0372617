//! What the mock CLI does depends on the bytes and the times, not on how the bytes were cut; and no bytes make it panic.

use std::time::Duration;

use claude_duplex::testing::{CliVersion, MockCli, Script, Step, TestSession, ToolStep, steps_in};
use claude_duplex::{Action, Config, Decision, IncomingKind, Prompt, Seed, SessionTime, WhenBusy};

/// Numbers without a pattern.
fn noise(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^ (mixed >> 27)
    }
}

const HOST: &str = concat!(
    r#"{"type":"control_request","request_id":"i","request":{"subtype":"initialize","sdkMcpServers":["s"],"#,
    r#""hooks":{"PreToolUse":[{"hookCallbackIds":["h"],"timeout":1}],"Stop":[{"hookCallbackIds":["h"],"timeout":1}]}}}"#,
    "\n",
    r#"{"type":"user","uuid":"1","message":{"role":"user","content":"{\"steps\":[{\"text\":\"a b c\",\"chunks\":3,"#,
    r#"\"delay_ms\":500,\"tool\":\"Bash\",\"input\":{\"command\":\"sleep 2\"}},{\"text\":\"end\"}]}"}}"#,
    "\n",
    r#"{"type":"user","uuid":"2","message":{"role":"user","content":[{"type":"text","text":"é"}]}}"#,
    "\n",
    r#"{"type":"control_request","request_id":"c","request":{"subtype":"cancel_async_message","message_uuid":"2"}}"#,
    "\n",
    r#"{"type":"keep_alive"}"#,
    "\n",
    r#"{"type":"user","uuid":"3","priority":"later","message":{"role":"user","content":"/context"}}"#,
    "\n",
    r#"{"type":"control_request","request_id":"x","request":{"subtype":"interrupt","cancel_queued":true}}"#,
    "\n",
    r#"{"type":"control_request","request_id":"m","request":{"subtype":"set_permission_mode","mode":"plan"}}"#,
    "\n",
);

/// All that a peer writes when the bytes come in such cuts.
fn play(generation: CliVersion, mut bytes: &[u8], mut cut: impl FnMut() -> usize) -> (Vec<u8>, Vec<SessionTime>) {
    let mut peer = MockCli::new(Script::new(generation).answering(|prompt| steps_in(prompt, true)), SessionTime::ZERO);
    while !bytes.is_empty() {
        let (part, rest) = bytes.split_at(cut().clamp(1, bytes.len()));
        peer.receive(SessionTime::ZERO, part);
        bytes = rest;
    }
    let mut times = Vec::new();
    while let Some(due) = peer.poll_timeout() {
        times.push(due);
        peer.handle_timeout(due);
    }
    peer.eof(SessionTime::from_nanos(u64::MAX / 2));
    (peer.poll_transmit().to_vec(), times)
}

#[test]
fn any_chunks_give_the_same_output() {
    for &generation in CliVersion::ALL {
        let whole = play(generation, HOST.as_bytes(), || usize::MAX);
        assert!(!whole.0.is_empty());
        for seed in 0..200 {
            let mut next = noise(seed);
            let cut = play(generation, HOST.as_bytes(), || usize::try_from(next() % 90).unwrap_or(1));
            assert!(whole == cut, "{generation}, seed {seed}");
        }
    }
}

#[test]
fn any_bytes_are_accepted_without_a_panic() {
    for seed in 0..300 {
        let mut next = noise(seed);
        let generation = CliVersion::ALL[seed as usize % 6];
        let mut bytes = HOST.repeat(2).into_bytes();
        for _ in 0..next() % 40 {
            let at = next() as usize % bytes.len();
            match next() % 3 {
                0 => bytes[at] = next() as u8,
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, b"{}[]\"\n\\ 0"[next() as usize % 9]),
            }
        }
        play(generation, &bytes, || usize::try_from(next() % 300).unwrap_or(1));
        let raw: Vec<u8> = (0..600).map(|_| next() as u8).collect();
        play(generation, &raw, || 7);
    }
}

#[test]
fn a_test_session_does_not_depend_on_chunks() {
    let run = |generation, seed: Option<u64>| {
        let call = ToolStep::bash("ls").requires_permission();
        let script = Script::new(generation).then([call.into(), Step::text("done")]);
        let config = IncomingKind::KNOWN.iter().copied().fold(Config::new(Seed::from_bytes([9; 16])), Config::handle);
        let pair = TestSession::new(config, script);
        let mut pair = match seed {
            Some(seed) => pair.cut_by(seed),
            None => pair,
        };
        pair.prompt("first");
        pair.prompt(Prompt::text("second").when_busy(WhenBusy::Send));
        let Action::IncomingRequest(incoming) = pair.run_until(|action| matches!(action, Action::IncomingRequest(_)))
        else {
            unreachable!()
        };
        // However it was cut, what the CLI says at this moment is heard before the answer is given.
        pair.advance(Duration::ZERO);
        pair.respond(incoming.id(), Decision::allow());
        let mut actions = pair.run_until_idle();
        actions.extend(pair.close());
        actions
    };
    for &generation in CliVersion::ALL {
        let whole = run(generation, None);
        assert!(matches!(whole.last(), Some(Action::Closed(_))));
        for seed in 0..20 {
            assert_eq!(whole, run(generation, Some(seed)), "{generation}, seed {seed}");
        }
    }
}
