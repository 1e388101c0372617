//! Assistant messages: `assistant` messages of the CLI and the Messages API message in them.

use super::content::ContentBlock;
use super::usage::Usage;
use crate::base::json::Json;
use crate::wire::view::{view, words};

view! {
    /// `assistant` message: one complete content block of an answer. The messages of one answer share `message.id`.
    pub struct Assistant {
        must {
            /// Content block, with the metadata of the answer.
            message: AssistantMessage,
        }
        may {
            /// Identifier of this message.
            uuid: String,
            /// Identifier of the session.
            session_id: String,
            /// Identifier of the tool call that started the subagent; `None` in the main thread.
            parent_tool_use_id: String,
            /// Kind of the API error. If set, the CLI wrote the text, and the model did not answer.
            error: AssistantError,
            /// HTTP status of the API error. Since 2.1.329.
            api_error_status: u64,
            /// Type of the API error, as reported by the API. Since 2.1.329.
            api_error_type: String,
            /// Kind of the API error, as reported by the CLI, e.g. `connection_failed`. Since 2.1.329.
            api_error: String,
            /// Identifier that the API assigned to the request. Since 2.1.143.
            request_id: String,
            /// Time of the message, in ISO 8601. Since 2.1.250.
            timestamp: String,
            /// `uuid` of the last consumed prompt, which the turn answers. Only on the first message of a turn. Since
            /// 2.1.250.
            user_message_uuid: String,
            /// `uuid`s of the prompts that the turn answers, in the order in which the CLI consumed them; at most 64.
            /// Only on the first message of a turn. Since 2.1.329.
            user_message_uuids: Vec<String>,
            /// Reason why the turn resumes an earlier one.
            resume_reason: String,
            /// `uuid`s of the messages that this message replaces; remove them from the display.
            supersedes: Vec<String>,
            /// Identifier of the subagent. Since 2.1.329.
            agent_id: String,
            /// Type of the subagent. Since 2.1.250.
            subagent_type: String,
            /// Short description of the task of the subagent. Since 2.1.250.
            task_description: String,
            /// Contents of the model's context; after `/context`. Since 2.1.250.
            context_usage: ContextUsage,
            /// Usage of the account; after `/usage`.
            usage_report: Json,
            /// Duration of the thinking, in milliseconds. Since 2.1.329.
            thinking_duration_ms: f64,
            /// Form in which a host should display thinking. Since 2.1.329.
            thinking_display: String,
            /// Display names of the tools that this message calls. Since 2.1.329.
            tool_use_meta: Vec<ToolUseMeta>,
            /// Slash command whose output is this text. Since 2.1.329.
            local_command_run: LocalCommand,
            /// Output of the slash command, with its markup. Since 2.1.329.
            local_command_source: String,
            /// Outcome of the slash command whose output is this text, if it failed. Since 2.1.329.
            local_command_outcome: LocalCommandOutcome,
            /// Identifier of the refused answer, if this message reports its refusal. Since 2.1.329.
            refused_message_id: String,
        }
        or_default {
            /// `true` if the answer was aborted while it was streamed. Since 2.1.250.
            aborted: bool,
            /// `true` if the text is the CLI's description of an API error. Since 2.1.329.
            is_api_error_message: bool,
            /// `true` if the answer resumes thinking that was aborted.
            resumed_from_incomplete_thinking: bool,
        }
    }

    /// Message of the Messages API. It can be incomplete.
    pub struct AssistantMessage {
        must {
            /// Content blocks: one in an `assistant` message, usually zero in a `message_start`.
            content: Vec<ContentBlock>,
        }
        may {
            /// Identifier that the API assigned to the answer.
            id: String,
            /// Name of the model; `<synthetic>` if the CLI wrote the text.
            model: String,
            /// Reason why the model stopped; `None` while the answer is incomplete.
            stop_reason: StopReason,
            /// Stop sequence that ended the answer.
            stop_sequence: String,
            /// Details of the stop reason.
            stop_details: Json,
            /// Token counts so far; the `result` message contains the final counts.
            usage: Usage,
            /// Role of the author; always `assistant`.
            role: String,
            /// Type of the object; always `message`.
            kind = "type": String,
            /// Container in which the API ran code.
            container: Json,
            /// Edits of the context by the API.
            context_management: Json,
            /// Diagnostics of the API. Since 2.1.250; only null was seen.
            diagnostics: Json,
        }
    }

    /// Display names of a called tool.
    pub struct ToolUseMeta {
        must {
            /// Identifier of the tool call.
            id: String,
        }
        may {
            /// Display name of the tool.
            display_name: String,
            /// Display name of the MCP server of the tool.
            server_display_name: String,
            /// Name of the tool at its MCP server.
            tool_name: String,
        }
    }

    /// Slash command that ran without the model.
    pub struct LocalCommand {
        must {
            /// Name of the command, without the slash.
            command: String,
        }
        may {
            /// Arguments of the command.
            args: String,
        }
    }

    /// Outcome of a slash command that ran without the model.
    pub struct LocalCommandOutcome {
        must {
            /// Kind of the outcome, e.g. `failed`, `unknown`.
            kind: String,
        }
        may {
            /// Known command that resembles the unknown one most, without the slash.
            suggestion: String,
        }
    }

    /// Contents of the model's context.
    pub struct ContextUsage {
        may {
            /// Name of the model.
            model: String,
            /// Number of tokens in the context.
            total_tokens: u64,
            /// Size of the context, in tokens.
            raw_max_tokens: u64,
            /// Used share of the context, in percent.
            percentage: f64,
            /// Token counts by category.
            categories: Vec<ContextUsageCategory>,
            /// Token counts by MCP tool.
            mcp_tools: Vec<Json>,
            /// Token counts by memory file.
            memory_files: Vec<Json>,
            /// Token counts by agent.
            agents: Vec<Json>,
            /// Token counts by skill.
            skills: Vec<ContextSkill>,
        }
    }

    /// Category of content in the model's context.
    pub struct ContextUsageCategory {
        must {
            /// Display name of the category.
            name: String,
            /// Number of tokens.
            tokens: u64,
        }
        may {
            /// Kind of the category: `used`, `buffer` or `free`.
            kind: String,
        }
    }

    /// Skill in the model's context.
    pub struct ContextSkill {
        must {
            /// Name of the skill.
            name: String,
            /// Number of tokens.
            tokens: u64,
        }
        may {
            /// Source of the skill.
            source: String,
        }
    }
}

