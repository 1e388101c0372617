//! Law 8, for what is refused: a command is refused as full until there is room for it, and no command ends the session.

use claude_duplex::{Action, Input, Interrupt, Lost, Outcome, Prompt, Protocol, Request, Time, WhyRefused};

use super::Case;

/// A command that may be refused.
#[derive(Clone)]
enum Command {
    Prompt(Prompt),
    Request(Request),
    Interrupt(Interrupt),
}

impl Command {
    fn of(input: &Input<'_>) -> Option<Self> {
        Some(match input {
            Input::Prompt(prompt) => Self::Prompt(prompt.clone()),
            Input::Request(request) => Self::Request(request.clone()),
            Input::Interrupt(interrupt) => Self::Interrupt(interrupt.clone()),
            _ => return None,
        })
    }

    fn give(self, protocol: &mut Protocol, now: Time) -> Option<WhyRefused> {
        match self {
            Self::Prompt(prompt) => protocol.prompt(now, prompt).err().map(|refused| refused.why),
            Self::Request(request) => protocol.request(now, request).err().map(|refused| refused.why),
            Self::Interrupt(interrupt) => protocol.interrupt(now, interrupt).err().map(|refused| refused.why),
        }
    }
}

/// Counts the commands that were refused for want of room.
pub(crate) fn judge(case: &Case) -> usize {
    let mut protocol = case.history.begin();
    let (mut refused, mut judged) = (Vec::new(), 0);
    for (now, input) in &case.history.inputs {
        let command = Command::of(input);
        let why = match command.clone() {
            Some(command) => command.give(&mut protocol, *now),
            None => {
                protocol.apply(*now, input.clone());
                None
            }
        };
        let actions: Vec<Action> = std::iter::from_fn(|| protocol.poll_action()).collect();
        let told = actions.contains(&Action::Room);
        if let Some(command) = command {
            let aborted = Outcome::Lost(Lost::Aborted);
            let ends = |action: &Action| matches!(action, Action::PromptEnded { outcome, .. } if *outcome == aborted);
            assert!(!actions.iter().any(ends), "a command ends the session");
            if matches!(why, Some(WhyRefused::Full | WhyRefused::TooLong)) {
                assert!(actions.is_empty(), "a refusal changes nothing: {actions:?}");
                judged += 1;
            }
            if why == Some(WhyRefused::Full) {
                refused.push(command);
            }
        }
        // More lines of one read may take the room again.
        if told && !matches!(input, Input::Receive(_)) {
            let full = |command: &Command| command.clone().give(&mut protocol.clone(), *now) == Some(WhyRefused::Full);
            assert!(!refused.iter().all(full), "there is room for nothing that was refused");
        }
        if told {
            refused.clear();
        }
    }
    judged
}
