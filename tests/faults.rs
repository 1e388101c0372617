//! The scripted peer as a real child, with each of its faults: nothing hangs, nothing is left behind, and everything is
//! settled with its cause.

use std::fs;
use std::future::Future;
use std::time::{Duration, Instant};

use async_io::{Timer, block_on};
use claude_duplex::smol::{Smol, spawn};
use claude_duplex::{
    Action, AnswerError, AskKinds, CloseReason, Closed, Config, Decision, Driver, Exit, Lost, Options, Outcome, Prompt,
    Request, RequestError, Seed, WhyRejected,
};
use futures_lite::FutureExt;

/// Long for a busy machine; each takes a second or so.
const LIMIT: Duration = Duration::from_secs(60);

const MIB: usize = 1024 * 1024;

/// A session with the peer, and every action that it gave.
struct Session {
    claude: Driver<Smol>,
    actions: Vec<Action>,
}

impl Session {
    fn start(faults: &[&str], configure: impl FnOnce(&mut Config)) -> Self {
        let this = std::env::current_exe().expect("a test has a path");
        let peer = this.ancestors().nth(2).expect("target/PROFILE/deps/TEST").join("examples/peer");
        assert!(peer.exists(), "{} is not built: run the whole `cargo test --all-features`", peer.display());
        let options = Options::new().program(peer).include_partial_messages().host_permission_prompts();
        let options = faults.iter().fold(options, |options, fault| options.arg("--fault").arg(fault));
        let mut config = Config::new(Seed::random());
        config.owned = AskKinds::ALL;
        let graces = &mut config.timeouts.shutdown;
        graces.turn = Duration::from_millis(1500);
        (graces.exit, graces.terminate, graces.pipes) =
            (Duration::from_millis(800), Duration::from_millis(400), Duration::from_millis(800));
        configure(&mut config);
        let claude = spawn(&options, config).expect("the peer starts");
        Self { claude, actions: Vec::new() }
    }

    async fn until(&mut self, what: &str, wanted: impl Fn(&Action) -> bool) {
        while let Some(action) = self.claude.next().await {
            self.actions.push(action);
            if self.actions.last().is_some_and(&wanted) {
                return;
            }
        }
        panic!("the session ended before {what}: {:?}", self.actions);
    }

    /// Drives it to its end; nothing of its process group is left then.
    async fn end(&mut self) -> Closed {
        self.until("its end", |action| matches!(action, Action::Closed(_))).await;
        assert!(self.claude.next().await.is_none());
        let group = self.claude.transport().id();
        while let Some(left) = running(group) {
            // A killed process goes at once, but not within the call; nothing tells when.
            Timer::after(Duration::from_millis(5)).await;
            assert!(!left.is_empty());
        }
        match self.actions.last() {
            Some(Action::Closed(closed)) => closed.clone(),
            other => panic!("{other:?} is not the end"),
        }
    }

    fn outcomes(&self) -> Vec<Outcome> {
        let outcome = |action: &Action| match action {
            Action::PromptEnded { outcome, .. } => Some(*outcome),
            _ => None,
        };
        self.actions.iter().filter_map(outcome).collect()
    }

    fn rejected(&self, wanted: WhyRejected) -> bool {
        self.actions.iter().any(|action| matches!(action, Action::Rejected(rejected) if rejected.why == wanted))
    }
}

/// The processes of a group that still run, as their `/proc` lines.
fn running(group: u32) -> Option<Vec<String>> {
    let stat = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("stat")).ok();
    let of_group = |stat: &String| {
        // After the name, which may hold anything: state, parent, group.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        fields.get(2) == Some(&group.to_string().as_str()) && fields.first() != Some(&"Z")
    };
    let processes = fs::read_dir("/proc").expect("a Linux system").flatten();
    let left: Vec<String> = processes.filter_map(stat).filter(of_group).collect();
    (!left.is_empty()).then_some(left)
}

fn bounded(test: impl Future<Output = ()>) {
    let late = async {
        Timer::after(LIMIT).await;
        panic!("it hangs");
    };
    block_on(test.or(late));
}

