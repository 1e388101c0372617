//! Errors for the client, with the text of the CLI or of the system.

use agent_client_protocol::Error;
use claude_duplex::SessionClosed;
use claude_duplex::message::{Failure, FailureKind};

/// Number of lines at the end of stderr that an error contains.
const LINES: usize = 5;

/// Maximum length of the text of an error, in characters.
const LONGEST: usize = 2000;

/// Returns an internal error with a message.
pub(crate) fn internal(message: impl AsRef<str>) -> Error {
    let mut error = Error::internal_error();
    error.message = cut(message.as_ref());
    error
}

/// Returns the error of a request with unusable parameters.
pub(crate) fn invalid(message: impl AsRef<str>) -> Error {
    let mut error = Error::invalid_params();
    error.message = cut(message.as_ref());
    error
}

/// Returns an error with the text of another error and of its causes.
pub(crate) fn caused(what: &str, error: &dyn std::error::Error) -> Error {
    let causes = std::iter::successors(error.source(), |error| error.source());
    internal(causes.fold(format!("{what}: {error}"), |text, cause| format!("{text}: {cause}")))
}

/// Returns the error of a CLI that has ended, with its last output.
pub(crate) fn ended(closed: &SessionClosed) -> Error {
    let cause = closed.last_error.clone().unwrap_or_else(|| closed.reason.to_string());
    let exit = closed.exit.map(|exit| format!(" ({exit})")).unwrap_or_default();
    let last_lines = |text: &str| {
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        lines[lines.len().saturating_sub(LINES)..].join("\n")
    };
    let words = [last_lines(&closed.stderr), last_lines(&closed.rejected_tail)];
    let words: Vec<&str> = words.iter().map(String::as_str).filter(|words| !words.is_empty()).collect();
    let words = if words.is_empty() { String::new() } else { format!(": {}", words.join("\n")) };
    internal(format!("the claude process has ended: {cause}{exit}{words}"))
}

/// Returns the error of a turn that failed.
pub(crate) fn failed(failure: Option<Failure>, text: String) -> Error {
    let Some(failure) = failure else { return internal(text) };
    let text = if failure.message.is_empty() { text } else { failure.message };
    match failure.kind {
        FailureKind::Authentication => {
            let mut error = Error::auth_required();
            error.message = cut(&format!("{text} (run `claude /login` in a terminal)"));
            error
        }
        _ => internal(text),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
