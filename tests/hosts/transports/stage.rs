//! Where a scenario plays.

use std::time::Duration;

use claude_duplex::{Config, Exit, IncomingKind, IncomingKinds, Options, Seed, SpawnError};
use libtest_mimic::Failed;

use crate::child::{self, Step};
use crate::runner::{Change, Runner, mock_cli, start_changed};
use crate::session::Session;
use crate::watchdog::{Groups, watched};

pub(crate) type Scenario = (&'static str, fn(&Stage));

pub(crate) struct Stage {
    runner: &'static Runner,
    groups: Groups,
}

impl Stage {
    pub(crate) fn run(runner: &'static Runner, play: fn(&Stage)) -> Result<(), Failed> {
        watched(move |groups| play(&Self { runner, groups }))
    }

    /// A session with a program. Its asks are ours to answer.
    pub(crate) fn launch(&self, options: &Options, adjust: impl FnOnce(&mut Config)) -> Session {
        let claude = (self.runner.start)(options, self.config(options, adjust)).expect("the child starts");
        self.groups.lock().unwrap().push(claude.id());
        Session::new(claude)
    }

    /// A session with a program whose command is changed.
    pub(crate) fn launch_changed(&self, options: &Options, change: Change) -> Result<Session, SpawnError> {
        let config = self.config(options, |config| config.stderr_lines = true);
        let claude = start_changed(self.runner, options, config, change)?;
        self.groups.lock().unwrap().push(claude.id());
        Ok(Session::new(claude))
    }

    /// A session that does not begin.
    pub(crate) fn refused(&self, options: &Options) -> SpawnError {
        (self.runner.start)(options, self.config(options, |_| ())).err().expect("there is no child")
    }

    /// A session with a child that does this.
    pub(crate) fn child(&self, steps: &[Step]) -> Session {
        self.child_with(steps, |_| ())
    }

    pub(crate) fn child_with(&self, steps: &[Step], adjust: impl FnOnce(&mut Config)) -> Session {
        self.launch(&child::options(steps), adjust)
    }

    /// A session with a shell that plays the CLI.
    #[cfg(unix)]
    pub(crate) fn script(&self, text: &str) -> Session {
        self.script_with(text, |_| ())
    }

    #[cfg(unix)]
    pub(crate) fn script_with(&self, text: &str, adjust: impl FnOnce(&mut Config)) -> Session {
        self.launch(&script(text), adjust)
    }

    /// A session with the mock CLI. It has as much patience as by default: a child that ends by itself has the time for it
    /// on a busy machine, too.
    pub(crate) fn peer(&self, faults: &[&str], adjust: impl FnOnce(&mut Config)) -> Session {
        let options = mock_cli().include_partial_messages().host_permission_prompts();
        let options = faults.iter().fold(options, |options, fault| options.arg("--fault").arg(fault));
        self.launch(&options, adjust)
    }

    /// Settings that handle every kind that a CLI with these options asks for.
    fn config(&self, options: &Options, adjust: impl FnOnce(&mut Config)) -> Config {
        let mut config = Config::new(Seed::random());
        config.handled = IncomingKinds::ALL;
        if options.check(&config).is_err() {
            config.handled = config.handled.without(IncomingKinds::NONE.with(IncomingKind::Permission));
        }
        adjust(&mut config);
        config
    }
}

/// The exit status of a child that was asked to end. Windows has no way to ask.
pub(crate) const TERMINATED: Option<Exit> = Some(if cfg!(unix) { Exit::Signal(15) } else { Exit::Code(1) });

/// The exit status of a child that was killed.
pub(crate) const KILLED: Option<Exit> = Some(if cfg!(unix) { Exit::Signal(9) } else { Exit::Code(1) });

#[cfg(unix)]
pub(crate) fn script(script: &str) -> Options {
    Options::new().program("sh").global_arg("-c").global_arg(script).host_permission_prompts()
}

/// No patience with a child that does not end.
pub(crate) fn hasty(config: &mut Config) {
    let graces = &mut config.timeouts.shutdown;
    for grace in [&mut graces.turn, &mut graces.exit, &mut graces.terminate] {
        *grace = Duration::from_millis(50);
    }
}

/// Little patience with one that ends in part, or only when it is killed.
pub(crate) fn impatient(config: &mut Config) {
    let graces = &mut config.timeouts.shutdown;
    graces.turn = Duration::from_millis(1500);
    (graces.exit, graces.terminate, graces.pipes) =
        (Duration::from_millis(800), Duration::from_millis(400), Duration::from_millis(800));
}
