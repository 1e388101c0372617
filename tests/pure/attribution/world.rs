//! A `Protocol` and the model of its CLI, the two pipes between them, and a host.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use claude_duplex::{
    Action, Attribution, Config, Exit, IncomingId, IncomingKind, Input, Message, MessageKind, Outcome, PromptId, Seed,
    SessionTime, TurnOrigin,
};
use serde_json::Value;

use super::generation::Generation;
use super::lines::{Seen, short};
use super::model::Model;
use super::recorded::Recorded;
use super::script::Script;

/// What was told of a prompt's end.
pub(crate) struct End {
    pub(crate) outcome: Outcome,
    pub(crate) result: Option<String>,
    pub(crate) turn: Option<u64>,
    /// A rule says so, and no line of the CLI.
    pub(crate) inferred: bool,
}

pub(crate) struct World {
    pub(crate) protocol: Recorded,
    pub(crate) model: Model,
    pub(crate) queue_only: bool,
    pub(crate) prompt_pipes: bool,
    pub(crate) prompts: Vec<PromptId>,
    pub(crate) written: BTreeSet<PromptId>,
    pub(crate) ends: BTreeMap<PromptId, Vec<End>>,
    /// Turns, and how often each was ended.
    pub(crate) turns: BTreeMap<u64, u32>,
    pub(crate) results: BTreeSet<String>,
    /// The prompts at which an interrupt was aimed while the CLI ran or queued them, with nothing under way.
    pub(crate) interrupt_targets: BTreeSet<PromptId>,
    /// All at which an interrupt was aimed.
    pub(crate) targeted: BTreeSet<PromptId>,
    /// All that the host cancelled.
    pub(crate) cancelled: BTreeSet<PromptId>,
    /// A reply came after its request had timed out.
    pub(crate) late_reply: bool,
    pub(crate) lost_output: bool,
    /// Nothing came for longer than a missing result is waited for, although the CLI had something to write or to do.
    pub(crate) was_slow: bool,
    pub(crate) closed: bool,
    /// For each `init` that arrived, whether its turn is the CLI's own.
    pub(crate) inits: Vec<bool>,
    /// Turns whose origin was told wrongly.
    pub(crate) misjudged: Option<u64>,
    pub(crate) log: Vec<String>,
    /// The whole lines that have passed: those that the CLI has read, and those that the host has.
    pub(crate) lines: Vec<(&'static str, String)>,
    pub(crate) now: SessionTime,
    pub(crate) open_incoming: Vec<IncomingId>,
    /// To the CLI.
    stdin: Vec<u8>,
    sent: usize,
    shown: usize,
}

impl World {
    pub(crate) fn new(generation: Generation, script: &Script) -> Self {
        Self {
            protocol: Recorded::new(Config::new(Seed::from_bytes([0; 16])).handle(IncomingKind::Permission)),
            model: Model::new(generation, script),
            queue_only: script.queue_only,
            prompt_pipes: script.prompt_pipes,
            prompts: Vec::new(),
            written: BTreeSet::new(),
            ends: BTreeMap::new(),
            turns: BTreeMap::new(),
            results: BTreeSet::new(),
            interrupt_targets: BTreeSet::new(),
            targeted: BTreeSet::new(),
            cancelled: BTreeSet::new(),
            late_reply: false,
            lost_output: false,
            was_slow: false,
            closed: false,
            inits: Vec::new(),
            misjudged: None,
            log: Vec::new(),
            lines: Vec::new(),
            now: SessionTime::ZERO,
            open_incoming: Vec::new(),
            stdin: Vec::new(),
            sent: 0,
            shown: 0,
        }
    }

    /// Returns a digest of everything on which the further course depends.
    pub(crate) fn state(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        format!("{:?}", self.model).hash(&mut hasher);
        self.protocol.hash(&mut hasher);
        (&self.stdin, self.sent, self.now.as_nanos()).hash(&mut hasher);
        hasher.finish()
    }

    pub(crate) fn send(&mut self, count: usize) {
        let count = count.min(self.protocol.poll_transmit().len());
        self.stdin.extend_from_slice(&self.protocol.poll_transmit()[..count]);
        self.protocol.apply(self.now, Input::Sent(count));
        self.sent += count;
    }

    /// The CLI reads a line.
    pub(crate) fn read(&mut self) -> bool {
        let Some(end) = self.stdin.iter().position(|byte| *byte == b'\n') else { return false };
        let line: Vec<u8> = self.stdin.drain(..=end).collect();
        let line: Value = serde_json::from_slice(&line).expect("the session writes JSON");
        self.lines.push(("in", line.to_string()));
        let ran = self.model.turn.is_some();
        let name = self.model.read(&line);
        if name.starts_with("INT") && !ran && self.turns.values().any(|ended| *ended == 0) {
            self.model.reached.insert("an interrupt after the end, behind a backlog");
        }
        self.note(format!("            CLI reads {name}"));
        true
    }

    pub(crate) fn run(&mut self, choice: u8) -> bool {
        let done = self.model.advance(choice);
        if done {
            self.note(format!("            CLI runs {choice}"));
        }
        done
    }

