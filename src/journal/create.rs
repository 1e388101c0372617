//! A file that no other user can read.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use super::Journal;

impl Journal {
    /// Creates a file for a journal. On Unix its mode is 0600, independent of the umask, so that no other user can read it.
    /// On other systems it has the permissions of its folder.
    ///
    /// ```
    /// use claude_duplex::{Config, Input, Journal, Prompt, Recorder, Seed, SessionTime};
    ///
    /// let path = std::env::temp_dir()
    ///     .join(format!("claude-duplex-{}.journal", std::process::id()));
    /// let config = Config::new(Seed::from_bytes([1; 16]));
    /// let mut recorder =
    ///     Recorder::new(Journal::create(&path)?, &config, SessionTime::ZERO, 1024 * 1024);
    /// recorder.input(SessionTime::ZERO, &Input::Prompt(Prompt::text("hello")));
    /// assert_eq!(Journal::read(&std::fs::read(&path)?)?.inputs.len(), 1);
    /// assert!(Journal::create(&path).is_err(), "what was recorded is not overwritten");
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists) if the path exists, and other errors of the system.
    pub fn create(path: impl AsRef<Path>) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn no_other_user_can_read_a_created_journal() {
        let path = std::env::temp_dir().join(format!("claude-duplex-mode-{}", std::process::id()));
        let file = Journal::create(&path).unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        let again = Journal::create(&path).map(drop).map_err(|error| error.kind());
        std::fs::remove_file(&path).unwrap();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(again, Err(io::ErrorKind::AlreadyExists));
    }
}
