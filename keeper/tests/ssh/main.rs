//! A host that reaches the keeper through a real `sshd`, whose link is cut in the middle of a turn.
//!
//! `KEEPER_SSHD=/usr/sbin/sshd cargo test -p claude-duplex-keeper --all-features --test ssh`; without it the trial is reported as
//! ignored. It needs root and the Debian packages openssh-server and openssh-client. `sshd` listens on loopback, in a network
//! namespace of its own; the CLI is the mock CLI.

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
    bridge = "../transport/bridge.rs",
    kept = "../transport/kept.rs",
    mock = "../transport/mock.rs",
    namespace = "../../../tests/real_cli/namespace.rs",
}

#[cfg(unix)]
mod link;
#[cfg(unix)]
mod server;
#[cfg(unix)]
mod trial;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    if std::env::var_os(kept::ROLE).is_some() {
        return mock::serve();
    }
    let arguments = libtest_mimic::Arguments::from_args();
    let sshd = std::env::var_os("KEEPER_SSHD").filter(|path| !path.is_empty());
    if sshd.is_none() {
        eprintln!("sshd was not run: set KEEPER_SSHD to its absolute path");
    } else if let Err(reason) = namespace::enter() {
        eprintln!("sshd: {reason}");
        return std::process::ExitCode::FAILURE;
    }
    let is_ignored = sshd.is_none();
    let trial = libtest_mimic::Trial::test("a_link_that_is_cut_in_a_turn_is_replaced", move || {
        trial::a_link_that_is_cut_in_a_turn_is_replaced(&sshd.ok_or("there is no sshd")?);
        Ok(())
    });
    libtest_mimic::run(&arguments, vec![trial.with_ignored_flag(is_ignored)]).exit_code()
}

#[cfg(not(unix))]
fn main() {}
