//! Sessions that outlive their hosts: a new host goes on from the journal where the former was killed.

mod handles;
mod keeper;
mod torn;

use std::cell::RefCell;
use std::fs;
use std::future::Future as _;
use std::path::PathBuf;
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;

use claude_duplex::journal::{JournalError, JournalFile, JournalFileError, RecordingError};
use claude_duplex::testing::{Script, Step, TestRuntime, ToolStep};
use claude_duplex::{
    Action, Config, Decision, Driver, IncomingKind, Journal, Outcome, Protocol, RefusedReason, ResumeError, Seed,
    SessionTime,
};
use keeper::{Attached, Keeper};

/// A directory that goes when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("claude-duplex-kept-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).expect("a new directory");
        Self(path)
    }

    fn journal(&self) -> PathBuf {
        self.0.join("session.journal")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn config() -> Config {
    Config::new(Seed::from_bytes([7; 16])).handle(IncomingKind::Permission)
}

fn script() -> Script {
    Script::default()
        .then([Step::from(ToolStep::bash("ls").requires_permission()), Step::text("three files")])
        .then([Step::text("because of that")])
        .then([Step::from(ToolStep::bash("rm x").requires_permission()), Step::text("done")])
}

/// Numbers by which hosts are killed: the same for each seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (self.0 >> 33) % end
    }
}

/// What all hosts of one session have handled and done.
struct Run {
    handled: Vec<Action>,
    hosts: u64,
    keeper: Rc<RefCell<Keeper>>,
}

impl Run {
    fn outcomes(&self) -> Vec<(u64, Outcome)> {
        let ends = self.handled.iter().filter_map(|action| match action {
            Action::PromptEnded { prompt, outcome, .. } => Some((prompt.number(), *outcome)),
            _ => None,
        });
        ends.collect()
    }
}

/// Has one host after another drive a session to its end. Each is killed after a few polls, in the middle of a write or of
/// a request, before or after it acknowledged what it had handled.
fn run(folder: &Folder, chance: &mut Chance, rotates_at: u64) -> Run {
    let runtime = TestRuntime::new();
    let keeper = Keeper::new(&runtime, script());
    let mut run = Run { handled: Vec::new(), hosts: 0, keeper: Rc::clone(&keeper) };
    loop {
        let mut driver = if run.hosts == 0 {
            let journal = JournalFile::create(folder.journal()).expect("a new file").rotate_at(rotates_at);
            let transport = Attached::new(&keeper, Default::default());
            let mut driver = Driver::new(config(), transport).record_required(journal);
            for text in ["first", "second", "third"] {
                driver.prompt(text).expect("there is room");
            }
            driver
        } else {
            let (journal, mut session) = JournalFile::open(folder.journal()).expect("the former host is gone");
            assert_eq!(journal.epoch(), run.hosts + 1);
            session.skip_actions(run.handled.len() as u64);
            let transport = Attached::new(&keeper, session.offsets());
            Driver::resume(session, transport).expect("it fits").record_required(journal.rotate_at(rotates_at))
        };
        run.hosts += 1;
        // A request that the former host was given, and that it did not answer.
        let open: Vec<_> = driver.protocol().open_incoming().map(|request| request.id()).collect();
        for id in open {
            let is_handled = |action: &Action| matches!(action, Action::IncomingRequest(request) if request.id() == id);
            if run.handled.iter().any(is_handled) {
                driver.respond(id, Decision::allow()).expect("it is open");
            }
        }
        let mut polls = if run.hosts == 60 { u64::MAX } else { 1 + chance.below(25) };
        while polls > 0 {
            let next = runtime.run(std::future::poll_fn(|cx| {
                polls -= 1;
                match pin!(driver.next()).poll(cx) {
                    Poll::Pending if polls == 0 => Poll::Ready(None),
                    other => other,
                }
            }));
            let Some(action) = next else { break };
            run.handled.push(action.clone());
            assert_eq!(driver.action_number(), run.handled.len() as u64, "each comes once, and none is skipped");
            if chance.below(4) == 0 {
                break;
            }
            driver.acknowledge(driver.action_number());
            match action {
                Action::IncomingRequest(request) => {
                    driver.respond(request.id(), Decision::allow()).expect("it is open")
                }
                Action::Idle => driver.close(),
                Action::Closed(_) => return run,
                _ => {}
            }
        }
        // A host that was told of the end, or of the last answer, has nothing to wait for.
        match run.handled.last() {
            Some(Action::Closed(_)) => return run,
            Some(Action::Idle) => {
                drop(driver);
                let (journal, mut session) = JournalFile::open(folder.journal()).expect("the former host is gone");
                session.skip_actions(run.handled.len() as u64);
                let transport = Attached::new(&keeper, session.offsets());
                let mut driver = Driver::resume(session, transport).expect("it fits").record_required(journal);
                driver.close();
                run.hosts += 1;
            }
            _ => {}
        }
    }
}

