//! The ways to drive a session.

use std::env::consts::EXE_EXTENSION;
use std::future::poll_fn;
use std::ops::Deref;
use std::pin::pin;
use std::process::{Command, Stdio};

use ::tokio::runtime::{Builder, Runtime};
use async_io::block_on;
use claude_duplex::driver::smol::{self, SmolTransport};
use claude_duplex::driver::tokio::{self, TokioTransport};
use claude_duplex::{
    Action, Config, Driver, Exit, IncomingId, IncomingResponse, Interrupt, Options, Prompt, PromptId, Protocol,
    RefusedError, Request, RequestId, RespondError, SpawnError, Transport,
};

pub(crate) use crate::driven::{Change, Driven, Runs, Started};

#[cfg(unix)]
use crate::own_loop;

/// Starts a child and takes it in hand.
type Start = fn(&Options, Config) -> Result<Box<dyn Runs>, SpawnError>;

pub(crate) struct Runner {
    pub(crate) name: &'static str,
    pub(crate) start: Start,
}

/// The mock CLI as a program.
pub(crate) fn mock_cli() -> Options {
    let this = std::env::current_exe().expect("a test has a path");
    let folder = this.ancestors().nth(2).expect("target/PROFILE/deps/TEST");
    let program = folder.join("examples/peer").with_extension(EXE_EXTENSION);
    assert!(program.exists(), "{} is not built: run the whole `cargo test --all-features`", program.display());
    Options::new().program(program)
}

/// Starts a child by a changed command, on each runtime.
pub(crate) fn start_changed(runner: &Runner, options: &Options, config: Config, change: Change) -> Started {
    #[cfg(unix)]
    if runner.name == OWN_LOOP {
        return on_own_loop(options, config, change);
    }
    if runner.name.starts_with("tokio") {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let claude = runtime.block_on(async { tokio::spawn_with(options, config, change) })?;
        let next = move |claude: &mut _| runtime.block_on(Driver::next(claude));
        return Ok(Box::new(Driven { id: claude.transport().id(), claude, next }));
    }
    let claude = smol::spawn_with(options, config, change)?;
    let next = |claude: &mut _| block_on(Driver::next(claude));
    Ok(Box::new(Driven { id: claude.transport().id(), claude, next }))
}

#[cfg(unix)]
const OWN_LOOP: &str = "own_loop";

pub(crate) const RUNNERS: &[Runner] = &[
    Runner { name: "smol", start: |options, config| on_smol(options, config, |claude| block_on(claude.next())) },
    Runner {
        name: "smol_cancelled",
        start: |options, config| on_smol(options, config, |claude| block_on(anew(claude))),
    },
    Runner { name: "blocking", start: |options, config| on_smol(options, config, Driver::next_blocking) },
    Runner {
        name: "smol_on_tokio",
        start: |options, config| {
            let runtime = Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
            on_smol(options, config, move |claude| runtime.block_on(claude.next()))
        },
    },
    Runner {
        name: "tokio",
        start: |options, config| on_tokio(options, config, |runtime, claude| runtime.block_on(claude.next())),
    },
    Runner {
        name: "tokio_cancelled",
        start: |options, config| on_tokio(options, config, |runtime, claude| runtime.block_on(anew(claude))),
    },
    #[cfg(unix)]
    Runner { name: OWN_LOOP, start: |options, config| on_own_loop(options, config, |_| ()) },
];

/// Byte streams with an exit status.
pub(crate) const STREAMS: &[Runner] = &[
    Runner { name: "smol_streams", start: on_smol_streams },
    Runner { name: "tokio_streams", start: on_tokio_streams },
];

/// The next action, through a future that is dropped at every point at which it waits, and made anew.
async fn anew<T: Transport>(claude: &mut Driver<T>) -> Option<Action> {
    poll_fn(|cx| pin!(claude.next()).poll(cx)).await
}

fn on_smol(
    options: &Options,
    config: Config,
    next: impl FnMut(&mut Driver<SmolTransport>) -> Option<Action> + 'static,
) -> Result<Box<dyn Runs>, SpawnError> {
    let claude = smol::spawn(options, config)?;
    Ok(Box::new(Driven { id: claude.transport().id(), claude, next }))
}

