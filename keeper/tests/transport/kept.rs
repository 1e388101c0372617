//! A folder with one session, which ends with the test.

use std::ffi::OsStr;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use claude_duplex_keeper::{Attach, Launch, Place, SessionId};

pub(crate) const KEEPER: &str = env!("CARGO_BIN_EXE_claude-duplex-keeper");

/// Longest time that a test waits for an event.
pub(crate) const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// Name of the variable with what this program is to be: see `main`.
pub(crate) const ROLE: &str = "KEEPER_TEST_ROLE";

pub(crate) struct Kept {
    pub(crate) folder: PathBuf,
    pub(crate) place: Place,
    pub(crate) id: SessionId,
}

impl Kept {
    /// Names a session that is not there yet.
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("kept-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::DirBuilder::new().mode(0o700).create(&folder).unwrap();
        let place = Place::new(folder.join("sessions"));
        Self { folder, place, id: SessionId::parse("it").unwrap() }
    }

    /// Starts the mock CLI, with its stdin in a file as well.
    pub(crate) fn start(self) -> Self {
        let this = std::env::current_exe().unwrap();
        let launch = Launch::new(self.place.clone(), "/bin/sh").args([self.logging(&[this.as_os_str()])]);
        self.launch(launch.env(ROLE, "mock CLI"))
    }

    /// Starts a session.
    pub(crate) fn launch(self, launch: Launch) -> Self {
        launch.keeper(KEEPER).id(self.id.clone()).start().unwrap();
        self
    }

    /// Creates a script for `sh` that runs a program, and writes its stdin to the file `stdin` as well.
    pub(crate) fn logging(&self, command: &[&OsStr]) -> PathBuf {
        let quoted = |text: &OsStr| format!("'{}'", text.to_str().unwrap().replace('\'', r"'\''"));
        let command: Vec<_> = command.iter().map(|word| quoted(word)).collect();
        let log = quoted(self.folder.join("stdin").as_os_str());
        let script = format!("tee {log} | exec {} \"$@\"\n", command.join(" "));
        let path = self.folder.join("cli");
        std::fs::write(&path, script).unwrap();
        path
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if let Ok(attached) = Attach::controller().connect(&self.place, &self.id) {
            let _ = attached.release();
        }
        let mut stop = Command::new(KEEPER);
        let _ = stop.args(["stop", "--dir"]).arg(self.place.path()).arg(self.id.as_str()).output();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
