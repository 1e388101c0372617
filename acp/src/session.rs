//! One session: a CLI, the client's requests, and what passes between them, in one task.

mod asking;
mod choices;
mod compaction;
mod elicitation;
mod ending;
mod opening;
mod prompts;
mod question;

use std::collections::{BTreeMap, HashMap};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use agent_client_protocol::v1::Responder;
use agent_client_protocol::v1::schema::{
    CloseSessionResponse, LoadSessionResponse, NewSessionResponse, Notice, NoticeSeverity, PromptRequest,
    PromptResponse, ResumeSessionResponse, SessionModeId, SessionUpdate, SetSessionConfigOptionRequest,
    SetSessionConfigOptionResponse, SetSessionModeResponse,
};
use async_channel::Receiver;
use claude_duplex::{Action, IncomingId, IncomingResponse, RequestId, TurnId, TurnOrigin};
use futures::Stream;

use self::asking::Asked;
use self::choices::Choices;
use self::compaction::Compactions;
use self::opening::Opening;
use self::prompts::Prompts;
use crate::arguments::Arguments;
use crate::capabilities::Abilities;
use crate::client::Client;
use crate::options::{Place, Started};
use crate::translate::{Standing, Translator};

/// Number of requests of the client that may wait for their session.
pub(crate) const WAITING: usize = 1024;

/// What the client wants of a session.
pub(crate) enum Command {
    Prompt(PromptRequest, Responder<PromptResponse>),
    Cancel,
    SetMode(SessionModeId, Responder<SetSessionModeResponse>),
    SetOption(SetSessionConfigOptionRequest, Responder<SetSessionConfigOptionResponse>),
    Close(Responder<CloseSessionResponse>),
}

/// Who waits for the session to be there.
pub(crate) enum Opener {
    New(Responder<NewSessionResponse>),
    Load(Responder<LoadSessionResponse>),
    Resume(Responder<ResumeSessionResponse>),
}

/// Who waits for a response of the CLI.
enum Waiting {
    Opening,
    Interrupt,
    Mode(SessionModeId, Responder<SetSessionModeResponse>),
    Option(SetSessionConfigOptionRequest, Responder<SetSessionConfigOptionResponse>),
}

/// What a session is made of.
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
    claude: Option<Started>,
    opening: Option<Opening>,
    prompts: Prompts,
    waiting: HashMap<RequestId, Waiting>,
    asked: Asked,
    /// Turns that run, usually one.
    turns: BTreeMap<TurnId, Standing>,
    shown: Translator,
    choices: Choices,
    compactions: Compactions,
    closing: Option<Vec<Responder<CloseSessionResponse>>>,
}

/// What came first.
enum Event {
    Command(Option<Command>),
    Answer(IncomingId, IncomingResponse),
    Action(Option<Action>),
}

/// Runs a session until it is closed, or the client is gone.
pub(crate) async fn run(setup: Setup) {
    let Setup { arguments, abilities, client, place, commands, opener } = setup;
    let choices = Choices::new(arguments.mode.as_deref());
    let mut session = Session {
        arguments,
        abilities,
        client,
        place,
        commands: Box::pin(commands),
        claude: None,
        opening: None,
        prompts: Prompts::default(),
        waiting: HashMap::new(),
        asked: Asked::default(),
        turns: BTreeMap::new(),
        shown: Translator::default(),
        choices,
        compactions: Compactions::default(),
        closing: None,
    };
    if session.open(opener).await {
        while session.step().await {}
    }
    session.forget();
}

impl Session {
    /// Does what comes next. Returns whether the session goes on.
    async fn step(&mut self) -> bool {
        match self.next().await {
            Event::Command(Some(command)) => self.command(command),
            Event::Command(None) => self.close(None),
            Event::Answer(id, response) => self.answer(id, response),
            Event::Action(Some(action)) => self.action(action),
            Event::Action(None) => self.claude = None,
        }
        self.closing.is_none() || self.claude.is_some()
    }

    /// Waits for the next event. While the client does not read, the CLI is not read either.
    async fn next(&mut self) -> Event {
        let closing = self.closing.is_some();
        let Self { commands, claude, asked, client, .. } = self;
        let mut room = pin!(client.room());
        let mut has_room = closing;
        poll_fn(|cx| {
            match commands.as_mut().poll_next(cx) {
                // A client that is gone says so once.
                Poll::Ready(None) if closing => {}
                Poll::Ready(command) => return Poll::Ready(Event::Command(command)),
                Poll::Pending => {}
            }
            if let Poll::Ready((id, response)) = asked.poll(cx) {
                return Poll::Ready(Event::Answer(id, response));
            }
            has_room = has_room || room.as_mut().poll(cx).is_ready();
            match claude {
                Some(claude) if has_room => claude.driver.poll_next(cx).map(Event::Action),
                _ => Poll::Pending,
            }
        })
        .await
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Prompt(request, responder) => self.prompt(request, responder),
            Command::Cancel => self.cancel(),
            Command::SetMode(mode, responder) => self.set_mode(mode, responder),
            Command::SetOption(request, responder) => self.set_option(request, responder),
            Command::Close(responder) => self.close(Some(responder)),
        }
    }

    fn action(&mut self, action: Action) {
        match action {
            Action::Message { turn, message, .. } => {
                let standing = turn.and_then(|turn| self.turns.get(&turn)).copied().unwrap_or(Standing::Foreground);
                for update in self.shown.message(&message, standing) {
                    self.client.update(update);
                }
            }
            Action::TurnStarted { turn, origin, .. } => {
                self.shown.begin();
                if let TurnOrigin::Own(_) = origin {
                    self.turns.insert(turn, Standing::Background);
                    self.notice("Claude goes on by itself: work in the background has ended");
                } else {
                    self.turns.insert(turn, Standing::Foreground);
                    self.begun();
                }
            }
            Action::TurnEnded { turn, .. } => drop(self.turns.remove(&turn)),
            Action::IncomingRequest(request) => self.ask(request),
            Action::IncomingCancelled { id, .. } => self.asked.withdraw(id),
            Action::ResponseReceived { request, response, .. } => {
                if let Some(waiting) = self.waiting.remove(&request) {
                    self.replied(waiting, response);
                }
            }
            Action::PromptEnded { prompt, outcome, result, .. } => self.ended(prompt, outcome, result.as_ref()),
            Action::Closed(closed) => self.closed(&closed),
            _ => {}
        }
        self.show_choices();
        self.show_compaction();
    }

    /// Passes a decision of the client on. The request may have been withdrawn a moment ago: then nobody waits for it.
    fn answer(&mut self, id: IncomingId, response: IncomingResponse) {
        if let Some(claude) = &mut self.claude {
            let _ = claude.driver.respond(id, response);
        }
    }

    /// Shows what has become of a compaction, if the client shows such things.
    fn show_compaction(&mut self) {
        let Some(claude) = self.claude.as_ref().filter(|_| self.abilities.compactions) else { return };
        let update = self.compactions.changed(claude.driver.protocol().status().compaction.as_ref());
        update.into_iter().for_each(|update| self.client.update(update));
    }

    /// Shows a notice, if the client shows such things.
    fn notice(&self, title: &str) {
        if self.abilities.notices {
            self.client.update(SessionUpdate::Notice(Notice::new(NoticeSeverity::Info, title)));
        }
    }
}
