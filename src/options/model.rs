//! Builder methods for the model, its limits and its system prompt.

use super::{Effort, Options, ThinkingDisplay, ThinkingMode};
use crate::base::json::Json;
use std::path::Path;

impl Options {
    /// Sets the model: an alias, e.g. `sonnet`, or a full name.
    pub fn model(self, model: impl Into<String>) -> Self {
        self.put("--model", model.into())
    }

    /// Sets the model to use if the first one is overloaded. Newer versions accept a list, separated by commas.
    ///
    /// The fallback must differ from the model: otherwise 1.0.128 and 2.0.76 exit.
    pub fn fallback_model(self, model: impl Into<String>) -> Self {
        self.put("--fallback-model", model.into())
    }

    /// Sets the agent that the session runs as. Since 2.0.76.
    pub fn agent(self, name: impl Into<String>) -> Self {
        self.put("--agent", name.into())
    }

    /// Defines agents: an object of agent definitions by name.
    ///
    /// Every user of the machine can read a command line, and an argument is limited to 128 KiB. Send large definitions as
    /// `agents` in the `initialize` request.
    pub fn agents(self, definitions: impl Into<Json>) -> Self {
        self.put("--agents", definitions.into().as_str())
    }

    /// Sets the effort. Since 2.1.50.
    pub fn effort(self, effort: Effort) -> Self {
        self.put("--effort", effort.as_str())
    }

    /// Sets the thinking of the model, and replaces an earlier setting.
    pub fn thinking(self, thinking: ThinkingMode) -> Self {
        let this = self.unset("--thinking").unset("--max-thinking-tokens");
        match thinking {
            ThinkingMode::Adaptive => this.put("--thinking", "adaptive"),
            ThinkingMode::Disabled => this.put("--thinking", "disabled"),
            ThinkingMode::Enabled { budget } => this.put("--max-thinking-tokens", budget.to_string()),
        }
    }

    /// Sets the display of thinking in messages. Since 2.1.143.
    pub fn thinking_display(self, display: ThinkingDisplay) -> Self {
        self.put("--thinking-display", display.as_str())
    }

    /// Adds a beta header. Since 2.0.76.
    ///
    /// Each header is written as a flag of its own: 2.1.329 reads `--betas=a,b` as the name of one header.
    pub fn beta(self, header: impl Into<String>) -> Self {
        self.push("--betas", header.into())
    }

    /// Ends a turn after this many model calls. The number must be above zero.
    pub fn max_turns(self, turns: u32) -> Self {
        self.put("--max-turns", turns.to_string())
    }

    /// Ends a turn when the cost has reached this many US dollars. The amount must be above zero. Since 2.0.76.
    pub fn max_budget_usd(self, dollars: f64) -> Self {
        self.put("--max-budget-usd", dollars.to_string())
    }

    /// Sets the token budget that is reported to the API. The budget must be above zero. Since 2.1.143.
    pub fn task_budget(self, tokens: u64) -> Self {
        self.put("--task-budget", tokens.to_string())
    }

    /// Requires a final answer that matches a JSON Schema, which must be an object. Since 2.0.76.
    ///
    /// The SDKs also send the schema as `jsonSchema` in the `initialize` request.
    pub fn json_schema(self, schema: impl Into<Json>) -> Self {
        self.put("--json-schema", schema.into().as_str())
    }

    /// Replaces the CLI's system prompt. An empty text removes almost the whole system prompt.
    ///
    /// Without this option, the CLI uses its own prompt. Every user of the machine can read a command line, and an argument
    /// is limited to 128 KiB. Prefer `systemPrompt` in the `initialize` request, or a file.
    pub fn system_prompt(self, prompt: impl Into<String>) -> Self {
        self.put("--system-prompt", prompt.into())
    }

    /// Replaces the CLI's system prompt with the content of a file.
    pub fn system_prompt_file(self, file: impl AsRef<Path>) -> Self {
        self.put("--system-prompt-file", file.as_ref())
    }

    /// Appends a text to the system prompt. An empty text appends nothing. See [`system_prompt`](Self::system_prompt).
    pub fn append_system_prompt(self, prompt: impl Into<String>) -> Self {
        match prompt.into() {
            prompt if prompt.is_empty() => self.unset("--append-system-prompt"),
            prompt => self.put("--append-system-prompt", prompt),
        }
    }

    /// Appends the content of a file to the system prompt. Since 2.0.76.
    pub fn append_system_prompt_file(self, file: impl AsRef<Path>) -> Self {
        self.put("--append-system-prompt-file", file.as_ref())
    }

    /// Moves sections that differ between machines from the default system prompt to the first user message. These are the
    /// directory, the environment, memory paths and the git status. More users then share a cache entry. Since 2.1.143.
    pub fn exclude_dynamic_system_prompt_sections(self) -> Self {
        self.switch("--exclude-dynamic-system-prompt-sections")
    }

    /// Records the system prompt once per conversation and reuses it. Since 2.1.329.
    pub fn system_prompt_snapshot(self) -> Self {
        self.put("--system-prompt-snapshot", "on")
    }

    /// Renders the system prompt for each request. Since 2.1.329.
    pub fn no_system_prompt_snapshot(self) -> Self {
        self.put("--system-prompt-snapshot", "off")
    }

    /// Sets the conversation size, in tokens, that triggers compaction; at least 100,000. Since 2.1.250.
    pub fn autocompact(self, tokens: u64) -> Self {
        self.put("--autocompact", tokens.to_string())
    }
}
