//! The process: cases 153 to 157, and 168.

use std::time::Duration;

use claude_duplex::{Action, ChildCommand, CloseReason, Deadline, Exit};

use super::host::{Host, config, init, success};

/// A session that was closed, and whose stdin is.
fn closing() -> Host {
    let mut host = Host::new();
    host.close();
    assert!(host.closes_stdin());
    host
}

#[test]
fn case_153_a_child_that_exits_in_its_grace_period_gets_no_signal() {
    let mut host = closing();
    host.waits(Duration::from_secs(9));
    assert_eq!(host.orders(), []);
    let closed = host.exits(Exit::Code(0));
    assert_eq!((closed.reason, closed.exit), (CloseReason::Closed, Some(Exit::Code(0))));
    // What the child left in its group gets the one kill.
    assert_eq!(host.orders(), [ChildCommand::Kill]);
}

#[test]
fn case_154_after_the_grace_period_the_child_is_terminated_then_killed() {
    let mut host = closing();
    assert_eq!(host.times_out(), Some(Deadline::Shutdown));
    assert_eq!(host.orders(), [ChildCommand::Terminate]);
    let mut obedient = Host { protocol: host.protocol.clone(), now: host.now };
    assert_eq!(obedient.exits(Exit::Signal(15)).exit, Some(Exit::Signal(15)));

    assert_eq!(host.times_out(), Some(Deadline::Shutdown));
    assert_eq!(host.orders(), [ChildCommand::Kill]);
    assert_eq!(host.exits(Exit::Signal(9)).exit, Some(Exit::Signal(9)));
}

#[test]
fn case_155_a_child_that_has_exited_is_not_waited_for_and_gets_no_signal() {
    let mut alone = config();
    alone.kill_group = false;
    let mut host = Host::with(alone);
    host.prompt("go");
    host.receive_line(init());
    host.receive_line(success());
    assert_eq!(host.exits(Exit::Code(0)).reason, CloseReason::Exited);
    host.close();
    // Its stdin is closed on our side too: the pipe is ours to close.
    assert_eq!(host.orders(), [ChildCommand::CloseStdin]);
    assert_eq!(host.protocol.poll_timeout(), None);
}

/// Dropping the future of a close, and then the driver, leaves no child behind.
#[cfg(all(feature = "smol", target_os = "linux"))]
#[test]
fn case_156_an_abandoned_close_still_ends_the_child() {
    use claude_duplex::{Config, Options, Seed};
    use rustix::process::{Pid, PidfdFlags, pidfd_open};

    let seed = Seed::from_bytes([3; 16]);
    smol::block_on(async {
        // A child that ignores the end of its stdin, and the request to end.
        let options = Options::new().program("/bin/sh").global_arg("-c").global_arg("trap '' TERM; sleep 1000");
        let mut claude = claude_duplex::driver::smol::spawn(&options, Config::new(seed)).expect("a shell");
        let child = Pid::from_raw(i32::try_from(claude.transport().id()).unwrap()).expect("a process");
        let exited = smol::Async::new(pidfd_open(child, PidfdFlags::empty()).expect("it runs")).expect("a reactor");
        let given_up = smol::future::or(async { claude.finish().await.is_some() }, async {
            smol::future::yield_now().await;
            false
        });
        assert!(!given_up.await);
        drop(claude);
        exited.readable().await.expect("it was ended");
    });
}

/// Lines are the host's to make; the session keeps the end of it, whatever the reads.
#[test]
fn case_157_stderr_is_joined_across_reads_and_keeps_its_incomplete_end() {
    let mut limited = config();
    limited.limits.stderr_tail = 20;
    let mut host = Host::with(limited);
    for read in ["line one, which is too long\nline tw", "o\nunfin", "ished"] {
        host.protocol.stderr(host.now, read.as_bytes());
    }
    let closed = host.exits(Exit::Code(1));
    assert!(closed.stderr.ends_with("line two\nunfinished"), "{:?}", closed.stderr);
    assert!(closed.stderr.len() <= 20);
}

/// `init` comes with every turn; that the CLI is of an old version is told once.
#[test]
fn case_168_the_version_is_reported_once_although_every_turn_repeats_it() {
    let mut host = Host::new();
    let mut reported = Vec::new();
    for _ in 0..3 {
        host.prompt("go");
        let old = init().replace("2.1.329", "1.0.128");
        reported.extend(host.receive_line(&old).into_iter().filter_map(|action| match action {
            Action::Session(session) => session.version,
            _ => None,
        }));
        host.receive_line(success());
    }
    assert_eq!(reported.iter().map(|version| &**version).collect::<Vec<_>>(), ["1.0.128"]);
}
