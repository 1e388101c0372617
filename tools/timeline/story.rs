//! What happened in a session, as spans of time.

use std::collections::{HashMap, VecDeque};

use claude_duplex::{
    Action, Attribution, CancelledReason, ChildCommand, IncomingKind, Outcome, PromptId, ResponseKind, SessionTime,
    TurnId, TurnOrigin,
};
use serde_json::Value;

use crate::lines::Line;
use crate::play::{Event, Played};

#[derive(Default)]
pub(crate) struct Story {
    pub(crate) title: String,
    /// Lines of the host that are neither prompt, request nor answer, and what it did to the child.
    pub(crate) host: Vec<Mark>,
    pub(crate) prompts: Vec<Prompt>,
    pub(crate) turns: Vec<Turn>,
    pub(crate) permissions: Vec<Span>,
    pub(crate) requests: Vec<Span>,
    /// Every line of the CLI: when, and how long in bytes.
    pub(crate) texts: Vec<(SessionTime, usize)>,
    /// Number and bytes of all lines of the CLI, folded ones included.
    pub(crate) total: (usize, usize),
    pub(crate) end: Option<Mark>,
    /// Spans of time in which nothing but repetition happened.
    pub(crate) folds: Vec<(SessionTime, SessionTime)>,
}

pub(crate) struct Mark {
    pub(crate) time: SessionTime,
    pub(crate) text: String,
}

/// Something that was begun and, if `until` is there, ended.
pub(crate) struct Span {
    pub(crate) from: SessionTime,
    pub(crate) until: Option<SessionTime>,
    pub(crate) text: String,
    pub(crate) tone: Tone,
}

/// How a span ended, as far as a color can say.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Bad,
    /// Given up, withdrawn, cancelled.
    Off,
    /// An interrupt.
    Alarm,
}

pub(crate) struct Prompt {
    pub(crate) span: Span,
    /// Its outcome, once it has one.
    pub(crate) end: String,
    /// When which turn took it up.
    pub(crate) taken: Option<(SessionTime, TurnId)>,
    /// Whether a rule chose the turn or the outcome, as the CLI does not report it.
    pub(crate) is_inferred: bool,
}

pub(crate) struct Turn {
    pub(crate) id: TurnId,
    pub(crate) from: SessionTime,
    pub(crate) until: Option<SessionTime>,
    pub(crate) origin: TurnOrigin,
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
}

impl Story {
    pub(crate) fn of(lines: &[Line], played: &Played) -> Self {
        let mut story = Self::default();
        let mut author = Author::default();
        // Both are in the order of time; at one time, a line comes before what it sets in motion.
        let mut events = played.events.iter().peekable();
        for line in lines {
            while let Some((time, event)) = events.next_if(|(time, _)| *time < line.time) {
                author.event(&mut story, *time, event, played);
            }
            match line.from_host {
                true => author.host_line(&mut story, line),
                false => {
                    author.cli_line(&mut story, line);
                    story.texts.push((line.time, line.bytes.len()));
                }
            }
        }
        for (time, event) in events {
            author.event(&mut story, *time, event, played);
        }
        story.total = (story.texts.len(), story.texts.iter().map(|(_, bytes)| bytes).sum());
        story.fold();
        story
    }

    /// Times at which something begins while nothing runs.
    pub(crate) fn calm(&self) -> Vec<SessionTime> {
        let spans = self.prompts.iter().map(|prompt| &prompt.span).chain(&self.permissions).chain(&self.requests);
        let spans = spans.map(|span| (span.from, span.until));
        let mut edges: Vec<(SessionTime, i32)> = Vec::new();
        for (from, until) in spans.chain(self.turns.iter().map(|turn| (turn.from, turn.until))) {
            edges.push((from, 1));
            edges.extend(until.map(|until| (until, -1)));
        }
        // What ends and what begins at one time do not overlap.
        edges.sort_unstable();
        let (mut running, mut calm) = (0, Vec::new());
        for (time, step) in edges {
            if running == 0 && step > 0 {
                calm.push(time);
            }
            running += step;
        }
        calm
    }

