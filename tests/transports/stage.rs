//! Where a scenario plays: on one runner, under a watchdog, and with a look at what is left afterwards.

use std::fs;
use std::panic::resume_unwind;
use std::process::Command;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use claude_duplex::{AskKinds, Config, Options, Seed, SpawnError};
use libtest_mimic::Failed;

use crate::runner::Runner;
use crate::session::Session;

/// Long for a busy machine; each scenario takes a second or so.
const LIMIT: Duration = Duration::from_secs(60);

pub(crate) type Scenario = (&'static str, fn(&Stage));

pub(crate) struct Stage {
    runner: &'static Runner,
    /// Those of the children that were started.
    groups: Arc<Mutex<Vec<u32>>>,
}

impl Stage {
    /// Plays to the end, or until it takes too long: its children are then killed, and it has failed.
    pub(crate) fn run(runner: &'static Runner, play: fn(&Stage)) -> Result<(), Failed> {
        let groups = Arc::<Mutex<Vec<u32>>>::default();
        let stage = Self { runner, groups: Arc::clone(&groups) };
        let (done, end) = channel();
        let player = thread::spawn(move || {
            play(&stage);
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

    /// A session with a program. Its asks are ours to answer, and there is little patience with its end.
    pub(crate) fn launch(&self, options: &Options, adjust: impl FnOnce(&mut Config)) -> Session {
        let claude = (self.runner.start)(options, self.config(adjust)).expect("the child starts");
        self.groups.lock().unwrap().push(claude.id());
        Session::new(claude)
    }

    /// A session that does not begin.
    pub(crate) fn refused(&self, options: &Options) -> SpawnError {
        (self.runner.start)(options, self.config(|_| ())).err().expect("there is no child")
    }

    /// A session with a shell that plays the CLI.
    pub(crate) fn script(&self, text: &str) -> Session {
        self.script_with(text, |_| ())
    }

    pub(crate) fn script_with(&self, text: &str, adjust: impl FnOnce(&mut Config)) -> Session {
        self.launch(&script(text), adjust)
    }

    /// A session with the scripted peer.
    pub(crate) fn peer(&self, faults: &[&str], adjust: impl FnOnce(&mut Config)) -> Session {
        let this = std::env::current_exe().expect("a test has a path");
        let peer = this.ancestors().nth(2).expect("target/PROFILE/deps/TEST").join("examples/peer");
        assert!(peer.exists(), "{} is not built: run the whole `cargo test --all-features`", peer.display());
        let options = Options::new().program(peer).include_partial_messages().host_permission_prompts();
        let options = faults.iter().fold(options, |options, fault| options.arg("--fault").arg(fault));
        let patient = |config: &mut Config| {
            let graces = &mut config.timeouts.shutdown;
            graces.turn = Duration::from_millis(1500);
            (graces.exit, graces.terminate, graces.pipes) =
                (Duration::from_millis(800), Duration::from_millis(400), Duration::from_millis(800));
            adjust(config);
        };
        self.launch(&options, patient)
    }

    fn config(&self, adjust: impl FnOnce(&mut Config)) -> Config {
        let mut config = Config::new(Seed::random());
        config.owned = AskKinds::ALL;
        adjust(&mut config);
        config
    }
}

pub(crate) fn script(script: &str) -> Options {
    Options::new().program("sh").global_arg("-c").global_arg(script)
}

/// No patience with a child that does not end.
pub(crate) fn hasty(config: &mut Config) {
    let graces = &mut config.timeouts.shutdown;
    for grace in [&mut graces.turn, &mut graces.exit, &mut graces.terminate] {
        *grace = Duration::from_millis(50);
    }
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

fn kill(group: u32) {
    let _ = Command::new("kill").args(["-9", "--", &format!("-{group}")]).status();
}
