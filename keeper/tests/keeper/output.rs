//! What the CLI writes reaches hosts whole, by offset, and within the limits.

use std::io::Read;
use std::time::Duration;

use claude_duplex_keeper::frame::{Exit, Refusal, Start, ToKeeper};
use claude_duplex_keeper::{Attach, AttachError, Limits};

use super::support::{Host, HostEvent, Session, Trials};

pub(crate) fn trials() -> Trials {
    vec![
        ("a_host_reads_from_its_offset_on", true, a_host_reads_from_its_offset_on),
        ("a_window_limits_only_its_stream", true, a_window_limits_only_its_stream),
        (
            "a_flooding_cli_waits_at_the_limit_and_loses_nothing",
            true,
            a_flooding_cli_waits_at_the_limit_and_loses_nothing,
        ),
        ("a_slow_host_does_not_delay_observers", true, a_slow_host_does_not_delay_observers),
        ("an_observer_learns_what_it_missed", true, an_observer_learns_what_it_missed),
        ("an_offset_that_is_not_kept_is_refused", true, an_offset_that_is_not_kept_is_refused),
        ("a_long_session_stays_small", true, a_long_session_stays_small),
    ]
}

/// Script that writes lines with numbers, and one to stderr.
const LINES: &str = "for i in 1 2 3 4 5; do echo line $i; done; echo oops >&2; read rest; echo end $rest";

fn a_host_reads_from_its_offset_on() {
    let session = Session::start(LINES);
    let whole = "line 1\nline 2\nline 3\nline 4\nline 5\n";
    let mut first = session.control();
    first.until_stdout(|stdout| stdout == whole.as_bytes());
    while first.stderr != b"oops\n" {
        first.next();
    }
    drop(first);
    for offset in [0, 1, 7, 34, 35] {
        let attach = Attach::controller().from(Start::At(offset), Start::At(offset.min(5)));
        let mut host = Host::new(session.attach(&attach).unwrap());
        assert_eq!(host.welcome.stdout.end, 35);
        host.until_stdout(|stdout| stdout.len() as u64 == 35 - offset);
        assert_eq!(host.text(), whole[usize::try_from(offset).unwrap()..]);
    }
    let mut last = Host::new(session.attach(&Attach::controller().from(Start::Newest, Start::Newest)).unwrap());
    last.write(0, b"now\n");
    assert_eq!(last.until_over(), Exit::Code(0));
    assert_eq!(last.text(), "end now\n");
}

fn a_window_limits_only_its_stream() {
    let session = Session::start("echo 0123456789; read x; echo $x >&2; read y; exit 7");
    let mut host = Host::new(session.attach(&Attach::controller().window(4)).unwrap());
    host.until_stdout(|stdout| stdout == b"0123");
    host.write(0, b"ab\n");
    host.until(|event| matches!(event, HostEvent::Stdin { written: 3, .. }));
    while host.stderr != b"ab\n" {
        host.next();
    }
    host.write(3, b"\n");
    assert_eq!(host.until(|event| matches!(event, HostEvent::Exit(_))), HostEvent::Exit(Exit::Code(7)));
    assert_eq!(host.stdout, b"0123");
    host.progress(0, 100);
    host.until_over();
    assert_eq!(host.stdout, b"0123456789\n");
}

/// Bytes that `FLOOD` writes.
const FLOOD_BYTES: u64 = 4 << 20;
const FLOOD: &str = "head -c 4194304 /dev/zero | tr '\\0' x; echo done >&2; read rest";

fn a_flooding_cli_waits_at_the_limit_and_loses_nothing() {
    let session = Session::start_with(FLOOD, Session::small);
    // Nobody acknowledges: the keeper stops at the limit.
    let mut host = Host::new(session.attach(&Attach::controller().window(u64::MAX)).unwrap());
    host.until_stdout(|stdout| stdout.len() as u64 == Limits::LEAST);
    drop(host);
    let mut host = session.control();
    assert_eq!((host.welcome.stdout.oldest, host.welcome.stdout.end), (0, Limits::LEAST));
    let mut total = 0;
    while total < FLOOD_BYTES {
        host.until_stdout(|stdout| stdout.len() as u64 > total);
        total = host.stdout.len() as u64;
        host.progress(total, u64::MAX);
    }
    assert!(host.stdout.iter().all(|byte| *byte == b'x'));
    while host.stderr != b"done\n" {
        host.next();
    }
    assert_eq!(host.stdout.len() as u64, FLOOD_BYTES);
    // Behind the last progress.
    host.write(0, b"\n");
    host.until(|event| matches!(event, HostEvent::Stdin { .. }));
    let files = std::fs::read_dir(session.path()).unwrap();
    let kept: u64 = files.map(|file| file.unwrap().metadata().unwrap().len()).sum();
    assert!(kept <= Limits::LEAST / 2, "{kept} bytes are kept of what was acknowledged");
}

