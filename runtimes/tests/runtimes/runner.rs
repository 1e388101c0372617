//! The runtimes, as the suite drives a session on each.

use ::calloop::EventLoop;
use ::compio::driver::{DriverType, ProactorBuilder};
use ::compio::runtime::Runtime;
use claude_duplex::{Config, Driver, Options};
use claude_duplex_runtimes::calloop::CalloopTransport;
use claude_duplex_runtimes::compio::CompioTransport;
use claude_duplex_runtimes::{calloop, compio};

pub(crate) use crate::driven::{Change, Driven, Runs, Started};

/// Name of the variable that makes this program the mock CLI.
pub(crate) const ROLE: &str = "RUNTIMES_TEST_ROLE";

/// The mock CLI as a program.
pub(crate) fn mock_cli() -> Options {
    Options::new().program(std::env::current_exe().expect("a test has a path")).env(ROLE, "mock CLI")
}

pub(crate) struct Runner {
    pub(crate) name: &'static str,
    /// Starts a child and drives it.
    pub(crate) start: fn(&Options, Config) -> Started,
    start_changed: fn(&Options, Config, Change) -> Started,
}

/// Starts a child by a changed command.
pub(crate) fn start_changed(runner: &Runner, options: &Options, config: Config, change: Change) -> Started {
    (runner.start_changed)(options, config, change)
}

const IO_URING: &str = "compio_io_uring";

pub(crate) const RUNNERS: &[Runner] = &[
    Runner {
        name: IO_URING,
        start: |options, config| on_compio(DriverType::IoUring, options, config, |_| ()),
        start_changed: |options, config, change| on_compio(DriverType::IoUring, options, config, change),
    },
    Runner {
        name: "compio_polling",
        start: |options, config| on_compio(DriverType::Poll, options, config, |_| ()),
        start_changed: |options, config, change| on_compio(DriverType::Poll, options, config, change),
    },
    Runner {
        name: "calloop",
        start: |options, config| on_calloop(options, config, |_| ()),
        start_changed: on_calloop,
    },
];

/// Returns `false` if the system does not allow what the runtime needs.
pub(crate) fn is_allowed(runner: &Runner) -> bool {
    runner.name != IO_URING || runtime(DriverType::IoUring).is_ok()
}

/// Creates a runtime with this driver, and not with one that takes its place.
fn runtime(driver: DriverType) -> std::io::Result<Runtime> {
    let mut proactor = ProactorBuilder::new();
    proactor.driver_type(driver);
    let runtime = Runtime::builder().with_proactor(proactor).build()?;
    if runtime.driver_type() != driver {
        return Err(std::io::ErrorKind::Unsupported.into());
    }
    Ok(runtime)
}

fn on_compio(driver: DriverType, options: &Options, config: Config, change: Change) -> Started {
    let runtime = runtime(driver).expect("a runtime");
    let claude = runtime.block_on(async { compio::spawn_with(options, config, change) })?;
    let id = claude.transport().id();
    let next = move |claude: &mut Driver<CompioTransport>| runtime.block_on(claude.next());
    Ok(Box::new(Driven { claude, id, next }))
}

fn on_calloop(options: &Options, config: Config, change: Change) -> Started {
    let mut event_loop = EventLoop::<()>::try_new().expect("an event loop");
    let claude = calloop::spawn_with(&event_loop.handle(), options, config, change)?;
    let id = claude.transport().id();
    let next = move |claude: &mut Driver<CalloopTransport<()>>| {
        event_loop.block_on(claude.next(), &mut (), |()| ()).expect("the loop runs").expect("nobody stops it")
    };
    Ok(Box::new(Driven { claude, id, next }))
}
