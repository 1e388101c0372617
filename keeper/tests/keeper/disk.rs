//! A disk that is full: a file system of 1 MiB in a namespace of its own.

use std::process::Command;

use claude_duplex_keeper::frame::{Exit, ToKeeper};
use claude_duplex_keeper::{Attach, Launch, Place, SessionId};

use super::support::{Host, HostEvent, KEEPER, Trials};

/// Says to this program that it is in the namespace.
const INSIDE: &str = "KEEPER_TEST_SMALL_DISK";

pub(crate) fn trials() -> Trials {
    let probe = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).output();
    vec![("a_full_disk_is_reported_and_loses_nothing", probe.is_ok_and(|output| output.status.success()), a_full_disk)]
}

fn a_full_disk() {
    if let Some(folder) = std::env::var_os(INSIDE) {
        return inside(&Place::new(folder));
    }
    let folder = super::support::Folder::new();
    let script = r#"mount -t tmpfs -o size=1m,mode=700 none "$1" && exec "$0" --exact disk::a_full_disk_is_reported_and_loses_nothing"#;
    let this = std::env::current_exe().unwrap();
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", script]).arg(this).arg(&folder.0).env(INSIDE, &folder.0);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

const TOTAL: usize = 3_000_000;

fn inside(place: &Place) {
    let script = "head -c 3000000 /dev/zero | tr '\\0' x; echo end; read rest; exit 0";
    let id = SessionId::parse("it").unwrap();
    let launch = Launch::new(place.clone(), "/bin/sh").args(["-c", script]).keeper(KEEPER).id(id.clone());
    launch.start().unwrap();
    let mut host = Host::new(Attach::controller().window(u64::MAX).connect(place, &id).unwrap());
    let event = host.until(|event| matches!(event, HostEvent::Trouble(_)));
    let HostEvent::Trouble(text) = event else { unreachable!() };
    assert!(text.contains("stdout cannot be written") && text.contains("No space left"), "{text}");
    // The host has all up to there, also what no file took. It goes on when that is acknowledged.
    let before = host.stdout.len();
    assert!(before < 3 << 19, "{before}");
    drop(host);
    // Another host gets the same bytes, and the trouble too.
    let mut host = Host::new(Attach::controller().window(u64::MAX).connect(place, &id).unwrap());
    assert!(host.welcome.stdout.end as usize >= before && host.welcome.stdout.oldest == 0);
    let mut ended = false;
    while host.stdout.len() < TOTAL + 4 {
        ended |= matches!(host.next(), HostEvent::Trouble(text) if text.is_empty());
        let total = host.stdout.len() as u64;
        host.progress(total, u64::MAX);
    }
    assert!(ended, "the end of the trouble was not reported");
    assert!(host.stdout[..TOTAL].iter().all(|byte| *byte == b'x') && host.stdout.ends_with(b"end\n"));
    host.send(&ToKeeper::StdinEnd { offset: 0 });
    assert_eq!(host.until_over(), Exit::Code(0));
    host.send(&ToKeeper::Release);
    host.until(|event| *event == HostEvent::Closed);
}
