//! A test with children under a watchdog, and a look at what is left of them afterwards.

#[cfg(unix)]
use std::fs;
use std::panic::resume_unwind;
#[cfg(unix)]
use std::process::Command;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;

/// Long for a busy machine; each test takes a second or so.
const LIMIT: Duration = Duration::from_secs(60);

/// Those of the children that were started.
pub(crate) type Groups = Arc<Mutex<Vec<u32>>>;

/// Plays to the end, or until it takes too long: its children are then killed, and it has failed.
pub(crate) fn watched(play: impl FnOnce(Groups) + Send + 'static) -> Result<(), Failed> {
    let groups = Groups::default();
    let started = Arc::clone(&groups);
    let (done, end) = channel();
    let player = thread::spawn(move || {
        play(started);
        let _ = done.send(());
    });
    let end = end.recv_timeout(LIMIT);
    let groups = groups.lock().map(|groups| groups.clone()).unwrap_or_default();
    match end {
        Err(RecvTimeoutError::Timeout) => {
            groups.iter().for_each(|group| kill(*group));
            return Err("it hangs".into());
        }
        // It is over, by a panic perhaps.
        _ => player.join().unwrap_or_else(|panic| resume_unwind(panic)),
    }
    groups.into_iter().try_for_each(gone)
}

/// Waits until nothing of a group runs any more. A killed process goes at once, but not within the call; nothing tells when.
fn gone(group: u32) -> Result<(), Failed> {
    let started = Instant::now();
    while let Some(left) = running(group) {
        if started.elapsed() > LIMIT {
            kill(group);
            return Err(format!("left behind: {left:?}").into());
        }
        thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

/// The processes of a group that still run, as their `/proc` lines.
#[cfg(unix)]
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

/// Elsewhere nothing lists them: trials that leave something behind look for it themselves.
#[cfg(not(unix))]
fn running(_: u32) -> Option<Vec<String>> {
    None
}

#[cfg(unix)]
fn kill(group: u32) {
    let _ = Command::new("kill").args(["-9", "--", &format!("-{group}")]).status();
}

/// What hangs is ended with this program.
#[cfg(not(unix))]
fn kill(_: u32) {}
