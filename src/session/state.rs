//! State of a session: the driver, and the handles and tasks that wait.

mod commands;
mod owners;
mod resumed;
mod router;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::call_error::CallError;
use super::drive::{Drive, Report};
use super::limits::HandleLimits;
use super::reply::Replied;
use super::runner_inbox::Left;
use super::waiting::calls::Calls;
use super::waiting::feed::Feed;
use super::waiting::inbox::Inbox;
use super::waiting::patience;
use super::waiting::ring::Room;
use super::waiting::slot::Slot;
use super::when_dropped::WhenDropped;
use crate::base::error::RequestError;
use crate::base::ids::{IncomingId, RequestId};
use crate::base::time::SessionTime;
use crate::driver::Waiting;
use crate::incoming::{IncomingKinds, IncomingRequest, IncomingResponse};
use crate::journal::RecordingError;
use crate::outgoing::request::Interrupt;
use crate::protocol::action::{Action, CliSession};
use crate::protocol::end::SessionClosed;
use crate::protocol::error::RespondError;

pub use owners::IncomingError;
use owners::Owners;
use router::Router;

/// Maximum number of actions that are delivered before waiting tasks are woken.
const BATCH: usize = 64;

pub(super) struct State {
    /// The driver; `None` after the runner was dropped.
    driver: Option<Box<dyn Drive>>,
    process_id: Option<u32>,
    /// Kinds of incoming requests that are delivered to the host.
    handled: IncomingKinds,
    /// `true` if the host has closed or aborted the session.
    is_closing: bool,
    when_dropped: WhenDropped,
    closed: Option<SessionClosed>,
    /// Last report of the driver, and work that still waits for the host's code.
    report: Report,
    waiting: Waiting,
    cli_session: Option<CliSession>,
    /// `true` if a command was refused because of a limit, and cannot be retried yet.
    wants_room: bool,
    router: Router,
    replies: BTreeMap<RequestId, Arc<Slot<Replied>>>,
    /// Requests without a response at the end of the session. Their waiting tasks get the end together with the
    /// session's.
    lost_replies: Vec<(Arc<Slot<Replied>>, RequestError)>,
    owners: Owners,
    /// Open requests of a resumed session, which a former host received and did not answer.
    resumed: Vec<IncomingRequest>,
    /// Number of the last action that was delivered.
    last_action: u64,
    /// Requests to decline, for which the limits left no space yet.
    undeclined: Vec<IncomingId>,
    feeds: Vec<Arc<Feed>>,
    /// Maximum time for which the session waits for a reader that takes nothing.
    reader_timeout: Duration,
}

impl State {
    pub(super) fn new(
        driver: Box<dyn Drive>,
        process_id: Option<u32>,
        limits: HandleLimits,
        feeds: Vec<Arc<Feed>>,
        when_dropped: WhenDropped,
    ) -> Self {
        let room = Room { items: limits.turn_messages, bytes: limits.turn_bytes, overflow: limits.turn_overflow };
        Self {
            handled: driver.handled(),
            driver: Some(driver),
            process_id,
            is_closing: false,
            when_dropped,
            closed: None,
            report: Report::default(),
            waiting: Waiting::default(),
            cli_session: None,
            wants_room: false,
            router: Router::new(room),
            replies: BTreeMap::new(),
            lost_replies: Vec::new(),
            owners: Owners::default(),
            resumed: Vec::new(),
            last_action: 0,
            undeclined: Vec::new(),
            feeds,
            reader_timeout: limits.reader_timeout,
        }
    }

    pub(super) fn subscribe(&mut self, room: Room) -> Arc<Feed> {
        let feed = Feed::new(room, self.driver.is_none() && self.closed.is_none());
        // No task waits for the feed yet.
        for incoming in self.incoming() {
            let _ = feed.push(Action::IncomingRequest(incoming));
        }
        if let Some(end) = &self.closed {
            let _ = feed.push(Action::Closed(end.clone()));
        }
        self.feeds.retain(|feed| !feed.is_over());
        self.feeds.push(Arc::clone(&feed));
        feed
    }

