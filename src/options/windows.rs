//! Rules of Windows, as functions on text, so that tests run on every system.

/// Returns `true` if a path names a batch file, in any spelling that Windows reads as one.
///
/// Windows ignores trailing dots and spaces of a name, and reads `name:stream` and `C:name` as `name`. It starts batch
/// files through `cmd.exe`, which expands arguments. A `.cmd` in any component of the path counts: an attack is more likely
/// than a directory with such a name.
pub(super) fn names_batch_file(path: &str) -> bool {
    path.split(['/', '\\', ':']).any(|part| {
        let part = part.trim_end_matches(['.', ' ']).to_ascii_lowercase();
        part.ends_with(".bat") || part.ends_with(".cmd")
    })
}

/// Returns the first character that has a special meaning for `cmd.exe`.
pub(super) fn metacharacter(value: &str) -> Option<char> {
    value.chars().find(|c| matches!(c, '&' | '|' | '<' | '>' | '^' | '%' | '!' | '"' | '\r' | '\n'))
}

/// Returns the paths of possible CLI programs on Windows, best first. The caller checks which of them exist. The drivers do
/// so if [`Options::program`](super::Options::program) is not set.
///
/// In each directory of `path` (the `PATH` variable) these are `claude.exe`, and then `claude.cmd`, the batch file that npm
/// writes: see [`windows_shim_target`]. Relative directories are ignored: the program must not come from the working
/// directory or from a relative entry. The last path is in `.local\bin` of the home directory.
///
/// ```
/// use claude_duplex::options::windows_candidates;
/// let found = windows_candidates(r".;C:\Tools;bin", Some(r"C:\Users\me"));
/// assert_eq!(
///     found,
///     [
///         r"C:\Tools\claude.exe",
///         r"C:\Tools\claude.cmd",
///         r"C:\Users\me\.local\bin\claude.exe"
///     ]
/// );
/// ```
pub fn windows_candidates(path: &str, home: Option<&str>) -> Vec<String> {
    let directories = path.split(';').map(|entry| entry.trim_matches('"')).filter(|directory| is_absolute(directory));
    let in_path = directories.flat_map(|directory| {
        let directory = directory.trim_end_matches(['/', '\\']);
        [format!(r"{directory}\claude.exe"), format!(r"{directory}\claude.cmd")]
    });
    let home = home.filter(|home| is_absolute(home));
    let at_home = home.map(|home| format!(r"{}\.local\bin\claude.exe", home.trim_end_matches(['/', '\\'])));
    in_path.chain(at_home).collect()
}

/// Returns the program or script that a batch file of npm, pnpm or yarn starts.
///
/// Batch files are never started: `cmd.exe` would run them and expand their arguments
/// ([`OptionsError::BatchFile`](super::OptionsError::BatchFile)). Instead this function reads the target from the `text` of
/// the file. `path` is the path of the file, which its target is relative to.
///
/// Returns `None` if the text has another form. The drivers read the file that
/// [`Options::program`](super::Options::program) names.
///
/// ```
/// use claude_duplex::options::windows_shim_target;
/// let text = "@ECHO off\r\n\"%dp0%\\node_modules\\claude-code\\bin\\claude.exe\" %*\r\n";
/// assert_eq!(
///     windows_shim_target(r"C:\npm\claude.cmd", text).as_deref(),
///     Some(r"C:\npm\node_modules\claude-code\bin\claude.exe"),
/// );
/// ```
pub fn windows_shim_target(path: &str, text: &str) -> Option<String> {
    let directory = &path[..path.rfind(['/', '\\'])?];
    // The line that passes the arguments on. An interpreter can come first; the last quoted text is the target.
    let (call, _) = text.lines().rev().find_map(|line| line.split_once("%*"))?;
    let quoted = call.split('"').skip(1).step_by(2).last()?;
    let relative =
        quoted.strip_prefix("%dp0%").or_else(|| quoted.strip_prefix("%~dp0"))?.trim_start_matches(['/', '\\']);
    let is_plain = !relative.is_empty() && !relative.contains('%') && !names_batch_file(relative);
    is_plain.then(|| format!(r"{directory}\{relative}"))
}

/// Returns `true` for `C:\x` and `\\server\share`, and `false` for `C:x` and `\x`, which depend on the current directory.
pub(super) fn is_absolute(path: &str) -> bool {
    let is_separator = |byte: Option<&u8>| matches!(byte, Some(b'/' | b'\\'));
    let bytes = path.as_bytes();
    let drive = bytes.first().is_some_and(u8::is_ascii_alphabetic) && bytes.get(1) == Some(&b':');
    (drive && is_separator(bytes.get(2))) || (is_separator(bytes.first()) && is_separator(bytes.get(1)))
}

/// Maximum length of a command line in UTF-16 code units, without the end mark.
pub(super) const COMMAND_LINE_LIMIT: usize = 32_766;

/// Returns an upper bound of the length of an argument on the command line: quotes, a space, and an escape for every quote
/// and backslash.
pub(super) fn quoted_size(argument: &str) -> usize {
    let escapes = argument.bytes().filter(|b| matches!(b, b'"' | b'\\'));
    argument.encode_utf16().count() + escapes.count() + 3
}

#[cfg(test)]
mod tests {
    use super::super::{Options, OptionsError, Platform, Worktree};
    use super::windows_shim_target;

    /// Batch files as npm's `cmd-shim` 8 writes them, with their line ends.
    const SCRIPT: &str = include_str!("windows/script.cmd");
    const PROGRAM: &str = include_str!("windows/program.cmd");

    #[test]
    fn the_target_of_an_npm_shim_is_found() {
        let target = |text: &str| windows_shim_target(r"C:\Users\me\npm\claude.cmd", text);
        let package = r"C:\Users\me\npm\..\node_modules\@anthropic-ai\claude-code";
        assert_eq!(target(SCRIPT), Some(format!(r"{package}\cli.js")));
        assert_eq!(target(PROGRAM), Some(format!(r"{package}\bin\claude.exe")));
        // pnpm names its own directory with the parameter itself, and repeats the call.
        let twice = "@IF EXIST \"%~dp0\\node.exe\" (\r\n  \"%~dp0\\node.exe\"  \"%~dp0\\..\\x\\cli.js\" %*\r\n) ELSE (\r\n  \
                     @SET PATHEXT=%PATHEXT:;.JS;=;%\r\n  node  \"%~dp0\\..\\x\\cli.js\" %*\r\n)\r\n";
        assert_eq!(target(twice), Some(r"C:\Users\me\npm\..\x\cli.js".to_owned()));
    }

    #[test]
    fn other_batch_files_have_no_target() {
        for text in [
            "",
            "@echo off\r\nclaude.exe %*\r\n",
            "\"C:\\claude.exe\" %*",
            "\"%dp0%\\%NAME%.exe\" %*",
            "\"%dp0%\\other.cmd\" %*",
            "\"%dp0%\" %*",
            "\"%dp0%\\claude.exe\"",
        ] {
            assert_eq!(windows_shim_target(r"C:\npm\claude.cmd", text), None, "{text:?}");
        }
        assert_eq!(windows_shim_target("claude.cmd", PROGRAM), None);
    }

    #[test]
    fn a_command_line_beyond_the_limit_is_refused() {
        let long = |n: usize| Options::new().worktree(Worktree::Named("x".repeat(n))).invocation_for(Platform::Windows);
        assert!(long(32_000).is_ok());
        let refused = long(33_000).unwrap_err();
        assert!(matches!(refused, OptionsError::CommandLineTooLong { .. }));
    }
}