    /// Every time at which something happened, beside lines of the CLI.
    pub(crate) fn times(&self) -> Vec<SessionTime> {
        let spans = self.prompts.iter().map(|prompt| &prompt.span).chain(&self.permissions).chain(&self.requests);
        let mut times: Vec<SessionTime> = spans.flat_map(|span| [Some(span.from), span.until]).flatten().collect();
        times.extend(self.turns.iter().flat_map(|turn| [Some(turn.from), turn.until]).flatten());
        times.extend(self.prompts.iter().filter_map(|prompt| prompt.taken).map(|(time, _)| time));
        times.extend(self.host.iter().chain(&self.end).map(|mark| mark.time));
        times.push(SessionTime::ZERO);
        times
    }
}

/// Which span belongs to which id, while the story is told.
#[derive(Default)]
struct Author {
    prompts: HashMap<String, usize>,
    /// Prompts that were written without a uuid, in order: who speaks of an unknown one speaks of the first of these.
    nameless: VecDeque<usize>,
    turns: HashMap<TurnId, usize>,
    permissions: HashMap<String, usize>,
    requests: HashMap<String, usize>,
}

impl Author {
    fn host_line(&mut self, story: &mut Story, line: &Line) {
        let value: Value = serde_json::from_slice(&line.bytes).unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match value["type"].as_str().unwrap_or_default() {
            "user" => {
                match value["uuid"].as_str() {
                    Some(uuid) => drop(self.prompts.insert(uuid.to_owned(), story.prompts.len())),
                    None => self.nameless.push_back(story.prompts.len()),
                }
                let span = open(line.time, prompt_text(&value["message"]["content"]));
                story.prompts.push(Prompt { span, end: String::new(), taken: None, is_inferred: false });
            }
            "control_request" => {
                let subtype = text(&value["request"]["subtype"]);
                self.requests.insert(text(&value["request_id"]), story.requests.len());
                story.requests.push(open(line.time, subtype));
            }
            // What it ends is told by `IncomingAnswered`.
            "control_response" => {}
            other => story.host.push(Mark { time: line.time, text: other.to_owned() }),
        }
    }

    /// An incoming request that the CLI withdraws had no effect, even if it was answered.
    fn cli_line(&self, story: &mut Story, line: &Line) {
        const LONGEST: usize = 1024;
        if line.bytes.len() > LONGEST {
            return;
        }
        let value: Value = serde_json::from_slice(&line.bytes).unwrap_or_default();
        let id = value["request_id"].as_str().filter(|_| value["type"] == "control_cancel_request");
        if let Some(at) = id.and_then(|id| self.permissions.get(id)) {
            let span = &mut story.permissions[*at];
            if span.until.is_some() {
                (span.until, span.tone) = (Some(line.time), Tone::Off);
                span.text.push_str(", then withdrawn");
            }
        }
    }

    fn prompt(&mut self, prompt: PromptId) -> Option<usize> {
        let uuid = prompt.uuid().to_string();
        if !self.prompts.contains_key(&uuid) {
            self.prompts.insert(uuid.clone(), self.nameless.pop_front()?);
        }
        self.prompts.get(&uuid).copied()
    }

    fn permission_ended(
        &self,
        story: &mut Story,
        time: SessionTime,
        incoming: Option<&String>,
        tone: Tone,
        mark: &str,
    ) {
        if let Some(at) = incoming.and_then(|id| self.permissions.get(id)) {
            let span = &mut story.permissions[*at];
            (span.until, span.tone) = (Some(time), tone);
            span.text.push_str(mark);
        }
    }

    fn event(&mut self, story: &mut Story, time: SessionTime, event: &Event, played: &Played) {
        match event {
            Event::Action(action) => self.action(story, time, action, played),
            Event::Child(order) => story.host.push(Mark {
                time,
                text: match order {
                    ChildCommand::CloseStdin => "close stdin",
                    ChildCommand::Terminate => "terminate",
                    ChildCommand::Kill => "kill",
                }
                .to_owned(),
            }),
            Event::Skipped(_) => {}
        }
    }

