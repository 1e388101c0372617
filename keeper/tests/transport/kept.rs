//! A place with one session, which ends with the test.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use claude_duplex_keeper::{Attach, Launch, Place, SessionId};

pub(crate) const KEEPER: &str = env!("CARGO_BIN_EXE_claude-duplex-keeper");

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
        let log = self.folder.join("stdin");
        let this = std::env::current_exe().unwrap();
        let args = [Path::new("-c"), Path::new("tee \"$0\" | exec \"$1\""), &log, &this];
        let launch = Launch::new(self.place.clone(), "/bin/sh").args(args).keeper(KEEPER).id(self.id.clone());
        launch.env(ROLE, "mock CLI").start().unwrap();
        self
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
