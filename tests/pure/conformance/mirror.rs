//! Transcript mirroring: cases 150 to 152.

use claude_duplex::MessageKind;

use super::host::{Host, init, messages, success};

/// The SDKs take the frames out of the stream for a store of theirs. Here they are messages of a kind of their own, so
/// that a host can keep them apart, and they change nothing in the session.
#[test]
fn case_150_mirror_frames_have_their_own_kind() {
    let mut host = Host::new();
    host.prompt("go");
    host.receive_line(init());
    let actions =
        host.receive_line(r#"{"type":"transcript_mirror","filePath":"/t.jsonl","entries":[{"type":"user"}]}"#);
    assert_eq!(actions.len(), 1);
    let message = messages(&actions)[0].clone();
    assert_eq!(message.kind(), MessageKind::TranscriptMirror);
    assert!(message.result().is_err() && message.content().is_err() && message.delta().is_none());
    host.receive_line(success());
    assert!(host.protocol.is_idle());
}
