//! What can be wrong with a set of options, said before anything is spawned.

use std::ffi::OsString;

/// Why [`Options`](super::Options) do not make an [`Invocation`](super::Invocation).
///
/// No message repeats a value: values may be secrets or whole prompts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// A value with a NUL byte, which no operating system can pass on.
    #[error("{option} contains a NUL byte; remove it")]
    #[non_exhaustive]
    Nul {
        /// The flag or setting.
        option: String,
    },
    /// An empty value where none makes sense.
    #[error("{option} is empty; leave it out, or give it a value")]
    #[non_exhaustive]
    Empty {
        /// The flag or setting.
        option: &'static str,
    },
    /// A value that the CLI would refuse, or would read as something else.
    #[error("{option} {expected}")]
    #[non_exhaustive]
    Value {
        /// The flag or setting.
        option: &'static str,
        /// What it takes instead, as the rest of a sentence.
        expected: &'static str,
    },
    /// Two options that exclude each other.
    #[error("{first} and {second} exclude each other; {way_out}")]
    #[non_exhaustive]
    Conflict {
        /// One of them.
        first: &'static str,
        /// The other.
        second: &'static str,
        /// What to do instead.
        way_out: &'static str,
    },
    /// An option that says nothing without another one.
    #[error("{option} needs {needs}; add it, or leave {option} out")]
    #[non_exhaustive]
    Needs {
        /// The option that is set.
        option: &'static str,
        /// What is missing.
        needs: &'static str,
    },
    /// A token longer than the system passes to a program.
    #[error(
        "{option} takes {size} bytes, and one argument holds at most {limit}; \
         put it into a file, or send it in the `initialize` request"
    )]
    #[non_exhaustive]
    ArgumentTooLong {
        /// The flag, or what the token is.
        option: String,
        /// Its bytes, the flag's name included.
        size: usize,
        /// The most that works.
        limit: usize,
    },
    /// A command line longer than Windows accepts.
    #[error(
        "the command line takes {size} characters, and Windows accepts at most {limit}; \
         put large values into files, or send them in the `initialize` request"
    )]
    #[non_exhaustive]
    CommandLineTooLong {
        /// Its UTF-16 units, quotes included, at worst.
        size: usize,
        /// The most that works.
        limit: usize,
    },
    /// A program behind another one whose name that one would read as a flag.
    #[error("the program's name starts with `-`, and {reader} would read it as a flag; write `./` in front")]
    #[non_exhaustive]
    ProgramLooksLikeFlag {
        /// Who reads it: the launcher or the script runtime.
        reader: &'static str,
    },
    /// A batch file on Windows, which `cmd.exe` would run and whose arguments it would expand.
    #[error(
        "{} is a batch file, whose arguments cmd.exe would expand; \
         name the `.exe`, or the CLI's script (`cli.js`), which `node` runs",
        .program.to_string_lossy()
    )]
    #[non_exhaustive]
    BatchFile {
        /// The program as given.
        program: OsString,
    },
    /// A character that `cmd.exe` expands, in a value that often comes from outside.
    #[error("{option} contains {character:?}, which a Windows shell could expand; pass an id without it")]
    #[non_exhaustive]
    Metacharacter {
        /// The flag.
        option: &'static str,
        /// The first such character.
        character: char,
    },
    /// An environment variable's name that no system can hold.
    #[error("{name:?} is no environment variable's name; it must not be empty nor contain `=` or NUL")]
    #[non_exhaustive]
    VariableName {
        /// The name as given.
        name: OsString,
    },
}