    fn action(&mut self, story: &mut Story, time: SessionTime, action: &Action, played: &Played) {
        match action {
            Action::Session(session) => {
                story.title = format!("session {}, CLI {}", session.id, session.version.as_deref().unwrap_or("?"));
            }
            Action::TurnStarted { turn, origin, .. } => {
                self.turns.insert(*turn, story.turns.len());
                let origin = origin.clone();
                story.turns.push(Turn { id: *turn, from: time, until: None, origin, messages: 0, bytes: 0 });
            }
            Action::Message { turn: Some(turn), message, .. } => {
                if let Some(at) = self.turns.get(turn) {
                    story.turns[*at].messages += 1;
                    story.turns[*at].bytes += message.as_bytes().len();
                }
            }
            Action::TurnEnded { turn, origin, .. } => {
                if let Some(at) = self.turns.get(turn) {
                    story.turns[*at].until = Some(time);
                    story.turns[*at].origin = origin.clone();
                }
            }
            Action::PromptTaken { prompt, turn, .. } => {
                if let Some(at) = self.prompt(*prompt) {
                    story.prompts[at].taken = Some((time, *turn));
                }
            }
            Action::PromptEnded { prompt, turn, outcome, attribution, .. } => {
                if let Some(at) = self.prompt(*prompt) {
                    let prompt = &mut story.prompts[at];
                    prompt.span.until = Some(time);
                    prompt.taken = prompt.taken.or(turn.map(|turn| (time, turn)));
                    prompt.span.tone = tone(*outcome);
                    prompt.is_inferred = *attribution == Attribution::Inferred;
                    let inferred = if prompt.is_inferred { " (inferred)" } else { "" };
                    prompt.end = format!(" \u{2192} {}{inferred}", outcome.as_str());
                }
            }
            Action::IncomingRequest(incoming) => {
                let tool = incoming.permission().map(|permission| permission.tool_name);
                let text = tool.unwrap_or_else(|_| kind_name(incoming.kind()).to_owned());
                self.permissions.insert(incoming.request_id(), story.permissions.len());
                story.permissions.push(open(time, text));
            }
            Action::IncomingDeclined { kind, .. } => {
                let text = format!("{} declined", kind_name(*kind));
                story.permissions.push(Span { until: Some(time), tone: Tone::Off, ..open(time, text) });
            }
            Action::IncomingAnswered { id: incoming, response: verdict, .. } => {
                let (tone, mark) = match verdict {
                    ResponseKind::Denied | ResponseKind::Error => (Tone::Bad, " \u{2717}"),
                    ResponseKind::Declined => (Tone::Off, " declined"),
                    _ => (Tone::Good, " \u{2713}"),
                };
                self.permission_ended(story, time, played.incoming_ids.get(incoming), tone, mark);
            }
            Action::IncomingCancelled { id: incoming, reason, .. } => {
                let mark = if *reason == CancelledReason::Cli { " withdrawn" } else { " over" };
                self.permission_ended(story, time, played.incoming_ids.get(incoming), Tone::Off, mark);
            }
            Action::ResponseReceived { request, response: reply, .. } => {
                if let Some(at) = played.requests.get(request).and_then(|id| self.requests.get(id)) {
                    let span = &mut story.requests[*at];
                    span.until = Some(time);
                    span.tone = if reply.is_ok() { Tone::Good } else { Tone::Bad };
                }
            }
            Action::RejectedLine(rejected) => {
                story.host.push(Mark { time, text: format!("rejected: {}", rejected.reason) });
            }
            Action::DamagedLine(line) => {
                story.host.push(Mark { time, text: format!("damaged line: {} bytes dropped", line.dropped_length) });
            }
            Action::Closed(closed) => {
                let exit = closed.exit.map_or(String::new(), |exit| format!(", {exit}"));
                story.end = Some(Mark { time, text: format!("{}{exit}", closed.reason) });
            }
            _ => {}
        }
        for request in &mut story.requests {
            if request.text == "interrupt" && request.tone == Tone::Good {
                request.tone = Tone::Alarm;
            }
        }
    }
}

fn open(from: SessionTime, text: String) -> Span {
    Span { from, until: None, text, tone: Tone::Off }
}

fn tone(outcome: Outcome) -> Tone {
    match outcome {
        Outcome::Success => Tone::Good,
        Outcome::Interrupted => Tone::Alarm,
        Outcome::Cancelled => Tone::Off,
        _ => Tone::Bad,
    }
}

fn kind_name(kind: IncomingKind) -> &'static str {
    match kind {
        IncomingKind::Permission => "permission",
        IncomingKind::Hook => "hook",
        IncomingKind::Mcp => "mcp",
        IncomingKind::Elicitation => "elicitation",
        IncomingKind::Dialog => "dialog",
        _ => "ask",
    }
}

/// A prompt's text, or that of its first text block.
fn prompt_text(content: &Value) -> String {
    let text = content.as_str().or_else(|| content.as_array()?.iter().find_map(|block| block["text"].as_str()));
    text.unwrap_or("(blocks)").split_whitespace().collect::<Vec<_>>().join(" ")
}
