//! A network namespace with nothing but loopback: the only place where the real CLI is run.
//!
//! The test binary starts itself once more inside `unshare`. A `Sealed` is the proof that this has happened; what
//! starts the CLI asks for one.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::process::{Command, Output};

/// Set for the second start; its value is the namespace of the first.
const MARK: &str = "CLAUDE_DUPLEX_OUTER_NETNS";

/// How to make the namespace: as root, or as anybody where the kernel lets users have namespaces.
const WAYS: [&[&str]; 2] = [&["--net"], &["--map-root-user", "--net"]];

/// Proof that this process has no network but loopback.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sealed(());

/// Returns inside the namespace. Outside it replaces this process by one inside, or says why it cannot.
pub(crate) fn enter() -> Result<Sealed, String> {
    let here = own_namespace()?;
    match std::env::var(MARK) {
        Err(_) => Err(start_inside(&here)),
        Ok(outer) if outer == here => Err(format!("{MARK} is set, but this is the namespace outside: unset it")),
        Ok(_) => {
            let sealed = seal()?;
            let up = Command::new("ip").args(["link", "set", "lo", "up"]).output();
            succeeded("ip link set lo up", "iproute2", up)?;
            Ok(sealed)
        }
    }
}

/// Checks what is there, rather than what was asked for.
fn seal() -> Result<Sealed, String> {
    // Not /sys/class/net: it shows the namespace in which /sys was mounted.
    let table = fs::read_to_string("/proc/net/dev").map_err(|error| format!("cannot read /proc/net/dev: {error}"))?;
    let names: BTreeSet<&str> =
        table.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name.trim()).collect();
    if names == BTreeSet::from(["lo"]) {
        Ok(Sealed(()))
    } else {
        Err(format!("refused: the network interfaces here are {names:?}, and nothing but \"lo\" may be there"))
    }
}

fn own_namespace() -> Result<String, String> {
    fs::read_link("/proc/self/ns/net")
        .map(|link| link.display().to_string())
        .map_err(|error| format!("no network namespaces here (/proc/self/ns/net: {error})"))
}

/// Returns only where it fails.
fn start_inside(here: &str) -> String {
    let mut refusals = Vec::new();
    for way in WAYS {
        let probe = Command::new("unshare").args(way).args(["--", "true"]).output();
        match succeeded(&format!("unshare {}", way.join(" ")), "util-linux", probe) {
            Err(reason) => refusals.push(reason),
            Ok(()) => {
                let binary = match std::env::current_exe() {
                    Ok(binary) => binary,
                    Err(error) => return format!("cannot find the test binary: {error}"),
                };
                let mut inside = Command::new("unshare");
                inside.args(way).arg("--").arg(binary).args(std::env::args_os().skip(1)).env(MARK, here);
                return format!("cannot start unshare: {}", become_of(inside));
            }
        }
    }
    format!(
        "no network namespace, and the CLI is not run without one: {}; \
         run the tests as root, or where users may have namespaces",
        refusals.join("; ")
    )
}

/// Puts a program in the place of this one.
#[cfg(unix)]
fn become_of(mut program: Command) -> io::Error {
    std::os::unix::process::CommandExt::exec(&mut program)
}

#[cfg(not(unix))]
fn become_of(_: Command) -> io::Error {
    io::ErrorKind::Unsupported.into()
}

fn succeeded(what: &str, package: &str, ran: io::Result<Output>) -> Result<(), String> {
    match ran {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(format!("`{what}`: not on PATH (it comes with {package})"))
        }
        Err(error) => Err(format!("`{what}`: {error}")),
        Ok(ran) if ran.status.success() => Ok(()),
        Ok(ran) => {
            let stderr_text = String::from_utf8_lossy(&ran.stderr);
            Err(format!("`{what}`: {} ({})", ran.status, stderr_text.trim()))
        }
    }
}
