//! Requests of the host and the session that have no response yet.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::base::error::{LostReason, RequestError};
use crate::base::ids::{PromptId, RequestId, Uuid};
use crate::base::json::Json;
use crate::base::time::SessionTime;
use crate::outgoing::request::Request;
use crate::protocol::action::Action;
use crate::protocol::action_queue::Actions;
use crate::protocol::config::Timeouts;
use crate::protocol::deadline::Deadline;
use crate::wire::control;

/// Number of timed-out requests that are remembered, in case a response still arrives. Their ids stay in use
/// until then.
const LATE: usize = 64;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Requests {
    open: Vec<Open>,
    last: u64,
    /// Last request that was sent before the last result arrived.
    before_result: u64,
    overdue: VecDeque<(String, About)>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Open {
    pub(crate) id: RequestId,
    wire_id: String,
    pub(crate) about: About,
    /// `true` if the host sent the request and gets the response. The session follows up interrupts by itself.
    for_host: bool,
    due: Option<SessionTime>,
}

/// Effect of a request on the session itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum About {
    /// Declares these kinds of dialogs, if the CLI accepts the request.
    Initialize(Vec<String>),
    /// Interrupts the running turn, especially one of this prompt. `written` is the place in the order of writes.
    Interrupt {
        target: Option<PromptId>,
        written: u64,
    },
    /// Cancels the prompt with this UUID.
    Cancel(Option<Uuid>),
    Other,
}

impl About {
    /// Returns the effect of a request of the host.
    pub(crate) fn of(request: &Request) -> Self {
        match request.subtype.as_str() {
            "initialize" => Self::Initialize(control::declared_dialogs(&request.fields)),
            "interrupt" => Self::Interrupt { target: None, written: 0 },
            "cancel_async_message" => {
                let named = request.fields.iter().find(|(name, _)| name == "message_uuid");
                Self::Cancel(named.and_then(|(_, uuid): &(String, Json)| uuid.decode().ok()))
            }
            _ => Self::Other,
        }
    }

    /// Returns `true` if the request stops or cancels something.
    pub(crate) fn stops(&self) -> bool {
        matches!(self, Self::Interrupt { .. } | Self::Cancel(_))
    }

    pub(crate) fn is_interrupt(&self) -> bool {
        matches!(self, Self::Interrupt { .. })
    }

    fn deadline(&self) -> Deadline {
        match self {
            Self::Initialize(_) => Deadline::Initialize,
            Self::Interrupt { .. } => Deadline::Interrupt,
            Self::Cancel(_) | Self::Other => Deadline::Request,
        }
    }
}

impl Requests {
    /// Returns the number of the last request.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// Returns the session's own wire id for the next request.
    pub(crate) fn next_wire_id(&self, session: u64) -> String {
        format!("{}{}", own_prefix(session), self.last + 1)
    }

    /// Opens a request.
    pub(crate) fn open(
        &mut self,
        now: SessionTime,
        session: u64,
        wire_id: String,
        about: About,
        for_host: bool,
        timeouts: &Timeouts,
    ) -> RequestId {
        self.last += 1;
        let id = RequestId::new(session, self.last);
        let wait = |timeouts: &Timeouts| match about.deadline() {
            Deadline::Initialize => timeouts.initialize,
            Deadline::Interrupt => timeouts.interrupt,
            _ => timeouts.request,
        };
        // The host may wait forever for its own requests. Requests of the session need a timeout, because no one
        // else can give up.
        let bound = || wait(&Timeouts::default()).filter(|_| !for_host);
        let due = wait(timeouts).or_else(bound).map(|wait| now.saturating_add(wait));
        self.open.push(Open { id, wire_id, about, for_host, due });
        id
    }

    /// Sets the deadline for the response to an open request.
    pub(crate) fn expect(&mut self, id: RequestId, due: SessionTime) {
        for open in self.open.iter_mut().filter(|open| open.id == id) {
            open.due = Some(due);
        }
    }

    /// Returns `true` if a response with this id may still arrive.
    pub(crate) fn is_used(&self, wire_id: &str) -> bool {
        let overdue = || self.overdue.iter().any(|(overdue, _)| overdue == wire_id);
        self.open.iter().any(|open| open.wire_id == wire_id) || overdue()
    }

