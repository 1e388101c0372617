//! What the child has started, and what becomes of it.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::time::Duration;

use claude_duplex::{CloseReason, Exit};

use crate::child::Step;
use crate::stage::{KILLED, Scenario, Stage};

pub(crate) const ALL: &[Scenario] = &[
    ("background_processes_of_an_exited_child_are_killed", background_processes_of_an_exited_child_are_killed),
    (
        "what_an_exited_child_leaves_is_kept_where_the_host_wants_it",
        background_processes_of_an_exited_child_can_be_kept,
    ),
    ("dropping_the_session_kills_the_group", dropping_the_session_kills_the_group),
    (
        "dropping_the_session_kills_background_processes_of_an_exited_child",
        dropping_the_session_kills_background_processes_of_an_exited_child,
    ),
    ("a_kill_reaches_the_process_group", a_kill_reaches_the_process_group),
];

/// A connection to what the child has started. It ends with the other side, and with nothing else.
struct Lifeline(TcpListener);

impl Lifeline {
    fn new() -> Self {
        Self(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port"))
    }

    /// Starts what is connected, and what holds stdin, stdout and stderr as the child does.
    fn start(&self) -> Step {
        Step::Start(vec![Step::Echo(self.0.local_addr().expect("a port").port())])
    }

    /// Waits until the other side is there.
    fn held(&self) -> TcpStream {
        self.0.accept().expect("a connection").0
    }
}

/// Waits until the other side is gone.
fn gone(mut held: TcpStream) {
    match held.read(&mut [0]) {
        Ok(0) => {}
        // What is killed may reset its connections.
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        other => panic!("{other:?}"),
    }
}

fn background_processes_of_an_exited_child_are_killed(stage: &Stage) {
    let lifeline = Lifeline::new();
    let mut session = stage.child(&[lifeline.start(), Step::Read, Step::Exit(0)]);
    let held = lifeline.held();
    session.prompt("exit");
    let end = session.end();
    // With the group, the last holder of stdout is gone: nothing had to be waited out.
    assert_eq!((end.reason, end.exit, end.output_held), (CloseReason::Exited, Some(Exit::Code(0)), false));
    gone(held);
}

fn background_processes_of_an_exited_child_can_be_kept(stage: &Stage) {
    let lifeline = Lifeline::new();
    let steps = [lifeline.start(), Step::Drain, Step::Exit(0)];
    let mut session = stage.child_with(&steps, |config| {
        config.kill_group = false;
        // It holds stdout, which is not waited for.
        config.timeouts.shutdown.pipes = Duration::from_millis(50);
    });
    let mut held = lifeline.held();
    assert_eq!(session.close_and_end().exit, Some(Exit::Code(0)));
    drop(session);
    held.write_all(b"alive").unwrap();
    held.shutdown(Shutdown::Write).unwrap();
    let mut repeated = Vec::new();
    held.read_to_end(&mut repeated).unwrap();
    assert_eq!(repeated, b"alive");
}

fn dropping_the_session_kills_the_group(stage: &Stage) {
    let lifeline = Lifeline::new();
    let session = stage.child(&[lifeline.start(), Step::Hang]);
    let held = lifeline.held();
    drop(session);
    gone(held);
}

fn dropping_the_session_kills_background_processes_of_an_exited_child(stage: &Stage) {
    let lifeline = Lifeline::new();
    let session = stage.child(&[lifeline.start(), Step::Exit(0)]);
    let held = lifeline.held();
    drop(session);
    gone(held);
}

fn a_kill_reaches_the_process_group(stage: &Stage) {
    let lifeline = Lifeline::new();
    let mut session = stage.child(&[lifeline.start(), Step::Hang]);
    let held = lifeline.held();
    session.abort();
    assert_eq!(session.end().exit, KILLED);
    gone(held);
}
