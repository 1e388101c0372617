//! Kept sessions: resumed for a new client, or left to the next agent.

use std::collections::HashSet;
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use agent_client_protocol::Error;
use async_io::Timer;
use claude_duplex::{Action, IncomingRequest, Message, PromptId};
use futures_lite::future::{or, poll_once};

use super::prompts::{Prompts, is_echo};
use super::{BACKGROUND, Opener, Session};
use crate::claude::Claude;
use crate::history::History;
use crate::kept::{Keeper, Notes, Resumed};
use crate::translate::{self, MessageOrigin};

/// Timeout for handing the last bytes for the CLI to the keeper.
const PATIENCE: Duration = Duration::from_secs(1);

/// Time that the CLI has to report that it is idle, after the last turn has ended.
const IDLE_REPORT: Duration = Duration::from_secs(3);

impl Session {
    /// Resumes the session, if a keeper has kept it. If `shows` is set, the client is shown the history and the running turn.
    /// Returns `true` if there was such a session.
    pub(super) async fn resume(&mut self, shows: bool) -> Result<bool, Error> {
        if self.arguments.keep.is_none() {
            return Ok(false);
        }
        let id = self.client.session().clone();
        // No session with another id was ever kept.
        let Ok(keeper) = Keeper::new(&id.0) else { return Ok(false) };
        // The keeper has what the CLI writes from now on.
        let history = if shows { History::find(&id.0).await } else { None };
        let Some(Resumed { kept, actions, notes }) = keeper.resume().await? else { return Ok(false) };
        self.choices.offered(notes.offers().as_ref(), self.arguments.allow_bypass);
        let mut prompts: Vec<PromptId> = actions.iter().filter_map(ended_prompt).collect();
        let protocol = kept.driver.protocol();
        prompts.extend(protocol.open_prompts());
        self.choices.resumed(protocol.status(), notes.model);
        let mut known = Known::new(&actions, &prompts);
        self.prompts = Prompts::from_others(prompts.into_iter());
        (self.initialized, self.commands_changed) = (notes.initialized, notes.commands_changed);
        self.claude = Some(Claude::Kept(Box::new(kept)));
        if let Some(history) = history {
            self.show_history(&history, |message| known.begins_with(message)).await?;
        }
        for prompt in &known.shown {
            self.prompts.show_id(prompt);
        }
        self.report();
        for action in actions {
            self.client.room().await;
            self.repeat(action, shows, &known);
            self.report();
        }
        self.acknowledge();
        self.clean_up().await;
        Ok(true)
    }

    /// Applies an action that was emitted before this agent resumed the session. Requests are forwarded later, if they are
    /// still open.
    fn repeat(&mut self, action: Action, shows: bool, known: &Known) {
        match action {
            Action::Message { turn, message, .. } => {
                self.note_commands(&message);
                self.prompts.show(&message);
                // The prompt was shown if it is on disk.
                let is_new_prompt = is_echo(&message) && !known.is_shown(&message);
                let origin = if is_new_prompt { MessageOrigin::History } else { self.origin(turn) };
                let updates = self.translator.message(&message, origin);
                let updates = updates.into_iter().chain(self.compaction(&message));
                updates.filter(|_| shows).for_each(|update| self.client.update(update));
            }
            Action::TurnStarted { turn, origin, .. } => {
                self.translator.begin();
                let origin = MessageOrigin::from_turn(&origin);
                self.turns.insert(turn, origin);
                if shows && origin == MessageOrigin::Background {
                    self.notice(BACKGROUND);
                }
            }
            // Its text belongs to the past, even if old versions of the CLI echo it later.
            Action::PromptTaken { prompt, .. } if !shows => drop(self.prompts.show_id(&prompt.uuid().to_string())),
            Action::TurnEnded { turn, result, .. } => {
                self.turns.remove(&turn);
                self.turn_stopped(result.as_ref());
            }
            Action::PromptEnded { prompt, outcome, result, .. } => {
                if shows {
                    self.show_result(prompt, outcome, result.as_ref());
                }
                self.prompt_ended(prompt, outcome, result.as_ref());
            }
            Action::Closed(closed) => self.closed(&closed),
            _ => {}
        }
    }

    /// Responds to the client that has resumed the session, and forwards the open requests of the CLI.
    pub(super) fn resumed(&mut self, opener: Opener) {
        self.report_resumption(&opener);
        let is_shown = matches!(opener, Opener::Load(_));
        opener.respond(self.client.session(), Ok((self.choices.modes(), self.choices.options())));
        self.client.update(translate::commands(self.notes().commands()));
        self.settle_compaction();
        self.resume_compaction(is_shown);
        let Some(claude) = &self.claude else { return };
        let open: Vec<IncomingRequest> = claude.protocol().open_incoming().cloned().collect();
        open.into_iter().for_each(|request| self.forward(request));
    }

