//! Sessions that outlive the agent: their CLI runs in a keeper, and their journal is in the keeper's directory.
//!
//! The agent acknowledges the actions of a turn when the turn has ended. The next agent therefore gets all actions of a running
//! turn again, and then the actions from the output since then. Its client sees the turn from the start. The keeper removes its
//! directory at the end, with the journal.

use std::future::{Future, poll_fn};
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use agent_client_protocol::Error;
use claude_duplex::journal::{JournalFile, JournalFileError};
use claude_duplex::message::system::session::CommandsChanged;
use claude_duplex::options::Options;
use claude_duplex::request::response::{InitializeResponse, SlashCommand};
use claude_duplex::{Action, Config, Driver, Json, Protocol};
use claude_duplex_keeper::frame::Start;
use claude_duplex_keeper::transport::Lost;
use claude_duplex_keeper::transport::smol::{SmolKept, attach};
use claude_duplex_keeper::{Attach, Launch, Place, Policy, SessionId, SessionState};
use serde::{Deserialize, Serialize};

use crate::failure;

/// Name of the journal in the directory of a session.
const JOURNAL: &str = "acp.journal";

/// Name of the file with the [notes](Notes) in the directory of a session.
const NOTES: &str = "acp.json";

/// CLI in a keeper.
pub(crate) struct Kept {
    pub(crate) driver: Driver<SmolKept>,
    lost: Lost,
    keeper: Keeper,
}

/// Keeper of one session, whether it runs or not.
#[derive(Debug, Clone)]
pub(crate) struct Keeper {
    place: Place,
    id: SessionId,
}

/// Session that a keeper kept.
pub(crate) struct Resumed {
    pub(crate) kept: Kept,
    /// Actions that the last agent has not acknowledged, and actions from the output since then.
    pub(crate) actions: Vec<Action>,
    pub(crate) notes: Notes,
}

/// Data for the next agent that the actions of the running turn do not contain.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Notes {
    /// Response of the CLI to `initialize`.
    pub(crate) initialized: Option<Json>,
    /// Model that the client has chosen, also before the CLI has responded.
    pub(crate) model: Option<String>,
    /// Last `commands_changed` of the CLI.
    #[serde(default)]
    pub(crate) commands_changed: Option<Json>,
}

impl Notes {
    /// Returns the choices and commands that the CLI offers.
    pub(crate) fn offers(&self) -> Option<InitializeResponse> {
        self.initialized.as_ref()?.decode().ok()
    }

    /// Returns the commands that a prompt can begin with.
    pub(crate) fn commands(&self) -> Vec<SlashCommand> {
        let changed = self.commands_changed.as_ref().and_then(|line| line.decode::<CommandsChanged>().ok());
        let offered = || self.offers().and_then(|offers| offers.commands);
        changed.map(|changed| changed.commands).or_else(offered).unwrap_or_default()
    }
}

impl Kept {
    /// Polls for the next action. `None`: the session has ended, the connection is lost, or the journal cannot be written.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Action>> {
        match self.driver.poll_next(cx) {
            Poll::Pending => Pin::new(&mut self.lost).poll(cx).map(|_| None),
            ready => ready,
        }
    }

    /// Returns the actions that no agent has acknowledged, and reads output up to an offset of stdout.
    async fn read_up_to(&mut self, offset: u64) -> Vec<Action> {
        let mut actions = Vec::new();
        poll_fn(|cx| {
            loop {
                match self.poll_next(cx) {
                    Poll::Ready(Some(action)) => actions.push(action),
                    Poll::Pending if self.driver.offsets().stdout < offset => return Poll::Pending,
                    // Nothing is left, or nothing more can be learned.
                    Poll::Ready(None) | Poll::Pending => return Poll::Ready(()),
                }
            }
        })
        .await;
        actions
    }

    /// Returns the reason why no further output can be read.
    pub(crate) fn trouble(&self) -> String {
        match (self.lost.reason(), self.driver.recording_error()) {
            (Some(reason), _) => reason.to_string(),
            (None, Some(error)) => format!("the journal cannot be written: {error}"),
            (None, None) => "its output has ended".to_owned(),
        }
    }

    pub(crate) fn keeper(&self) -> &Keeper {
        &self.keeper
    }
}

impl Keeper {
    /// Returns a reference to the keeper of a session. The id of the session is also the id in the keeper.
    ///
    /// # Errors
    /// If there is no directory for keepers, or the id is neither a UUID nor a text of at most 32 letters and digits.
    pub(crate) fn new(session: &str) -> Result<Self, Error> {
        let id = SessionId::parse(&session.replace('-', "")).map_err(failed)?;
        Ok(Self { place: Place::of_user().map_err(failed)?, id })
    }

