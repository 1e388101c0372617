//! Requests of the CLI without a response of the service.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use claude_duplex::Json;
use rmcp::model::RequestId;
use tokio::sync::oneshot;

/// End of a request.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    /// JSON-RPC response of the service.
    Response(Json),
    /// The CLI has cancelled the request.
    Cancelled,
    /// The service has ended, for this reason.
    Stopped(Arc<str>),
}

/// Open requests of one service. At most [`Limits::open_incoming`](claude_duplex::Limits::open_incoming) of them are open.
#[derive(Debug, Default)]
pub(super) struct Pending(Mutex<Requests>);

#[derive(Debug, Default)]
struct Requests {
    open: HashMap<RequestId, oneshot::Sender<Reply>>,
    /// Reason for which no request gets a response of the service any more.
    stopped: Option<Arc<str>>,
}

impl Pending {
    /// Opens a request. Returns `None` if a request with that id is open.
    pub(super) fn open(&self, id: &RequestId) -> Option<oneshot::Receiver<Reply>> {
        let mut requests = self.requests();
        let (sender, receiver) = oneshot::channel();
        if let Some(reason) = &requests.stopped {
            let _ = sender.send(Reply::Stopped(Arc::clone(reason)));
            return Some(receiver);
        }
        // A request that was withdrawn has no receiver.
        if requests.open.get(id).is_some_and(|open| !open.is_closed()) {
            return None;
        }
        requests.open.insert(id.clone(), sender);
        Some(receiver)
    }

    /// Ends a request, if it is open.
    pub(super) fn end(&self, id: &RequestId, reply: Reply) {
        if let Some(open) = self.requests().open.remove(id) {
            let _ = open.send(reply);
        }
    }

    /// Ends all requests, and those that come later.
    pub(super) fn stop(&self, reason: &Arc<str>) {
        let mut requests = self.requests();
        requests.stopped = Some(Arc::clone(reason));
        for (_, open) in requests.open.drain() {
            let _ = open.send(Reply::Stopped(Arc::clone(reason)));
        }
    }

    fn requests(&self) -> MutexGuard<'_, Requests> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(id: i64) -> RequestId {
        RequestId::Number(id)
    }

    fn response(text: &str) -> Reply {
        Reply::Response(Json::from_text(text))
    }

    #[test]
    fn the_second_response_to_a_request_is_dropped() {
        let pending = Pending::default();
        let mut first = pending.open(&id(1)).unwrap();
        let mut other = pending.open(&id(2)).unwrap();
        pending.end(&id(1), response("a"));
        pending.end(&id(1), response("b"));
        pending.end(&id(3), response("c"));
        assert!(matches!(first.try_recv(), Ok(Reply::Response(json)) if json == Json::from_text("a")));
        assert!(other.try_recv().is_err());
        // An id is free again after its response.
        let mut again = pending.open(&id(1)).unwrap();
        assert!(again.try_recv().is_err());
    }

    #[test]
    fn a_duplicate_id_is_refused_while_its_request_is_open() {
        let pending = Pending::default();
        let first = pending.open(&id(1)).unwrap();
        assert!(pending.open(&id(1)).is_none());
        drop(first);
        let mut second = pending.open(&id(1)).unwrap();
        pending.end(&id(1), Reply::Cancelled);
        assert!(matches!(second.try_recv(), Ok(Reply::Cancelled)));
        assert!(pending.open(&id(1)).is_some());
    }

    #[test]
    fn a_service_that_has_stopped_ends_open_and_later_requests() {
        let pending = Pending::default();
        let mut open = pending.open(&id(1)).unwrap();
        pending.stop(&Arc::from("gone"));
        let mut later = pending.open(&id(2)).unwrap();
        for receiver in [&mut open, &mut later] {
            assert!(matches!(receiver.try_recv(), Ok(Reply::Stopped(reason)) if &*reason == "gone"));
        }
    }
}
