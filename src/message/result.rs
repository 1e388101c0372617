//! Results: the messages that end turns.

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
    /// `result` message, which ends a turn ([wire reference, section 1.4](crate::guide::wire#14-fields-of-messages)).
    pub struct TurnResult {
        must {
            /// Kind of the result. `success` does not exclude an error; see [`is_error`](TurnResult::is_error).
            subtype: ResultKind,
        }
        may {
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
            /// Final text of the turn: the last text of the answer, or the error text of the API. Only with
            /// [`ResultKind::Success`].
            result: String,
            /// Error texts. Since 2.0.76, and only if `subtype` is an error; see
            /// [`error_text`](TurnResult::error_text).
            errors: Vec<String>,
            /// Reason for the end of the turn. Since 2.1.143; absent for slash commands that run without the model.
            terminal_reason: TerminalReason,
            /// Reason why the model stopped. Since 2.1.50.
            stop_reason: StopReason,
            /// HTTP status of the API error that ended the turn. Since 2.1.143.
            api_error_status: u64,
            /// Type of the API error, as reported by the API, e.g. `rate_limit_error`. Since 2.1.329.
            api_error_type: String,
            /// Kind of the API error, as reported by the CLI, e.g. `connection_failed`. Since 2.1.329.
            api_error: String,
            /// Duration of the turn, in milliseconds.
            duration_ms: f64,
            /// Total duration of API requests, in milliseconds: cumulative for the process, not for this turn.
            duration_api_ms: f64,
            /// Number of calls of the model in this turn.
            num_turns: u64,
            /// Cost in US dollars: cumulative for the process, not for this turn. See
            /// [`cost_since`](TurnResult::cost_since) for the cost of one turn.
            total_cost_usd: f64,
            /// Token counts of this turn, without subagents.
            usage: Usage,
            /// Token counts and cost by model: cumulative for the process.
            model_usage = "modelUsage": BTreeMap<String, ModelUsage>,
            /// Token counts and cost by model since the previous result. Since 2.1.329.
            model_usage_since_last_result: BTreeMap<String, ModelUsage>,
            /// Answer in the shape of the requested JSON schema.
            structured_output: Json,
            /// Tool call that a hook deferred.
            deferred_tool_use: DeferredToolUse,
            /// Origin of the turn, if it did not start with a prompt of the host. Since 2.1.143.
            origin: MessageOrigin,
            /// `uuid` of the last prompt that the turn answers. Since 2.1.250.
            user_message_uuid: String,
            /// `uuid`s of the prompts that the turn answers, in the order in which the CLI consumed them; at most 64.
            /// Since 2.1.259.
            user_message_uuids: Vec<String>,
            /// Identifiers of the assistant messages that the turn began. Since 2.1.330.
            begun_message_ids: Vec<String>,
            /// Reason why the turn resumed an earlier one.
            resume_reason: String,
            /// Number of prompts in the CLI's queue when the result was written. Since 2.1.250.
            queued_turn_count: u64,
            /// Sequence number of the result in this process, from 0; a gap means a lost result. Since 2.1.329.
            result_index: u64,
            /// Slash command, without the slash, if the turn consisted of it alone. Since 2.1.329.
            local_command: String,
            /// Counts of subagents of the process. Since 2.1.250.
            subagent_stats: SubagentStats,
            /// Number of times the turn was stopped for safety. Since 2.1.329.
            safety_stops: u64,
            /// Reason why the CLI could not start.
            startup_failure_reason: String,
            /// Configuration file that the CLI could not read.
            invalid_config_file: InvalidConfigFile,
            /// Expiry time of the credentials.
            credential_expires_at: Json,
            /// State of the fast mode. Since 2.1.143.
            fast_mode_state: FastMode,
            /// Reason why the fast mode is not available. Since 2.1.250.
            fast_mode_disabled_reason: String,
            /// Time from the prompt to the first token, in milliseconds. Since 2.1.143.
            ttft_ms: f64,
            /// Time from the prompt to the first event of the answer, in milliseconds. Since 2.1.250.
            ttft_stream_ms: f64,
            /// Time from the prompt to the first API request, in milliseconds. Since 2.1.250.
            time_to_request_ms: f64,
            /// Time from the prompt to the first message with content, in milliseconds. Since 2.1.329.
            first_content_frame_ms: f64,
            /// Time of the first API request, in milliseconds since 1970. Since 2.1.250.
            request_sent_wall_ms: f64,
            /// Number of input tokens of the first API request. Since 2.1.329.
            first_request_input_tokens: u64,
            /// Number of tokens that the first API request read from the cache. Since 2.1.329.
            first_request_cache_read_input_tokens: u64,
            /// `true` if the session took over a process that had been started in advance.
            warm_spare_claimed: bool,
        }
        or_default {
            /// `true` if the turn failed. Also set with the subtype `success` if the API failed. In 2.1.50 and older versions,
            /// `false` for an interrupted turn and for `error_max_turns`.
            is_error: bool,
            /// Tool calls that were denied in this turn.
            permission_denials: Vec<PermissionDenial>,
        }
    }

    /// Configuration file that is not valid JSON.
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
            /// `true` if the file is the global configuration of the CLI.
            is_global: bool,
            /// `true` if the CLI searched for a backup.
            backup_searched: bool,
        }
    }

    /// Tool call that was denied.
    pub struct PermissionDenial {
        may {
            /// Identifier of the tool call.
            tool_use_id: String,
            /// Input of the tool.
            tool_input: Json,
        }
        or_default {
            /// Name of the tool.
            tool_name: String,
        }
    }

    /// Tool call that a `PreToolUse` hook deferred.
    pub struct DeferredToolUse {
        must {
            /// Identifier of the tool call.
            id: String,
            /// Name of the tool.
            name: String,
        }
        may {
            /// Input of the tool.
            input: Json,
        }
    }
}

