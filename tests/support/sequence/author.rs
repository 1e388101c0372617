//! Steps become inputs, by knowing what the session has said so far.

use std::borrow::Cow;
use std::time::Duration;

use claude_duplex::{
    Action, Config, Exit, IncomingId, IncomingKind, Input, Interrupt, Json, Prompt, PromptId, Protocol, Request,
    SessionTime, Uuid, WhenBusy,
};

use super::step::{PickedBusy, Step};
use super::{Sequence, answer};

/// Who writes an input sequence.
#[derive(Clone)]
pub(crate) struct Author {
    protocol: Protocol,
    now: SessionTime,
    pub(super) inputs: Vec<(SessionTime, Input<'static>)>,
    prompts: Vec<PromptId>,
    incoming_requests: Vec<(IncomingId, IncomingKind)>,
    written: Vec<u8>,
}

impl Author {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            protocol: Protocol::new(config, SessionTime::ZERO),
            now: SessionTime::ZERO,
            inputs: Vec::new(),
            prompts: Vec::new(),
            incoming_requests: Vec::new(),
            written: Vec::new(),
        }
    }

    /// What was said so far.
    pub(crate) fn sequence(&self) -> Sequence {
        Sequence { config: self.protocol.config().clone(), start: SessionTime::ZERO, inputs: self.inputs.clone() }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.protocol.is_closed()
    }

    pub(crate) fn step(&mut self, step: Step) {
        let input = match step {
            Step::Peer(lines) => {
                let bytes: Vec<u8> = lines.iter().flat_map(|line| self.line(line)).collect();
                Input::Receive(Cow::Owned(bytes))
            }
            Step::Line(line) => Input::Receive(Cow::Owned(self.line(&line))),
            Step::Part(line, share) => {
                let mut bytes = self.line(&line);
                bytes.truncate(bytes.len() * usize::from(share) / 256);
                Input::Receive(Cow::Owned(bytes))
            }
            Step::Bytes(bytes) => Input::Receive(Cow::Owned(bytes)),
            Step::Prompt { text, busy, slash } => {
                let text = format!("{}{}\n{}", if slash { "/" } else { "" }, "p".repeat(usize::from(text)), '\u{2028}');
                let mut prompt = Prompt::text(&text);
                if let Some(busy) = busy {
                    prompt = prompt.when_busy(match busy {
                        PickedBusy::Queue => WhenBusy::Queue,
                        PickedBusy::Send => WhenBusy::Send,
                        PickedBusy::Refuse => WhenBusy::Reject,
                    });
                }
                if let Ok(id) = self.protocol.clone().prompt(self.now, prompt.clone()) {
                    self.prompts.push(id);
                }
                Input::Prompt(prompt)
            }
            Step::Cancel(prompt) => match self.prompt(prompt) {
                Some(prompt) => Input::Cancel(prompt),
                None => return,
            },
            Step::Interrupt { target, cancel_queued } => {
                let target = target.and_then(|target| self.prompt(target));
                let interrupt = target.map_or_else(Interrupt::running, Interrupt::prompt);
                Input::Interrupt(if cancel_queued { interrupt.cancel_queued() } else { interrupt })
            }
            Step::Request(kind) => Input::Request(match kind % 4 {
                0 => {
                    let dialogs = Json::parse(r#"["known"]"#).expect("a list of one text");
                    let initialize = Request::initialize().field("supportedDialogKinds", dialogs);
                    let hooks = Json::parse(r#"{"PreToolUse":[{"hookCallbackIds":["h"]}]}"#).expect("an object");
                    if kind & 4 == 0 { initialize } else { initialize.field("hooks", hooks) }
                }
                1 => Request::new("interrupt"),
                2 => Request::new("mcp_status"),
                _ => Request::new("set_model").field("model", Json::from_text("m\n{}")),
            }),
            Step::Answer { incoming, how } => match self.incoming(incoming) {
                // Most answers should be of the incoming request's kind.
                Some((id, kind)) => {
                    Input::Respond(id, if how < 0xe0 { answer::typed(how, kind) } else { answer::answer(how) })
                }
                None => return,
            },
            Step::Sent(count) => {
                let pending = self.protocol.poll_transmit();
                self.written.extend_from_slice(&pending[..usize::from(count).min(pending.len())]);
                Input::Sent(count.into())
            }
            Step::SendFailed => Input::SendFailed,
            Step::Stderr(count) => Input::Stderr(Cow::Owned(vec![b'e'; count.into()])),
            Step::StderrEof => Input::StderrEof,
            Step::Eof => Input::Eof,
            Step::Exited(code) => Input::Exited(match code % 3 {
                0 => Exit::Code(code.into()),
                1 => Exit::Signal(9),
                _ => Exit::Unknown,
            }),
            Step::Close => Input::Close,
            Step::CloseNow => Input::CloseNow,
            Step::Abort => Input::Abort,
            Step::Wait(milliseconds) => {
                self.now = self.now.saturating_add(Duration::from_millis(milliseconds.into()));
                Input::Timeout
            }
            Step::Deadline(shift) => {
                if let Some((due, _)) = self.protocol.poll_timeout() {
                    self.now = SessionTime::from_nanos(due.as_nanos().saturating_add_signed(shift.into()));
                }
                Input::Timeout
            }
        };
        self.say(input);
    }

    fn say(&mut self, input: Input<'static>) {
        self.protocol.apply(self.now, input.clone());
        self.inputs.push((self.now, input));
        while let Some(action) = self.protocol.poll_action() {
            if let Action::IncomingRequest(incoming) = action {
                self.incoming_requests.push((incoming.id(), incoming.kind()));
            }
        }
        while self.protocol.poll_child_command().is_some() {}
    }

    /// An incoming request: one of the latest, or now and then an old one. It may be over: answered, withdrawn, or lost with the session.
    fn incoming(&self, pick: u8) -> Option<(IncomingId, IncomingKind)> {
        let back = usize::from(if pick < 0xe0 { pick % 4 } else { pick });
        self.incoming_requests
            .iter()
            .rev()
            .nth(back % self.incoming_requests.len().clamp(1, if pick < 0xe0 { 4 } else { 256 }))
            .copied()
    }

    fn prompt(&self, pick: u8) -> Option<PromptId> {
        self.prompts.get(usize::from(pick) % self.prompts.len().max(1)).copied()
    }

    /// A prompt's uuid, or now and then one that is not ours.
    pub(super) fn uuid(&self, pick: u8) -> String {
        let foreign = || "ffffffff-0000-4000-8000-00000000000f".to_owned();
        if pick >= 0xf0 { foreign() } else { self.prompt(pick).map_or_else(foreign, |id| Uuid::to_string(&id.uuid())) }
    }

    /// The id of one of the last requests that were written, or a foreign one.
    pub(super) fn request_id(&self, pick: u8) -> String {
        let text = [self.written.as_slice(), self.protocol.poll_transmit()].concat();
        let text = String::from_utf8_lossy(&text);
        let ids = text.match_indices("\"control_request\",\"request_id\":\"");
        let ids: Vec<&str> = ids.filter_map(|(at, found)| text[at + found.len()..].split('"').next()).collect();
        let at = ids.len().wrapping_sub(1 + usize::from(pick % 4));
        ids.get(at).map_or("foreign", |id| id).to_owned()
    }
}
