//! Options and settings that contradict each other.

use std::fmt;

use thiserror::Error;

use crate::incoming::IncomingKind;
use crate::options::{Options, PermissionMode};
use crate::protocol::config::Config;

/// Error of options and settings that contradict each other: a part of the session would have no effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The session handles permission requests, but the CLI does not send any.
    #[error(
        "permission requests are handled, but the CLI is not configured to send them; \
         add `Options::host_permission_prompts`, or do not handle `IncomingKind::Permission`"
    )]
    PermissionsNotRequested,
}

/// Remark on options and settings that work, but may not have the intended effect: [`Options::advice`].
///
/// Drivers log each at the level `WARN` (feature `tracing`) when they start the CLI.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Advice {
    /// The CLI sends permission requests, but the session does not handle them: each is denied.
    PermissionsDenied,
    /// The CLI asks an MCP tool instead of the host, or denies without asking.
    OtherPermissionTool,
    /// The CLI asks for no permission in this mode.
    ModeSendsNoRequests(PermissionMode),
    /// The CLI asks for fewer permissions in this mode.
    ModeSendsFewerRequests(PermissionMode),
    /// Number of rules in the options that allow calls without asking.
    RulesAllow(usize),
    /// An MCP server in the host is declared, but the session does not handle its messages: each gets an error.
    ServerUnserved,
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PermissionsDenied => f.write_str(
                "the CLI asks the host for permissions, and each is denied, as the session does not handle them; \
                 give a handler to `Session::builder`, or add `Config::handle(IncomingKind::Permission)`",
            ),
            Self::OtherPermissionTool => f.write_str(
                "the session handles permission requests, but the CLI makes them to an MCP tool, or denies what it would ask; \
                 use `Options::host_permission_prompts` instead of `permission_prompt_tool` or `no_permission_prompts`",
            ),
            Self::ModeSendsNoRequests(mode) => write!(
                f,
                "the session handles permission requests, but in the permission mode `{mode}` the CLI makes none; \
                 use another `Options::permission_mode`, or a `PreToolUse` hook, which sees every call"
            ),
            Self::ModeSendsFewerRequests(mode) => write!(
                f,
                "in the permission mode `{mode}` the CLI does not make a permission request for every tool; \
                 a `PreToolUse` hook sees every call"
            ),
            Self::RulesAllow(rules) => write!(
                f,
                "{rules} rules of the options allow calls of tools, for which the CLI makes no permission request; \
                 a `PreToolUse` hook sees every call"
            ),
            Self::ServerUnserved => f.write_str(
                "an MCP server in the host is declared, and its messages get errors, as the session does not handle them; \
                 give a handler to `Session::builder`, or add `Config::handle(IncomingKind::Mcp)`",
            ),
        }
    }
}

impl Options {
    /// Checks that the options and the settings of a session do not contradict each other. Drivers call this
    /// method before they start the CLI.
    ///
    /// ```
    /// use claude_duplex::{Config, IncomingKind, Options, Seed};
    ///
    /// let config = Config::new(Seed::random()).handle(IncomingKind::Permission);
    /// assert!(Options::new().check(&config).is_err(), "nobody would be asked");
    /// assert!(Options::new().host_permission_prompts().check(&config).is_ok());
    /// ```
    ///
    /// # Errors
    /// [`SettingsError`] if they do. The error names the missing call.
    pub fn check(&self, config: &Config) -> Result<(), SettingsError> {
        let permission_options = self.permission_options();
        // A host that chose another tool, or that turned the requests off, expects to get none.
        let sends_none = permission_options.tool.is_none() && !permission_options.denies_all;
        match config.handled.contains(IncomingKind::Permission) && sends_none {
            true => Err(SettingsError::PermissionsNotRequested),
            false => Ok(()),
        }
    }