words! {
    /// Kind of an API error that prevented an answer
    /// ([wire reference, section 1.4](crate::guide::wire#14-fields-of-messages)).
    pub enum AssistantError {
        /// The API rejected the key or login.
        AuthenticationFailed = "authentication_failed",
        /// The organization does not allow this kind of login.
        OauthOrgNotAllowed = "oauth_org_not_allowed",
        /// The account is on hold.
        AccountOnHold = "account_on_hold",
        /// The account must be verified.
        VerificationRequired = "verification_required",
        /// The account has a billing problem.
        BillingError = "billing_error",
        /// The account has sent too many requests, or reached a usage limit.
        RateLimit = "rate_limit",
        /// The API is overloaded.
        Overloaded = "overloaded",
        /// The API rejected the request as invalid.
        InvalidRequest = "invalid_request",
        /// The model does not exist.
        ModelNotFound = "model_not_found",
        /// The API reported an internal error.
        ServerError = "server_error",
        /// The answer reached the maximum number of output tokens.
        MaxOutputTokens = "max_output_tokens",
        /// The cloud provider rejected the credentials.
        CloudCredentialError = "cloud_credential_error",
        /// The CLI could not determine the kind.
        Unknown = "unknown",
    }

    /// Reason why the model stopped.
    pub enum StopReason {
        /// The model completed its answer.
        EndTurn = "end_turn",
        /// The model called a tool.
        ToolUse = "tool_use",
        /// The answer reached the maximum number of tokens.
        MaxTokens = "max_tokens",
        /// The answer reached a stop sequence.
        StopSequence = "stop_sequence",
        /// The model paused; another request continues the answer.
        PauseTurn = "pause_turn",
        /// The model refused to answer.
        Refusal = "refusal",
        /// The context window of the model is full.
        ModelContextWindowExceeded = "model_context_window_exceeded",
        /// A hook deferred a tool call to the host. Set by the CLI, not by the API. Since 2.1.91.
        ToolDeferred = "tool_deferred",
    }
}

impl Assistant {
    /// Returns `true` if the CLI wrote the text, not a model: [`model`](AssistantMessage::model) is `<synthetic>`.
    ///
    /// The text is then e.g. an API error, the output of a slash command, or `No response requested.`
    #[must_use]
    pub fn is_synthetic(&self) -> bool {
        self.message.model.as_deref() == Some("<synthetic>")
    }

    /// Returns the texts of the text blocks, in order.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.message.content.iter().filter_map(ContentBlock::text)
    }
}
