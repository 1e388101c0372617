//! How a turn ended.

mod subagents;
mod words;

pub use subagents::{SubagentStats, SubagentsKilled, SubagentsRefused, SubagentsRequested};
pub use words::{FastMode, ResultKind, TerminalReason};

use std::collections::BTreeMap;

use super::assistant::StopReason;
use super::origin::MessageOrigin;
use super::usage::{ModelUsage, Usage};
use crate::base::json::Json;
use crate::wire::facts::{BROKE_OFF, DIAGNOSTIC, INTERRUPTED};
use crate::wire::view::view;

view! {
    /// A `result` line: how a turn ended ([wire reference, section 1.4](crate::guide::wire#14-fields-of-messages)).
    pub struct TurnResult {
        must {
            /// How it ended, roughly; see [`is_error`](TurnResult::is_error) too.
            subtype: ResultKind,
        }
        may {
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
            /// What the turn has to say at its end: the last text of the answer, or the API's error text. Only with
            /// [`ResultKind::Success`].
            result: String,
            /// What went wrong. From 2.0.76, and only in the error results; see [`error_text`](TurnResult::error_text).
            errors: Vec<String>,
            /// Why it ended. From 2.1.143; not for slash commands that run without the model.
            terminal_reason: TerminalReason,
            /// Why the model stopped. From 2.1.50.
            stop_reason: StopReason,
            /// The API's status code, where the turn ended on an error of the API. From 2.1.143.
            api_error_status: u64,
            /// The API's own word for its error. From 2.1.329.
            api_error_type: String,
            /// Kind of the API's failure, e.g. `connection_failed`. Since 2.1.329.
            api_error: String,
            /// How long the turn took, in milliseconds.
            duration_ms: f64,
            /// How long the API took, in milliseconds: cumulative for the process.
            duration_api_ms: f64,
            /// How often the model was called.
            num_turns: u64,
            /// What the process has cost so far, in US dollars: cumulative, not this turn's. See
            /// [`cost_since`](TurnResult::cost_since).
            total_cost_usd: f64,
            /// This turn's tokens, of the main loop only.
            usage: Usage,
            /// What each model was used for: cumulative for the process.
            model_usage = "modelUsage": BTreeMap<String, ModelUsage>,
            /// What each model was used for since the last result. From 2.1.329.
            model_usage_since_last_result: BTreeMap<String, ModelUsage>,
            /// The answer in the shape of the schema that was asked for.
            structured_output: Json,
            /// A call of a tool that a hook put off.
            deferred_tool_use: DeferredToolUse,
            /// What started the turn, where that was no prompt of a host. From 2.1.143.
            origin: MessageOrigin,
            /// The last prompt that it answers. From 2.1.250.
            user_message_uuid: String,
            /// The prompts that it answers, in the order in which they were consumed, at most 64. From 2.1.259.
            user_message_uuids: Vec<String>,
            /// The model's messages that the turn began, by their ids. From 2.1.330.
            begun_message_ids: Vec<String>,
            /// Why the turn resumed an earlier one.
            resume_reason: String,
            /// Prompts in the CLI's queue when it was written. From 2.1.250.
            queued_turn_count: u64,
            /// Which result of the process it is, from 0; a gap means a lost one. From 2.1.329.
            result_index: u64,
            /// The slash command, without the slash, that was the whole turn. From 2.1.329.
            local_command: String,
            /// Subagents of the process, counted. From 2.1.250.
            subagent_stats: SubagentStats,
            /// How often the turn was stopped for safety. From 2.1.329.
            safety_stops: u64,
            /// Why the CLI could not start.
            startup_failure_reason: String,
            /// The configuration file that could not be read.
            invalid_config_file: InvalidConfigFile,
            /// When the credentials end.
            credential_expires_at: Json,
            /// Whether the model is to be fast. From 2.1.143.
            fast_mode_state: FastMode,
            /// Why it cannot be. From 2.1.250.
            fast_mode_disabled_reason: String,
            /// From the prompt to the first token, in milliseconds. From 2.1.143.
            ttft_ms: f64,
            /// From the prompt to the first event of the answer, in milliseconds. From 2.1.250.
            ttft_stream_ms: f64,
            /// From the prompt to the first request, in milliseconds. From 2.1.250.
            time_to_request_ms: f64,
            /// From the prompt to the first line with content, in milliseconds. From 2.1.329.
            first_content_frame_ms: f64,
            /// When the first request was sent, in milliseconds since 1970. From 2.1.250.
            request_sent_wall_ms: f64,
            /// Tokens that the first request had read. From 2.1.329.
            first_request_input_tokens: u64,
            /// Tokens that the first request had read from the cache. From 2.1.329.
            first_request_cache_read_input_tokens: u64,
            /// Whether the session took over a process that was started in advance.
            warm_spare_claimed: bool,
        }
        or_default {
            /// Whether it is an error. A success can be one, where the API failed; an interrupted turn's, and one that had too
            /// many turns, is none up to 2.1.50.
            is_error: bool,
            /// Tools that were not allowed to run.
            permission_denials: Vec<PermissionDenial>,
        }
    }

    /// A configuration file that is not valid JSON.
    pub struct InvalidConfigFile {
        must {
            /// Path of the file, on the CLI's machine.
            path: String,
        }
        may {
            /// Path of a backup that may be usable.
            backup_path: String,
        }
        or_default {
            /// True if the file is the CLI's global configuration.
            is_global: bool,
            /// True if the CLI looked for a backup.
            backup_searched: bool,
        }
    }

    /// A call of a tool that was not allowed.
    pub struct PermissionDenial {
        may {
            /// The call.
            tool_use_id: String,
            /// What it was to do.
            tool_input: Json,
        }
        or_default {
            /// The tool.
            tool_name: String,
        }
    }

    /// A call of a tool that a `PreToolUse` hook put off.
    pub struct DeferredToolUse {
        must {
            /// The call.
            id: String,
            /// The tool.
            name: String,
        }
        may {
            /// What it is to do.
            input: Json,
        }
    }
}

