//! Values of options. The types accept values that later versions of the CLI add.

use crate::wire::view::words;

words! {
    /// Decision of the CLI about tool calls that no rule matches.
    pub enum PermissionMode {
        /// Requests permission for each call.
        Default = "default",
        /// Allows edits of files.
        AcceptEdits = "acceptEdits",
        /// Allows all calls.
        BypassPermissions = "bypassPermissions",
        /// Plans only, and changes nothing.
        Plan = "plan",
        /// Denies calls instead of requesting permission. Since 2.0.76.
        DontAsk = "dontAsk",
        /// Lets a classifier decide, without permission requests. Since 2.1.143. The default of 2.1.285 to 2.1.301.
        Auto = "auto",
    }
}

words! {
    /// Effort of the model: the amount of thinking and output.
    pub enum Effort {
        /// Lowest effort level.
        Low = "low",
        /// Second lowest effort level.
        Medium = "medium",
        /// Middle effort level.
        High = "high",
        /// Second highest effort level.
        XHigh = "xhigh",
        /// Highest effort level.
        Max = "max",
    }
}

words! {
    /// Display of thinking in messages.
    pub enum ThinkingDisplay {
        /// Thinking is sent as summaries.
        Summarized = "summarized",
        /// Thinking is not sent.
        Omitted = "omitted",
        /// Thinking is sent as highlights.
        Highlights = "highlights",
    }
}

words! {
    /// A settings file that the CLI reads by itself.
    pub enum SettingSource {
        /// Settings of the user.
        User = "user",
        /// Settings of the project, shared in its repository.
        Project = "project",
        /// Settings of the project, only for this checkout.
        Local = "local",
    }
}

words! {
    /// Format of previews in the questions of `AskUserQuestion`.
    pub enum PreviewFormat {
        /// Previews in Markdown.
        Markdown = "markdown",
        /// Previews in HTML.
        Html = "html",
    }
}

words! {
    /// A flag whose value the CLI can read from the `initialize` request instead.
    pub enum InitializeField {
        /// Replaces the flag `--settings`.
        Settings = "settings",
        /// Replaces the flag `--disallowedTools`.
        DisallowedTools = "disallowedTools",
    }
}

/// Thinking of the model: off, on, or chosen by the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ThinkingMode {
    /// The model decides. Since 2.1.50.
    Adaptive,
    /// The model thinks up to a number of tokens, which must be above zero. Since 2.0.76.
    Enabled {
        /// Maximum number of tokens.
        budget: u32,
    },
    /// The model does not think. Since 2.1.50.
    Disabled,
}

/// Built-in tools that exist in a session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Tools {
    /// The CLI's default tools.
    Default,
    /// No built-in tool.
    None,
    /// Only these tools, by name.
    Named(Vec<String>),
}

/// Skills that a session may use without a permission request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Skills {
    /// All skills are allowed.
    All,
    /// Only these skills, by name. Send the same list in the `initialize` request.
    Named(Vec<String>),
}

/// A git worktree that the CLI creates for the session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Worktree {
    /// The CLI chooses a name.
    Unnamed,
    /// A worktree with this name.
    Named(String),
}
