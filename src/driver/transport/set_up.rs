//! Creation of drivers for child processes, shared by all runtimes.

use super::process::Process;
use super::{SpawnError, Transport, spawn};
use crate::driver::Driver;
use crate::options::{Invocation, Options};
use crate::protocol::config::{Config, TransportKind};

/// A transport to a child process.
pub(super) trait ProcessTransport: Transport + Sized {
    fn process(&mut self) -> &mut Process;
}

/// Starts the CLI with `start`, and creates its driver. Nothing is started if the options do not fit the settings.
pub(super) fn start<T: ProcessTransport>(
    options: &Options,
    config: Config,
    start: impl FnOnce(&Invocation) -> Result<T, SpawnError>,
) -> Result<Driver<T>, SpawnError> {
    options.check(&config)?;
    let advice = options.advice(&config);
    let mut driver = driver(start(&spawn::invocation(options)?)?, config);
    driver.advise(&advice);
    Ok(driver)
}

/// Creates the driver of a child that runs.
pub(super) fn driver<T: ProcessTransport>(mut transport: T, mut config: Config) -> Driver<T> {
    config.transport = TransportKind::Process;
    if !config.kill_group {
        transport.process().keep_group();
    }
    Driver::new(config, transport)
}
