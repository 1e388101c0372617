//! Effects of the CLI's lines.

mod requests;
mod responses;

use std::sync::Arc;

use crate::base::error::RejectedReason;
use crate::message::{Line, Message};
use crate::protocol::action::{Action, CliSession, DamagedLine};
use crate::protocol::background::Meanwhile;
use crate::protocol::{Protocol, line::Piece};
use crate::wire::envelope::{Envelope, NotAMessage};
use crate::wire::facts;
use crate::wire::kind::MessageKind;
use crate::wire::scan::damage::{Damage, Object, damage};
use crate::wire::scan::raw::Raw;
use crate::wire::scan::scan;
use crate::wire::text::Text;

impl Protocol {
    /// Handles a line of the child. The last line has no line end, and may be truncated.
    pub(super) fn piece(&mut self, piece: Piece<'_>, is_last: bool) {
        self.received(&piece);
        match piece {
            Piece::Dropped { start, length } => self.dropped(&start, length),
            Piece::Message(line, envelope) => self.message(Message::new(Line::Copied(line.into()), envelope)),
            Piece::Whole(line) => {
                if let Some(envelope) = self.envelope(line, is_last) {
                    self.message(Message::new(Line::Copied(line.into()), envelope));
                }
            }
            Piece::Assembled(line) => {
                if let Some(envelope) = self.envelope(line.as_bytes(), is_last) {
                    self.message(Message::new(line, envelope));
                }
            }
        }
    }

    /// Returns the type and kind of a line, if the whole line is one message.
    fn envelope(&mut self, line: &[u8], is_last: bool) -> Option<Envelope> {
        if line.iter().all(u8::is_ascii_whitespace) {
            self.counts.blank += 1;
            return None;
        }
        match scan(line) {
            Ok(envelope) => return Some(envelope),
            Err(NotAMessage::NotJson) => self.damaged(line, is_last),
            Err(reason) => self.reject(line, reason.into()),
        }
        None
    }

    /// Handles a line that is not JSON: objects that are extracted from it count as lines of their own.
    #[cold]
    fn damaged(&mut self, line: &[u8], is_last: bool) {
        let found =
            damage(line).filter(|damage| !damage.text || damage.objects.iter().all(|object| self.names_us(object)));
        let Some(Damage { objects, dropped, .. }) = found else {
            return self.reject(line, if is_last { RejectedReason::CutOff } else { RejectedReason::NotJson });
        };
        let dropped_length = dropped.iter().map(|part| part.len() as u64).sum();
        let shown = dropped.into_iter().flatten().copied().take(self.config.limits.rejected_head).collect();
        let (length, messages) = (line.len() as u64, objects.len());
        self.counts.damaged += 1;
        self.actions.push(Action::DamagedLine(DamagedLine { dropped: shown, dropped_length, messages, length }));
        let before = self.counts.keep_alive;
        for Object { line, envelope } in objects {
            if self.settled {
                return;
            }
            match envelope {
                Ok(envelope) => self.message(Message::new(Line::Copied(line.into()), envelope)),
                Err(reason) => self.reject(line, reason.into()),
            }
            self.advance();
        }
        // A message next to a `keep_alive` ends the silence.
        if self.counts.keep_alive - before < messages as u64 {
            self.silence.line(self.now, false);
        }
    }

    /// Returns `true` if an object after log text is a line of this session. Every message of the session has a
    /// UUID and the session's id, or the id of a request. An object that a log quotes has neither, or belongs to
    /// another session.
    fn names_us(&self, object: &Object<'_>) -> bool {
        let line = Raw::line(object.line);
        let Ok(envelope) = object.envelope else { return false };
        // Before the first `init` the id of the session is unknown, and no object can belong to another session.
        let own = self.session.as_ref().map(|session| &*session.id).filter(|own| !own.is_empty());
        let is_ours = |id: Text<'_>| own.is_none_or(|own| id.is(own));
        match envelope.kind {
            MessageKind::ControlRequest | MessageKind::ControlCancelRequest => line.text_of("request_id").is_some(),
            MessageKind::ControlResponse => line.get("response").is_some(),
            _ => line.text_of("uuid").is_some() && line.text_of("session_id").is_some_and(is_ours),
        }
    }

    /// Handles a message. Control lines have actions of their own. Every other line is evidence, then an action,
    /// and may then end turns. The lines of a subagent are not evidence for the session's own turns.
    fn message(&mut self, message: Message) {
        match message.kind() {
            MessageKind::ControlResponse => self.response(message),
            MessageKind::ControlRequest => self.receive_incoming(message, false),
            MessageKind::ControlCancelRequest => self.withdraw(message),
            MessageKind::KeepAlive => self.counts.keep_alive += 1,
            // A result that was counted before is repeated by a damaged line or a log, and answers no prompt.
            MessageKind::Result if !message.is_subagent() && self.ledger.is_repeated(message.uuid().as_deref()) => {
                self.deliver(message)
            }
            MessageKind::Result if !message.is_subagent() => {
                let facts = facts::result(message.as_bytes());
                if self.ledger.absorbs(&facts) {
                    return self.deliver(message);
                }
                self.failed = facts.is_error == Some(true) && self.ledger.current_turn().is_none();
                self.note_activity(&message);
                self.ledger.result(self.now, &facts, &mut self.actions);
                self.deliver(message.clone());
                self.turns_ended(facts, &message);
            }
            _ => {
                self.note_activity(&message);
                self.evidence(&message);
                self.deliver(message);
            }
        }
    }

