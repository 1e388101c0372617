//! Sessions that were kept: taken up by a new client, or left to the next one.

use std::collections::HashSet;
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use agent_client_protocol::Error;
use async_io::Timer;
use claude_duplex::{Action, IncomingRequest, Message};
use futures_lite::future::{or, poll_once};

use super::prompts::Prompts;
use super::{Opener, Session};
use crate::claude::Claude;
use crate::history;
use crate::kept::{Keeper, Notes, Resumed};
use crate::translate::{self, Standing};

/// Time that the keeper has to take the last bytes for the CLI.
const PATIENCE: Duration = Duration::from_secs(1);

impl Session {
    /// Takes up the session, if a keeper has kept it. The client is shown the history and the running turn if `shows` is set.
    /// Returns whether there was such a session.
    pub(super) async fn resume(&mut self, shows: bool) -> Result<bool, Error> {
        if self.arguments.keep.is_none() {
            return Ok(false);
        }
        let id = self.client.session().clone();
        // No session with another id was ever kept.
        let Ok(keeper) = Keeper::new(&id.0) else { return Ok(false) };
        let Some(Resumed { kept, actions, notes }) = keeper.resume().await? else { return Ok(false) };
        let mut known = Known::new(&actions);
        if shows && let Some(path) = history::find(&id.0).await {
            self.show_history(&path, |message| known.begins_with(message)).await?;
        }
        for action in actions {
            self.client.room().await;
            self.repeat(action, shows, &known);
        }
        self.prompts = Prompts::of_others(kept.driver.protocol().open_prompts());
        self.choices.offered(notes.offers().as_ref(), self.arguments.allow_bypass);
        self.choices.resumed(kept.driver.protocol().status(), notes.model);
        self.initialized = notes.initialized;
        self.claude = Some(Claude::Kept(Box::new(kept)));
        Ok(true)
    }

    /// Applies an action that another agent has seen. Its requests are asked later, as far as they are open.
    fn repeat(&mut self, action: Action, shows: bool, known: &Known) {
        match action {
            Action::Message { turn, message, .. } => {
                // The prompt was shown if it is on disk.
                let is_new_prompt = is_echo(&message) && !known.is_shown(&message);
                let standing = if is_new_prompt { Standing::History } else { self.standing(turn) };
                let updates = self.shown.message(&message, standing);
                updates.into_iter().filter(|_| shows).for_each(|update| self.client.update(update));
            }
            Action::TurnStarted { turn, origin, .. } => {
                self.shown.begin();
                self.turns.insert(turn, Standing::of(&origin));
            }
            Action::TurnEnded { turn, .. } => drop(self.turns.remove(&turn)),
            _ => {}
        }
    }

    /// Responds to the client that has taken up the session, and asks it what the CLI waits for.
    pub(super) fn resumed(&mut self, opener: Opener) {
        self.report_resumption(&opener);
        opener.respond(self.client.session(), Ok((self.choices.modes(), self.choices.options())));
        let notes = Notes { initialized: self.initialized.clone(), model: None };
        let commands = notes.offers().and_then(|offers| offers.commands).unwrap_or_default();
        self.client.update(translate::commands(commands));
        let Some(claude) = &self.claude else { return };
        let open: Vec<IncomingRequest> = claude.protocol().open_incoming().cloned().collect();
        open.into_iter().for_each(|request| self.ask(request));
    }

    /// Returns whether the session is left to the next agent when the client is gone: it is kept, and has something to do.
    pub(super) fn is_left(&self) -> bool {
        let is_busy = |claude: &Claude| claude.keeper().is_some() && !claude.protocol().is_idle();
        self.opening.is_none() && self.claude.as_ref().is_some_and(is_busy)
    }

    /// Leaves the session to the next agent, when the keeper has all that was sent to the CLI. Decisions that the client has made
    /// are sent.
    pub(super) async fn leave(&mut self) {
        self.closing.get_or_insert_default();
        while let Some((id, response)) = poll_once(poll_fn(|cx| self.asked.poll(cx))).await {
            self.respond(id, response);
        }
        let Some(mut claude) = self.claude.take() else { return };
        // The next agent gets the actions again.
        let sent = poll_fn(|cx| {
            while !claude.protocol().poll_transmit().is_empty() {
                match claude.poll_next(cx) {
                    Poll::Ready(Some(_)) => {}
                    Poll::Pending if !claude.protocol().poll_transmit().is_empty() => return Poll::Pending,
                    _ => break,
                }
            }
            Poll::Ready(())
        });
        or(sent, async {
            Timer::after(PATIENCE).await;
        })
        .await;
    }

    /// Writes what the next agent has to know.
    pub(super) fn note(&self) {
        if let Some(keeper) = self.claude.as_ref().and_then(|claude| claude.keeper()) {
            let model = self.choices.chosen().model;
            keeper.note(&Notes { initialized: self.initialized.clone(), model });
        }
    }
}

/// Messages of a running turn, of which a part may be on disk too.
struct Known {
    /// Ids of the messages, without those of prompts.
    messages: HashSet<String>,
    /// Ids of the prompts. Old versions of the CLI echo a prompt late, so that prompts are shown from disk.
    prompts: HashSet<String>,
    shown: HashSet<String>,
}

impl Known {
    fn new(actions: &[Action]) -> Self {
        let messages = actions.iter().filter_map(|action| match action {
            Action::Message { message, .. } => Some(message),
            _ => None,
        });
        let (prompts, messages): (Vec<&Message>, Vec<&Message>) = messages.partition(|message| is_echo(message));
        Self {
            messages: messages.into_iter().flat_map(ids).collect(),
            prompts: prompts.into_iter().flat_map(ids).collect(),
            shown: HashSet::new(),
        }
    }

    /// Returns whether a message on disk is the first one that the actions have too. Notes a prompt, which is shown from disk.
    fn begins_with(&mut self, message: &Message) -> bool {
        if let Some(prompt) = ids(message).find(|id| self.prompts.contains(id)) {
            self.shown.insert(prompt);
            return false;
        }
        ids(message).any(|id| self.messages.contains(&id))
    }

    fn is_shown(&self, prompt: &Message) -> bool {
        ids(prompt).any(|id| self.shown.contains(&id))
    }
}

/// Returns whether a message repeats a prompt.
fn is_echo(message: &Message) -> bool {
    message.user().is_ok_and(|user| user.is_replay)
}

/// Returns the ids by which a message is known both on the wire and on disk.
fn ids(message: &Message) -> impl Iterator<Item = String> {
    let own = message.uuid().map(|id| id.into_owned());
    own.into_iter().chain(message.assistant().ok().and_then(|assistant| assistant.message.id))
}
