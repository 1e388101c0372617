//! One host controls, any number observe, and each byte of stdin is written once.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use claude_duplex_keeper::frame::{Exit, Refusal, Signal, Start, Stream, ToKeeper};
use claude_duplex_keeper::{Attach, AttachError, Limits};

use super::support::{Host, HostEvent, Session, Trials};

pub(crate) fn trials() -> Trials {
    vec![
        ("bytes_that_two_hosts_send_are_read_once", true, bytes_that_two_hosts_send_are_read_once),
        ("a_gap_in_stdin_ends_the_connection", true, a_gap_in_stdin_ends_the_connection),
        ("a_cli_that_does_not_read_blocks_the_host", true, a_cli_that_does_not_read_blocks_the_host),
        ("a_cli_that_closes_its_stdin_is_reported", true, a_cli_that_closes_its_stdin_is_reported),
        ("a_replaced_host_is_notified_and_cannot_write", true, a_replaced_host_is_notified_and_cannot_write),
        ("epochs_go_up", true, epochs_go_up),
        ("of_two_concurrent_hosts_one_stays_attached", true, of_two_concurrent_hosts_one_stays_attached),
        ("observers_only_read", true, observers_only_read),
        ("signals_and_the_end_of_stdin_come_once", true, signals_and_the_end_of_stdin_come_once),
        ("unknown_frames_end_the_connection_with_both_versions", true, unknown_frames_end_the_connection),
        (
            "unauthenticated_connections_do_not_exhaust_the_keeper",
            true,
            unauthenticated_connections_do_not_exhaust_the_keeper,
        ),
    ]
}

const ECHO: &str = "while read line; do echo got $line; done; echo over";

fn bytes_that_two_hosts_send_are_read_once() {
    let session = Session::start(ECHO);
    let all = b"one\ntwo\nthree\nfour\nfive\n";
    let mut taken = 0;
    for end in [2, 6, 6, 13, 24] {
        // Each host sends from further back than its former one had got.
        let mut host = session.control();
        assert_eq!(host.welcome.stdin_taken, taken);
        let begin = usize::try_from(taken).unwrap().saturating_sub(3);
        host.write(begin as u64, &all[begin..end]);
        host.write(0, &all[..end]);
        taken = end as u64;
        host.until(|event| matches!(event, HostEvent::Stdin { written, .. } if *written == taken));
    }
    let mut host = session.control();
    host.send(&ToKeeper::StdinEnd { offset: 24 });
    host.until(|event| *event == HostEvent::End(Stream::Stdout));
    assert_eq!(host.text(), "got one\ngot two\ngot three\ngot four\ngot five\nover\n");
}

fn a_gap_in_stdin_ends_the_connection() {
    let session = Session::start(ECHO);
    let mut host = session.control();
    host.write(1, b"x");
    let HostEvent::Refused(refusal) = host.until(|event| matches!(event, HostEvent::Refused(_))) else {
        unreachable!()
    };
    assert!(refusal.to_string().contains("stdin continues at offset 1, but 0 bytes were received"), "{refusal}");
    assert_eq!(host.until(|event| *event == HostEvent::Closed), HostEvent::Closed);
    // The session goes on.
    let mut next = session.control();
    next.write(0, b"x\n");
    next.until_stdout(|stdout| stdout == b"got x\n");
}

