//! How sessions end: by release, by `stop`, by the policy, by a signal to the keeper.

use std::fs;
use std::time::Duration;

use claude_duplex_keeper::frame::{Exit, Signal, ToKeeper};

use super::support::{HostEvent, Process, Session, Trials, policy, run};

pub(crate) fn trials() -> Trials {
    vec![
        ("a_released_session_leaves_nothing", true, a_released_session_leaves_nothing),
        ("a_running_cli_is_not_released", true, a_running_cli_is_not_released),
        ("without_a_host_the_cli_ends_after_the_time", true, without_a_host_the_cli_ends_after_the_time),
        ("a_host_stops_the_clock", true, a_host_stops_the_clock),
        ("an_idle_cli_ends_and_a_busy_one_does_not", true, an_idle_cli_ends_and_a_busy_one_does_not),
        ("a_cli_that_ignores_everything_is_killed_with_its_tools", true, a_cli_that_ignores_everything_is_killed),
        ("output_of_an_exited_cli_is_kept_for_a_host", true, output_of_an_exited_cli_is_kept_for_a_host),
        ("stop_ends_a_session_and_notifies_its_host", true, stop_ends_a_session_and_notifies_its_host),
        ("a_signal_to_the_keeper_ends_the_session_in_order", true, a_signal_to_the_keeper_ends_the_session),
        ("a_program_that_cannot_start_leaves_nothing", true, a_program_that_cannot_start_leaves_nothing),
        ("the_list_names_every_session", true, the_list_names_every_session),
    ]
}

const QUICK: Duration = Duration::from_millis(200);

fn a_released_session_leaves_nothing() {
    let session = Session::start("read x; exit 3");
    let mut host = session.control();
    let keeper = session.keeper(host.welcome.cli);
    host.send(&ToKeeper::StdinEnd { offset: 0 });
    assert_eq!(host.until_over(), Exit::Code(3));
    host.send(&ToKeeper::Release);
    host.until(|event| *event == HostEvent::Closed);
    session.wait_gone(&keeper);
}

fn a_running_cli_is_not_released() {
    let session = Session::start("exec sleep 600");
    let mut host = session.control();
    host.send(&ToKeeper::Release);
    let HostEvent::Refused(refusal) = host.until(|event| matches!(event, HostEvent::Refused(_))) else {
        unreachable!()
    };
    assert!(refusal.to_string().contains("the CLI is still running and cannot be released"), "{refusal}");
}

fn without_a_host_the_cli_ends_after_the_time() {
    let session = Session::start_with("while read x; do :; done; exec sleep 600", |launch| {
        launch.policy(policy(|policy| {
            policy.without_host = Some(Duration::from_secs(2));
            (policy.close_grace, policy.terminate_grace) = (QUICK, QUICK);
        }))
    });
    let host = session.control();
    let (keeper, cli) = (session.keeper(host.welcome.cli), Process::new(host.welcome.cli));
    let begun = std::time::Instant::now();
    drop(host);
    cli.wait();
    assert!(begun.elapsed() >= Duration::from_secs(2), "{:?}", begun.elapsed());
    session.wait_gone(&keeper);
}

fn a_host_stops_the_clock() {
    let session = Session::start_with("echo ready; read x; echo late; read x", |launch| {
        launch.policy(policy(|policy| policy.without_host = Some(Duration::from_secs(2))))
    });
    let mut host = session.control();
    // The time passes while a host is there, which is the event.
    let begun = std::time::Instant::now();
    while begun.elapsed() < Duration::from_millis(2500) {
        std::thread::park_timeout(Duration::from_millis(2600).saturating_sub(begun.elapsed()));
    }
    host.write(0, b"x\n");
    host.until_stdout(|stdout| stdout == b"ready\nlate\n");
}

