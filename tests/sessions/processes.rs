//! Real children, on smol.

use std::future::Future;
use std::time::Duration;

use claude_duplex::{
    AskKind, CloseReason, Config, Decision, Exit, Handlers, Lost, Options, Outcome, Overflow, Runner, Seed, Session,
};
use futures_lite::future::{or, zip};

/// Fails instead of hanging.
fn bounded<R>(test: impl Future<Output = R>) -> R {
    let late = async {
        smol::Timer::after(Duration::from_secs(60)).await;
        panic!("the test takes too long");
    };
    smol::block_on(or(test, late))
}

/// The scripted peer, which `cargo test` builds beside this test.
fn peer(arguments: &[&str]) -> (Session, Runner) {
    let this = std::env::current_exe().expect("a test has a path");
    let peer = this.ancestors().nth(2).expect("target/PROFILE/deps/TEST").join("examples/peer");
    assert!(peer.exists(), "{} is not built: run the whole `cargo test --all-features`", peer.display());
    let options = Options::new().program(peer).include_partial_messages().host_permission_prompts();
    let options = arguments.iter().fold(options, |options, argument| options.arg(argument));
    let config = Config::new(Seed::random()).own(AskKind::Permission);
    claude_duplex::smol::open(&options, config).expect("the peer starts")
}

#[test]
fn a_session_with_a_process_from_the_first_prompt_to_its_exit() {
    bounded(async {
        let (claude, runner) = peer(&[]);
        let watch = claude.clone();
        assert!(claude.pid().is_some());
        let handlers = Handlers::new().permission(async |tool| match tool.input.as_str().contains("rm") {
            true => Decision::deny("nothing is removed"),
            false => Decision::allow(),
        });
        let serving = claude.asks().unwrap().serve(handlers);
        let talk = async move {
            claude.ping(Duration::from_secs(30)).await.unwrap();
            for prompt in ["hello", "run: ls", "run: rm x"] {
                let mut turn = claude.prompt(prompt).unwrap();
                let mut messages = 0;
                while let Some(message) = turn.next().await {
                    message.unwrap();
                    messages += 1;
                }
                let end = turn.await;
                assert!(end.is_success() && messages > 2, "{end:?}");
            }
        };
        zip(runner.run_until(talk), serving).await;
        let closed = watch.exit_status().unwrap();
        assert_eq!((closed.why, closed.exit), (CloseReason::Closed, Some(Exit::Code(0))), "{closed:?}");
    });
}

#[test]
fn on_threads_of_an_executor() {
    bounded(async {
        let (claude, runner) = peer(&[]);
        let run = smol::spawn(runner);
        let turns: Vec<_> = (0..5)
            .map(|number| {
                let claude = claude.clone();
                smol::spawn(async move { claude.prompt(&*format!("number {number}")).unwrap().await })
            })
            .collect();
        let mut watch = claude.subscribe(100_000, Overflow::Oldest);
        drop(claude);
        for turn in turns {
            assert_eq!(turn.await.outcome, Outcome::Success);
        }
        assert_eq!(run.await.why, CloseReason::Closed);
        while let Some(told) = watch.next().await {
            told.unwrap();
        }
    });
}

#[test]
fn dropping_the_runner_kills_the_process() {
    bounded(async {
        let (claude, runner) = peer(&["--fault", "silent"]);
        let pid = claude.pid().unwrap();
        let turn = claude.prompt("hello").unwrap();
        let run = smol::spawn(runner);
        claude.ping(Duration::from_secs(30)).await.unwrap();
        drop(run);
        assert_eq!(turn.await.outcome, Outcome::Lost(Lost::Aborted));
        assert_eq!(claude.wait_for_exit().await.why, CloseReason::Aborted);
        // A killed process goes at once, but not within the call; nothing tells when.
        while runs(pid) {
            smol::Timer::after(Duration::from_millis(5)).await;
        }
    });
}

/// Whether the process runs; one that was killed and not yet collected does not.
fn runs(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().and_then(|fields| fields.split_whitespace().next()).is_some_and(|state| state != "Z")
}

#[test]
fn a_child_that_dies_says_why_to_all_who_wait() {
    bounded(async {
        let (claude, runner) = peer(&["--fault", "exit=3"]);
        let turn = claude.prompt("hello").unwrap();
        let (closed, (first, second)) = zip(runner, zip(claude.wait_for_exit(), claude.wait_for_exit())).await;
        assert_eq!((closed.exit, &closed, &closed), (Some(Exit::Code(3)), &first, &second));
        assert!(!closed.stderr.is_empty());
        assert!(matches!(turn.await.outcome, Outcome::Lost(_)));
    });
}