fn a_slow_host_does_not_delay_observers() {
    let session = Session::start("head -c 1000000 /dev/zero | tr '\\0' x; read rest");
    // It never reads, and its socket is full.
    let slow = session.attach(&Attach::controller().window(u64::MAX)).unwrap();
    let mut observer = Host::new(session.attach(&Attach::observer().window(u64::MAX)).unwrap());
    observer.until_stdout(|stdout| stdout.len() == 1_000_000);
    // What waits for it is there when it reads.
    let mut slow = Host::new(slow);
    slow.until_stdout(|stdout| stdout.len() == 1_000_000);
}

fn an_observer_learns_what_it_missed() {
    let session = Session::start_with(FLOOD, Session::small);
    let mut observer = Host::new(session.attach(&Attach::observer().window(10)).unwrap());
    observer.until_stdout(|stdout| stdout.len() == 10);
    let mut host = Host::new(session.attach(&Attach::controller().window(u64::MAX)).unwrap());
    while (host.stdout.len() as u64) < FLOOD_BYTES {
        host.next();
        let total = host.stdout.len() as u64;
        host.progress(total, u64::MAX);
    }
    observer.progress(0, u64::MAX);
    let HostEvent::Skipped(to) = observer.until(|event| matches!(event, HostEvent::Skipped(_))) else { unreachable!() };
    assert!(to > 1 << 20, "{to}");
    // There may be a second gap while it reads.
    let mut begin = to - 10;
    while begin + (observer.stdout.len() as u64) < FLOOD_BYTES {
        if let HostEvent::Skipped(to) = observer.next() {
            begin = to - observer.stdout.len() as u64;
        }
    }
}

fn an_offset_that_is_not_kept_is_refused() {
    let session = Session::start_with(FLOOD, Session::small);
    let mut host = Host::new(session.attach(&Attach::controller().window(u64::MAX)).unwrap());
    while host.stdout.len() < 1 << 20 {
        host.next();
        let total = host.stdout.len() as u64;
        host.progress(total, u64::MAX);
    }
    for requested in [0, u64::MAX] {
        let refused = session.attach(&Attach::controller().from(Start::At(requested), Start::Oldest)).unwrap_err();
        let AttachError::Refused(Refusal::Offset { stream, requested: reported, oldest, .. }) = &refused else {
            panic!("{refused}")
        };
        assert_eq!((&**stream, *reported), ("stdout", requested));
        assert!(*oldest > 0 && refused.to_string().contains("are stored"), "{refused}");
    }
    // A refused controller has replaced nobody.
    host.until_stdout(|stdout| stdout.len() > 1 << 20);
}

fn a_long_session_stays_small() {
    let session = Session::start("while read size; do head -c $size /dev/zero | tr '\\0' x; done");
    let mut host = Host::new(session.attach(&Attach::controller().window(u64::MAX)).unwrap());
    let keeper = session.keeper(host.welcome.cli);
    let mut written = 0;
    for round in 0..10 {
        host.write(written, b"3000000\n");
        written += 8;
        host.until_stdout(|stdout| stdout.len() == (round + 1) * 3_000_000);
    }
    // Files hold what nobody has acknowledged.
    let memory = keeper.memory();
    assert!(cfg!(debug_assertions) || memory <= 3 * 1024, "{memory} KiB");
    assert!(memory <= 8 * 1024, "{memory} KiB");
    // A second host gets all of it, from files.
    let mut other = Host::new(session.attach(&Attach::controller().window(u64::MAX)).unwrap());
    other.until_stdout(|stdout| stdout.len() == 30_000_000);
    host.attached.socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    host.until(|event| matches!(event, HostEvent::Replaced { epoch: 2, .. }));
    assert_eq!(host.attached.socket.read(&mut [0]).unwrap(), 0);
    other.send(&ToKeeper::StdinEnd { offset: written });
    other.until(|event| *event == HostEvent::Exit(Exit::Code(0)));
}
