//! Inputs of the CLI's built-in tools that hosts most often decide about or display.
//!
//! A required field has existed since 1.0.128, the oldest tested version. Fields that were added later are optional.
//! The source is `sdk-tools.d.ts` of the official SDK 0.3.332. Other fields are in `unknown_fields`.

use crate::base::error::DecodeError;
use crate::base::json::Json;
use crate::wire::view::{FromJson, view, words};

/// Input of a tool call, by the name of the tool.
///
/// ```
/// use claude_duplex::Json;
/// use claude_duplex::message::ToolInput;
///
/// let input = Json::parse(r#"{"command":"ls","description":"List files"}"#).unwrap();
/// let ToolInput::Bash(bash) = ToolInput::parse("Bash", &input)? else { unreachable!() };
/// assert_eq!((&*bash.command, bash.run_in_background), ("ls", None));
/// let other = ToolInput::parse("mcp__files__list", &input)?;
/// assert!(matches!(other, ToolInput::Other(_)));
/// # Ok::<(), claude_duplex::DecodeError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ToolInput {
    /// Input of `Bash`, which runs a shell command.
    Bash(BashInput),
    /// Input of `Edit`, which replaces text in a file.
    Edit(EditInput),
    /// Input of `Write`, which writes a whole file.
    Write(WriteInput),
    /// Input of `Read`, which reads a file.
    Read(ReadInput),
    /// Input of `TodoWrite`, which replaces the to-do list.
    TodoWrite(TodoWriteInput),
    /// Input of `Agent`, which starts a subagent. Older versions of the CLI name the tool `Task`.
    Agent(AgentInput),
    /// Input of `ExitPlanMode`, which asks the user to approve a plan.
    ExitPlanMode(ExitPlanModeInput),
    /// Input of any other tool, unchanged.
    Other(Json),
}

impl ToolInput {
    /// Decodes the input of a call of the tool `tool_name`.
    ///
    /// # Errors
    /// [`DecodeError`] if the input of a known tool lacks a required field. While a call is streamed, its input is
    /// incomplete.
    pub fn parse(tool_name: &str, input: &Json) -> Result<Self, DecodeError> {
        Ok(match tool_name {
            "Bash" => Self::Bash(FromJson::from_json(input)?),
            "Edit" => Self::Edit(FromJson::from_json(input)?),
            "Write" => Self::Write(FromJson::from_json(input)?),
            "Read" => Self::Read(FromJson::from_json(input)?),
            "TodoWrite" => Self::TodoWrite(FromJson::from_json(input)?),
            "Agent" | "Task" => Self::Agent(FromJson::from_json(input)?),
            "ExitPlanMode" => Self::ExitPlanMode(FromJson::from_json(input)?),
            _ => Self::Other(input.clone()),
        })
    }
}

