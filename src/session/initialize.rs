//! The `initialize` request of a session that is built with one, with hooks, or with MCP servers.

use std::sync::Arc;

use super::Session;
use super::call_error::CallError;
use super::reply::PendingResponse;
use super::shared::Shared;
use super::state::State;
use crate::incoming::hook::HookEvent;
use crate::outgoing::request::response::InitializeResponse;
use crate::outgoing::request::{HookMatcher, Initialize, Request};

/// An `initialize` request that was sent.
pub(super) struct Initializing {
    request: Initialize,
    pending: Result<PendingResponse, CallError>,
    has_hooks: bool,
}

/// Sends the request, with the hooks and the names of the MCP servers. `None` without any of them.
pub(super) fn begin(
    state: &mut State,
    request: Option<Initialize>,
    hooks: Vec<(HookEvent, HookMatcher)>,
    servers: &[String],
) -> Option<Initializing> {
    let has_hooks = !hooks.is_empty();
    if request.is_none() && !has_hooks && servers.is_empty() {
        return None;
    }
    let request = hooks.into_iter().fold(request.unwrap_or_default(), |all, (event, hook)| all.hook(event, hook));
    let is_named =
        |all: &Initialize, name: &String| all.sdk_mcp_servers.as_ref().is_some_and(|names| names.contains(name));
    let request = servers.iter().fold(request, |all, name| match is_named(&all, name) {
        true => all,
        false => all.sdk_mcp_server(name),
    });
    let pending = state.request(Request::from(request.clone()));
    let pending = pending.map_err(|refused| CallError::Refused(refused.reason()));
    Some(Initializing { request, pending, has_hooks })
}

impl Initializing {
    /// Waits for the response, and stores it. If the request fails and has hooks, aborts the session, because no hook would
    /// guard its actions.
    pub(super) async fn finish(self, shared: Arc<Shared>) {
        let response = match self.pending {
            Ok(pending) => pending.await,
            Err(error) => Err(error),
        };
        let response = response.and_then(|response| Ok(response.decode_as::<Initialize>()?));
        let response = response.and_then(|response| match self.request.check(&response) {
            Ok(()) => Ok(response),
            Err(error) => Err(CallError::Initialize(error)),
        });
        if response.is_err() && self.has_hooks {
            shared.command(State::abort);
        }
        shared.initialized(response);
    }
}

impl Session {
    /// Waits for the response to the `initialize` request that the session was [built](super::SessionBuilder::initialize) with.
    /// Returns `None` if the session was built without it. Any number of tasks may wait.
    ///
    /// # Errors
    /// [`CallError`]: the CLI refused the request, did not answer, or does not apply what it must
    /// ([`CallError::Initialize`]); or the session ended first.
    pub async fn initialized(&self) -> Option<Result<InitializeResponse, CallError>> {
        self.presence.initialized_response().await
    }
}
