//! Children of `sh`, and patience with an end.

use std::future::Future;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use claude_duplex::smol::Smol;
use claude_duplex::{Action, Closed, Config, Driver, Options, Outcome, Seed};

/// Fails instead of hanging.
pub(crate) fn bounded<R>(test: impl Future<Output = R>) -> R {
    let late = async {
        smol::Timer::after(Duration::from_secs(60)).await;
        panic!("the test takes too long");
    };
    smol::block_on(smol::future::or(test, late))
}

pub(crate) fn script(script: &str) -> Options {
    Options::new().program("sh").global_arg("-c").global_arg(script)
}

pub(crate) fn start(text: &str) -> Driver<Smol> {
    start_with(text, |_| {})
}

pub(crate) fn start_with(text: &str, adjust: impl FnOnce(&mut Config)) -> Driver<Smol> {
    launch(&script(text), adjust)
}

pub(crate) fn launch(options: &Options, adjust: impl FnOnce(&mut Config)) -> Driver<Smol> {
    let mut config = Config::new(Seed::random());
    adjust(&mut config);
    claude_duplex::smol::spawn(options, config).unwrap()
}

/// No patience with a child that does not end.
pub(crate) fn hasty(config: &mut Config) {
    let graces = &mut config.timeouts.shutdown;
    for grace in [&mut graces.turn, &mut graces.exit, &mut graces.terminate] {
        *grace = Duration::from_millis(50);
    }
}

pub(crate) async fn all(claude: &mut Driver<Smol>) -> Vec<Action> {
    let mut actions = Vec::new();
    while let Some(action) = claude.next().await {
        actions.push(action);
    }
    actions
}

/// Waits for the child's first message.
pub(crate) async fn first_message(claude: &mut Driver<Smol>) {
    while let Some(action) = claude.next().await {
        if matches!(action, Action::Message { .. }) {
            return;
        }
    }
    panic!("the child said nothing");
}

/// How the session ended: the last action, once.
pub(crate) fn closed(actions: &[Action]) -> &Closed {
    assert_eq!(actions.iter().filter(|action| matches!(action, Action::Closed(_))).count(), 1);
    match actions.last() {
        Some(Action::Closed(closed)) => closed,
        other => panic!("not closed but {other:?}"),
    }
}

pub(crate) fn prompt_ends(actions: &[Action]) -> Vec<Outcome> {
    actions
        .iter()
        .filter_map(|action| match action {
            Action::PromptEnded { outcome, .. } => Some(*outcome),
            _ => None,
        })
        .collect()
}

pub(crate) fn messages(actions: &[Action]) -> usize {
    actions.iter().filter(|action| matches!(action, Action::Message { .. })).count()
}

/// A pipe with a name. A script opens it by `exec 9>"$FIFO"`, and everything that the script starts then holds it
/// open: its end tells that all of them are gone.
pub(crate) struct Fifo(pub(crate) PathBuf);

impl Fifo {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("claude-duplex-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        Self(path)
    }

    /// Waits until it was opened by others and all of them have closed it.
    pub(crate) fn gone(&self) -> smol::Task<std::io::Result<Vec<u8>>> {
        let path = self.0.clone();
        smol::unblock(move || std::fs::read(path))
    }
}

impl Drop for Fifo {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
