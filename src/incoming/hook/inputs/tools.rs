//! Tools, permissions, and what MCP servers ask.

use crate::base::error::DecodeError;
use crate::base::json::Json;
use crate::incoming::{ElicitationAction, ElicitationMode, McpSource, PermissionUpdate};
use crate::message::ToolInput;
use crate::wire::view::{view, words};

view! {
    /// A tool is about to run.
    pub struct PreToolUseHookInput {
        must {
            /// The tool.
            tool_name: String,
            /// Its input, a JSON object.
            tool_input: Json,
        }
        may {
            /// Joins it with the `tool_use` block.
            tool_use_id: String,
            /// The tool's MCP server, if it has one.
            mcp_server: McpSource,
        }
    }

    /// A tool has run.
    pub struct PostToolUseHookInput {
        must {
            /// The tool.
            tool_name: String,
            /// Its input, a JSON object.
            tool_input: Json,
        }
        may {
            /// What it gave, of a shape of the tool's.
            tool_response: Json,
            /// Joins it with the `tool_use` block.
            tool_use_id: String,
            /// How long it ran, in milliseconds. Seen on 2.1.329.
            duration_ms: u64,
            /// The tool's MCP server, if it has one.
            mcp_server: McpSource,
        }
    }

    /// A tool has failed.
    pub struct PostToolUseFailureHookInput {
        must {
            /// The tool.
            tool_name: String,
            /// Its input, a JSON object.
            tool_input: Json,
        }
        may {
            /// What went wrong.
            error: String,
            /// Joins it with the `tool_use` block.
            tool_use_id: String,
            /// Whether it was interrupted.
            is_interrupt: bool,
            /// How long it ran, in milliseconds. Seen on 2.1.329.
            duration_ms: u64,
            /// The tool's MCP server, if it has one.
            mcp_server: McpSource,
        }
    }

    /// A shell command in the text of a skill or slash command, about to run. Since 2.1.332.
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
            /// Id of this command. No `tool_use` block has it.
            tool_use_id: String,
            /// Origin of the skill, e.g. `projectSettings`.
            command_source: String,
            /// Party that loaded the skill.
            invoked_by: SkillInvoker,
        }
    }

    /// All tools that one message called have run.
    pub struct PostToolBatchHookInput {
        must {
            /// The calls.
            tool_calls: Vec<ToolBatchCall>,
        }
        may {}
    }

    /// A call of a tool.
    pub struct ToolBatchCall {
        must {
            /// The tool.
            tool_name: String,
            /// Its input, a JSON object.
            tool_input: Json,
        }
        may {
            /// Joins it with the `tool_use` block.
            tool_use_id: String,
            /// What the model reads of it.
            tool_response: Json,
        }
    }

    /// The user would be asked for a permission.
    pub struct PermissionRequestHookInput {
        must {
            /// The tool.
            tool_name: String,
            /// Its input, a JSON object.
            tool_input: Json,
        }
        may {
            /// Rules that the CLI offers to remember.
            permission_suggestions: Vec<PermissionUpdate>,
            /// The tool's MCP server, if it has one.
            mcp_server: McpSource,
        }
    }

    /// The classifier refused a tool.
    pub struct PermissionDeniedHookInput {
        must {
            /// The tool.
            tool_name: String,
            /// Its input, a JSON object.
            tool_input: Json,
        }
        may {
            /// Joins it with the `tool_use` block.
            tool_use_id: String,
            /// Why.
            reason: String,
            /// The tool's MCP server, if it has one.
            mcp_server: McpSource,
        }
    }

    /// An MCP server asks the user for something; the hook may answer in the user's place.
    pub struct ElicitationHookInput {
        must {
            /// The server.
            server = "mcp_server_name": String,
            /// What it says to the user.
            message: String,
        }
        may {
            /// How it is answered.
            mode: ElicitationMode,
            /// Where the user is to go.
            url: String,
            /// The elicitation's id.
            id = "elicitation_id": String,
            /// The form's JSON schema.
            schema = "requested_schema": Json,
        }
    }

    /// An MCP server was answered; the hook may answer otherwise.
    pub struct ElicitationResultHookInput {
        must {
            /// The server.
            server = "mcp_server_name": String,
            /// What it came to.
            action: ElicitationAction,
        }
        may {
            /// What the user filled in.
            content: Json,
            /// How it was answered.
            mode: ElicitationMode,
            /// The elicitation's id.
            id = "elicitation_id": String,
        }
    }
}

words! {
    /// Party that loaded a skill or slash command.
    pub enum SkillInvoker {
        /// The user or the host: it was the prompt.
        User = "user",
        /// The model: by the tool `Skill`, or in a turn that it scheduled.
        Claude = "claude",
        /// Anything else, e.g. the preload of a subagent.
        Another = "other",
    }
}

impl PreSkillShellCommandHookInput {
    /// Returns the command as it would run, with its arguments filled in; `None` if the input has none.
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
            /// Reads the input by the tool's name.
            ///
            /// # Errors
            /// [`DecodeError`] if the input of a known tool lacks what that tool requires.
            pub fn typed_input(&self) -> Result<ToolInput, DecodeError> {
                ToolInput::parse(&self.tool_name, &self.tool_input)
            }
        }
    )+};
}

typed_inputs! { PreToolUseHookInput PostToolUseHookInput PermissionRequestHookInput }