fn on_tokio(
    options: &Options,
    config: Config,
    next: fn(&Runtime, &mut Driver<TokioTransport>) -> Option<Action>,
) -> Result<Box<dyn Runs>, SpawnError> {
    let runtime = Background(Some(Builder::new_current_thread().enable_all().build().expect("a runtime")));
    let claude = runtime.block_on(async { tokio::spawn(options, config) })?;
    let next = move |claude: &mut _| next(&runtime, claude);
    Ok(Box::new(Driven { id: claude.transport().id(), claude, next }))
}

/// Two pipes and an exit status, and nothing else: neither stderr nor signals.
fn on_smol_streams(options: &Options, config: Config) -> Started {
    let mut command = ::smol::process::Command::from(command(options));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn().expect("a child");
    let (reader, writer) = child.stdout.take().zip(child.stdin.take()).expect("pipes");
    let id = child.id();
    let exit = async move { child.status().await.map_or(Exit::Unknown, Exit::from) };
    let claude = smol::over_with_exit(reader, writer, exit, config);
    Ok(Box::new(Driven { claude, id, next: |claude: &mut _| block_on(Driver::next(claude)) }))
}

fn on_tokio_streams(options: &Options, config: Config) -> Started {
    let runtime = Background(Some(Builder::new_current_thread().enable_all().build().expect("a runtime")));
    let entered = runtime.enter();
    let mut command = ::tokio::process::Command::from(command(options));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn().expect("a child");
    let (reader, writer) = child.stdout.take().zip(child.stdin.take()).expect("pipes");
    let id = child.id().expect("nobody waited for it");
    let exit = async move { child.wait().await.map_or(Exit::Unknown, Exit::from) };
    let claude = tokio::over_with_exit(reader, writer, exit, config);
    drop(entered);
    Ok(Box::new(Driven { claude, id, next: move |claude: &mut _| runtime.block_on(Driver::next(claude)) }))
}

/// The command of a child that has a group of its own.
fn command(options: &Options) -> Command {
    #[cfg_attr(not(unix), allow(unused_mut, reason = "elsewhere there are no such groups"))]
    let mut command = options.invocation().expect("the options are good").to_command();
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command
}

#[cfg(unix)]
fn on_own_loop(options: &Options, config: Config, change: Change) -> Started {
    match own_loop::Session::start(options, config, change) {
        Ok(session) => Ok(Box::new(session)),
        Err(error) => Err(*error.downcast().expect("the system's calls succeed")),
    }
}

/// A runtime whose end waits for nothing. On Windows tokio reads a pipe in a thread, which ends with the last process that
/// holds the other side.
struct Background(Option<Runtime>);

impl Deref for Background {
    type Target = Runtime;

    fn deref(&self) -> &Runtime {
        self.0.as_ref().expect("it was not dropped")
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.0.take().map(Runtime::shutdown_background).unwrap_or_default();
    }
}

#[cfg(unix)]
impl Runs for own_loop::Session {
    fn next(&mut self) -> Option<Action> {
        self.next().expect("the system's calls succeed")
    }

    fn prompt(&mut self, prompt: Prompt) -> Result<PromptId, RefusedError<Prompt>> {
        self.protocol.prompt(self.now(), prompt)
    }

    fn request(&mut self, request: Request) -> Result<RequestId, RefusedError<Request>> {
        self.protocol.request(self.now(), request)
    }

    fn interrupt(&mut self, interrupt: Interrupt) -> Result<RequestId, RefusedError<Interrupt>> {
        self.protocol.interrupt(self.now(), interrupt)
    }

    fn answer(&mut self, incoming: IncomingId, answer: IncomingResponse) -> Result<(), RespondError> {
        self.protocol.respond(self.now(), incoming, answer)
    }

    fn close(&mut self) {
        self.protocol.close(self.now());
    }

    fn abort(&mut self) {
        self.protocol.abort(self.now());
    }

    fn protocol(&self) -> &Protocol {
        &self.protocol
    }

    fn id(&self) -> u32 {
        self.child.id()
    }
}
