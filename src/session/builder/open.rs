//! Methods that start a session from its settings. They differ in where the child runs, and in who polls the runner.

use super::SessionBuilder;
use crate::driver::Driver;
#[cfg(any(feature = "smol", feature = "tokio"))]
use crate::driver::SpawnError;
use crate::driver::transport::Transport;
use crate::options::Options;
use crate::protocol::config::Config;
use crate::session::Session;
use crate::session::runner::Runner;

impl SessionBuilder {
    /// Starts the CLI on the current tokio runtime, and runs the session there as a task. No further call is
    /// required; [`Session::wait_for_exit`] returns its end.
    ///
    /// ```no_run
    /// use claude_duplex::Session;
    ///
    /// #[tokio::main]
    /// async fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     let claude = Session::builder().spawn_tokio()?;
    ///     let answer = claude.prompt("What is in this folder?")?.await?;
    ///     println!("{}", answer.text());
    ///     Ok(())
    /// }
    /// ```
    ///
    /// When `main` returns, the runtime and the session are shut down. The session closes as by
    /// [`Session::close_now`], and can be resumed even if a turn was running. The thread that shuts the runtime
    /// down waits for the end of the session. The wait lasts until the CLI exits, and at most for the
    /// [`ShutdownTimeouts`](crate::ShutdownTimeouts), 19 s. To let a running turn end, await
    /// [`Session::wait_for_exit`] after [`Session::close`]. On Windows the child is killed instead.
    ///
    /// # Errors
    /// [`SpawnError`] if the options are refused, the program cannot be started, or no runtime is running
    /// ([`SpawnError::NoRuntime`]).
    ///
    /// # Panics
    /// If the I/O driver of the current runtime is off.
    #[cfg(feature = "tokio")]
    pub fn spawn_tokio(mut self) -> Result<Session, SpawnError> {
        self.prepare();
        let change = self.setup.change();
        let driver = crate::driver::tokio::spawn_with(&self.options, self.config, change)?;
        #[cfg(unix)]
        let orphaned = driver.transport().orphaned();
        let (session, runner) = self.setup.start(driver);
        #[cfg(unix)]
        let runner = runner.finishing(orphaned);
        // The runtime polls the runner from now on. Dropping the handle of the task detaches the task.
        session.presence.runner_inbox.unpolled.polled();
        drop(tokio::spawn(runner));
        Ok(session)
    }

    /// Starts the CLI on the current tokio runtime. Returns the handle and the [`Runner`], a future that drives
    /// the session. Nothing happens until the runner is polled. Dropping it kills the child's process group.
    ///
    /// # Errors
    /// As for [`spawn_tokio`](Self::spawn_tokio).
    ///
    /// # Panics
    /// If the I/O driver of the current runtime is off.
    #[cfg(feature = "tokio")]
    pub fn open_tokio(mut self) -> Result<(Session, Runner), SpawnError> {
        self.prepare();
        let change = self.setup.change();
        Ok(self.setup.start(crate::driver::tokio::spawn_with(&self.options, self.config, change)?))
    }