    /// Creates the inbox of an owner of incoming requests, either of some kinds or (`None`) of every handled kind.
    pub(super) fn own(&mut self, kinds: Option<IncomingKinds>) -> Result<Arc<Inbox>, IncomingError> {
        let missing = kinds.map_or(IncomingKinds::ALL, |kinds| kinds.without(self.handled));
        if !missing.is_empty() && (kinds.is_some() || self.handled.is_empty()) {
            return Err(IncomingError::NotHandled(missing));
        }
        self.owners.add(kinds.unwrap_or(self.handled), self.driver.is_none())
    }

    /// Takes the messages for one MCP server of a session that has not begun.
    pub(super) fn own_server(&mut self, name: String) -> Arc<Inbox> {
        self.owners.add_server(name)
    }

    // Queries.

    /// Returns `true` if the host has closed or aborted the session.
    pub(super) fn is_closing(&self) -> bool {
        self.is_closing
    }

    pub(super) fn cli_session(&self) -> Option<&CliSession> {
        self.cli_session.as_ref()
    }

    pub(super) fn status(&self) -> Option<crate::protocol::SessionStatus> {
        Some(self.driver.as_ref()?.status())
    }

    pub(super) fn process_id(&self) -> Option<u32> {
        self.driver.as_ref().and(self.process_id)
    }

    pub(super) fn report(&self) -> Report {
        match &self.driver {
            Some(driver) => driver.report(),
            None => self.report.copied(),
        }
    }

    pub(super) fn wants_room(&self) -> bool {
        self.wants_room && self.driver.is_some()
    }

    /// Returns the requests of the CLI that were handed out and are open, oldest first.
    pub(super) fn incoming(&self) -> Vec<IncomingRequest> {
        let mut open = self.driver.as_ref().map(|driver| driver.incoming()).unwrap_or_default();
        open.retain(|incoming| self.owners.is_open(incoming.id()));
        open
    }

    // Methods of the runner.

    /// Does the work that dropped handles left.
    pub(super) fn tidy(&mut self, left: &Left) {
        for prompt in &left.stopped {
            // The prompt is queued here or in the CLI, runs, or has ended.
            if let Some(driver) = &mut self.driver {
                if driver.interrupt(Interrupt::prompt(*prompt)).is_err() {
                    let _ = driver.cancel(*prompt);
                }
            }
        }
        self.undeclined.extend(&left.declined);
        self.decline();
        if left.is_dropped && !self.is_closing {
            match self.when_dropped {
                WhenDropped::CloseNow => self.close_now(),
                WhenDropped::Close => self.close(),
                WhenDropped::Abort => self.abort(),
            }
        }
    }

