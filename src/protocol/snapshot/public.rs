//! Form of public types in snapshots. These types have another public form, or none.
//!
//! Each form repeats the declaration of its type. A field or a variant that is missing here does not compile.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base::error::{LostReason, RejectedReason, RequestError};
use crate::base::ids::{IncomingId, PromptId, RequestId, TurnId};
use crate::base::json::Json;
use crate::incoming::{IncomingKind, IncomingRequest, ResponseKind};
use crate::message::Message;
use crate::options::PermissionMode;
use crate::outgoing::request::Response;
use crate::protocol::action::{
    Action, Attribution, CancelledReason, CliSession, DamagedLine, DeclinedReason, Outcome, RejectedLine, TurnOrigin,
    WaitReason,
};
use crate::protocol::deadline::Deadline;
use crate::protocol::end::{CloseReason, Exit, SessionClosed};
use crate::protocol::form::{self, Formed};
use crate::protocol::raw::{Direction, StderrLine, WireLine};
use crate::protocol::{Compaction, CompactionState, CompactionTrigger, SessionStatus, Stats};

macro_rules! formed {
    ($($type:ident as $form:ident,)*) => {$(
        impl Formed for $type {
            fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $form::serialize(self, serializer)
            }

            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $form::deserialize(deserializer)
            }
        }
    )*};
}

formed! {
    Action as ActionForm,
    CliSession as CliSessionForm,
    Compaction as CompactionForm,
    CompactionState as CompactionStateForm,
    CompactionTrigger as CompactionTriggerForm,
    DamagedLine as DamagedLineForm,
    Direction as DirectionForm,
    IncomingRequest as IncomingRequestForm,
    RejectedLine as RejectedLineForm,
    RequestError as RequestErrorForm,
    Response as ResponseForm,
    SessionClosed as SessionClosedForm,
    SessionStatus as SessionStatusForm,
    Stats as StatsForm,
    StderrLine as StderrLineForm,
    TurnOrigin as TurnOriginForm,
    WaitReason as WaitReasonForm,
    WireLine as WireLineForm,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Action")]
enum ActionForm {
    Session(#[serde(with = "form")] CliSession),
    TurnStarted {
        turn: TurnId,
        #[serde(with = "form")]
        origin: TurnOrigin,
    },
    PromptTaken {
        prompt: PromptId,
        turn: TurnId,
    },
    Message {
        turn: Option<TurnId>,
        #[serde(with = "form")]
        message: Message,
    },
    TurnEnded {
        turn: TurnId,
        #[serde(with = "form")]
        origin: TurnOrigin,
        #[serde(with = "form")]
        result: Option<Message>,
    },
    PromptEnded {
        prompt: PromptId,
        turn: Option<TurnId>,
        outcome: Outcome,
        attribution: Attribution,
        #[serde(with = "form")]
        result: Option<Message>,
    },
    ResponseReceived {
        request: RequestId,
        #[serde(with = "form")]
        response: Result<Response, RequestError>,
    },
    IncomingRequest(#[serde(with = "form")] IncomingRequest),
    IncomingDeclined {
        #[serde(with = "form")]
        message: Message,
        kind: IncomingKind,
        reason: DeclinedReason,
    },
    IncomingAnswered {
        id: IncomingId,
        response: ResponseKind,
    },
    IncomingCancelled {
        id: IncomingId,
        reason: CancelledReason,
    },
    RejectedLine(#[serde(with = "form")] RejectedLine),
    DamagedLine(#[serde(with = "form")] DamagedLine),
    StderrLine(#[serde(with = "form")] StderrLine),
    WireLine(#[serde(with = "form")] WireLine),
    UnmatchedResponse(#[serde(with = "form")] Message),
    DeadlineExceeded {
        deadline: Deadline,
        #[serde(with = "form")]
        reason: WaitReason,
    },
    Idle,
    CapacityAvailable,
    Closed(#[serde(with = "form")] SessionClosed),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "CliSession")]
struct CliSessionForm {
    #[serde(with = "form")]
    id: Arc<str>,
    #[serde(with = "form")]
    version: Option<Arc<str>>,
    #[serde(with = "form")]
    capabilities: Arc<[String]>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "TurnOrigin")]
enum TurnOriginForm {
    Prompt,
    Own(#[serde(with = "form")] Arc<str>),
    Unknown,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Response")]
struct ResponseForm {
    #[serde(with = "form")]
    message: Message,
    payload: Option<Json>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "RequestError")]
enum RequestErrorForm {
    Refused { message: String, code: Option<String> },
    TimedOut,
    TooLong { length: u64 },
    Failed { message: String, reason: LostReason },
    Lost(LostReason),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "IncomingRequest")]
struct IncomingRequestForm {
    id: IncomingId,
    kind: IncomingKind,
    #[serde(with = "form")]
    message: Message,
    turn: Option<TurnId>,
    prompt: Option<PromptId>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "RejectedLine")]
struct RejectedLineForm {
    #[serde(with = "form")]
    head: Box<[u8]>,
    length: u64,
    reason: RejectedReason,
    result_due: bool,
    declined: Option<IncomingKind>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "DamagedLine")]
struct DamagedLineForm {
    #[serde(with = "form")]
    dropped: Box<[u8]>,
    dropped_length: u64,
    messages: usize,
    length: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "StderrLine")]
struct StderrLineForm {
    text: Box<str>,
    omitted: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "WireLine")]
struct WireLineForm {
    #[serde(with = "form")]
    direction: Direction,
    #[serde(with = "form")]
    bytes: Arc<[u8]>,
    length: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Direction")]
enum DirectionForm {
    Received,
    Sent,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "WaitReason")]
enum WaitReasonForm {
    Stdin,
    TurnStart,
    Model,
    Tool {
        #[serde(with = "form")]
        id: Arc<str>,
        #[serde(with = "form")]
        name: Arc<str>,
        age: Duration,
    },
    ApiRetry {
        attempt: Option<u64>,
        max_attempts: Option<u64>,
        status: Option<u64>,
        age: Duration,
    },
    TurnResult,
    BackgroundTask {
        #[serde(with = "form")]
        id: Option<Arc<str>>,
    },
    Response {
        request: RequestId,
    },
    HostResponse {
        incoming: IncomingId,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "SessionClosed")]
struct SessionClosedForm {
    reason: CloseReason,
    exit: Option<Exit>,
    stderr: String,
    rejected_tail: String,
    last_error: Option<String>,
    cut_input: bool,
    output_held: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "SessionStatus")]
struct SessionStatusForm {
    #[serde(with = "form")]
    session_id: Option<Arc<str>>,
    #[serde(with = "form")]
    model: Option<Arc<str>>,
    #[serde(with = "form")]
    permission_mode: Option<PermissionMode>,
    #[serde(with = "form")]
    compaction: Option<Compaction>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Compaction")]
struct CompactionForm {
    #[serde(with = "form")]
    state: CompactionState,
    #[serde(with = "form")]
    trigger: Option<CompactionTrigger>,
    tokens_before: Option<u64>,
    tokens_after: Option<u64>,
    #[serde(with = "form")]
    error: Option<Arc<str>>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "CompactionState")]
enum CompactionStateForm {
    Running,
    Succeeded,
    Failed,
    Unknown,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "CompactionTrigger")]
enum CompactionTriggerForm {
    Manual,
    Automatic,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Stats")]
struct StatsForm {
    blank: u64,
    keep_alive: u64,
    echoed_responses: u64,
    repeated_requests: u64,
    damaged: u64,
}
