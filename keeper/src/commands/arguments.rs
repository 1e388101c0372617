//! Arguments of a command.

use std::ffi::OsString;
use std::io::Read;

use lexopt::Arg::{Long, Short, Value};
use lexopt::{Parser, ValueExt};

use super::{Failure, units};
use crate::place::Place;
use crate::policy::{Limits, Policy};
use crate::token::Token;

/// Options and values of a command line.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    place: Option<Place>,
    pub(super) id: Option<OsString>,
    pub(super) policy: Policy,
    pub(super) limits: Limits,
    pub(super) token_stdin: bool,
    pub(super) token_file: bool,
    pub(super) observe: bool,
    pub(super) stderr: bool,
    pub(super) new: bool,
    pub(super) no_wait: bool,
    /// Arguments that are not options.
    pub(super) values: Vec<OsString>,
    pub(super) help: bool,
}

/// Options of each command.
const RUN: &[&str] = &[
    "id",
    "end-after",
    "end-idle",
    "close-grace",
    "terminate-grace",
    "stdout-limit",
    "stderr-limit",
    "token-stdin",
    "token-file",
];

impl Arguments {
    /// Reads the arguments of `run`, whose values are a program and its arguments.
    pub(super) fn of_run(arguments: Vec<OsString>) -> Result<Self, Failure> {
        Self::read(arguments, RUN, true)
    }

    /// Reads arguments with these options, and with `dir` and `help`.
    pub(super) fn of(arguments: Vec<OsString>, options: &[&str]) -> Result<Self, Failure> {
        Self::read(arguments, options, false)
    }

    fn read(arguments: Vec<OsString>, options: &[&str], program: bool) -> Result<Self, Failure> {
        let usage = |error: lexopt::Error| Failure::Usage(error.to_string());
        let mut parser = Parser::from_args(arguments);
        let mut this = Self::default();
        while let Some(argument) = parser.next().map_err(usage)? {
            let name = match argument {
                Value(value) => {
                    this.values.push(value);
                    if program {
                        // The options of the program are its own.
                        this.values.extend(parser.raw_args().map_err(usage)?);
                    }
                    continue;
                }
                Short('h') => "help".to_owned(),
                Long(name) if matches!(name, "help" | "dir") || options.contains(&name) => name.to_owned(),
                other => return Err(usage(other.unexpected())),
            };
            let mut value = || parser.value().map_err(usage);
            match &*name {
                "help" => this.help = true,
                "dir" => this.place = Some(Place::new(value()?)),
                "id" => this.id = Some(value()?),
                "end-after" => this.policy.without_host = time(&name, value()?)?,
                "end-idle" => this.policy.idle = time(&name, value()?)?,
                "close-grace" => this.policy.close_grace = grace(&name, value()?)?,
                "terminate-grace" => this.policy.terminate_grace = grace(&name, value()?)?,
                "stdout-limit" => this.limits.stdout = bytes(&name, value()?)?,
                "stderr-limit" => this.limits.stderr = bytes(&name, value()?)?,
                "token-stdin" => this.token_stdin = true,
                "token-file" => this.token_file = true,
                "observe" => this.observe = true,
                "stderr" => this.stderr = true,
                "new" => this.new = true,
                _ => this.no_wait = true,
            }
        }
        Ok(this)
    }

    /// Returns the directory of the option `dir`, or else the default directory of the user.
    pub(super) fn place(&self) -> Result<Place, Failure> {
        Ok(self.place.clone().map_or_else(Place::of_user, Ok)?)
    }

    /// Returns the one id that is the command's value.
    pub(super) fn session(&self) -> Result<crate::place::SessionId, Failure> {
        match &*self.values {
            [id] => super::session(id),
            [] => Err(Failure::Usage("no session id given".to_owned())),
            [_, more, ..] => Err(Failure::Usage(format!("unexpected argument {more:?}"))),
        }
    }

    /// Reads the token from the first line of stdin, if the option is set.
    pub(super) fn token(&self) -> Result<Option<Token>, Failure> {
        self.token_stdin.then(read_token).transpose()
    }
}

/// Reads one line of stdin as a token, and no byte after it.
pub(super) fn read_token() -> Result<Token, Failure> {
    let (mut text, mut byte, mut stdin) = (String::new(), [0], std::io::stdin());
    while text.len() <= 64 && stdin.read(&mut byte)? == 1 && byte != *b"\n" {
        text.push(char::from(byte[0]));
    }
    let wrong = || Failure::Failed("stdin has no token; it must begin with 64 hexadecimal digits".to_owned());
    Token::parse(&text).ok_or_else(wrong)
}

fn text(name: &str, value: OsString) -> Result<String, Failure> {
    value.string().map_err(|error| Failure::Usage(format!("--{name}: {error}")))
}

fn time(name: &str, value: OsString) -> Result<Option<std::time::Duration>, Failure> {
    units::time(&text(name, value)?).map_err(|error| Failure::Usage(format!("--{name}: {error}")))
}

fn grace(name: &str, value: OsString) -> Result<std::time::Duration, Failure> {
    let never = || Failure::Usage(format!("--{name} cannot be `never`; give a duration"));
    time(name, value)?.ok_or_else(never)
}

fn bytes(name: &str, value: OsString) -> Result<u64, Failure> {
    let size = units::bytes(&text(name, value)?).map_err(|error| Failure::Usage(format!("--{name}: {error}")))?;
    match size {
        Limits::LEAST.. => Ok(size),
        _ => Err(Failure::Usage(format!("--{name} is too small; the minimum is {}K", Limits::LEAST / 1024))),
    }
}