    /// Delivers the next events to the handles. Ready with the end of the session.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, calls: &mut Calls) -> Poll<Option<SessionClosed>> {
        self.redeliver_open(calls);
        let until = self.hold_until();
        let Some(driver) = &mut self.driver else { return Poll::Pending };
        driver.hold(until);
        let Poll::Ready(first) = driver.poll_next(cx) else {
            // The last write may have freed space for a response.
            return if self.decline() { Poll::Ready(None) } else { Poll::Pending };
        };
        if first.is_none() && driver.is_suspended() {
            return Poll::Ready(self.end_here(calls));
        }
        let mut closed = first.and_then(|action| self.dispatch(action, calls));
        // Actions that wait were read together. Checking the child between them would cost more than delivering
        // them.
        for _ in 1..BATCH {
            let Some(action) = self.driver.as_mut().and_then(|driver| driver.unread()) else { break };
            closed = self.dispatch(action, calls);
        }
        Poll::Ready(closed)
    }

    /// Ends everything as lost, and returns the driver.
    pub(super) fn lose(&mut self, calls: &mut Calls) -> Option<(Option<SessionClosed>, Box<dyn Drive>)> {
        let closed = self.end_here(calls);
        Some((closed, self.finish(calls)?))
    }

    /// Ends everything as lost.
    fn end_here(&mut self, calls: &mut Calls) -> Option<SessionClosed> {
        self.driver.as_mut()?.lose();
        let mut closed = None;
        while let Some(action) = self.driver.as_mut().and_then(|driver| driver.unread()) {
            closed = self.dispatch(action, calls).or(closed);
        }
        closed
    }

    /// Completes the end after the last action.
    pub(super) fn finish(&mut self, calls: &mut Calls) -> Option<Box<dyn Drive>> {
        self.owners.end(calls);
        self.router.end(None, calls);
        self.end_replies(None, calls);
        self.feeds.clear();
        if let Some(driver) = &mut self.driver {
            (self.report, self.waiting) = (driver.report(), driver.take_waiting());
        }
        self.driver.take()
    }

    // Methods for the host's code.

    /// Returns the size of the work that waits for the host's code.
    pub(super) fn waits(&self) -> usize {
        match &self.driver {
            Some(driver) => driver.waits(),
            None => usize::from(!self.waiting.is_empty()),
        }
    }

    pub(super) fn take_waiting(&mut self) -> Waiting {
        match &mut self.driver {
            Some(driver) => driver.take_waiting(),
            None => std::mem::take(&mut self.waiting),
        }
    }

    pub(super) fn recording_failed(&mut self, error: io::Error) {
        match &mut self.driver {
            Some(driver) => driver.recording_failed(error),
            None => self.report.stopped = Some(RecordingError::Failed(error)),
        }
    }

    /// Returns the next time when the session stops waiting for a slow reader. Returns `None` if it waits for no reader.
    fn hold_until(&self) -> Option<SessionTime> {
        let driver = self.driver.as_ref()?;
        let waiting =
            patience::Waiting { now: driver.now(), timeout: self.reader_timeout, reads_on: driver.reads_on() };
        let subscribers = self.feeds.iter().filter_map(|feed| feed.waits(waiting)).min();
        [subscribers, self.router.waits(waiting)].into_iter().flatten().min()
    }

    fn dispatch(&mut self, action: Action, calls: &mut Calls) -> Option<SessionClosed> {
        self.last_action += 1;
        self.router.route(&action, calls);
        let mut closed = None;
        let mut undelivered = None;
        match &action {
            Action::Session(session) => self.cli_session = Some(session.clone()),
            Action::ResponseReceived { request, response: reply } => {
                if let Some(slot) = self.replies.remove(request) {
                    match reply {
                        Ok(response) => calls.wake(slot.put(Ok(response.clone()))),
                        Err(error @ (RequestError::Lost(_) | RequestError::Failed { .. })) => {
                            self.lost_replies.push((slot, error.clone()));
                        }
                        Err(error) => calls.wake(slot.put(Err(error.clone().into()))),
                    }
                }
            }
            Action::IncomingRequest(incoming) if !self.owners.deliver(incoming, calls) => {
                undelivered = Some(incoming.id())
            }
            Action::IncomingCancelled { id: incoming, reason } => self.owners.withdrawn(*incoming, *reason, calls),
            Action::CapacityAvailable => {
                self.wants_room = false;
                calls.room();
            }
            Action::Closed(end) => {
                self.end_replies(Some(end), calls);
                self.closed = Some(end.clone());
                closed = Some(end.clone());
            }
            _ => {}
        }
        self.publish(action, calls);
        if let Some(incoming) = undelivered {
            self.undeclined.push(incoming);
            self.decline();
        }
        closed
    }

    /// Ends the requests that were lost, with the session's end if it is known.
    fn end_replies(&mut self, closed: Option<&SessionClosed>, calls: &mut Calls) {
        for (slot, error) in std::mem::take(&mut self.lost_replies) {
            let error = closed.map_or(CallError::Request(error), |end| CallError::Closed(Box::new(end.clone())));
            calls.wake(slot.put(Err(error)));
        }
    }

    /// Declines requests without an owner, as far as the limits allow. Returns `true` if a response was written.
    fn decline(&mut self) -> bool {
        let (waiting, mut any) = (std::mem::take(&mut self.undeclined), false);
        for incoming in waiting {
            match self.answer(incoming, IncomingResponse::Decline) {
                Ok(()) => any = true,
                Err(RespondError::Full) => self.undeclined.push(incoming),
                // The request has ended.
                Err(_) => {}
            }
        }
        any
    }

    /// Sends an action to the subscribers. The last of them gets the action itself instead of a clone.
    fn publish(&mut self, action: Action, calls: &mut Calls) {
        let Some((last, others)) = self.feeds.split_last() else { return };
        let mut all = true;
        let mut push = |feed: &Feed, action| match feed.push(action) {
            Some(waker) => calls.wake(waker),
            None => all = false,
        };
        others.iter().for_each(|feed| push(feed, action.clone()));
        push(last, action);
        if !all {
            self.feeds.retain(|feed| !feed.is_over());
        }
    }
}