impl TurnResult {
    /// Returns what went wrong, as text: the errors, else the result's text, else the subtype unless it is `success`, else the
    /// API's status ([wire reference, section 3.8](crate::guide::wire#38-exit)). The CLI's remarks for its own developers (`[ede_diagnostic] ...`, in the
    /// results of interrupted turns since 2.1.77 or so) do not count; instead of them the text says that the turn was interrupted, or
    /// broke off.
    #[must_use]
    pub fn error_text(&self) -> String {
        let errors = self.error_texts();
        let errors: Vec<_> = errors.iter().map(String::as_str).filter(|text| says_something(text)).collect();
        if !errors.is_empty() {
            return errors.join("; ");
        }
        match (self.result.as_deref().map(str::trim), &self.subtype, self.api_error_status) {
            (Some(text), ..) if !text.is_empty() => text.to_owned(),
            _ if self.is_aborted() => INTERRUPTED.to_owned(),
            (_, ResultKind::ErrorDuringExecution, _) if self.error_texts().iter().any(|error| is_diagnostic(error)) => {
                BROKE_OFF.to_owned()
            }
            (_, ResultKind::Success, Some(status)) => format!("API error (HTTP {status})"),
            (_, ResultKind::Success, None) => "unknown error".to_owned(),
            (_, subtype, _) => subtype.as_str().to_owned(),
        }
    }

    /// Returns whether the turn was interrupted. Before 2.1.91 the result of an interrupted turn, and of one that broke off by
    /// itself, are the same: both count.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        match &self.terminal_reason {
            Some(_) => self.is_aborted(),
            None => self.subtype == ResultKind::ErrorDuringExecution && self.says_nothing(),
        }
    }

    pub(super) fn is_aborted(&self) -> bool {
        let aborted = [TerminalReason::AbortedStreaming, TerminalReason::AbortedTools];
        self.terminal_reason.as_ref().is_some_and(|reason| aborted.contains(reason))
    }

    /// Returns whether no error and no text says what went wrong.
    fn says_nothing(&self) -> bool {
        self.result.as_deref().is_none_or(|text| text.trim().is_empty())
            && !self.error_texts().iter().any(|text| says_something(text))
    }

    /// The errors; a bare text counts as one, and in a list what is no text does not count.
    fn error_texts(&self) -> Vec<String> {
        if let Some(errors) = &self.errors {
            return errors.clone();
        }
        let Some(odd) = self.unknown_fields.get("errors") else { return Vec::new() };
        let items = odd.decode::<Vec<Json>>().unwrap_or_else(|_| vec![odd.clone()]);
        items.iter().filter_map(|item| item.decode().ok()).collect()
    }

    /// What was spent since the result before it, in US dollars; `None` where this one does not say.
    ///
    /// From 2.1.329 on the CLI tells it. Before, it is the difference of the two totals; a total that became smaller began
    /// anew, as `/clear` makes it ([wire reference, section 1.3](crate::guide::wire#13-lines-from-the-cli), `conversation_reset`).
    #[must_use]
    pub fn cost_since(&self, before: Option<&Self>) -> Option<f64> {
        self.cost_after(before.and_then(|before| before.total_cost_usd))
    }

    /// The same, after a total of that many US dollars.
    pub(crate) fn cost_after(&self, total_before: Option<f64>) -> Option<f64> {
        if let Some(models) = &self.model_usage_since_last_result {
            return Some(models.values().filter_map(|model| model.cost_usd).sum());
        }
        let total = self.total_cost_usd?;
        let before = total_before.filter(|before| *before <= total);
        Some(total - before.unwrap_or(0.0))
    }
}

