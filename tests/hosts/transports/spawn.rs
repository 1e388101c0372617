//! Children that never start.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use claude_duplex::{Options, SpawnError};

use crate::stage::{Scenario, Stage};

pub(crate) const ALL: &[Scenario] = &[
    ("a_missing_program_is_named", a_missing_program_is_named),
    ("a_missing_directory_is_not_taken_for_a_missing_program", a_missing_directory_is_not_taken_for_a_missing_program),
    ("a_file_that_is_no_program_is_told_as_such", a_file_that_is_no_program_is_told_as_such),
    #[cfg(unix)]
    ("what_is_too_long_for_the_system_is_told_as_such", what_is_too_long_for_the_system_is_told_as_such),
    ("refused_options_start_nothing", refused_options_start_nothing),
];

/// A file that is gone with its test.
struct File(PathBuf);

impl File {
    fn new(name: &str, mode: &str) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("claude-duplex-{}-{number}-{name}", std::process::id()));
        write(&path, mode);
        Self(path)
    }
}

/// By another process: what this one opens for writing, each child that another trial forks holds until it runs its
/// program, and a file that is open for writing is busy for who would execute it.
#[cfg(unix)]
fn write(path: &Path, mode: &str) {
    let write = r#"printf '\000no program' >"$0" && chmod "$1" "$0""#;
    let written = std::process::Command::new("sh").args(["-c", write]).arg(path).arg(mode).status();
    assert!(written.expect("there is a shell").success());
}

#[cfg(not(unix))]
fn write(path: &Path, _: &str) {
    std::fs::write(path, "\0no program").unwrap();
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn a_missing_program_is_named(stage: &Stage) {
    let error = stage.refused(&Options::new().program("no-such-claude"));
    assert!(matches!(&error, SpawnError::NotFound { program, .. } if program == "no-such-claude"), "{error:?}");
    assert!(error.to_string().contains("no-such-claude") && error.to_string().contains("Options::program"));
    assert!(error.source().is_some());
}

fn a_missing_directory_is_not_taken_for_a_missing_program(stage: &Stage) {
    let file = File::new("no-directory", "755");
    for directory in [std::env::temp_dir().join("no/such/directory"), file.0.clone()] {
        for program in ["sh", "no-such-claude"] {
            let error = stage.refused(&Options::new().program(program).current_dir(&directory));
            assert!(
                matches!(&error, SpawnError::Directory { directory: named, .. } if *named == directory),
                "{error:?}"
            );
        }
    }
    let error = stage.refused(&Options::new().program("no-such-claude").current_dir(std::env::temp_dir()));
    assert!(matches!(error, SpawnError::NotFound { .. }), "{error:?}");
}

fn a_file_that_is_no_program_is_told_as_such(stage: &Stage) {
    for (name, mode) in [("not-executable", "644"), ("not-a-program", "755")] {
        let file = File::new(name, mode);
        let error = stage.refused(&Options::new().program(&file.0));
        assert!(matches!(&error, SpawnError::NotExecutable { program, .. } if *program == file.0), "{error:?}");
    }
}

/// One variable may be too long, or all together with the arguments. On Windows the options refuse a command line that is too
/// long.
#[cfg(unix)]
fn what_is_too_long_for_the_system_is_told_as_such(stage: &Stage) {
    let text = |bytes: usize| "x".repeat(bytes);
    let variable = Options::new().program("sh").env("LONG", text(1_000_000));
    let arguments = (0..100).fold(Options::new().program("sh"), |options, _| options.global_arg(text(100_000)));
    for options in [variable, arguments] {
        let error = stage.refused(&options);
        assert!(matches!(&error, SpawnError::TooLong { program, .. } if program == "sh"), "{error:?}");
        assert!(error.to_string().contains("`initialize`") && error.source().is_some());
    }
}

fn refused_options_start_nothing(stage: &Stage) {
    let error = stage.refused(&Options::new().program("sh").current_dir(""));
    assert!(matches!(error, SpawnError::Options(_)), "{error:?}");
}
