//! Where a scenario plays, and what holds of every one.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Debug;
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use claude_duplex::testing::Script;
use claude_duplex::{Action, Config, IncomingKinds, Overflow, Runner, Seed, Session, SessionClosed, Subscriber};
use libtest_mimic::Failed;

use crate::hosts::{Boxed, Host, Journal, Local, Run, Sleep};
use crate::watchdog::{Groups, watched};

pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// What its children do.
    pub(crate) script: fn() -> Script,
    pub(crate) play: for<'a> fn(&'a Stage) -> Local<'a>,
}

/// Declares `ALL`: each scenario with its script.
macro_rules! scenarios {
    ($($play:ident: $script:expr,)+) => {
        pub(crate) const ALL: &[crate::stage::Scenario] = &[$(crate::stage::Scenario {
            name: stringify!($play),
            script: || $script,
            play: |stage| Box::pin($play(stage)),
        }),+];
    };
}
pub(crate) use scenarios;

pub(crate) struct Stage {
    host: Host,
    scenario: &'static Scenario,
    groups: Groups,
    /// One for each session, from its start.
    watching: RefCell<Vec<Subscriber>>,
}

impl Stage {
    pub(crate) fn run(run: Run, scenario: &'static Scenario) -> Result<(), Failed> {
        watched(move |groups| {
            run(&|host| {
                let (groups, watching) = (Arc::clone(&groups), RefCell::default());
                let stage = Self { host, scenario, groups, watching };
                Box::pin(async move {
                    (scenario.play)(&stage).await;
                    for watch in stage.watching.take() {
                        assert_settled(&all(watch).await);
                    }
                })
            });
        })
    }

    /// A session that owns every incoming request, and the task that runs it.
    pub(crate) fn open(&self) -> (Session, Task<SessionClosed>) {
        self.open_with(|_| {})
    }

    pub(crate) fn open_with(&self, adjust: impl FnOnce(&mut Config)) -> (Session, Task<SessionClosed>) {
        let (claude, runner) = self.open_recorded(adjust, None);
        (claude, self.spawn(runner))
    }

    /// A session that is recorded, and what runs it.
    pub(crate) fn open_recorded(
        &self,
        adjust: impl FnOnce(&mut Config),
        journal: Option<Journal>,
    ) -> (Session, Runner) {
        let mut config = Config::new(Seed::random());
        config.handled = IncomingKinds::ALL;
        adjust(&mut config);
        let (claude, runner) = (self.host.open)(self.scenario, config, journal);
        self.groups.lock().unwrap().extend(claude.pid());
        self.watching.borrow_mut().push(claude.subscribe(1_000_000, Overflow::Oldest));
        (claude, runner)
    }

    pub(crate) fn spawn<T: Send + 'static>(&self, future: impl Future<Output = T> + Send + 'static) -> Task<T> {
        let output = Arc::new(Mutex::new(None));
        let put = Arc::clone(&output);
        let task = (self.host.spawn)(Box::pin(async move {
            let value = future.await;
            *put.lock().unwrap() = Some(value);
        }));
        Task { task, output }
    }

    /// What a handler can take with it to wait by.
    pub(crate) fn clock(&self) -> Sleep {
        Arc::clone(&self.host.sleep)
    }

    pub(crate) async fn sleep(&self, time: Duration) {
        (self.host.sleep)(time).await;
    }
}

/// Something that runs beside the test, until it is dropped.
#[must_use = "dropping it ends it"]
pub(crate) struct Task<T> {
    task: Boxed,
    output: Arc<Mutex<Option<T>>>,
}

impl<T> Future for Task<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        ready!(self.task.as_mut().poll(cx));
        Poll::Ready(self.output.lock().unwrap().take().expect("it is taken once"))
    }
}

/// All that a subscriber is told until the end.
pub(crate) async fn all(mut subscriber: Subscriber) -> Vec<Action> {
    let mut reported = Vec::new();
    while let Some(action) = subscriber.next().await {
        reported.push(action.expect("no lag"));
    }
    reported
}

/// What was begun was ended once, and nothing comes after the end.
fn assert_settled(reported: &[Action]) {
    let (mut turns, mut incoming_requests) = (HashMap::new(), HashMap::new());
    let (mut prompts, mut requests) = (HashMap::new(), HashMap::new());
    for action in reported {
        match action {
            Action::TurnStarted { turn, .. } => begin(&mut turns, *turn),
            Action::TurnEnded { turn, .. } => end(&mut turns, turn),
            Action::IncomingRequest(incoming) => begin(&mut incoming_requests, incoming.id()),
            Action::IncomingAnswered { id: incoming, .. } | Action::IncomingCancelled { id: incoming, .. } => {
                end(&mut incoming_requests, incoming)
            }
            Action::PromptEnded { prompt, .. } => begin(&mut prompts, *prompt),
            Action::ResponseReceived { request, .. } => begin(&mut requests, *request),
            _ => {}
        }
    }
    assert!(turns.values().chain(incoming_requests.values()).all(|ended| *ended), "{reported:?}");
    let is_end = |action: &Action| matches!(action, Action::Closed(_));
    assert_eq!(reported.iter().position(is_end), Some(reported.len() - 1), "{reported:?}");
}

fn begin<K: Hash + Eq + Debug + Copy>(things: &mut HashMap<K, bool>, key: K) {
    assert_eq!(things.insert(key, false), None, "{key:?} comes twice");
}

fn end<K: Hash + Eq + Debug>(things: &mut HashMap<K, bool>, key: &K) {
    assert_eq!(things.get_mut(key).map(|ended| std::mem::replace(ended, true)), Some(false), "{key:?} ends");
}
