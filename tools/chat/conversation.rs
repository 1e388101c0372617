//! The session behind the chat: what happens, what is typed, and Ctrl-C, whichever comes first.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use async_signal::{Signal, Signals};
use claude_duplex::driver::smol::SmolTransport;
use claude_duplex::options::Options;
use claude_duplex::{
    Action, Allow, Config, Decision, Driver, IncomingKind, IncomingRequest, Interrupt, Outcome, PermissionRequest,
    Prompt, PromptId, Request, RequestError, Seed, SessionClosed,
};
use smol::channel::Receiver;
use smol::stream::StreamExt;

use crate::NO_RESULT;
use crate::screen::Screen;
use crate::typed::{self, Line};

/// How long the CLI may take to start.
const START: Duration = Duration::from_secs(30);
/// Silence after which the screen shows what the session waits for.
const STALL: Duration = Duration::from_secs(20);
/// So many lines of something else, and it is no CLI.
const NOISE: u32 = 20;

pub(crate) struct Conversation {
    claude: Driver<SmolTransport>,
    screen: Screen,
    /// What is typed, until its end.
    typed: Option<Receiver<Line>>,
    /// The input has ended: what was said is still answered, and nobody can be asked.
    leaving: bool,
    interrupts: Signals,
    /// Tools that wait for a yes or no, oldest first. The first is on the screen.
    questions: VecDeque<(IncomingRequest, PermissionRequest)>,
    /// Since when it is. What was typed before cannot be meant for it.
    asked_at: Instant,
    /// When a question was last taken from the screen without an answer, while that may still be typed.
    withdrawn: Option<Instant>,
    noise: u32,
    has_output: bool,
    /// Why it was given up.
    fault: Option<String>,
}

/// What came first.
enum Event {
    Action(Option<Action>),
    Typed(Option<Line>),
    Interrupt,
}

impl Conversation {
    pub(crate) fn start(
        options: &Options,
        screen: Screen,
        has_terminal: bool,
        stall: Option<Duration>,
    ) -> Result<Self, String> {
        let mut config = Config::new(Seed::random());
        config.timeouts.initialize = Some(START);
        config.timeouts.stall = Some(stall.unwrap_or(STALL));
        if has_terminal {
            config = config.handle(IncomingKind::Permission);
        }
        let mut claude = claude_duplex::driver::smol::spawn(options, config).map_err(|error| with_causes(&error))?;
        claude.request(Request::initialize()).map_err(|refused| refused.to_string())?;
        let interrupts = Signals::new([Signal::Int]).map_err(|error| format!("no signals: {error}"))?;
        Ok(Self {
            claude,
            screen,
            typed: has_terminal.then(typed::lines),
            leaving: false,
            interrupts,
            questions: VecDeque::new(),
            asked_at: Instant::now(),
            withdrawn: None,
            noise: 0,
            has_output: false,
            fault: None,
        })
    }

    /// One prompt and its end: the exit status.
    pub(crate) async fn once(&mut self, text: &str) -> Result<u8, String> {
        let prompt = self.prompt(text)?;
        let mut status = None;
        while !self.screen.is_unseen() {
            match self.next().await {
                Event::Action(Some(Action::PromptEnded { prompt: ended, outcome, result, .. })) if ended == prompt => {
                    self.screen.end_answer();
                    status = result.as_ref().map(|_| u8::from(!outcome.is_success()));
                    if let (Outcome::Error, Some(Ok(result))) = (outcome, result.map(|result| result.result())) {
                        self.screen.note(&format!("error: {}", result.error_text()));
                    }
                    self.claude.close();
                }
                Event::Action(Some(Action::Closed(closed))) => {
                    return status.ok_or_else(|| self.reason(&closed));
                }
                Event::Action(None) => return status.ok_or_else(|| "the session is over".into()),
                event => self.handle(event)?,
            }
        }
        Ok(status.unwrap_or(NO_RESULT))
    }

    /// Prompts as they are typed, until the end of the input.
    pub(crate) async fn talk(&mut self) -> Result<u8, String> {
        self.screen.ready();
        while !self.screen.is_unseen() {
            match self.next().await {
                Event::Action(Some(Action::PromptEnded { outcome, result, .. })) => {
                    self.screen.end_answer();
                    match (outcome, result.map(|result| result.result())) {
                        (outcome, _) if outcome.is_success() => {}
                        (Outcome::Error, Some(Ok(result))) => {
                            self.screen.note(&format!("error: {}", result.error_text()))
                        }
                        (Outcome::Lost(reason), _) => self.screen.note(&format!("lost: {reason}")),
                        (outcome, _) => self.screen.note(&outcome.to_string()),
                    }
                }
                Event::Action(Some(Action::Idle)) if self.leaving => self.leave_when_idle(),
                Event::Action(Some(Action::Idle)) if self.has_output => self.screen.ready(),
                Event::Action(Some(Action::Closed(closed))) => {
                    self.screen.end_line();
                    let in_order = self.fault.is_none() && closed.reason == claude_duplex::CloseReason::Closed;
                    return if in_order { Ok(0) } else { Err(self.reason(&closed)) };
                }
                Event::Action(None) => break,
                event => self.handle(event)?,
            }
        }
        Ok(0)
    }

    async fn next(&mut self) -> Event {
        let typed = async {
            match &self.typed {
                Some(typed) => Event::Typed(typed.recv().await.ok()),
                None => std::future::pending().await,
            }
        };
        let signal = async {
            self.interrupts.next().await;
            Event::Interrupt
        };
        let action = async { Event::Action(self.claude.next().await) };
        smol::future::or(signal, smol::future::or(action, typed)).await
    }

