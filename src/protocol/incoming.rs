//! What a line of the CLI sets in motion.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::action::{Action, CliSession, Rejected, WhyDeclined};
use crate::ask::{AskKind, AskKinds};
use crate::config::UnknownAsks;
use crate::error::WhyRejected;
use crate::message::{Line, Message};
use crate::protocol::ledger::Place;
use crate::protocol::requests::About;
use crate::protocol::{Protocol, line::Piece, safe};
use crate::request::Reply;
use crate::wire::control::{self, Receipt};
use crate::wire::envelope::Envelope;
use crate::wire::facts;
use crate::wire::kind::MessageKind;
use crate::wire::scan::scan;

/// The longest id of an ask or a task that is taken, in bytes: ids are remembered, and the CLI's have 36.
pub(super) const LONGEST_ID: usize = 256;
/// The longest session id, version and capability that is kept, in bytes.
const LONGEST_NAME: usize = 256;
/// How much of a result's error text is kept for the end, in characters.
const LONGEST_ERROR: usize = 4096;

impl Protocol {
    pub(super) fn piece(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Dropped(rejected) => self.actions.push(Action::Rejected(rejected)),
            Piece::Whole(line) => {
                if let Some(envelope) = self.envelope(line) {
                    self.message(Message::new(Line::Copied(line.into()), envelope));
                }
            }
            Piece::Assembled(line) => {
                if let Some(envelope) = self.envelope(line.as_bytes()) {
                    self.message(Message::new(line, envelope));
                }
            }
        }
    }

    fn envelope(&mut self, line: &[u8]) -> Option<Envelope> {
        if line.iter().all(u8::is_ascii_whitespace) {
            self.counts.blank += 1;
            return None;
        }
        scan(line).map_err(|why| self.reject(line, why.into())).ok()
    }

    pub(super) fn reject(&mut self, line: &[u8], why: WhyRejected) {
        let head = line[..line.len().min(self.config.limits.rejected_head)].into();
        self.actions.push(Action::Rejected(Rejected { head, length: line.len() as u64, why }));
    }

    fn message(&mut self, message: Message) {
        let line = message.as_bytes();
        // What a subagent's line says of a turn is not of a turn of the session's own.
        let is_own = !message.is_subagent();
        match message.kind() {
            MessageKind::ControlResponse => return self.response(message),
            MessageKind::ControlRequest => return self.ask(message, false),
            MessageKind::ControlCancelRequest => return self.withdraw(message),
            MessageKind::KeepAlive => {
                self.counts.keep_alive += 1;
                return;
            }
            MessageKind::Result if is_own => {
                let facts = facts::result(line);
                self.note_result(&message, &facts);
                self.ledger.result(self.now, &facts, &message, &mut self.actions);
                self.background.turned();
                if self.ledger.holds_results() {
                    self.background.none_runs();
                }
                let ledger = &self.ledger;
                for follow_up in self.aims.missed(|prompt| ledger.place(prompt).is_some()) {
                    self.follow_up(Some(follow_up));
                }
                return;
            }
            MessageKind::System => self.system(&message),
            MessageKind::CommandLifecycle if is_own => {
                if let Some(lifecycle) = facts::lifecycle(line) {
                    self.ledger.lifecycle(lifecycle, &mut self.actions);
                }
            }
            MessageKind::User if is_own => {
                if let Some(uuid) = message.uuid().and_then(|uuid| uuid.parse().ok()) {
                    self.ledger.echo(uuid, &mut self.actions);
                }
            }
            MessageKind::Assistant if is_own => {
                self.last_error = None;
                self.ledger.spoke();
            }
            MessageKind::StreamEvent if is_own => self.last_error = None,
            _ => {}
        }
        self.actions.push(Action::Message { turn: self.ledger.current_turn(), message });
    }

    fn system(&mut self, message: &Message) {
        let line = message.as_bytes();
        let subtype = message.subtype().unwrap_or_default();
        let subtype = &*subtype;
        let is_own = !message.is_subagent();
        if is_own && self.snapshot.observe(subtype, message) {
            self.ledger.compaction_failed();
        }
        match subtype {
            "init" if is_own => {
                let init = facts::init(line);
                if let Some(version) = &init.claude_code_version {
                    self.ledger.version(version);
                }
                self.introduced(init);
                self.last_error = None;
                self.ledger.init(self.now, &mut self.actions);
                self.background.turned();
            }
            "informational" if is_own && facts::prevents(line) => self.ledger.prevented(&mut self.actions),
            _ => {
                if subtype == "task_notification" {
                    self.ledger.task_ended();
                }
                if subtype.starts_with("task_")
                    || matches!(subtype, "session_state_changed" | "background_tasks_changed")
                {
                    self.background.observe(subtype, facts::system(line), self.ledger.current_turn().is_some());
                }
            }
        }
    }

    fn introduced(&mut self, init: facts::Init) {
        let fits = |name: &String| name.len() <= LONGEST_NAME;
        let capabilities = init.capabilities.unwrap_or_default().0.into_iter().filter(fits);
        let session = CliSession {
            id: init.session_id.filter(fits).unwrap_or_default().into(),
            version: init.claude_code_version.filter(fits).map(Arc::from),
            capabilities: capabilities.collect(),
        };
        if self.session.as_ref() != Some(&session) {
            self.session = Some(session.clone());
            self.actions.push(Action::Session(session));
        }
    }

    fn note_result(&mut self, message: &Message, facts: &facts::ResultFacts) {
        self.last_error = (facts.is_error == Some(true)).then(|| {
            let text = match message.result() {
                Ok(result) if result.is_interrupted() && self.ledger.is_stopping() => {
                    "the turn was interrupted".to_owned()
                }
                Ok(result) => result.error_text(),
                Err(error) => error.to_string(),
            };
            text.chars().take(LONGEST_ERROR).collect()
        });
        self.requests.note_result();
    }

    fn response(&mut self, message: Message) {
        let Some(response) = control::response(message.as_bytes()) else {
            return self.reject(message.as_bytes(), WhyRejected::NoRequestId);
        };
        let payload = response.outcome.as_ref().ok().cloned().flatten();
        let failed = response.outcome.is_err();
        if let Some(open) = self.requests.close(&response.request_id) {
            open.replied(response.outcome.map(|payload| Reply { message, payload }), &mut self.actions);
            self.replied(&open.about, payload.as_ref(), failed);
            self.still_asked(&open.about, response.pending);
        } else if self.asks.is_echo(&response.request_id) {
            self.counts.echoed_answers += 1;
        } else {
            // Too late for the host, it may still tell what became of a prompt.
            self.actions.push(Action::Stray(message));
            if let Some(about) = self.requests.late(&response.request_id) {
                self.replied(&about, payload.as_ref(), failed);
                self.still_asked(&about, response.pending);
            }
        }
    }

    /// What the reply to an `initialize` lists as still open, on success and on error, from 2.1.50 on (wire reference,
    /// section 1.8): each ask is delivered once, whether its own line comes too or not, and never after it was answered.
    fn still_asked(&mut self, about: &About, pending: Vec<crate::Json>) {
        if !matches!(about, About::Initialize(_)) {
            return;
        }
        for listed in pending {
            if self.settled {
                return;
            }
            let line = listed.as_str().as_bytes();
            match self.envelope(line) {
                Some(envelope) if envelope.kind == MessageKind::ControlRequest => {
                    self.ask(Message::new(Line::Copied(line.into()), envelope), true);
                    // As after every line: what is owed must not pile up.
                    self.advance();
                }
                Some(_) => self.reject(line, WhyRejected::NotAnAsk),
                None => {}
            }
        }
    }

    /// What a reply, or its absence, means to prompts and interrupts.
    pub(super) fn replied(&mut self, about: &About, payload: Option<&crate::Json>, failed: bool) {
        match about {
            About::Interrupt(aim) => {
                if failed {
                    aim.iter().for_each(|prompt| self.aims.drop(*prompt));
                    return;
                }
                self.ledger.interrupt_acknowledged();
                let receipt: Receipt = payload.and_then(|payload| payload.decode().ok()).unwrap_or_default();
                let cancelled = receipt.cancelled.iter().flatten().filter_map(|uuid| uuid.parse().ok());
                self.ledger.cancelled(&cancelled.collect(), &mut self.actions);
                if let Some((prompt, place)) = aim.and_then(|prompt| Some((prompt, self.ledger.place(prompt)?))) {
                    let follow_up = self.aims.acknowledged(prompt, &receipt, place == Place::Taken);
                    self.follow_up(follow_up);
                }
            }
            About::Cancel(Some(uuid)) => {
                let found = payload.is_some_and(control::cancelled);
                if found {
                    self.ledger.cancelled(&BTreeSet::from([*uuid]), &mut self.actions);
                }
                self.aims.withdrawn(*uuid, found);
            }
            // One that is refused changes nothing: what was declared before still holds.
            About::Initialize(kinds) if !failed => self.dialogs.clone_from(kinds),
            About::Initialize(_) | About::Cancel(None) | About::Other => {}
        }
    }

    /// An ask, by its own line or by a list of those that are open.
    fn ask(&mut self, message: Message, listed: bool) {
        let request_id = control::request_id(message.as_bytes()).filter(|id| id.len() <= LONGEST_ID);
        let Some(request_id) = request_id else {
            return self.reject(message.as_bytes(), WhyRejected::NoRequestId);
        };
        if listed {
            if self.asks.is_known(&request_id) {
                return;
            }
            self.asks.list(&request_id);
        } else if self.asks.was_listed(&request_id) {
            self.counts.asked_again += 1;
            return;
        } else if self.asks.is_open(&request_id) {
            return self.reject(message.as_bytes(), WhyRejected::DuplicateAsk);
        }
        let fields = control::ask(message.as_bytes()).unwrap_or_default();
        let kind = AskKind::of_subtype(fields.subtype.as_deref().unwrap_or_default());
        let declared = |kind: &String| self.dialogs.contains(kind) || self.requests.may_declare(kind);
        let undeclared = || !fields.dialog_kind.as_ref().is_some_and(declared);
        let why = if kind == AskKind::Dialog && undeclared() {
            WhyDeclined::Undeclared
        } else if !self.can_write() {
            WhyDeclined::Closing
        } else if kind == AskKind::Unknown
            && (self.config.unknown_asks == UnknownAsks::Decline || fields.subtype.is_none())
        {
            WhyDeclined::Unknown
        } else if !self.owned().contains(kind) {
            WhyDeclined::Unowned
        } else if !self.asks.has_room(&message, &self.config.limits) {
            WhyDeclined::Full
        } else {
            let ask = self.asks.open(self.config.seed.tag(), request_id, kind, message);
            self.actions.push(Action::Asked(ask));
            return;
        };
        if !matches!(why, WhyDeclined::Undeclared | WhyDeclined::Closing) {
            self.output.push(&safe::response(&request_id, kind, fields.hook_event(), None));
            self.asks.remember(&request_id);
        } else {
            self.asks.end(&request_id);
        }
        self.actions.push(Action::Declined { message, kind, why });
    }

    fn owned(&self) -> AskKinds {
        match self.config.unknown_asks {
            UnknownAsks::Hand => self.config.owned.with(AskKind::Unknown),
            UnknownAsks::Decline => self.config.owned,
        }
    }

    fn withdraw(&mut self, message: Message) {
        let request_id = control::request_id(message.as_bytes());
        let was_open = request_id.is_some_and(|request_id| self.asks.withdraw(&request_id, &mut self.actions));
        if !was_open {
            self.actions.push(Action::Stray(message));
        }
    }
}
