//! Histories: arbitrary sequences of everything that can be said to a session, made once and judged by every law.
//! The fuzz targets make them from the same types.

#![allow(dead_code, reason = "each test takes its part")]

use std::borrow::Cow;
use std::time::Duration;

use arbitrary::{Arbitrary, Result, Unstructured};
use claude_duplex::ask::hook::{HookEvent, Output, PermissionRequestOutput};
use claude_duplex::ask::mcp::McpAnswer;
use claude_duplex::ask::{Change, DialogAnswer, ElicitationAnswer};
use claude_duplex::{
    Action, Answer, AskId, AskKind, Busy, Child, ChildAction, CloseWhen, Config, Deadline, Decision, Exit, Input,
    Interrupt, Json, Prompt, PromptId, Protocol, Request, Seed, Time, UnknownAsks, Uuid,
};

/// One step of a history, before it is known which prompts, asks and requests there are to speak of.
#[derive(Debug, Clone, Arbitrary)]
pub(crate) enum Step {
    Peer([PeerLine; 3]),
    Line(PeerLine),
    /// A part of a line; the rest may never come.
    Part(PeerLine, u8),
    Bytes(Vec<u8>),
    Prompt {
        text: u8,
        busy: Option<PickedBusy>,
        slash: bool,
    },
    Cancel(u8),
    Interrupt {
        aim: Option<u8>,
        cancel_queued: bool,
    },
    Request(u8),
    Answer {
        ask: u8,
        how: u8,
    },
    Sent(u16),
    SendFailed,
    Stderr(u8),
    StderrEof,
    Eof,
    Exited(u8),
    Close,
    Abort,
    Wait(u16),
    /// Until the next deadline, and a little more or less.
    Deadline(i8),
}

#[derive(Debug, Clone, Copy, Arbitrary)]
pub(crate) enum PickedBusy {
    Queue,
    Send,
    Refuse,
}

/// A line of the CLI. Numbers pick a prompt, ask or request of the session, or a foreign one.
#[derive(Debug, Clone, Arbitrary)]
pub(crate) enum PeerLine {
    Init(u8),
    Echo { prompt: u8, subagent: bool },
    Lifecycle { prompt: u8, state: u8 },
    Assistant { subagent: bool },
    Delta,
    Result { named: Option<Vec<u8>>, own: bool, kind: u8, uuid: u8 },
    Ask { id: u8, kind: u8 },
    CancelAsk(u8),
    Response { request: u8, kind: u8, prompts: Vec<u8>, listed: Option<[(u8, u8); 2]> },
    EchoedAnswer(u8),
    Task(u8),
    State(u8),
    Prevented,
    KeepAlive,
    Blank,
    Noise(u8),
    Long(u16),
}

/// A history as it was played: the settings and every input with its time.
#[derive(Debug, Clone)]
pub(crate) struct History {
    pub(crate) config: Config,
    pub(crate) start: Time,
    pub(crate) inputs: Vec<(Time, Input<'static>)>,
}

/// What one playing of a history gave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Trace {
    pub(crate) actions: Vec<Action>,
    pub(crate) children: Vec<ChildAction>,
    /// All that was sent, as far as the history says `Sent`.
    pub(crate) written: Vec<u8>,
    /// What was to be sent at the end.
    pub(crate) unsent: Vec<u8>,
    /// How much was to be sent, and when the session wanted to be woken, after each input.
    pub(crate) deadlines: Vec<(usize, Option<(Time, Deadline)>)>,
}

