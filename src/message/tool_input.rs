//! Inputs of the CLI's own tools, where hosts decide or show something by them.
//!
//! Each names what the tool has had since the oldest version that was tried, 1.0.128, and what came later as optional; the
//! source is `sdk-tools.d.ts` of the official SDK 0.3.332. What is not named is in `unknown_fields`.

use crate::base::error::DecodeError;
use crate::base::json::Json;
use crate::wire::view::{FromJson, view, words};

/// Input of a tool call, by the tool's name.
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
    /// Runs a shell command.
    Bash(BashInput),
    /// Replaces text in a file.
    Edit(EditInput),
    /// Writes a whole file.
    Write(WriteInput),
    /// Reads a file.
    Read(ReadInput),
    /// Replaces the list of things to do.
    TodoWrite(TodoWriteInput),
    /// Starts a subagent: `Agent` or `Task`, by version.
    Agent(AgentInput),
    /// Asks the user to approve a plan.
    ExitPlanMode(ExitPlanModeInput),
    /// Input of any other tool, as the CLI wrote it.
    Other(Json),
}

impl ToolInput {
    /// Reads the input of a call of that tool.
    ///
    /// # Errors
    /// [`DecodeError`] if the input of a known tool lacks what that tool requires. While a call is streamed its input is not
    /// complete.
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
    /// Input of `Bash`.
    pub struct BashInput {
        must {
            /// Command line for the shell.
            command: String,
        }
        may {
            /// Description of the command, for people.
            description: String,
            /// Time limit in milliseconds.
            timeout: f64,
            /// Runs the command in the background.
            run_in_background: bool,
            /// Runs the command outside of the sandbox.
            dangerously_disable_sandbox = "dangerouslyDisableSandbox": bool,
        }
    }

    /// Input of `Edit`.
    pub struct EditInput {
        must {
            /// Absolute path of the file.
            file_path: String,
            /// Text to replace.
            old_string: String,
            /// Text that takes its place.
            new_string: String,
        }
        may {
            /// Replaces every occurrence.
            replace_all: bool,
        }
    }

    /// Input of `Write`.
    pub struct WriteInput {
        must {
            /// Absolute path of the file.
            file_path: String,
            /// New content of the whole file.
            content: String,
        }
    }

    /// Input of `Read`.
    pub struct ReadInput {
        must {
            /// Absolute path of the file.
            file_path: String,
        }
        may {
            /// Number of the first line.
            offset: f64,
            /// Number of lines.
            limit: f64,
            /// Pages of a PDF, e.g. `1-5`.
            pages: String,
        }
    }

    /// Input of `TodoWrite`.
    pub struct TodoWriteInput {
        must {
            /// The whole list.
            todos: Vec<Todo>,
        }
    }

    /// Entry of a list of things to do.
    pub struct Todo {
        must {
            /// Description, as an order.
            content: String,
            /// State of the entry.
            status: TodoStatus,
        }
        may {
            /// Description while it is in progress.
            active_form = "activeForm": String,
        }
    }

    /// Input of `Agent` and `Task`.
    pub struct AgentInput {
        must {
            /// Description of the task in three to five words.
            description: String,
            /// Task of the subagent.
            prompt: String,
        }
        may {
            /// Kind of the subagent.
            subagent_type: String,
            /// Model of the subagent.
            model: String,
            /// Runs the subagent in the background.
            run_in_background: bool,
            /// Name of the subagent, by which messages reach it.
            name: String,
            /// Isolation of its files: `worktree` or `remote`.
            isolation: String,
        }
    }

    /// Input of `ExitPlanMode`.
    pub struct ExitPlanModeInput {
        may {
            /// The plan, in Markdown.
            plan: String,
            /// File that contains the plan.
            plan_file_path = "planFilePath": String,
            /// Commands that the plan needs permission for.
            allowed_prompts = "allowedPrompts": Vec<AllowedPrompt>,
        }
    }

    /// Kind of command that a plan needs permission for.
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
    /// State of a thing to do.
    pub enum TodoStatus {
        /// Work has not begun.
        Pending = "pending",
        /// Work is in progress.
        InProgress = "in_progress",
        /// Work is done.
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
    fn each_tool_has_its_input() {
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
    fn what_is_missing_is_named_and_what_is_new_is_kept() {
        assert!(read("Bash", "{}").unwrap_err().to_string().contains("command"));
        assert!(read("Edit", r#"{"file_path":"/a"}"#).unwrap_err().to_string().contains("old_string"));
        let Ok(ToolInput::Bash(bash)) = read("Bash", r#"{"command":"ls","new":1}"#) else { panic!("it is whole") };
        assert_eq!(bash.unknown_fields.get("new").map(Json::as_str), Some("1"));
    }
}
