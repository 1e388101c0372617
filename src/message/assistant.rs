//! What the model says: an `assistant` line, and the message of the Messages API in it.

use super::content::ContentBlock;
use super::usage::Usage;
use crate::base::json::Json;
use crate::wire::view::{view, words};

view! {
    /// An `assistant` line: one complete content block of an answer. Several have one `message.id`.
    pub struct Assistant {
        must {
            /// The block, and the answer that it is part of.
            message: AssistantMessage,
        }
        may {
            /// This line's own id.
            uuid: String,
            /// The session.
            session_id: String,
            /// The call of a tool whose subagent speaks; none for the main thread.
            parent_tool_use_id: String,
            /// Why there is no answer: the text is the CLI's, about an error of the API.
            error: AssistantError,
            /// The API's status code. From 2.1.329.
            api_error_status: u64,
            /// The API's own word for its error. From 2.1.329.
            api_error_type: String,
            /// Kind of the API's failure, e.g. `connection_failed`. Since 2.1.329.
            api_error: String,
            /// The API's id of the request. From 2.1.143.
            request_id: String,
            /// When, in ISO 8601. From 2.1.250.
            timestamp: String,
            /// The prompt that it answers: the last one consumed. On a turn's first line only. From 2.1.250.
            user_message_uuid: String,
            /// The prompts that it answers, in the order in which they were consumed, at most 64. On a turn's first line
            /// only. From 2.1.329.
            user_message_uuids: Vec<String>,
            /// Why the turn resumes an earlier one.
            resume_reason: String,
            /// Lines that it takes the place of, by uuid: they are to be removed.
            supersedes: Vec<String>,
            /// The subagent. From 2.1.329.
            agent_id: String,
            /// The subagent's kind. From 2.1.250.
            subagent_type: String,
            /// What the subagent was told to do, in short. From 2.1.250.
            task_description: String,
            /// What fills the model's context, after `/context`. From 2.1.250.
            context_usage: ContextUsage,
            /// What was used, after `/usage`.
            usage_report: Json,
            /// How long the model thought, in milliseconds. From 2.1.329.
            thinking_duration_ms: f64,
            /// How thoughts are to be shown. From 2.1.329.
            thinking_display: String,
            /// How the tools called here are to be named to a person. From 2.1.329.
            tool_use_meta: Vec<ToolUseMeta>,
            /// The slash command that gave this text. From 2.1.329.
            local_command_run: LocalCommand,
            /// The slash command's output with its marks. From 2.1.329.
            local_command_source: String,
            /// End of the slash command that gave this text, if it did not succeed. Since 2.1.329.
            local_command_outcome: LocalCommandOutcome,
        }
        or_default {
            /// Cut off in the middle. From 2.1.250.
            aborted: bool,
            /// The text is the CLI's, about an error of the API. From 2.1.329.
            is_api_error_message: bool,
            /// Resumed from thinking that was cut off.
            resumed_from_incomplete_thinking: bool,
        }
    }

    /// A message of the Messages API, as far as it is complete.
    pub struct AssistantMessage {
        must {
            /// What is said: in an `assistant` line one block, in a `message_start` none as a rule.
            content: Vec<ContentBlock>,
        }
        may {
            /// The API's id of the answer.
            id: String,
            /// The model; `<synthetic>` for a text of the CLI's own.
            model: String,
            /// Why the model stopped; none in the lines of an answer that goes on.
            stop_reason: StopReason,
            /// At which sequence it stopped.
            stop_sequence: String,
            /// More about why it stopped.
            stop_details: Json,
            /// Tokens so far; the final numbers are the result's.
            usage: Usage,
            /// Always `assistant`.
            role: String,
            /// Always `message`.
            kind = "type": String,
            /// The container in which code ran.
            container: Json,
            /// What was cleared from the context.
            context_management: Json,
            /// The API's remarks. From 2.1.250; only null was seen.
            diagnostics: Json,
        }
    }

    /// A tool's name for people.
    pub struct ToolUseMeta {
        must {
            /// The call.
            id: String,
        }
        may {
            /// The tool's name for people.
            display_name: String,
            /// Its server's name for people.
            server_display_name: String,
            /// The tool's name at its server.
            tool_name: String,
        }
    }

    /// A slash command that ran without the model.
    pub struct LocalCommand {
        must {
            /// Its name, without the slash.
            command: String,
        }
        may {
            /// What came after the name.
            args: String,
        }
    }

    /// The end of a slash command that ran without the model.
    pub struct LocalCommandOutcome {
        must {
            /// Kind of the end, e.g. `failed`, `unknown`.
            kind: String,
        }
        may {
            /// Command that is closest to an unknown one, without the slash.
            suggestion: String,
        }
    }

    /// What fills the model's context.
    pub struct ContextUsage {
        may {
            /// The model.
            model: String,
            /// Tokens in it.
            total_tokens: u64,
            /// How many there can be.
            raw_max_tokens: u64,
            /// How full it is, in percent.
            percentage: f64,
            /// Tokens of each kind.
            categories: Vec<ContextUsageCategory>,
            /// Tokens of each MCP tool.
            mcp_tools: Vec<Json>,
            /// Tokens of each memory file.
            memory_files: Vec<Json>,
            /// Tokens of each agent.
            agents: Vec<Json>,
            /// Tokens of each skill.
            skills: Vec<ContextSkill>,
        }
    }

    /// A kind of content in the model's context.
    pub struct ContextUsageCategory {
        must {
            /// Its name for people.
            name: String,
            /// How many tokens.
            tokens: u64,
        }
        may {
            /// `used`, `buffer` or `free`.
            kind: String,
        }
    }

    /// A skill in the model's context.
    pub struct ContextSkill {
        must {
            /// The skill.
            name: String,
            /// How many tokens.
            tokens: u64,
        }
        may {
            /// Where it comes from.
            source: String,
        }
    }
}

