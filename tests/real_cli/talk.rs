//! A session with the real CLI, for a trial: the driver, with everything that happens taken note of.

use std::time::Duration;

use claude_duplex::options::Options;
use claude_duplex::{
    Action, Config, ContentBlock, Driver, IncomingKinds, IncomingRequest, IncomingResponse, Json, LostReason, Message,
    MessageKind, Outcome as Ended, Prompt, PromptId, Request, RequestError, RequestId, Response, Seed, SessionClosed,
    TurnId, TurnResult,
};
use serde_json::Value;

use crate::traffic;
use crate::transport::{Timer, Transport, or};
use crate::watch::Case;

pub(crate) type Trial = Result<(), Box<dyn std::error::Error>>;

/// How long a reply, or an exit, may take: the first waits until the CLI has started, which took 20 on a machine with eight
/// times the work that it can do.
const PATIENCE: Duration = Duration::from_secs(40);

pub(crate) struct Talk<'c> {
    case: &'c Case,
    pub(crate) claude: Driver<Transport>,
    /// Every action, as it came.
    pub(crate) actions: Vec<Action>,
}

/// How a prompt ended.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) outcome: Ended,
    pub(crate) result: Option<TurnResult>,
}

impl<'c> Talk<'c> {
    /// A session that owns every incoming request.
    pub(crate) fn start(case: &'c Case) -> Result<Self, Box<dyn std::error::Error>> {
        Self::with(case, |options| options.host_permission_prompts().include_partial_messages(), |_| ())
    }

    pub(crate) fn with(
        case: &'c Case,
        options: impl FnOnce(Options) -> Options,
        configure: impl FnOnce(&mut Config),
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let plain = Options::new().program(case.cli.named()).current_dir(case.place.cwd()).env_clear();
        let plain = case.environment().into_iter().fold(plain, |options, (name, value)| options.env(name, value));
        let mut config = Config::new(Seed::random());
        config.handled = IncomingKinds::ALL;
        // A version for node takes its time to start on a busy machine.
        config.timeouts.interrupt = Some(PATIENCE);
        config.timeouts.request = Some(PATIENCE);
        config.timeouts.shutdown.exit = PATIENCE;
        configure(&mut config);
        Ok(Self { case, claude: case.carrier.spawn(&options(plain), config)?, actions: Vec::new() })
    }

    pub(crate) fn prompt(&mut self, prompt: impl Into<Prompt>) -> Result<PromptId, String> {
        self.claude.prompt(prompt).map_err(|refused| refused.to_string())
    }

    /// The first action from now on that `pick` wants.
    pub(crate) async fn until<T>(
        &mut self,
        what: &str,
        mut pick: impl FnMut(&Action) -> Option<T>,
    ) -> Result<T, String> {
        while let Some(action) = self.claude.next().await {
            if let Action::Message { message, .. } = &action {
                self.case.seen.line(&message.line());
            }
            if let Action::Closed(closed) = &action {
                self.case.seen.stderr(closed.stderr.as_bytes());
            }
            traffic::note(self.case.name, &action);
            let picked = pick(&action);
            self.actions.push(action);
            if let Some(picked) = picked {
                return Ok(picked);
            }
        }
        Err(format!("the session ended before {what}"))
    }

    pub(crate) async fn ended(&mut self, wanted: PromptId) -> Result<End, String> {
        let already = self.actions.iter().find_map(|action| ended(action, wanted));
        match already {
            Some(end) => Ok(end),
            None => self.until("the prompt's end", |action| ended(action, wanted)).await,
        }
    }

    pub(crate) async fn next_request(&mut self) -> Result<IncomingRequest, String> {
        let incoming = |action: &Action| match action {
            Action::IncomingRequest(incoming) => Some(incoming.clone()),
            _ => None,
        };
        self.until("an ask", incoming).await
    }

    /// Until the prompt has ended; whatever is asked meanwhile gets the answer that `answer` has for it.
    pub(crate) async fn ended_with(
        &mut self,
        wanted: PromptId,
        mut answer: impl FnMut(&IncomingRequest) -> Option<IncomingResponse>,
    ) -> Result<End, String> {
        if let Some(end) = self.actions.iter().find_map(|action| ended(action, wanted)) {
            return Ok(end);
        }
        loop {
            let next = |action: &Action| match action {
                Action::IncomingRequest(incoming) => Some(Err(incoming.clone())),
                action => ended(action, wanted).map(Ok),
            };
            match self.until("the prompt's end", next).await? {
                Ok(end) => return Ok(end),
                Err(incoming) => self.say(&incoming, answer(&incoming))?,
            }
        }
    }

    /// Makes a request and waits for its reply; asks are answered meanwhile.
    pub(crate) async fn request_with(
        &mut self,
        request: Request,
        mut answer: impl FnMut(&IncomingRequest) -> Option<IncomingResponse>,
    ) -> Result<Result<Response, RequestError>, String> {
        let subtype = request.subtype().to_owned();
        let request = self.claude.request(request).map_err(|refused| refused.to_string())?;
        loop {
            let next = |action: &Action| match action {
                Action::IncomingRequest(incoming) => Some(Err(incoming.clone())),
                action => replied(action, request).map(Ok),
            };
            match self.until("the reply", next).await? {
                Ok(reply) => {
                    if let Ok(reply) = &reply {
                        traffic::reply(self.case.name, &subtype, reply, Ok(Vec::new()));
                    }
                    return Ok(reply);
                }
                Err(incoming) => self.say(&incoming, answer(&incoming))?,
            }
        }
    }

    pub(crate) async fn request(&mut self, request: Request) -> Result<Result<Response, RequestError>, String> {
        self.request_with(request, |_| None).await
    }

