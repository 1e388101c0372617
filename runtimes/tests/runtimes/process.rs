//! `ChildProcess`, which both transports start.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use claude_duplex::driver::{ChildPipes, ChildProcess};
use claude_duplex::{Config, Exit, IncomingKind, Options, Seed, SpawnError};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use crate::suite::Case;
use crate::watchdog::Groups;

pub(crate) const ALL: &[Case] = &[
    ("process::an_exit_is_seen_by_the_pidfd_and_returned_from_then_on", exit_is_seen_by_the_pidfd),
    ("process::a_child_that_runs_is_signaled", a_child_that_runs_is_signaled),
    ("process::a_child_that_is_dropped_is_killed_and_reaped", a_child_that_is_dropped_is_killed_and_reaped),
    ("process::settings_that_the_options_do_not_serve_start_nothing", settings_start_nothing),
];

fn config() -> Config {
    Config::new(Seed::random())
}

fn script(text: &str, groups: &Groups) -> (ChildProcess, ChildPipes) {
    let options = Options::new().program("sh").global_arg("-c").global_arg(text);
    let (child, pipes) = ChildProcess::spawn(&options, &config()).expect("it starts");
    groups.lock().unwrap().push(child.id());
    (child, pipes)
}

/// Waits for the exit.
fn wait(exit: &impl AsFd) {
    while poll(&mut [PollFd::new(exit, PollFlags::IN)], None) == Err(Errno::INTR) {}
}

fn exit_is_seen_by_the_pidfd(groups: Groups) {
    let (mut child, _pipes) = script("exit 3", &groups);
    wait(&child.pidfd().unwrap());
    assert_eq!(child.try_wait(), Some(Exit::Code(3)));
    assert_eq!(child.try_wait(), Some(Exit::Code(3)));
    assert_eq!(child.pidfd().unwrap_err().kind(), io::ErrorKind::InvalidInput);
}

fn a_child_that_runs_is_signaled(groups: Groups) {
    for (signal, number) in [(ChildProcess::terminate as fn(&mut ChildProcess), 15), (ChildProcess::kill, 9)] {
        let (mut child, _pipes) = script("exec sleep 1000", &groups);
        assert_eq!(child.try_wait(), None);
        let exit = child.pidfd().unwrap();
        signal(&mut child);
        wait(&exit);
        assert_eq!(child.try_wait(), Some(Exit::Signal(number)));
    }
}

fn a_child_that_is_dropped_is_killed_and_reaped(groups: Groups) {
    let (child, _pipes) = script("exec sleep 1000", &groups);
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    drop(child);
    let dropped = Instant::now();
    // It waits for the death, and leaves the process to be reaped; nothing tells when that is done.
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while !matches!(waitid(WaitId::Pid(pid), look), Err(Errno::CHILD)) {
        assert!(dropped.elapsed() < Duration::from_secs(60), "it is a zombie");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn settings_start_nothing(_: Groups) {
    let refused = ChildProcess::spawn(&Options::new().program("sh"), &config().handle(IncomingKind::Permission));
    assert!(matches!(refused, Err(SpawnError::Settings(_))), "{refused:?}");
}
