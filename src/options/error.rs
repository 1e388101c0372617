//! Errors in a set of options, found before a process is spawned.

use std::ffi::OsString;

/// Reason why [`Options`](super::Options) cannot become an [`Invocation`](super::Invocation).
///
/// The messages never contain values of options: these may be secrets or whole prompts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// The value contains a NUL byte, which no operating system can pass on.
    #[error("{option} contains a NUL byte; remove it")]
    #[non_exhaustive]
    Nul {
        /// Name of the flag or setting.
        option: String,
    },
    /// The value is empty, although the option requires one.
    #[error("{option} is empty; leave it out, or give it a value")]
    #[non_exhaustive]
    Empty {
        /// Name of the flag or setting.
        option: &'static str,
    },
    /// The CLI would refuse the value, or misread it.
    #[error("{option} {expected}")]
    #[non_exhaustive]
    Value {
        /// Name of the flag or setting.
        option: &'static str,
        /// Required kind of value, as the rest of the sentence.
        expected: &'static str,
    },
    /// The two options exclude each other.
    #[error("{first} and {second} exclude each other; {way_out}")]
    #[non_exhaustive]
    Conflict {
        /// Name of one option.
        first: &'static str,
        /// Name of the other option.
        second: &'static str,
        /// Way out of the conflict.
        way_out: &'static str,
    },
    /// The option has no effect without another one.
    #[error("{option} needs {needs}; add it, or leave {option} out")]
    #[non_exhaustive]
    Needs {
        /// Name of the option that is set.
        option: &'static str,
        /// Name of the missing option.
        needs: &'static str,
    },
    /// The argument is longer than the system can pass to a program.
    #[error(
        "{option} takes {size} bytes, and one argument holds at most {limit}; \
         put it into a file, or send it in the `initialize` request"
    )]
    #[non_exhaustive]
    ArgumentTooLong {
        /// Name of the flag, or a description of the argument.
        option: String,
        /// Size of the argument in bytes, including the name of the flag.
        size: usize,
        /// Maximum size in bytes.
        limit: usize,
    },
    /// The command line is longer than Windows accepts.
    #[error(
        "the command line takes {size} characters, and Windows accepts at most {limit}; \
         put large values into files, or send them in the `initialize` request"
    )]
    #[non_exhaustive]
    CommandLineTooLong {
        /// Upper bound of the size in UTF-16 code units, including quotes.
        size: usize,
        /// Maximum size in UTF-16 code units.
        limit: usize,
    },
    /// The program is started by another one, which would read the program's name as a flag.
    #[error("the program's name starts with `-`, and the {reader} would read it as a flag; write `./` before the name")]
    #[non_exhaustive]
    ProgramLooksLikeFlag {
        /// Program that reads the name: the launcher or the script runtime.
        reader: &'static str,
    },
    /// The program is a batch file. On Windows `cmd.exe` would run it, and would expand its arguments.
    #[error(
        "{} is a batch file, and `cmd.exe` would expand its arguments; \
         use the `.exe`, or the CLI's script (`cli.js`), which `node` runs",
        .program.to_string_lossy()
    )]
    #[non_exhaustive]
    BatchFile {
        /// Path of the program, as given.
        program: OsString,
    },
    /// The value contains a character that `cmd.exe` expands. The option often gets its value from other programs.
    #[error("{option} contains {character:?}, which a Windows shell could expand; use an id without this character")]
    #[non_exhaustive]
    Metacharacter {
        /// Name of the flag.
        option: &'static str,
        /// First such character of the value.
        character: char,
    },
    /// The name of an environment variable is not valid on any system.
    #[error(
        "{name:?} is not a valid name of an environment variable; use a name that is not empty and has neither `=` nor NUL"
    )]
    #[non_exhaustive]
    VariableName {
        /// Name of the variable, as given.
        name: OsString,
    },
}
