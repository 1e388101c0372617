//! Requests that are open until another task responds to them by their ids.

use std::collections::BTreeMap;
use std::fmt;
use std::mem;
use std::sync::{Arc, PoisonError};

use super::Responder;
use crate::driver::sync::Mutex;
use crate::incoming::{IncomingRequest, IncomingResponse};
use crate::protocol::error::RespondError;

/// Incoming requests that are open until another task responds to them, e.g. a user interface in another process. The
/// requests are found by their [ids on the wire](IncomingRequest::request_id), which can be sent there and back.
///
/// Clones share the requests. A request that the CLI has cancelled cannot be found any more. Dropping the last clone declines
/// the requests that are left. Each open request counts as a handle on the session.
///
/// ```
/// use claude_duplex::testing::{Script, Step, TestRuntime, ToolStep};
/// use claude_duplex::{Config, Decision, Driver, IncomingKind, OpenRequests, Seed};
/// use futures_lite::future::zip;
///
/// let runtime = TestRuntime::new();
/// let tool = ToolStep::bash("ls").requires_permission();
/// let script = Script::default().then([Step::from(tool), Step::text("done")]);
/// let child = runtime.start(script);
/// let config = Config::new(Seed::from_bytes([1; 16])).handle(IncomingKind::Permission);
/// let (claude, runner) = Driver::new(config, child).into_session();
///
/// let (mut incoming, open) = (claude.incoming().unwrap(), OpenRequests::new());
/// let show = async {
///     while let Some(request) = incoming.next().await {
///         let id = open.insert(request); // show it with this id
///         // The user has clicked:
///         open.respond(&id, Decision::allow()).unwrap();
///     }
/// };
/// let talk = async move { claude.prompt("look").unwrap().finish().await.text() };
/// assert_eq!(runtime.run(zip(runner.run_until(talk), show)).0, "done");
/// ```
#[derive(Clone, Default)]
pub struct OpenRequests {
    open: Arc<Mutex<BTreeMap<String, Responder>>>,
}

impl OpenRequests {
    /// Creates an empty set of requests.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a request, and returns its id on the wire.
    pub fn insert(&self, request: Responder) -> String {
        let id = request.request_id();
        let gone = self.change(|open| {
            let (left, cancelled) = mem::take(open).into_iter().partition(|(_, request)| !request.is_cancelled());
            *open = left;
            let replaced = open.insert(id.clone(), request);
            let cancelled: BTreeMap<String, Responder> = cancelled;
            (cancelled, replaced)
        });
        drop(gone);
        id
    }

    /// Returns the request with this id, if it is open.
    #[must_use]
    pub fn get(&self, request_id: &str) -> Option<IncomingRequest> {
        self.change(|open| {
            open.get(request_id).filter(|request| !request.is_cancelled()).map(|request| (**request).clone())
        })
    }

    /// Returns the open requests, in the order in which they arrived.
    #[must_use]
    pub fn requests(&self) -> Vec<IncomingRequest> {
        let mut requests: Vec<IncomingRequest> = self.change(|open| {
            open.values().filter(|request| !request.is_cancelled()).map(|request| (**request).clone()).collect()
        });
        requests.sort_by_key(IncomingRequest::id);
        requests
    }

    /// Responds to the request with this id.
    ///
    /// # Errors
    /// [`RespondError::Stale`] if no request with this id is open: it was answered or cancelled, or never arrived. The
    /// other errors are those of [`Responder::respond`]; the request is then declined.
    pub fn respond(&self, request_id: &str, response: impl Into<IncomingResponse>) -> Result<(), RespondError> {
        let request = self.change(|open| open.remove(request_id));
        request.ok_or(RespondError::Stale)?.respond(response)
    }

    /// Declines all open requests, e.g. because the user interface has left.
    pub fn decline_all(&self) {
        drop(self.change(mem::take));
    }

    /// Changes the requests. What is removed is returned, so that it is dropped without the lock.
    fn change<T>(&self, change: impl FnOnce(&mut BTreeMap<String, Responder>) -> T) -> T {
        change(&mut self.open.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for OpenRequests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenRequests").field("open", &self.requests().len()).finish()
    }
}
