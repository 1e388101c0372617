//! Children that never start.

use std::error::Error;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use claude_duplex::{Config, Options, Seed, SpawnError};

fn refused(options: &Options) -> SpawnError {
    claude_duplex::smol::spawn(options, Config::new(Seed::random())).unwrap_err()
}

/// A file that is gone with its test.
struct File(PathBuf);

impl File {
    fn new(name: &str, mode: u32) -> Self {
        let path = std::env::temp_dir().join(format!("claude-duplex-{}-{name}", std::process::id()));
        std::fs::write(&path, b"\x00no program").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn a_missing_program_is_named() {
    let error = refused(&Options::new().program("no-such-claude"));
    assert!(matches!(&error, SpawnError::NotFound { program, .. } if program == "no-such-claude"), "{error:?}");
    assert!(error.to_string().contains("no-such-claude") && error.to_string().contains("Options::program"));
    assert!(error.source().is_some());
}

#[test]
fn a_missing_directory_is_not_taken_for_a_missing_program() {
    let file = File::new("no-directory", 0o755);
    for directory in [PathBuf::from("/no/such/directory"), file.0.clone()] {
        for program in ["sh", "no-such-claude"] {
            let error = refused(&Options::new().program(program).current_dir(&directory));
            assert!(
                matches!(&error, SpawnError::Directory { directory: named, .. } if *named == directory),
                "{error:?}"
            );
        }
    }
    let error = refused(&Options::new().program("no-such-claude").current_dir(std::env::temp_dir()));
    assert!(matches!(error, SpawnError::NotFound { .. }), "{error:?}");
}

#[test]
fn a_file_that_is_no_program_is_told_as_such() {
    for (name, mode) in [("not-executable", 0o644), ("not-a-program", 0o755)] {
        let file = File::new(name, mode);
        let error = refused(&Options::new().program(&file.0));
        assert!(matches!(&error, SpawnError::NotExecutable { program, .. } if *program == file.0), "{error:?}");
    }
}

#[test]
fn refused_options_start_nothing() {
    let error = refused(&Options::new().program("sh").current_dir(""));
    assert!(matches!(error, SpawnError::Options(_)), "{error:?}");
}
