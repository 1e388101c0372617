//! Data of a `result`, the end of a turn.

use super::{cut, uuid};
use crate::base::ids::Uuid;
use crate::wire::scan::raw::Raw;
use crate::wire::text::Text;

/// Maximum number of prompts that a result names ([wire reference, section 1.4](crate::guide::wire#14-fields-of-messages)).
/// A list of this length may be truncated.
const NAMED: usize = 64;
/// Maximum number of named prompts that are read. Prompts beyond this limit are found like those of a truncated list.
const NAMED_READ: usize = 4 * NAMED;
/// Maximum length of a result's error text that is kept, in characters.
const LONGEST_ERROR: usize = 4096;

/// Data of a `result`: a turn ends.
#[derive(Debug, Default)]
pub(crate) struct ResultFacts {
    pub(crate) subtype: Option<String>,
    pub(crate) is_error: Option<bool>,
    pub(crate) terminal_reason: Option<String>,
    /// Error text of at most [`LONGEST_ERROR`] characters, if the result reports an error.
    pub(crate) error: Option<String>,
    pub(crate) stop_reason: Option<String>,
    pub(crate) num_turns: Option<u64>,
    /// `Some(true)` if the result has a text that is not empty, and `None` if it has no text.
    has_text: Option<bool>,
    answers_first: Option<Uuid>,
    origin: Option<String>,
    answers: Option<Vec<Uuid>>,
    answers_may_be_cut: bool,
}

impl ResultFacts {
    /// Returns the origin of the turn if the CLI reports another one than a prompt of the host.
    pub(crate) fn own_origin(&self) -> Option<&str> {
        self.origin.as_deref().filter(|kind| *kind != "human")
    }

    /// Returns `true` if the turn succeeded. No CLI sends a result without a subtype; such a result is judged by its other
    /// fields.
    pub(crate) fn succeeded(&self) -> bool {
        match self.subtype.as_deref() {
            Some(subtype) => subtype == "success" && self.is_error != Some(true),
            None => self.has_text.is_some() && self.is_error != Some(true),
        }
    }

    /// Returns `true` if the result has a text that is not empty.
    pub(crate) fn has_text(&self) -> bool {
        self.has_text == Some(true)
    }

    /// Returns `true` if the turn ended after a tool returned, without further output of the model.
    pub(crate) fn ends_at_a_tool(&self) -> bool {
        self.stop_reason.as_deref() == Some("tool_use") && !self.has_text()
    }

    /// Returns `true` if the turn made no request to a model: its count of turns is 0. Before 2.1.91 the missing
    /// `stop_reason` shows this.
    pub(crate) fn skipped_the_model(&self, counts_turns: bool) -> bool {
        if counts_turns { self.num_turns == Some(0) } else { self.stop_reason.is_none() }
    }

    /// Returns `true` if the turn may have been aborted.
    pub(crate) fn may_be_aborted(&self) -> bool {
        let reason = self.terminal_reason.as_deref();
        let crashed = || self.subtype.as_deref() == Some("error_during_execution") || self.ends_at_a_tool();
        reason.map_or_else(crashed, |reason| reason.starts_with("aborted"))
    }

    /// Returns a prompt that the result answers, if the CLI names only one, as 2.1.250 does. The result may answer more.
    pub(crate) fn answers_first(&self) -> Option<Uuid> {
        self.answers_first
    }

    /// Returns the prompts that the result answers, if the CLI reports them (since 2.1.259).
    pub(crate) fn answers(&self) -> Option<&[Uuid]> {
        self.answers.as_deref()
    }

    /// Returns `true` if the list of answered prompts may be truncated.
    pub(crate) fn answers_may_be_cut(&self) -> bool {
        self.answers_may_be_cut
    }
}

/// Prefix of errors that are meant for the developers of the CLI: `[ede_diagnostic] ...`.
pub(crate) const DIAGNOSTIC: &str = "[ede_";
/// Error text of an interrupted turn.
pub(crate) const INTERRUPTED: &str = "the turn was interrupted";
/// Error text of a turn whose only error is a diagnostic.
pub(crate) const BROKE_OFF: &str = "the turn ended early, without an answer";

