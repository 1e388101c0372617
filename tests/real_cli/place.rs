//! A fresh place for one run of the CLI: its own home, working directory and environment, and what ran in it is ended.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// What keeps the CLI quiet, and the key that is no key.
const SWITCHES: [(&str, &str); 6] = [
    ("ANTHROPIC_API_KEY", "sk-ant-not-a-key"),
    ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
    ("DISABLE_AUTOUPDATER", "1"),
    ("DISABLE_ERROR_REPORTING", "1"),
    ("DISABLE_TELEMETRY", "1"),
    // Lets root skip permissions.
    ("IS_SANDBOX", "1"),
];

/// Directories that go, with everything that still runs in them, when it is dropped.
pub(crate) struct Place {
    root: PathBuf,
}

impl Place {
    pub(crate) fn new() -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let private = private_folders();
        let root = loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("claude-duplex-{}-{number}", std::process::id());
            let root = std::env::temp_dir().join(name);
            match private.create(&root) {
                Ok(()) => break root,
                // Left by an earlier process of this id.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        };
        let place = Self { root };
        for directory in [place.home(), place.cwd(), place.tmp()] {
            private.create(directory)?;
        }
        Ok(place)
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    pub(crate) fn cwd(&self) -> PathBuf {
        self.root.join("cwd")
    }

    pub(crate) fn tmp(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// The CLI's whole environment: nothing else is inherited.
    pub(crate) fn environment(&self, api: &str) -> Vec<(OsString, OsString)> {
        let mut environment: Vec<(OsString, OsString)> = vec![
            ("PATH".into(), std::env::var_os("PATH").unwrap_or_default()),
            ("HOME".into(), self.home().into()),
            ("CLAUDE_CONFIG_DIR".into(), self.home().join(".claude").into()),
            // It writes beside its home too.
            ("TMPDIR".into(), self.tmp().into()),
            ("CLAUDE_CODE_TMPDIR".into(), self.tmp().into()),
            ("CLAUDE_TMPDIR".into(), self.tmp().into()),
            ("ANTHROPIC_BASE_URL".into(), api.into()),
        ];
        environment.extend(SWITCHES.map(|(name, value)| (name.into(), value.into())));
        environment
    }

    /// Whether anything that was started here still runs.
    pub(crate) fn runs(&self) -> bool {
        !running_with(&self.mark()).is_empty()
    }

    /// What the environment of everything that was started here holds, and of nothing else on the machine.
    fn mark(&self) -> OsString {
        let mut mark = OsString::from("HOME=");
        mark.push(self.home());
        mark
    }

    /// Kills what was started here, whoever started it: a child of ours, its process group, and tools in groups of their own.
    ///
    /// All of them carry this place's HOME, which nothing else on the machine does.
    pub(crate) fn kill(&self) {
        let wanted = self.mark();
        // One that forks while it is being looked for shows up in the next round.
        for _ in 0..50 {
            let ids = running_with(&wanted);
            if ids.is_empty() {
                return;
            }
            let killed = Command::new("sh").args(["-c", "kill -s KILL \"$@\" 2>/dev/null", "sh"]).args(ids).status();
            if let Err(error) = killed {
                eprintln!("cannot run kill: {error}");
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.kill();
        if let Err(error) = fs::remove_dir_all(&self.root) {
            eprintln!("{} stays: {error}", self.root.display());
        }
    }
}

/// Sends a process a signal by its name: `KILL`.
pub(crate) fn signal(name: &str, process: u32) {
    let sent = Command::new("sh").args(["-c", "kill -s \"$1\" \"$2\"", "sh", name, &process.to_string()]).status();
    assert!(sent.as_ref().is_ok_and(ExitStatus::success), "kill -s {name} {process}: {sent:?}");
}

#[cfg(unix)]
fn private_folders() -> DirBuilder {
    let mut builder = DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

#[cfg(not(unix))]
fn private_folders() -> DirBuilder {
    DirBuilder::new()
}

/// The ids of the processes that have this in their environment.
fn running_with(wanted: &OsStr) -> Vec<String> {
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    processes
        .flatten()
        .filter_map(|process| process.file_name().into_string().ok())
        .filter(|id| id.bytes().all(|byte| byte.is_ascii_digit()))
        .filter(|id| {
            // Those of other users, and those just gone, cannot be read: they are not ours.
            let environment = fs::read(Path::new("/proc").join(id).join("environ"));
            environment
                .unwrap_or_default()
                .split(|byte| *byte == 0)
                .any(|variable| variable == wanted.as_encoded_bytes())
        })
        .collect()
}
