//! One scenario with one launcher: the sessions that it starts, under a watchdog.

use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use claude_duplex::driver::smol::{SmolTransport, spawn};
use claude_duplex::{
    Action, Config, Decision, Driver, IncomingKind, Interrupt, Options, Outcome,
    PromptId, Seed, SessionClosed,
};
use libtest_mimic::Failed;

use crate::launcher::Launcher;
use crate::processes;

/// A watchdog, for a machine that is busy with builds; each scenario takes a second or so.
pub(crate) const LIMIT: Duration = Duration::from_secs(300);

#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) launcher: &'static Launcher,
    /// Argument by which the mock CLI of this scenario is found.
    pub(crate) mark: String,
}

impl Case {
    /// Plays a scenario. Nothing may hang, and no mock CLI may be left.
    pub(crate) fn run(
        launcher: &'static Launcher,
        name: &str,
        play: fn(&Case),
    ) -> Result<(), Failed> {
        let case =
            Self { launcher, mark: format!("elsewhere-{}-{name}", launcher.name) };
        let played = case.clone();
        let (done, end) = channel();
        let player = thread::spawn(move || {
            play(&played);
            let _ = done.send(());
        });
        if let Err(RecvTimeoutError::Timeout) = end.recv_timeout(LIMIT) {
            return Err("it hangs".into());
        }
        player.join().unwrap_or_else(|panic| resume_unwind(panic));
        Ok(processes::gone(&case.mark)?)
    }

    /// The mock CLI behind the launcher.
    pub(crate) fn options(&self, program: impl Into<PathBuf>) -> Options {
        let options = Options::new()
            .program(program.into())
            .include_partial_messages()
            .host_permission_prompts();
        (self.launcher.launch)(options.arg(&self.mark), &self.mark)
    }

    pub(crate) fn start(&self) -> Session {
        Session::start(&self.options(mock_cli()))
    }
}

/// The mock CLI, which is built beside this program.
pub(crate) fn mock_cli() -> PathBuf {
    let this = std::env::current_exe().expect("a test has a path");
    let peer = this
        .ancestors()
        .nth(2)
        .expect("target/PROFILE/deps/TEST")
        .join("examples/peer");
    assert!(peer.exists(), "{} is not built: run .ci/elsewhere", peer.display());
    peer
}

pub(crate) struct Session {
    claude: Driver<SmolTransport>,
    pub(crate) actions: Vec<Action>,
}

impl Session {
    pub(crate) fn start(options: &Options) -> Self {
        let config = Config::new(Seed::random()).handle(IncomingKind::Permission);
        Self {
            claude: spawn(options, config).expect("the launcher starts"),
            actions: Vec::new(),
        }
    }

    pub(crate) fn until(
        &mut self,
        what: &str,
        wanted: impl Fn(&Action) -> bool,
    ) -> Action {
        while let Some(action) = self.claude.next_blocking() {
            self.actions.push(action.clone());
            if wanted(&action) {
                return action;
            }
        }
        panic!("the session ended before {what}: {:?}", self.actions);
    }

    pub(crate) fn prompt(&mut self, text: &str) -> PromptId {
        self.claude.prompt(text).expect("the prompt is taken")
    }

    pub(crate) fn interrupt(&mut self) {
        self.claude.interrupt(Interrupt::running()).expect("the interrupt is taken");
    }

    pub(crate) fn close(&mut self) -> SessionClosed {
        self.claude.close();
        self.end()
    }

    pub(crate) fn abort(&mut self) -> SessionClosed {
        self.claude.abort();
        self.end()
    }

    pub(crate) fn end(&mut self) -> SessionClosed {
        match self.until("its end", |action| matches!(action, Action::Closed(_))) {
            Action::Closed(closed) => closed,
            _ => unreachable!("it was waited for"),
        }
    }

    /// Waits until the CLI asks for a permission: the turn then runs until it is answered.
    pub(crate) fn until_request(&mut self) -> claude_duplex::IncomingId {
        match self
            .until("the request", |action| matches!(action, Action::IncomingRequest(_)))
        {
            Action::IncomingRequest(request) => request.id(),
            _ => unreachable!("it was waited for"),
        }
    }

    pub(crate) fn allow(&mut self, request: claude_duplex::IncomingId) {
        self.claude.respond(request, Decision::allow()).expect("the request is open");
    }

    /// Waits for the end of a prompt: its outcome, and the text of its result.
    pub(crate) fn until_ended(&mut self, wanted: PromptId) -> (Outcome, String) {
        let ended = |action: &Action| matches!(action, Action::PromptEnded { prompt, .. } if *prompt == wanted);
        match self.until("the end of a prompt", ended) {
            Action::PromptEnded { outcome, result, .. } => (
                outcome,
                result
                    .and_then(|result| result.result_text())
                    .unwrap_or_default()
                    .to_string(),
            ),
            _ => unreachable!("it was waited for"),
        }
    }

    pub(crate) fn outcomes(&self) -> Vec<Outcome> {
        let outcome = |action: &Action| match action {
            Action::PromptEnded { outcome, .. } => Some(*outcome),
            _ => None,
        };
        self.actions.iter().filter_map(outcome).collect()
    }
}
