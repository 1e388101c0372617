//! The processes of this process namespace, as `/proc` shows them.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::session::LIMIT;

/// Pause between two looks: nothing reports the end of a process that is not a child.
const PAUSE: Duration = Duration::from_millis(10);

#[derive(Debug, Clone)]
pub(crate) struct Process {
    pub(crate) id: i32,
    pub(crate) parent: i32,
    pub(crate) name: String,
}

impl Process {
    pub(crate) fn kill(&self) {
        // It may have ended by itself.
        let _ =
            kill_process(Pid::from_raw(self.id).expect("an id is not 0"), Signal::KILL);
    }
}

/// Processes that are not zombies, with their arguments.
fn all() -> Vec<(Process, String)> {
    let processes = fs::read_dir("/proc").expect("there is a /proc").flatten();
    let of = |entry: fs::DirEntry| {
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        let (head, tail) = stat.rsplit_once(')')?;
        let (id, name) = head.split_once(" (")?;
        let mut fields = tail.split_whitespace();
        let (state, parent) = (fields.next()?, fields.next()?.parse().ok()?);
        let arguments = fs::read(entry.path().join("cmdline")).ok()?;
        let process = Process { id: id.parse().ok()?, parent, name: name.to_owned() };
        (state != "Z")
            .then(|| (process, String::from_utf8_lossy(&arguments).into_owned()))
    };
    processes.filter_map(of).collect()
}

/// The mock CLI that was started with this argument.
pub(crate) fn cli(mark: &str) -> Option<Process> {
    all()
        .into_iter()
        .find(|(process, arguments)| process.name == "peer" && arguments.contains(mark))
        .map(|(cli, _)| cli)
}

/// The nearest ancestor of this name.
pub(crate) fn ancestor(of: &Process, name: &str) -> Option<Process> {
    let all = all();
    let mut at = of.clone();
    loop {
        at = all.iter().find(|(process, _)| process.id == at.parent)?.0.clone();
        if at.name.starts_with(name) {
            return Some(at);
        }
    }
}

/// Waits until the mock CLI with this argument has ended.
pub(crate) fn gone(mark: &str) -> Result<(), String> {
    let started = Instant::now();
    while let Some(left) = cli(mark) {
        if started.elapsed() > LIMIT {
            left.kill();
            return Err(format!("left behind: {left:?}"));
        }
        sleep(PAUSE);
    }
    Ok(())
}