impl TurnResult {
    /// Returns a description of the error: the first of these that is present
    /// ([wire reference, section 3.8](crate::guide::wire#38-exit)).
    ///
    /// 1. The `errors`, joined by `"; "`.
    /// 2. The text in `result`.
    /// 3. The `subtype`, unless it is `success`.
    /// 4. The HTTP status of the API.
    ///
    /// Diagnostics for the developers of the CLI (`[ede_diagnostic] ...`) are skipped. They appear in the results of
    /// interrupted turns since about 2.1.77. Without other errors, the description is then that the turn was
    /// interrupted or broke off.
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

    /// Returns `true` if the turn was interrupted.
    ///
    /// Before 2.1.91 the result of an interrupted turn does not differ from that of a turn that failed by itself;
    /// both return `true`.
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

    /// Returns `true` if neither the errors nor the text describe the error.
    fn says_nothing(&self) -> bool {
        self.result.as_deref().is_none_or(|text| text.trim().is_empty())
            && !self.error_texts().iter().any(|text| says_something(text))
    }

    /// Returns the errors. A single string is read as a list of one; items of a list that are not strings are skipped.
    fn error_texts(&self) -> Vec<String> {
        if let Some(errors) = &self.errors {
            return errors.clone();
        }
        let Some(odd) = self.unknown_fields.get("errors") else { return Vec::new() };
        let items = odd.decode::<Vec<Json>>().unwrap_or_else(|_| vec![odd.clone()]);
        items.iter().filter_map(|item| item.decode().ok()).collect()
    }

    /// Returns the cost since the previous result, in US dollars, or `None` if this result reports no cost.
    ///
    /// Since 2.1.329 the CLI reports this cost. For older versions it is the difference of the two totals. A total that
    /// is smaller than the previous one has restarted at zero, e.g. after `/clear`
    /// ([wire reference, section 1.3](crate::guide::wire#13-lines-from-the-cli), `conversation_reset`).
    #[must_use]
    pub fn cost_since(&self, before: Option<&Self>) -> Option<f64> {
        self.cost_after(before.and_then(|before| before.total_cost_usd))
    }

    /// Returns the cost since a previous total, in US dollars.
    pub(crate) fn cost_after(&self, total_before: Option<f64>) -> Option<f64> {
        if let Some(models) = &self.model_usage_since_last_result {
            return Some(models.values().filter_map(|model| model.cost_usd).sum());
        }
        let total = self.total_cost_usd?;
        let before = total_before.filter(|before| *before <= total);
        Some(total - before.unwrap_or(0.0))
    }
}

/// Returns `true` if the error is neither blank nor a diagnostic for the developers of the CLI.
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
    use crate::wire::read::Tags;
    use crate::wire::view::view_of;

    fn result(fields: &str) -> TurnResult {
        view_of(format!("{{{fields}}}").as_bytes(), Tags::NONE).unwrap()
    }

    #[test]
    fn a_malformed_field_does_not_hide_other_fields() {
        for odd in [r#""is_error":null"#, r#""is_error":"no""#, r#""usage":{"n":1e400,"s":"\ud83d"}"#, r#""usage":7"#] {
            let result = result(&format!(r#""subtype":"success",{odd},"total_cost_usd":1e400,"result":"a \ud83d b""#));
            assert_eq!((result.is_error, result.result.as_deref()), (false, Some("a \u{fffd} b")), "{odd}");
        }
    }

    #[test]
    fn the_most_informative_error_text_is_chosen() {
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
    fn the_cost_of_a_turn_is_reported_or_computed() {
        let total = |usd: f64| result(&format!(r#""subtype":"success","total_cost_usd":{usd}"#));
        assert_eq!(total(0.5).cost_since(None), Some(0.5));
        assert_eq!(total(0.5).cost_since(Some(&total(0.25))), Some(0.25));
        assert_eq!(total(0.5).cost_since(Some(&total(2.0))), Some(0.5));
        assert_eq!(result(r#""subtype":"success""#).cost_since(Some(&total(2.0))), None);
        let line = r#""subtype":"success","total_cost_usd":9,"model_usage_since_last_result":{"a":{"costUSD":1},"b":{"costUSD":2}}"#;
        assert_eq!(result(line).cost_since(Some(&total(0.25))), Some(3.0));
    }
}
