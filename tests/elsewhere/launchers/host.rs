//! A host that is killed: this program, started again.

use std::io::{Write, stdout};
use std::process::{Child, Command, ExitCode, Stdio};

use crate::launcher::LAUNCHERS;
use crate::session::Case;

/// First argument of a program that is to be a host. The name of the launcher and the mark follow.
const PLAY: &str = "--play-a-host";

pub(crate) fn start(case: &Case) -> Child {
    let this = std::env::current_exe().expect("a test has a path");
    let mut command = Command::new(this);
    command
        .args([PLAY, case.launcher.name, &case.mark])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts")
}

/// Plays the host, if that is what this program was started for: it waits in a turn until it is killed.
pub(crate) fn played() -> Option<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    (arguments.next()? == PLAY).then(|| {
        let name = arguments.next().expect("a launcher");
        let launcher = LAUNCHERS
            .iter()
            .find(|launcher| launcher.name == name)
            .expect("it is known");
        let case = Case { launcher, mark: arguments.next().expect("a mark") };
        let mut session = case.start();
        session.prompt("run: ls");
        session.until_request();
        writeln!(stdout(), "a turn runs").expect("somebody reads");
        session.end();
        ExitCode::SUCCESS
    })
}