    /// `initialize` with these fields, which has to succeed.
    pub(crate) async fn initialize(&mut self, fields: Value) -> Result<Response, Box<dyn std::error::Error>> {
        let mut request = Request::initialize();
        for (name, value) in fields.as_object().into_iter().flatten() {
            request = request.field(name, Json::from_value(value)?);
        }
        Ok(self.request(request).await??)
    }

    pub(crate) async fn replied(&mut self, wanted: RequestId) -> Result<Result<Response, RequestError>, String> {
        let already = self.actions.iter().find_map(|action| replied(action, wanted));
        match already {
            Some(reply) => Ok(reply),
            None => self.until("the reply", |action| replied(action, wanted)).await,
        }
    }

    fn say(&mut self, incoming: &IncomingRequest, answer: Option<IncomingResponse>) -> Result<(), String> {
        answer.map_or(Ok(()), |answer| self.claude.respond(incoming.id(), answer).map_err(|error| error.to_string()))
    }

    /// Until the CLI has read all that was written: a reply shows it.
    pub(crate) async fn read_up_to_here(&mut self) -> Result<(), Box<dyn std::error::Error>> {
        let mode = Request::new("set_permission_mode").field("mode", Json::from_text("default"));
        self.request(mode).await??;
        Ok(())
    }

    /// Until nothing has happened for a moment: what is due at once is done.
    pub(crate) async fn quiet(&mut self) {
        let moment = async {
            Timer::after(Duration::from_millis(50)).await;
            Ok(())
        };
        let _ = or(self.until("nothing", |_| None::<()>), moment).await;
    }

    /// How many bytes the CLI has not taken yet.
    pub(crate) fn unsent(&self) -> usize {
        self.claude.protocol().poll_transmit().len()
    }

    /// Until a file is there, which a tool makes: it says nothing while it runs.
    pub(crate) async fn file(&self, name: &str) {
        while !self.case.place.cwd().join(name).exists() {
            Timer::after(Duration::from_millis(10)).await;
        }
    }

    /// The turn that took up a prompt, once the prompt has ended.
    pub(crate) fn turn_of(&self, wanted: PromptId) -> Option<TurnId> {
        self.actions.iter().find_map(|action| match action {
            Action::PromptEnded { prompt, turn, .. } if *prompt == wanted => *turn,
            _ => None,
        })
    }

    /// How many turns have ended.
    pub(crate) fn turns(&self) -> usize {
        self.actions.iter().filter(|action| matches!(action, Action::TurnEnded { .. })).count()
    }

    /// How many incoming requests were withdrawn.
    pub(crate) fn withdrawn(&self) -> usize {
        self.actions.iter().filter(|action| matches!(action, Action::IncomingCancelled { .. })).count()
    }

    /// Every message so far.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.actions.iter().filter_map(|action| match action {
            Action::Message { message, .. } => Some(message),
            _ => None,
        })
    }

    /// How many `system` messages of that subtype have come.
    pub(crate) fn systems(&self, subtype: &str) -> usize {
        let is_system = |message: &&Message| message.kind() == MessageKind::System;
        self.messages().filter(is_system).filter(|message| message.subtype().as_deref() == Some(subtype)).count()
    }

    /// Until a message that holds that text.
    pub(crate) async fn message(&mut self, text: &str) -> Result<Message, String> {
        let holds = |action: &Action| match action {
            Action::Message { message, .. } if message.line().contains(text) => Some(message.clone()),
            _ => None,
        };
        self.until(text, holds).await
    }

    /// Closes the session in order and drives it to its end.
    pub(crate) async fn close(&mut self) -> Result<SessionClosed, String> {
        self.claude.close();
        self.closed().await
    }

    pub(crate) async fn closed(&mut self) -> Result<SessionClosed, String> {
        let closed = |action: &Action| match action {
            Action::Closed(closed) => Some(closed.clone()),
            _ => None,
        };
        self.until("its end", closed).await
    }

    /// What the model thought, in complete messages.
    pub(crate) fn thoughts(&self) -> Vec<String> {
        let blocks = self.messages().filter_map(|message| message.content().ok()).flatten();
        let thought = |block| match block {
            ContentBlock::Thinking(thinking) => Some(thinking.thinking.clone()),
            _ => None,
        };
        blocks.filter_map(thought).collect()
    }

    /// The text of every tool result so far.
    pub(crate) fn tool_results(&self) -> String {
        let blocks = self.messages().filter_map(|message| message.content().ok()).flatten();
        let results = blocks.filter_map(|block| match block {
            ContentBlock::ToolResult(result) => Some(result.text().into_owned()),
            _ => None,
        });
        results.collect::<Vec<_>>().join("\n")
    }
}

impl End {
    /// The text of a good answer.
    pub(crate) fn text(&self) -> &str {
        assert_eq!(self.outcome, Ended::Success, "{self:?}");
        self.result.as_ref().and_then(|result| result.result.as_deref()).unwrap_or_default()
    }

    pub(crate) fn is_lost(&self) -> bool {
        matches!(
            self.outcome,
            Ended::Lost(LostReason::Eof | LostReason::Exited | LostReason::Closed | LostReason::Failed)
        )
    }
}

fn replied(action: &Action, wanted: RequestId) -> Option<Result<Response, RequestError>> {
    match action {
        Action::ResponseReceived { request, response: reply, .. } if *request == wanted => Some(reply.clone()),
        _ => None,
    }
}

fn ended(action: &Action, wanted: PromptId) -> Option<End> {
    match action {
        Action::PromptEnded { prompt, outcome, result, .. } if *prompt == wanted => {
            let result = result.as_ref().and_then(|result| result.result().ok());
            Some(End { outcome: *outcome, result })
        }
        _ => None,
    }
}
