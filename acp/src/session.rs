//! Session: a CLI and the client's requests to it, in one task.

mod choices;
mod compaction;
mod elicitation;
mod ending;
mod incoming;
#[cfg(not(unix))]
mod not_kept;
mod opening;
mod permission;
mod prompts;
mod question;
#[cfg_attr(not(feature = "protocol-v2"), path = "session/no_reports.rs")]
mod reports;
#[cfg(unix)]
mod resuming;
mod title;

use std::collections::{BTreeMap, HashMap};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use agent_client_protocol::Responder;
use agent_client_protocol::v1::schema::{
    CloseSessionResponse, ForkSessionResponse, LoadSessionResponse, NewSessionResponse, Notice, NoticeSeverity,
    PromptRequest, ResumeSessionResponse, SessionId, SessionModeId, SessionUpdate, SetSessionConfigOptionRequest,
    SetSessionConfigOptionResponse, SetSessionModeResponse, SetSessionTitleResponse,
};
use async_channel::Receiver;
use claude_duplex::{Action, IncomingId, IncomingResponse, Json, PromptId, RequestId, TurnId};
use futures::Stream;

use self::choices::Choices;
use self::compaction::Compactions;
use self::incoming::OpenRequests;
use self::opening::Opening;
pub(crate) use self::prompts::PromptResponder;
use self::prompts::Prompts;
#[cfg(feature = "protocol-v2")]
pub(crate) use self::reports::Insertion;
use crate::arguments::Arguments;
use crate::capabilities::Abilities;
use crate::claude::Claude;
use crate::client::Client;
use crate::options::{From, Place};
use crate::servers::Servers;
use crate::translate::{MessageOrigin, Translator};

/// Notice before a turn without a prompt.
const BACKGROUND: &str = "Claude continues by itself: a background task has ended";

/// Number of requests of the client that may wait for their session.
pub(crate) const WAITING: usize = 1024;

/// Request of the client to a session.
pub(crate) enum Command {
    Prompt(PromptRequest, PromptResponder),
    Cancel,
    SetMode(SessionModeId, Responder<SetSessionModeResponse>),
    SetOption(SetSessionConfigOptionRequest, Responder<SetSessionConfigOptionResponse>),
    SetTitle(String, Responder<SetSessionTitleResponse>),
    Close(Responder<CloseSessionResponse>),
    /// Closes the session for a request that the agent handles.
    Discard,
}

/// Request that opens a session.
pub(crate) enum Opener {
    New(Responder<NewSessionResponse>),
    Load(Responder<LoadSessionResponse>),
    Resume(Responder<ResumeSessionResponse>),
    /// A copy of another session.
    Fork(SessionId, Responder<ForkSessionResponse>),
}

/// Request of the client that waits for a response of the CLI.
enum Waiting {
    Opening,
    Interrupt,
    Mode(SessionModeId, Responder<SetSessionModeResponse>),
    Option(SetSessionConfigOptionRequest, Responder<SetSessionConfigOptionResponse>),
    Title(String, Responder<SetSessionTitleResponse>),
}

/// Parts of a session before it is opened.
pub(crate) struct Setup {
    pub(crate) arguments: Arc<Arguments>,
    pub(crate) abilities: Abilities,
    pub(crate) client: Client,
    pub(crate) place: Place,
    pub(crate) commands: Receiver<Command>,
    pub(crate) opener: Opener,
}

/// A session while it runs.
pub(crate) struct Session {
    arguments: Arc<Arguments>,
    abilities: Abilities,
    client: Client,
    place: Place,
    commands: Pin<Box<Receiver<Command>>>,
    /// Conversation with which a CLI starts if it is started before the session is on disk.
    begins: From,
    claude: Option<Claude>,
    /// CLI that has ended, while its keeper runs.
    ended: Option<Claude>,
    /// File that the CLI has not read yet.
    servers: Option<Servers>,
    /// Response of the CLI to `initialize`.
    initialized: Option<Json>,
    /// Last `commands_changed` of the CLI.
    commands_changed: Option<Json>,
    opening: Option<Opening>,
    prompts: Prompts,
    waiting: HashMap<RequestId, Waiting>,
    open_requests: OpenRequests,
    /// Turns that run, usually one.
    turns: BTreeMap<TurnId, MessageOrigin>,
    translator: Translator,
    choices: Choices,
    compactions: Compactions,
    closing: Option<Vec<Responder<CloseSessionResponse>>>,
    /// Reports of the state, for clients that get them.
    #[cfg(feature = "protocol-v2")]
    reports: Option<reports::Reports>,
}

/// Event that came first.
enum Event {
    Command(Option<Command>),
    Response(IncomingId, IncomingResponse),
    Action(Option<Action>),
    Withdrawn(PromptId),
}

