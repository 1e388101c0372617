//! The values that options take, open for those that later CLI versions add.

use crate::wire::view::words;

words! {
    /// How the CLI decides about tool calls that no rule decides.
    pub enum PermissionMode {
        /// Ask for what is not allowed.
        Default = "default",
        /// Edits of files are allowed.
        AcceptEdits = "acceptEdits",
        /// Everything is allowed.
        BypassPermissions = "bypassPermissions",
        /// Plan only, change nothing.
        Plan = "plan",
        /// Never ask: what would be asked is denied. From 2.0.76.
        DontAsk = "dontAsk",
        /// A classifier decides, and nobody is asked. From 2.1.143; 2.1.285 to 2.1.301 start in it where no mode is given.
        Auto = "auto",
    }
}

words! {
    /// How much the model thinks and writes.
    pub enum Effort {
        /// Least.
        Low = "low",
        /// Some.
        Medium = "medium",
        /// Much.
        High = "high",
        /// More.
        XHigh = "xhigh",
        /// Most.
        Max = "max",
    }
}

words! {
    /// How thinking appears in messages.
    pub enum ThinkingDisplay {
        /// As summaries.
        Summarized = "summarized",
        /// Not at all.
        Omitted = "omitted",
        /// As highlights.
        Highlights = "highlights",
    }
}

words! {
    /// A settings file that the CLI reads by itself.
    pub enum SettingSource {
        /// The user's.
        User = "user",
        /// The project's, shared in its repository.
        Project = "project",
        /// The project's, of this checkout only.
        Local = "local",
    }
}

words! {
    /// The format of previews in the questions of `AskUserQuestion`.
    pub enum PreviewFormat {
        /// Markdown.
        Markdown = "markdown",
        /// HTML.
        Html = "html",
    }
}

words! {
    /// A flag that the CLI takes from the `initialize` request instead.
    pub enum InitializeField {
        /// In place of `--settings`.
        Settings = "settings",
        /// In place of `--disallowedTools`.
        DisallowedTools = "disallowedTools",
    }
}

/// Whether and how much the model thinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ThinkingMode {
    /// The model decides. From 2.1.50.
    Adaptive,
    /// Up to this many tokens, more than zero. From 2.0.76.
    Enabled {
        /// The most tokens.
        budget: u32,
    },
    /// None. From 2.1.50.
    Disabled,
}

/// The built-in tools that exist at all in a session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Tools {
    /// The CLI's default set.
    Default,
    /// None.
    None,
    /// These.
    Named(Vec<String>),
}

/// The skills that a session may use without asking.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Skills {
    /// All.
    All,
    /// These; send the same list in the `initialize` request.
    Named(Vec<String>),
}

/// A git worktree that the CLI makes for the session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Worktree {
    /// The CLI makes up its name.
    Unnamed,
    /// With this name.
    Named(String),
}
