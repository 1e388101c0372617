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
        "permission requests are handled, but the CLI is not told to make them; \
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
    AsksAnother,
    /// The CLI asks for no permission in this mode.
    AsksForNothing(PermissionMode),
    /// The CLI asks for fewer permissions in this mode.
    AsksForLess(PermissionMode),
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
            Self::AsksAnother => f.write_str(
                "the session handles permission requests, but the CLI makes them to an MCP tool, or denies what it would ask; \
                 use `Options::host_permission_prompts` instead of `permission_prompt_tool` or `no_permission_prompts`",
            ),
            Self::AsksForNothing(mode) => write!(
                f,
                "the session handles permission requests, but in the permission mode `{mode}` the CLI makes none; \
                 use another `Options::permission_mode`, or a `PreToolUse` hook, which sees every call"
            ),
            Self::AsksForLess(mode) => write!(
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
        let asking = self.asking();
        // A host that chose another tool, or that turned the requests off, expects to get none.
        let asks_nobody = asking.tool.is_none() && !asking.nobody;
        match config.handled.contains(IncomingKind::Permission) && asks_nobody {
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
    ///     [Advice::AsksForNothing(PermissionMode::BypassPermissions)]
    /// );
    /// ```
    #[must_use]
    pub fn advice(&self, config: &Config) -> Vec<Advice> {
        let (asking, handled) = (self.asking(), config.handled);
        let mut advice = Vec::new();
        if handled.contains(IncomingKind::Permission) {
            advice.extend(match &asking.mode {
                _ if !asking.is_host() => Some(Advice::AsksAnother),
                Some(mode @ (PermissionMode::BypassPermissions | PermissionMode::DontAsk | PermissionMode::Auto)) => {
                    Some(Advice::AsksForNothing(mode.clone()))
                }
                Some(mode @ PermissionMode::AcceptEdits) => Some(Advice::AsksForLess(mode.clone())),
                _ => None,
            });
            if asking.allowed > 0 {
                advice.push(Advice::RulesAllow(asking.allowed));
            }
        } else if asking.is_host() {
            advice.push(Advice::PermissionsDenied);
        }
        if asking.host_servers && !handled.contains(IncomingKind::Mcp) {
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
    fn each_way_to_be_asked_less_has_its_advice() {
        let plain = || Config::new(Seed::from_bytes([1; 16]));
        let handled = || plain().handle(IncomingKind::Permission);
        let host = || Options::new().host_permission_prompts();
        let json = |text: &str| Json::parse(text).expect("JSON");
        let nothing = |mode| vec![Advice::AsksForNothing(mode)];
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
                vec![Advice::AsksForLess(PermissionMode::AcceptEdits)],
            ),
            (host().allowed_tools(["Read", "Bash(ls)"]), handled(), vec![Advice::RulesAllow(2)]),
            (host().settings(json(r#"{"permissions":{"allow":["Read"]}}"#)), handled(), vec![Advice::RulesAllow(1)]),
            (
                Options::new()
                    .permission_prompt_tool("stdio")
                    .settings(json(r#"{"permissions":{"defaultMode":"acceptEdits"}}"#)),
                handled(),
                vec![Advice::AsksForLess(PermissionMode::AcceptEdits)],
            ),
            (Options::new().permission_prompt_tool("mcp__a__b"), handled(), vec![Advice::AsksAnother]),
            (Options::new().no_permission_prompts(), handled(), vec![Advice::AsksAnother]),
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
    fn to_handle_permissions_that_nobody_asks_for_is_an_error() {
        let config = Config::new(Seed::from_bytes([1; 16])).handle(IncomingKind::Permission);
        let refused = Options::new().check(&config).unwrap_err();
        assert!(refused.to_string().contains("`Options::host_permission_prompts`"), "{refused}");
        for asks in [&["--permission-prompt-tool", "stdio"][..], &["--permission-prompt-tool=stdio"]] {
            assert_eq!(Options::new().args(asks.iter().copied()).check(&config), Ok(()));
        }
    }
}
