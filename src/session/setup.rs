//! Parts of a session that do not depend on how the CLI is started, and the session made of them.

use std::io::Write;
#[cfg(any(feature = "smol", feature = "tokio"))]
use std::process::Command;
use std::sync::Arc;

use super::initialize;
use super::limits::HandleLimits;
use super::mcp::McpConnection;
use super::runner::{Runner, Serving, Tasks};
use super::runner_inbox::RunnerInbox;
use super::shared::{Presence, Shared};
use super::state::{IncomingError, State};
use super::waiting::feed::EarlyFeeds;
use super::waiting::mailbox::Mailbox;
use super::when_dropped::WhenDropped;
use super::{IncomingRequests, Session};
use crate::base::ids::PromptId;
use crate::driver::Driver;
use crate::driver::transport::Transport;
use crate::incoming::IncomingKinds;
use crate::incoming::hook::HookEvent;
use crate::outgoing::request::{HookMatcher, Initialize};

/// Handlers of a session, and the settings that they require.
pub(super) struct Registered {
    pub(super) kinds: IncomingKinds,
    pub(super) hooks: Vec<(HookEvent, HookMatcher)>,
    pub(super) run: Box<dyn FnOnce(IncomingRequests) -> Serving + Send>,
}

/// MCP server of a session, and its start.
pub(super) type Server = (String, Box<dyn FnOnce(McpConnection) -> Serving + Send>);

/// Function that changes the command before the CLI is started.
#[cfg(any(feature = "smol", feature = "tokio"))]
pub(super) type ChangeCommand = Box<dyn FnOnce(&mut Command) + Send>;

/// Parts of a builder that do not depend on how the CLI is started.
#[derive(Default)]
pub(super) struct Setup {
    pub(super) handlers: Option<Registered>,
    pub(super) servers: Vec<Server>,
    pub(super) initialize: Option<Initialize>,
    pub(super) limits: HandleLimits,
    pub(super) journal: Option<(Box<dyn Write + Send + Sync>, u64)>,
    pub(super) feeds: EarlyFeeds,
    pub(super) when_dropped: WhenDropped,
    #[cfg(any(feature = "smol", feature = "tokio"))]
    pub(super) command: Option<ChangeCommand>,
    pub(super) runner_inbox: Arc<RunnerInbox>,
}

/// A session, its runner, and the open prompts of a resumed session.
pub(super) type Opened = (Session, Runner, Vec<(PromptId, Arc<Mailbox>)>);

impl Setup {
    /// Takes the function that changes the command.
    #[cfg(any(feature = "smol", feature = "tokio"))]
    pub(super) fn change(&mut self) -> ChangeCommand {
        self.command.take().unwrap_or_else(|| Box::new(|_| {}))
    }

    /// Creates a handle and a runner for a driver.
    pub(super) fn start<T: Transport + Send + 'static>(self, driver: Driver<T>) -> (Session, Runner) {
        let opened = self.begin(driver, false);
        let (session, runner, _) = opened.expect("a new session handles what its handlers need");
        (session, runner)
    }

    /// Creates a handle and a runner for a resumed driver, and the mailboxes of the open prompts.
    pub(super) fn resume<T: Transport + Send + 'static>(self, driver: Driver<T>) -> Result<Opened, IncomingError> {
        self.begin(driver, true)
    }

    fn begin<T: Transport + Send + 'static>(
        self,
        mut driver: Driver<T>,
        is_resumed: bool,
    ) -> Result<Opened, IncomingError> {
        if let Some((writer, cap)) = self.journal {
            driver = driver.record(writer, cap);
        }
        let (host_calls, process_id) = (driver.defer_host_calls(), driver.transport().process_id());
        let mut state = State::new(Box::new(driver), process_id, self.limits, self.feeds.take(), self.when_dropped);
        let prompts = if is_resumed { state.resume() } else { Vec::new() };
        let (names, services): (Vec<_>, Vec<_>) = self.servers.into_iter().unzip();
        let servers: Vec<_> = names.iter().map(|name| state.own_server(name.clone())).collect();
        let inbox = self.handlers.as_ref().map(|handlers| state.own(Some(handlers.kinds))).transpose()?;
        let hooks = self.handlers.as_ref().map(|handlers| handlers.hooks.clone()).unwrap_or_default();
        let initializing =
            if is_resumed { None } else { initialize::begin(&mut state, self.initialize, hooks, &names) };
        let shared = Arc::new(Shared::new(state, host_calls, self.runner_inbox, self.limits, initializing.is_some()));
        let mut tasks = Tasks::default();
        if let Some(initializing) = initializing {
            tasks.push(Box::pin(initializing.finish(Arc::clone(&shared))));
        }
        for ((name, service), inbox) in names.into_iter().zip(services).zip(servers) {
            let messages = IncomingRequests::of_runner(inbox, Arc::clone(&shared));
            tasks.push(service(McpConnection::new(name, messages)));
        }
        if let Some((handlers, inbox)) = self.handlers.zip(inbox) {
            tasks.push((handlers.run)(IncomingRequests::of_runner(inbox, Arc::clone(&shared))));
        }
        let presence = Presence::first(Arc::clone(&shared));
        Ok((Session { presence }, Runner::new(shared, tasks), prompts))
    }
}
