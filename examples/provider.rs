//! A provider of a chat application on the CLI: it takes a system prompt and a history, and returns a stream of events. The
//! session stays open between the calls.
//!
//!     cargo run --example provider --features tokio -- [MODEL]
//!
//! Each typed line is a message. For a tool that needs a permission, `y` allows the call, and any other line denies it. The
//! CLI is the `claude` in `PATH`, or the program in `CLAUDE_BIN`.

use std::collections::VecDeque;
use std::error::Error;
use std::io::{Write, stdin, stdout};
use std::sync::Arc;

use claude_duplex::message::usage::Usage;
use claude_duplex::message::{Accumulator, Edit};
use claude_duplex::request::SetModel;
use claude_duplex::{
    Answer, Block, Config, Decision, IncomingKind, IncomingRequests, Json, OpenRequests, Options, Prompt, PromptHandle,
    RespondError, Session, SessionError,
};
use futures_lite::{Stream, StreamExt, stream::unfold};

/// A message of the conversation, as the application keeps it.
pub(crate) struct HistoryMessage {
    pub(crate) role: Role,
    pub(crate) parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Role {
    User,
    Assistant,
}

pub(crate) enum Part {
    Text(String),
    /// A picture: its media type, and its bytes in base64.
    #[allow(dead_code, reason = "a terminal has none")]
    Image(String, String),
}

#[derive(Debug)]
pub(crate) enum Event {
    /// What changes in the answer as it is shown.
    Edit(Edit),
    /// A tool waits for [`Provider::confirm`] with that id.
    Confirm { id: String, tool: String, input: Json },
    /// Tokens of the answer so far. How full the context is, [`Usage::context_tokens`] says.
    Usage(Usage),
    /// The whole answer, with the tokens and the cost of its turn.
    Done(Answer),
}

pub(crate) struct Provider {
    options: Options,
    /// Held while an answer is streamed: the calls come one after the other.
    running: Arc<tokio::sync::Mutex<Option<Running>>>,
    /// Requests that wait for the user.
    open: OpenRequests,
}

/// A session, and what it was started with.
struct Running {
    claude: Session,
    requests: IncomingRequests,
    model: String,
    system: String,
}

impl Provider {
    /// Creates a provider. The CLI is started by the first call.
    pub(crate) fn new(options: Options) -> Self {
        Self { options, running: Arc::default(), open: OpenRequests::new() }
    }

    /// Has the model answer the last message. Dropping the stream interrupts the answer.
    pub(crate) async fn stream(
        &self,
        model: &str,
        system: &str,
        history: &[HistoryMessage],
    ) -> Result<impl Stream<Item = Result<Event, SessionError>> + Send + use<>, SessionError> {
        let mut running = Arc::clone(&self.running).lock_owned().await;
        let serves = |running: &Running| running.claude.is_alive() && running.system == system;
        let goes_on = running.as_ref().is_some_and(serves);
        if !goes_on {
            *running = Some(self.start(model, system)?);
        }
        let session = running.as_mut().expect("it was started");
        if session.model != model {
            session.claude.call(SetModel::new(model)).await?;
            model.clone_into(&mut session.model);
        }
        let prompt = Prompt::from_blocks(blocks(history, goes_on));
        let prompt = session.claude.prompt(prompt)?.interrupt_on_drop();
        let (accumulator, events, usage) = (Accumulator::new(), VecDeque::new(), Usage::default());
        let open = self.open.clone();
        Ok(unfold(Reply { running, prompt: Some(prompt), accumulator, usage, events, open }, Reply::next).boxed())
    }

    /// Decides about the tool of an [`Event::Confirm`].
    pub(crate) fn confirm(&self, id: &str, decision: Decision) -> Result<(), RespondError> {
        self.open.respond(id, decision)
    }

