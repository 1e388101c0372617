//! The child's exit: what is ordered afterwards, and how much of its output is still taken.

use claude_duplex::{Action, ChildCommand, Config, Exit, Protocol, Seed, SessionTime};

fn orders(protocol: &mut Protocol) -> Vec<ChildCommand> {
    std::iter::from_fn(|| protocol.poll_child_command()).collect()
}

fn session(kill_group: bool) -> Protocol {
    let mut config = Config::new(Seed::from_bytes([8; 16]));
    config.kill_group = kill_group;
    Protocol::new(config, SessionTime::ZERO)
}

/// The number of a process that was waited for may be given to another, and with it the number of its group.
#[test]
fn an_abort_after_the_exit_sends_no_signal() {
    for kill_group in [true, false] {
        let mut protocol = session(kill_group);
        protocol.exited(SessionTime::ZERO, Exit::Code(0));
        let expected: &[ChildCommand] = if kill_group { &[ChildCommand::Kill] } else { &[] };
        assert_eq!(orders(&mut protocol)[1..], *expected);
        protocol.abort(SessionTime::ZERO);
        assert_eq!(orders(&mut protocol), []);
        let (due, _) = protocol.poll_timeout().expect("the pipes have a grace");
        protocol.handle_timeout(due);
        assert!(protocol.is_closed());
        assert_eq!(orders(&mut protocol), []);
    }
}

#[test]
fn child_commands_not_fetched_before_the_exit_are_withdrawn() {
    for kill_group in [true, false] {
        let mut protocol = session(kill_group);
        protocol.close(SessionTime::ZERO);
        let (due, _) = protocol.poll_timeout().expect("the exit has a grace");
        protocol.handle_timeout(due); // asked to terminate
        protocol.abort(due);
        protocol.exited(due, Exit::Signal(15));
        let expected: &[ChildCommand] =
            if kill_group { &[ChildCommand::CloseStdin, ChildCommand::Kill] } else { &[ChildCommand::CloseStdin] };
        assert_eq!(orders(&mut protocol), expected);
    }
}

#[test]
fn a_killed_process_group_is_not_killed_again_after_the_exit() {
    let mut protocol = session(true);
    protocol.abort(SessionTime::ZERO);
    assert_eq!(orders(&mut protocol), [ChildCommand::CloseStdin, ChildCommand::Kill]);
    protocol.exited(SessionTime::ZERO, Exit::Signal(9));
    assert_eq!(orders(&mut protocol), []);
    let Some(Action::Closed(_)) = ({
        protocol.eof(SessionTime::ZERO);
        protocol.stderr_eof(SessionTime::ZERO);
        std::iter::from_fn(|| protocol.poll_action()).last()
    }) else {
        panic!("it is not closed")
    };
}
