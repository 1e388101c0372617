//! Flags and requests that a version of the CLI knows, known before the CLI is started.

use super::Options;

/// Tested versions, oldest first. Versions between two of them were not tested.
const TRIED: [&str; 6] = ["1.0.128", "2.0.76", "2.1.50", "2.1.143", "2.1.250", "2.1.329"];

/// Support of a flag or a request in a version of the CLI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Support {
    /// The version, or an older tested one, knows the flag or the request.
    Known,
    /// The version, or a newer tested one, does not know the flag or the request. The CLI exits with code 1 if it does not
    /// know a flag. It answers an unknown request with an error, or not at all.
    Unknown,
    /// The version is between two tested versions, and only the newer one knows the flag or request; or the version text
    /// cannot be read.
    Untried,
}

/// Returns the support of a flag, e.g. `--effort`, in a version of the CLI, e.g. `2.1.143`. Returns `None` if [`Options`]
/// has no method for the flag.
///
/// The data come from `docs/protocol/options.md`: six versions from 1.0.128 to 2.1.329 were tested. A newer version counts
/// as the newest of these, and an older version as the oldest.
///
/// ```
/// use claude_duplex::options::{Support, flag_support};
///
/// let rate = |version| flag_support("--effort", version);
/// assert_eq!(rate("2.1.143 (Claude Code)"), Some(Support::Known));
/// assert_eq!(rate("2.0.76"), Some(Support::Unknown));
/// assert_eq!(rate("2.1.7"), Some(Support::Untried));
/// assert_eq!(flag_support("--tmux", "2.1.7"), None);
/// ```
#[must_use]
pub fn flag_support(flag: &str, version: &str) -> Option<Support> {
    let (_, since) = FLAGS.iter().find(|(known, _)| *known == flag)?;
    Some(support(Some(since), version))
}

/// Returns the support of control requests with a subtype, e.g. `list_models`, in a version of the CLI. Returns `None` if
/// the subtype was not tested.
///
/// The data come from `docs/protocol/requests.md`; see [`flag_support`].
///
/// ```
/// use claude_duplex::options::{Support, request_support};
///
/// let rate = |version| request_support("list_models", version);
/// assert_eq!(rate("2.1.332"), Some(Support::Known));
/// assert_eq!(rate("2.1.143"), Some(Support::Unknown));
/// ```
#[must_use]
pub fn request_support(subtype: &str, version: &str) -> Option<Support> {
    let (_, since) = REQUESTS.iter().find(|(known, _)| *known == subtype)?;
    Some(support(*since, version))
}

impl Options {
    /// Returns the flags of these options that a version of the CLI does not know, or may not know. Raw arguments are not
    /// included. The host can leave these options out, or require another version.
    ///
    /// ```
    /// use claude_duplex::Options;
    /// use claude_duplex::options::{Effort, Support};
    ///
    /// let options = Options::new().model("opus").effort(Effort::High);
    /// let unsupported = options.unsupported_flags("2.0.76");
    /// assert_eq!(unsupported, [("--effort", Support::Unknown)]);
    /// assert_eq!(options.unsupported_flags("2.1.332"), []);
    /// ```
    #[must_use]
    pub fn unsupported_flags(&self, version: &str) -> Vec<(&'static str, Support)> {
        let args = self.invocation().map(|invocation| invocation.args).unwrap_or_default();
        let own = &args[..args.len().saturating_sub(self.extra_args.len())];
        let is_set = |flag: &str| {
            let texts = own.iter().filter_map(|arg| arg.to_str());
            texts.map(|arg| arg.split_once('=').map_or(arg, |(name, _)| name)).any(|name| name == flag)
        };
        let set = FLAGS.iter().filter(|(flag, _)| is_set(flag));
        let rated = set.map(|(flag, since)| (*flag, support(Some(since), version)));
        rated.filter(|(_, support)| *support != Support::Known).collect()
    }
}