fn a_cli_that_does_not_read_blocks_the_host() {
    let session = Session::start("read -r start < /dev/null; while [ ! -e \"$0\" ]; do sleep 0.05; done; wc -c");
    let mut host = session.control();
    let (mut sent, chunk) = (0, [b'y'; 32 * 1024]);
    let window = u64::from(host.welcome.stdin_window);
    assert_eq!(window, Limits::STDIN as u64);
    let mut written = 0;
    // As much as the pipe takes, and the window beyond it.
    while sent + chunk.len() as u64 <= written + window {
        host.write(sent, &chunk);
        sent += chunk.len() as u64;
        // An older state may be reported before that.
        let event = host.until(|event| matches!(event, HostEvent::Stdin { taken, .. } if *taken == sent));
        let HostEvent::Stdin { written: now, .. } = event else { unreachable!() };
        written = now;
    }
    assert!(sent > window, "{sent} bytes");
    host.write(sent, &[b'y'; 32 * 1024]);
    host.write(sent + 32 * 1024, &[b'y'; 32 * 1024]);
    let HostEvent::Refused(refusal) = host.until(|event| matches!(event, HostEvent::Refused(_))) else {
        unreachable!()
    };
    assert!(refusal.to_string().contains("wait for the CLI"), "{refusal}");
}

fn a_cli_that_closes_its_stdin_is_reported() {
    let session = Session::start("exec 0<&-; echo closed; exec sleep 600");
    let mut host = session.control();
    if !host.welcome.stdin_closed {
        host.until(|event| matches!(event, HostEvent::Stdin { closed: true, .. }));
    }
    let other = session.attach(&Attach::observer()).unwrap();
    assert!(other.welcome.stdin_closed);
}

fn a_replaced_host_is_notified_and_cannot_write() {
    let session = Session::start(ECHO);
    let mut first = session.control();
    assert_eq!((first.welcome.epoch, first.welcome.controlled), (1, false));
    let mut second = session.control();
    assert_eq!((second.welcome.epoch, second.welcome.controlled), (2, true));
    let event = first.until(|event| matches!(event, HostEvent::Replaced { .. }));
    assert_eq!(event, HostEvent::Replaced { epoch: 2, pid: std::process::id() });
    // The keeper reads it no more: whether the socket takes the bytes does not matter.
    let _ = first.attached.send(&ToKeeper::Stdin { offset: 0, bytes: b"stolen\n" });
    assert_eq!(first.next(), HostEvent::Closed);
    second.write(0, b"mine\n");
    second.until_stdout(|stdout| stdout == b"got mine\n");
}

fn epochs_go_up() {
    let session = Session::start(ECHO);
    let mut host = Host::new(session.attach(&Attach::controller().epoch(7)).unwrap());
    assert_eq!(host.welcome.epoch, 7);
    for requested in [1, 7] {
        let refused = session.attach(&Attach::controller().epoch(requested)).unwrap_err();
        assert!(
            matches!(&refused, AttachError::Refused(Refusal::Epoch { requested: reported, current: 7 }) if *reported == requested),
            "{refused}"
        );
    }
    // Neither has replaced the host.
    host.write(0, b"x\n");
    host.until_stdout(|stdout| stdout == b"got x\n");
    drop(host);
    assert_eq!(session.control().welcome.epoch, 8);
}

fn of_two_concurrent_hosts_one_stays_attached() {
    let session = Session::start(ECHO);
    let mut hosts: Vec<Host> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| session.control())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    hosts.sort_by_key(|host| host.welcome.epoch);
    let epochs: Vec<_> = hosts.iter().map(|host| host.welcome.epoch).collect();
    assert_eq!(epochs, [1, 2, 3, 4, 5, 6, 7, 8]);
    let mut last = hosts.pop().unwrap();
    for (mut host, epoch) in hosts.into_iter().zip(2..) {
        let event = host.until(|event| matches!(event, HostEvent::Replaced { .. }));
        assert!(matches!(event, HostEvent::Replaced { epoch: new, .. } if new == epoch), "{event:?}");
    }
    last.write(0, b"x\n");
    last.until_stdout(|stdout| stdout == b"got x\n");
    let busy = session.attach(&Attach::controller().only_if_free()).unwrap_err();
    assert!(matches!(busy, AttachError::Refused(Refusal::Busy { pid }) if pid == std::process::id()), "{busy}");
}