fn ended(action: &Action) -> bool {
    matches!(action, Action::PromptEnded { .. })
}

#[test]
fn death_in_mid_turn_loses_the_prompts() {
    bounded(async {
        let mut session = Session::start(&["die=7"], |_| ());
        session.claude.prompt("one").unwrap();
        session.claude.prompt("two").unwrap();
        let closed = session.end().await;
        assert_eq!((closed.why, closed.exit), (CloseReason::Exited, Some(Exit::Code(7))));
        assert!(matches!(session.outcomes()[..], [Outcome::Lost(_), Outcome::Lost(_)]), "{:?}", session.outcomes());
    });
}

#[test]
fn a_flood_arrives_whole_though_the_host_is_slow() {
    bounded(async {
        let mut session = Session::start(&["flood=20000"], |config| config.limits.unread = 64 * 1024);
        session.claude.prompt("go").unwrap();
        session.until("the first message", |action| matches!(action, Action::Message { .. })).await;
        let pause = Instant::now();
        Timer::after(Duration::from_millis(100)).await;
        assert!(pause.elapsed() >= Duration::from_millis(100));
        session.until("the end", ended).await;
        let messages = session.actions.iter().filter(|action| matches!(action, Action::Message { .. })).count();
        assert!(messages > 20_000, "{messages}");
        session.claude.close();
        assert_eq!(session.end().await.exit, Some(Exit::Code(0)));
    });
}

#[test]
fn a_line_beyond_the_limit_is_dropped_and_the_session_goes_on() {
    bounded(async {
        let mut session = Session::start(&["long-line=3000000"], |config| config.limits.line = 2 * MIB);
        session.claude.prompt("go").unwrap();
        session.until("the end", ended).await;
        assert!(session.rejected(WhyRejected::TooLong));
        assert_eq!(session.outcomes(), [Outcome::Success]);
        session.claude.close();
        session.end().await;
    });
}

#[test]
fn an_echo_of_20_mib_is_a_message() {
    bounded(async {
        let mut session = Session::start(&["long-echo=20971520"], |_| ());
        session.claude.prompt("go").unwrap();
        session.until("the end", ended).await;
        let long =
            |action: &Action| matches!(action, Action::Message { message, .. } if message.as_bytes().len() >= 20 * MIB);
        assert!(session.actions.iter().any(long));
        assert_eq!(session.outcomes(), [Outcome::Success]);
        session.claude.close();
        session.end().await;
    });
}

#[test]
fn a_child_that_ignores_every_request_is_killed() {
    bounded(async {
        let mut session = Session::start(&["ignore-terminate", "silent"], |_| ());
        session.claude.prompt("go").unwrap();
        session.until("it is ready", |action| matches!(action, Action::Message { .. })).await;
        session.claude.close();
        let closed = session.end().await;
        assert_eq!((closed.why, closed.exit), (CloseReason::Closed, Some(Exit::Signal(9))));
        assert_eq!(session.outcomes(), [Outcome::Lost(Lost::Eof)]);
    });
}

#[test]
fn a_grandchild_that_holds_the_output_is_not_waited_for_and_is_ended() {
    bounded(async {
        let mut session = Session::start(&["grandchild"], |_| ());
        session.claude.prompt("go").unwrap();
        session.until("the end", ended).await;
        assert_eq!(session.outcomes(), [Outcome::Success]);
        session.claude.close();
        assert_eq!(session.end().await.exit, Some(Exit::Code(0)));
    });
}

#[test]
fn an_initialize_without_reply_is_given_up_and_prompts_go_on() {
    bounded(async {
        let quick = |config: &mut Config| config.timeouts.initialize = Some(Duration::from_millis(300));
        let mut session = Session::start(&["no-initialize"], quick);
        session.claude.request(Request::initialize()).unwrap();
        let timed_out = |action: &Action| matches!(action, Action::Replied { reply: Err(RequestError::TimedOut), .. });
        session.until("its deadline", timed_out).await;
        session.claude.prompt("go").unwrap();
        session.until("the end", ended).await;
        assert_eq!(session.outcomes(), [Outcome::Success]);
        session.claude.close();
        session.end().await;
    });
}

