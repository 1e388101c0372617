//! Services of the SDK, called by programs: the mock CLI, and the real CLI with a scripted model.
//!
//! `CLAUDE_BIN=/path/to/claude cargo test -p claude-duplex-rmcp --test cli`; without it the trials of the real CLI are reported as
//! ignored. The real CLI runs in a network namespace with nothing but loopback, as in the library's own `tests/real_cli`, whose
//! modules are used here.

/// Declares a module of the library's own tests, of which only a part is needed here.
macro_rules! shared {
    ($($name:ident = $path:literal),+ $(,)?) => {$(
        #[path = $path]
        #[allow(dead_code, reason = "the library's own tests use the rest")]
        mod $name;
    )+};
}

shared! {
    answer = "../../../tests/real_cli/answer.rs",
    api = "../../../tests/real_cli/api.rs",
    cli = "../../../tests/real_cli/cli.rs",
    holds = "../../../tests/real_cli/holds.rs",
    http = "../../../tests/real_cli/http.rs",
    namespace = "../../../tests/real_cli/namespace.rs",
    place = "../../../tests/real_cli/place.rs",
    script = "../../../tests/real_cli/script.rs",
    services = "../services/mod.rs",
    version = "../../../tests/real_cli/version.rs",
}

mod stage;
mod trials;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::cli::Cli;
use crate::namespace::Sealed;
use crate::stage::{Case, Program};
use crate::version::Version;

/// Number of trials that run at once without `--test-threads`.
const AT_ONCE: usize = 4;

fn main() -> ExitCode {
    if let Some(mock) = stage::mock() {
        return mock;
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    match real() {
        Ok(real) => libtest_mimic::run(&arguments, trials(real)).exit_code(),
        Err(reason) => {
            eprintln!("real CLI: {reason}");
            ExitCode::FAILURE
        }
    }
}

/// Returns the real CLI, from inside the namespace; `None` if none is named.
fn real() -> Result<Option<(Sealed, Cli, Version)>, String> {
    let Some(cli) = Cli::from_environment()? else {
        eprintln!("the real CLI was not run: set {} to a claude binary or a cli.js", cli::VARIABLE);
        return Ok(None);
    };
    let sealed = namespace::enter()?;
    let version = Version::of(&cli, sealed)?;
    Ok(Some((sealed, cli, version)))
}

fn trials(real: Option<(Sealed, Cli, Version)>) -> Vec<Trial> {
    let run = |program: Program, body: trials::Body| {
        let case = Case::new(program).map_err(Failed::from)?;
        stage::run(case, body)
    };
    let mock = trials::WITH_BOTH.iter().map(|(name, body)| {
        let body = *body;
        Trial::test(format!("mock::{name}"), move || run(Program::Mock, body))
    });
    let all = trials::WITH_BOTH.iter().chain(trials::WITH_REAL);
    let real = all.map(|(name, body)| {
        let (found, body) = (real.clone(), *body);
        let is_ignored = found.is_none();
        let trial = Trial::test(format!("real::{name}"), move || match found {
            Some((sealed, cli, version)) => run(Program::Real(sealed, cli, version), body),
            None => Err("there is no real CLI".into()),
        });
        trial.with_ignored_flag(is_ignored)
    });
    mock.chain(real).collect()
}