    /// Returns `true` if a request with this effect is open.
    pub(crate) fn is_about(&self, about: &About) -> bool {
        self.open.iter().any(|open| open.about == *about)
    }

    /// Returns `true` if an `initialize` without a response declares this kind of dialog: the CLI may have
    /// accepted it already.
    pub(crate) fn may_declare(&self, dialog_kind: &str) -> bool {
        let mut unanswered =
            self.open.iter().map(|open| &open.about).chain(self.overdue.iter().map(|(_, about)| about));
        unanswered.any(|about| match about {
            About::Initialize(kinds) => kinds.iter().any(|kind| kind == dialog_kind),
            _ => false,
        })
    }

    /// Returns the number of open requests of the host: those that [stop something](About::stops), or the others.
    pub(crate) fn of_host(&self, stops: bool) -> usize {
        self.open.iter().filter(|open| open.for_host && open.about.stops() == stops).count()
    }

    /// Returns `true` if every request has its response.
    #[cfg(feature = "driver")]
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Returns `true` if the host waits for a response.
    pub(crate) fn awaits_response(&self) -> bool {
        self.open.iter().any(|open| open.for_host)
    }

    /// Returns the oldest request without a response, preferably one of the host.
    pub(crate) fn first(&self) -> Option<RequestId> {
        let of_host = self.open.iter().find(|open| open.for_host);
        of_host.or(self.open.first()).map(|open| open.id)
    }

    /// Returns `true` if the CLI has not acknowledged an interrupt yet.
    pub(crate) fn interrupt_is_open(&self) -> bool {
        self.open.iter().any(|open| open.about.is_interrupt())
    }

    /// Closes the request with this wire id.
    pub(crate) fn close(&mut self, wire_id: &str) -> Option<Open> {
        let at = self.open.iter().position(|open| open.wire_id == wire_id)?;
        Some(self.open.remove(at))
    }

    pub(crate) fn next_due(&self) -> Option<(SessionTime, Deadline)> {
        self.open.iter().filter_map(|open| Some((open.due?, open.about.deadline()))).min()
    }

    /// Closes the requests whose deadline has passed.
    pub(crate) fn time_out(&mut self, now: SessionTime, actions: &mut Actions) -> Vec<About> {
        let due = |open: &Open| open.due.is_some_and(|due| due <= now);
        let (over, open) = std::mem::take(&mut self.open).into_iter().partition::<Vec<_>, _>(due);
        self.open = open;
        for over in &over {
            over.replied(Err(RequestError::TimedOut), actions);
            self.overdue.push_back((over.wire_id.clone(), over.about.clone()));
        }
        self.overdue.drain(..self.overdue.len().saturating_sub(LATE));
        over.into_iter().map(|over| over.about).collect()
    }

    /// Returns the effect of a request whose response arrives after its deadline.
    pub(crate) fn late(&mut self, wire_id: &str) -> Option<About> {
        let at = self.overdue.iter().position(|(overdue, _)| overdue == wire_id)?;
        self.overdue.remove(at).map(|(_, about)| about)
    }

    /// Records a result. If it is an error and the session ends with it, it is the reason for missing responses.
    pub(crate) fn note_result(&mut self) {
        self.before_result = self.last;
    }

    /// Ends all requests as lost. `error` is the text of the result with which the session ended, if that was an
    /// error.
    pub(crate) fn lose(&mut self, reason: LostReason, error: Option<&str>, actions: &mut Actions) {
        for open in std::mem::take(&mut self.open) {
            let error = error.filter(|_| open.id.number() <= self.before_result);
            open.replied(
                Err(match error {
                    Some(error) => RequestError::Failed { message: error.to_owned(), reason },
                    None => RequestError::Lost(reason),
                }),
                actions,
            );
        }
    }
}

/// Returns `true` if a wire id has the form that the session generates.
pub(crate) fn is_own_wire_id(session: u64, wire_id: &str) -> bool {
    wire_id.starts_with(&own_prefix(session))
}

fn own_prefix(session: u64) -> String {
    format!("{session:016x}-")
}

impl Open {
    /// Notifies the host, if the host sent the request.
    pub(crate) fn replied(
        &self,
        reply: Result<crate::outgoing::request::Response, RequestError>,
        actions: &mut Actions,
    ) {
        if self.for_host {
            actions.push(Action::ResponseReceived { request: self.id, response: reply });
        }
    }
}
