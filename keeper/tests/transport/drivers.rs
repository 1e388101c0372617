//! One driver on a kept session: what it needs of a transport, on each runtime.

use std::future::Future;

use claude_duplex::{Action, CloseReason, Config, Decision, Driver, IncomingKind, Outcome, Seed, Transport};
use claude_duplex_keeper::transport::{LostReason, smol, tokio as on_tokio};
use claude_duplex_keeper::{Attach, AttachError};

use crate::kept::Kept;

pub(crate) const TRIALS: [(&str, fn()); 6] = [
    ("a_conversation_on_smol", a_conversation_on_smol),
    ("a_conversation_on_tokio", a_conversation_on_tokio),
    ("a_dropped_driver_detaches_and_the_cli_lives_on", a_dropped_driver_detaches_and_the_cli_lives_on),
    (
        "a_replaced_host_is_notified_and_its_session_does_not_end",
        a_replaced_host_is_notified_and_its_session_does_not_end,
    ),
    ("a_host_of_a_killed_keeper_is_notified", a_host_of_a_killed_keeper_is_notified),
    ("attaching_to_nothing_is_an_error", attaching_to_nothing_is_an_error),
];

pub(crate) fn config() -> Config {
    Config::new(Seed::from_bytes([7; 16])).handle(IncomingKind::Permission)
}

/// A turn with a tool call that needs a permission, and a text.
pub(crate) const PROMPT: &str = r#"{"steps":[{"tool":"Bash","input":{"command":"ls"}},{"text":"done"}]}"#;

/// Has one turn and closes.
pub(crate) async fn converse(mut claude: Driver<impl Transport>) -> (usize, Vec<Outcome>, Option<CloseReason>) {
    claude.prompt(PROMPT).unwrap();
    claude.prompt("and then?").unwrap();
    let (mut requested, mut outcomes) = (0, Vec::new());
    while let Some(action) = claude.next().await {
        match action {
            Action::IncomingRequest(request) => {
                requested += 1;
                claude.respond(request.id(), Decision::allow()).unwrap();
            }
            Action::PromptEnded { outcome, .. } => {
                outcomes.push(outcome);
                if outcomes.len() == 2 {
                    claude.close();
                }
            }
            Action::Closed(closed) => {
                assert!(closed.exit.is_some_and(|exit| exit.is_success()), "{closed:?}");
                return (requested, outcomes, Some(closed.reason));
            }
            _ => {}
        }
    }
    (requested, outcomes, None)
}

pub(crate) fn whole() -> (usize, Vec<Outcome>, Option<CloseReason>) {
    (1, vec![Outcome::Success, Outcome::Success], Some(CloseReason::Closed))
}

fn tokio<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn a_conversation_on_smol() {
    let kept = Kept::new().start();
    let done = async_io::block_on(async {
        let transport = smol::attach(&Attach::controller(), &kept.place, &kept.id).await.unwrap().without_journal();
        converse(Driver::new(config(), transport)).await
    });
    assert_eq!(done, whole());
    // The session waits for its release, and is gone then.
    let attached = Attach::controller().connect(&kept.place, &kept.id).unwrap();
    assert!(attached.welcome.exit.is_some());
    attached.release().unwrap();
    assert!(kept.place.sessions().unwrap().is_empty());
}

fn a_conversation_on_tokio() {
    let kept = Kept::new().start();
    let done = tokio(async {
        let transport = on_tokio::attach(&Attach::controller(), &kept.place, &kept.id).await.unwrap().without_journal();
        converse(Driver::new(config(), transport)).await
    });
    assert_eq!(done, whole());
}

fn a_dropped_driver_detaches_and_the_cli_lives_on() {
    let kept = Kept::new().start();
    async_io::block_on(async {
        let transport = smol::attach(&Attach::controller(), &kept.place, &kept.id).await.unwrap();
        let mut claude = Driver::new(config(), transport);
        claude.prompt(PROMPT).unwrap();
        while !matches!(claude.next().await, Some(Action::IncomingRequest(_))) {}
    });
    let attached = Attach::controller().connect(&kept.place, &kept.id).unwrap();
    assert_eq!((attached.welcome.exit, attached.welcome.stdin_ended), (None, false));
    assert!(attached.welcome.stdin_taken > 0 && attached.welcome.stdout.end > 0);
}

fn a_replaced_host_is_notified_and_its_session_does_not_end() {
    let kept = Kept::new().start();
    async_io::block_on(async {
        let transport = smol::attach(&Attach::controller(), &kept.place, &kept.id).await.unwrap();
        let lost = transport.lost();
        let mut claude = Driver::new(config(), transport);
        let other = Attach::controller().connect(&kept.place, &kept.id).unwrap();
        let next = async {
            loop {
                if let action @ (None | Some(Action::Closed(_))) = claude.next().await {
                    panic!("the session has ended: {action:?}");
                }
            }
        };
        let reason = futures_lite::future::or(lost, next).await;
        assert_eq!(reason, LostReason::Replaced { epoch: 2, pid: std::process::id() });
        assert!(reason.to_string().contains("has controlled the session since epoch 2"), "{reason}");
        drop(other);
    });
}

fn a_host_of_a_killed_keeper_is_notified() {
    let kept = Kept::new().start();
    async_io::block_on(async {
        let transport = smol::attach(&Attach::controller(), &kept.place, &kept.id).await.unwrap();
        let (lost, cli) = (transport.lost(), transport.welcome().cli);
        let mut claude = Driver::new(config(), transport);
        claude.prompt(PROMPT).unwrap();
        while !matches!(claude.next().await, Some(Action::IncomingRequest(_))) {}
        let status = std::fs::read_to_string(format!("/proc/{cli}/status")).unwrap();
        let keeper = status.lines().find_map(|line| line.strip_prefix("PPid:")).unwrap();
        let killed = std::process::Command::new("kill").args(["-s", "KILL", keeper.trim()]).status().unwrap();
        assert!(killed.success());
        // What it had received before is read.
        let next = async {
            loop {
                if let action @ (None | Some(Action::Closed(_))) = claude.next().await {
                    panic!("the session has ended: {action:?}");
                }
            }
        };
        assert_eq!(futures_lite::future::or(lost, next).await, LostReason::Closed);
    });
    let error = Attach::controller().connect(&kept.place, &kept.id).unwrap_err();
    assert!(error.to_string().contains("was killed together with its CLI"), "{error}");
}

fn attaching_to_nothing_is_an_error() {
    let kept = Kept::new();
    for error in [
        async_io::block_on(smol::attach(&Attach::controller(), &kept.place, &kept.id)).unwrap_err(),
        tokio(on_tokio::attach(&Attach::controller(), &kept.place, &kept.id)).unwrap_err(),
    ] {
        assert!(matches!(error, AttachError::Place(_)) && error.to_string().contains("no session it"), "{error}");
    }
}