view! {
    /// Input of the tool `Bash`.
    pub struct BashInput {
        must {
            /// Command line for the shell.
            command: String,
        }
        may {
            /// Description of the command for the user.
            description: String,
            /// Timeout of the command, in milliseconds.
            timeout: f64,
            /// `true` if the command runs in the background.
            run_in_background: bool,
            /// `true` if the command runs outside the sandbox.
            dangerously_disable_sandbox = "dangerouslyDisableSandbox": bool,
        }
    }

    /// Input of the tool `Edit`.
    pub struct EditInput {
        must {
            /// Absolute path of the file.
            file_path: String,
            /// Text to replace.
            old_string: String,
            /// Text that replaces `old_string`.
            new_string: String,
        }
        may {
            /// `true` if every occurrence is replaced.
            replace_all: bool,
        }
    }

    /// Input of the tool `Write`.
    pub struct WriteInput {
        must {
            /// Absolute path of the file.
            file_path: String,
            /// New content of the whole file.
            content: String,
        }
    }

    /// Input of the tool `Read`.
    pub struct ReadInput {
        must {
            /// Absolute path of the file.
            file_path: String,
        }
        may {
            /// Number of the first line to read.
            offset: f64,
            /// Number of lines to read.
            limit: f64,
            /// Pages of a PDF to read, e.g. `1-5`.
            pages: String,
        }
    }

    /// Input of the tool `TodoWrite`.
    pub struct TodoWriteInput {
        must {
            /// Complete new list.
            todos: Vec<Todo>,
        }
    }

    /// Entry of a to-do list.
    pub struct Todo {
        must {
            /// Description of the entry, as an imperative.
            content: String,
            /// State of the entry.
            status: TodoStatus,
        }
        may {
            /// Description of the entry while it is in progress.
            active_form = "activeForm": String,
        }
    }

    /// Input of the tools `Agent` and `Task`.
    pub struct AgentInput {
        must {
            /// Description of the task in three to five words.
            description: String,
            /// Prompt for the subagent.
            prompt: String,
        }
        may {
            /// Type of the subagent.
            subagent_type: String,
            /// Model of the subagent.
            model: String,
            /// `true` if the subagent runs in the background.
            run_in_background: bool,
            /// Name of the subagent, to which messages can be sent.
            name: String,
            /// Isolation of the files of the subagent: `worktree` or `remote`.
            isolation: String,
        }
    }

    /// Input of the tool `ExitPlanMode`.
    pub struct ExitPlanModeInput {
        may {
            /// Text of the plan, in Markdown.
            plan: String,
            /// Path of the file that contains the plan.
            plan_file_path = "planFilePath": String,
            /// Kinds of commands for which the plan needs permission.
            allowed_prompts = "allowedPrompts": Vec<AllowedPrompt>,
        }
    }

    /// Kind of command for which a plan needs permission.
    pub struct AllowedPrompt {
        must {
            /// Tool that runs the commands: `Bash`.
            tool: String,
            /// Description of the commands, e.g. `run tests`.
            prompt: String,
        }
    }
}

words! {
    /// State of a to-do entry.
    pub enum TodoStatus {
        /// The work has not started.
        Pending = "pending",
        /// The work is in progress.
        InProgress = "in_progress",
        /// The work is done.
        Completed = "completed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tool: &str, input: &str) -> Result<ToolInput, DecodeError> {
        ToolInput::parse(tool, &Json::parse(input).expect("JSON"))
    }

    #[test]
    fn each_tool_has_a_typed_input() {
        for (tool, input, shown) in [
            ("Bash", r#"{"command":"ls","timeout":5000,"new":1}"#, "Bash(BashInput"),
            ("Edit", r#"{"file_path":"/a","old_string":"b","new_string":"c"}"#, "Edit(EditInput"),
            ("Write", r#"{"file_path":"/a","content":""}"#, "Write(WriteInput"),
            ("Read", r#"{"file_path":"/a","offset":3}"#, "Read(ReadInput"),
            ("TodoWrite", r#"{"todos":[{"content":"a","status":"waiting"}]}"#, "TodoWrite(TodoWriteInput"),
            ("Task", r#"{"description":"a","prompt":"b"}"#, "Agent(AgentInput"),
            ("Agent", r#"{"description":"a","prompt":"b","model":"opus"}"#, "Agent(AgentInput"),
            (
                "ExitPlanMode",
                r#"{"plan":"x","allowedPrompts":[{"tool":"Bash","prompt":"run tests"}]}"#,
                "ExitPlanMode(",
            ),
            ("Grep", r#"{"pattern":"x"}"#, "Other("),
        ] {
            let input = read(tool, input).expect(tool);
            assert!(format!("{input:?}").starts_with(shown), "{input:?}");
        }
    }

    #[test]
    fn missing_fields_are_named_and_unknown_fields_are_kept() {
        assert!(read("Bash", "{}").unwrap_err().to_string().contains("command"));
        assert!(read("Edit", r#"{"file_path":"/a"}"#).unwrap_err().to_string().contains("old_string"));
        let Ok(ToolInput::Bash(bash)) = read("Bash", r#"{"command":"ls","new":1}"#) else { panic!("it is whole") };
        assert_eq!(bash.unknown_fields.get("new").map(Json::as_str), Some("1"));
    }
}
