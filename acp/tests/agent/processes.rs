//! Facts about processes, from `/proc`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Returns the children of a process, whichever of its threads started them.
pub(crate) fn children(process: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten();
    let children = threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("children")).ok());
    children.flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>()).collect()
}

/// Returns whether a process runs: a zombie does not.
pub(crate) fn is_running(process: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

pub(crate) fn wait_for_the_end_of(processes: &[u32]) {
    let end = Instant::now() + Duration::from_secs(30);
    while processes.iter().any(|process| is_running(*process)) {
        assert!(Instant::now() < end, "still there: {processes:?}");
        thread::sleep(Duration::from_millis(5));
    }
}

pub(crate) fn kill(process: u32, signal: Signal) {
    let process = Pid::from_raw(i32::try_from(process).expect("an id")).expect("an id");
    kill_process(process, signal).expect("it can be killed");
}

/// Returns the parent of a process.
pub(crate) fn parent(process: u32) -> u32 {
    field(process, 1).parse().expect("an id")
}

/// Returns a number of `/proc/PROCESS/status`, in KiB.
pub(crate) fn status(process: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("the name is there");
    line.trim_matches([':', '\t', ' ']).split(' ').next().and_then(|number| number.parse().ok()).expect("a number")
}

/// Returns the number of bytes that a process has read.
pub(crate) fn bytes_read(process: u32) -> u64 {
    let io = fs::read_to_string(format!("/proc/{process}/io")).expect("the process runs");
    let read = io.lines().find_map(|line| line.strip_prefix("rchar: ")).and_then(|number| number.parse().ok());
    read.expect("a number")
}

/// Waits until all threads of a process and of its children sleep, and these other threads, which are folders in `/proc`. From then
/// on nothing happens before something else wakes them, at whatever pace: a thread that waits for a processor does not sleep.
pub(crate) fn wait_until_asleep(process: u32, others: &[PathBuf]) {
    let end = Instant::now() + Duration::from_secs(120);
    let (mut last, mut equal) = (None, 0);
    // Threads that sleep when they are looked at may have woken each other in between.
    while equal < 3 {
        assert!(Instant::now() < end, "the threads do not sleep");
        thread::sleep(Duration::from_millis(5));
        let now = asleep(process, others);
        equal = if now.is_some() && now == last { equal + 1 } else { 0 };
        last = now;
    }
}

/// Returns the number of times that each thread has left its processor. `None`: one does not sleep.
fn asleep(process: u32, others: &[PathBuf]) -> Option<BTreeMap<PathBuf, Vec<String>>> {
    let threads = |process: u32| fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten();
    let processes = [vec![process], children(process)].concat();
    let threads = processes.into_iter().flat_map(threads).filter_map(|thread| Some(thread.ok()?.path()));
    let counts = threads.chain(others.iter().cloned()).map(|thread| {
        let status = fs::read_to_string(thread.join("status")).ok()?;
        let counts = status.lines().filter(|line| line.contains("ctxt_switches")).map(str::to_owned).collect();
        status.contains("State:\tS").then_some((thread, counts))
    });
    counts.collect()
}

/// Returns the folder of the thread that calls.
pub(crate) fn this_thread() -> PathBuf {
    PathBuf::from("/proc").join(fs::read_link("/proc/thread-self").expect("a thread"))
}

/// Returns a field of `/proc/PROCESS/stat` behind the name of the program, counted from 0.
fn field(process: u32, at: usize) -> String {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).expect("the process runs");
    let (_, fields) = stat.rsplit_once(") ").expect("a name");
    fields.split(' ').nth(at).expect("a field").to_owned()
}