/// Returns the support in a version, given the oldest tested version that knows the flag or request.
fn support(since: Option<&str>, version: &str) -> Support {
    let Some(version) = number(version) else { return Support::Untried };
    let first = since.and_then(|since| TRIED.iter().position(|tried| *tried == since));
    let tried = |at: usize| TRIED.get(at).and_then(|tried| number(tried));
    match first {
        None => Support::Unknown,
        // The oldest tested version knows it, and an older version counts as that one.
        Some(0) => Support::Known,
        Some(first) if tried(first).is_some_and(|known| version >= known) => Support::Known,
        Some(first) if tried(first - 1).is_some_and(|unknown| version > unknown) => Support::Untried,
        Some(_) => Support::Unknown,
    }
}

/// Returns the version at the start of the output of `claude --version`.
#[cfg(any(feature = "smol", feature = "tokio"))]
pub(crate) fn version_in(output: &str) -> Option<&str> {
    output.split_whitespace().next().filter(|word| number(word).is_some())
}

/// Parses a version number, e.g. `2.1.329`, or `2.1.329 (Claude Code)` from the output of `claude --version`.
fn number(version: &str) -> Option<[u32; 3]> {
    let mut parts = version.split_whitespace().next()?.splitn(3, '.');
    let (major, minor, patch) = (parts.next()?, parts.next()?, parts.next()?);
    let patch = patch.split(['-', '+']).next()?;
    Some([major.parse().ok()?, minor.parse().ok()?, patch.parse().ok()?])
}

/// Flags, each with the oldest tested version that knows it. A test compares `docs/protocol/options.md` with this table.
const FLAGS: &[(&str, &str)] = &[
    ("--model", "1.0.128"),
    ("--fallback-model", "1.0.128"),
    ("--agent", "2.0.76"),
    ("--agents", "1.0.128"),
    ("--effort", "2.1.50"),
    ("--thinking", "2.1.50"),
    ("--max-thinking-tokens", "2.0.76"),
    ("--thinking-display", "2.1.143"),
    ("--betas", "2.0.76"),
    ("--max-turns", "1.0.128"),
    ("--max-budget-usd", "2.0.76"),
    ("--task-budget", "2.1.143"),
    ("--json-schema", "2.0.76"),
    ("--system-prompt", "1.0.128"),
    ("--system-prompt-file", "1.0.128"),
    ("--append-system-prompt", "1.0.128"),
    ("--append-system-prompt-file", "2.0.76"),
    ("--exclude-dynamic-system-prompt-sections", "2.1.143"),
    ("--system-prompt-snapshot", "2.1.329"),
    ("--autocompact", "2.1.250"),
    ("--tools", "2.0.76"),
    ("--allowedTools", "1.0.128"),
    ("--disallowedTools", "1.0.128"),
    ("--permission-mode", "1.0.128"),
    ("--dangerously-skip-permissions", "1.0.128"),
    ("--allow-dangerously-skip-permissions", "2.0.76"),
    ("--permission-prompt-tool", "1.0.128"),
    ("--permission-prompts", "2.1.329"),
    ("--add-dir", "1.0.128"),
    ("--mcp-config", "1.0.128"),
    ("--strict-mcp-config", "1.0.128"),
    ("--plugin-dir", "2.0.76"),
    ("--plugin-dir-no-mcp", "2.1.250"),
    ("--plugin-url", "2.1.143"),
    ("--disable-slash-commands", "2.0.76"),
    ("--restricted", "2.1.250"),
    ("--chrome", "2.0.76"),
    ("--no-chrome", "2.0.76"),
    ("--brief", "2.1.143"),
    ("--file", "2.1.50"),
    ("--continue", "1.0.128"),
    ("--resume", "1.0.128"),
    ("--session-id", "1.0.128"),
    ("--fork-session", "1.0.128"),
    ("--resume-session-at", "1.0.128"),
    ("--resume-drops-turn", "2.1.250"),
    ("--no-session-persistence", "2.0.76"),
    ("--name", "2.1.143"),
    ("--session-mirror", "2.1.143"),
    ("--worktree", "2.1.50"),
    ("--settings", "1.0.128"),
    ("--setting-sources", "1.0.128"),
    ("--managed-settings", "2.1.143"),
    ("--managed-settings-in-initialize", "2.1.329"),
    ("--initialize-fields", "2.1.329"),
    ("--project-config-root", "2.1.329"),
    ("--bare", "2.1.143"),
    ("--safe-mode", "2.1.250"),
    ("--include-partial-messages", "1.0.128"),
    ("--include-hook-events", "2.1.143"),
    ("--forward-subagent-text", "2.1.250"),
    ("--prompt-suggestions", "2.1.250"),
    ("--await-initialize", "2.1.329"),
    ("--await-claim", "2.1.329"),
    ("--debug", "1.0.128"),
    ("--debug-to-stderr", "1.0.128"),
    ("--debug-file", "2.1.50"),
    ("--print", "1.0.128"),
    ("--verbose", "1.0.128"),
    ("--input-format", "1.0.128"),
    ("--output-format", "1.0.128"),
    ("--replay-user-messages", "1.0.128"),
];

