//! Builder of a session: all settings. The methods that start it are in `open.rs`.

mod open;

use std::fmt;
use std::io::Write;
#[cfg(any(feature = "smol", feature = "tokio"))]
use std::process::Command;
use std::sync::Arc;

use super::incoming::Handler;
use super::limits::HandleLimits;
use super::mcp::McpService;
use super::setup::{Registered, Setup};
use super::subscriber::Subscriber;
use super::waiting::ring::{Overflow, Room};
use super::when_dropped::WhenDropped;
use crate::incoming::{IncomingKind, IncomingKinds};
use crate::options::Options;
use crate::outgoing::request::Initialize;
use crate::protocol::config::{Config, UnknownIncoming};

/// Settings of a session that is not started yet: [`Session::builder`](crate::Session::builder).
///
/// Everything has a default. The terminal methods differ in where the child runs, and in who polls the [`Runner`](crate::Runner):
///
/// | Method | Child | Runner |
/// |---|---|---|
/// | `spawn_tokio` | process, on tokio | a task of the current runtime |
/// | `spawn_thread` | process, on smol's reactor | a thread of its own |
/// | `open_tokio` | process, on tokio | returned to the caller, who polls it |
/// | `open_smol` | process, on smol's reactor | returned to the caller, who polls it |
/// | [`open_on`](Self::open_on) | any [`Transport`](crate::Transport) | returned to the caller, who polls it |
/// | [`open_driver`](Self::open_driver) | two byte streams, or any [`Driver`](crate::Driver) | returned to the caller, who polls it |
/// | [`open_with`](Self::open_with) | any [`Transport`](crate::Transport), made from the options | returned to the caller, who polls it |
///
/// The documentation of [`Session`](crate::Session) lists the effects of dropping a handle or the runner.
///
/// ```
/// use claude_duplex::testing::{Script, Step, TestRuntime, ToolStep};
/// use claude_duplex::{Decision, Handlers, Overflow, Session};
///
/// let runtime = TestRuntime::new();
/// let child = runtime.start(Script::default().then([
///     Step::from(ToolStep::bash("ls").requires_permission()),
///     Step::text("three files"),
/// ]));
/// let mut builder = Session::builder()
///     .handlers(Handlers::new().permission(async |_| Decision::allow()));
/// let mut watch = builder.subscribe(1024, Overflow::Oldest);
/// let (claude, runner) = builder.open_on(child);
/// let talk = async move { claude.prompt("what is here?").unwrap().finish().await.text() };
/// assert_eq!(runtime.run(runner.run_until(talk)), "three files");
/// assert!(runtime.run(watch.next()).is_some(), "it saw the start");
/// ```
#[must_use = "a builder starts nothing until it is opened or spawned"]
pub struct SessionBuilder {
    options: Options,
    config: Config,
    setup: Setup,
}

impl SessionBuilder {
    /// Creates a builder with these settings and default options: [`Session::builder`](crate::Session::builder) for targets that have no random
    /// numbers, e.g. wasm.
    pub fn new(config: Config) -> Self {
        Self { options: Options::default(), config, setup: Setup::default() }
    }

