//! The programs that a session may be part of: each has children, tasks and a clock.

use std::future::Future;
use std::io::Write;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ::smol::{LocalExecutor, Timer};
use ::tokio::runtime::Builder;
use ::tokio::task::{JoinHandle, LocalSet, spawn_local};
use claude_duplex::testing::TestRuntime;
use claude_duplex::{Config, Options, Runner, Session, SessionBuilder, SpawnError};

use crate::stage::Scenario;

/// By what this program is told to be a child.
pub(crate) const PLAY: &str = "--play";

pub(crate) type Boxed<T = ()> = Pin<Box<dyn Future<Output = T> + Send>>;
pub(crate) type Local<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

pub(crate) struct Host {
    /// Starts a child that plays the scenario's script.
    pub(crate) open: Open,
    /// Runs a future beside all else, until it is over or what comes back is dropped.
    pub(crate) spawn: Spawn,
    pub(crate) sleep: Sleep,
}

type Open = Box<dyn Fn(&Scenario, Config, Option<Journal>) -> (Session, Runner)>;
/// What a session is recorded by.
pub(crate) type Journal = Box<dyn Write + Send + Sync>;
type Spawn = Box<dyn Fn(Boxed) -> Boxed>;
pub(crate) type Sleep = Arc<dyn Fn(Duration) -> Boxed + Send + Sync>;

/// Runs what is made of it to the end.
pub(crate) type Run = fn(&dyn Fn(Host) -> Local<'static>);

pub(crate) const HOSTS: &[(&str, Run)] = &[
    ("memory", |play| {
        let (world, tasks) = (TestRuntime::new(), Rc::new(LocalExecutor::new()));
        let (start, clock) = (world.clone(), world.clone());
        let host = Host {
            open: Box::new(move |scenario, config, journal| {
                builder(config, journal).open_on(start.start((scenario.script)()))
            }),
            spawn: on(&tasks),
            sleep: Arc::new(move |time| Box::pin(clock.sleep(time))),
        };
        world.run(tasks.run(play(host)));
    }),
    ("smol", |play| {
        let tasks = Rc::new(LocalExecutor::new());
        ::smol::block_on(tasks.run(play(on_smol(on(&tasks)))));
    }),
    ("smol_threads", |play| {
        ::smol::block_on(play(on_smol(Box::new(|future| Box::pin(::smol::spawn(future))))));
    }),
    ("smol_on_tokio", |play| {
        let runtime = Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
        runtime.block_on(play(on_smol(Box::new(|future| Box::pin(Aborts(::tokio::spawn(future)))))));
    }),
    ("tokio", |play| {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        runtime.block_on(play(on_tokio(Box::new(|future| Box::pin(Aborts(::tokio::spawn(future)))))));
    }),
    ("tokio_one_thread", |play| {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let tasks = LocalSet::new();
        tasks.block_on(&runtime, play(on_tokio(Box::new(|future| Box::pin(Aborts(spawn_local(future)))))));
    }),
];

fn on(tasks: &Rc<LocalExecutor<'static>>) -> Spawn {
    let tasks = Rc::clone(tasks);
    Box::new(move |future| Box::pin(tasks.spawn(future)))
}

fn on_smol(spawn: Spawn) -> Host {
    let sleep: Sleep = Arc::new(|time| {
        Box::pin(async move {
            Timer::after(time).await;
        })
    });
    Host { open: with(SessionBuilder::open_smol), spawn, sleep }
}

fn on_tokio(spawn: Spawn) -> Host {
    Host { open: with(SessionBuilder::open_tokio), spawn, sleep: Arc::new(|time| Box::pin(::tokio::time::sleep(time))) }
}

/// This program, as the child.
fn with(open: fn(SessionBuilder) -> Result<(Session, Runner), SpawnError>) -> Open {
    Box::new(move |scenario, config, journal| {
        let this = std::env::current_exe().expect("a test has a path");
        let options = Options::new().program(this).global_arg(PLAY).global_arg(scenario.name).host_permission_prompts();
        open(builder(config, journal).options(options)).expect("this program starts")
    })
}

fn builder(config: Config, journal: Option<Journal>) -> SessionBuilder {
    let builder = Session::builder().config(config);
    match journal {
        Some(journal) => builder.record(journal, u64::MAX),
        None => builder,
    }
}

/// A task of tokio that ends when nobody wants it.
struct Aborts(JoinHandle<()>);

impl Future for Aborts {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match ready!(Pin::new(&mut self.0).poll(cx)) {
            Ok(()) => Poll::Ready(()),
            Err(error) => resume_unwind(error.into_panic()),
        }
    }
}

impl Drop for Aborts {
    fn drop(&mut self) {
        self.0.abort();
    }
}