    /// Returns remarks on options and settings that work, but may not have the intended effect. Settings files
    /// are not read.
    ///
    /// ```
    /// use claude_duplex::options::PermissionMode;
    /// use claude_duplex::{Advice, Config, IncomingKind, Options, Seed};
    ///
    /// let config = Config::new(Seed::random()).handle(IncomingKind::Permission);
    /// let options = Options::new().host_permission_prompts();
    /// assert_eq!(options.advice(&config), []);
    /// let bypassed = options.permission_mode(PermissionMode::BypassPermissions);
    /// assert_eq!(
    ///     bypassed.advice(&config),
    ///     [Advice::ModeSendsNoRequests(PermissionMode::BypassPermissions)]
    /// );
    /// ```
    #[must_use]
    pub fn advice(&self, config: &Config) -> Vec<Advice> {
        let (permission_options, handled) = (self.permission_options(), config.handled);
        let mut advice = Vec::new();
        if handled.contains(IncomingKind::Permission) {
            advice.extend(match &permission_options.mode {
                _ if !permission_options.is_host() => Some(Advice::OtherPermissionTool),
                Some(mode @ (PermissionMode::BypassPermissions | PermissionMode::DontAsk | PermissionMode::Auto)) => {
                    Some(Advice::ModeSendsNoRequests(mode.clone()))
                }
                Some(mode @ PermissionMode::AcceptEdits) => Some(Advice::ModeSendsFewerRequests(mode.clone())),
                _ => None,
            });
            if permission_options.allowed > 0 {
                advice.push(Advice::RulesAllow(permission_options.allowed));
            }
        } else if permission_options.is_host() {
            advice.push(Advice::PermissionsDenied);
        }
        if permission_options.host_servers && !handled.contains(IncomingKind::Mcp) {
            advice.push(Advice::ServerUnserved);
        }
        advice
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::Seed;
    use crate::base::json::Json;

    #[test]
    fn each_setting_that_reduces_permission_requests_has_an_advice() {
        let plain = || Config::new(Seed::from_bytes([1; 16]));
        let handled = || plain().handle(IncomingKind::Permission);
        let host = || Options::new().host_permission_prompts();
        let json = |text: &str| Json::parse(text).expect("JSON");
        let nothing = |mode| vec![Advice::ModeSendsNoRequests(mode)];
        let table = [
            (host(), handled(), vec![]),
            (Options::new(), plain(), vec![]),
            (host(), plain(), vec![Advice::PermissionsDenied]),
            (host().permission_mode(PermissionMode::Plan), handled(), vec![]),
            (host().permission_mode(PermissionMode::DontAsk), handled(), nothing(PermissionMode::DontAsk)),
            (host().permission_mode(PermissionMode::Auto), handled(), nothing(PermissionMode::Auto)),
            (host().dangerously_skip_permissions(), handled(), nothing(PermissionMode::BypassPermissions)),
            (host().arg("--permission-mode=dontAsk"), handled(), nothing(PermissionMode::DontAsk)),
            (host().arg("--dangerously-skip-permissions"), handled(), nothing(PermissionMode::BypassPermissions)),
            (
                host().permission_mode(PermissionMode::AcceptEdits),
                handled(),
                vec![Advice::ModeSendsFewerRequests(PermissionMode::AcceptEdits)],
            ),
            (host().allowed_tools(["Read", "Bash(ls)"]), handled(), vec![Advice::RulesAllow(2)]),
            (host().settings(json(r#"{"permissions":{"allow":["Read"]}}"#)), handled(), vec![Advice::RulesAllow(1)]),
            (
                Options::new()
                    .permission_prompt_tool("stdio")
                    .settings(json(r#"{"permissions":{"defaultMode":"acceptEdits"}}"#)),
                handled(),
                vec![Advice::ModeSendsFewerRequests(PermissionMode::AcceptEdits)],
            ),
            (Options::new().permission_prompt_tool("mcp__a__b"), handled(), vec![Advice::OtherPermissionTool]),
            (Options::new().no_permission_prompts(), handled(), vec![Advice::OtherPermissionTool]),
            (Options::new().host_mcp_server("mine"), plain(), vec![Advice::ServerUnserved]),
            (Options::new().host_mcp_server("mine"), plain().handle(IncomingKind::Mcp), vec![]),
        ];
        for (options, config, advice) in table {
            assert_eq!(options.advice(&config), advice, "{options:?}");
            assert_eq!(options.check(&config), Ok(()), "{options:?}");
            for advice in advice {
                assert!(advice.to_string().contains('`') && !advice.to_string().contains('\n'), "{advice}");
            }
        }
    }

    #[test]
    fn handling_permissions_that_the_cli_does_not_send_is_an_error() {
        let config = Config::new(Seed::from_bytes([1; 16])).handle(IncomingKind::Permission);
        let refused = Options::new().check(&config).unwrap_err();
        assert!(refused.to_string().contains("`Options::host_permission_prompts`"), "{refused}");
        for flags in [&["--permission-prompt-tool", "stdio"][..], &["--permission-prompt-tool=stdio"]] {
            assert_eq!(Options::new().args(flags.iter().copied()).check(&config), Ok(()));
        }
    }
}