    /// Sets the options that the CLI is started with: program, flags, environment, working directory.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Sets the settings of the protocol: limits, timeouts, and the treatment of prompts during a turn. By
    /// default `Config::default()`.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Sets the handlers of incoming requests. The [`Runner`](crate::Runner) runs them, without any further call.
    ///
    /// The kinds that have a handler are [handled](Config::handle). With a handler of permissions, the CLI is
    /// started with [`Options::host_permission_prompts`], so that it asks the host.
    ///
    /// [Hooks](crate::Handlers::hook) are registered by an `initialize` request, which is the first line sent to
    /// the CLI. If the CLI refuses that request, the session is aborted, because the hooks would not guard
    /// anything. [`Session::initialized`](crate::Session::initialized) returns the error.
    ///
    /// In each poll of the runner, actions are delivered first, and handlers run afterwards. A panic of a handler
    /// reaches the task that polls the runner, and ends the session. A handler that owns a [`Session`](crate::Session) keeps the
    /// session open, whereas a request that a handler has not answered does not.
    pub fn handlers<H: Handler<Handling: Send> + Send + Sync + 'static>(mut self, handlers: H) -> Self {
        self.setup.handlers = Some(Registered {
            kinds: handlers.kinds(),
            hooks: handlers.hooks(),
            run: Box::new(|requests| Box::pin(requests.run(handlers))),
        });
        self
    }

    /// Adds an MCP server in the host, replacing one with the same name. The `initialize` request, which is the
    /// first line sent to the CLI, names the server. The model sees its tools as `mcp__NAME__TOOL`. The
    /// [`Runner`](crate::Runner) runs the service.
    ///
    /// The service gets every message for this server. [`Handlers::mcp`](crate::Handlers::mcp) gets those for
    /// other names.
    ///
    /// ```
    /// use claude_duplex::incoming::mcp::{SdkMcpServer, SdkMcpTool};
    /// use claude_duplex::testing::{Script, Step, TestRuntime, ToolStep};
    /// use claude_duplex::{Json, Session};
    ///
    /// let schema = Json::parse(r#"{"type":"object"}"#)?;
    /// let weather = SdkMcpServer::new("weather", "1.0")
    ///     .tool(SdkMcpTool::new("now", "The weather.", schema));
    /// let builder = Session::builder()
    ///     .sdk_mcp_server("weather", weather.on_call(async |call| call.text("sunny")));
    ///
    /// let script = Script::default().then([
    ///     Step::from(ToolStep::new("mcp__weather__now", Json::parse("{}")?)),
    ///     Step::text("It is sunny."),
    /// ]);
    /// let runtime = TestRuntime::new();
    /// let (claude, runner) = builder.open_on(runtime.start(script));
    /// let talk = async move { claude.prompt("How is it?").unwrap().finish().await.text() };
    /// assert_eq!(runtime.run(runner.run_until(talk)), "It is sunny.");
    /// # Ok::<(), claude_duplex::JsonError>(())
    /// ```
    pub fn sdk_mcp_server(mut self, name: impl Into<String>, service: impl McpService) -> Self {
        let name = name.into();
        self.setup.servers.retain(|(known, _)| *known != name);
        self.setup.servers.push((name, Box::new(|connection| Box::pin(service.serve(connection)))));
        self
    }

    /// Sets the `initialize` request: agents, a system prompt, MCP servers in the host, and more. It is the first
    /// line sent to the CLI, together with the hooks of the handlers. [`Session::initialized`](crate::Session::initialized) waits for its
    /// response.
    pub fn initialize(mut self, initialize: Initialize) -> Self {
        self.setup.initialize = Some(initialize);
        self
    }

    /// Sets the limits of the handles.
    pub fn limits(mut self, limits: HandleLimits) -> Self {
        self.setup.limits = limits;
        self
    }

    /// Sets the effect of dropping the last handle. By default the session is closed within seconds, and a
    /// running turn is interrupted: [`WhenDropped::CloseNow`].
    pub fn when_dropped(mut self, when_dropped: WhenDropped) -> Self {
        self.setup.when_dropped = when_dropped;
        self
    }

    /// Sets a function that changes the command before the CLI is started as a process, e.g. to hide the console
    /// window, to limit resources, or to add a `pre_exec`. See
    /// [`driver::tokio::spawn_with`](crate::driver::tokio::spawn_with). Errors, stderr and the kill of the
    /// process group are unaffected.
    ///
    /// ```no_run
    /// # #[cfg(windows)] fn example() -> Result<(), claude_duplex::SpawnError> {
    /// use claude_duplex::Session;
    /// use std::os::windows::process::CommandExt;
    ///
    /// const CREATE_NO_WINDOW: u32 = 0x0800_0000;
    /// let builder = Session::builder().command(|command| {
    ///     command.creation_flags(CREATE_NO_WINDOW);
    /// });
    /// let (claude, runner) = builder.open_smol()?;
    /// # drop((claude, runner));
    /// # Ok(()) }
    /// ```
    #[cfg(any(feature = "smol", feature = "tokio"))]
    pub fn command(mut self, change: impl FnOnce(&mut Command) + Send + 'static) -> Self {
        self.setup.command = Some(Box::new(change));
        self
    }

    /// Records the session in a [`Journal`](crate::Journal) of at most `cap` bytes: see [`Driver::record`](crate::Driver::record).
    pub fn record(mut self, writer: impl Write + Send + Sync + 'static, cap: u64) -> Self {
        self.setup.journal = Some((Box::new(writer), cap));
        self
    }

    /// Subscribes to the session from its first action. `capacity` is the maximum number of unread actions, at
    /// least one. The [`limits`](Self::limits) that were set before this call limit their bytes.
    /// [`Session::subscribe`](crate::Session::subscribe) does the same for a running session.
    ///
    /// If the session is never opened, the subscriber's stream ends when the builder is dropped.
    pub fn subscribe(&mut self, capacity: usize, overflow: Overflow) -> Subscriber {
        let room = Room { items: capacity, bytes: self.setup.limits.subscriber_bytes, overflow };
        Subscriber::new(self.setup.feeds.open(room), Arc::clone(&self.setup.runner_inbox))
    }

    /// Converts the builder into the setup of a session whose options and settings already exist.
    pub(super) fn into_setup(self) -> Setup {
        self.setup
    }

    /// Enables the options and settings that the handlers require.
    fn prepare(&mut self) {
        let kinds = self.setup.handlers.as_ref().map_or(IncomingKinds::NONE, |handlers| handlers.kinds);
        self.config.handled = self.config.handled.union(kinds);
        if !self.setup.servers.is_empty() {
            self.config.handled = self.config.handled.with(IncomingKind::Mcp);
        }
        if kinds.contains(IncomingKind::Unknown) {
            self.config.unknown_incoming = UnknownIncoming::Deliver;
        }
        if kinds.contains(IncomingKind::Permission) && !self.options.permission_options().is_host() {
            self.options = std::mem::take(&mut self.options).host_permission_prompts();
        }
    }
}

