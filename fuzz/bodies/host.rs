//! Arbitrary calls on the handles of a session, with its runner polled, dropped, or left alone at any time: nothing
//! panics, every prompt that was accepted ends, every reader comes to an end, and the journal repeats what subscribers
//! got.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use claude_duplex::testing::{Script, Step, TestRuntime, ToolStep};
use claude_duplex::{
    Action, Config, Decision, IncomingKinds, IncomingRequests, Interrupt, Journal, Overflow, Prompt, PromptHandle,
    Request, Responder, Runner, Seed, Session, Subscriber, WhenBusy, WhenDropped,
};

use crate::written::Written;

/// Longer inputs find nothing that shorter ones do not.
const LONGEST: usize = 512;

#[derive(Debug, Clone, Copy, Arbitrary)]
enum Call {
    /// A poll of the runner, which does most of the work.
    Run,
    RunTwice,
    Advance,
    Prompt,
    PromptIfIdle,
    PromptThatStops,
    Cancel(u8),
    InterruptPrompt(u8),
    Interrupt,
    Request,
    ReadPrompt(u8),
    AwaitPrompt(u8),
    DropPrompt(u8),
    Subscribe(u8, u8),
    ReadSubscriber(u8),
    DropSubscriber(u8),
    TakeIncoming,
    ReadIncoming,
    DropIncoming,
    Respond(u8, bool),
    DropResponder(u8),
    Ready,
    Query,
    CloneSession,
    DropSession(u8),
    Close,
    CloseNow,
    Abort,
    DropRunner,
}

#[derive(Debug, Arbitrary)]
struct Calls {
    dropped: u8,
    permission: bool,
    calls: Vec<Call>,
}

pub(crate) fn body(data: &[u8]) {
    let mut bytes = Unstructured::new(&data[..data.len().min(LONGEST)]);
    if let Ok(calls) = Calls::arbitrary(&mut bytes) {
        Host::new(&calls).play(calls.calls);
    }
}

struct Host {
    world: TestRuntime,
    runner: Option<Runner>,
    sessions: Vec<Session>,
    prompts: Vec<PromptHandle>,
    subscribers: Vec<Subscriber>,
    incoming: Option<IncomingRequests>,
    responders: Vec<Responder>,
    /// Reads everything, and never lags.
    witness: Subscriber,
    journal: Written,
}

fn poll<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// The entry that a number means, if there is any.
fn at<T>(all: &[T], number: u8) -> Option<usize> {
    (!all.is_empty()).then(|| usize::from(number) % all.len())
}

impl Host {
    fn new(calls: &Calls) -> Self {
        let world = TestRuntime::new();
        let tool = ToolStep::bash("ls");
        let tool = if calls.permission { tool.requires_permission() } else { tool };
        let script = Script::default()
            .then([Step::from(tool.clone()), Step::text_in_parts("a b c", 3, Duration::from_secs(1))])
            .then([Step::text("done")])
            .then([Step::from(tool)]);
        let mut config = Config::new(Seed::from_bytes([7; 16]));
        config.handled = IncomingKinds::ALL;
        config.limits.open_prompts = 4;
        config.limits.open_requests = 4;
        let when_dropped = match calls.dropped % 3 {
            0 => WhenDropped::CloseNow,
            1 => WhenDropped::Close,
            _ => WhenDropped::Abort,
        };
        let journal = Written::default();
        let builder = Session::builder().config(config).when_dropped(when_dropped).record(journal.clone(), u64::MAX);
        let (session, runner) = builder.open_on(world.start(script));
        let witness = session.subscribe(100_000, Overflow::Oldest);
        Self {
            world,
            runner: Some(runner),
            sessions: vec![session],
            prompts: Vec::new(),
            subscribers: Vec::new(),
            incoming: None,
            responders: Vec::new(),
            witness,
            journal,
        }
    }

    fn play(mut self, calls: Vec<Call>) {
        for call in calls {
            self.call(call);
        }
        self.end();
    }

    fn run(&mut self) -> bool {
        let Some(runner) = &mut self.runner else { return true };
        let is_over = Pin::new(runner).poll(&mut Context::from_waker(Waker::noop())).is_ready();
        if is_over {
            self.runner = None;
        }
        is_over
    }

