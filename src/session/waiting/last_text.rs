//! Last text of a turn, for the end of a prompt without an answer.

use std::collections::VecDeque;

use crate::message::{Message, Transcript};
use crate::wire::kind::MessageKind;

/// Maximum bytes of the lines that are kept: 256 KiB. The beginning of a longer stream is dropped.
const LIMIT: usize = 256 << 10;

/// Messages of the main thread that contain the partial answer: the complete messages, and the parts streamed
/// after the last one.
#[derive(Debug, Default)]
pub(super) struct LastText {
    messages: VecDeque<Message>,
    bytes: usize,
}

impl LastText {
    pub(super) fn push(&mut self, message: &Message) {
        match message.kind() {
            _ if message.is_subagent() => return,
            MessageKind::StreamEvent => {}
            // The streamed parts are contained in the complete message, or were abandoned.
            MessageKind::Assistant => self.retain(|kept| kept.kind() == MessageKind::Assistant),
            _ => return,
        }
        self.bytes += message.as_bytes().len();
        self.messages.push_back(message.clone());
        while self.bytes > LIMIT {
            let Some(oldest) = self.messages.pop_front() else { break };
            self.bytes -= oldest.as_bytes().len();
        }
    }

    pub(super) fn clear(&mut self) {
        (self.messages, self.bytes) = (VecDeque::new(), 0);
    }

    /// Returns the last text of the model, complete or not.
    pub(super) fn text(&self) -> String {
        let mut transcript = Transcript::new();
        self.messages.iter().for_each(|message| transcript.add(message));
        transcript.final_text().unwrap_or_default().to_owned()
    }

    fn retain(&mut self, keep: impl Fn(&Message) -> bool) {
        self.messages.retain(keep);
        self.bytes = self.messages.iter().map(|message| message.as_bytes().len()).sum();
    }
}
