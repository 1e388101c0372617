//! Spans of the open turns.

use std::borrow::Cow;
use std::fmt::Write as _;

use tracing::field::Empty;
use tracing::{Span, warn_span};

use super::TARGET;
use super::shown::{name, subtype};
use crate::base::ids::{PromptId, TurnId};
use crate::message::Message;
use crate::protocol::action::{Action, Outcome, TurnOrigin};

/// Open turns in the order of their start: the last one is running.
#[derive(Default)]
pub(super) struct Turns(Vec<Turn>);

struct Turn {
    id: TurnId,
    span: Span,
    origin: TurnOrigin,
    /// Numbers of the prompts, as the events show them.
    prompts: String,
    /// Number of prompts that have not ended.
    open: usize,
    outcome: Option<&'static str>,
    ended: bool,
}

impl Turns {
    pub(super) fn get(&self, turn: TurnId) -> Option<&Span> {
        self.0.iter().find(|open| open.id == turn).map(|open| &open.span)
    }

    /// Returns the span of the running turn.
    pub(super) fn running(&self) -> Option<&Span> {
        self.0.iter().rfind(|open| !open.ended).map(|open| &open.span)
    }

    pub(super) fn start(&mut self, session: &Span, id: TurnId, origin: &TurnOrigin) {
        let span = warn_span!(
            target: TARGET, parent: session, "turn",
            turn = id.number(), origin = &*origin_name(origin), prompts = Empty, result = Empty, outcome = Empty
        );
        if !span.is_disabled() {
            let origin = origin.clone();
            self.0.push(Turn { id, span, origin, prompts: String::new(), open: 0, outcome: None, ended: false });
        }
    }

    pub(super) fn take(&mut self, turn: TurnId, prompt: PromptId) {
        let Some(turn) = self.find(turn) else { return };
        let comma = if turn.prompts.is_empty() { "" } else { "," };
        let _ = write!(turn.prompts, "{comma}{}", prompt.number());
        turn.span.record("prompts", turn.prompts.as_str());
        turn.open += 1;
    }

    /// Ends a turn. Its span ends with the last of its prompts, whose ends follow.
    pub(super) fn end(&mut self, turn: TurnId, origin: &TurnOrigin, result: Option<&Message>) {
        let Some(turn) = self.find(turn) else { return };
        if turn.origin != *origin {
            turn.span.record("origin", &*origin_name(origin));
        }
        turn.span.record("result", result.map(subtype).as_deref());
        turn.ended = true;
    }

    pub(super) fn end_prompt(&mut self, turn: Option<TurnId>, outcome: Outcome) {
        let Some(turn) = turn.and_then(|turn| self.find(turn)) else { return };
        let outcome = outcome.as_str();
        if turn.outcome.replace(outcome) != Some(outcome) {
            turn.span.record("outcome", outcome);
        }
        turn.open = turn.open.saturating_sub(1);
    }

    /// Removes ended turns after an action. A turn is removed with its last prompt, or with the next other event if its
    /// result did not answer a prompt.
    pub(super) fn tidy(&mut self, action: &Action) {
        let ending = matches!(action, Action::TurnEnded { .. } | Action::PromptEnded { .. });
        self.0.retain(|turn| !turn.ended || ending && turn.open > 0);
    }

    fn find(&mut self, turn: TurnId) -> Option<&mut Turn> {
        self.0.iter_mut().find(|open| open.id == turn)
    }
}

pub(super) fn origin_name(origin: &TurnOrigin) -> Cow<'_, str> {
    match origin {
        TurnOrigin::Prompt => "prompt".into(),
        TurnOrigin::Own(word) => name(word),
        TurnOrigin::Unknown => "unknown".into(),
    }
}