pub(crate) fn result(line: &[u8]) -> ResultFacts {
    let mut facts = ResultFacts::default();
    let (mut errors, mut text, mut status, mut named) = (None, None, None, None);
    for (key, value) in Raw::line(line).members() {
        if key.is("subtype") {
            facts.subtype = value.text().map(cut);
        } else if key.is("is_error") {
            facts.is_error = value.boolean();
        } else if key.is("terminal_reason") {
            facts.terminal_reason = value.text().map(cut);
        } else if key.is("stop_reason") {
            facts.stop_reason = value.text().map(cut);
        } else if key.is("num_turns") {
            facts.num_turns = value.number();
        } else if key.is("user_message_uuid") {
            facts.answers_first = value.text().and_then(uuid);
        } else if key.is("origin") {
            facts.origin = value.text_of("kind").map(cut);
        } else if key.is("user_message_uuids") {
            named = Some(value);
        } else if key.is("errors") {
            errors = Some(value);
        } else if key.is("result") {
            text = value.text();
            facts.has_text = text.map(|text| text.chars().next().is_some());
        } else if key.is("api_error_status") {
            status = value.number();
        }
    }
    let named = named.filter(|named| named.is_list());
    // A list that contains a value of another type is ignored.
    let named: Option<Vec<_>> = named.and_then(|named| named.items().take(NAMED_READ).map(Raw::text).collect());
    facts.answers_may_be_cut = named.as_ref().is_some_and(|named| named.len() >= NAMED);
    facts.answers = named.map(|named| named.into_iter().filter_map(uuid).collect());
    if facts.is_error == Some(true) {
        let error = errors.and_then(listed_errors).or_else(|| text.and_then(trimmed_start));
        let subtype = facts.subtype.as_deref();
        let aborted = matches!(facts.terminal_reason.as_deref(), Some("aborted_streaming" | "aborted_tools"));
        facts.error = Some(error.unwrap_or_else(|| match (subtype, status) {
            (None, _) => "the field `subtype` is missing".to_owned(),
            _ if aborted => INTERRUPTED.to_owned(),
            (Some("error_during_execution"), _) if errors.is_some_and(has_diagnostic) => BROKE_OFF.to_owned(),
            (Some("success"), Some(status)) => format!("API error (HTTP {status})"),
            (Some("success"), None) => "unknown error".to_owned(),
            (Some(subtype), _) => subtype.to_owned(),
        }));
    }
    facts
}

/// Returns `true` if an error is a diagnostic for the developers of the CLI.
fn is_diagnostic(error: Text<'_>) -> bool {
    error.chars().skip_while(|character| character.is_whitespace()).take(DIAGNOSTIC.len()).eq(DIAGNOSTIC.chars())
}

fn has_diagnostic(errors: Raw<'_>) -> bool {
    errors.text().into_iter().chain(errors.items().filter_map(Raw::text)).any(is_diagnostic)
}

/// Joins the strings of a list of errors. A single string counts as a list. Returns `None` if all are empty.
fn listed_errors(errors: Raw<'_>) -> Option<String> {
    let mut joined = String::new();
    let mut room = LONGEST_ERROR;
    let mut push = |text: &mut dyn Iterator<Item = char>| {
        text.take(room).for_each(|character| {
            joined.push(character);
            room -= 1;
        });
        room > 0
    };
    let mut first = true;
    for text in errors.text().into_iter().chain(errors.items().filter_map(Raw::text)) {
        if text.chars().all(char::is_whitespace) || is_diagnostic(text) {
            continue;
        }
        if !first && !push(&mut "; ".chars()) || !push(&mut text.chars()) {
            break;
        }
        first = false;
    }
    (!joined.is_empty()).then_some(joined)
}

