//! What only Windows needs, as functions of text, so that every system tests them.

/// Whether a path names a batch file, in any spelling that Windows reads as one.
///
/// Windows drops trailing dots and blanks of a name, takes `name:stream` and `C:name` for `name`,
/// and starts batch files through `cmd.exe`, which expands arguments. A `.cmd` anywhere in the
/// path is enough: a directory of that name is rarer than a trick.
pub(super) fn names_batch_file(path: &str) -> bool {
    path.split(['/', '\\', ':']).any(|part| {
        let part = part.trim_end_matches(['.', ' ']).to_ascii_lowercase();
        part.ends_with(".bat") || part.ends_with(".cmd")
    })
}

/// The first character that `cmd.exe` gives a meaning to.
pub(super) fn metacharacter(value: &str) -> Option<char> {
    value.chars().find(|c| matches!(c, '&' | '|' | '<' | '>' | '^' | '%' | '!' | '"' | '\r' | '\n'))
}

/// Returns where `claude.exe` may be on Windows, best first; which of them exists is for the caller to ask.
///
/// Only absolute directories of `path` (the `PATH` variable) count: neither the working directory
/// nor a relative entry may supply the program. Shims (`claude.cmd`) are not candidates. Last comes
/// `.local\bin` in the home directory.
///
/// ```
/// use claude_duplex::options::windows_candidates;
/// let found = windows_candidates(r".;C:\Tools;bin", Some(r"C:\Users\me"));
/// assert_eq!(found, [r"C:\Tools\claude.exe", r"C:\Users\me\.local\bin\claude.exe"]);
/// ```
pub fn windows_candidates(path: &str, home: Option<&str>) -> Vec<String> {
    let directories = path.split(';').map(|entry| entry.trim_matches('"'));
    let home =
        home.filter(|home| is_absolute(home)).map(|home| format!(r"{}\.local\bin", home.trim_end_matches(['/', '\\'])));
    directories
        .filter(|directory| is_absolute(directory))
        .map(str::to_owned)
        .chain(home)
        .map(|directory| format!(r"{}\claude.exe", directory.trim_end_matches(['/', '\\'])))
        .collect()
}

/// `C:\x` and `\\server\share`; not `C:x` and `\x`, which depend on the current directory.
pub(super) fn is_absolute(path: &str) -> bool {
    let is_separator = |byte: Option<&u8>| matches!(byte, Some(b'/' | b'\\'));
    let bytes = path.as_bytes();
    let drive = bytes.first().is_some_and(u8::is_ascii_alphabetic) && bytes.get(1) == Some(&b':');
    (drive && is_separator(bytes.get(2))) || (is_separator(bytes.first()) && is_separator(bytes.get(1)))
}

/// The most UTF-16 units of a command line, its end mark not counted.
pub(super) const COMMAND_LINE_LIMIT: usize = 32_766;

/// What an argument takes of the command line at worst: quotes, a blank, and every quote and
/// backslash escaped.
pub(super) fn quoted_size(argument: &str) -> usize {
    let escapes = argument.bytes().filter(|b| matches!(b, b'"' | b'\\'));
    argument.encode_utf16().count() + escapes.count() + 3
}

#[cfg(test)]
mod tests {
    use super::super::{Options, OptionsError, Platform, Worktree};

    #[test]
    fn a_command_line_has_to_fit() {
        let long = |n: usize| Options::new().worktree(Worktree::Named("x".repeat(n))).invocation_for(Platform::Windows);
        assert!(long(32_000).is_ok());
        let refused = long(33_000).unwrap_err();
        assert!(matches!(refused, OptionsError::CommandLineTooLong { .. }));
    }
}