/// Small limits, so that a short history reaches them.
pub(crate) fn config(u: &mut Unstructured<'_>) -> Result<Config> {
    let mut config = Config::new(Seed(u.arbitrary()?));
    config.busy = *u.choose(&[Busy::Queue, Busy::Queue, Busy::Send, Busy::Refuse])?;
    for kind in AskKind::KNOWN {
        if u.ratio(3, 4)? {
            config = config.own(kind);
        }
    }
    config.unknown_asks = *u.choose(&[UnknownAsks::Decline, UnknownAsks::Hand])?;
    config.child = *u.choose(&[Child::Process, Child::Process, Child::Streams])?;
    config.close_when = *u.choose(&[CloseWhen::TurnEnded, CloseWhen::Idle])?;
    config.kill_group = u.arbitrary()?;
    config.limits.line = *u.choose(&[400, 4000])?;
    config.limits.unread = 2000;
    config.limits.unsent = *u.choose(&[300, 100_000])?;
    config.limits.unsent_hard = *u.choose(&[3000, 200_000])?;
    config.limits.open_prompts = 4;
    config.limits.open_requests = 3;
    config.limits.open_asks = 3;
    config.limits.open_ask_bytes = 1000;
    config.limits.stderr_tail = 10;
    config.timeouts.turn = *u.choose(&[None, Some(Duration::from_millis(900))])?;
    config.timeouts.stall = *u.choose(&[None, Some(Duration::from_millis(500))])?;
    config.timeouts.request = *u.choose(&[None, Some(Duration::from_millis(700))])?;
    config.timeouts.interrupt = *u.choose(&[None, Some(Duration::from_millis(300))])?;
    Ok(config)
}

/// Makes a history: each step becomes the input that it means in the state that the session has reached.
pub(crate) fn history(u: &mut Unstructured<'_>) -> Result<History> {
    let config = config(u)?;
    let mut author = Author::new(config);
    while !u.is_empty() {
        let step = Step::arbitrary(u)?;
        // Most histories should live for a while.
        if !step.ends() || u.ratio(1, 8)? {
            author.step(step);
        }
    }
    Ok(author.history())
}

impl Step {
    fn ends(&self) -> bool {
        matches!(self, Self::Eof | Self::Exited(_) | Self::Close | Self::Abort | Self::SendFailed | Self::Bytes(_))
    }
}

impl History {
    /// The session before its first input.
    pub(crate) fn begin(&self) -> Protocol {
        Protocol::new(self.config.clone(), self.start)
    }

    /// The session after its last input, with every action read.
    pub(crate) fn reached(&self) -> Protocol {
        let mut protocol = self.begin();
        for (now, input) in &self.inputs {
            protocol.apply(*now, input.clone());
            while protocol.poll_action().is_some() {}
        }
        protocol
    }

    /// The inputs again, in the same states.
    pub(crate) fn play(&self) -> Trace {
        let mut protocol = self.begin();
        let mut trace = Trace::default();
        for (now, input) in &self.inputs {
            trace.apply(&mut protocol, *now, input.clone());
            trace.actions.extend(std::iter::from_fn(|| protocol.poll_action()));
        }
        trace.unsent = protocol.poll_transmit().to_vec();
        trace
    }

    /// The history with what brings it to its end: the host closes, all output is sent, and every deadline passes.
    pub(crate) fn drained(&self) -> Self {
        let mut drained = self.clone();
        let mut protocol = self.reached();
        let mut say = |protocol: &mut Protocol, now: Time, input: Input<'static>| {
            protocol.apply(now, input.clone());
            drained.inputs.push((now, input));
        };
        let now = protocol.now();
        say(&mut protocol, now, Input::Close);
        for _ in 0..self.most_steps() {
            let now = protocol.now();
            match (protocol.poll_transmit().len(), protocol.poll_timeout()) {
                _ if protocol.is_closed() => return drained,
                (0, Some((due, _))) => say(&mut protocol, due, Input::Timeout),
                (0, None) => panic!("it is not closed and waits for nothing"),
                (pending, _) => say(&mut protocol, now, Input::Sent(pending)),
            }
        }
        panic!("the end does not come");
    }

    /// How many deadlines an end may take: each request may have its own, and an end has a few.
    pub(crate) fn most_steps(&self) -> usize {
        self.inputs.len() + 40
    }
}