    /// Starts the CLI on smol's reactor, and runs the session on a separate thread. No further call is required.
    /// The handles work in every executor.
    ///
    /// ```no_run
    /// use claude_duplex::Session;
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     async_io::block_on(async {
    ///         let claude = Session::builder().spawn_thread()?;
    ///         let answer = claude.prompt("What is in this folder?")?.await?;
    ///         println!("{}", answer.text());
    ///         Ok(())
    ///     })
    /// }
    /// ```
    ///
    /// smol has no runtime whose shutdown ends its tasks. If the process exited while a task runs the session,
    /// the CLI would continue its turn. Therefore the drop of the last handle closes the session, and blocks
    /// until the thread has ended. The drop lasts until the CLI exits, and at most for the
    /// [`ShutdownTimeouts`](crate::ShutdownTimeouts). To wait without blocking, await [`Session::wait_for_exit`]
    /// after [`Session::close_now`]. To run the session as a task of an executor, spawn the [`Runner`] of
    /// [`open_smol`](Self::open_smol).
    ///
    /// # Errors
    /// [`SpawnError`] if the options are refused, the program cannot be started, or the system has no further thread.
    #[cfg(feature = "smol")]
    pub fn spawn_thread(mut self) -> Result<Session, SpawnError> {
        self.prepare();
        let change = self.setup.change();
        let (session, runner) = self.setup.start(crate::driver::smol::spawn_with(&self.options, self.config, change)?);
        session.presence.runner_inbox.unpolled.polled();
        let thread = std::thread::Builder::new().name("claude-duplex".to_owned());
        match thread.spawn(|| drop(async_io::block_on(runner))) {
            Ok(thread) => session.presence.runs_on(thread),
            // The runner was dropped, which killed the child.
            Err(source) => {
                let program = self.options.invocation()?.program;
                return Err(SpawnError::System { program, source });
            }
        }
        Ok(session)
    }

    /// Starts the CLI on smol's reactor. Returns the handle and the [`Runner`], a future that drives the session
    /// in any executor. Nothing happens until the runner is polled. Dropping it kills the child's process group.
    ///
    /// # Errors
    /// [`SpawnError`] if the options are refused or the program cannot be started.
    #[cfg(feature = "smol")]
    pub fn open_smol(mut self) -> Result<(Session, Runner), SpawnError> {
        self.prepare();
        let change = self.setup.change();
        Ok(self.setup.start(crate::driver::smol::spawn_with(&self.options, self.config, change)?))
    }

    /// Opens the session on a transport: an existing child, streams, a mock CLI, or a transport of the host.
    /// [`Config::transport`] specifies whether the transport is a process. The [`options`](Self::options) are not
    /// used, so the code that starts the CLI adds the options that the handlers require; [`open_with`](Self::open_with) passes
    /// it on.
    pub fn open_on<T: Transport + Send + 'static>(mut self, transport: T) -> (Session, Runner) {
        self.prepare();
        self.setup.start(Driver::new(self.config, transport))
    }

    /// Opens the session with the driver that `open` creates from the settings of the builder, e.g. over two byte streams,
    /// with or without an exit status. The [`options`](Self::options) are not used.
    ///
    /// ```
    /// # #[cfg(feature = "tokio")] {
    /// use claude_duplex::driver::tokio::over_with_exit;
    /// use claude_duplex::{Exit, Session};
    ///
    /// # let mut runtime = tokio::runtime::Builder::new_current_thread();
    /// # runtime.enable_all().build().unwrap().block_on(async {
    /// // In place of a channel: its output and input, and its exit status.
    /// let (ours, theirs) = tokio::io::duplex(64 * 1024);
    /// let exit = async { Exit::Code(127) };
    /// drop(theirs);
    /// let (reader, writer) = tokio::io::split(ours);
    /// let builder = Session::builder();
    /// let (claude, runner) =
    ///     builder.open_driver(|config| over_with_exit(reader, writer, exit, config));
    /// assert_eq!(runner.await.exit, Some(Exit::Code(127)));
    /// assert!(!claude.is_alive());
    /// # });
    /// # }
    /// ```
    pub fn open_driver<T: Transport + Send + 'static>(
        mut self,
        open: impl FnOnce(Config) -> Driver<T>,
    ) -> (Session, Runner) {
        self.prepare();
        self.setup.start(open(self.config))
    }

    /// Opens the session on a transport that is made from the options and settings, e.g. a
    /// [`ChildProcess`](crate::driver::ChildProcess) on another runtime. They contain everything that the
    /// [`handlers`](Self::handlers) and MCP servers require.
    ///
    /// ```
    /// use claude_duplex::testing::{Script, Step, TestRuntime};
    /// use claude_duplex::{Decision, Handlers, Session, SpawnError};
    ///
    /// let runtime = TestRuntime::new();
    /// let builder = Session::builder()
    ///     .handlers(Handlers::new().permission(async |_| Decision::allow()));
    /// let (claude, runner) = builder.open_with(|options, config| {
    ///     // Or `ChildProcess::spawn(options, config)?` and its pipes on a runtime.
    ///     options.check(config)?;
    ///     let child = runtime.start(Script::default().then([Step::text("hello")]));
    ///     Ok::<_, SpawnError>(child)
    /// })?;
    /// let talk = async move { claude.prompt("hi").unwrap().finish().await.text() };
    /// assert_eq!(runtime.run(runner.run_until(talk)), "hello");
    /// # Ok::<(), SpawnError>(())
    /// ```
    ///
    /// # Errors
    /// The error of `start`.
    pub fn open_with<T: Transport + Send + 'static, E>(
        mut self,
        start: impl FnOnce(&Options, &Config) -> Result<T, E>,
    ) -> Result<(Session, Runner), E> {
        self.prepare();
        let transport = start(&self.options, &self.config)?;
        Ok(self.setup.start(Driver::new(self.config, transport)))
    }
}
