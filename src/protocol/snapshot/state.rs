//! The state of a session, as a snapshot has it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base::ids::PromptId;
use crate::base::time::SessionTime;
use crate::message::Message;
use crate::protocol::action::{Action, CliSession};
use crate::protocol::action_queue::Actions;
use crate::protocol::activity::Activity;
use crate::protocol::background::Background;
use crate::protocol::capacity::Wanted;
use crate::protocol::config::Config;
use crate::protocol::form::{self, Formed};
use crate::protocol::incoming_requests::IncomingRequests;
use crate::protocol::interrupt_targets::InterruptTargets;
use crate::protocol::ledger::Ledger;
use crate::protocol::line::Lines;
use crate::protocol::outgoing_requests::Requests;
use crate::protocol::output::Output;
use crate::protocol::shutdown::Shutdown;
use crate::protocol::silence::Silence;
use crate::protocol::tail::Tail;
use crate::protocol::time_limits::TimeLimits;
use crate::protocol::{Offsets, Protocol, SessionStatus, Stats};

/// The fields of a session. A field that is missing here does not compile.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Protocol")]
pub(super) struct State {
    config: Config,
    now: SessionTime,
    silence: Silence,
    lines: Lines,
    output: Output,
    actions: Actions,
    offsets: Offsets,
    ledger: Ledger,
    incoming: IncomingRequests,
    requests: Requests,
    interrupt_targets: InterruptTargets,
    time_limits: TimeLimits,
    background: Background,
    activity: Activity,
    shutdown: Shutdown,
    stderr: Tail,
    stderr_lines: Lines,
    rejected_tail: Tail,
    #[serde(with = "form")]
    session: Option<CliSession>,
    #[serde(with = "form")]
    status: SessionStatus,
    last_error: Option<String>,
    failed: bool,
    dialogs: Vec<String>,
    has_hooks: bool,
    #[serde(with = "form")]
    counts: Stats,
    wanted: Wanted,
    withdrawals: Vec<PromptId>,
    was_busy: bool,
    settled: bool,
}

/// Maximum value of a counter. No session reaches it, and a session that continues from it does not overflow.
const HIGHEST: u64 = 1 << 60;

/// Sets the values that follow from other fields, and checks the properties that the code relies on.
///
/// # Errors
/// A description of the first value that no session of this crate can have.
pub(super) fn complete(protocol: &mut Protocol) -> Result<(), &'static str> {
    let Protocol { config, ledger, incoming, requests, shutdown, actions, offsets, counts, .. } = protocol;
    let Stats { blank, keep_alive, echoed_responses, repeated_requests, damaged } = *counts;
    let Offsets { stdout, stderr, stdin } = *offsets;
    let numbers = [incoming.last(), requests.last(), actions.handed_out(), stdout, stderr, stdin];
    let lines = [blank, keep_alive, echoed_responses, repeated_requests, damaged];
    if numbers.iter().chain(&lines).chain(&ledger.counters()).any(|number| *number > HIGHEST) {
        return Err("a number is too high");
    }
    if !ledger.restore(config.seed) || !incoming.restore(config.seed.tag()) {
        return Err("an id belongs to another session, or is out of order");
    }
    shutdown.configure(config);
    Ok(())
}

/// The unread actions. A result that ends several turns and prompts is written once.
#[derive(Serialize, Deserialize)]
struct Unread {
    #[serde(with = "form")]
    results: Vec<Message>,
    queue: Vec<Waiting>,
    prompts_ended: bool,
    handed_out: u64,
}

/// An unread action, and the place of its result in the list of results.
#[derive(Serialize, Deserialize)]
struct Waiting {
    #[serde(with = "form")]
    action: Action,
    result: Option<usize>,
}

impl Serialize for Actions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (unread, prompts_ended, handed_out) = self.parts();
        let mut results: Vec<Message> = Vec::new();
        let queue = unread
            .map(|action| {
                let mut action = action.clone();
                let result = result(&mut action).and_then(Option::take).map(|result| {
                    if results.last() != Some(&result) {
                        results.push(result);
                    }
                    results.len() - 1
                });
                Waiting { action, result }
            })
            .collect();
        Unread { results, queue, prompts_ended, handed_out }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Actions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Unread { results, queue, prompts_ended, handed_out } = Unread::deserialize(deserializer)?;
        let queue = queue.into_iter().map(|Waiting { mut action, result: at }| {
            if let Some(result) = result(&mut action) {
                *result = at.and_then(|at| results.get(at).cloned());
            }
            action
        });
        Ok(Actions::restored(queue.collect(), prompts_ended, handed_out))
    }
}

/// Returns the result of an action that ends a turn or a prompt.
fn result(action: &mut Action) -> Option<&mut Option<Message>> {
    match action {
        Action::TurnEnded { result, .. } | Action::PromptEnded { result, .. } => Some(result),
        _ => None,
    }
}

impl Formed for Vec<Message> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(form::Borrowed))
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let owned = Vec::<form::Owned<Message>>::deserialize(deserializer)?;
        Ok(owned.into_iter().map(|owned| owned.0).collect())
    }
}
