//! The launchers, and what each does with the CLI that it has started.

use std::path::{Path, PathBuf};
use std::process::Command;

use claude_duplex::{Exit, Options};

use crate::session::mock_cli;
use crate::trials::{self, Trial};

pub(crate) struct Launcher {
    pub(crate) name: &'static str,
    /// Puts the launcher in front of the CLI, with a name for what it starts, if it has names.
    pub(crate) launch: fn(Options, &str) -> Options,
    /// File of the folder `ELSEWHERE` that its server has written.
    file: Option<&'static str>,
    /// What a broken link takes away.
    pub(crate) link: Link,
    /// The end of a session whose link was cut.
    pub(crate) cut: End,
    /// A launcher whose death the CLI does not notice: ends the CLI by its name.
    pub(crate) cancel: Option<fn(&str)>,
    /// The end of a session whose program does not exist.
    pub(crate) no_program: End,
    /// Scenarios that only this launcher has.
    pub(crate) own: &'static [Trial],
}

pub(crate) enum Link {
    /// The CLI, which the launcher has become.
    Cli,
    /// The nearest process of this name above the CLI.
    Process(&'static str),
    /// The job, as an administrator or a time limit ends it.
    Job,
}

/// Exit status of the launcher, and a part of what it writes to stderr.
pub(crate) struct End {
    pub(crate) exit: Exit,
    pub(crate) stderr: &'static str,
}

pub(crate) const LAUNCHERS: &[Launcher] = &[
    Launcher {
        name: "ssh",
        launch: |options, _| {
            options.launcher("ssh", ["-F", &file("ssh_config"), "elsewhere", "--"])
        },
        file: Some("ssh_config"),
        link: Link::Process("sshd"),
        cut: End { exit: Exit::Code(255), stderr: "closed by remote host" },
        cancel: None,
        no_program: End { exit: Exit::Code(127), stderr: "No such file or directory" },
        own: &[(
            "an_unreachable_host_is_reported",
            trials::an_unreachable_host_is_reported,
        )],
    },
    Launcher {
        name: "srun",
        launch: |options, name| {
            let options = options.env("SLURM_CONF", file("slurm.conf"));
            let options = options.env("SLURM_JOB_NAME", name);
            options.launcher(
                "srun",
                ["--quiet", "--unbuffered", "--input=0", "--ntasks=1"],
            )
        },
        file: Some("slurm.conf"),
        link: Link::Job,
        cut: End { exit: Exit::Code(143), stderr: "CANCELLED" },
        cancel: Some(scancel),
        no_program: End { exit: Exit::Code(2), stderr: "No such file or directory" },
        own: &[],
    },
    Launcher {
        name: "bwrap",
        launch: |options, _| {
            let mock_cli = mock_cli();
            let its_folder = mock_cli
                .parent()
                .and_then(Path::to_str)
                .expect("a folder whose name is text");
            let bind = [
                "--ro-bind",
                "/",
                "/",
                "--dev",
                "/dev",
                "--proc",
                "/proc",
                "--tmpfs",
                "/tmp",
                // Also where this checkout is below /tmp.
                "--ro-bind",
                its_folder,
                its_folder,
            ];
            options.launcher(
                "bwrap",
                [&["--unshare-all", "--die-with-parent"][..], &bind, &["--"]].concat(),
            )
        },
        file: None,
        link: Link::Process("bwrap"),
        cut: End { exit: Exit::Code(137), stderr: "" },
        cancel: None,
        no_program: End { exit: Exit::Code(1), stderr: "No such file or directory" },
        own: &[("the_cli_ends_with_its_host", trials::the_cli_ends_with_its_host)],
    },
    Launcher {
        name: "setpriv",
        launch: |options, _| options.launcher("setpriv", ["--pdeathsig", "KILL", "--"]),
        file: None,
        link: Link::Cli,
        cut: End { exit: Exit::Signal(9), stderr: "" },
        cancel: None,
        no_program: End { exit: Exit::Code(127), stderr: "No such file or directory" },
        own: &[("the_cli_ends_with_its_host", trials::the_cli_ends_with_its_host)],
    },
];

impl Launcher {
    /// Returns why the launcher cannot be tried, if it cannot.
    pub(crate) fn missing(&self) -> Option<String> {
        let in_path = || {
            std::env::split_paths(&std::env::var_os("PATH")?)
                .find(|at| at.join(self.name).is_file())
        };
        if in_path().is_none() {
            return Some(format!("there is no {} in PATH", self.name));
        }
        let place = std::env::var_os("ELSEWHERE").map(PathBuf::from);
        let Some(place) = place else {
            return Some(
                "run it by tests/elsewhere/world, which starts the servers".to_owned(),
            );
        };
        self.file
            .filter(|file| !place.join(file).is_file())
            .map(|file| format!("its server is not there: no {file}"))
    }
}

/// Cancels the jobs of this name.
pub(crate) fn scancel(name: &str) {
    let cancel = format!("--name={name}");
    let ran = Command::new("scancel")
        .arg(cancel)
        .env("SLURM_CONF", file("slurm.conf"))
        .status();
    assert!(ran.expect("there is a scancel").success());
}

/// File of the folder with the servers.
pub(crate) fn file(name: &str) -> String {
    let place = std::env::var_os("ELSEWHERE").map(PathBuf::from).unwrap_or_default();
    place.join(name).to_str().expect("a path of this suite is text").to_owned()
}
