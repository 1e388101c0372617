//! Children that never start.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

#[cfg(unix)]
use claude_duplex::Action;
use claude_duplex::{Options, SpawnError};

#[cfg(unix)]
use crate::stage::script;
use crate::stage::{Scenario, Stage};

pub(crate) const ALL: &[Scenario] = &[
    ("a_missing_program_is_an_error_that_names_it", a_missing_program_is_an_error_that_names_it),
    (
        "a_missing_directory_is_distinguished_from_a_missing_program",
        a_missing_directory_is_distinguished_from_a_missing_program,
    ),
    ("a_file_that_is_not_a_program_is_reported", a_file_that_is_not_a_program_is_reported),
    #[cfg(unix)]
    ("a_command_line_too_long_for_the_system_is_reported", a_command_line_too_long_for_the_system_is_reported),
    ("refused_options_start_nothing", refused_options_start_nothing),
    #[cfg(unix)]
    ("a_host_can_change_the_command", a_host_can_change_the_command),
    ("a_spawn_error_names_the_changed_program", a_spawn_error_names_the_changed_program),
    #[cfg(unix)]
    ("stderr_lines_arrive_while_the_child_runs", stderr_lines_arrive_while_the_child_runs),
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
    let written = Command::new("sh").args(["-c", write]).arg(path).arg(mode).status();
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

fn a_missing_program_is_an_error_that_names_it(stage: &Stage) {
    let error = stage.refused(&Options::new().program("no-such-claude"));
    assert!(matches!(&error, SpawnError::NotFound { program, .. } if program == "no-such-claude"), "{error:?}");
    assert!(error.to_string().contains("no-such-claude") && error.to_string().contains("Options::program"));
    assert!(error.source().is_some());
}

fn a_missing_directory_is_distinguished_from_a_missing_program(stage: &Stage) {
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

fn a_file_that_is_not_a_program_is_reported(stage: &Stage) {
    for (name, mode) in [("not-executable", "644"), ("not-a-program", "755")] {
        let file = File::new(name, mode);
        let error = stage.refused(&Options::new().program(&file.0));
        assert!(matches!(&error, SpawnError::NotExecutable { program, .. } if *program == file.0), "{error:?}");
    }
}

/// One variable may be too long, or all together with the arguments. On Windows the options refuse a command line that is too
/// long.
#[cfg(unix)]
fn a_command_line_too_long_for_the_system_is_reported(stage: &Stage) {
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

/// What it changes takes effect, and the pipes, the end of stderr and the group stay.
#[cfg(unix)]
fn a_host_can_change_the_command(stage: &Stage) {
    let options = script(r#"echo "$CHANGED" >&2; exec sleep 1000"#);
    let changed = stage.launch_changed(&options, |command| {
        command.env("CHANGED", "by the host").stdin(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    });
    let mut claude = changed.expect("the child starts");
    assert!(leads_group(claude.id()), "it leads a group of its own");
    let line = claude.until("a line of stderr", |action| matches!(action, Action::StderrLine(_)));
    assert!(matches!(&line, Action::StderrLine(line) if &*line.text == "by the host"), "{line:?}");
    claude.abort();
    let closed = claude.end();
    assert_eq!(closed.stderr, "by the host\n");
}

fn a_spawn_error_names_the_changed_program(stage: &Stage) {
    let options = Options::new().program("sh");
    let error = stage.launch_changed(&options, |command| _ = command.current_dir("/no/such/directory")).err().unwrap();
    assert!(matches!(&error, SpawnError::Directory { directory, .. } if directory == Path::new("/no/such/directory")));
    let replaced = stage.launch_changed(&options, |command| *command = Command::new("no-such-claude")).err().unwrap();
    assert!(matches!(&replaced, SpawnError::NotFound { program, .. } if program == "no-such-claude"), "{replaced:?}");
    let refused = stage.launch_changed(&options.current_dir(""), |_| panic!("nothing is started")).err().unwrap();
    assert!(matches!(refused, SpawnError::Options(_)), "{refused:?}");
}

/// The child waits for an answer to what it has written there.
#[cfg(unix)]
fn stderr_lines_arrive_while_the_child_runs(stage: &Stage) {
    let options = script("printf 'one\\ntwo' >&2; read -r line; printf ' more\\nlast' >&2; exit 3");
    let mut claude = stage.launch_changed(&options, |_| {}).expect("the child starts");
    let mut lines = Vec::new();
    let one = claude.until("a line of stderr", |action| matches!(action, Action::StderrLine(_)));
    lines.push(one);
    claude.prompt("go on");
    while lines.len() < 3 {
        lines.push(claude.until("a line of stderr", |action| matches!(action, Action::StderrLine(_))));
    }
    let texts: Vec<&str> = lines
        .iter()
        .map(|line| match line {
            Action::StderrLine(line) => &*line.text,
            _ => unreachable!(),
        })
        .collect();
    assert_eq!(texts, ["one", "two more", "last"]);
    assert_eq!(claude.end().stderr, "one\ntwo more\nlast");
}

#[cfg(unix)]
fn leads_group(id: u32) -> bool {
    let pid = rustix::process::Pid::from_raw(i32::try_from(id).expect("an id fits"));
    rustix::process::getpgid(pid) == Ok(pid.expect("a child has an id"))
}
