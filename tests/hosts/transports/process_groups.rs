//! Process groups: their numbers, and what has left them.

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use claude_duplex::{CloseReason, Exit};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use crate::stage::{Scenario, Stage, script};

pub(crate) const ALL: &[Scenario] = &[
    ("a_kill_after_the_exit_does_not_reach_a_reused_pid", a_kill_after_the_exit_does_not_reach_a_reused_pid),
    ("a_stdout_held_open_does_not_delay_the_end", a_stdout_held_open_does_not_delay_the_end),
];

/// A pipe with a name, which a script reads until it ends.
struct Fifo(PathBuf);

impl Fifo {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("claude-duplex-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        Self(path)
    }

    /// Holds it open for writing, once somebody reads it.
    fn hold(&self) -> JoinHandle<fs::File> {
        let path = self.0.clone();
        thread::spawn(move || fs::OpenOptions::new().write(true).open(path).unwrap())
    }
}

impl Drop for Fifo {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// The child is gone and was waited for, and its group got its kill. Its number is kept in use by a process that nobody has
/// waited for, and a stranger takes it: whatever the host does now, the stranger lives.
fn a_kill_after_the_exit_does_not_reach_a_reused_pid(stage: &Stage) {
    let hold = Fifo::new();
    let text = r#"setsid sh -c 'echo "{\"type\":\"system\"}"; cat <"$HOLD"' & read -r line; exit 0"#;
    let mut session = stage.launch(&script(text).env("HOLD", &hold.0), |config| {
        config.timeouts.shutdown.pipes = Duration::from_secs(60);
    });
    let holding = hold.hold();
    session.until_message();
    let group = i32::try_from(session.id()).unwrap();
    let mut member = Command::new("sleep").arg("1000").process_group(group).spawn().unwrap();
    session.prompt("hello");
    let mut holding = holding.join().unwrap();
    // What holds stdout repeats what it is given, so that there is something to drive the session by.
    while !is_dead(&member) {
        holding.write_all(b"{\"type\":\"system\"}\n").unwrap();
        session.until_message();
    }
    let stranger = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(group).spawn();
    let mut stranger = stranger.unwrap();
    session.abort();
    drop(holding);
    session.end();
    drop(session);
    stranger.stdin.take().unwrap().write_all(b"alive").unwrap();
    let output = stranger.wait_with_output().unwrap();
    assert!(output.status.success() && output.stdout == b"alive", "{output:?}");
    member.wait().unwrap();
}

/// Whether it has ended. It is not waited for, so that its number and its group's stay in use.
fn is_dead(child: &Child) -> bool {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    waitid(WaitId::Pid(pid), look).unwrap().is_some()
}

/// One that has left the group cannot be reached: the session ends without the end of stdout.
fn a_stdout_held_open_does_not_delay_the_end(stage: &Stage) {
    let hold = Fifo::new();
    // The child waits to be told, so that the other one has left its group by then.
    let text = r#"setsid sh -c 'echo "{\"type\":\"system\"}"; cat <"$HOLD"' & read -r line; exit 0"#;
    let mut session = stage.launch(&script(text).env("HOLD", &hold.0), |config| {
        config.timeouts.shutdown.pipes = Duration::from_millis(50);
    });
    let holding = hold.hold();
    session.until_message();
    session.prompt("hello");
    let end = session.end();
    assert_eq!((end.reason, end.exit, end.output_held), (CloseReason::Exited, Some(Exit::Code(0)), true));
    // Ends the other one.
    drop(holding.join().unwrap());
}