/// Subtypes of requests, each with the oldest tested version that answers it with a success. A test compares
/// `docs/protocol/requests.md` with this table.
const REQUESTS: &[(&str, Option<&str>)] = &[
    ("initialize", Some("1.0.128")),
    ("interrupt", Some("1.0.128")),
    ("set_model", Some("1.0.128")),
    ("set_permission_mode", Some("1.0.128")),
    ("mcp_status", Some("1.0.128")),
    ("set_max_thinking_tokens", Some("2.0.76")),
    ("mcp_set_servers", Some("2.0.76")),
    ("mcp_message", Some("2.0.76")),
    ("rewind_files", Some("2.0.76")),
    ("apply_flag_settings", Some("2.1.50")),
    ("stop_task", Some("2.1.50")),
    ("mcp_reconnect", Some("2.1.143")),
    ("mcp_toggle", Some("2.1.143")),
    ("cancel_async_message", Some("2.1.143")),
    ("background_tasks", Some("2.1.143")),
    ("end_session", Some("2.1.143")),
    ("file_suggestions", Some("2.1.143")),
    ("read_file", Some("2.1.143")),
    ("seed_read_state", Some("2.1.143")),
    ("get_binary_version", Some("2.1.143")),
    ("get_context_usage", Some("2.1.143")),
    ("get_session_cost", Some("2.1.143")),
    ("get_settings", Some("2.1.143")),
    ("mcp_call", Some("2.1.143")),
    ("reload_plugins", Some("2.1.143")),
    ("side_question", Some("2.1.143")),
    ("get_usage", Some("2.1.250")),
    ("list_models", Some("2.1.250")),
    ("register_repo_root", Some("2.1.250")),
    ("reload_skills", Some("2.1.250")),
    ("rename_session", Some("2.1.250")),
    ("set_mcp_permission_mode_override", Some("2.1.250")),
    ("get_hooks_listing", Some("2.1.329")),
    ("list_permission_rules", Some("2.1.329")),
    ("get_task_output", Some("2.1.329")),
    ("mcp_read_resource", Some("2.1.329")),
    ("reload_output_styles", Some("2.1.329")),
    ("set_has_subscribers", Some("2.1.329")),
    ("update_settings", Some("2.1.329")),
    ("set_color", None),
    ("set_settings", None),
    ("edit_hook", None),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_has_a_version() {
        for flag in crate::options::flags() {
            assert!(FLAGS.iter().any(|(known, _)| *known == flag), "{flag}");
        }
        assert!(FLAGS.iter().all(|(_, since)| TRIED.contains(since)));
        assert!(REQUESTS.iter().all(|(_, since)| since.is_none_or(|since| TRIED.contains(&since))));
    }

    #[test]
    fn support_is_unknown_between_two_tested_versions() {
        for (since, version, expected) in [
            (Some("2.1.50"), "2.1.50", Support::Known),
            (Some("2.1.50"), "3.0.0", Support::Known),
            (Some("2.1.50"), "2.0.76", Support::Unknown),
            (Some("2.1.50"), "1.0.1", Support::Unknown),
            (Some("2.1.50"), "2.0.77", Support::Untried),
            (Some("2.1.50"), "2.1.49-beta.1", Support::Untried),
            (Some("2.1.50"), "newest", Support::Untried),
            (Some("1.0.128"), "0.9.0", Support::Known),
            (None, "2.1.329", Support::Unknown),
            (None, "9.9.9", Support::Unknown),
        ] {
            assert_eq!(support(since, version), expected, "{since:?} {version}");
        }
    }
}
