//! Builder methods for settings, and for files that the CLI reads.

use super::{InitializeField, Options, OptionsError, SettingSource};
use crate::base::json::Json;
use crate::wire::fields::Fields;
use serde_json::Value;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Settings in addition to those that the CLI finds.
#[derive(Clone)]
pub(super) enum Settings {
    Json(Json),
    File(PathBuf),
}

impl Options {
    /// Sets additional settings, as an object.
    pub fn settings(mut self, settings: impl Into<Json>) -> Self {
        self.settings = Some(Settings::Json(settings.into()));
        self
    }

    /// Sets a file of additional settings, which the CLI reads.
    pub fn settings_file(mut self, file: impl AsRef<Path>) -> Self {
        self.settings = Some(Settings::File(file.as_ref().to_owned()));
        self
    }

    /// Sets the `sandbox` of the settings, as an object.
    ///
    /// If the sandbox is enabled, `failIfUnavailable: true` is added unless the object has this field. Otherwise commands
    /// could run without the requested sandbox. With this field, 2.1.329 refuses to start if the sandbox's tools are
    /// missing; 1.0.128 and 2.0.76 start nevertheless.
    pub fn sandbox(mut self, sandbox: impl Into<Json>) -> Self {
        self.sandbox = Some(sandbox.into());
        self
    }

    /// Sets policy that the session cannot change, as an object. Since 2.1.143.
    pub fn managed_settings(self, settings: impl Into<Json>) -> Self {
        self.put("--managed-settings", settings.into().as_str())
    }

    /// Makes the CLI read the policy from the `initialize` request instead. Since 2.1.329.
    pub fn managed_settings_in_initialize(self) -> Self {
        self.switch("--managed-settings-in-initialize")
    }

    /// Makes the CLI read the values of these flags from the `initialize` request. Since 2.1.329.
    pub fn initialize_fields(self, fields: impl IntoIterator<Item = InitializeField>) -> Self {
        let fields = fields.into_iter().map(|field| field.as_str().to_owned());
        self.replace("--initialize-fields", fields)
    }

    /// Sets the settings files that the CLI reads. An empty list means none; by default the CLI chooses.
    pub fn setting_sources(self, sources: impl IntoIterator<Item = SettingSource>) -> Self {
        let sources = sources.into_iter().map(|source| source.as_str().to_owned());
        self.replace("--setting-sources", sources)
    }

    /// Sets the directory of the project's settings, `.mcp.json` and `.claude` trees. Since 2.1.329.
    pub fn project_config_root(self, directory: impl AsRef<Path>) -> Self {
        self.put("--project-config-root", directory.as_ref())
    }

    /// Starts the CLI with a minimum of features: no hooks, no memory, no `CLAUDE.md`. Since 2.1.143.
    pub fn bare(self) -> Self {
        self.switch("--bare")
    }

    /// Starts the CLI without the user's customizations. Since 2.1.250.
    pub fn safe_mode(self) -> Self {
        self.switch("--safe-mode")
    }
}

/// Returns the value of `--settings`, including the sandbox.
pub(super) fn merged(settings: Option<&Settings>, sandbox: Option<&Json>) -> Result<Option<OsString>, OptionsError> {
    let object = |json: &Json, option| {
        json.decode::<Fields>().map_err(|_| OptionsError::Value { option, expected: "must be a JSON object" })
    };
    let mut merged = match settings {
        None if sandbox.is_none() => return Ok(None),
        None => Fields::default(),
        Some(Settings::Json(settings)) => object(settings, "--settings")?,
        Some(Settings::File(_)) if sandbox.is_some() => {
            return Err(OptionsError::Conflict {
                first: "settings_file",
                second: "sandbox",
                way_out: "put the sandbox into the file, or pass the settings as an object",
            });
        }
        Some(Settings::File(file)) if file.as_os_str().is_empty() => {
            return Err(OptionsError::Empty { option: "--settings" });
        }
        Some(Settings::File(file)) => return Ok(Some(not_json(file).into_os_string())),
    };
    if let Some(sandbox) = sandbox {
        let mut sandbox = object(sandbox, "sandbox")?;
        if let (Some("true"), None) = (sandbox.get("enabled").map(Json::as_str), sandbox.get("failIfUnavailable")) {
            sandbox.set("failIfUnavailable".to_owned(), Json::from(Value::Bool(true)));
        }
        merged.set("sandbox".to_owned(), sandbox.into());
    }
    Ok(Some(Json::from(merged).as_str().into()))
}

/// Returns the path of a file in a form that the CLI reads neither as JSON nor as a flag.
pub(super) fn not_json(file: &Path) -> PathBuf {
    let first = file.as_os_str().to_string_lossy().chars().next();
    match first {
        Some(c) if c == '{' || c == '-' || c.is_whitespace() => {
            // All systems accept `/` as a separator.
            let mut relative = OsString::from("./");
            relative.push(file);
            relative.into()
        }
        _ => file.to_owned(),
    }
}
