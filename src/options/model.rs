//! Builder methods: the model, its limits and its system prompt.

use super::{Effort, Options, ThinkingDisplay, ThinkingMode};
use crate::base::json::Json;
use std::path::Path;

impl Options {
    /// Uses this model: an alias (`sonnet`) or a full name.
    pub fn model(self, model: impl Into<String>) -> Self {
        self.put("--model", model.into())
    }

    /// Falls back to this model when the first is overloaded; newer versions take a list with commas.
    ///
    /// It must differ from the model: 1.0.128 and 2.0.76 exit otherwise.
    pub fn fallback_model(self, model: impl Into<String>) -> Self {
        self.put("--fallback-model", model.into())
    }

    /// Runs the session as this agent. From 2.0.76.
    pub fn agent(self, name: impl Into<String>) -> Self {
        self.put("--agent", name.into())
    }

    /// Defines agents, by their names: an object of objects.
    ///
    /// Every user of the machine can read a command line, and it holds 128 KiB at most: large definitions travel as
    /// `agents` in the `initialize` request.
    pub fn agents(self, definitions: impl Into<Json>) -> Self {
        self.put("--agents", definitions.into().as_str())
    }

    /// Sets the effort. From 2.1.50.
    pub fn effort(self, effort: Effort) -> Self {
        self.put("--effort", effort.as_str())
    }

    /// Says whether the model thinks; replaces what was said before.
    pub fn thinking(self, thinking: ThinkingMode) -> Self {
        let this = self.unset("--thinking").unset("--max-thinking-tokens");
        match thinking {
            ThinkingMode::Adaptive => this.put("--thinking", "adaptive"),
            ThinkingMode::Disabled => this.put("--thinking", "disabled"),
            ThinkingMode::Enabled { budget } => this.put("--max-thinking-tokens", budget.to_string()),
        }
    }

    /// Says how thinking appears in messages. From 2.1.143.
    pub fn thinking_display(self, display: ThinkingDisplay) -> Self {
        self.put("--thinking-display", display.as_str())
    }

    /// Adds a beta header. From 2.0.76.
    ///
    /// Each becomes a flag of its own: 2.1.329 reads `--betas=a,b` as one header's name.
    pub fn beta(self, header: impl Into<String>) -> Self {
        self.push("--betas", header.into())
    }

    /// Ends a run after this many turns of the model, more than zero.
    pub fn max_turns(self, turns: u32) -> Self {
        self.put("--max-turns", turns.to_string())
    }

    /// Ends a run that has cost this many US dollars, more than zero. From 2.0.76.
    pub fn max_budget_usd(self, dollars: f64) -> Self {
        self.put("--max-budget-usd", dollars.to_string())
    }

    /// Tells the API a budget of tokens, more than zero. From 2.1.143.
    pub fn task_budget(self, tokens: u64) -> Self {
        self.put("--task-budget", tokens.to_string())
    }

    /// Demands a final answer that fits this JSON Schema, an object. From 2.0.76.
    ///
    /// The SDKs send it as `jsonSchema` in the `initialize` request too.
    pub fn json_schema(self, schema: impl Into<Json>) -> Self {
        self.put("--json-schema", schema.into().as_str())
    }

    /// Replaces the CLI's system prompt; an empty one too, which leaves next to nothing.
    ///
    /// Without this, the CLI's own prompt stands. Every user of the machine can read a command line,
    /// and it holds 128 KiB at most: prefer `systemPrompt` in the `initialize` request, or a file.
    pub fn system_prompt(self, prompt: impl Into<String>) -> Self {
        self.put("--system-prompt", prompt.into())
    }

    /// Replaces the CLI's system prompt by a file's content.
    pub fn system_prompt_file(self, file: impl AsRef<Path>) -> Self {
        self.put("--system-prompt-file", file.as_ref())
    }

    /// Adds to the system prompt; an empty text adds nothing. See [`system_prompt`](Self::system_prompt).
    pub fn append_system_prompt(self, prompt: impl Into<String>) -> Self {
        match prompt.into() {
            prompt if prompt.is_empty() => self.unset("--append-system-prompt"),
            prompt => self.put("--append-system-prompt", prompt),
        }
    }

    /// Adds a file's content to the system prompt. From 2.0.76.
    pub fn append_system_prompt_file(self, file: impl AsRef<Path>) -> Self {
        self.put("--append-system-prompt-file", file.as_ref())
    }

    /// Moves what differs between machines (directory, environment, memory paths, git status) from the default system prompt into
    /// the first user message, so that more users share one cache entry. From 2.1.143.
    pub fn exclude_dynamic_system_prompt_sections(self) -> Self {
        self.switch("--exclude-dynamic-system-prompt-sections")
    }

    /// Records the system prompt once per conversation and reuses it, or renders it for each request. From 2.1.329.
    pub fn system_prompt_snapshot(self, on: bool) -> Self {
        self.put("--system-prompt-snapshot", if on { "on" } else { "off" })
    }

    /// Compacts the conversation when it has that many tokens; at least 100,000. From 2.1.250.
    pub fn autocompact(self, tokens: u64) -> Self {
        self.put("--autocompact", tokens.to_string())
    }
}