    /// Bytes of the CLI, at most to the end of a line: a cut is nothing to the session (invariant 1), but the order of what it
    /// writes and what it reads is something to its rules.
    pub(crate) fn deliver(&mut self, count: usize) {
        let (bytes, whole) = self.model.out.take(count);
        // A line in parts is not noted: such scripts are for this crate alone.
        if let Some(line) = bytes.strip_suffix(b"\n").filter(|_| whole.is_some()) {
            self.lines.push(("out", String::from_utf8_lossy(line).into_owned()));
        }
        if let Some((name, _)) = &whole {
            self.note(format!("    < {name}"));
        }
        match &whole {
            Some((_, Seen::Result(uuid))) => drop(self.results.insert(uuid.clone())),
            Some((_, Seen::Init { own })) => self.inits.push(*own),
            Some((_, Seen::Other)) | None => {}
        }
        self.protocol.apply(self.now, Input::Receive(bytes.into()));
        self.observe();
        self.end();
    }

    /// The end of a dead CLI's output, once all of it was read.
    pub(crate) fn end(&mut self) {
        if self.model.dead && self.model.out.is_empty() {
            self.protocol.apply(self.now, Input::Eof);
            self.observe();
        }
    }

    /// Everything under way arrives.
    pub(crate) fn flush(&mut self) {
        loop {
            self.send(usize::MAX);
            while self.read() {}
            if self.model.out.is_empty() && self.protocol.poll_transmit().is_empty() {
                return self.end();
            }
            self.deliver(usize::MAX);
        }
    }

    /// The CLI runs until there is nothing to do, with a host that allows everything; then the session is closed.
    pub(crate) fn run_dry(&mut self) {
        for _ in 0..2000 {
            self.flush();
            if !self.open_incoming.is_empty() {
                self.answer(0, 2);
                self.observe();
            } else if !self.run(0) {
                return;
            }
        }
        panic!("the model does not come to an end");
    }

    /// The same, with results that are lost: the CLI is silent until the session gives them up.
    pub(crate) fn run_dry_slowly(&mut self) {
        for _ in 0..=self.prompts.len() {
            self.run_dry();
            self.wait(11);
        }
        self.run_dry();
    }

    /// The host wants no more.
    pub(crate) fn close(&mut self) {
        self.note("host: close".into());
        self.protocol.apply(self.now, Input::Close);
        self.observe();
    }

    /// The CLI's end.
    pub(crate) fn exit(&mut self) {
        self.protocol.apply(self.now, Input::Eof);
        self.protocol.apply(self.now, Input::StderrEof);
        self.protocol.apply(self.now, Input::Exited(Exit::Code(0)));
        self.observe();
    }

    pub(crate) fn observe(&mut self) {
        let pending = self.protocol.poll_transmit();
        let from = self.shown.saturating_sub(self.sent).min(pending.len());
        let fresh = pending[from..].to_vec();
        self.shown = self.shown.max(self.sent + pending.len());
        for line in fresh.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let line: Value = serde_json::from_slice(line).expect("the session writes JSON");
            if let Some(uuid) = line["uuid"].as_str() {
                self.note(format!("> {}", short(uuid)));
                self.written.extend(self.prompts.iter().find(|prompt| prompt.uuid().to_string() == uuid));
            } else {
                let what = line["request"]["subtype"].as_str().unwrap_or("answer");
                let whom = line["request"]["message_uuid"].as_str().map(short);
                self.note(format!("> {what} {}", whom.map_or(String::new(), |whom| whom.to_string())));
            }
        }
        while let Some(action) = self.protocol.poll_action() {
            self.action(action);
        }
        while self.protocol.poll_child_command().is_some() {}
    }

    pub(crate) fn action(&mut self, action: Action) {
        match action {
            Action::TurnStarted { turn, .. } => drop(self.turns.insert(turn.number(), 0)),
            Action::TurnEnded { turn, origin, result, .. } => {
                *self.turns.entry(turn.number()).or_insert(100) += 1;
                let own = self.inits.get(turn.number() as usize - 1).copied().unwrap_or_default();
                if result.is_some() && own != matches!(origin, TurnOrigin::Own(_)) {
                    self.misjudged.get_or_insert(turn.number());
                }
            }
            Action::PromptEnded { prompt, outcome, result, turn, attribution, .. } => {
                let result = result.as_ref().and_then(Message::uuid).map(|uuid| uuid.into_owned());
                self.note(format!(
                    "        = {} {outcome:?} {} {attribution}",
                    prompt.number(),
                    result.as_deref().unwrap_or("-")
                ));
                self.ends.entry(prompt).or_default().push(End {
                    outcome,
                    result,
                    turn: turn.map(|turn| turn.number()),
                    inferred: attribution == Attribution::Inferred,
                });
            }
            Action::IncomingRequest(incoming) => self.open_incoming.push(incoming.id()),
            Action::IncomingCancelled { id: incoming, .. } => self.open_incoming.retain(|open| *open != incoming),
            Action::UnmatchedResponse(message) => self.late_reply |= message.kind() == MessageKind::ControlResponse,
            Action::Closed(_) => self.closed = true,
            _ => {}
        }
    }
}
