//! Hosts that are killed while the real CLI works for them.
//!
//! `CLAUDE_BIN=/path/to/claude cargo test -p claude-duplex-keeper --all-features --test real_cli`; without it the trial is
//! reported as ignored. The real CLI runs in a network namespace with nothing but loopback, as in the library's own
//! `tests/real_cli`, whose modules are used here.

/// Uses modules of other tests, not all of which is needed here.
macro_rules! shared {
    ($($name:ident = $path:literal),+ $(,)?) => {$(
        #[cfg(unix)]
        #[path = $path]
        #[allow(dead_code, reason = "the other tests use the rest")]
        mod $name;
    )+};
}

shared! {
    answer = "../../../tests/real_cli/answer.rs",
    api = "../../../tests/real_cli/api.rs",
    cli = "../../../tests/real_cli/cli.rs",
    conversation = "../transport/conversation.rs",
    holds = "../../../tests/real_cli/holds.rs",
    host = "../transport/host.rs",
    http = "../../../tests/real_cli/http.rs",
    kept = "../transport/kept.rs",
    namespace = "../../../tests/real_cli/namespace.rs",
    place = "../../../tests/real_cli/place.rs",
    script = "../../../tests/real_cli/script.rs",
    version = "../../../tests/real_cli/version.rs",
}

#[cfg(unix)]
mod trial;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    if let Some(code) = host::play() {
        return code;
    }
    let arguments = libtest_mimic::Arguments::from_args();
    let real = match trial::real() {
        Ok(real) => real,
        Err(reason) => {
            eprintln!("real CLI: {reason}");
            return std::process::ExitCode::FAILURE;
        }
    };
    let is_ignored = real.is_none();
    let trial = libtest_mimic::Trial::test("killed_hosts_leave_no_trace", move || {
        let (sealed, cli) = real.ok_or("there is no real CLI")?;
        trial::killed_hosts_leave_no_trace(sealed, &cli);
        Ok(())
    });
    libtest_mimic::run(&arguments, vec![trial.with_ignored_flag(is_ignored)]).exit_code()
}

#[cfg(not(unix))]
fn main() {}