impl fmt::Debug for SessionBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionBuilder")
            .field("options", &self.options)
            .field("config", &self.config)
            .field("handlers", &self.setup.handlers.as_ref().map(|handlers| handlers.kinds))
            .field("servers", &self.setup.servers.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("initialize", &self.setup.initialize)
            .field("limits", &self.setup.limits)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::Seed;
    use crate::incoming::hook::HookOutput;
    use crate::{Decision, Handlers, Hook};

    #[test]
    fn a_handler_enables_the_requests_that_it_needs() {
        let prepared = |handlers: Handlers<'static>| {
            let mut builder = SessionBuilder::new(Config::new(Seed::from_bytes([1; 16])).handle(IncomingKind::Mcp));
            builder = builder.handlers(handlers);
            builder.prepare();
            let args = builder.options.invocation().unwrap().args;
            (builder.config.handled, args.iter().any(|arg| arg == "--permission-prompt-tool=stdio"))
        };
        let kinds = IncomingKinds::NONE.with(IncomingKind::Mcp);
        let hooks = || Handlers::new().hook(Hook::stop(), async |_| HookOutput::new());
        assert_eq!(prepared(Handlers::new()), (kinds, false));
        assert_eq!(prepared(hooks()), (kinds.with(IncomingKind::Hook), false));
        let both = kinds.with(IncomingKind::Hook).with(IncomingKind::Permission);
        assert_eq!(prepared(hooks().permission(async |_| Decision::allow())), (both, true));
    }
}