impl Trace {
    pub(crate) fn apply(&mut self, protocol: &mut Protocol, now: Time, input: Input<'_>) {
        if let Input::Sent(count) = input {
            let pending = protocol.poll_transmit();
            self.written.extend_from_slice(&pending[..count.min(pending.len())]);
        }
        protocol.apply(now, input);
        self.children.extend(std::iter::from_fn(|| protocol.poll_child()));
        self.deadlines.push((protocol.poll_transmit().len(), protocol.poll_timeout()));
    }
}

/// Turns steps into inputs by knowing what the session has said so far.
#[derive(Clone)]
pub(crate) struct Author {
    protocol: Protocol,
    now: Time,
    inputs: Vec<(Time, Input<'static>)>,
    prompts: Vec<PromptId>,
    asks: Vec<(AskId, AskKind)>,
    written: Vec<u8>,
}

impl Author {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            protocol: Protocol::new(config, Time::ZERO),
            now: Time::ZERO,
            inputs: Vec::new(),
            prompts: Vec::new(),
            asks: Vec::new(),
            written: Vec::new(),
        }
    }

    /// What was said so far.
    pub(crate) fn history(&self) -> History {
        History { config: self.protocol.config().clone(), start: Time::ZERO, inputs: self.inputs.clone() }
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
                    prompt = prompt.busy(match busy {
                        PickedBusy::Queue => Busy::Queue,
                        PickedBusy::Send => Busy::Send,
                        PickedBusy::Refuse => Busy::Refuse,
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
            Step::Interrupt { aim, cancel_queued } => {
                let aim = aim.and_then(|aim| self.prompt(aim));
                let interrupt = aim.map_or_else(Interrupt::running, Interrupt::prompt);
                Input::Interrupt(if cancel_queued { interrupt.cancel_queued() } else { interrupt })
            }
            Step::Request(kind) => Input::Request(match kind % 4 {
                0 => Request::initialize()
                    .field("supportedDialogKinds", Json::parse(r#"["known"]"#).expect("a list of one text")),
                1 => Request::new("interrupt"),
                2 => Request::new("mcp_status"),
                _ => Request::new("set_model").field("model", Json::string("m\n{}")),
            }),
            Step::Answer { ask, how } => match self.ask(ask) {
                // Most answers should be of the ask's kind.
                Some((id, kind)) => {
                    let answers = (how..0xc0).map(answer);
                    let typed = |of: &Answer| of.fits(kind) && !matches!(of, Answer::Raw(_) | Answer::Error { .. });
                    Input::Answer(id, answers.into_iter().find(typed).unwrap_or_else(|| answer(how)))
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
            Step::Abort => Input::Abort,
            Step::Wait(milliseconds) => {
                self.now = self.now.after(Duration::from_millis(milliseconds.into()));
                Input::Timeout
            }
            Step::Deadline(shift) => {
                if let Some((due, _)) = self.protocol.poll_timeout() {
                    self.now = Time::from_nanos(due.as_nanos().saturating_add_signed(shift.into()));
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
            match action {
                Action::Asked(ask) => self.asks.push((ask.id(), ask.kind())),
                Action::Withdrawn { ask, .. } => self.asks.retain(|(open, _)| *open != ask),
                _ => {}
            }
        }
        while self.protocol.poll_child().is_some() {}
    }

    /// An ask that was not withdrawn: one of the latest, or now and then an old one.
    fn ask(&self, pick: u8) -> Option<(AskId, AskKind)> {
        let back = usize::from(if pick < 0xe0 { pick % 4 } else { pick });
        self.asks.iter().rev().nth(back % self.asks.len().clamp(1, if pick < 0xe0 { 4 } else { 256 })).copied()
    }

    fn prompt(&self, pick: u8) -> Option<PromptId> {
        self.prompts.get(usize::from(pick) % self.prompts.len().max(1)).copied()
    }

    /// A prompt's uuid, or now and then one that is not ours.
    fn uuid(&self, pick: u8) -> String {
        let foreign = || "ffffffff-0000-4000-8000-00000000000f".to_owned();
        if pick >= 0xf0 { foreign() } else { self.prompt(pick).map_or_else(foreign, |id| Uuid::to_string(&id.uuid())) }
    }

    /// The id of one of the last requests that were written, or a foreign one.
    fn request_id(&self, pick: u8) -> String {
        let text = [self.written.as_slice(), self.protocol.poll_transmit()].concat();
        let text = String::from_utf8_lossy(&text);
        let ids = text.match_indices("\"control_request\",\"request_id\":\"");
        let ids: Vec<&str> = ids.filter_map(|(at, found)| text[at + found.len()..].split('"').next()).collect();
        let at = ids.len().wrapping_sub(1 + usize::from(pick % 4));
        ids.get(at).map_or("foreign", |id| id).to_owned()
    }

    fn line(&self, line: &PeerLine) -> Vec<u8> {
        let uuids = |picks: &[u8]| picks.iter().map(|pick| self.uuid(*pick)).collect::<Vec<_>>();
        let value = match line {
            PeerLine::Init(version) => {
                let version = ["2.0.76", "2.1.50", "2.1.100", "2.1.143", "2.1.329"].get(usize::from(version % 6));
                serde_json::json!({ "type": "system", "subtype": "init", "session_id": "s", "claude_code_version": version })
            }
            PeerLine::Echo { prompt, subagent } => serde_json::json!({
                "type": "user", "uuid": self.uuid(*prompt), "parent_tool_use_id": subagent.then_some("toolu"),
            }),
            PeerLine::Lifecycle { prompt, state } => serde_json::json!({
                "type": "command_lifecycle", "command_uuid": self.uuid(*prompt),
                "state": (["queued", "started", "completed", "cancelled", "new"][usize::from(state % 5)]),
            }),
            PeerLine::Assistant { subagent } => serde_json::json!({
                "type": "assistant", "parent_tool_use_id": subagent.then_some("toolu"), "message": { "content": [] },
            }),
            PeerLine::Delta => serde_json::json!({ "type": "stream_event", "event": {} }),
            PeerLine::Result { named, own, kind, uuid } => {
                let (subtype, is_error, reason) = [
                    ("success", false, Some("completed")),
                    ("success", false, None),
                    ("error_during_execution", false, None),
                    ("error_during_execution", true, Some("aborted_tools")),
                    ("error_max_turns", true, Some("max_turns")),
                ][usize::from(kind % 5)];
                let mut result = serde_json::json!({
                    "subtype": subtype, "is_error": is_error, "uuid": format!("r-{uuid}"), "result": "done", "type": "result",
                });
                if let Some(named) = named {
                    result["user_message_uuids"] = uuids(named).into();
                }
                if *own {
                    result["origin"] = serde_json::json!({ "kind": "task-notification" });
                }
                if let Some(reason) = reason {
                    result["terminal_reason"] = reason.into();
                }
                result
            }
            PeerLine::Ask { id, kind } => ask(*id, *kind),
            PeerLine::CancelAsk(id) => {
                serde_json::json!({ "type": "control_cancel_request", "request_id": format!("ask-{}", id % 8) })
            }
            PeerLine::Response { request, kind, prompts, listed } => {
                let request_id = self.request_id(*request);
                let mut response = match kind % 5 {
                    0 => serde_json::json!({ "subtype": "success", "request_id": request_id }),
                    1 => serde_json::json!({ "subtype": "error", "request_id": request_id, "error": "no" }),
                    2 => serde_json::json!({ "subtype": "success", "request_id": request_id,
                        "response": { "still_queued": uuids(prompts) } }),
                    3 => serde_json::json!({ "subtype": "success", "request_id": request_id,
                        "response": { "still_queued": [], "cancelled": uuids(prompts) } }),
                    _ => serde_json::json!({ "subtype": "success", "request_id": request_id,
                        "response": { "cancelled": prompts.is_empty() } }),
                };
                if let Some(listed) = listed {
                    let asks = listed.map(|(id, kind)| ask(id, kind));
                    response["pending_permission_requests"] = serde_json::json!([asks[0], "noise", {}]);
                    response["pending_elicitation_requests"] = serde_json::json!([asks[1]]);
                }
                serde_json::json!({ "type": "control_response", "response": response })
            }
            PeerLine::EchoedAnswer(id) => serde_json::json!({ "type": "control_response",
                "response": { "subtype": "success", "request_id": format!("ask-{}", id % 8) } }),
            PeerLine::Task(kind) => serde_json::json!({ "type": "system", "task_id": "t",
                "subtype": (["task_started", "task_notification", "task_updated", "background_tasks_changed"][usize::from(kind % 4)]),
                "task_type": "local_agent", "patch": { "status": "completed" }, "tasks": [] }),
            PeerLine::State(kind) => serde_json::json!({ "type": "system", "subtype": "session_state_changed",
                "state": (["idle", "running", "requires_action"][usize::from(kind % 3)]) }),
            PeerLine::Prevented => {
                serde_json::json!({ "type": "system", "subtype": "informational", "prevent_continuation": true })
            }
            PeerLine::KeepAlive => serde_json::json!({ "type": "keep_alive" }),
            PeerLine::Blank => return b"  \r\n".to_vec(),
            PeerLine::Noise(kind) => {
                let noise: [&[u8]; 6] = [
                    b"noise\n",
                    b"null\n",
                    b"{}\n",
                    b"{\"type\":\"\xff\"}\n",
                    b"\xff\xfe\n",
                    b"{\"type\":\"control_request\"}\n",
                ];
                return noise[usize::from(kind % 6)].to_vec();
            }
            PeerLine::Long(length) => {
                let mut line = vec![b'x'; (*length).into()];
                line.push(b'\n');
                return line;
            }
        };
        let mut line = value.to_string().into_bytes();
        line.extend_from_slice(b"\r\n");
        line
    }
}

/// What the CLI asks, in one of eight names.
fn ask(id: u8, kind: u8) -> serde_json::Value {
    serde_json::json!({
        "type": "control_request", "request_id": format!("ask-{}", id % 8),
        "request": ([
            serde_json::json!({ "subtype": "can_use_tool", "tool_name": "Bash", "input": { "a": 1 } }),
            serde_json::json!({ "subtype": "can_use_tool" }),
            serde_json::json!({ "subtype": "hook_callback", "callback_id": "h",
                "input": { "hook_event_name": "PreToolUse" } }),
            serde_json::json!({ "subtype": "mcp_message", "server_name": "s", "message": {} }),
            serde_json::json!({ "subtype": "elicitation" }),
            serde_json::json!({ "subtype": "request_user_dialog", "dialog_kind": "known" }),
            serde_json::json!({ "subtype": "request_user_dialog", "dialog_kind": "other" }),
            serde_json::json!({ "subtype": "tomorrow" }),
            serde_json::Value::Null,
        ][[0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 5][usize::from(kind % 12)]]),
    })
}

/// How many answers [`answer`] tells apart.
pub(crate) const KINDS_OF_ANSWERS: u8 = 14;

pub(crate) fn answer(how: u8) -> Answer {
    let json = |text| Json::parse(text).expect("it is JSON");
    match how % KINDS_OF_ANSWERS {
        0 => Decision::allow().into(),
        1 => Decision::deny("no").and_interrupt().into(),
        2 => Decision::allow_with(json("{\"b\":[1,\n2]}")).and_remember(Change::SetMode("m\n".into())).into(),
        3 => Decision::allow_with(Json::string("no object")).into(),
        4 => Answer::Raw(json("{}")),
        5 => Answer::Error { message: "no\n".into() },
        6 => Output::new().stop("enough\n{}").into(),
        7 => HookEvent::PreToolUse.refusal("no\r\n").expect("it guards").into(),
        8 => PermissionRequestOutput::new().decision(Decision::allow()).into(),
        9 => Output::in_background(None).into(),
        10 => McpAnswer::raw(json("{\"id\":\n1}")).into(),
        11 => ElicitationAnswer::accept_with(json(if how < 128 { "{}" } else { "[]" })).into(),
        12 => DialogAnswer::completed(Json::string("a\nb")).into(),
        _ => DialogAnswer::cancelled().into(),
    }
}