    fn handle(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Action(Some(action)) => self.act(action),
            Event::Action(None) => {}
            Event::Interrupt if self.claude.protocol().is_idle() => {
                self.screen.note("(Ctrl-D ends the session)");
                self.screen.ready();
            }
            Event::Interrupt => {
                // A second one while the first is under way is of no use, and the first may be refused at the end.
                let _ = self.claude.interrupt(Interrupt::running().cancel_queued());
            }
            Event::Typed(Some(line)) => {
                self.screen.typed();
                self.typed(&line)?;
            }
            Event::Typed(None) => {
                self.typed = None;
                self.leaving = true;
                while let Some((show_question, _)) = self.questions.pop_front() {
                    self.deny(&show_question, "the user has left");
                }
                self.leave_when_idle();
            }
        }
        Ok(())
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Message { message, .. } => {
                self.has_output = true;
                self.screen.message(&message);
            }
            Action::IncomingRequest(show_question) if self.leaving => self.deny(&show_question, "the user has left"),
            Action::IncomingRequest(show_question) => match show_question.permission() {
                Ok(permission) => {
                    self.questions.push_back((show_question, permission));
                    if self.questions.len() == 1 {
                        self.show_question();
                    }
                }
                Err(error) => self.deny(&show_question, &error.to_string()),
            },
            Action::IncomingCancelled { id: show_question, .. } => {
                let was_shown = self.questions.front().is_some_and(|(open, _)| open.id() == show_question);
                self.questions.retain(|(open, _)| open.id() != show_question);
                if was_shown {
                    self.withdrawn = Some(Instant::now());
                    self.screen.note("(the question was withdrawn)");
                    self.show_question();
                }
            }
            Action::DeadlineExceeded { reason, .. } => self.screen.note(&format!("(waiting for {reason})")),
            // What is lost is told by the end itself, with its cause.
            Action::ResponseReceived { response: Err(error), .. }
                if !self.has_output && !matches!(error, RequestError::Lost(_)) =>
            {
                self.give_up(error.to_string());
            }
            Action::RejectedLine(rejected) if !self.has_output => {
                self.noise += 1;
                let line = String::from_utf8_lossy(&rejected.head).into_owned();
                if self.noise == NOISE {
                    self.give_up(format!("this is not claude: it prints {line:?}"));
                }
            }
            _ => {}
        }
    }

    /// Puts the first question on the screen.
    fn show_question(&mut self) {
        // Before it is shown, so that no answer to what was seen is dropped.
        self.asked_at = Instant::now();
        self.show_next_question();
    }

    /// The same question, which was seen before.
    fn show_next_question(&mut self) {
        if let Some((_, permission)) = self.questions.front() {
            self.screen.show_permission(permission);
        }
    }

    /// A line is a prompt, or the answer to the question that its writer saw.
    fn typed(&mut self, line: &Line) -> Result<(), String> {
        let text = line.text.trim();
        let early = !self.questions.is_empty() && line.at < self.asked_at;
        let late = match self.withdrawn {
            Some(at) if line.at < at => true,
            _ => self.withdrawn.take().is_some() && Command::of(text).is_some(),
        };
        if early || late {
            let what = if early { "it was typed before the question" } else { "that question was withdrawn" };
            self.screen.note(&format!("({what}: dropped)"));
            self.show_next_question();
        } else if let Some((show_question, permission)) = self.questions.pop_front() {
            self.decide(show_question, permission, Command::of(text));
        } else if text.is_empty() {
            self.screen.ready();
        } else {
            self.prompt(&line.text)?;
        }
        Ok(())
    }

    fn decide(&mut self, show_question: IncomingRequest, permission: PermissionRequest, word: Option<Command>) {
        let decision = match word {
            Some(Command::Yes) => Decision::allow(),
            Some(Command::Always) => Allow::new().and_remember_all(permission.suggestions()).into(),
            Some(Command::No) => Decision::deny("the user said no"),
            None => {
                self.questions.push_front((show_question, permission));
                return self.show_next_question();
            }
        };
        // It may have been withdrawn a moment ago; then there is nothing to answer.
        let _ = self.claude.respond(show_question.id(), decision);
        self.show_question();
    }

    fn deny(&mut self, show_question: &IncomingRequest, reason: &str) {
        // It may have been withdrawn a moment ago; then there is nothing to answer.
        let _ = self.claude.respond(show_question.id(), Decision::deny(reason));
    }

    fn leave_when_idle(&mut self) {
        if self.claude.protocol().is_idle() {
            self.claude.close();
        }
    }

    fn prompt(&mut self, text: &str) -> Result<PromptId, String> {
        self.claude.prompt(Prompt::text(text)).map_err(|refused| refused.to_string())
    }

    fn give_up(&mut self, reason: String) {
        self.fault.get_or_insert(reason);
        self.claude.abort();
    }

    /// One line: the cause, the exit, the end of stderr.
    fn reason(&self, closed: &SessionClosed) -> String {
        let cause = self.fault.clone().or(closed.last_error.clone()).unwrap_or_else(|| closed.reason.to_string());
        let exit = closed.exit.map(|exit| exit.to_string()).unwrap_or_else(|| "no exit".into());
        let lines: Vec<&str> = closed.stderr.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let stderr = lines[lines.len().saturating_sub(3)..].join(" | ");
        let suffix = if stderr.is_empty() { String::new() } else { format!("; it said: {stderr}") };
        format!("no answer: {cause} ({exit}{suffix})")
    }
}

/// What answers a question.
enum Command {
    Yes,
    No,
    Always,
}

impl Command {
    fn of(text: &str) -> Option<Self> {
        match text {
            "y" | "yes" => Some(Self::Yes),
            "n" | "no" => Some(Self::No),
            "a" | "always" => Some(Self::Always),
            _ => None,
        }
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