/// Whether it is an error for people: neither blank nor a remark for the CLI's developers.
fn says_something(error: &str) -> bool {
    let error = error.trim();
    !error.is_empty() && !is_diagnostic(error)
}

fn is_diagnostic(error: &str) -> bool {
    error.trim_start().starts_with(DIAGNOSTIC)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::read::{Tags, view_of};

    fn result(fields: &str) -> TurnResult {
        view_of(format!("{{{fields}}}").as_bytes(), Tags::NONE).unwrap()
    }

    #[test]
    fn no_field_hides_another() {
        for odd in [r#""is_error":null"#, r#""is_error":"no""#, r#""usage":{"n":1e400,"s":"\ud83d"}"#, r#""usage":7"#] {
            let result = result(&format!(r#""subtype":"success",{odd},"total_cost_usd":1e400,"result":"a \ud83d b""#));
            assert_eq!((result.is_error, result.result.as_deref()), (false, Some("a \u{fffd} b")), "{odd}");
        }
    }

    #[test]
    fn the_error_text_is_the_one_that_says_most() {
        let cases = [
            (r#""subtype":"error_during_execution","errors":["a"," ","b"],"result":"r""#, "a; b"),
            (r#""subtype":"error_during_execution","errors":[" "]"#, "error_during_execution"),
            (r#""subtype":"error_max_turns""#, "error_max_turns"),
            (r#""subtype":"success","result":"API Error: 400""#, "API Error: 400"),
            (r#""subtype":"success","result":" ","api_error_status":529"#, "API error (HTTP 529)"),
            (r#""subtype":"success","errors":null"#, "unknown error"),
            (r#""subtype":"success","errors":"bare""#, "bare"),
            (
                r#""subtype":"error_during_execution","errors":["[ede_diagnostic] result_type=user"],"terminal_reason":"aborted_tools""#,
                "the turn was interrupted",
            ),
            (
                r#""subtype":"error_during_execution","errors":["[ede_diagnostic] result_type=user"]"#,
                "the turn ended early, without an answer",
            ),
            (r#""subtype":"error_during_execution","errors":["[ede_diagnostic] a","real"]"#, "real"),
            (r#""subtype":"error_new","errors":["a",5,{}]"#, "a"),
            (r#""subtype":"error_new","errors":{"a":5}"#, "error_new"),
        ];
        for (fields, expected) in cases {
            assert_eq!(result(fields).error_text(), expected, "{fields}");
        }
    }

    #[test]
    fn a_turns_cost_is_told_or_is_the_difference() {
        let total = |usd: f64| result(&format!(r#""subtype":"success","total_cost_usd":{usd}"#));
        assert_eq!(total(0.5).cost_since(None), Some(0.5));
        assert_eq!(total(0.5).cost_since(Some(&total(0.25))), Some(0.25));
        assert_eq!(total(0.5).cost_since(Some(&total(2.0))), Some(0.5));
        assert_eq!(result(r#""subtype":"success""#).cost_since(Some(&total(2.0))), None);
        let told = r#""subtype":"success","total_cost_usd":9,"model_usage_since_last_result":{"a":{"costUSD":1},"b":{"costUSD":2}}"#;
        assert_eq!(result(told).cost_since(Some(&total(0.25))), Some(3.0));
    }
}
