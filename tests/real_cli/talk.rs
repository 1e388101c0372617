//! A session with the real CLI, for a trial: the smol driver, with everything that happens taken note of.

use std::path::PathBuf;

use claude_duplex::options::Options;
use claude_duplex::smol::{Smol, spawn};
use claude_duplex::{
    Action, Ask, AskKinds, Closed, Config, Driver, Lost, Message, Outcome as Ended, Prompt, PromptId, Seed, TurnResult,
};

use crate::watch::Case;

pub(crate) type Trial = Result<(), Box<dyn std::error::Error>>;

pub(crate) struct Talk<'c> {
    case: &'c Case,
    pub(crate) claude: Driver<Smol>,
    /// Every action, as it came.
    pub(crate) actions: Vec<Action>,
}

/// How a prompt ended.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) outcome: Ended,
    pub(crate) result: Option<TurnResult>,
}

impl<'c> Talk<'c> {
    /// A session that owns every ask.
    pub(crate) fn start(case: &'c Case) -> Result<Self, Box<dyn std::error::Error>> {
        Self::with(case, |options| options.host_permission_prompts().include_partial_messages(), |_| ())
    }

    pub(crate) fn with(
        case: &'c Case,
        options: impl FnOnce(Options) -> Options,
        configure: impl FnOnce(&mut Config),
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let program = case.cli.script.clone().unwrap_or_else(|| PathBuf::from(&case.cli.program));
        let plain = Options::new().program(program).current_dir(case.place.cwd()).env_clear();
        let plain = case.environment().into_iter().fold(plain, |options, (name, value)| options.env(name, value));
        let mut config = Config::new(Seed::random());
        config.owned = AskKinds::ALL;
        configure(&mut config);
        Ok(Self { case, claude: spawn(&options(plain), config)?, actions: Vec::new() })
    }

    pub(crate) fn prompt(&mut self, prompt: impl Into<Prompt>) -> Result<PromptId, String> {
        self.claude.prompt(prompt).map_err(|refused| refused.to_string())
    }

    /// The first action from now on that `pick` wants.
    pub(crate) async fn until<T>(
        &mut self,
        what: &str,
        mut pick: impl FnMut(&Action) -> Option<T>,
    ) -> Result<T, String> {
        while let Some(action) = self.claude.next().await {
            if let Action::Message { message, .. } = &action {
                self.case.seen.line(&message.line());
            }
            if let Action::Closed(closed) = &action {
                self.case.seen.stderr(closed.stderr.as_bytes());
            }
            let picked = pick(&action);
            self.actions.push(action);
            if let Some(picked) = picked {
                return Ok(picked);
            }
        }
        Err(format!("the session ended before {what}"))
    }

    pub(crate) async fn ended(&mut self, wanted: PromptId) -> Result<End, String> {
        let already = self.actions.iter().find_map(|action| ended(action, wanted));
        match already {
            Some(end) => Ok(end),
            None => self.until("the prompt's end", |action| ended(action, wanted)).await,
        }
    }

    pub(crate) async fn asked(&mut self) -> Result<Ask, String> {
        let ask = |action: &Action| match action {
            Action::Asked(ask) => Some(ask.clone()),
            _ => None,
        };
        self.until("an ask", ask).await
    }

    /// Until a message that holds that text.
    pub(crate) async fn message(&mut self, text: &str) -> Result<Message, String> {
        let holds = |action: &Action| match action {
            Action::Message { message, .. } if message.line().contains(text) => Some(message.clone()),
            _ => None,
        };
        self.until(text, holds).await
    }

    /// Closes the session in order and drives it to its end.
    pub(crate) async fn close(&mut self) -> Result<Closed, String> {
        self.claude.close();
        self.closed().await
    }

    pub(crate) async fn closed(&mut self) -> Result<Closed, String> {
        let closed = |action: &Action| match action {
            Action::Closed(closed) => Some(closed.clone()),
            _ => None,
        };
        self.until("its end", closed).await
    }

    /// The text of every tool result so far.
    pub(crate) fn tool_results(&self) -> String {
        let messages = self.actions.iter().filter_map(|action| match action {
            Action::Message { message, .. } => Some(message),
            _ => None,
        });
        let blocks = messages.filter_map(|message| message.content().ok()).flatten();
        let results = blocks.filter_map(|block| match block {
            claude_duplex::Content::ToolResult { content, .. } => Some(content.as_str().to_owned()),
            _ => None,
        });
        results.collect::<Vec<_>>().join("\n")
    }
}

impl End {
    /// The text of a good answer.
    pub(crate) fn text(&self) -> &str {
        assert_eq!(self.outcome, Ended::Success, "{self:?}");
        self.result.as_ref().and_then(|result| result.result.as_deref()).unwrap_or_default()
    }

    pub(crate) fn is_lost(&self) -> bool {
        matches!(self.outcome, Ended::Lost(Lost::Eof | Lost::Exited | Lost::Closed))
    }
}

fn ended(action: &Action, wanted: PromptId) -> Option<End> {
    match action {
        Action::PromptEnded { prompt, outcome, result, .. } if *prompt == wanted => {
            let result = result.as_ref().and_then(|result| result.result().ok());
            Some(End { outcome: *outcome, result })
        }
        _ => None,
    }
}