    fn call(&mut self, call: Call) {
        let session = self.sessions.last();
        match call {
            Call::Run => drop(self.run()),
            Call::RunTwice => drop((self.run(), self.run())),
            Call::Advance => drop(self.world.pass_time()),
            Call::Prompt => self.prompts.extend(session.and_then(|session| session.prompt("hello").ok())),
            Call::PromptIfIdle => {
                let prompt = Prompt::text("now").when_busy(WhenBusy::Reject);
                self.prompts.extend(session.and_then(|session| session.prompt(prompt).ok()));
            }
            Call::PromptThatStops => {
                let prompt = session.and_then(|session| session.prompt("hello").ok());
                self.prompts.extend(prompt.map(PromptHandle::interrupt_on_drop));
            }
            Call::Cancel(number) => {
                let _ = at(&self.prompts, number).map(|at| self.prompts[at].cancel());
            }
            Call::InterruptPrompt(number) => drop(at(&self.prompts, number).map(|at| self.prompts[at].interrupt())),
            Call::Interrupt => drop(session.map(|session| session.interrupt(Interrupt::running()))),
            Call::Request => drop(session.map(|session| session.request(Request::new("mcp_status")))),
            Call::ReadPrompt(number) => drop(at(&self.prompts, number).map(|at| poll(self.prompts[at].next()))),
            Call::AwaitPrompt(number) => drop(at(&self.prompts, number).map(|at| poll(self.prompts[at].ended()))),
            Call::DropPrompt(number) => drop(at(&self.prompts, number).map(|at| self.prompts.swap_remove(at))),
            Call::Subscribe(capacity, overflow) => {
                let overflow = [Overflow::Wait, Overflow::Oldest, Overflow::DeltasFirst][usize::from(overflow % 3)];
                self.subscribers.extend(session.map(|session| session.subscribe(usize::from(capacity), overflow)));
            }
            Call::ReadSubscriber(number) => {
                drop(at(&self.subscribers, number).map(|at| poll(self.subscribers[at].next())));
            }
            Call::DropSubscriber(number) => {
                drop(at(&self.subscribers, number).map(|at| self.subscribers.swap_remove(at)));
            }
            Call::TakeIncoming => {
                if let Some(Ok(incoming)) = session.map(Session::incoming) {
                    self.incoming = Some(incoming);
                }
            }
            Call::ReadIncoming => {
                if let Some(Poll::Ready(Some(responder))) = self.incoming.as_mut().map(|incoming| poll(incoming.next()))
                {
                    self.responders.push(responder);
                }
            }
            Call::DropIncoming => self.incoming = None,
            Call::Respond(number, allows) => {
                if let Some(at) = at(&self.responders, number) {
                    let decision = if allows { Decision::allow() } else { Decision::deny("no") };
                    // It may have been cancelled.
                    let _ = self.responders.swap_remove(at).respond(decision);
                }
            }
            Call::DropResponder(number) => drop(at(&self.responders, number).map(|at| self.responders.swap_remove(at))),
            Call::Ready => drop(session.map(|session| poll(session.ready()))),
            Call::Query => drop(session.map(|session| (session.status(), session.stats(), format!("{session:?}")))),
            Call::CloneSession => self.sessions.extend(session.cloned()),
            Call::DropSession(number) => drop(at(&self.sessions, number).map(|at| self.sessions.swap_remove(at))),
            Call::Close => drop(session.map(Session::close)),
            Call::CloseNow => drop(session.map(Session::close_now)),
            Call::Abort => drop(session.map(Session::abort)),
            Call::DropRunner => self.runner = None,
        }
    }

    /// Drops the handles that keep the session open, runs it to its end, and reads what is left.
    fn end(mut self) {
        self.sessions.iter().for_each(Session::close_now);
        self.sessions.clear();
        self.responders.clear();
        self.incoming = None;
        let mut actions = Vec::new();
        let mut ends = vec![false; self.prompts.len()];
        for _ in 0..1000 {
            let is_over = self.run();
            for (prompt, has_ended) in self.prompts.iter_mut().zip(&mut ends) {
                *has_ended |= poll(prompt.ended()).is_ready();
            }
            self.subscribers.retain_mut(|subscriber| !matches!(poll(subscriber.next()), Poll::Ready(None)));
            while let Poll::Ready(Some(action)) = poll(self.witness.next()) {
                actions.push(action.expect("the witness never lags"));
            }
            // A handle on a prompt is a handle on the session.
            if ends.iter().all(|has_ended| *has_ended) {
                self.prompts.clear();
                ends.clear();
            }
            if is_over && self.prompts.is_empty() && self.subscribers.is_empty() {
                assert!(matches!(actions.last(), Some(Action::Closed(_))), "{actions:?}");
                assert!(matches!(poll(self.witness.next()), Poll::Ready(None)));
                return self.judge(actions);
            }
            self.world.pass_time();
        }
        panic!("the session does not end: {} prompts, {} subscribers", self.prompts.len(), self.subscribers.len());
    }

    fn judge(self, actions: Vec<Action>) {
        let journal = Journal::read(&self.journal.0.lock().unwrap()).expect("the journal of a session");
        let replayed: Vec<_> = journal.replay().flat_map(|step| step.actions).collect();
        assert_eq!(replayed, actions, "the journal repeats what a subscriber got");
    }
}