words! {
    /// Why there is no answer ([wire reference, section 1.4](crate::guide::wire#14-fields-of-messages)).
    pub enum AssistantError {
        /// The key or login is not accepted.
        AuthenticationFailed = "authentication_failed",
        /// The organization may not log in so.
        OauthOrgNotAllowed = "oauth_org_not_allowed",
        /// The account is on hold.
        AccountOnHold = "account_on_hold",
        /// The account must be verified.
        VerificationRequired = "verification_required",
        /// Something is to be paid.
        BillingError = "billing_error",
        /// Too many requests.
        RateLimit = "rate_limit",
        /// The API has too much to do.
        Overloaded = "overloaded",
        /// The API does not accept the request.
        InvalidRequest = "invalid_request",
        /// There is no such model.
        ModelNotFound = "model_not_found",
        /// The API failed.
        ServerError = "server_error",
        /// The answer was longer than it may be.
        MaxOutputTokens = "max_output_tokens",
        /// The cloud provider's credentials are not accepted.
        CloudCredentialError = "cloud_credential_error",
        /// The CLI does not know.
        Unknown = "unknown",
    }

    /// Why the model stopped.
    pub enum StopReason {
        /// It had said what it had to say.
        EndTurn = "end_turn",
        /// It calls a tool.
        ToolUse = "tool_use",
        /// The answer was as long as it may be.
        MaxTokens = "max_tokens",
        /// It came to a stop sequence.
        StopSequence = "stop_sequence",
        /// It is to go on in another request.
        PauseTurn = "pause_turn",
        /// It refused.
        Refusal = "refusal",
        /// The context is full.
        ModelContextWindowExceeded = "model_context_window_exceeded",
        /// A hook deferred a call to the host. The CLI's own word, since 2.1.91.
        ToolDeferred = "tool_deferred",
    }
}

impl Assistant {
    /// Returns whether the text is the CLI's own and no model said it: an error of the API, the output of a slash command, or an
    /// answer such as `No response requested.` Its model is `<synthetic>`.
    #[must_use]
    pub fn is_synthetic(&self) -> bool {
        self.message.model.as_deref() == Some("<synthetic>")
    }

    /// Its text blocks.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.message.content.iter().filter_map(ContentBlock::text)
    }
}
