//! The `claude` command line, held open as a long-lived child process.

mod action;
mod ask;
mod config;
mod deadline;
mod error;
mod ids;
mod input;
mod json;
mod message;
pub mod options;
mod prompt;
mod protocol;
mod request;
#[cfg(feature = "testing")]
pub mod testing;
mod text;
mod time;
mod wire;

pub use action::{
    Action, ChildAction, CloseReason, Closed, Exit, Origin, Outcome, Rejected, Session, WhyDeclined, WhyRejected,
    WhyWithdrawn,
};
pub use ask::{Answer, Ask, AskKind, AskKinds, Decision, Permission};
pub use config::{Busy, Child, CloseWhen, Config, Graces, Limits, Timeouts, UnknownAsks};
pub use deadline::Deadline;
pub use error::{AnswerError, BadJson, BadUuid, DecodeError, Lost, Refused, RequestError, Stale, WhyRefused};
pub use ids::{AskId, PromptId, RequestId, Seed, TurnId, Uuid};
pub use input::Input;
pub use json::Json;
pub use message::{Message, MessageKind};
pub use options::{Invocation, Options, OptionsError};
pub use prompt::Prompt;
pub use protocol::{Counts, Protocol};
pub use request::{Interrupt, Reply, Request};
pub use time::Time;
pub use wire::views::{Content, StreamDelta, TurnResult};