    fn start(&self, model: &str, system: &str) -> Result<Running, SessionError> {
        let options = self.options.clone().model(model).system_prompt(system);
        let claude = Session::builder()
            .options(options.host_permission_prompts().include_partial_messages())
            .config(Config::default().handle(IncomingKind::Permission))
            .spawn_tokio()?;
        Ok(Running { requests: claude.incoming()?, claude, model: model.to_owned(), system: system.to_owned() })
    }
}

/// The last message; before it, as text, what was said before if the session does not know it.
fn blocks(history: &[HistoryMessage], goes_on: bool) -> Vec<Block> {
    let Some((last, before)) = history.split_last() else { return Vec::new() };
    let before = if goes_on { &[] } else { before };
    let mut blocks = Vec::new();
    for accumulator in before {
        blocks.push(Block::text(if accumulator.role == Role::User { "Human:" } else { "Assistant:" }));
        blocks.extend(accumulator.parts.iter().map(block));
    }
    blocks.extend(last.parts.iter().map(block));
    blocks
}

fn block(part: &Part) -> Block {
    match part {
        Part::Text(text) => Block::text(text),
        Part::Image(media_type, data) => Block::image_base64(media_type, data),
    }
}

/// An answer that is being streamed.
struct Reply {
    running: tokio::sync::OwnedMutexGuard<Option<Running>>,
    prompt: Option<PromptHandle>,
    accumulator: Accumulator,
    usage: Usage,
    events: VecDeque<Event>,
    open: OpenRequests,
}

impl Reply {
    async fn next(mut self) -> Option<(Result<Event, SessionError>, Self)> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some((Ok(event), self));
            }
            let (prompt, running) = (self.prompt.as_mut()?, self.running.as_mut()?);
            tokio::select! {
                // What was said before a request is shown before it.
                biased;
                message = prompt.next() => match message {
                    Some(Ok(message)) => {
                        self.events.extend(self.accumulator.add(&message).into_iter().map(Event::Edit));
                        if let Some(usage) = message.usage().filter(|_| !message.is_subagent()) {
                            self.usage.merge(&usage);
                            self.events.push_back(Event::Usage(self.usage.clone()));
                        }
                    }
                    Some(Err(lagged)) => return Some((Err(lagged.into()), self)),
                    None => {
                        let answer = self.prompt.take()?.await;
                        return Some((answer.map(Event::Done).map_err(SessionError::from), self));
                    }
                },
                Some(request) = running.requests.next() => {
                    // One that cannot be read is dropped, and so declined.
                    let Ok(tool) = request.permission() else { continue };
                    let id = self.open.insert(request);
                    self.events.push_back(Event::Confirm { id, tool: tool.tool_name, input: tool.input });
                }
            }
        }
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        // What nobody has confirmed is declined.
        self.open.decline_all();
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let model = std::env::args().nth(1).unwrap_or("default".to_owned());
    let program = std::env::var_os("CLAUDE_BIN").unwrap_or_else(|| "claude".into());
    let provider = Provider::new(Options::new().program(program));
    let (mut history, mut context, mut typed) = (Vec::new(), None, stdin().lines());
    while let Some(line) = typed.next().transpose()? {
        history.push(HistoryMessage { role: Role::User, parts: vec![Part::Text(line)] });
        let mut events = provider.stream(&model, "You are a friend of few words.", &history).await?;
        while let Some(event) = events.next().await {
            match event? {
                Event::Edit(Edit::Append { block, text, .. }) if block.is_answer() => print!("{text}"),
                Event::Edit(Edit::Replace { block, text, .. }) if block.is_answer() => print!("\n(anew) {text}"),
                Event::Confirm { id, tool, input } => {
                    println!("\nmay it run {tool} {}? (y/n)", input.as_str());
                    let decision = match typed.next().transpose()?.as_deref() {
                        Some("y") => Decision::allow(),
                        _ => Decision::deny("the user said no"),
                    };
                    provider.confirm(&id, decision)?;
                }
                Event::Usage(usage) => context = usage.context_tokens(),
                Event::Done(answer) => {
                    let (written, cost) = (answer.usage().and_then(|usage| usage.output_tokens), answer.cost_usd());
                    println!("\n(context {context:?}, written {written:?} tokens; {cost:?} US dollars)");
                    history.push(HistoryMessage { role: Role::Assistant, parts: vec![Part::Text(answer.text())] });
                }
                _ => {}
            }
            stdout().flush()?;
        }
    }
    Ok(())
}
