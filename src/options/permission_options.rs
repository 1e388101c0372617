//! Handling of permission requests, as far as the options determine it.

use std::ffi::{OsStr, OsString};

use serde::Deserialize;

use super::settings::Settings;
use super::{Options, PermissionMode};
use crate::base::json::Json;

/// Options that affect permission requests. Raw arguments are included; settings files are not.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct PermissionOptions {
    /// Tool that receives permission requests; `stdio` is the host.
    pub(crate) tool: Option<String>,
    pub(crate) mode: Option<PermissionMode>,
    /// Number of rules that allow calls.
    pub(crate) allowed: usize,
    /// `true` if the CLI denies calls instead of requesting permission (`--permission-prompts none`).
    pub(crate) denies_all: bool,
    /// `true` if MCP servers run in the host.
    pub(crate) host_servers: bool,
}

impl PermissionOptions {
    /// Returns `true` if the CLI sends permission requests to the host.
    pub(crate) fn is_host(&self) -> bool {
        self.tool.as_deref() == Some("stdio")
    }
}

impl Options {
    pub(crate) fn permission_options(&self) -> PermissionOptions {
        let last = |token: &str| self.values(token).pop().map(|value| value.to_string_lossy().into_owned());
        let settings = self.permission_settings();
        let tool = if self.host_prompts { Some("stdio".to_owned()) } else { last("--permission-prompt-tool") };
        let skips = self.has("--dangerously-skip-permissions");
        let mode = match last("--permission-mode") {
            _ if skips => Some(PermissionMode::BypassPermissions),
            Some(mode) => Some(PermissionMode::from(&*mode)),
            None if self.host_prompts => Some(PermissionMode::Default),
            None => settings.default_mode.map(|mode| PermissionMode::from(&*mode)),
        };
        let rules = ["--allowedTools", "--allowed-tools"].map(|token| self.values(token).len());
        PermissionOptions {
            tool,
            mode,
            allowed: rules.iter().sum::<usize>() + settings.allow.len(),
            denies_all: last("--permission-prompts").as_deref() == Some("none"),
            host_servers: self.mcp_servers.values().any(is_host_server),
        }
    }

    fn has(&self, token: &str) -> bool {
        self.flags.contains_key(token) || self.raw().any(|arg| arg == token)
    }

    /// Returns the values of a flag: those of the options, then those of raw arguments (`--flag=value` or `--flag value`).
    fn values(&self, token: &str) -> Vec<OsString> {
        let mut values = self.flags.get(token).cloned().unwrap_or_default();
        let mut raw = self.raw();
        while let Some(arg) = raw.next() {
            let bound = arg.to_str().and_then(|arg| arg.strip_prefix(token)?.strip_prefix('='));
            if let Some(value) = bound {
                values.push(value.into());
            } else if arg == token {
                values.extend(raw.next().map(OsStr::to_owned));
            }
        }
        values
    }

    fn raw(&self) -> impl Iterator<Item = &OsStr> {
        self.global_args.iter().chain(&self.extra_args).map(OsString::as_os_str)
    }

    fn permission_settings(&self) -> PermissionSettings {
        #[derive(Default, Deserialize)]
        struct Read {
            #[serde(default)]
            permissions: PermissionSettings,
        }
        match &self.settings {
            Some(Settings::Json(json)) => json.decode::<Read>().unwrap_or_default().permissions,
            _ => PermissionSettings::default(),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PermissionSettings {
    allow: Vec<String>,
    default_mode: Option<String>,
}

fn is_host_server(server: &Json) -> bool {
    #[derive(Deserialize)]
    struct Server {
        r#type: String,
    }
    server.decode::<Server>().is_ok_and(|server| server.r#type == "sdk")
}