/// Runs a session until it is closed, or the client has disconnected.
pub(crate) async fn run(setup: Setup) {
    let Setup { arguments, abilities, client, place, commands, opener } = setup;
    let choices = Choices::new(arguments.mode.as_deref());
    #[cfg(feature = "protocol-v2")]
    let reports = reports::Reports::of(&client);
    let mut session = Session {
        arguments,
        abilities,
        client,
        place,
        commands: Box::pin(commands),
        begins: From::Nothing,
        claude: None,
        ended: None,
        servers: None,
        initialized: None,
        commands_changed: None,
        opening: None,
        prompts: Prompts::default(),
        waiting: HashMap::new(),
        open_requests: OpenRequests::default(),
        turns: BTreeMap::new(),
        translator: Translator::new(),
        choices,
        compactions: Compactions::default(),
        closing: None,
        #[cfg(feature = "protocol-v2")]
        reports,
    };
    if session.open(opener).await {
        while session.step().await {}
    }
    session.forget();
}

impl Session {
    /// Handles the next event. Returns `true` if the session continues.
    async fn step(&mut self) -> bool {
        match self.next().await {
            Event::Command(Some(command)) => self.command(command).await,
            Event::Command(None) => self.client_gone().await,
            Event::Response(id, response) => self.respond(id, response),
            Event::Action(Some(action)) => self.action(action),
            Event::Action(None) => self.given_up(),
            Event::Withdrawn(prompt) => self.withdraw(prompt),
        }
        self.report();
        if self.ended.is_some() {
            self.clean_up().await;
        }
        self.closing.is_none() || self.claude.is_some()
    }

    /// Waits for the next event. While the client does not read, the CLI is not read either.
    async fn next(&mut self) -> Event {
        let closing = self.closing.is_some();
        let Self { commands, claude, open_requests, client, prompts, .. } = self;
        let mut room = pin!(client.room());
        let mut has_room = closing;
        poll_fn(|cx| {
            match commands.as_mut().poll_next(cx) {
                // The end of the queue is reported once.
                Poll::Ready(None) if closing => {}
                Poll::Ready(command) => return Poll::Ready(Event::Command(command)),
                Poll::Pending => {}
            }
            if let Poll::Ready((id, response)) = open_requests.poll(cx) {
                return Poll::Ready(Event::Response(id, response));
            }
            if let Poll::Ready(prompt) = prompts.poll_withdrawn(cx) {
                return Poll::Ready(Event::Withdrawn(prompt));
            }
            has_room = has_room || room.as_mut().poll(cx).is_ready();
            match claude {
                Some(claude) if has_room => claude.poll_next(cx).map(Event::Action),
                _ => Poll::Pending,
            }
        })
        .await
    }

    async fn command(&mut self, command: Command) {
        match command {
            Command::Prompt(request, responder) => self.prompt(request, responder).await,
            Command::Cancel => self.cancel(),
            Command::SetMode(mode, responder) => self.set_mode(mode, responder),
            Command::SetOption(request, responder) => self.set_option(request, responder),
            Command::SetTitle(title, responder) => self.set_title(&title, responder),
            Command::Close(responder) => self.close(Some(responder)),
            Command::Discard => self.close(None),
        }
    }

    fn action(&mut self, action: Action) {
        match action {
            Action::Message { turn, message, .. } => {
                // A prompt of another client is shown as in a history.
                let is_prompt = self.prompts.show(&message);
                let origin = if is_prompt { MessageOrigin::History } else { self.origin(turn) };
                let updates = self.translator.message(&message, origin);
                for update in updates.into_iter().chain(self.compaction(&message)) {
                    self.client.update(update);
                }
                self.note_commands(&message);
            }
            Action::TurnStarted { turn, origin, .. } => {
                self.translator.begin();
                let origin = MessageOrigin::from_turn(&origin);
                self.turns.insert(turn, origin);
                match origin {
                    MessageOrigin::Background => self.notice(BACKGROUND),
                    _ => self.stop_if_cancelled(),
                }
            }
            Action::PromptTaken { prompt, .. } => self.prompt_taken(prompt),
            Action::TurnEnded { turn, result, .. } => {
                self.turns.remove(&turn);
                self.turn_stopped(result.as_ref());
            }
            Action::IncomingRequest(request) => self.forward(request),
            Action::IncomingCancelled { id, .. } => self.open_requests.cancel(id),
            Action::ResponseReceived { request, response, .. } => {
                if let Some(waiting) = self.waiting.remove(&request) {
                    self.response_received(waiting, response);
                }
            }
            Action::PromptEnded { prompt, outcome, result, .. } => {
                self.show_result(prompt, outcome, result.as_ref());
                self.prompt_ended(prompt, outcome, result.as_ref());
            }
            Action::Closed(closed) => self.closed(&closed),
            _ => {}
        }
        self.show_choices();
        self.settle_compaction();
        self.acknowledge();
    }

    /// Returns the origin of a message of a turn.
    fn origin(&self, turn: Option<TurnId>) -> MessageOrigin {
        turn.and_then(|turn| self.turns.get(&turn)).copied().unwrap_or(MessageOrigin::Foreground)
    }

    /// Passes a decision of the client on to the CLI, unless the CLI has withdrawn the request.
    fn respond(&mut self, id: IncomingId, response: IncomingResponse) {
        if let Some(claude) = &mut self.claude {
            claude.respond(id, response);
        }
    }

    /// Shows a notice, if the client can show notices.
    fn notice(&self, title: &str) {
        if self.abilities.notices {
            self.client.update(SessionUpdate::Notice(Notice::new(NoticeSeverity::Info, title)));
        }
    }
}