    /// Leaves a session that is not idle to the next agent, and closes any other one.
    pub(super) async fn client_gone(&mut self) {
        self.settle().await;
        if self.is_left() { self.leave().await } else { self.close(None) }
    }

    /// Waits until a CLI without a turn reports that it is idle, which is some time after the end of the turn. A CLI with a
    /// background task does not.
    async fn settle(&mut self) {
        let mut timeout = Timer::after(IDLE_REPORT);
        while self.is_left() && self.turns.is_empty() {
            let Some(claude) = &mut self.claude else { return };
            let protocol = claude.protocol();
            if protocol.open_prompts().next().is_some() || protocol.open_incoming().next().is_some() {
                return;
            }
            let next = async { Some(poll_fn(|cx| claude.poll_next(cx)).await) };
            let timeout = async {
                (&mut timeout).await;
                None
            };
            match or(next, timeout).await {
                Some(Some(action)) => self.action(action),
                Some(None) => self.given_up(),
                None => return,
            }
        }
    }

    /// Returns `true` if the session is left to the next agent when the client has disconnected: a keeper keeps it, and it is
    /// not idle.
    fn is_left(&self) -> bool {
        let is_busy = |claude: &Claude| claude.keeper().is_some() && !claude.protocol().is_idle();
        self.opening.is_none() && self.claude.as_ref().is_some_and(is_busy)
    }

    /// Leaves the session to the next agent. Before, sends the decisions that the client has made, and waits until the keeper
    /// has all bytes for the CLI.
    async fn leave(&mut self) {
        self.closing.get_or_insert_default();
        while let Some((id, response)) = poll_once(poll_fn(|cx| self.open_requests.poll(cx))).await {
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

    /// Acknowledges the actions so far, unless a turn runs. The next agent shows its client a running turn from the start.
    pub(super) fn acknowledge(&mut self) {
        if let (Some(claude), true) = (&mut self.claude, self.turns.is_empty()) {
            claude.acknowledge();
        }
    }

    /// Stores the commands that a message reports, for the next agent.
    pub(super) fn note_commands(&mut self, message: &Message) {
        if message.subtype().as_deref() == Some("commands_changed") {
            self.commands_changed = Some(message.to_json());
            self.note();
        }
    }

    /// Writes the notes for the next agent.
    pub(super) fn note(&self) {
        if let Some(keeper) = self.claude.as_ref().and_then(|claude| claude.keeper()) {
            keeper.note(&self.notes());
        }
    }

    fn notes(&self) -> Notes {
        Notes {
            initialized: self.initialized.clone(),
            model: self.choices.noted_model(),
            commands_changed: self.commands_changed.clone(),
        }
    }
}

/// Returns the prompt whose end an action reports.
fn ended_prompt(action: &Action) -> Option<PromptId> {
    match action {
        Action::PromptEnded { prompt, .. } => Some(*prompt),
        _ => None,
    }
}

/// Messages of the repeated actions. Some of them may be on disk, too.
struct Known {
    /// Ids of the messages that are not prompts.
    messages: HashSet<String>,
    /// Ids of the prompts. Prompts are shown from disk, because old versions of the CLI echo a prompt late.
    prompts: HashSet<String>,
    /// Ids of the prompts that were shown from disk.
    shown: HashSet<String>,
}

impl Known {
    fn new(actions: &[Action], open: &[PromptId]) -> Self {
        let messages = actions.iter().filter_map(|action| match action {
            Action::Message { message, .. } => Some(message),
            _ => None,
        });
        let (prompts, messages): (Vec<&Message>, Vec<&Message>) = messages.partition(|message| is_echo(message));
        let open = open.iter().map(|prompt| prompt.uuid().to_string());
        Self {
            messages: messages.into_iter().flat_map(ids).collect(),
            prompts: prompts.into_iter().flat_map(ids).chain(open).collect(),
            shown: HashSet::new(),
        }
    }

    /// Returns `true` if a message on disk is also in the actions, where the history on disk then ends. Records a prompt, which
    /// is shown from disk.
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

/// Returns the ids that a message has both on the wire and on disk.
fn ids(message: &Message) -> impl Iterator<Item = String> {
    let own = message.uuid().map(|id| id.into_owned());
    own.into_iter().chain(message.assistant().ok().and_then(|assistant| assistant.message.id))
}
