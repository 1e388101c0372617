//! Approvals: a service that decides what a tool may do, and the permission decisions that its verdicts become.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use claude_duplex::incoming::PermissionChange;
use claude_duplex::message::ToolInput;
use claude_duplex::options::PermissionMode;
use claude_duplex::{Allow, Decision, Deny, HandlerRequest, PermissionRequest};
use tokio::sync::oneshot;

/// Verdict of the user about a call of a tool.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    Approved,
    Denied(String),
    /// Nobody was there. It also ends the turn.
    TimedOut,
    /// Answers to the questions of `AskUserQuestion`, in their order.
    Answers(Vec<String>),
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct ApprovalError(&'static str);

const UNKNOWN: ApprovalError = ApprovalError("no such approval is open: it was decided, or the CLI took it back");
const UNAVAILABLE: ApprovalError = ApprovalError("the approval service is not available");

/// A service that asks the user. It cancels a request when the future is dropped, which happens as soon as the CLI takes the
/// request back: its turn was interrupted, or the session has ended.
pub(crate) trait ApprovalService: Send + Sync + 'static {
    fn decide(&self, id: String) -> impl Future<Output = Result<Verdict, ApprovalError>> + Send;
}

/// Asks the service, and translates its verdict. An error reaches the model as such, and grants nothing.
pub(crate) async fn permission<A: ApprovalService>(
    service: Arc<A>,
    tool: HandlerRequest<PermissionRequest>,
) -> Result<Decision, Box<dyn std::error::Error + Send + Sync>> {
    Ok(match service.decide(tool.incoming.request_id()).await? {
        // An approved plan is carried out without further questions.
        Verdict::Approved if matches!(tool.typed_input(), Ok(ToolInput::ExitPlanMode(_))) => {
            Allow::new().and_remember(PermissionChange::SetMode(PermissionMode::BypassPermissions)).into()
        }
        Verdict::Approved => Decision::allow(),
        Verdict::Denied(reason) => Decision::deny(reason),
        Verdict::TimedOut => Deny::new("nobody approved it in time").and_interrupt().into(),
        Verdict::Answers(answers) => tool.questions()?.reply_with(answers).decision(),
    })
}

/// The service of this board: requests wait in a map until a viewer decides them.
pub(crate) struct Board {
    open: Mutex<HashMap<String, oneshot::Sender<Verdict>>>,
    patience: Duration,
}

impl Board {
    /// Creates a board whose viewers have so much time to decide.
    pub(crate) fn new(patience: Duration) -> Self {
        Self { open: Mutex::default(), patience }
    }

    /// Decides a request.
    pub(crate) fn settle(&self, id: &str, verdict: Verdict) -> Result<(), ApprovalError> {
        let waits = self.open.lock().expect("no holder panics").remove(id).ok_or(UNKNOWN)?;
        waits.send(verdict).map_err(|_| UNKNOWN)
    }
}

impl ApprovalService for Board {
    async fn decide(&self, id: String) -> Result<Verdict, ApprovalError> {
        let (settle, verdict) = oneshot::channel();
        {
            let mut open = self.open.lock().expect("no holder panics");
            // The other end of a request that was taken back is closed.
            open.retain(|_, settle| !settle.is_closed());
            open.insert(id, settle);
        }
        let verdict = tokio::time::timeout(self.patience, verdict).await.unwrap_or(Ok(Verdict::TimedOut));
        verdict.map_err(|_| UNAVAILABLE)
    }
}