#[test]
fn a_host_killed_at_any_point_loses_and_repeats_nothing() {
    let (mut hosts, mut actions) = (0, 0);
    for seed in 0..200 {
        let folder = Folder::new();
        let run = run(&folder, &mut Chance(seed), u64::MAX);
        assert_eq!(run.outcomes(), [(1, Outcome::Success), (2, Outcome::Success), (3, Outcome::Success)], "{seed}");

        // The merged journal replays in one go to what the hosts had, and to what the CLI has read.
        let journal = Journal::read(&fs::read(folder.journal()).expect("the journal")).expect("it is whole");
        assert_eq!(journal.epoch, run.hosts);
        let (mut replayed, mut output) = (Vec::new(), Vec::new());
        for step in journal.replay() {
            replayed.extend(step.actions);
            output.extend(step.output);
        }
        assert_eq!(replayed, run.handled, "{seed}");
        assert_eq!(String::from_utf8_lossy(&output), String::from_utf8_lossy(&run.keeper.borrow().stdin), "{seed}");
        (hosts, actions) = (hosts + run.hosts, actions + run.handled.len());
    }
    println!("{hosts} hosts handled {actions} actions");
    assert!(hosts > 2000, "{hosts}");
}

#[test]
fn a_rewritten_journal_loses_and_repeats_nothing() {
    let undisturbed = {
        let folder = Folder::new();
        let run = run(&folder, &mut Chance(1), u64::MAX);
        (run.outcomes(), run.keeper.borrow().stdin.clone())
    };
    for seed in 0..50 {
        let folder = Folder::new();
        // A successor that a crash has left behind changes nothing.
        fs::write(folder.0.join("session.journal.new"), "{\"journal\":\"claude-duplex\",\"format\":2,")
            .expect("a file");
        let run = run(&folder, &mut Chance(seed), 2000);
        assert_eq!(run.outcomes(), undisturbed.0, "{seed}");
        assert_eq!(run.keeper.borrow().stdin, undisturbed.1, "{seed}");
        let bytes = fs::read(folder.journal()).expect("the journal");
        let header = bytes.split(|byte| *byte == b'\n').next().expect("a header");
        assert!(String::from_utf8_lossy(header).contains("\"snapshot\":{"), "it began anew");
    }
}

/// Returns a session with a prompt, whose journal begins anew whenever that is possible.
fn prompted(folder: &Folder, keeper: &Rc<RefCell<Keeper>>) -> Driver<Attached> {
    let journal = JournalFile::create(folder.journal()).expect("a new file").rotate_at(0);
    let transport = Attached::new(keeper, Default::default());
    let mut driver = Driver::new(config(), transport).record_required(journal);
    driver.prompt("first").expect("there is room");
    driver
}

#[test]
fn a_journal_has_one_writer() {
    let (folder, runtime) = (Folder::new(), TestRuntime::new());
    let keeper = Keeper::new(&runtime, script());
    let mut driver = prompted(&folder, &keeper);
    let open = || match JournalFile::open(folder.journal()) {
        Err(JournalFileError::Locked) => None,
        opened => Some(opened.expect("nothing but the lock is in the way")),
    };
    assert!(open().is_none());
    let action = runtime.run(driver.next());
    driver.acknowledge(driver.action_number());
    assert!(action.is_some() && open().is_none(), "also after it began anew");
    drop(driver);
    let (journal, session) = open().expect("nobody writes it");
    assert_eq!((journal.epoch(), session.action_number()), (2, 1));
    assert!(matches!(JournalFile::create(folder.journal()), Err(JournalFileError::Io(_))));
}