    /// Starts the CLI in a keeper. The keeper ends the CLI after the given time without an agent.
    ///
    /// # Errors
    /// If the keeper or the CLI cannot be started. Nothing is left behind.
    pub(crate) async fn start(self, options: &Options, alone: Duration, config: Config) -> Result<Kept, Error> {
        options.check(&config).map_err(failed)?;
        let mut policy = Policy::default();
        policy.without_host = Some(alone);
        let mut launch = Launch::from_options(self.place.clone(), options).map_err(failed)?;
        launch = launch.id(self.id.clone()).policy(policy);
        // This program is a keeper too, so that no other one has to be installed.
        if let Some(program) = std::env::current_exe().ok().filter(|program| program.is_file()) {
            launch = launch.keeper(program);
        }
        let keeper = self.clone();
        blocking::unblock(move || {
            if keeper.state() == Some(SessionState::Abandoned) {
                keeper.place.remove(&keeper.id).map_err(failed)?;
            }
            launch.start().map_err(failed)
        })
        .await?;
        let kept = self.begin(config).await;
        if kept.is_err() {
            let _ = self.end().await;
        }
        kept
    }

    async fn begin(&self, config: Config) -> Result<Kept, Error> {
        let transport = attach(&Attach::controller(), &self.place, &self.id).await.map_err(failed)?;
        let journal = JournalFile::create(self.file(JOURNAL))
            .map_err(|error| failure::caused("the journal of the session cannot be created", &error))?;
        let lost = transport.lost();
        let driver = Driver::new(config, transport).record_required(journal);
        Ok(Kept { driver, lost, keeper: self.clone() })
    }

    /// Continues a session that a keeper has kept. Returns `None` if there is no such session.
    ///
    /// # Errors
    /// If another agent has the session, or its journal or keeper cannot be used.
    pub(crate) async fn resume(&self) -> Result<Option<Resumed>, Error> {
        if self.state() != Some(SessionState::Kept) {
            return Ok(None);
        }
        let path = self.file(JOURNAL);
        let (journal, session) = blocking::unblock(move || JournalFile::open(path)).await.map_err(|error| {
            let way_out = match error {
                JournalFileError::Locked => {
                    "another agent controls the session; stop that agent, or close the session there"
                }
                _ => "stop the session with `claude-duplex-acp stop`, then load it again",
            };
            failure::caused(&format!("the kept session {} cannot be resumed: {way_out}", self.id), &error)
        })?;
        let (mut kept, written) = self.go_on(journal, session).await?;
        let actions = kept.read_up_to(written).await;
        let notes = std::fs::read(self.file(NOTES)).ok().and_then(|notes| serde_json::from_slice(&notes).ok());
        Ok(Some(Resumed { kept, actions, notes: notes.unwrap_or_default() }))
    }

    /// Attaches to a session, and returns the number of bytes that the CLI has written to stdout.
    async fn go_on(&self, journal: JournalFile, session: Protocol) -> Result<(Kept, u64), Error> {
        let resume = Attach::resume(session.offsets());
        let transport = attach(&resume, &self.place, &self.id).await.map_err(failed)?;
        let (lost, written) = (transport.lost(), transport.welcome().stdout.end);
        let driver = Driver::resume(session, transport).map_err(failed)?.record_required(journal);
        Ok((Kept { driver, lost, keeper: self.clone() }, written))
    }

    /// Writes notes for the next agent. Without them, that agent offers its client fewer choices.
    pub(crate) fn note(&self, notes: &Notes) {
        if let Ok(notes) = serde_json::to_vec(notes) {
            let _ = std::fs::write(self.file(NOTES), notes);
        }
    }

    /// Ends the session and removes its files, if a keeper keeps it. Returns `true` if it was kept.
    ///
    /// # Errors
    /// If the keeper cannot be reached.
    pub(crate) async fn end(&self) -> Result<bool, Error> {
        let keeper = self.clone();
        blocking::unblock(move || match keeper.state() {
            None => Ok(false),
            Some(SessionState::Kept) => {
                let attach = Attach::controller().from(Start::Newest, Start::Newest);
                match attach.connect(&keeper.place, &keeper.id) {
                    Ok(attached) => attached.stop().map_err(failed).map(|()| true),
                    // It has ended meanwhile.
                    Err(_) if keeper.state().is_none() => Ok(true),
                    Err(error) => Err(failed(error)),
                }
            }
            Some(_) => keeper.place.remove(&keeper.id).map_err(failed).map(|()| true),
        })
        .await
    }

    fn state(&self) -> Option<SessionState> {
        self.place.state(&self.id).ok()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.place.session(&self.id).join(name)
    }
}

/// Returns the error of a keeper, with its cause in the text.
fn failed(error: impl std::error::Error) -> Error {
    failure::internal(format!("the session cannot be kept: {error}"))
}