#[test]
fn a_withdrawn_ask_takes_no_answer() {
    bounded(async {
        let mut session = Session::start(&["withdraw=100"], |_| ());
        session.claude.prompt("run: ls").unwrap();
        session.until("the withdrawal", |action| matches!(action, Action::Withdrawn { .. })).await;
        let asked = session.actions.iter().find_map(|action| match action {
            Action::Asked(ask) => Some(ask.id()),
            _ => None,
        });
        let late = session.claude.answer(asked.expect("it was asked"), Decision::allow());
        assert_eq!(late, Err(AnswerError::Stale));
        session.until("the end", ended).await;
        session.claude.close();
        session.end().await;
    });
}

#[test]
fn a_repeated_ask_is_asked_once() {
    bounded(async {
        let mut session = Session::start(&["repeat-ask"], |_| ());
        session.claude.prompt("run: ls").unwrap();
        session.until("the ask", |action| matches!(action, Action::Asked(_))).await;
        session.until("its repetition", |action| matches!(action, Action::Rejected(_))).await;
        assert!(session.rejected(WhyRejected::DuplicateAsk));
        let Some(Action::Asked(ask)) = session.actions.iter().find(|action| matches!(action, Action::Asked(_))) else {
            unreachable!("it was asked");
        };
        let ask = ask.id();
        session.claude.answer(ask, Decision::allow()).unwrap();
        session.until("the end", ended).await;
        assert_eq!(session.outcomes(), [Outcome::Success]);
        session.claude.close();
        session.end().await;
    });
}

#[test]
fn a_last_line_that_is_cut_is_rejected() {
    bounded(async {
        let mut session = Session::start(&["partial-line"], |_| ());
        session.claude.prompt("go").unwrap();
        session.until("the end", ended).await;
        session.claude.close();
        session.end().await;
        assert!(session.rejected(WhyRejected::CutOff), "{:?}", session.actions);
    });
}

#[test]
fn a_child_that_closes_its_input_still_answers() {
    bounded(async {
        let mut session = Session::start(&["close-stdin"], |_| ());
        session.claude.request(Request::initialize()).unwrap();
        session.claude.prompt("go").unwrap();
        session.until("the end", ended).await;
        // Now nobody reads any more: this can be written to no one, and everything is still settled.
        let _ = session.claude.prompt("more");
        session.end().await;
        assert_eq!(session.outcomes()[0], Outcome::Success);
    });
}

#[test]
fn a_child_that_stops_reading_holds_up_no_end() {
    bounded(async {
        let mut session = Session::start(&["stop-reading"], |config| config.limits.unsent = 64 * MIB);
        session.claude.prompt("go").unwrap();
        session.until("the first end", ended).await;
        let huge = "x".repeat(20 * MIB);
        session.claude.prompt(Prompt::text(&huge)).unwrap();
        session.claude.close();
        let closed = session.end().await;
        assert!(closed.cut_input, "{closed:?}");
        assert!(matches!(session.outcomes()[..], [Outcome::Success, Outcome::Lost(_) | Outcome::Cancelled]));
    });
}

#[test]
fn the_end_of_a_mebibyte_of_stderr_is_kept() {
    bounded(async {
        let mut session = Session::start(&["stderr=1048576"], |_| ());
        session.claude.prompt("go").unwrap();
        session.until("the end", ended).await;
        assert_eq!(session.outcomes(), [Outcome::Success]);
        session.claude.close();
        assert_eq!(session.end().await.stderr.len(), 16 * 1024);
    });
}

#[test]
fn an_exit_at_the_start_is_told_with_its_message() {
    bounded(async {
        let mut session = Session::start(&["exit=3"], |_| ());
        let _ = session.claude.prompt("go");
        let closed = session.end().await;
        assert_eq!((closed.why, closed.exit), (CloseReason::Exited, Some(Exit::Code(3))));
        assert!(closed.stderr.contains("the script says so"), "{closed:?}");
    });
}