    fn deliver(&mut self, message: Message) {
        self.actions.push(Action::Message { turn: self.ledger.current_turn(), message });
    }

    /// Reads the evidence about turns and prompts in a line other than a `result`.
    fn evidence(&mut self, message: &Message) {
        let is_own = !message.is_subagent();
        match message.kind() {
            MessageKind::System => self.system(message),
            MessageKind::CommandLifecycle if is_own => {
                if let Some(lifecycle) = facts::lifecycle(message.as_bytes()) {
                    self.ledger.lifecycle(lifecycle, &mut self.actions);
                }
            }
            MessageKind::User if is_own => {
                self.note_command(message.as_bytes());
                if self.ledger.needs_command_output() && facts::is_command_output(message.as_bytes()) {
                    self.ledger.command_ran(&mut self.actions);
                }
                let most = self.awaited_tools();
                let returned = if most > 0 { facts::blocks(message.as_bytes(), facts::TOOL_RESULT, most) } else { 0 };
                if returned > 0 {
                    self.ledger.tools_returned(returned);
                    self.background.notified_of_all();
                }
                if let Some(uuid) = message.uuid().and_then(|uuid| uuid.parse().ok()) {
                    self.ledger.echo(uuid, &mut self.actions);
                }
            }
            MessageKind::Assistant if is_own => {
                self.last_error = None;
                self.note_command(message.as_bytes());
                let most = if self.ledger.watches_tools() { usize::MAX } else { 0 };
                self.ledger.assistant(facts::blocks(message.as_bytes(), facts::TOOL_USE, most));
            }
            MessageKind::StreamEvent if is_own => self.last_error = None,
            _ => {}
        }
    }

    /// Ends the open turns after a `result` was emitted.
    fn turns_ended(&mut self, facts: facts::ResultFacts, message: &Message) {
        let stopping = self.ledger.is_stopping();
        let began_by_itself = self.ledger.end_turns(&facts, message, &mut self.actions);
        // Before 2.1.91 the result does not report that an interrupt was the cause.
        let interrupted = |error: String| if error == facts::BROKE_OFF { facts::INTERRUPTED.to_owned() } else { error };
        self.last_error = if stopping { facts.error.map(interrupted) } else { facts.error };
        self.requests.note_result();
        if !self.ledger.reports_origin() {
            self.background.turned();
        } else if began_by_itself {
            self.background.notified_of_one();
        }
        if self.ledger.holds_results() {
            self.background.none_runs();
        }
        let ledger = &self.ledger;
        for follow_up in self.interrupt_targets.missed(|prompt| ledger.place(prompt).is_some()) {
            self.follow_up(Some(follow_up));
        }
    }

    /// Returns the number of tool results to look for, if the result of a turn may be held back or a task has ended. A tool
    /// result shows that the turn continues, even if no call of the turn is known.
    fn awaited_tools(&self) -> usize {
        let matters =
            self.ledger.watches_tools() || self.ledger.current_turn().is_some() && self.background.is_running();
        if matters { self.ledger.running_tools().max(1) } else { 0 }
    }

    fn system(&mut self, message: &Message) {
        let line = message.as_bytes();
        let subtype = message.subtype().unwrap_or_default();
        let subtype = &*subtype;
        let is_own = !message.is_subagent();
        if is_own && self.status.observe(subtype, message) {
            self.ledger.command_failed();
        }
        match subtype {
            "init" if is_own => {
                let init = facts::init(line);
                self.status.init(&init);
                if let Some(version) = &init.claude_code_version {
                    self.ledger.version(version);
                }
                self.introduced(init);
                self.last_error = None;
                self.ledger.init(self.now, &mut self.actions);
                if !self.ledger.reports_origin() {
                    self.background.turned();
                }
            }
            "informational" if is_own && facts::prevents(line) => self.ledger.prevented(&mut self.actions),
            _ => {
                if subtype == "task_notification" {
                    self.ledger.task_ended();
                }
                if subtype.starts_with("task_")
                    || matches!(subtype, "session_state_changed" | "background_tasks_changed")
                {
                    let meanwhile = Meanwhile {
                        in_turn: self.ledger.current_turn().is_some(),
                        interrupting: self.requests.interrupt_is_open(),
                        reports_origin: self.ledger.reports_origin(),
                    };
                    let facts = facts::system(line);
                    if let Some(state) = facts.state.as_deref().filter(|_| is_own) {
                        self.ledger.state(state, &mut self.actions);
                    }
                    self.background.observe(subtype, facts, meanwhile);
                }
            }
        }
    }

    fn note_command(&mut self, line: &[u8]) {
        if facts::command_failed(line) {
            self.status.command_failed();
            self.ledger.command_failed();
        }
    }

    fn introduced(&mut self, init: facts::Init) {
        let session = CliSession {
            id: init.session_id.unwrap_or_default().into(),
            version: init.claude_code_version.map(Arc::from),
            capabilities: init.capabilities.into(),
        };
        if self.session.as_ref() != Some(&session) {
            // Reports for the model do not arrive in another conversation (`/clear`).
            self.background.notified_of_all();
            self.session = Some(session.clone());
            self.actions.push(Action::Session(session));
        }
    }
}
