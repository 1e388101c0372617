//! Sessions on a child process, in one call.

use crate::driver::SpawnError;
use crate::options::Options;
use crate::protocol::config::Config;

use super::{Runner, Session};

impl Session {
    /// Starts the CLI on smol's reactor, or in any other executor. Returns the handle and the [`Runner`], a future that drives
    /// the session: nothing happens until it is polled.
    ///
    /// # Errors
    /// [`SpawnError`] if the options are refused or the program cannot be started.
    #[cfg(feature = "smol")]
    pub fn open_smol(options: &Options, config: Config) -> Result<(Self, Runner), SpawnError> {
        Ok(crate::driver::smol::spawn(options, config)?.into_session())
    }

    /// Starts the CLI on the current tokio runtime. Returns the handle and the [`Runner`], a future that drives the session:
    /// nothing happens until it is polled.
    ///
    /// # Errors
    /// [`SpawnError`] if the options are refused, the program cannot be started, or no runtime is running
    /// ([`SpawnError::NoRuntime`]).
    #[cfg(feature = "tokio")]
    pub fn open_tokio(options: &Options, config: Config) -> Result<(Self, Runner), SpawnError> {
        Ok(crate::driver::tokio::spawn(options, config)?.into_session())
    }
}
