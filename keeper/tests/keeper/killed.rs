//! A keeper that is killed: its CLI goes with it, and each command reports that.

use claude_duplex_keeper::{Attach, Place};

use super::support::{Process, Session, Trials, run, until};

pub(crate) fn trials() -> Trials {
    vec![
        ("the_cli_dies_with_its_keeper", cfg!(target_os = "linux"), the_cli_dies_with_its_keeper),
        ("a_host_that_is_killed_leaves_all_running", true, a_host_that_is_killed_leaves_all_running),
    ]
}

fn the_cli_dies_with_its_keeper() {
    let session = Session::start("trap '' TERM HUP INT; echo hello; while :; do sleep 1; done");
    let mut host = session.control();
    host.until_stdout(|stdout| stdout == b"hello\n");
    let cli = Process::new(host.welcome.cli);
    let keeper = session.keeper(cli.pid);
    // Nobody acknowledges, so it is written to a file. What the keeper has kept there stays.
    let kept = || std::fs::read(session.path().join("out.0")).is_ok_and(|kept| kept == b"hello\n");
    until(kept);
    keeper.kill();
    cli.wait();
    keeper.wait();
    assert!(kept());
    // Every command reports what has happened.
    let error = session.attach(&Attach::controller()).unwrap_err();
    assert!(error.to_string().contains("was killed together with its CLI"), "{error}");
    let directory = session.folder.0.to_str().unwrap();
    let list = String::from_utf8(run(&["list", "--dir", directory]).stdout).unwrap();
    assert!(list.contains("it\tabandoned"), "{list}");
    assert!(run(&["stop", "--dir", directory, "it"]).status.success());
    assert!(Place::new(directory).sessions().unwrap().is_empty());
    assert!(!session.path().exists());
}

fn a_host_that_is_killed_leaves_all_running() {
    // The host is a shell in a group of its own, which starts the session and is killed with all its group.
    use std::os::unix::process::CommandExt;
    let folder = super::support::Folder::new();
    let script = format!(
        "{} run --dir {} --id it -- sh -c 'echo hello; read x; echo $x'; exec sleep 600",
        super::support::KEEPER,
        folder.0.display()
    );
    let mut host = std::process::Command::new("sh");
    host.arg("-c").arg(script).process_group(0).stdout(std::process::Stdio::piped());
    let mut host = host.spawn().unwrap();
    let mut id = [0; 3];
    std::io::Read::read_exact(host.stdout.as_mut().unwrap(), &mut id).unwrap();
    let group = rustix::process::Pid::from_child(&host);
    rustix::process::kill_process_group(group, rustix::process::Signal::KILL).unwrap();
    host.wait().unwrap();
    let session = claude_duplex_keeper::SessionId::parse("it").unwrap();
    let attached = Attach::controller().connect(&folder.place(), &session).unwrap();
    let mut host = super::support::Host::new(attached);
    host.write(0, b"still here\n");
    host.until_stdout(|stdout| stdout == b"hello\nstill here\n");
    assert!(run(&["stop", "--dir", folder.0.to_str().unwrap(), "it"]).status.success());
}
