//! Inputs of hooks for tools, permissions and elicitations.

use crate::base::error::DecodeError;
use crate::base::json::Json;
use crate::incoming::{ElicitationAction, ElicitationMode, McpSource, PermissionUpdate};
use crate::message::ToolInput;
use crate::wire::view::{view, words};

view! {
    /// Input of `PreToolUse`: a tool is about to run.
    pub struct PreToolUseHookInput {
        must {
            /// Name of the tool.
            tool_name: String,
            /// Input of the tool, a JSON object.
            tool_input: Json,
        }
        may {
            /// Identifier of the `tool_use` block.
            tool_use_id: String,
            /// MCP server of the tool; `None` for other tools.
            mcp_server: McpSource,
        }
    }

    /// Input of `PostToolUse`: a tool has run.
    pub struct PostToolUseHookInput {
        must {
            /// Name of the tool.
            tool_name: String,
            /// Input of the tool, a JSON object.
            tool_input: Json,
        }
        may {
            /// Output of the tool; the shape depends on the tool.
            tool_response: Json,
            /// Identifier of the `tool_use` block.
            tool_use_id: String,
            /// Duration of the call, in milliseconds. Since 2.1.329.
            duration_ms: u64,
            /// MCP server of the tool; `None` for other tools.
            mcp_server: McpSource,
        }
    }

    /// Input of `PostToolUseFailure`: a tool call has failed.
    pub struct PostToolUseFailureHookInput {
        must {
            /// Name of the tool.
            tool_name: String,
            /// Input of the tool, a JSON object.
            tool_input: Json,
        }
        may {
            /// Description of the error.
            error: String,
            /// Identifier of the `tool_use` block.
            tool_use_id: String,
            /// `true` if the call was interrupted.
            is_interrupt: bool,
            /// Duration of the call, in milliseconds. Since 2.1.329.
            duration_ms: u64,
            /// MCP server of the tool; `None` for other tools.
            mcp_server: McpSource,
        }
    }

    /// Input of `PreSkillShellCommand`: a shell command in the text of a skill or slash command is about to run. Since
    /// 2.1.332.
    pub struct PreSkillShellCommandHookInput {
        must {
            /// Shell tool that runs the command: `Bash` or `PowerShell`.
            tool_name: String,
            /// Input of that tool, a JSON object: see [`command`](PreSkillShellCommandHookInput::command).
            tool_input: Json,
            /// Skill or slash command whose text contains the shell command.
            command_name: String,
        }
        may {
            /// Identifier of this command. It does not refer to a `tool_use` block.
            tool_use_id: String,
            /// Source of the skill, e.g. `projectSettings`.
            command_source: String,
            /// Party that loaded the skill.
            invoked_by: SkillInvoker,
        }
    }

    /// Input of `PostToolBatch`: all tools that one assistant message called have run.
    pub struct PostToolBatchHookInput {
        must {
            /// Tool calls of the message.
            tool_calls: Vec<ToolBatchCall>,
        }
        may {}
    }

    /// Tool call of a batch.
    pub struct ToolBatchCall {
        must {
            /// Name of the tool.
            tool_name: String,
            /// Input of the tool, a JSON object.
            tool_input: Json,
        }
        may {
            /// Identifier of the `tool_use` block.
            tool_use_id: String,
            /// Response of the tool, as the model reads it.
            tool_response: Json,
        }
    }

    /// Input of `PermissionRequest`: a tool call requires permission.
    pub struct PermissionRequestHookInput {
        must {
            /// Name of the tool.
            tool_name: String,
            /// Input of the tool, a JSON object.
            tool_input: Json,
        }
        may {
            /// Permission updates that the CLI suggests.
            permission_suggestions: Vec<PermissionUpdate>,
            /// MCP server of the tool; `None` for other tools.
            mcp_server: McpSource,
        }
    }

    /// Input of `PermissionDenied`: the classifier of the permission mode `auto` denied a tool call.
    pub struct PermissionDeniedHookInput {
        must {
            /// Name of the tool.
            tool_name: String,
            /// Input of the tool, a JSON object.
            tool_input: Json,
        }
        may {
            /// Identifier of the `tool_use` block.
            tool_use_id: String,
            /// Reason for the denial.
            reason: String,
            /// MCP server of the tool; `None` for other tools.
            mcp_server: McpSource,
        }
    }

    /// Input of `Elicitation`: an MCP server requests input of the user.
    pub struct ElicitationHookInput {
        must {
            /// Name of the MCP server.
            server = "mcp_server_name": String,
            /// Message for the user.
            message: String,
        }
        may {
            /// Mode of the elicitation.
            mode: ElicitationMode,
            /// URL that the user should open.
            url: String,
            /// Identifier of the elicitation.
            id = "elicitation_id": String,
            /// JSON schema of the form.
            schema = "requested_schema": Json,
        }
    }

    /// Input of `ElicitationResult`: the user has answered an elicitation.
    pub struct ElicitationResultHookInput {
        must {
            /// Name of the MCP server.
            server = "mcp_server_name": String,
            /// Outcome of the elicitation.
            action: ElicitationAction,
        }
        may {
            /// Content of the form.
            content: Json,
            /// Mode of the elicitation.
            mode: ElicitationMode,
            /// Identifier of the elicitation.
            id = "elicitation_id": String,
        }
    }
}

words! {
    /// Party that loaded a skill or slash command.
    pub enum SkillInvoker {
        /// The user or the host, with a prompt.
        User = "user",
        /// The model, with the tool `Skill` or in a turn that it scheduled.
        Claude = "claude",
        /// Any other party, e.g. the preload of a subagent.
        Another = "other",
    }
}

impl PreSkillShellCommandHookInput {
    /// Returns the shell command with its arguments filled in, or `None` if the input contains no command.
    #[must_use]
    pub fn command(&self) -> Option<String> {
        #[derive(serde::Deserialize)]
        struct Input {
            command: String,
        }
        self.tool_input.decode::<Input>().ok().map(|input| input.command)
    }
}

macro_rules! typed_inputs {
    ($($input:ident)+) => {$(
        impl $input {
            /// Decodes the input by the name of the tool.
            ///
            /// # Errors
            /// [`DecodeError`] if the input of a known tool lacks a required field.
            pub fn typed_input(&self) -> Result<ToolInput, DecodeError> {
                ToolInput::parse(&self.tool_name, &self.tool_input)
            }
        }
    )+};
}

typed_inputs! { PreToolUseHookInput PostToolUseHookInput PermissionRequestHookInput }