/// Returns the start of a text, trimmed. Returns `None` if the text is blank.
fn trimmed_start(text: Text<'_>) -> Option<String> {
    let mut rest = text.chars().skip_while(|character| character.is_whitespace());
    let mut start: String = rest.by_ref().take(LONGEST_ERROR).collect();
    if rest.all(char::is_whitespace) {
        start.truncate(start.trim_end().len());
    }
    (!start.is_empty()).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Message;

    /// Returns the error text of a result, after checking that the typed view has the same text.
    fn error(fields: &str) -> String {
        let line = format!(r#"{{"type":"result","is_error":true{fields}}}"#);
        let error = result(line.as_bytes()).error.expect("it is an error");
        let view = Message::parse(line.as_bytes()).expect("a line").result();
        let viewed = view.map_or_else(|error| error.to_string(), |view| view.error_text());
        assert_eq!(error, viewed.chars().take(LONGEST_ERROR).collect::<String>(), "{line}");
        error
    }

    #[test]
    fn the_scanned_error_text_is_that_of_the_view() {
        assert_eq!(error(r#","subtype":"success","result":" limit\u0021 \n""#), "limit!");
        assert_eq!(error(r#","subtype":"error","errors":["a"," ","b"],"result":"c""#), "a; b");
        assert_eq!(error(r#","subtype":"error","errors":["a",5,"b"]"#), "a; b");
        assert_eq!(error(r#","subtype":"error","errors":"bare""#), "bare");
        assert_eq!(error(r#","subtype":"error","errors":{"a":"b"}"#), "error");
        assert_eq!(error(r#","subtype":"success","api_error_status":529"#), "API error (HTTP 529)");
        assert_eq!(error(r#","subtype":"success","result":" ""#), "unknown error");
        assert_eq!(error(""), "the field `subtype` is missing");
        let diagnostic = r#","subtype":"error_during_execution","errors":["[ede_diagnostic] result_type=user"]"#;
        assert_eq!(error(diagnostic), BROKE_OFF);
        assert_eq!(error(&format!(r#"{diagnostic},"terminal_reason":"aborted_tools""#)), INTERRUPTED);
        assert_eq!(error(&format!(r#"{diagnostic},"result":"said""#)), "said");
        assert_eq!(error(r#","subtype":"error_during_execution","errors":[" [ede_a","real"]"#), "real");
        let long = "x ".repeat(3000);
        assert_eq!(error(&format!(r#","subtype":"error","result":" {long}y""#)).chars().count(), LONGEST_ERROR);
        assert_eq!(
            error(&format!(r#","subtype":"error","errors":["{long}","{long}"]"#)).chars().count(),
            LONGEST_ERROR
        );
        let spaces = format!(r#","subtype":"error","result":"{}{}""#, "x".repeat(4000), " ".repeat(4000));
        assert_eq!(error(&spaces).len(), 4000);
        assert_eq!(result(br#"{"type":"result","is_error":false,"errors":["a"]}"#).error, None);
    }

    #[test]
    fn a_list_of_prompts_with_an_invalid_entry_is_ignored() {
        let named = |list: &str| {
            let line = format!(r#"{{"type":"result","user_message_uuids":{list}}}"#);
            let facts = result(line.as_bytes());
            (facts.answers().map(<[Uuid]>::len), facts.answers_may_be_cut())
        };
        let uuid = r#""00000000-0000-4000-8000-0000000000a1""#;
        assert_eq!(named(&format!("[{uuid},\"other\"]")), (Some(1), false));
        assert_eq!(named("[]"), (Some(0), false));
        for list in ["{}", "null", "\"\"", "[5]", &format!("[{uuid},null]")] {
            assert_eq!(named(list), (None, false), "{list}");
        }
        assert_eq!(named(&format!("[{}5]", format!("{uuid},").repeat(NAMED_READ))), (Some(NAMED_READ), true));
    }

    #[test]
    fn the_last_of_two_equal_keys_counts() {
        let line = br#"{"subtype":"success","is_error":true,"subtype":"error","is_error":"no"}"#;
        let facts = result(line);
        assert_eq!((facts.subtype.as_deref(), facts.is_error), (Some("error"), None));
    }
}