fn observers_only_read() {
    let session = Session::start(ECHO);
    let mut host = session.control();
    for frame in [
        ToKeeper::Stdin { offset: 0, bytes: b"x\n" },
        ToKeeper::StdinEnd { offset: 0 },
        ToKeeper::Signal(Signal::Kill),
        ToKeeper::Stop,
        ToKeeper::Release,
    ] {
        let mut observer = Host::new(session.attach(&Attach::observer()).unwrap());
        observer.send(&frame);
        let HostEvent::Refused(refusal) = observer.until(|event| matches!(event, HostEvent::Refused(_))) else {
            unreachable!()
        };
        assert!(refusal.to_string().contains("an observer cannot write"), "{refusal}");
    }
    let mut observers: Vec<_> = (0..10).map(|_| Host::new(session.attach(&Attach::observer()).unwrap())).collect();
    host.write(0, b"x\n");
    for observer in &mut observers {
        observer.progress(u64::MAX, u64::MAX);
        observer.until_stdout(|stdout| stdout == b"got x\n");
    }
    // What an observer acknowledges is kept for the host.
    host.until_stdout(|stdout| stdout == b"got x\n");
    assert_eq!(session.control().welcome.stdout.oldest, 0);
}

fn signals_and_the_end_of_stdin_come_once() {
    let session =
        Session::start("trap 'echo term' TERM; echo ready; while read line; do :; done; while :; do sleep 0.05; done");
    let mut host = session.control();
    host.until_stdout(|stdout| stdout == b"ready\n");
    for _ in 0..3 {
        host.send(&ToKeeper::StdinEnd { offset: 0 });
        host.send(&ToKeeper::Signal(Signal::Terminate));
    }
    host.until_stdout(|stdout| stdout == b"ready\nterm\n");
    let mut next = Host::new(session.attach(&Attach::controller().from(Start::Newest, Start::Newest)).unwrap());
    assert!(next.welcome.stdin_ended && next.welcome.signal == Some(Signal::Terminate));
    next.send(&ToKeeper::Signal(Signal::Terminate));
    next.send(&ToKeeper::Signal(Signal::Kill));
    assert_eq!(next.until(|event| matches!(event, HostEvent::Exit(_))), HostEvent::Exit(Exit::Signal(9)));
    assert_eq!(next.text(), "");
    // It is reported again, and a signal after the exit is nobody's.
    let mut last = session.control();
    assert_eq!(last.welcome.exit, Some(Exit::Signal(9)));
    last.send(&ToKeeper::Signal(Signal::Kill));
    assert_eq!(last.until_over(), Exit::Signal(9));
}

fn unknown_frames_end_the_connection() {
    let session = Session::start(ECHO);
    let mut host = session.control();
    host.attached.socket.write_all(&[1, 0, 0, 0, 99]).unwrap();
    let HostEvent::Refused(refusal) = host.until(|event| matches!(event, HostEvent::Refused(_))) else {
        unreachable!()
    };
    let text = refusal.to_string();
    assert!(text.contains("type 99") && text.contains("this side speaks version 1"), "{text}");
    // Bytes of something else altogether.
    let mut socket = UnixStream::connect(session.folder.place().socket(&session.launched.id)).unwrap();
    socket.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut response = Vec::new();
    socket.read_to_end(&mut response).unwrap();
    assert!(String::from_utf8_lossy(&response).contains("at most"), "{response:?}");
}

fn unauthenticated_connections_do_not_exhaust_the_keeper() {
    let session = Session::start(ECHO);
    let mut host = session.control();
    let path = session.folder.place().socket(&session.launched.id);
    // They connect and say nothing.
    let silent: Vec<_> = (0..3 * Limits::CLIENTS).map(|_| UnixStream::connect(&path).unwrap()).collect();
    host.write(0, b"x\n");
    host.until_stdout(|stdout| stdout == b"got x\n");
    let mut next = session.control();
    next.write(2, b"y\n");
    next.until_stdout(|stdout| stdout == b"got x\ngot y\n");
    drop(silent);
}