fn an_idle_cli_ends_and_a_busy_one_does_not() {
    let idle = |launch: claude_duplex_keeper::Launch| {
        launch.policy(policy(|policy| {
            policy.without_host = None;
            policy.idle = Some(Duration::from_secs(3));
        }))
    };
    // It writes for two seconds, then no more.
    let begun = std::time::Instant::now();
    let session =
        Session::start_with("i=0; while [ $i -lt 20 ]; do echo $i; i=$((i+1)); sleep 0.1; done; read x", idle);
    let cli = Process::new(session.control().welcome.cli);
    let keeper = session.keeper(cli.pid);
    cli.wait();
    assert!(begun.elapsed() >= Duration::from_secs(4), "{:?}", begun.elapsed());
    session.wait_gone(&keeper);
}

fn a_cli_that_ignores_everything_is_killed() {
    let session = Session::start_with("trap '' TERM; sleep 600 & echo $!; while :; do sleep 1; done", |launch| {
        launch.policy(policy(|policy| {
            policy.without_host = Some(Duration::from_secs(1));
            (policy.close_grace, policy.terminate_grace) = (QUICK, QUICK);
        }))
    });
    let mut host = session.control();
    host.until_stdout(|stdout| stdout.ends_with(b"\n"));
    let (tool, cli) = (Process::new(host.text().trim().parse().unwrap()), Process::new(host.welcome.cli));
    let keeper = session.keeper(cli.pid);
    drop(host);
    cli.wait();
    tool.wait();
    session.wait_gone(&keeper);
}

fn output_of_an_exited_cli_is_kept_for_a_host() {
    let session = Session::start("echo last words; echo and more >&2; exit 5");
    let mut first = session.control();
    first.until_over();
    drop(first);
    let mut host = session.control();
    assert_eq!(host.welcome.exit, Some(Exit::Code(5)));
    host.until_over();
    assert_eq!((host.text(), &*host.stderr), ("last words\n".to_owned(), &b"and more\n"[..]));
}

fn stop_ends_a_session_and_notifies_its_host() {
    let session = Session::start("while read x; do :; done; echo over");
    let mut host = session.control();
    let keeper = session.keeper(host.welcome.cli);
    let output = run(&["stop", "--dir", session.folder.0.to_str().unwrap(), "it"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // The CLI had the end of its stdin, and no signal.
    assert!(matches!(
        host.until(|event| matches!(event, HostEvent::Replaced { .. })),
        HostEvent::Replaced { epoch: 2, .. }
    ));
    session.wait_gone(&keeper);
    let output = run(&["stop", "--dir", session.folder.0.to_str().unwrap(), "it"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("no session it"), "{output:?}");
}

fn a_signal_to_the_keeper_ends_the_session() {
    let session = Session::start("while read x; do :; done; echo over");
    let mut host = session.control();
    let keeper = session.keeper(host.welcome.cli);
    keeper.terminate();
    assert_eq!((host.until_over(), &*host.stdout), (Exit::Code(0), &b"over\n"[..]));
    session.wait_gone(&keeper);
}

fn a_program_that_cannot_start_leaves_nothing() {
    let folder = super::support::Folder::new();
    let directory = folder.0.to_str().unwrap();
    for program in ["/nonexistent/program", "/etc/passwd", "no-such-program-anywhere"] {
        let output = run(&["run", "--dir", directory, "--", program]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && error.contains(program), "{error}");
    }
    assert_eq!(fs::read_dir(directory).unwrap().count(), 0);
}

fn the_list_names_every_session() {
    let session = Session::start("echo hello; read x; exit 4");
    let mut host = session.control();
    host.until_stdout(|stdout| stdout == b"hello\n");
    let list = || String::from_utf8(run(&["list", "--dir", session.folder.0.to_str().unwrap()]).stdout).unwrap();
    assert_eq!(list(), format!("it\trunning\tpid {}\t6 bytes\thost\n", host.welcome.cli));
    host.send(&ToKeeper::Signal(Signal::Kill));
    host.until(|event| matches!(event, HostEvent::Exit(_)));
    assert!(list().contains("exited (signal 9)"), "{}", list());
    assert_eq!(run(&["list", "--dir", "/nonexistent/directory"]).stdout, b"");
}
