//! Queue of prompts and notices that wait for a turn.

use super::{BEGIN, MockCli, Stdin};
use crate::base::json::Json;
use crate::testing::fault::Fault;
use crate::testing::step::Step;

/// An item of the queue.
#[derive(Debug, Clone)]
pub(super) enum Waiting {
    Prompt(Queued),
    /// The end of a background task.
    Notice(Notice),
}

#[derive(Debug, Clone)]
pub(super) struct Notice {
    pub(super) task: String,
    pub(super) own: Vec<Step>,
    pub(super) reported: bool,
}

/// A queued prompt of the host.
#[derive(Debug, Clone)]
pub(super) struct Queued {
    pub(super) uuid: Option<String>,
    pub(super) content: Json,
    pub(super) text: String,
    pub(super) priority: Priority,
    /// `true` if the prompt requests an answer (`shouldQuery`).
    pub(super) queries: bool,
    /// Steps of the script for this prompt alone.
    pub(super) steps: Option<Vec<Step>>,
    /// `true` after a `command_lifecycle` reported the start of the prompt.
    pub(super) announced: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Priority {
    Now,
    Next,
    Later,
}

impl Queued {
    /// Returns `true` if the prompt is a slash command.
    pub(super) fn is_command(&self) -> bool {
        self.text.starts_with('/')
    }

    pub(super) fn is_known_command(&self) -> bool {
        let name = self.text.split_whitespace().next().unwrap_or_default();
        matches!(name, "/clear" | "/compact" | "/context" | "/cost" | "/help" | "/status" | "/usage")
    }
}

impl Waiting {
    pub(super) fn prompt(&self) -> Option<&Queued> {
        match self {
            Self::Prompt(prompt) => Some(prompt),
            Self::Notice(_) => None,
        }
    }

    fn priority(&self) -> Priority {
        self.prompt().map_or(Priority::Next, |prompt| prompt.priority)
    }
}

impl MockCli {
    /// Handles a prompt of the host.
    pub(super) fn arrive(&mut self, mut prompt: Queued) {
        if self.refuses(&prompt) {
            return;
        }
        prompt.steps = self.script.steps_of(self.arrived);
        self.arrived += 1;
        self.announce();
        if self.turn.is_none() && self.begins.is_none() {
            self.write_state("running");
        }
        self.write_lifecycle(prompt.uuid.as_deref(), "queued");
        let urgent = prompt.priority == Priority::Now;
        if urgent {
            self.queue.push_front(Waiting::Prompt(prompt));
        } else {
            self.queue.push_back(Waiting::Prompt(prompt));
        }
        if urgent && self.turn.is_some() {
            self.abort_for_another();
        } else if self.turn.is_none() && self.begins.is_none() {
            self.begins = Some(self.now.saturating_add(BEGIN));
        }
        if self.script.has(&Fault::CloseStdin) {
            self.stdin = Stdin::Closed;
        } else if self.script.has(&Fault::StopReading) {
            self.stdin = Stdin::Unread;
        }
    }

    /// Refuses a prompt whose uuid the session has seen: the prompt is echoed, but not run.
    fn refuses(&mut self, prompt: &Queued) -> bool {
        let Some(uuid) = prompt.uuid.as_deref() else { return false };
        let fresh = !self.script.seen.contains(&uuid.to_owned()) && self.seen.insert(uuid.to_owned());
        if fresh || !self.behavior.keeps_uuids {
            return false;
        }
        self.echo(prompt);
        self.write_lifecycle(Some(uuid), "completed");
        true
    }

    /// Reports the start of the prompt that is about to begin, because another prompt arrives.
    fn announce(&mut self) {
        if self.turn.is_some() {
            return;
        }
        if let Some(Waiting::Prompt(prompt)) = self.queue.front_mut().filter(|_| self.begins.is_some()) {
            let uuid = prompt.uuid.clone().filter(|_| !prompt.announced);
            prompt.announced = true;
            self.write_lifecycle(uuid.as_deref(), "started");
        }
    }

    /// Removes the content of the next turn from the queue: a notice, or prompts that are joined.
    pub(super) fn take_next(&mut self) -> Option<Result<Vec<Queued>, Notice>> {
        let first = self.queue.iter().map(Waiting::priority).min()?;
        let at = self.queue.iter().position(|waiting| waiting.priority() == first)?;
        let head = match self.queue.remove(at)? {
            Waiting::Notice(notice) => return Some(Err(notice)),
            Waiting::Prompt(prompt) => prompt,
        };
        let mut batch = vec![head];
        let joined = |prompt: &Queued| prompt.queries && (self.behavior.joins_commands || !prompt.is_command());
        if self.behavior.joins && !batch[0].announced && joined(&batch[0]) {
            while let Some(prompt) = self.queue.get(at).and_then(Waiting::prompt) {
                if prompt.priority != first || !joined(prompt) {
                    break;
                }
                if let Some(Waiting::Prompt(prompt)) = self.queue.remove(at) {
                    batch.push(prompt);
                }
            }
        }
        Some(Ok(batch))
    }

    /// Removes the items that a running turn includes when a tool returns. These are notices, and all prompts that need not
    /// wait for the end of the turn.
    pub(super) fn take_folded(&mut self) -> Vec<Waiting> {
        let behavior = self.behavior;
        let folds = |waiting: &Waiting| match waiting {
            Waiting::Notice(_) => true,
            Waiting::Prompt(prompt) => {
                prompt.queries
                    && prompt.priority != Priority::Later
                    && (behavior.folds_commands || !prompt.is_command())
            }
        };
        let (folded, waiting): (Vec<Waiting>, _) = std::mem::take(&mut self.queue).into_iter().partition(folds);
        self.queue = waiting.into();
        folded
    }

    pub(super) fn write_lifecycle(&mut self, prompt: Option<&str>, state: &str) {
        if let Some(uuid) = prompt.filter(|_| self.behavior.writes_lifecycle) {
            let line = self.writer.life(uuid, state);
            self.write(&line);
        }
    }

    pub(super) fn write_state(&mut self, state: &str) {
        if self.script.session_state && self.behavior.names_prompts {
            let fields = serde_json::json!({ "state": state, "sdk_host_only": true });
            let line = self.writer.system("session_state_changed", &fields);
            self.write(&line);
        }
    }

    pub(super) fn echo(&mut self, prompt: &Queued) {
        if !self.script.replay {
            return;
        }
        let padding = self.script.faults.iter().find_map(|fault| match fault {
            Fault::LongEcho(bytes) => Some(*bytes),
            _ => None,
        });
        let line = self.writer.user(&prompt.content, prompt.uuid.as_deref(), None, true, padding.unwrap_or(0));
        self.write(&line);
    }
}