/// The journal cannot begin anew, because its directory is gone.
#[test]
fn a_session_stops_while_its_required_journal_cannot_be_written() {
    let (folder, runtime) = (Folder::new(), TestRuntime::new());
    let keeper = Keeper::new(&runtime, script());
    let mut driver = prompted(&folder, &keeper);
    assert!(runtime.run(driver.next()).is_some());
    let (written, acknowledged) = (keeper.borrow().stdin.len(), keeper.borrow().acknowledged);
    let kept = fs::read(folder.journal()).expect("the journal");
    fs::remove_dir_all(&folder.0).expect("it is gone");
    driver.acknowledge(driver.action_number());
    assert!(matches!(driver.recording_error(), Some(RecordingError::Failed(_))));
    let refused = driver.prompt("second").expect_err("it cannot be recorded");
    assert_eq!(refused.reason(), RefusedReason::Unrecorded);
    let left: Vec<Action> = std::iter::from_fn(|| runtime.run(driver.next())).collect();
    assert!(!left.iter().any(|action| matches!(action, Action::Closed(_))), "{left:?}");
    assert_eq!((keeper.borrow().stdin.len(), keeper.borrow().acknowledged), (written, acknowledged));
    drop(driver);

    // The directory is there again: the session goes on.
    fs::create_dir(&folder.0).expect("a directory");
    fs::write(folder.journal(), kept).expect("the journal");
    let (journal, session) = JournalFile::open(folder.journal()).expect("nobody writes it");
    let transport = Attached::new(&keeper, session.offsets());
    let mut driver = Driver::resume(session, transport).expect("it fits").record_required(journal);
    assert!(runtime.run(driver.next()).is_some());
    driver.prompt("second").expect("it is recorded");
}

#[test]
fn time_without_a_host_does_not_count_for_deadlines() {
    let runtime = TestRuntime::new();
    let keeper = Keeper::new(&runtime, Script::default());
    let mut protocol = Protocol::new(config(), SessionTime::ZERO);
    protocol.request(SessionTime::ZERO, claude_duplex::Request::new("mcp_status")).expect("there is room");
    let due = protocol.poll_timeout().expect("its response is due");
    runtime.run(runtime.sleep(std::time::Duration::from_secs(3600)));
    let restored = Protocol::restore(&protocol.snapshot()).expect("it is whole");
    let driver = Driver::resume(restored, Attached::new(&keeper, Default::default())).expect("it fits");
    assert_eq!(driver.protocol().poll_timeout(), Some(due));
    assert_eq!(driver.protocol().now(), SessionTime::ZERO);
}

#[test]
fn a_transport_at_another_offset_is_refused() {
    let runtime = TestRuntime::new();
    let keeper = Keeper::new(&runtime, Script::default());
    let resume = |taken: usize, sent: usize| {
        let mut protocol = Protocol::new(config(), SessionTime::ZERO);
        protocol.prompt(SessionTime::ZERO, "hello").expect("there is room");
        protocol.sent(SessionTime::ZERO, sent);
        keeper.borrow_mut().stdin = vec![b'x'; taken];
        Driver::resume(protocol, Attached::new(&keeper, Default::default())).map(drop)
    };
    assert!(resume(20, 10).is_ok());
    assert!(matches!(resume(5, 10), Err(ResumeError::StdinBehind { taken: 5, known: 10, .. })));
    assert!(matches!(resume(100_000, 10), Err(ResumeError::StdinAhead { taken: 100_000, .. })));
}

#[test]
fn a_plain_recording_and_other_files_have_different_errors() {
    let folder = Folder::new();
    fs::write(folder.journal(), "something else\n").expect("a file");
    let error = JournalFile::open(folder.journal()).map(drop).expect_err("it is none");
    assert!(matches!(error, JournalFileError::Journal(JournalError::NotAJournal)), "{error}");
}
