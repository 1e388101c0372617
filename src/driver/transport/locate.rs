//! Search for the program on Windows: places that the system does not search, and the targets of batch files.

use std::borrow::Cow;
use std::path::Path;

use crate::options::{LocalProgram, Options, windows_candidates, windows_shim_target};

/// Returns the options with the path of the program on this machine. The program of a launcher may be on another machine, and
/// is not changed.
#[cfg_attr(not(windows), expect(dead_code, reason = "other systems find programs by themselves"))]
pub(super) fn located(options: &Options) -> Cow<'_, Options> {
    let variable = |name| std::env::var(name).ok();
    let found = match options.local_program() {
        LocalProgram::Elsewhere => None,
        LocalProgram::Named(program) => program.to_str().and_then(|program| shim(program, read)),
        LocalProgram::Default => {
            let path = variable("PATH").unwrap_or_default();
            first(windows_candidates(&path, variable("USERPROFILE").as_deref()), |file| Path::new(file).is_file(), read)
        }
    };
    found.map_or(Cow::Borrowed(options), |program| Cow::Owned(options.clone().program(program)))
}

fn read(file: &str) -> Option<String> {
    std::fs::read_to_string(file).ok()
}

/// Returns the program that a batch file starts. Other programs are returned unchanged, and so is a batch file with other
/// content, which the options refuse.
fn shim(program: &str, read: impl Fn(&str) -> Option<String>) -> Option<String> {
    let is_batch = Path::new(program).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("cmd"));
    is_batch.then(|| windows_shim_target(program, &read(program)?)).flatten()
}

/// Returns the first of these files that can be started.
fn first(
    candidates: Vec<String>,
    is_file: impl Fn(&str) -> bool,
    read: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    candidates.into_iter().filter(|candidate| is_file(candidate)).find_map(|candidate| {
        match candidate.ends_with(".cmd") {
            true => shim(&candidate, &read).filter(|target| is_file(target)),
            false => Some(candidate),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIM: &str = "\"%dp0%\\pkg\\bin\\claude.exe\" %*\r\n";

    #[test]
    fn the_first_existing_program_is_chosen() {
        let candidates = || windows_candidates(r"C:\a;C:\npm;C:\b", Some(r"C:\me"));
        let read = |_: &str| Some(SHIM.to_owned());
        let found = |files: &[&str]| first(candidates(), |file| files.contains(&file), read);
        assert_eq!(found(&[]), None);
        assert_eq!(found(&[r"C:\b\claude.exe", r"C:\me\.local\bin\claude.exe"]).as_deref(), Some(r"C:\b\claude.exe"));
        assert_eq!(found(&[r"C:\me\.local\bin\claude.exe"]).as_deref(), Some(r"C:\me\.local\bin\claude.exe"));
        let target = r"C:\npm\pkg\bin\claude.exe";
        assert_eq!(found(&[r"C:\npm\claude.cmd", target, r"C:\b\claude.exe"]).as_deref(), Some(target));
        // A shim whose package was removed.
        assert_eq!(found(&[r"C:\npm\claude.cmd", r"C:\b\claude.exe"]).as_deref(), Some(r"C:\b\claude.exe"));
    }

    #[test]
    fn only_a_batch_file_can_be_a_shim_for_another_program() {
        let read = |_: &str| Some(SHIM.to_owned());
        assert_eq!(shim(r"C:\npm\claude.CMD", read).as_deref(), Some(r"C:\npm\pkg\bin\claude.exe"));
        assert_eq!(shim(r"C:\npm\claude.exe", read), None);
        assert_eq!(shim(r"C:\npm\claude.cmd", |_| None), None);
        assert_eq!(shim(r"C:\npm\claude.cmd", |_| Some("echo hello".to_owned())), None);
    }
}
